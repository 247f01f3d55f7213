//! A checker of histories: what the clients of one room did and saw, held against the clauses of
//! SPEC.md, sections 7 and 8.
//!
//! It knows nothing of servers and networks: a history may come from a simulation or from
//! processes, and of one server or of several that keep one room. Of each connection it wants what happened at the client, with stamps that order the
//! steps of all; nobody says the same text twice under the same name. From what they saw the log is put together
//! again ([`log`]), and then everything must fit into it ([`room`]); the rest is between a client and
//! its server alone ([`visit`]).

#![allow(dead_code, unreachable_pub, reason = "each test file includes it whole and uses its own part")]

mod log;
mod room;
mod visit;

use std::fmt;

use log::{Event, Piece};

/// What all clients of a room did and saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    pub visits: Vec<Visit>,
    /// When nothing had been under way for long: who was well had all by then.
    pub lulls: Vec<Stamp>,
    /// What befell the servers, where several keep the room: the end of one is not the end of the room then.
    pub falls: Option<Vec<Fall>>,
}

/// A moment: what has a smaller one happened before, whoever saw it.
pub type Stamp = u64;

/// One connection, from its client's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    pub name: String,
    /// Which of the servers it is at; where there is one, it is 0.
    pub server: usize,
    pub steps: Vec<(Stamp, Step)>,
    /// Its connection carried everything in the end, and it read what came.
    pub well: bool,
}

/// What befell a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fall {
    pub server: usize,
    pub how: How,
    pub from: Stamp,
    /// By then it was over: nobody is put out for it any more.
    pub to: Stamp,
    /// By then some of the others had to be told that its people have left.
    pub told: Option<Stamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It was told to stop, and did so in order.
    Stopped,
    Died,
    /// It could not reach the others, or stood still, and may have been given up.
    Astray,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It gave its name.
    Asked,
    /// Its own `JOIN` came, after these.
    Joined(Vec<String>),
    Join(String),
    Leave(String),
    Msg(String, String),
    /// The echo of what it said.
    Receipt(String),
    /// It said this.
    Said(String),
    /// It sent `BYE`, or ended its stream.
    Left,
    /// It sent what is to be refused with this code.
    Broke(&'static str),
    /// `BYE` came, with this code.
    Bye(String),
    /// A line came after that.
    Late(String),
    /// It ended the connection itself, without a word.
    End,
    /// The connection ended, and not by `BYE`.
    Lost,
}

impl Step {
    /// Whether it is an event of the log.
    fn is_heard(&self) -> bool {
        matches!(self, Step::Joined(_) | Step::Join(_) | Step::Leave(_) | Step::Msg(..) | Step::Receipt(_))
    }
}

impl Visit {
    /// When this happened first.
    pub fn when(&self, step: impl Fn(&Step) -> bool) -> Option<Stamp> {
        self.steps.iter().find(|(_, other)| step(other)).map(|(stamp, _)| *stamp)
    }

    pub fn asked(&self) -> Option<Stamp> {
        self.when(|step| *step == Step::Asked)
    }

    /// When it was let in.
    pub fn joined(&self) -> Option<Stamp> {
        self.when(|step| matches!(step, Step::Joined(_)))
    }

    /// Whether it was in the room all this time, as far as it knows.
    fn stays(&self, from: Stamp, to: Stamp) -> bool {
        self.well && self.joined().is_some_and(|joined| joined < from) && self.ended().is_none_or(|ended| ended > to)
    }

    /// When it ended, by `BYE` or without.
    pub fn ended(&self) -> Option<Stamp> {
        self.when(|step| matches!(step, Step::Bye(_) | Step::End | Step::Lost))
    }

    /// The code of its `BYE`, and when that came.
    pub fn bye(&self) -> Option<(Stamp, &str)> {
        self.steps
            .iter()
            .find_map(|(stamp, step)| if let Step::Bye(code) = step { Some((*stamp, &**code)) } else { None })
    }

    /// Whether it knows what became of all that it said: it has a `BYE`, other than `too-slow`.
    pub fn knows_its_end(&self) -> bool {
        self.bye().is_some_and(|(_, code)| code != "too-slow")
    }

