//! The room: who is here, what was said, in which order, and who lags too far.
//!
//! It is one log of encoded lines (SPEC.md, "The room"). [`Room::join`] gives a
//! [`Reader`], which reads from its own `JOIN` on; [`Room::say`] appends; after
//! [`Room::leave`] the reader has what came before it still to read, then its end.
//! A line is encoded and stored once, whatever the number of readers.
//!
//! What is kept is bounded: when the slowest reader holds the whole of it, the room
//! is [`congested`](Room::congested) and asks its caller to read nobody's input. One
//! clock runs then, until no reader holds more than half; when patience ends first,
//! those who hold more than half are put out ([`Room::expire`]).
//!
//! No I/O, no task and no clock: the time is an argument, and the caller sees to it
//! that those who wait hear of what has changed.
//!
//! A room that several servers [share](Room::share) is the same log, kept by a journal:
//! what people ask for happens when it comes back from there ([`Room::apply`]).

mod figures;
mod histogram;
mod journal;
mod log;
mod observer;
mod probe;
mod roster;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use bytes::Bytes;
use slab::Slab;

use crate::proto::{Code, Name, Text, encode};
pub use figures::Figures;
use figures::Tally;
pub use histogram::Histogram;
use journal::Journal;
pub use journal::{BadState, Node, Record};
pub use log::MAX_SLICES;
use log::{BLOCK, Cursor, Log};
pub use observer::Observed;
use observer::Observer;
use roster::Roster;

/// The least that a room keeps, in bytes: half of it bears 1,024 unread lines of
/// any length for each reader (SPEC.md, "Slow readers").
pub const MIN_KEPT: usize = 2 * 1024 * (crate::proto::MAX_LINE + 1);

/// The one room of a server.
#[derive(Debug)]
pub struct Room {
    log: Log,
    roster: Roster,
    /// In boxes, as a slab may have room for twice as many as there are.
    readers: Slab<Box<Entry>>,
    observer: Option<Observer>,
    limits: Limits,
    /// When patience ends; only while the room is congested.
    deadline: Option<Instant>,
    put_out: u64,
    closed: bool,
    tally: Tally,
    /// How many of the readers are in the room.
    here: usize,
    /// In a box: most rooms have none.
    journal: Option<Box<Journal>>,
}

/// What a room bears.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the log that are kept at most; at least [`MIN_KEPT`].
    pub kept: usize,
    /// How long a reader may hold more than half of them once the log is full.
    pub patience: Duration,
    /// What becomes of a name that looks like one that is present.
    pub confusables: Confusables,
}

/// What becomes of a name that looks like that of someone in the room: one with the same
/// [`Skeleton`](crate::proto::Skeleton).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Confusables {
    /// It is refused as taken.
    #[default]
    Refuse,
    /// It is a name like any other.
    Allow,
}

/// Who reads: the handle that [`Room::join`] gives, until [`Room::forget`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reader(NonZeroUsize);

impl Reader {
    /// Not its number in the slab but the next, which is never nought: so an `Option` of it
    /// is no larger than itself.
    fn at(number: usize) -> Reader {
        Reader(NonZeroUsize::MIN.saturating_add(number))
    }

    fn number(self) -> usize {
        self.0.get() - 1
    }
}

#[derive(Debug)]
struct Entry {
    name: Name,
    peer: SocketAddr,
    stage: Stage,
    /// How many of its lines are on their way through the journal.
    asked: u32,
    /// Whether its `LEAVE` is one of them.
    leaves: bool,
}

impl Entry {
    /// How it ends that it is cut off from the room. Whether what is on its way was said nobody
    /// here can know, and a `BYE` would say that it was not.
    fn cut_off(&self) -> Standing {
        if self.asked > 0 { Standing::Lost } else { Standing::Closed }
    }
}

#[derive(Debug)]
enum Stage {
    /// It has asked the journal to join.
    Asking,
    /// In the room; `own` is the place behind the last line that it caused.
    In { cursor: Cursor, own: u64 },
    /// It has left, and what stands in the log before `end` is still its to read; then it
    /// stands so.
    Leaving { cursor: Cursor, end: u64, then: Standing },
    /// It lagged too far while it was in the room.
    TooSlow,
    /// It lagged too far when it had already left.
    Lost,
    /// Its connection has gone before its lines came back from the journal.
    Gone,
}

