//! The probe: how long a line takes from its receipt to its last write.
//!
//! To follow every line would cost something for each delivery. So one line at a time
//! is followed: when all who are to have it have taken it, the next line that comes is.

use std::time::{Duration, Instant};

use super::histogram::Histogram;

/// The bounds of the delays, in microseconds: from 100 µs to 10 s.
const BOUNDS: &[u64] = &[
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000,
];

#[derive(Debug)]
pub(super) struct Probe {
    followed: Option<Followed>,
    delays: Histogram,
}

/// The line that is followed.
#[derive(Debug)]
struct Followed {
    /// The place behind it.
    place: u64,
    received: Instant,
    /// How many have still to take it.
    waiting: usize,
}

impl Default for Probe {
    fn default() -> Probe {
        Probe { followed: None, delays: Histogram::new(BOUNDS) }
    }
}

impl Probe {
    /// A line was appended that ends at `place` and that so many are to have. It is followed
    /// if none is.
    pub(super) fn line(&mut self, place: u64, readers: usize, received: Instant) {
        if self.followed.is_none() {
            self.followed = Some(Followed { place, received, waiting: readers });
        }
    }

    /// A reader went from one place to another, or will take nothing of what is between them.
    /// The time is asked for when it was the last that the line waited for.
    pub(super) fn pass(&mut self, from: u64, to: u64, now: impl FnOnce() -> Instant) {
        let Some(followed) = self.followed.as_mut().filter(|line| from < line.place && line.place <= to) else {
            return;
        };
        followed.waiting -= 1;
        if followed.waiting == 0 {
            let received = followed.received;
            self.taken(now().saturating_duration_since(received));
        }
    }

    /// The line was taken by all.
    #[cold]
    fn taken(&mut self, delay: Duration) {
        self.delays.record(u64::try_from(delay.as_micros()).unwrap_or(u64::MAX));
        self.followed = None;
    }

    /// The delays so far, in microseconds.
    pub(super) fn delays(&self) -> &Histogram {
        &self.delays
    }
}
