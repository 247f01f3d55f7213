//! What is fuzzed: a function of bytes for each target, which panics when something is wrong.
//!
//! | target | what it holds against what |
//! | --- | --- |
//! | [`lines`] | the cutter, its bytes cut anywhere, against a split at each LF |
//! | [`grammar`] | what a line is to a server in each state, and to a client |
//! | [`names`] | which names there are, and their keys |
//! | [`session`] | sessions and the room, with slow readers, against a server with a queue for each |
//! | [`server`] | the whole server, over streams in memory, against the same |
//! | [`client`] | the events of the client against a naive reading of the same bytes |
//!
//! The other side of each is [`reference`], written from SPEC.md as naively as it can be. The
//! bytes are [pieces](piece): mutations leave them what they are, and they can nearly be read.
//!
//! `ci/fuzz` runs them with libFuzzer; `tests/fuzz.rs` includes this file, and plays what was
//! found once and what the fixtures have.

pub mod client;
pub mod grammar;
pub mod lines;
pub mod names;
pub mod piece;
pub mod reference;
pub mod server;
pub mod session;
