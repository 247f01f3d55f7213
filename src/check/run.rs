//! A run: the chosen cases, each with its bytes cut in every way, against one program.
//!
//! A program that is started is started afresh for each case, so cases can be played side
//! by side and what one leaves behind is gone with its process. At a fixed address there
//! is one room, so there they are played one after the other. What is optional comes last,
//! side by side, since it is mostly waiting. The verdict of a case is that of its first
//! play that does not pass; the others are not played then.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::case::{Case, Level};
use super::corpus::{Corpus, Item};
use super::play_server::{Options, play};
use super::program::{Program, Ready};
use super::result::{CaseResult, Run, Verdict};
use super::segment::Cut;
use super::verdict::{Outcome, Verdict as Played};

/// How a run is made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is checked.
    pub program: Program,
    /// How many cases are played at a time, where each has its own server.
    pub jobs: usize,
    /// All times that are waited are multiplied by this.
    pub timeout_scale: f64,
    /// Cases known to fail, each with the reason.
    pub known: BTreeMap<String, String>,
    /// Whether recommendations count.
    pub strict: bool,
    /// When the cases that were not begun are skipped, if ever.
    pub until: Option<Instant>,
    /// The program, as the user named it.
    pub name: String,
    /// The command line that plays one case again, with `{case}` for the case's id.
    pub again: String,
}

/// Between the end of a stream and the end of the process that a crash takes.
const DYING: Duration = Duration::from_millis(200);

impl Plan {
    /// Plays these cases. `told` hears of each as soon as it is done.
    pub fn run(&self, corpus: &Corpus, items: &[&Item], told: impl Fn(&CaseResult) + Sync) -> Run {
        let start = Instant::now();
        let (optional, asked): (Vec<_>, Vec<_>) = items.iter().partition(|item| item.case.level == Level::May);
        let jobs = if self.is_one_room() { 1 } else { self.jobs };
        let mut cases = self.play_all(corpus, &asked, jobs, &told);
        let waiting = if self.is_one_room() { 1 } else { optional.len() };
        cases.extend(self.play_all(corpus, &optional, waiting, &told));
        Run {
            program: self.name.clone(),
            again: self.again.clone(),
            cases,
            strict: self.strict,
            duration: start.elapsed(),
        }
    }

    /// Plays these cases, unless the program cannot be started or reached at all: that is
    /// found out once, not for each case anew.
    pub fn run_if_reached(
        &self,
        corpus: &Corpus,
        items: &[&Item],
        within: Duration,
        told: impl Fn(&CaseResult) + Sync,
    ) -> Run {
        match self.program.ready(self.scaled(within)) {
            Ok(ready) => {
                drop(ready);
                self.run(corpus, items, told)
            }
            Err(why) => {
                let unreached = |item: &&Item| CaseResult {
                    verdict: Verdict::Unreached,
                    reason: Some(why.clone()),
                    ..self.unplayed(corpus, &item.case)
                };
                let cases = items.iter().map(unreached).collect();
                let (program, again) = (self.name.clone(), self.again.clone());
                Run { program, again, cases, strict: self.strict, duration: Duration::ZERO }
            }
        }
    }

    fn is_one_room(&self) -> bool {
        matches!(self.program, Program::At(_))
    }

