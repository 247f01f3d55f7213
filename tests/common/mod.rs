//! What the tests share: the real server as a process, and peers on real sockets; a
//! scripted server and a pseudo-terminal for the real client.
//!
//! Nothing here sleeps: it waits for what must appear, until a deadline that only a
//! broken program meets.
#![allow(dead_code, unreachable_pub, reason = "each test file includes it whole and uses its own part")]

pub mod http;
pub mod peer;
pub mod script;
pub mod server;
pub mod terminal;
pub mod tls;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long anything may take that must come.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// A state folder of its own for each client: what one has kept is nothing to another.
pub fn state_home() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let folder = format!("state-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
    // One of an earlier run, under the same number.
    let _ = std::fs::remove_dir_all(&folder);
    folder
}
