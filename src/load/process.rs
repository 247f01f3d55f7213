//! What a process uses: the server's from `/proc`, one's own from the clock of the system.

use std::io;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::outcome::ServerUse;

/// What a process has used and uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Usage {
    /// CPU time of all its threads, from its beginning.
    cpu: Duration,
    /// Resident memory, in bytes.
    memory: u64,
}

/// A process of the server, looked at now and then.
pub(super) struct Meter {
    pid: u32,
    first: Usage,
    begin: Usage,
    last: Usage,
    most: u64,
}

impl Meter {
    /// # Errors
    /// There is no such process, or this system does not tell.
    pub(super) fn new(pid: u32) -> io::Result<Meter> {
        let first = usage(pid)?;
        Ok(Meter { pid, first, begin: first, last: first, most: first.memory })
    }

    /// Looks again. Of a process that has ended what it used last is kept: that it is gone
    /// is told by those who were put out by it.
    pub(super) fn look(&mut self) {
        if let Ok(usage) = usage(self.pid) {
            self.last = usage;
            self.most = self.most.max(usage.memory);
        }
    }

    /// From now on the CPU time counts.
    pub(super) fn begin(&mut self) {
        self.look();
        self.begin = self.last;
    }

    /// What it used up to now.
    pub(super) fn used(&mut self) -> ServerUse {
        self.look();
        ServerUse {
            pid: self.pid,
            cpu: self.last.cpu.saturating_sub(self.begin.cpu),
            cpu_joining: self.begin.cpu.saturating_sub(self.first.cpu),
            memory_idle: self.first.memory,
            memory_before: self.begin.memory,
            memory_most: self.most,
        }
    }
}

/// What the process of this number uses.
#[cfg(target_os = "linux")]
fn usage(pid: u32) -> io::Result<Usage> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    parse(&stat).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

#[cfg(not(target_os = "linux"))]
fn usage(_pid: u32) -> io::Result<Usage> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Reads a line of `/proc/PID/stat` (proc(5)): the name of the program, in parentheses, may
/// have anything in it, so what stands behind it is counted.
#[cfg(target_os = "linux")]
fn parse(stat: &str) -> Option<Usage> {
    let (_, behind) = stat.rsplit_once(") ")?;
    let field = |number: usize| behind.split(' ').nth(number - 3)?.trim().parse::<u64>().ok();
    let ticks = field(14)? + field(15)?;
    let cpu = Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second().max(1));
    Some(Usage { cpu, memory: field(24)? * rustix::param::page_size() as u64 })
}

/// The CPU time that this process has used.
pub(super) fn own_cpu() -> Duration {
    // It was zero at the beginning and only grows.
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap_or_default()
}

/// Makes room for so many open files; the error is how many there may be.
pub(super) fn allow_files(wanted: u64) -> Result<(), u64> {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(u64::MAX);
    if limit.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    if most < wanted {
        return Err(most);
    }
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..limit }).map_err(|_| limit.current.unwrap_or(most))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_proc_is_read_whatever_the_program_is_called() {
        let stat =
            "42 (a) b (c) S 1 42 42 0 -1 4194560 1 0 0 0 250 50 7 7 20 0 3 0 99 123456 10 18446744073709551615\n";
        let usage = parse(stat).unwrap();
        assert_eq!(usage.cpu, Duration::from_secs(3));
        assert_eq!(usage.memory, 10 * rustix::param::page_size() as u64);
        assert_eq!(parse("42 (a"), None);
    }

    #[test]
    fn this_process_uses_something_and_one_that_is_not_there_is_an_error() {
        assert!(Meter::new(std::process::id()).unwrap().used().memory_most > 0);
        assert!(own_cpu() > Duration::ZERO);
        assert!(Meter::new(0).is_err());
    }

    #[test]
    fn more_files_than_there_may_be_are_refused() {
        assert_eq!(allow_files(8), Ok(()));
        if let Some(most) = getrlimit(Resource::Nofile).maximum {
            assert_eq!(allow_files(most + 1), Err(most));
        }
    }
}