    /// Plays cases, `jobs` at a time; the results are in the order of the cases.
    fn play_all(
        &self,
        corpus: &Corpus,
        items: &[&Item],
        jobs: usize,
        told: &(impl Fn(&CaseResult) + Sync),
    ) -> Vec<CaseResult> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..jobs.clamp(1, items.len().max(1)) {
                scope.spawn(|| {
                    while let Some((at, item)) = {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        items.get(at).map(|item| (at, item))
                    } {
                        let result = self.play_case(corpus, item);
                        told(&result);
                        done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                    }
                });
            }
        });
        let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, result)| result).collect()
    }

    /// Plays one case in all its cuts, up to the first that does not pass.
    fn play_case(&self, corpus: &Corpus, item: &Item) -> CaseResult {
        let start = Instant::now();
        let case = &item.case;
        let mut result = self.unplayed(corpus, case);
        if self.until.is_some_and(|until| start >= until) {
            result.reason = Some("se acabó el tiempo para este programa".to_owned());
            return result;
        }
        match self.program.ready(self.scaled(Duration::from_secs(10))) {
            Ok(ready) => self.play_cuts(corpus, case, ready, &mut result),
            Err(why) => {
                result.verdict = Verdict::Unreached;
                result.reason = Some(why);
            }
        }
        result.duration = start.elapsed();
        result
    }

    fn play_cuts(&self, corpus: &Corpus, case: &Case, ready: Ready, result: &mut CaseResult) {
        let mut options = Options { strangers: corpus.strangers(case), ..Options::default() };
        options.within = self.scaled(options.within);
        options.whole = self.scaled(options.whole);
        for &cut in cuts(case) {
            options.cut = cut;
            let outcome = play(case, ready.address, &options);
            let passed = outcome.verdict == Played::Pass;
            result.tell(case, cut, outcome);
            if !passed {
                break;
            }
        }
        if let Some(process) = ready.process
            && process.ends_within(if result.verdict == Verdict::Pass { Duration::ZERO } else { DYING })
        {
            let output = process.output();
            result.verdict = Verdict::Crash;
            result.reason = Some(format!("el programa {}{}", process.end(), super::program::said(&output)));
        }
    }

    fn unplayed(&self, corpus: &Corpus, case: &Case) -> CaseResult {
        let by_id = corpus.by_id();
        CaseResult {
            id: case.id.clone(),
            title: case.title.clone(),
            clauses: case
                .clauses
                .iter()
                .filter_map(|id| by_id.get(id.as_str()))
                .map(|&clause| clause.clone())
                .collect(),
            level: case.level,
            verdict: Verdict::Skip,
            reason: None,
            cut: Cut::AsWritten.as_str(),
            failure: None,
            step: None,
            actors: case.actors.clone(),
            log: Vec::new(),
            notes: Vec::new(),
            duration: Duration::ZERO,
            known: self.known.get(&case.id).cloned(),
        }
    }

    fn scaled(&self, time: Duration) -> Duration {
        Duration::try_from_secs_f64(time.as_secs_f64() * self.timeout_scale).unwrap_or(time)
    }
}

/// What is optional is played once: it is about time, not about bytes.
fn cuts(case: &Case) -> &'static [Cut] {
    if case.level == Level::May { &[Cut::AsWritten] } else { Cut::ALL }
}

impl CaseResult {
    /// Takes over what a play showed.
    fn tell(&mut self, case: &Case, cut: Cut, outcome: Outcome) {
        self.verdict = judge(outcome.verdict, case.level);
        self.cut = cut.as_str();
        self.log = outcome.log;
        self.step = outcome
            .failure
            .as_ref()
            .and_then(|failure| case.steps.get(failure.step))
            .map(|step| (step.line, step.source.clone()));
        self.failure = outcome.failure;
        let crlf = outcome.crlf.then(|| "el servidor termina sus líneas con CR LF; basta LF".to_owned());
        let left_over = outcome.left_over.iter().map(|name| {
            format!("{} sigue en la sala desde otro caso", crate::safe::safe(&String::from_utf8_lossy(name)))
        });
        self.notes = crlf.into_iter().chain(left_over).collect();
    }
}

/// A recommendation that is not followed is a warning, and what is optional may be absent.
fn judge(played: Played, level: Level) -> Verdict {
    match (played, level) {
        (Played::Pass, _) => Verdict::Pass,
        (Played::Unreached, _) => Verdict::Unreached,
        (Played::Fail | Played::Hang, Level::May) => Verdict::Absent,
        (Played::Fail | Played::Hang, Level::Should) => Verdict::Warn,
        (Played::Fail, Level::Must) => Verdict::Fail,
        (Played::Hang, Level::Must) => Verdict::Hang,
    }
}