/// Where a reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There may be more to read, now or later.
    Reading,
    /// It has read all that is its to read: it had left.
    Done,
    /// It was put out as too slow: it gets no line more, but the rest of one that it has
    /// half taken, then its `BYE`.
    TooSlow,
    /// It had left and then lagged too far: the connection closes without `BYE`.
    Lost,
    /// The room was closed, or lost its journal, and all events were read.
    Closed,
}

impl Stage {
    /// The cursor of one who reads, and up to where it reads.
    fn reading(&self) -> Option<(&Cursor, u64)> {
        match self {
            Stage::In { cursor, .. } => Some((cursor, u64::MAX)),
            Stage::Leaving { cursor, end, .. } => Some((cursor, *end)),
            Stage::Asking | Stage::TooSlow | Stage::Lost | Stage::Gone => None,
        }
    }
}

impl Room {
    /// An empty room.
    #[must_use]
    pub fn new(limits: Limits) -> Room {
        Room {
            log: Log::default(),
            roster: Roster::new(limits.confusables),
            readers: Slab::new(),
            observer: None,
            limits: Limits { kept: limits.kept.max(MIN_KEPT), ..limits },
            deadline: None,
            put_out: 0,
            closed: false,
            tally: Tally::default(),
            here: 0,
            journal: None,
        }
    }

    /// Takes someone in: appends the `JOIN`, and gives the reader that begins right
    /// before it, and the roster: a `JOIN` line for each one who was there, in pieces of
    /// whole lines, which all newcomers share but for the last.
    ///
    /// # Errors
    /// [`Code::NameTaken`], also by a name that [looks alike](Confusables); [`Code::Shutdown`] when the room is closed.
    pub fn join(&mut self, name: &Name, peer: SocketAddr, now: Instant) -> Result<(Reader, Vec<Bytes>), Code> {
        if self.closed {
            return Err(Code::Shutdown);
        }
        let roster = self.roster.join(name).ok_or(Code::NameTaken)?;
        let entry = Entry { name: name.clone(), peer, stage: Stage::Asking, asked: 0, leaves: false };
        let reader = Reader::at(self.readers.insert(Box::new(entry)));
        self.joined(reader, now);
        Ok((reader, roster))
    }

    /// Appends what this reader says, or asks the journal to. Nothing comes of it when the
    /// reader was put out or the room was closed meanwhile: that ending came first.
    pub fn say(&mut self, reader: Reader, text: Text<'_>, now: Instant) {
        let Some(entry) = self.readers.get_mut(reader.number()) else { return };
        if let (Stage::In { own, .. }, false) = (&mut entry.stage, self.closed || entry.leaves) {
            if let Some(journal) = &mut self.journal {
                entry.asked += 1;
                journal.ask(reader, |line| encode::msg_event(&entry.name, text, line));
                return;
            }
            self.log.append(|line| encode::msg_event(&entry.name, text, line));
            *own = self.log.head();
            self.tally.probe.line(*own, self.here, now);
            self.watch_growth(now);
        }
    }

    /// Lets a reader leave: the others get its `LEAVE` at once, or when it comes back from
    /// the journal; its name is free, and it reads on up to this place. Nothing comes of it
    /// when the reader was put out or the room was closed meanwhile.
    pub fn leave(&mut self, reader: Reader, now: Instant) {
        let Some(entry) = self.readers.get(reader.number()) else { return };
        if matches!(entry.stage, Stage::In { .. }) && !self.closed && !entry.leaves {
            self.depart(reader, now);
        }
    }

    /// Forgets a reader, whose connection is gone; it leaves first if it had not.
    pub fn forget(&mut self, reader: Reader, now: Instant) {
        self.leave(reader, now);
        let Some(entry) = self.readers.get_mut(reader.number()) else { return };
        let was = std::mem::replace(&mut entry.stage, Stage::Gone);
        self.here -= usize::from(matches!(was, Stage::In { .. }));
        if let Some((cursor, end)) = was.reading() {
            self.tally.end(self.log.close(cursor), cursor.at(), end, now);
            self.watch_relief();
        }
        self.sweep(reader);
    }

