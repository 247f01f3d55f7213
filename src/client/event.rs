//! What a [`Client`](super::Client) tells: events, receipts and the ending.

use std::error::Error;
use std::fmt;
use std::io;

use crate::proto::TextError;
use crate::proto::client_session::{Farewell, Fate, Receipt};
use crate::tls::Refusal;

/// What the server told, in the order of the log (SPEC.md, "The room as one log").
///
/// Names and texts may hold more than version 1 sends, control characters among it
/// ([CLIENT-20]); they are to be [made safe](crate::safe::safe) before they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// One is in the room ([CLIENT-2]); [`Client::roster`](super::Client::roster) has
    /// who else is.
    Joined,
    /// Someone came.
    Join(String),
    /// Someone left.
    Leave(String),
    /// Someone else said something.
    Msg {
        /// Who.
        name: String,
        /// What.
        text: String,
    },
    /// One's own oldest text without a receipt is in the room, here ([CLIENT-4]).
    Receipt {
        /// What [`Client::say`](super::Client::say) gave for it.
        receipt: Receipt,
        /// The text, as the room has it.
        text: String,
    },
}

/// Why a text was not said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SayError {
    /// It breaks the rules for texts (SPEC.md, section 6);
    /// [`input::texts`](super::input::texts) makes texts of anything.
    BadText(TextError),
    /// One is not in the room yet.
    NotIn,
    /// One has left, or the connection has ended.
    Left,
}

/// How the connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By the server's `BYE` (SPEC.md, section 8).
    Bye(Farewell),
    /// By an end of stream without one.
    EndOfStream,
    /// By an error of the stream, a reset for one.
    Broken(io::ErrorKind),
    /// By the other side's TLS, which does not let one in. (What a server has against a
    /// client's certificate may come only after the handshake.)
    Tls(Refusal),
}

impl Ending {
    pub(super) fn of(error: &io::Error) -> Ending {
        Refusal::of(error).map_or_else(|| Ending::Broken(error.kind()), Ending::Tls)
    }

    /// What became of the texts that have no receipt (SPEC.md, "Receipts at the end").
    #[must_use]
    pub fn fate(&self) -> Fate {
        match self {
            Ending::Bye(farewell) => farewell.fate(),
            Ending::EndOfStream | Ending::Broken(_) | Ending::Tls(_) => Fate::Unknown,
        }
    }
}

impl fmt::Display for SayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SayError::BadText(error) => error.fmt(f),
            SayError::NotIn => write!(f, "nothing can be said before the own JOIN"),
            SayError::Left => write!(f, "nothing can be said after leaving"),
        }
    }
}

impl Error for SayError {}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Bye(farewell) => write!(f, "the server ended the connection with BYE {}", farewell.code),
            Ending::EndOfStream => write!(f, "the server ended the connection without BYE"),
            Ending::Broken(kind) => write!(f, "the connection broke: {kind}"),
            Ending::Tls(refusal) => refusal.fmt(f),
        }
    }
}

impl Error for Ending {}
