//! When a text is due, and the thread that wakes its sender then.
//!
//! The timers of the runtime are good to a millisecond, which would be most of the latency
//! that is measured; the sleep of a thread is good to some tens of microseconds.

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// How much all senders together say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// So many texts a second, at even distances.
    PerSecond(f64),
    /// As much as the server takes.
    Max,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rate::PerSecond(rate) if *rate < 100.0 => write!(f, "{}/s", (rate * 100.0).round() / 100.0),
            Rate::PerSecond(rate) => write!(f, "{rate:.0}/s"),
            Rate::Max => f.write_str("max"),
        }
    }
}

/// The texts of all senders in turn, one every `interval`, for a while.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pub(super) interval: Duration,
    pub(super) lasts: Duration,
    pub(super) senders: u32,
}

impl Schedule {
    /// When this text is due after the start; `None` when it is not any more.
    pub(super) fn due(self, sender: u32, number: u32) -> Option<Duration> {
        self.due_of(number.checked_mul(self.senders)?.checked_add(sender)?)
    }

    /// How many texts there are in all.
    pub(super) fn texts(self) -> u64 {
        let texts = self.lasts.as_nanos().div_ceil(self.interval.as_nanos().max(1));
        u64::try_from(texts).unwrap_or(u64::MAX)
    }

    fn due_of(self, text: u32) -> Option<Duration> {
        self.interval.checked_mul(text).filter(|&due| due < self.lasts)
    }
}

/// Wakes each sender when a text of it is due, until the last one is.
pub(super) fn keep(schedule: Schedule, start: Instant, senders: Vec<Arc<Notify>>) {
    thread::spawn(move || {
        let dues = (0..).map_while(|text| schedule.due_of(text));
        for (due, sender) in dues.zip(senders.iter().cycle()) {
            thread::sleep((start + due).saturating_duration_since(Instant::now()));
            sender.notify_one();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_speak_in_turn_at_even_distances_up_to_the_end() {
        let ms = Duration::from_millis;
        let schedule = Schedule { interval: ms(10), lasts: ms(50), senders: 2 };
        let dues = |sender| (0..).map_while(move |number| schedule.due(sender, number)).collect::<Vec<_>>();
        assert_eq!(dues(0), [ms(0), ms(20), ms(40)]);
        assert_eq!(dues(1), [ms(10), ms(30)]);
        assert_eq!(schedule.texts(), 5);
        assert_eq!(schedule.due(1, u32::MAX), None);
    }
}
