//! Charla: a text chat protocol in five verbs, and its reference implementation.
//!
//! SPEC.md is the norm. The idea that holds it together: **the room is one ordered
//! log of encoded lines; you read it from your own JOIN to your BYE, and the echo
//! of what you said is your receipt.**
//!
//! | module | what it is | may use |
//! | --- | --- | --- |
//! | [`proto`] | bytes ↔ meaning: lines, grammar, names, texts, sessions | nothing of the below; no I/O, no clock |
//! | [`room`] | who is here, what was said, in which order; who lags too far | `proto`; no I/O, time is an argument |
//! | [`safe`] | what comes from the network, made safe to show | nothing |
#![cfg_attr(feature = "net", doc = "| [`lang`] | every text for people, in Spanish and English | nothing |")]
#![cfg_attr(
    feature = "net",
    doc = "| [`tls`] | certificates and keys from files, and why those of the other side do not fit | `safe`, `lang` |"
)]
#![cfg_attr(
    feature = "net",
    doc = "| [`server`] | sockets and timers around the room; the console | `proto`, `room`, `safe`, `lang`, `tls` |"
)]
#![cfg_attr(
    feature = "net",
    doc = "| [`client`] | the client's connection, terminal and pipe | `proto`, `safe`, `lang`, `tls` |"
)]
//! | [`check`] | cases as data, what plays them against a server or a client, reports | `proto`, to explain; `safe`, `lang`, `tls`, `page` |
#![cfg_attr(
    feature = "check",
    doc = "| [`load`] | many participants at once, what they heard and when | `client`, `proto`, `safe`, `lang`, `tls`, `page` |"
)]
#![cfg_attr(
    feature = "metrics",
    doc = "| [`metrics`] | how a running server is, over HTTP: metrics, health, readiness | `server`, `room` |"
)]
#![cfg_attr(feature = "check", doc = "| [`page`] | the frame of the HTML reports | `lang` |")]
#![cfg_attr(
    feature = "cli",
    doc = "| [`cli`] | what the programs' command lines have in common | `safe`, `lang`, `tls` |"
)]
//!
//! Without any feature this is the core, which has no I/O; `net` adds the server, the
//! client on tokio and the player of cases; `metrics` tells how a server is; `check` adds
//! whole runs and their reports, and the load; `cli`, the default, adds what the programs need.
#![forbid(unsafe_code)]
// Nothing that a peer or a user sends may end in a panic. Tests are to panic.
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing))]

pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "net")]
pub mod client;
#[cfg(feature = "net")]
pub mod lang;
#[cfg(feature = "check")]
pub mod load;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "check")]
pub mod page;
pub mod proto;
pub mod room;
pub mod safe;
#[cfg(feature = "net")]
pub mod server;
#[cfg(feature = "net")]
pub mod tls;
