//! The result of a run: the one model that every report is made from.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::check::case::Level;
use crate::check::case::spec::Clause;
use crate::check::play::log::Entry;
use crate::check::play::verdict::Failure;
use crate::lang::Words;

/// What is said of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// As SPEC.md says.
    Pass,
    /// An optional thing that is not there.
    Absent,
    /// Not played.
    Skip,
    /// A recommendation that is not followed.
    Warn,
    /// Something else happened.
    Fail,
    /// Nothing happened, for too long.
    Hang,
    /// The program ended while it was played against.
    Crash,
    /// The program could not be started or reached.
    Unreached,
}

/// What is known of one case after a run.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// Its permanent name.
    pub id: String,
    /// It in one sentence.
    pub title: String,
    /// What it proves, with the texts of SPEC.md.
    pub clauses: Vec<Clause>,
    /// How strongly SPEC.md asks for it.
    pub level: Level,
    /// What is said of it.
    pub verdict: Verdict,
    /// More in words: why it was skipped, how the program ended.
    pub reason: Option<Words>,
    /// How the bytes were cut in the play that the log and the failure are of.
    pub cut: &'static str,
    /// Where and why it went wrong.
    pub failure: Option<Failure>,
    /// The step of the failure as it is written, and its line.
    pub step: Option<(usize, String)>,
    /// The actors of the log.
    pub actors: Vec<String>,
    /// What happened on the wire.
    pub log: Vec<Entry>,
    /// What is worth knowing, but changes no verdict.
    pub notes: Vec<Words>,
    /// How long it took, with every way to cut the bytes.
    pub duration: Duration,
    /// Why it is known to fail, where it is.
    pub known: Option<String>,
}

/// A whole run.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The program, as the user named it.
    pub program: String,
    /// The command line that plays one case again, with `{case}` for the case's id.
    pub again: String,
    /// The cases, in the order of the corpus.
    pub cases: Vec<CaseResult>,
    /// Whether recommendations count.
    pub strict: bool,
    /// How long it took.
    pub duration: Duration,
}

impl Verdict {
    /// Every one, the best first.
    pub const ALL: [Verdict; 8] = [
        Verdict::Pass,
        Verdict::Absent,
        Verdict::Skip,
        Verdict::Warn,
        Verdict::Fail,
        Verdict::Hang,
        Verdict::Crash,
        Verdict::Unreached,
    ];

    /// Its name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Absent => "absent",
            Verdict::Skip => "skip",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
            Verdict::Hang => "hang",
            Verdict::Crash => "crash",
            Verdict::Unreached => "unreached",
        }
    }

    /// It in one character, for matrices.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Verdict::Pass => "✓",
            Verdict::Absent => "○",
            Verdict::Skip => "–",
            Verdict::Warn => "!",
            Verdict::Fail => "✗",
            Verdict::Hang => "…",
            Verdict::Crash => "‡",
            Verdict::Unreached => "?",
        }
    }

    /// Whether it is against a rule that must be kept.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        matches!(self, Verdict::Fail | Verdict::Hang | Verdict::Crash | Verdict::Unreached)
    }
}

impl CaseResult {
    /// Whether something is wrong with the program, known or not.
    #[must_use]
    pub fn has_failed(&self, strict: bool) -> bool {
        self.verdict.is_failure() || (strict && self.verdict == Verdict::Warn)
    }

    /// Whether it is said to fail, but passes.
    #[must_use]
    pub fn passes_after_all(&self) -> bool {
        self.known.is_some() && self.verdict == Verdict::Pass
    }
}

impl Run {
    /// The command line that plays this case again.
    #[must_use]
    pub fn again(&self, case: &CaseResult) -> String {
        self.again.replace("{case}", &case.id)
    }

    /// Whether this case speaks against the program: failed and not known to, or known to fail and passed.
    #[must_use]
    pub fn counts(&self, case: &CaseResult) -> bool {
        if case.known.is_some() { case.passes_after_all() } else { case.has_failed(self.strict) }
    }

    /// Whether the program conforms, as far as it was asked.
    #[must_use]
    pub fn conforms(&self) -> bool {
        !self.cases.iter().any(|case| self.counts(case))
    }

    /// Whether there was no program to play against at all.
    #[must_use]
    pub fn is_unreached(&self) -> bool {
        !self.cases.is_empty() && self.cases.iter().all(|case| case.verdict == Verdict::Unreached)
    }

    /// How many cases have each verdict.
    #[must_use]
    pub fn totals(&self) -> BTreeMap<Verdict, usize> {
        self.cases.iter().fold(BTreeMap::new(), |mut totals, case| {
            *totals.entry(case.verdict).or_default() += 1;
            totals
        })
    }

    /// The worst verdict of the cases of each clause that was tried.
    #[must_use]
    pub fn by_clause(&self) -> BTreeMap<&str, Verdict> {
        let mut worst = BTreeMap::new();
        for case in &self.cases {
            for clause in &case.clauses {
                let known = worst.entry(clause.id.as_str()).or_insert(case.verdict);
                *known = case.verdict.max(*known);
            }
        }
        worst
    }
}
