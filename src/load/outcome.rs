//! What a run comes to.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::{CreationError, Histogram};

use super::limit::Limit;
use super::participant::{End, Part};
use super::tally::{self, Comparison};
use super::{Plan, Rate};

/// The steps in which deliveries are counted over time.
pub const TICK: Duration = Duration::from_millis(100);

/// The longest latency that is told apart, in microseconds: an hour.
const LONGEST: u64 = 3_600_000_000;

/// The share of its core from which the load has none left.
const FULL: f64 = 0.9;

/// How late a text in a hundred may be said.
const LATE: Duration = Duration::from_millis(10);

/// What was heard when, by all together.
#[derive(Clone, Debug)]
pub struct Sound {
    /// From when a text was due to when it was heard, in microseconds.
    pub latency: Histogram<u64>,
    /// From when a text was due to when it was said, in microseconds.
    pub lateness: Histogram<u64>,
    /// Deliveries in each [`TICK`] from the start on.
    pub timeline: Vec<u64>,
    /// From the start to the last delivery.
    pub lasted: Duration,
}

impl Sound {
    pub(super) fn new() -> Result<Sound, CreationError> {
        Ok(Sound {
            latency: Histogram::new_with_bounds(1, LONGEST, 3)?,
            lateness: Histogram::new_with_bounds(1, LONGEST, 3)?,
            timeline: Vec::new(),
            lasted: Duration::ZERO,
        })
    }

    /// So many texts were heard, at this time in microseconds after the start.
    pub(super) fn deliver(&mut self, texts: u64, now: u64) {
        self.lasted = Duration::from_micros(now);
        // More than memory holds is no time that a run lasts.
        let tick = usize::try_from(now / 100_000).unwrap_or(usize::MAX);
        if self.timeline.len() <= tick {
            self.timeline.resize(tick.saturating_add(1), 0);
        }
        if let Some(count) = self.timeline.get_mut(tick) {
            *count += texts;
        }
    }
}

/// What a process of the server used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServerUse {
    /// Its number; of several together, that of the first.
    pub pid: u32,
    /// CPU time from the start to the last delivery.
    pub cpu: Duration,
    /// CPU time until all had joined and heard of each other.
    pub cpu_joining: Duration,
    /// Resident memory in bytes before anybody joined.
    pub memory_idle: u64,
    /// The same when all had joined, before the first text.
    pub memory_before: u64,
    /// The highest that was seen.
    pub memory_most: u64,
}

impl ServerUse {
    fn and(self, other: ServerUse) -> ServerUse {
        ServerUse {
            pid: self.pid,
            cpu: self.cpu + other.cpu,
            cpu_joining: self.cpu_joining + other.cpu_joining,
            memory_idle: self.memory_idle + other.memory_idle,
            memory_before: self.memory_before + other.memory_before,
            memory_most: self.memory_most + other.memory_most,
        }
    }
}

/// What a run comes to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How much the senders were to say.
    pub rate: Rate,
    /// How many came in.
    pub joined: usize,
    /// How long the joining took.
    pub joining: Duration,
    /// Those who were not let in, by the code of the `BYE` or another reason.
    pub refused: BTreeMap<String, usize>,
    /// Those whose connection ended while they wanted to stay, likewise.
    pub put_out: BTreeMap<String, usize>,
    /// Texts said.
    pub said: u64,
    /// Those of them that have no receipt.
    pub unreceipted: u64,
    /// What they heard.
    pub sound: Sound,
    /// What is wrong with it, for those who stayed.
    pub wrong: Comparison,
    /// The CPU time of the load itself, from the start to the last delivery.
    pub own_cpu: Duration,
    /// What each process of the server used that was looked at.
    pub processes: Vec<ServerUse>,
}

impl Outcome {
    pub(super) fn of(plan: &Plan, parts: &[Part], sound: Sound) -> Outcome {
        let (mut refused, mut put_out) = (BTreeMap::new(), BTreeMap::new());
        let mut stayed = Vec::new();
        for part in parts {
            match &part.end {
                End::Refused(reason) => *refused.entry(reason.clone()).or_default() += 1,
                End::PutOut(reason) => *put_out.entry(reason.clone()).or_default() += 1,
                End::Stayed => stayed.push(&part.tally),
            }
        }
        Outcome {
            rate: plan.rate,
            joined: parts.len() - refused.values().sum::<usize>(),
            joining: Duration::ZERO,
            refused,
            put_out,
            said: 0,
            unreceipted: parts.iter().map(|part| part.unreceipted as u64).sum(),
            sound,
            wrong: tally::compare(&stayed, parts.iter().map(|part| &part.tally)),
            own_cpu: Duration::ZERO,
            processes: Vec::new(),
        }
    }

