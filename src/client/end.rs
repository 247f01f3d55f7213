//! How a visit ended, or an attempt at one: what both programs tell about it, and
//! whether they come back.

use std::time::{Duration, Instant};

use super::{Address, Client, Ending, JoinError, Reconnect, render};
use crate::lang::Language;
use crate::proto::Name;

/// How long the programs wait for a server to let one in, which may hold up a `NAME` for
/// 30 s while its log is full ([SLOW-7]).
pub(super) const ANSWER: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) enum End {
    /// It never was in the room.
    Out(JoinError),
    /// It was, on a connection that lasted this long.
    In(Ending, Duration),
}

impl End {
    /// This client's, which had its connection since `begin`.
    pub(super) fn of<S>(client: &Client<S>, ending: Ending, begin: Instant) -> End {
        if client.is_in() { End::In(ending, begin.elapsed()) } else { End::Out(JoinError::Ended(ending)) }
    }

    /// When to come back after it.
    pub(super) fn wait(&self, reconnect: &mut Reconnect) -> Option<Duration> {
        match self {
            End::Out(error) => reconnect.after_attempt(error, fastrand::u16(..)),
            End::In(ending, stayed) => reconnect.after_visit(ending, *stayed, fastrand::u16(..)),
        }
    }

    /// Why it ended, for one of this name.
    pub(super) fn told(&self, language: Language, name: &Name, address: &Address) -> String {
        match self {
            End::Out(error) => render::not_in(language, error, name, address),
            End::In(ending, _) => render::ending(language, ending, address),
        }
    }
}
