//! Test cases as data, and what plays them: is a server, is a client conforming?
//!
//! | module | what it is |
//! | --- | --- |
//! | [`case`] | a case as data: files of `fixtures`, dialogues and clauses of SPEC.md; no I/O |
//! | `play` | plays one case against a server, or with a client at a terminal |
//! | `run` | plays whole sets of cases, and gives the one result |
//! | `report` | tells that result: as text, HTML, JSON, `JUnit` or TAP |
//!
//! The first belongs to the core. Playing against servers needs the feature `net`, the rest
//! the feature `check`.
//!
//! What is expected comes from the case alone. Nothing here asks `proto` what
//! would be right: the judge does not use the code that it judges.

pub mod case;
#[cfg(feature = "net")]
pub mod play;
#[cfg(feature = "check")]
pub mod report;
#[cfg(feature = "check")]
pub mod run;

pub use case::client::{ClientAction, ClientCase, Expected, Seen};
pub use case::step::{Action, Pattern, Step, Strand};
pub use case::{Case, CaseError, Level, Strict, Tls};
#[cfg(feature = "net")]
pub use play::log::{Entry, Event};
#[cfg(feature = "net")]
pub use play::verdict::{Failure, Outcome, Verdict};
