//! How a play went: the one result that every report is made from.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::log::Entry;
use crate::check::case::Case;
use crate::check::case::quoted::quote;
use crate::lang::{Language, Words};

/// How many events an explanation shows.
const SHOWN: usize = 20;

/// How a play went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As the case says.
    Pass,
    /// The program did something else.
    Fail,
    /// The program did nothing, for too long.
    Hang,
    /// The program ended when nobody had asked it to.
    Crash,
    /// There was no connection to the program.
    Unreached,
}

/// All that is known after a play.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it went.
    pub verdict: Verdict,
    /// Where and why it went wrong, unless it passed.
    pub failure: Option<Failure>,
    /// What happened on the wire.
    pub log: Vec<Entry>,
    /// Whether a line of the server ended with CRLF.
    pub crlf: bool,
    /// Names of other cases that are still in the room.
    pub left_over: BTreeSet<Vec<u8>>,
}

/// Where and why a play went wrong, for people; bytes in it are quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which step: an index into [`Case::steps`](crate::check::Case::steps).
    pub step: usize,
    /// What should have come.
    pub expected: Words,
    /// What came instead.
    pub received: Words,
}

impl Outcome {
    /// What went wrong and the last events on the wire, in English; the verdict alone after a pass.
    #[must_use]
    pub fn explain<A>(&self, case: &Case<A>) -> String {
        let mut text = format!("{}: {:?}\n", case.id, self.verdict);
        let Some(failure) = &self.failure else { return text };
        for entry in self.log.iter().skip(self.log.len().saturating_sub(SHOWN)) {
            let actor = case.actors.get(entry.actor).map_or("?", String::as_str);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "    {actor}{}", entry.event);
        }
        if let Some(step) = case.steps.get(failure.step) {
            let _ = writeln!(text, "  line {}: {}", step.line, step.source);
        }
        let [expected, received] =
            [&failure.expected, &failure.received].map(|words| words.in_language(Language::English));
        text + &format!("  expected {expected}\n  received {received}\n")
    }
}

/// Why a play stops before its end.
pub(super) struct Stop {
    pub(super) verdict: Verdict,
    pub(super) expected: Words,
    pub(super) received: Words,
}

pub(super) fn fail(expected: impl Into<Words>, received: impl Into<Words>) -> Stop {
    Stop { verdict: Verdict::Fail, expected: expected.into(), received: received.into() }
}

pub(super) fn wrong(expected: impl Into<Words>, line: &[u8]) -> Stop {
    fail(expected, quote(line))
}
