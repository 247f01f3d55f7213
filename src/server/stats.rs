//! A server in numbers, for whoever asks. Nothing here costs anything until it is asked for.

use std::sync::Arc;

use super::{LINGERERS, Shared};
use crate::proto::Code;
use crate::room;

/// Tells how a server is, also while it [runs](super::Server::run).
#[derive(Clone)]
pub struct Stats(pub(super) Arc<Shared>);

/// A server in numbers. What is counted is counted from its beginning.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Its room.
    pub room: room::Figures,
    /// Connections that have a seat now, those without a name included.
    pub connections: usize,
    /// How many there may be at a time.
    pub max_connections: usize,
    /// Connections that were accepted, those that got no seat included.
    pub accepted: u64,
    /// Connections that linger after their `BYE`.
    pub lingerers: usize,
    /// How often a client had sent more than its rates allow, so that it was read later.
    pub delayed: u64,
    /// What the connections did.
    pub traffic: Traffic,
}

/// The handshakes of a server's TLS in numbers; [`Tls::handshakes`](super::Tls::handshakes) gives them.
#[derive(Clone, Copy, Debug, Default)]
pub struct HandshakeFigures {
    /// Those that ended well, since the beginning.
    pub finished: u64,
    /// Those that ended in another way: with an alert, at their time limit, or because the client had gone.
    pub failed: u64,
    /// Those that have begun and not ended.
    pub open: u64,
    /// Those whose turn it is to compute.
    pub computing: usize,
}

/// What connections did.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// Bytes that came, as long as somebody listened: not what came after a `BYE`.
    pub received: u64,
    /// Bytes that went: the log, rosters, and each `BYE`.
    pub sent: u64,
    /// Connections that ended without a `BYE`.
    pub broken: u64,
    byes: [u64; Code::ALL.len()],
}

/// Whether a newcomer would be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It would.
    Ready,
    /// All seats are taken: it would get `BYE full`.
    Full,
    /// The room's journal is away: it would wait.
    Waiting,
    /// The server stops: it would get `BYE shutdown`.
    Stopping,
}

impl Stats {
    /// The server in numbers. While it looks at each participant nobody else is served: for
    /// some microseconds, or a millisecond when there are ten thousand.
    #[must_use]
    pub fn figures(&self) -> Figures {
        let Shared { hub, lingerers, options } = &*self.0;
        let (room, traffic, connections) = hub.figures();
        Figures {
            room,
            connections,
            max_connections: options.max_connections,
            accepted: hub.accepted(),
            lingerers: LINGERERS.saturating_sub(lingerers.available_permits()),
            delayed: hub.delayed(),
            traffic,
        }
    }

    /// Whether a newcomer would be served. That this gives an answer at all says that the
    /// room is not stuck.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.0.hub.readiness()
    }
}

impl Traffic {
    /// How many connections have ended with each code.
    pub fn byes(&self) -> impl Iterator<Item = (Code, u64)> {
        Code::ALL.iter().copied().zip(self.byes)
    }

    /// A connection ends, with this code or without any.
    pub(super) fn end(&mut self, code: Option<Code>) {
        match code.and_then(|code| self.byes.get_mut(code as usize)) {
            Some(count) => *count += 1,
            None => self.broken += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_its_own_count() {
        let mut traffic = Traffic::default();
        for (n, code) in Code::ALL.iter().enumerate() {
            (0..=n).for_each(|_| traffic.end(Some(*code)));
        }
        traffic.end(None);
        assert!(traffic.byes().map(|(_, count)| count).eq(1..=Code::ALL.len() as u64));
        assert_eq!(traffic.broken, 1);
    }
}