    /// Puts the next unread lines of this reader into `out`, whole or from where it
    /// stopped inside one, and says where it stands. What of it was taken is told with
    /// [`advance`](Room::advance).
    pub fn read(&mut self, reader: Reader, out: &mut Vec<Bytes>) -> Standing {
        let Some(entry) = self.readers.get(reader.number()) else { return Standing::Lost };
        match &entry.stage {
            Stage::In { cursor, .. } => {
                self.log.read(cursor, u64::MAX, out);
                if self.closed && out.is_empty() { entry.cut_off() } else { Standing::Reading }
            }
            &Stage::Leaving { ref cursor, end, then } => {
                self.log.read(cursor, end, out);
                if out.is_empty() { then } else { Standing::Reading }
            }
            Stage::TooSlow => Standing::TooSlow,
            Stage::Asking | Stage::Lost | Stage::Gone => Standing::Lost,
        }
    }

    /// This reader took `n` bytes of what [`read`](Room::read) gave. The time is asked for
    /// only now and then.
    pub fn advance(&mut self, reader: Reader, n: usize, now: impl FnOnce() -> Instant) {
        if n == 0 {
            return;
        }
        if let Some(Stage::In { cursor, .. } | Stage::Leaving { cursor, .. }) =
            self.readers.get_mut(reader.number()).map(|entry| &mut entry.stage)
        {
            let before = cursor.at();
            self.tally.deliveries += self.log.advance(cursor, n);
            self.tally.probe.pass(before, cursor.at(), now);
            self.watch_relief();
        }
    }

    /// Whether input of this reader is to be read: it took its own lines, and the room
    /// is not congested.
    #[must_use]
    pub fn hears(&self, reader: Reader) -> bool {
        let entry = self.readers.get(reader.number()).filter(|entry| entry.asked == 0);
        let stage = entry.map(|entry| &entry.stage);
        !self.congested() && matches!(stage, Some(Stage::In { cursor, own }) if cursor.at() >= *own)
    }

    /// Whether the log is full, or was and some reader still holds more than half of it, or
    /// much is on its way to the journal: then what people want to say waits.
    #[must_use]
    pub fn congested(&self) -> bool {
        self.deadline.is_some() || self.journal.as_ref().is_some_and(|journal| journal.is_full())
    }

    /// When patience with slow readers ends; `None` unless the log is full, or was.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Puts out those who hold more than half of the log, if patience has ended by now.
    pub fn expire(&mut self, now: Instant) {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        for reader in self.put_out_slow(now) {
            self.depart(reader, now);
        }
        self.deadline = None;
        self.watch_growth(now);
    }

    /// Closes the room: nothing is appended any more; who has read all is told so.
    pub fn close(&mut self) {
        self.closed = true;
        self.deadline = None;
    }

    /// Whether the room was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The place behind the last line, in bytes from the log's beginning.
    #[must_use]
    pub fn head(&self) -> u64 {
        self.log.head()
    }

    /// How many were put out, ever: as too slow, or since the room had lost its journal.
    #[must_use]
    pub fn put_out(&self) -> u64 {
        self.put_out
    }

    /// How many are in the room.
    #[must_use]
    pub fn participants(&self) -> usize {
        self.roster.len()
    }

    /// Lets an observer read from here on. There is one at most: the console.
    pub fn observe(&mut self) {
        self.observer = Some(Observer::new(&mut self.log));
    }

    /// What the observer has not seen yet; `None` when there is nothing, or no observer.
    pub fn observed(&mut self) -> Option<Observed> {
        let observed = self.observer.as_mut()?.read(&mut self.log);
        self.watch_relief();
        observed
    }

    /// The observer has gone.
    pub fn unobserve(&mut self) {
        if let Some(observer) = self.observer.take() {
            observer.close(&mut self.log);
            self.watch_relief();
        }
    }

    /// The place of this reader's `JOIN` is here: its name is in the roster.
    fn joined(&mut self, reader: Reader, now: Instant) {
        let Some(entry) = self.readers.get(reader.number()) else { return };
        let (name, peer) = (entry.name.clone(), entry.peer);
        let cursor = self.log.open();
        self.append_move(Some(peer), |line| encode::join_event(&name, line));
        let own = self.log.head();
        if let Some(entry) = self.readers.get_mut(reader.number()) {
            entry.stage = Stage::In { cursor, own };
        }
        self.tally.joins += 1;
        self.here += 1;
        self.watch_growth(now);
    }

    /// This reader's `LEAVE` is due.
    fn depart(&mut self, reader: Reader, now: Instant) {
        let Some(entry) = self.readers.get_mut(reader.number()) else { return };
        let Some(journal) = &mut self.journal else { return self.left(reader, now) };
        entry.leaves = true;
        entry.asked += 1;
        journal.ask(reader, |line| encode::leave_event(&entry.name, line));
    }

