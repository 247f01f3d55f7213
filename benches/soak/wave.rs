//! A wave: a room that fills, lives and empties.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::guest::{Guest, Way};
use super::history::{self, History, Stamp, Step, Visit};
use super::line::Line;
use super::tally::Tally;
use super::{DEADLINE, Result, seats};

/// How many clients there are at a time.
const SEATS: usize = 2000;

/// How many of them stay to the end and write down all that they hear.
pub(super) const WITNESSES: usize = 12;

/// How long a wave goes on before it closes.
const LIFE: Duration = Duration::from_secs(25);

/// How many come in at the same time.
const DOOR: usize = 64;

/// What is said when all else was said.
pub(super) const FENCE: &str = "fence";

pub(super) struct Wave {
    pub(super) address: SocketAddr,
    pub(super) tally: Rc<Tally>,
    pub(super) record: Record,
    pub(super) door: Semaphore,
    /// How many witnesses have heard the fence.
    pub(super) witnesses: watch::Sender<usize>,
    stage: watch::Sender<Stage>,
}

#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(super) enum Stage {
    Open,
    /// All but the witnesses leave.
    Closing,
    /// The witnesses leave too.
    Over,
}

/// The history of a wave, as it comes about.
#[derive(Default)]
pub(super) struct Record {
    history: RefCell<History>,
    clock: Cell<Stamp>,
}

/// The name of this witness.
pub(super) fn witness(number: usize) -> String {
    format!("Clara.{number}")
}

/// Fills the room, lets it live, empties it, and holds what was seen against SPEC.md.
pub(super) async fn run(address: SocketAddr, tally: &Rc<Tally>, mut rng: Rng) -> Result<()> {
    let wave = Rc::new(Wave {
        address,
        tally: Rc::clone(tally),
        record: Record::default(),
        door: Semaphore::new(DOOR),
        witnesses: watch::Sender::new(0),
        stage: watch::Sender::new(Stage::Open),
    });
    let mut fill = |seats: std::ops::Range<usize>| -> JoinSet<Result<()>> {
        let mut tasks = JoinSet::new();
        seats.for_each(|number| drop(tasks.spawn_local(seats::fill(Rc::clone(&wave), number, rng.fork()))));
        tasks
    };
    let (mut witnesses, mut others) = (fill(0..WITNESSES), fill(WITNESSES..SEATS));
    tokio::select! {
        () = sleep(LIFE) => {}
        failed = first_failure(&mut witnesses) => failed?,
        failed = first_failure(&mut others) => failed?,
    }
    wave.stage.send_replace(Stage::Closing);
    first_failure(&mut others).await?;
    wave.fall_silent().await?;
    wave.stage.send_replace(Stage::Over);
    first_failure(&mut witnesses).await?;
    match history::check(&wave.record.history.take()).as_slice() {
        [] => Ok(()),
        broken => Err(format!(
            "{} clauses are broken, such as:\n{}",
            broken.len(),
            broken.iter().take(10).cloned().collect::<Vec<_>>().join("\n")
        )),
    }
}

/// What broke first; nothing when all have ended well.
async fn first_failure(tasks: &mut JoinSet<Result<()>>) -> Result<()> {
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(|error| error.to_string())??;
    }
    Ok(())
}

impl Wave {
    pub(super) fn is_at(&self, stage: Stage) -> bool {
        *self.stage.borrow() >= stage
    }

    pub(super) async fn reaches(&self, stage: Stage) {
        // The sender is here.
        let _ = self.stage.subscribe().wait_for(|reached| *reached >= stage).await;
    }

    /// Waits until only the witnesses are there, and have all that was said: then nothing is under way.
    async fn fall_silent(self: &Rc<Wave>) -> Result<()> {
        let mut last = self.last_guest().await?;
        last.say_text(FENCE.to_owned())?;
        last.hear_receipts().await?;
        let mut witnesses = self.witnesses.subscribe();
        let all = witnesses.wait_for(|fenced| *fenced == WITNESSES);
        let all = timeout(DEADLINE, all).await.map(|all| all.is_ok());
        if all != Ok(true) {
            return Err(format!("only {} of {WITNESSES} witnesses heard the end", *self.witnesses.borrow()));
        }
        self.record.lull();
        last.leave(Way::Bye).await
    }

    /// One who finds nobody but the witnesses. Who vanished may still be there for a moment.
    async fn last_guest(self: &Rc<Wave>) -> Result<Guest> {
        let start = Instant::now();
        loop {
            let line = Line::connect(self.address).await.map_err(|error| error.to_string())?;
            let guest = Guest::join(self, line, "Zoe", true).await?;
            let others: Vec<_> = guest.roster().iter().filter(|name| !name.starts_with("Clara")).cloned().collect();
            if others == ["Zoe"] {
                return Ok(guest);
            }
            guest.leave(Way::Bye).await?;
            if start.elapsed() > DEADLINE {
                return Err(format!("{others:?} are in the room, and have left it"));
            }
            sleep(Duration::from_millis(100)).await;
        }
    }
}

impl Record {
    /// A new visit; gives its number.
    pub(super) fn open(&self, name: &str, well: bool) -> usize {
        let visits = &mut self.history.borrow_mut().visits;
        visits.push(Visit { name: name.to_owned(), server: 0, steps: Vec::new(), well });
        visits.len() - 1
    }

    pub(super) fn step(&self, visit: usize, step: Step) {
        let stamp = self.stamp();
        if let Some(visit) = self.history.borrow_mut().visits.get_mut(visit) {
            visit.steps.push((stamp, step));
        }
    }

    fn lull(&self) {
        let stamp = self.stamp();
        self.history.borrow_mut().lulls.push(stamp);
    }

    fn stamp(&self) -> Stamp {
        self.clock.replace(self.clock.get() + 1)
    }
}
