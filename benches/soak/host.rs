//! The server that is soaked, and what it holds.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use super::Result;
use super::common::http::{self, Metrics};
use super::common::server::command;

/// How long a server may take to be at rest: the longest linger, and what a busy machine adds.
const REST: Duration = Duration::from_secs(30);

/// How long a client has to give its name, in seconds: longer than a busy machine lets it wait, which bears all
/// clients at once, and shorter than a wave.
const NAME_TIMEOUT: &str = "10";

/// How many lines of the console are read between two pauses, and how long one is: fewer than are written.
const CONSOLE: (usize, Duration) = (16, Duration::from_millis(100));

/// It ends with this.
struct Running(Child);

pub(super) struct Host {
    child: Running,
    pub(super) address: SocketAddr,
    place: SocketAddr,
    hurry: Arc<AtomicBool>,
    console: JoinHandle<Transcript>,
}

/// What a server without clients still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rest {
    connections: u64,
    participants: u64,
    lingerers: u64,
    log_bytes: u64,
    pub(super) tasks: u64,
    pub(super) descriptors: u64,
}

/// In KiB.
pub(super) struct Memory {
    pub(super) now: u64,
    pub(super) most: u64,
}

/// The lines of the room that the console showed, and those that it left out.
#[derive(Default)]
struct Transcript {
    shown: u64,
    left_out: u64,
}

