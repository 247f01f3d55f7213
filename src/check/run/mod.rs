//! A run: the chosen cases, each with its bytes cut in every way, against one program.
//!
//! A program that is started is started afresh for each case, so cases can be played side
//! by side and what one leaves behind is gone with its process. At a fixed address there
//! is one room, so there they are played one after the other. What is optional comes last,
//! side by side, since it is mostly waiting. The verdict of a case is that of its first
//! play that does not pass; the others are not played then.

pub mod corpus;
pub mod known;
pub mod result;
pub mod watch;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::check::case::client::{ClientAction, ClientCase};
use crate::check::case::step::Action;
use crate::check::case::{Case, Level};
use crate::check::play::client as play_client;
use crate::check::play::client_program::Client;
use crate::check::play::program::{Program, Ready, said};
use crate::check::play::segment::Cut;
pub use crate::check::play::segment::Scale;
use crate::check::play::server::{self as play_server, Options};
use crate::check::play::verdict::{Outcome, Verdict as Played};
use crate::lang::Words;
use crate::tls::Host;
use corpus::{Corpus, Item};
use result::{CaseResult, Run, Verdict};

/// How a run is made.
#[derive(Clone, Debug)]
pub struct Plan<T> {
    /// What is checked.
    pub target: T,
    /// How many cases are played at a time, where each has its own program.
    pub jobs: usize,
    /// How long things are waited for.
    pub scale: Scale,
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

/// A program under test, and how a case is played against it.
pub trait Target: Sync {
    /// What the steps of its cases do.
    type Action: Sync;

    /// Whether all cases are played in the same room.
    fn is_one_room(&self) -> bool;

    /// Whether TLS is spoken to it, as cases that are about TLS need.
    fn speaks_tls(&self) -> bool;

    /// Starts or reaches the program once.
    ///
    /// # Errors
    /// It cannot be started or reached within this time; the text says why, to a person.
    fn reach(&self, within: Duration) -> Result<(), Words>;

    /// Plays a case in all its cuts, up to the first that does not pass, and tells the result of it.
    fn play(&self, corpus: &Corpus, case: &Case<Self::Action>, scale: Scale, result: &mut CaseResult);
}

impl<T: Target> Plan<T> {
    /// Plays these cases. `told` hears of each as soon as it is done.
    pub fn run(&self, corpus: &Corpus, items: &[&Item<T::Action>], told: impl Fn(&CaseResult) + Sync) -> Run {
        let start = Instant::now();
        let (optional, asked): (Vec<_>, Vec<_>) = items.iter().partition(|item| item.case.level == Level::May);
        let is_one_room = self.target.is_one_room();
        let mut cases = self.play_all(corpus, &asked, if is_one_room { 1 } else { self.jobs }, &told);
        cases.extend(self.play_all(corpus, &optional, if is_one_room { 1 } else { optional.len() }, &told));
        self.told(cases, start.elapsed())
    }

    /// Plays these cases, unless the program cannot be started or reached at all: that is
    /// found out once, not for each case anew.
    pub fn run_if_reached(
        &self,
        corpus: &Corpus,
        items: &[&Item<T::Action>],
        within: Duration,
        told: impl Fn(&CaseResult) + Sync,
    ) -> Run {
        match self.target.reach(self.scale.of_start(within)) {
            Ok(()) => self.run(corpus, items, told),
            Err(why) => {
                let unreached = |item: &&Item<T::Action>| CaseResult {
                    verdict: Verdict::Unreached,
                    reason: Some(why.clone()),
                    ..self.unplayed(corpus, &item.case)
                };
                self.told(items.iter().map(unreached).collect(), Duration::ZERO)
            }
        }
    }

    fn told(&self, cases: Vec<CaseResult>, duration: Duration) -> Run {
        Run { program: self.name.clone(), again: self.again.clone(), cases, strict: self.strict, duration }
    }

