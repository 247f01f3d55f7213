//! Plays one case against a program, and says how it went.
//!
//! [`server`] plays the clients of a server; `client` plays a client's server and the person
//! in front of it, at a `terminal`. Each connection is a `wire` that is read in the
//! background; what happens there goes to the `log`; a `tunnel` is TLS over it, which begins with a
//! `greeting`; `judge` says whether a line is the one
//! expected. A server that is started here is a `program`, a client a `client_program`, and both a `process`.

#[cfg(feature = "check")]
pub mod client;
#[cfg(feature = "check")]
pub mod client_program;
mod greeting;
mod judge;
pub(super) mod log;
#[cfg(feature = "check")]
pub mod process;
#[cfg(feature = "check")]
pub mod program;
pub mod segment;
pub mod server;
#[cfg(feature = "check")]
mod terminal;
mod tunnel;
pub(super) mod verdict;
mod wire;