    /// What the server used, all its processes together, if any is known.
    #[must_use]
    pub fn server(&self) -> Option<ServerUse> {
        self.processes.iter().copied().reduce(ServerUse::and)
    }

    /// Texts heard, by all together.
    #[must_use]
    pub fn deliveries(&self) -> u64 {
        self.sound.latency.len()
    }

    /// Deliveries a second, from the start to the last one.
    #[must_use]
    pub fn per_second(&self) -> f64 {
        ratio(float(self.deliveries()), self.sound.lasted.as_secs_f64())
    }

    /// This time for each delivery, in nanoseconds.
    #[must_use]
    pub fn per_delivery(&self, cpu: Duration) -> f64 {
        ratio(cpu.as_secs_f64() * 1e9, float(self.deliveries()))
    }

    /// This time as a share of the run: 1 is a whole core.
    #[must_use]
    pub fn share(&self, cpu: Duration) -> f64 {
        ratio(cpu.as_secs_f64(), self.sound.lasted.as_secs_f64())
    }

    /// The latency that this share of the deliveries does not exceed.
    #[must_use]
    pub fn latency(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.sound.latency.value_at_quantile(quantile))
    }

    /// How many of a hundred deliveries were lost.
    #[must_use]
    pub fn loss(&self) -> f64 {
        100.0 * ratio(float(self.wrong.lost), float(self.wrong.lost + self.deliveries()))
    }

    /// Whether nobody was refused or put out, and everybody heard everything once and in the
    /// same order.
    #[must_use]
    pub fn is_flawless(&self) -> bool {
        self.refused.is_empty()
            && self.put_out.is_empty()
            && self.unreceipted == 0
            && self.wrong == Comparison::default()
    }

    /// Whether the load had no core left: its figures then tell more of it than of the server.
    #[must_use]
    pub fn is_own_limit(&self) -> bool {
        self.share(self.own_cpu) > FULL
    }

    /// Whether texts were said late; with [`Rate::Max`] none is due before it is said.
    #[must_use]
    pub fn is_late(&self) -> bool {
        Duration::from_micros(self.sound.lateness.value_at_quantile(0.99)) > LATE
    }
}

/// What a server has to hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// The latency that 99 of 100 deliveries do not exceed.
    pub p99: Duration,
    /// How many of a hundred deliveries may be lost.
    pub loss: f64,
}

impl Bounds {
    /// Whether this run is within them: all came in and stayed, and there was something to hear.
    #[must_use]
    pub fn hold(&self, outcome: &Outcome) -> bool {
        let all_stayed = outcome.refused.is_empty() && outcome.put_out.is_empty();
        let is_heard = outcome.deliveries() > 0;
        all_stayed && is_heard && outcome.latency(0.99) <= self.p99 && outcome.loss() <= self.loss
    }
}

/// What there is to report: one run, or those of a search for the limit.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was asked.
    pub plan: Plan,
    /// The runs, in their order.
    pub stages: Vec<Outcome>,
    /// What was found in a search.
    pub search: Option<(Bounds, Limit)>,
}

impl Report {
    /// The run that counts: the only one, or that of the highest rate that held.
    #[must_use]
    pub fn result(&self) -> Option<&Outcome> {
        match self.search {
            None => self.stages.last(),
            Some((_, limit)) => {
                let holds = Rate::PerSecond(limit.holds?);
                self.stages.iter().find(|stage| stage.rate == holds)
            }
        }
    }

    /// Whether there is one, and nothing is wrong with it.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.result().is_some_and(Outcome::is_flawless)
    }
}

/// Nought where there is nothing to divide by.
fn ratio(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// A count as a figure to reckon with.
#[expect(clippy::cast_precision_loss, reason = "counts of up to 2^53 are exact")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}