impl Host {
    /// The real server, in the environment of the service.
    pub(super) fn start() -> Result<Host> {
        let arguments = ["--name-timeout", NAME_TIMEOUT, "--metrics", "127.0.0.1:0"];
        let log = ["--log", "warn,charla_server=info", "--log-format", "json"];
        let mut child = command(&[&arguments[..], &log].concat())
            .envs(environment_of_service()?)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("charla-server does not start: {error}"))?;
        let errors = BufReader::new(child.stderr.take().ok_or("no standard error")?);
        let mut console = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let address = first_line(&mut console)?.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let address = SocketAddr::from(([127, 0, 0, 1], address.ok_or("the server tells no port")?));
        let place = told_place(errors)?;
        let hurry = Arc::new(AtomicBool::new(false));
        let console = thread::spawn({
            let hurry = Arc::clone(&hurry);
            move || read_slowly(console, &hurry)
        });
        Ok(Host { child: Running(child), address, place, hurry, console })
    }

    pub(super) fn metrics(&self) -> Metrics {
        http::metrics(self.place)
    }

    fn rest(&self) -> Result<Rest> {
        // Counted first: the connection over which the metrics come may outlast their end for a moment.
        let descriptors = fs::read_dir(self.of_process("fd")).map_err(|error| error.to_string())?.count() as u64;
        let metrics = self.metrics();
        Ok(Rest {
            connections: metrics["charla_connections"],
            participants: metrics["charla_participants"],
            lingerers: metrics["charla_lingerers"],
            log_bytes: metrics["charla_log_bytes"],
            tasks: metrics["charla_tasks"],
            descriptors,
        })
    }

    /// What it holds when it has begun: tasks of its own are still on their way when it first answers.
    pub(super) async fn fresh(&self) -> Result<Rest> {
        let mut rest = self.rest()?;
        loop {
            sleep(Duration::from_secs(1)).await;
            let before = std::mem::replace(&mut rest, self.rest()?);
            if rest == before {
                return Ok(rest);
            }
        }
    }

    /// Waits until the server holds no more than it did when it was fresh. What its console has still to
    /// write it holds too, so that is read at last.
    pub(super) async fn comes_to_rest(&self, fresh: &Rest) -> Result<Rest> {
        self.hurry.store(true, Ordering::Relaxed);
        let rest = self.holds_no_more_than(fresh).await;
        self.hurry.store(false, Ordering::Relaxed);
        rest
    }

    async fn holds_no_more_than(&self, fresh: &Rest) -> Result<Rest> {
        let start = Instant::now();
        loop {
            let rest = self.rest()?;
            if rest == *fresh {
                return Ok(rest);
            }
            if start.elapsed() > REST {
                return Err(format!("all clients have left {REST:?} ago, and the server has {rest:?}, not {fresh:?}"));
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    pub(super) fn memory(&self) -> Result<Memory> {
        let status = fs::read_to_string(self.of_process("status")).map_err(|error| error.to_string())?;
        let of = |key: &str| {
            status.lines().find_map(|line| line.strip_prefix(key)?.trim().strip_suffix(" kB")?.parse().ok())
        };
        let read = of("VmRSS:").zip(of("VmHWM:")).map(|(now, most)| Memory { now, most });
        read.ok_or_else(|| "the system does not tell the memory of the server".to_owned())
    }

    /// Waits until the memory is so many KiB, give or take so many percent.
    pub(super) async fn memory_is(&self, began: u64, percent: u64) -> Result<()> {
        let start = Instant::now();
        loop {
            let now = self.memory()?.now;
            if now.abs_diff(began) * 100 <= began * percent {
                return Ok(());
            }
            if start.elapsed() > REST {
                return Err(format!(
                    "the memory ended at {now} KiB, more than {percent} % from the {began} KiB where it began"
                ));
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Stops the server, which has nothing else to do than to end well and to finish its console.
    pub(super) fn stop(mut self) -> Result<()> {
        let metrics = self.metrics();
        let (joins, messages) = (metrics["charla_joins_total"], metrics["charla_messages_total"]);
        self.hurry.store(true, Ordering::Relaxed);
        kill_process(Pid::from_child(&self.child.0), Signal::TERM).map_err(|error| error.to_string())?;
        let status = self.child.0.wait().map_err(|error| error.to_string())?;
        let console = self.console.join().map_err(|_| "the console could not be read")?;
        println!("the console showed {} lines and left {} out", console.shown, console.left_out);
        if !status.success() {
            return Err(format!("the server ended with {status}"));
        }
        // As many have left as have joined.
        let lines = 2 * joins + messages;
        if console.shown + console.left_out != lines {
            return Err(format!("the console tells of {} lines, not {lines}", console.shown + console.left_out));
        }
        if console.left_out == 0 { Err("the console was not slow: it left nothing out".to_owned()) } else { Ok(()) }
    }

    fn of_process(&self, file: &str) -> String {
        format!("/proc/{}/{file}", self.child.0.id())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the unit sets for the server.
fn environment_of_service() -> Result<Vec<(&'static str, &'static str)>> {
    let unit = include_str!("../../packaging/charla-server.service");
    let set = unit.lines().filter_map(|line| line.strip_prefix("Environment="));
    set.map(|pair| pair.split_once('=').ok_or(format!("the unit sets {pair:?}"))).collect()
}

fn first_line(console: &mut impl BufRead) -> Result<String> {
    let mut line = String::new();
    console.read_line(&mut line).map_err(|error| error.to_string())?;
    Ok(line.trim_end().to_owned())
}

/// Where the metrics are told, as the log says; from then on the log is passed on.
fn told_place(mut log: impl BufRead + Send + 'static) -> Result<SocketAddr> {
    loop {
        let line = first_line(&mut log)?;
        let told: serde_json::Value = serde_json::from_str(&line).map_err(|_| format!("the server says {line:?}"))?;
        if let Some(place) = told["place"].as_str() {
            thread::spawn(move || log.lines().map_while(std::result::Result::ok).for_each(|line| eprintln!("{line}")));
            return place.parse().map_err(|_| format!("{place} is no place"));
        }
    }
}

fn read_slowly(mut console: impl BufRead, hurry: &AtomicBool) -> Transcript {
    let mut transcript = Transcript::default();
    // What stands above the room's lines.
    let _ = first_line(&mut console).and_then(|_| first_line(&mut console));
    loop {
        for _ in 0..CONSOLE.0 {
            match first_line(&mut console) {
                Ok(line) if !line.is_empty() => transcript.take(&line),
                _ => return transcript,
            }
        }
        if !hurry.load(Ordering::Relaxed) {
            thread::sleep(CONSOLE.1);
        }
    }
}

impl Transcript {
    /// No name begins with a bracket.
    fn take(&mut self, line: &str) {
        if line.starts_with('[') {
            let digits: String = line.chars().filter(char::is_ascii_digit).collect();
            self.left_out += digits.parse::<u64>().unwrap_or_default();
        } else {
            self.shown += 1;
        }
    }
}