    /// Plays cases, `jobs` at a time; the results are in the order of the cases.
    fn play_all(
        &self,
        corpus: &Corpus,
        items: &[&Item<T::Action>],
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

    fn play_case(&self, corpus: &Corpus, item: &Item<T::Action>) -> CaseResult {
        let start = Instant::now();
        let mut result = self.unplayed(corpus, &item.case);
        if self.until.is_some_and(|until| start >= until) {
            result.reason = Some(Words::new("check-out-of-time", []));
            return result;
        }
        self.target.play(corpus, &item.case, self.scale, &mut result);
        result.duration = start.elapsed();
        result
    }

    fn unplayed(&self, corpus: &Corpus, case: &Case<T::Action>) -> CaseResult {
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
}

impl Target for Program {
    type Action = Action;

    fn is_one_room(&self) -> bool {
        matches!(self, Program::At(..))
    }

    fn speaks_tls(&self) -> bool {
        self.host().is_some()
    }

    fn reach(&self, within: Duration) -> Result<(), Words> {
        self.ready(within).map(drop)
    }

    fn play(&self, corpus: &Corpus, case: &Case, scale: Scale, result: &mut CaseResult) {
        match self.ready(scale.of_start(Duration::from_secs(10))) {
            Ok(ready) => play_cuts(corpus, case, ready, self.host(), scale, result),
            Err(why) => {
                result.verdict = Verdict::Unreached;
                result.reason = Some(why);
            }
        }
    }
}

/// Between the end of a stream and the end of the process that a crash takes.
const DYING: Duration = Duration::from_millis(200);

fn play_cuts(corpus: &Corpus, case: &Case, ready: Ready, host: Option<&Host>, scale: Scale, result: &mut CaseResult) {
    let strangers = corpus.strangers(case);
    let mut options = Options { strangers, scale, host: host.cloned(), ..Options::default() };
    options.within = scale.of(options.within);
    options.whole = scale.of(options.whole);
    // What is optional is played once: it is about time, not about bytes.
    let cuts = if case.level == Level::May { &[Cut::AsWritten] } else { Cut::ALL };
    for &cut in cuts {
        options.cut = cut;
        result.tell(case, cut, play_server::play(case, ready.address, &options));
        if result.verdict != Verdict::Pass {
            break;
        }
    }
    if let Some(process) = ready.process
        && process.ends_within(if result.verdict == Verdict::Pass { Duration::ZERO } else { DYING })
    {
        let output = said(&process.output());
        result.verdict = Verdict::Crash;
        result.reason = Some(Words::new("check-crashed", [("ended", process.end()), ("output", output)]));
    }
}

impl Target for Client {
    type Action = ClientAction;

    fn is_one_room(&self) -> bool {
        false
    }

    fn speaks_tls(&self) -> bool {
        self.tls.is_some()
    }

    fn reach(&self, within: Duration) -> Result<(), Words> {
        self.reach(within)
    }

    fn play(&self, _: &Corpus, case: &ClientCase, scale: Scale, result: &mut CaseResult) {
        let (within, whole) = (scale.of(Duration::from_secs(10)), scale.of(Duration::from_mins(5)));
        // How a screen looks does not depend on how the bytes came.
        let cuts = if case.level == Level::Must {
            &[Cut::AsWritten, Cut::Bytes, Cut::Coalesced][..]
        } else {
            &[Cut::AsWritten]
        };
        for &cut in cuts {
            let options = play_client::Options { cut, within, whole, scale };
            result.tell(case, cut, play_client::play(case, self, &options));
            if result.verdict != Verdict::Pass {
                break;
            }
        }
    }
}

impl CaseResult {
    /// Takes over what a play showed.
    fn tell<A>(&mut self, case: &Case<A>, cut: Cut, outcome: Outcome) {
        self.verdict = judge(outcome.verdict, case.level);
        self.cut = cut.as_str();
        self.log = outcome.log;
        self.step = outcome
            .failure
            .as_ref()
            .and_then(|failure| case.steps.get(failure.step))
            .map(|step| (step.line, step.source.clone()));
        self.failure = outcome.failure;
        let crlf = outcome.crlf.then(|| Words::new("check-note-crlf", []));
        let again =
            (cut != Cut::AsWritten && self.is_refused_as_taken()).then(|| Words::new("check-note-same-name", []));
        let left_over = outcome.left_over.iter().map(|name| {
            let name = crate::safe::safe(&String::from_utf8_lossy(name)).into_owned();
            Words::new("check-note-left-over", [("name", name.into())])
        });
        self.notes = crlf.into_iter().chain(again).chain(left_over).collect();
    }

    /// Whether a name was taken where the case did not expect it.
    fn is_refused_as_taken(&self) -> bool {
        let failure = self.failure.as_ref();
        failure.is_some_and(
            |failure| matches!(&failure.received, Words::Verbatim(line) if line.contains("BYE name-taken")),
        )
    }
}

/// A recommendation that is not followed is a warning, and what is optional may be absent.
fn judge(played: Played, level: Level) -> Verdict {
    match (played, level) {
        (Played::Pass, _) => Verdict::Pass,
        (Played::Unreached, _) => Verdict::Unreached,
        (Played::Crash, _) => Verdict::Crash,
        (Played::Fail | Played::Hang, Level::May) => Verdict::Absent,
        (Played::Fail | Played::Hang, Level::Should) => Verdict::Warn,
        (Played::Fail, Level::Must) => Verdict::Fail,
        (Played::Hang, Level::Must) => Verdict::Hang,
    }
}
