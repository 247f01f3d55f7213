//! Figures: what can be told of a room in numbers.

use std::time::Instant;

use super::histogram::Histogram;
use super::probe::Probe;
use super::{Room, Stage};

/// The bounds of how far participants are behind, in bytes: from nothing to more than a
/// room keeps.
const LAGS: &[u64] = &[0, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, 1 << 21, 1 << 22];

/// A room in numbers. What is counted is counted from the room's beginning.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Who is in the room, of those who are connected to this node.
    pub participants: usize,
    /// How often someone has joined.
    pub joins: u64,
    /// How many messages were said, by those who are connected to this node.
    pub messages: u64,
    /// Lines that were taken, once for each participant who took it. Of one who is behind
    /// they may be counted some kilobytes later.
    pub deliveries: u64,
    /// Bytes of the log that are kept, since somebody has still to take them.
    pub kept: u64,
    /// Whether what people want to say waits for slow readers.
    pub congested: bool,
    /// How far each participant is behind now, in bytes.
    pub lags: Histogram,
    /// How many nodes share the room, this one included; 0 when it is not shared, or waits for
    /// its journal.
    pub nodes: usize,
    /// How long a line took from its receipt to its last write, in microseconds: a sample.
    pub delays: Histogram,
}

/// What is counted when it happens, as what is in the room does not tell it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) joins: u64,
    /// Lines that say that someone came or went.
    pub(super) moves: u64,
    /// Messages that were said on other nodes.
    pub(super) foreign: u64,
    /// Lines taken.
    pub(super) deliveries: u64,
    pub(super) probe: Probe,
}

impl Tally {
    /// A reader at this place, of whose lines so many were not counted yet, takes none of
    /// what it had still to read up to `end`.
    pub(super) fn end(&mut self, lines: u64, at: u64, end: u64, now: Instant) {
        self.deliveries += lines;
        self.probe.pass(at, end, || now);
    }
}

impl Room {
    /// The room in numbers. It looks at each participant.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures {
            participants: self.here,
            joins: self.tally.joins,
            messages: self.log.lines() - self.tally.moves - self.tally.foreign,
            deliveries: self.tally.deliveries,
            kept: self.kept(),
            congested: self.congested(),
            lags: self.lags(),
            nodes: self.nodes(),
            delays: self.tally.probe.delays().clone(),
        }
    }

    fn lags(&self) -> Histogram {
        let mut lags = Histogram::new(LAGS);
        for (_, entry) in &self.readers {
            if let Stage::In { cursor, .. } = &entry.stage {
                lags.record(self.log.head() - cursor.at());
            }
        }
        lags
    }
}
