//! The protocol: bytes ↔ meaning, as SPEC.md says. No I/O, no clock, no task.
//!
//! Bytes come in chunks; [`LineCutter`] makes lines of them; [`ClientLine`] and
//! [`ServerLine`] read a line by the grammar; [`server_session`] and
//! [`client_session`] say what it means in their state; [`encode`] writes lines.
//! A [`Name`], a [`Text`] and a [`Code`] that exist are valid, so nothing is
//! judged twice. [`Foreign`] is what can be told of a session that is none.

pub mod client_session;
mod code;
pub mod encode;
mod foreign;
mod grammar;
mod line;
mod name;
pub mod server_session;
mod skeleton;
mod text;

pub use code::Code;
pub use foreign::Foreign;
pub use grammar::{BadLine, ClientLine, ServerLine};
pub use line::{Cut, LineCutter, MAX_LINE};
pub use name::{Key, MAX_NAME, Name, NameError};
pub use skeleton::Skeleton;
pub use text::{MAX_TEXT, Text, TextError, TextField};

/// The port of a Charla server, over TCP.
pub const PORT: u16 = 65434;

/// Its port over TLS.
pub const TLS_PORT: u16 = 65435;
