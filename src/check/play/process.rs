//! A program under test as a process: started, listened to, and ended for good.
//!
//! It leads a process group of its own, and that whole group is killed when the
//! [`Process`] is dropped: also when it ignores SIGTERM, and with the children that
//! it has left behind. Its output is read all the time, so it never waits for us,
//! and only the end of it is kept, so it may print without end. [`end_all`] kills
//! whatever still runs, for a program that is itself about to be ended.
//!
//! A child that leaves its group is nobody's. On Linux a program that has called
//! [`adopt_orphans`] becomes their parent, and ends them when no group runs.

use std::collections::{BTreeSet, VecDeque};
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, WaitOptions, kill_process, kill_process_group, waitid, waitpid,
};

use crate::lang::Words;

/// How much is kept of what it prints.
const KEPT: usize = 16 << 10;

/// How long it may take to end in an orderly way.
const GRACE: Duration = Duration::from_millis(300);

/// How often it is looked at.
const TICK: Duration = Duration::from_millis(5);

/// The groups that run.
// A std mutex: held for moments, by whoever starts and ends a process.
static RUNNING: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Whether those who are left behind are ours to end.
static ADOPTS: AtomicBool = AtomicBool::new(false);

/// A running program and its group.
#[derive(Debug)]
pub struct Process {
    child: Child,
    group: Pid,
    output: Arc<Mutex<VecDeque<u8>>>,
}

impl Process {
    /// Starts a program: the first word is its path or name, the others are its arguments.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(words: &[String], folder: Option<&Path>) -> io::Result<Process> {
        let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(arguments).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(folder) = folder {
            command.current_dir(folder);
        }
        let mut process = Process::lead(|| command.spawn())?;
        keep(process.child.stdout.take(), &process.output);
        keep(process.child.stderr.take(), &process.output);
        Ok(process)
    }

    /// Starts a program that leads a process group; of its output it keeps nothing.
    ///
    /// # Errors
    /// It cannot be started.
    pub(super) fn lead(spawn: impl FnOnce() -> io::Result<Child>) -> io::Result<Process> {
        let mut running = lock(&RUNNING);
        let child = spawn()?;
        let group = Pid::from_child(&child);
        running.insert(group.as_raw_nonzero().get());
        Ok(Process { child, group, output: Arc::default() })
    }

    /// The ends of its pipes: what it reads, and the two that it writes to.
    pub(super) fn pipes(&mut self) -> (Option<ChildStdin>, Option<ChildStdout>, Option<ChildStderr>) {
        (self.child.stdin.take(), self.child.stdout.take(), self.child.stderr.take())
    }

    /// Whether it has ended by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        !matches!(self.ending(), Ok(None))
    }

    /// Whether it has ended by a signal, or with an exit code that tells of an error.
    #[must_use]
    pub fn has_crashed(&self) -> bool {
        matches!(self.ending(), Ok(Some(ending)) if ending.exit_status() != Some(0))
    }

    /// How it ended, if it did. It is not reaped here: as long as it is not, its number is nobody else's.
    fn ending(&self) -> rustix::io::Result<Option<WaitIdStatus>> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(self.group), options)
    }

    /// Whether it ends by itself within this time.
    #[must_use]
    pub fn ends_within(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        while !self.has_ended() {
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(TICK);
        }
        true
    }

    /// The end of what it has printed so far, on both outputs, made safe to show.
    #[must_use]
    pub fn output(&self) -> String {
        let bytes: Vec<u8> = lock(&self.output).iter().copied().collect();
        let text = String::from_utf8_lossy(&bytes);
        text.lines().map(crate::safe::safe).collect::<Vec<_>>().join("\n")
    }

    /// Ends it and its group, and says how it ended.
    #[must_use]
    pub fn end(mut self) -> Words {
        self.stop().map_or_else(|| Words::new("play-ended", []), in_words)
    }

    fn stop(&mut self) -> Option<ExitStatus> {
        // An error means that there is nobody left to be told.
        if !self.has_ended() {
            let _ = kill_process_group(self.group, Signal::TERM);
            let _ = self.ends_within(GRACE);
        }
        let mut running = lock(&RUNNING);
        if running.remove(&self.group.as_raw_nonzero().get()) {
            let _ = kill_process_group(self.group, Signal::KILL);
        }
        let ending = self.child.wait().ok();
        if running.is_empty() && ADOPTS.load(Ordering::Relaxed) {
            end_orphans();
        }
        ending
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Kills every group that runs. None is started any more: the lock is kept.
pub fn end_all() {
    let running = lock(&RUNNING);
    for group in running.iter().filter_map(|&group| Pid::from_raw(group)) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    std::mem::forget(running);
}

/// Makes this process the parent of every process that one of its children leaves behind, so
/// that it is ended with them. The process must have no other children. Only Linux has this.
pub fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    if rustix::process::set_child_subreaper(Some(rustix::process::getpid())).is_ok() {
        ADOPTS.store(true, Ordering::Relaxed);
    }
}

/// Ends all children, and theirs, which become ours. Those that come faster than they go are given up.
fn end_orphans() {
    for _ in 0..100 {
        let orphans = children();
        if orphans.is_empty() {
            return;
        }
        for orphan in orphans {
            let _ = kill_process(orphan, Signal::KILL);
            let _ = waitpid(Some(orphan), WaitOptions::empty());
        }
    }
}

/// The children of this process, as Linux lists them: each thread has its own.
fn children() -> Vec<Pid> {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    let pids = lists.collect::<Vec<_>>().join(" ");
    pids.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}

/// Reads to the end of the pipe. A child that left the group may hold it open for longer than we run.
fn keep(pipe: Option<impl Read + Send + 'static>, output: &Arc<Mutex<VecDeque<u8>>>) {
    let Some(mut pipe) = pipe else { return };
    let output = Arc::clone(output);
    thread::spawn(move || {
        let mut buffer = vec![0; KEPT];
        while let Ok(n @ 1..) = pipe.read(&mut buffer) {
            let mut kept = lock(&output);
            kept.extend(buffer.get(..n).unwrap_or_default());
            let surplus = kept.len().saturating_sub(KEPT);
            kept.drain(..surplus);
        }
    });
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn in_words(status: ExitStatus) -> Words {
    match (status.code(), status.signal()) {
        (Some(code), _) => Words::new("play-ended-with-code", [("code", code.to_string().into())]),
        (None, Some(signal)) => Words::new("play-ended-by-signal", [("signal", signal.to_string().into())]),
        (None, None) => Words::new("play-ended", []),
    }
}
