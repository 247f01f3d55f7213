//! Test cases as data, and what plays them: is a server, is a client conforming?
//!
//! A [`Case`] is a file of `fixtures/sessions` or a dialogue of SPEC.md: named
//! actors, each a connection, and what they send and must receive, step by step. A
//! [`ClientCase`] is a file of `fixtures/clients`: the same seen from the other side,
//! with a person who types and looks. [`quoted`] is the notation for exact bytes, [`spec`] reads clauses and
//! dialogues out of SPEC.md, [`lines`] reads the fixtures of single lines. They do
//! no I/O and belong to the core. `play_server`, with the feature `net`, plays a
//! case against a server and says how it went.
//!
//! With the feature `check`, `play_client` plays one with a client at a `terminal`,
//! and a `run` plays the cases of the `corpus` against a `program`, which is a
//! `process` where it is started here, and gives the one `result` of which all the
//! `report`s are made.
//!
//! What is expected comes from the case alone. Nothing here asks `proto` what
//! would be right: the judge does not use the code that it judges.

mod case;
mod client_case;
#[cfg(feature = "check")]
pub mod corpus;
#[cfg(feature = "net")]
mod judge;
#[cfg(feature = "check")]
pub mod known;
pub mod lines;
#[cfg(feature = "net")]
mod log;
#[cfg(feature = "check")]
pub mod play_client;
#[cfg(feature = "net")]
pub mod play_server;
#[cfg(feature = "check")]
pub mod process;
#[cfg(feature = "check")]
pub mod program;
pub mod quoted;
#[cfg(feature = "check")]
pub mod report;
#[cfg(feature = "check")]
pub mod result;
#[cfg(feature = "check")]
pub mod run;
pub mod segment;
pub mod spec;
mod step;
#[cfg(feature = "check")]
mod terminal;
#[cfg(feature = "net")]
mod verdict;
#[cfg(feature = "check")]
pub mod watch;
#[cfg(feature = "net")]
mod wire;

pub use case::{Case, CaseError, Level, Strict};
pub use client_case::{ClientAction, ClientCase, Expected, Seen};
#[cfg(feature = "net")]
pub use log::{Entry, Event};
pub use step::{Action, Pattern, Step, Strand};
#[cfg(feature = "net")]
pub use verdict::{Failure, Outcome, Verdict};