    /// Who was there when it came.
    pub fn roster(&self) -> Option<&[String]> {
        self.steps.iter().find_map(|(_, step)| if let Step::Joined(roster) = step { Some(&**roster) } else { None })
    }

    /// What it said, in its order.
    pub fn said(&self) -> impl Iterator<Item = (Stamp, &str)> {
        self.steps
            .iter()
            .filter_map(|(stamp, step)| if let Step::Said(text) = step { Some((*stamp, &**text)) } else { None })
    }

    /// The texts that came back to it.
    pub fn receipts(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().filter_map(|(_, step)| if let Step::Receipt(text) = step { Some(&**text) } else { None })
    }

    /// What it saw of the log, from its own `JOIN` on.
    fn view(&self) -> Vec<(Stamp, Event)> {
        let mut view = Vec::new();
        for (stamp, step) in self.steps.iter().skip_while(|(_, step)| !matches!(step, Step::Joined(_))) {
            let event = match step {
                Step::Joined(_) => Event::Join(self.name.clone()),
                Step::Join(name) => Event::Join(name.clone()),
                Step::Leave(name) => Event::Leave(name.clone()),
                Step::Msg(name, text) => Event::Msg(name.clone(), text.clone()),
                Step::Receipt(text) => Event::Msg(self.name.clone(), text.clone()),
                _ => continue,
            };
            view.push((*stamp, event));
        }
        view
    }
}

impl History {
    /// What befell its server while it ended, where there are several.
    fn fall(&self, visit: &Visit) -> Option<&Fall> {
        let ended = visit.ended()?;
        let mut falls = self.falls.iter().flatten();
        falls.find(|fall| fall.server == visit.server && (fall.from..fall.to).contains(&ended))
    }
}

/// What names that are the same have in common, as far as the names of a test go.
fn key(name: &str) -> String {
    name.to_lowercase()
}

/// Everything in which a history breaks a clause; nothing when it is right.
pub fn check(history: &History) -> Vec<String> {
    let mut broken: Vec<String> =
        history.visits.iter().enumerate().flat_map(|(n, _)| visit::check(history, n)).collect();
    match log::pieces(history) {
        Ok(pieces) => {
            broken.extend(history.lulls.iter().filter_map(|&lull| one_log(history, &pieces, lull)));
            broken.extend(pieces.iter().flat_map(|log| room::check(history, log)));
        }
        Err(disorder) => broken.push(disorder),
    }
    broken
}

/// [ROOM-5], [ROOM-6]: of two who are there at the lull, one has come first, and has heard all that the other one has.
fn one_log(history: &History, pieces: &[Piece], lull: Stamp) -> Option<String> {
    let heard = |visit: &Visit| visit.view().iter().any(|(stamp, event)| *stamp < lull && event.message().is_some());
    let there = |piece: &&Piece| {
        piece.views.iter().map(|view| &history.visits[view.visit]).any(|visit| visit.stays(lull, lull) && heard(visit))
    };
    let logs = pieces.iter().filter(there).count();
    (logs > 1).then(|| format!("[ROOM-5] [ROOM-6] those who are there at {lull} read {logs} logs"))
}

/// All steps, in the order in which they happened.
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let visits = self.visits.iter().enumerate();
        let steps =
            visits.flat_map(|(n, visit)| visit.steps.iter().map(move |(stamp, step)| (*stamp, n, &visit.name, step)));
        let mut steps: Vec<_> = steps.collect();
        steps.sort_by_key(|(stamp, ..)| *stamp);
        steps.iter().try_for_each(|(stamp, n, name, step)| writeln!(f, "{stamp:6} visit {n} {name:?}: {step:.80?}"))?;
        let unwell: Vec<_> = self.visits.iter().enumerate().filter(|(_, visit)| !visit.well).map(|(n, _)| n).collect();
        writeln!(f, "lulls {:?}; falls {:?}; not well {unwell:?}", self.lulls, self.falls)
    }
}