    /// The place of this reader's `LEAVE` is here.
    fn left(&mut self, reader: Reader, now: Instant) {
        let end = self.log.head();
        let Some(entry) = self.readers.get_mut(reader.number()) else { return };
        entry.stage = match std::mem::replace(&mut entry.stage, Stage::Lost) {
            Stage::In { cursor, .. } => {
                self.here -= 1;
                Stage::Leaving { cursor, end, then: Standing::Done }
            }
            other => other,
        };
        let (name, peer) = (entry.name.clone(), entry.peer);
        self.announce_leave(&name, Some(peer));
        self.watch_growth(now);
    }

    fn announce_leave(&mut self, name: &Name, peer: Option<SocketAddr>) {
        self.roster.remove(name);
        self.append_move(peer, |line| encode::leave_event(name, line));
    }

    /// Drops a reader whose connection has gone, when all its lines have come back.
    fn sweep(&mut self, reader: Reader) {
        let Some(entry) = self.readers.get(reader.number()) else { return };
        if entry.asked == 0 && matches!(entry.stage, Stage::Gone) {
            self.readers.remove(reader.number());
            self.forget_answer(reader);
        }
    }

    /// Appends a line that says that someone came or went; from where is known of our own.
    fn append_move(&mut self, peer: Option<SocketAddr>, line: impl FnOnce(&mut bytes::BytesMut)) {
        if let Some(observer) = &mut self.observer {
            observer.note(self.log.head(), peer);
        }
        self.log.append(line);
        self.tally.moves += 1;
    }

    /// Ends the reading of all who hold more than half; gives those who are still to leave.
    fn put_out_slow(&mut self, now: Instant) -> Vec<Reader> {
        let limit = self.half_held();
        let mut present = Vec::new();
        for (number, entry) in &mut self.readers {
            let slow = entry.stage.reading().filter(|(cursor, _)| cursor.at() < limit);
            let Some((cursor, end)) = slow else { continue };
            self.tally.end(self.log.close(cursor), cursor.at(), end, now);
            self.put_out += 1;
            let was = std::mem::replace(&mut entry.stage, Stage::Lost);
            if matches!(was, Stage::In { .. }) {
                self.here -= 1;
                entry.stage = Stage::TooSlow;
                present.extend((!entry.leaves).then(|| Reader::at(number)));
            }
        }
        present
    }

    /// The log has grown: it may be full now.
    fn watch_growth(&mut self, now: Instant) {
        if self.deadline.is_none() && self.kept() >= self.limits.kept as u64 {
            self.fill_up(now);
        }
    }

    /// The log is full, unless it is because of the observer.
    #[cold]
    fn fill_up(&mut self, now: Instant) {
        self.hurry_observer();
        if self.kept() >= self.limits.kept as u64 {
            self.deadline = Some(now + self.limits.patience);
        }
    }

    /// Something was read or forgotten: nobody may hold more than half now.
    fn watch_relief(&mut self) {
        if self.deadline.is_some() {
            self.relieve();
        }
    }

    /// Ends the congestion, unless somebody holds more than half.
    #[cold]
    fn relieve(&mut self) {
        self.hurry_observer();
        // What is kept begins with a chunk, in which its slowest reader may stand anywhere:
        // where that can make a difference, and only there, each is asked.
        if self.kept() > self.half() + BLOCK as u64 {
            return;
        }
        let limit = self.half_held();
        if self.readers.iter().filter_map(|(_, entry)| entry.stage.reading()).all(|(cursor, _)| cursor.at() >= limit) {
            self.deadline = None;
        }
    }

    /// The observer never holds up the room: where it would, it skips.
    fn hurry_observer(&mut self) {
        let limit = self.half_held();
        if let Some(observer) = self.observer.as_mut().filter(|observer| observer.at() < limit) {
            observer.skip(&mut self.log);
        }
    }

    /// Who has read up to this place holds half of the log.
    fn half_held(&self) -> u64 {
        self.log.head().saturating_sub(self.half())
    }

    fn kept(&self) -> u64 {
        self.log.head() - self.log.base()
    }

    fn half(&self) -> u64 {
        self.limits.kept as u64 / 2
    }
}

#[cfg(test)]
mod tests;
