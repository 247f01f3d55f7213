//! What the tests share: the real server as a process, and peers on real sockets.
//!
//! Nothing here sleeps: it waits for what must appear, until a deadline that only a
//! broken program meets.
#![allow(dead_code, unreachable_pub, reason = "each test file includes it whole and uses its own part")]

pub mod peer;
pub mod server;

use std::time::Duration;

/// How long anything may take that must come.
pub const DEADLINE: Duration = Duration::from_secs(20);
