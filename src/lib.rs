//! Charla: a text chat protocol in five verbs, and its reference implementation.
//!
//! SPEC.md is the norm. The idea that holds it together: **the room is one ordered
//! log of encoded lines; you read it from your own JOIN to your BYE, and the echo
//! of what you said is your receipt.**
//!
//! | module | what it is | may use |
//! | --- | --- | --- |
//! | [`proto`] | bytes ↔ meaning | nothing of the below |
#![forbid(unsafe_code)]

pub mod check;
pub mod proto;
pub mod room;
pub mod safe;
#[cfg(feature = "net")]
pub mod server;
