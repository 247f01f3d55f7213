//! What the process uses: what of it the system tells.

use std::fs;
use std::time::{Duration, SystemTime};

use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

/// This process.
pub(super) struct Process {
    started: SystemTime,
}

/// What it uses now.
#[derive(Debug)]
pub(super) struct Usage {
    /// CPU time, from its beginning.
    pub(super) cpu: Duration,
    /// Resident memory in bytes, where the system tells it.
    pub(super) memory: Option<u64>,
    /// Open file descriptors.
    pub(super) files: Option<u64>,
    /// How many of them there may be; `None` is any number.
    pub(super) max_files: Option<u64>,
    /// When it began, since 1970.
    pub(super) started: Duration,
}

impl Process {
    /// It has just begun.
    pub(super) fn new() -> Process {
        Process { started: SystemTime::now() }
    }

    pub(super) fn usage(&self) -> Usage {
        Usage {
            // It was zero at the beginning and only grows.
            cpu: clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap_or_default(),
            memory: memory(),
            files: files(),
            max_files: getrlimit(Resource::Nofile).current,
            started: self.started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(),
        }
    }
}

/// The second number of `/proc/self/statm` (proc(5)) is the pages that are resident. It is of
/// Linux.
fn memory() -> Option<u64> {
    let statm = fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Counts what is in `/dev/fd`, less the one that it is read with.
fn files() -> Option<u64> {
    (fs::read_dir("/dev/fd").ok()?.count() as u64).checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_something() {
        let process = Process::new();
        let usage = process.usage();
        assert!(usage.cpu > Duration::ZERO && usage.files.unwrap() >= 3, "{usage:?}");
        assert!(usage.max_files.is_none_or(|most| most >= usage.files.unwrap()), "{usage:?}");
        #[cfg(target_os = "linux")]
        assert!(usage.memory.unwrap() > 100_000, "{usage:?}");
    }
}
