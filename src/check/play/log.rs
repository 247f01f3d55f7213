//! The wire log of a play: what each actor sent and received, as it happened.
//!
//! Several threads write to it. It is bounded: of a long play it keeps the
//! beginning and the end and counts what lies between, and of a long line it keeps
//! the beginning.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::check::case::quoted::quote;
use crate::lang::{Language, Words};

/// How many entries are kept of the beginning, and as many of the end.
const KEPT: usize = 1000;

/// How many bytes are kept of one entry.
const KEPT_BYTES: usize = 2048;

/// Something that happened on the connection of an actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, since the play began.
    pub at: Duration,
    /// Whose connection: an index into [`Case::actors`](crate::check::Case::actors).
    pub actor: usize,
    /// What.
    pub event: Event,
}

/// What happened on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was opened.
    Opened,
    /// These bytes were written in one piece; of many only the first, and how many there were.
    Sent(Vec<u8>, usize),
    /// The player ended its sending side.
    SentEnd,
    /// The player cut it off: over TLS, an end that is none of the stream.
    SentCut,
    /// The player reset it.
    SentReset,
    /// This line came, without its end.
    Received(Vec<u8>),
    /// The stream ended cleanly.
    ReceivedEnd,
    /// The connection was broken off, or its bytes were too many to be read on.
    Broken(Words),
    /// The player reads no more from it.
    Stalled,
    /// The player reads from it again.
    Resumed,
    /// The person typed this line.
    Typed(Vec<u8>),
    /// So many entries were left out here.
    LeftOut(usize),
}

/// A handle on the log of one play.
#[derive(Clone)]
pub(super) struct Log {
    start: Instant,
    // A std mutex: it is held to push one entry.
    entries: Arc<Mutex<Entries>>,
}

#[derive(Default)]
struct Entries {
    first: Vec<Entry>,
    last: VecDeque<Entry>,
    left_out: usize,
}

impl Log {
    pub(super) fn new() -> Log {
        Log { start: Instant::now(), entries: Arc::default() }
    }

    pub(super) fn push(&self, actor: usize, event: Event) {
        let entry = Entry { at: self.start.elapsed(), actor, event };
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.first.len() < KEPT {
            entries.first.push(entry);
            return;
        }
        entries.last.push_back(entry);
        if entries.last.len() > KEPT {
            entries.last.pop_front();
            entries.left_out += 1;
        }
    }

    /// All that is kept, in order.
    pub(super) fn take(&self) -> Vec<Entry> {
        let entries = std::mem::take(&mut *self.entries.lock().unwrap_or_else(PoisonError::into_inner));
        let gap = entries.last.front().filter(|_| entries.left_out > 0).map(|next| Entry {
            at: next.at,
            actor: next.actor,
            event: Event::LeftOut(entries.left_out),
        });
        entries.first.into_iter().chain(gap).chain(entries.last).collect()
    }
}

impl Event {
    pub(super) fn sent(bytes: &[u8]) -> Event {
        Event::Sent(beginning(bytes), bytes.len())
    }

    pub(super) fn received(line: &[u8]) -> Event {
        Event::Received(beginning(line))
    }
}

impl fmt::Display for Event {
    /// As the step that it would be, without its actor; in English.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Opened => write!(f, " is connected"),
            Event::Sent(bytes, length) if bytes.len() == *length => write!(f, ">> {}", quote(bytes)),
            Event::Sent(bytes, length) => write!(f, ">> {} … ({length} bytes)", quote(bytes)),
            Event::SentEnd => write!(f, "> <end>"),
            Event::SentCut => write!(f, "> <cut>"),
            Event::SentReset => write!(f, "> <reset>"),
            Event::Received(line) => write!(f, "< {}", quote(line)),
            Event::ReceivedEnd => write!(f, "< <end>"),
            Event::Broken(why) => write!(f, " is cut off: {}", why.in_language(Language::English)),
            Event::Stalled => write!(f, "| <stall>"),
            Event::Resumed => write!(f, "| <resume>"),
            Event::Typed(line) => write!(f, ": {}", quote(line)),
            Event::LeftOut(count) => write!(f, " ({count} events more)"),
        }
    }
}

fn beginning(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take(KEPT_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_play_the_beginning_and_the_end_are_kept() {
        let log = Log::new();
        for n in 0..3 * KEPT {
            log.push(0, Event::received(n.to_string().as_bytes()));
        }
        let entries = log.take();
        assert_eq!(entries.len(), 2 * KEPT + 1);
        assert_eq!(entries[KEPT - 1].event, Event::Received(b"999".to_vec()));
        assert_eq!(entries[KEPT].event, Event::LeftOut(KEPT));
        assert_eq!(entries[2 * KEPT].event, Event::Received(b"2999".to_vec()));
    }
}
