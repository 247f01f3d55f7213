//! What the participants of one run share. They are tasks of one thread, so there is no
//! lock in it.

use std::cell::{Cell, RefCell, RefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::CreationError;
use tokio::sync::{Notify, Semaphore};

use super::outcome::Sound;
use super::pace::Schedule;
use super::tally::Tally;
use super::text::{Id, Mark};
use super::{Plan, Rate};

/// How many may be joining at a time.
const DOOR: usize = 128;

pub(super) struct Room {
    pub(super) mark: Mark,
    pub(super) size: usize,
    pub(super) lasts: Duration,
    pace: Pace,
    pub(super) door: Semaphore,
    /// When the speaking begins.
    pub(super) start: Cell<Option<Instant>>,
    /// One for each sender: it rings when there may be something to say.
    pub(super) bells: Vec<Arc<Notify>>,
    /// All are to leave.
    pub(super) leave: Notify,
    /// How many have tried to join.
    pub(super) tried: Cell<usize>,
    /// How many are in.
    pub(super) present: Cell<u64>,
    /// Texts said.
    pub(super) said: Cell<u64>,
    /// Different texts heard, by those who are in.
    pub(super) heard: Cell<u64>,
    /// How often anybody read anything of the load's own: as long as it grows, something moves.
    pub(super) reads: Cell<u64>,
    sound: RefCell<Sound>,
    /// By sender and number: when the text was due, in microseconds after the start.
    due: RefCell<Vec<Vec<u64>>>,
}

enum Pace {
    Even(Schedule),
    /// As long as fewer texts than this are on their way.
    Max(u64),
}

impl Room {
    pub(super) fn new(plan: &Plan) -> Result<Room, CreationError> {
        Ok(Room {
            mark: Mark::random(),
            size: plan.size,
            lasts: plan.lasts,
            pace: match plan.rate {
                Rate::PerSecond(rate) => Pace::Even(Schedule {
                    interval: Duration::from_secs_f64(1.0 / rate),
                    lasts: plan.lasts,
                    senders: u32::try_from(plan.senders).unwrap_or(u32::MAX),
                }),
                Rate::Max => Pace::Max(plan.in_flight),
            },
            door: Semaphore::new(DOOR),
            start: Cell::new(None),
            bells: (0..plan.senders).map(|_| Arc::default()).collect(),
            leave: Notify::new(),
            tried: Cell::new(0),
            present: Cell::new(0),
            said: Cell::new(0),
            heard: Cell::new(0),
            reads: Cell::new(0),
            sound: RefCell::new(Sound::new()?),
            due: RefCell::new(vec![Vec::new(); plan.senders]),
        })
    }

    /// Lets the senders speak, from now on.
    pub(super) fn begin(&self) -> Instant {
        let start = Instant::now();
        self.start.set(Some(start));
        match self.pace {
            Pace::Even(schedule) => super::pace::keep(schedule, start, self.bells.clone()),
            Pace::Max(_) => self.ring(),
        }
        start
    }

    /// For how long they have been speaking.
    pub(super) fn elapsed(&self) -> Option<Duration> {
        Some(self.start.get()?.elapsed())
    }

    /// Since when this text is due.
    pub(super) fn due(&self, id: Id, now: Duration) -> Option<Duration> {
        match self.pace {
            Pace::Even(schedule) => schedule.due(u32::try_from(id.sender).ok()?, id.number).filter(|&due| due <= now),
            Pace::Max(most) => (self.on_their_way() < most && now < self.lasts).then_some(now),
        }
    }

    /// How many texts are said in all, if the load keeps its pace.
    pub(super) fn texts(&self) -> u64 {
        match self.pace {
            Pace::Even(schedule) => schedule.texts(),
            Pace::Max(_) => self.said.get(),
        }
    }

    /// How many texts are still to be heard, on average.
    fn on_their_way(&self) -> u64 {
        self.said.get().saturating_sub(self.heard.get() / self.present.get().max(1))
    }

    /// Lets those speak who wait for others to hear, once half of what may be on its way was
    /// heard: who speaks as fast as he can has several texts for each write.
    pub(super) fn ring(&self) {
        if let Pace::Max(most) = self.pace
            && self.on_their_way() <= most / 2
        {
            self.bells.iter().for_each(|bell| bell.notify_one());
        }
    }

    /// A text was said, now, that was due at this time.
    pub(super) fn say(&self, id: Id, due: Duration, now: Duration) {
        if let Some(dues) = self.due.borrow_mut().get_mut(id.sender) {
            dues.push(micros(due));
        }
        self.sound.borrow_mut().lateness.saturating_record(micros(now.saturating_sub(due)));
        add(&self.said, 1);
    }

    /// Begins to hear what one read of a participant gives.
    pub(super) fn reading(&self) -> Reading<'_> {
        Reading { room: self, open: None, texts: 0, moved: false }
    }

    pub(super) fn sound(&self) -> Sound {
        self.sound.borrow().clone()
    }
}

/// What one read of a participant gives: all of it was heard at the same time.
pub(super) struct Reading<'a> {
    room: &'a Room,
    open: Option<Open<'a>>,
    texts: u64,
    /// Someone came or went.
    moved: bool,
}

struct Open<'a> {
    sound: RefMut<'a, Sound>,
    due: RefMut<'a, Vec<Vec<u64>>>,
    /// In microseconds after the start.
    now: u64,
    /// Latencies that are the same one after the other, and how many of them: it is cheaper
    /// to record them at once.
    same: (u64, u64),
}

impl Open<'_> {
    fn record(&mut self, latency: u64) {
        if self.same.0 != latency {
            self.flush();
            self.same = (latency, 0);
        }
        self.same.1 += 1;
    }

    fn flush(&mut self) {
        let (latency, count) = self.same;
        if count > 0 {
            self.sound.latency.saturating_record_n(latency, count);
        }
    }
}

impl Reading<'_> {
    /// Somebody said this. Texts of others than the participants are none of our business.
    pub(super) fn hear(&mut self, text: &str, tally: &mut Tally) {
        let room = self.room;
        let Some(id) = room.mark.read(text, room.size) else { return };
        let open = self.open.get_or_insert_with(|| Open {
            sound: room.sound.borrow_mut(),
            due: room.due.borrow_mut(),
            now: micros(room.elapsed().unwrap_or_default()),
            same: (0, 0),
        });
        let Some(due) = open.due.get(id.sender).and_then(|dues| dues.get(id.number as usize)) else { return };
        let latency = open.now.saturating_sub(*due);
        open.record(latency);
        tally.hear(id);
        self.texts += 1;
    }

    /// Somebody came or went.
    pub(super) fn see_move(&mut self) {
        self.moved = true;
    }

    /// That was all of it; `heard` of it were heard for the first time.
    pub(super) fn end(self, heard: u64) {
        if let Some(mut open) = self.open {
            open.flush();
            let now = open.now;
            open.sound.deliver(self.texts, now);
        }
        add(&self.room.heard, heard);
        add(&self.room.reads, u64::from(self.moved || self.texts > 0));
        self.room.ring();
    }
}

pub(super) fn add(count: &Cell<u64>, more: u64) {
    count.set(count.get() + more);
}

fn micros(duration: Duration) -> u64 {
    duration.as_secs() * 1_000_000 + u64::from(duration.subsec_micros())
}
