//! What the tests share: the real server as a process, and peers on real sockets; a
//! scripted server and a pseudo-terminal for the real client.
//!
//! Nothing here sleeps: it waits for what must appear, until a deadline that only a
//! broken program meets.
#![allow(dead_code, unreachable_pub, reason = "each test file includes it whole and uses its own part")]

pub mod peer;
pub mod script;
pub mod server;
pub mod terminal;

use std::time::Duration;

/// How long anything may take that must come.
pub const DEADLINE: Duration = Duration::from_secs(20);
