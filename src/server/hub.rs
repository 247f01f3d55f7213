//! The hub: the room under its lock, and a seat in it for each connection.
//!
//! The lock is held for a few lines of the log at a time, never across an await.
//! Whoever changes the room collects under the lock the wakers of those whom the
//! change concerns, and wakes them after it. A reader that has still something to
//! write waits for its socket, and is not woken by what is said meanwhile.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Options;
use super::rates::{Rates, Used};
use super::seats::Seats;
use super::stats::{Readiness, Traffic};
use super::sync::{Mutex, MutexGuard, Notify};
use super::wakers::{Wait, Wakers};
use crate::proto::{Code, Name, Text};
use crate::room::{self, Limits, Observed, Reader, Room, Standing};
#[cfg(feature = "cluster")]
use crate::room::{Node, Record};

/// The room, shared by all connections and the console.
#[derive(Debug)]
pub(super) struct Hub {
    /// A std mutex, not tokio's: no critical section awaits anything.
    state: Mutex<State>,
    /// How fast each client may send.
    rates: Option<Rates>,
    /// How many have come.
    accepted: AtomicU64,
    /// Told when the room becomes congested: its clock is to be watched.
    pub(super) congestion: Notify,
    /// Told when there may be something for the console.
    pub(super) news: Notify,
    /// Told when the log is full no more.
    pub(super) relief: Notify,
    /// Told when there is something to be published.
    pub(super) outgoing: Notify,
    /// Told when this node is to leave a room that is shared.
    pub(super) leaving: Notify,
}

#[derive(Debug)]
struct State {
    room: Room,
    seats: Seats,
    wakers: Wakers,
    traffic: Traffic,
}

/// A connection's place among those that are served. When it is dropped, in whatever
/// way the connection ended, its participant has left the room.
#[derive(Debug)]
pub(super) struct Seat {
    hub: Arc<Hub>,
    slot: usize,
    peer: SocketAddr,
    reader: Option<Reader>,
    used: Used,
}

/// What a connection has written.
#[derive(Clone, Copy, Default)]
pub(super) struct Written {
    pub(super) bytes: usize,
    /// How many of them stand in the log.
    pub(super) of_log: usize,
}

/// What a connection finds when it looks at the room.
pub(super) struct Look {
    pub(super) standing: Standing,
    /// Whether the client's input is to be read.
    pub(super) heard: bool,
}

/// The room, while a connection tells it what the lines of its client ask for.
pub(super) struct Floor<'a> {
    room: &'a mut Room,
    traffic: &'a mut Traffic,
    reader: &'a mut Option<Reader>,
    peer: SocketAddr,
    now: Instant,
}

impl Hub {
    pub(super) fn new(options: &Options) -> Hub {
        let limits = Limits { kept: options.kept, patience: options.patience, confusables: options.confusables };
        let state = State {
            room: Room::new(limits),
            seats: Seats::new(options),
            wakers: Wakers::default(),
            traffic: Traffic::default(),
        };
        Hub {
            state: Mutex::new(state),
            rates: Rates::new(options),
            accepted: AtomicU64::new(0),
            congestion: Notify::new(),
            news: Notify::new(),
            relief: Notify::new(),
            outgoing: Notify::new(),
            leaving: Notify::new(),
        }
    }

    /// A connection has come; gives its number, from 1 on.
    pub(super) fn arrival(&self) -> u64 {
        self.accepted.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A seat for a connection; `None` when there is none for this peer.
    pub(super) fn seat(self: &Arc<Hub>, peer: SocketAddr) -> Option<Seat> {
        let State { seats, wakers, traffic, .. } = &mut *self.lock();
        if !seats.take(peer.ip()) {
            traffic.end(Some(Code::Full));
            return None;
        }
        Some(Seat { hub: Arc::clone(self), slot: wakers.add(), peer, reader: None, used: Used::default() })
    }

    /// How many connections have come.
    pub(super) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// How often a client was read later, because of its rates.
    pub(super) fn delayed(&self) -> u64 {
        self.rates.as_ref().map_or(0, Rates::delayed)
    }

    /// The room in numbers, what the connections did, and how many there are.
    pub(super) fn figures(&self) -> (room::Figures, Traffic, usize) {
        let State { room, seats, traffic, .. } = &*self.lock();
        (room.figures(), traffic.clone(), seats.taken())
    }

    pub(super) fn readiness(&self) -> Readiness {
        let State { room, seats, .. } = &*self.lock();
        if room.is_closed() {
            Readiness::Stopping
        } else if room.is_shared() && !room.is_open() {
            Readiness::Waiting
        } else if seats.are_all_taken() {
            Readiness::Full
        } else {
            Readiness::Ready
        }
    }

    /// Closes the room: everyone reads up to here, then its end.
    pub(super) fn close(&self) {
        self.change(Room::close);
    }

    /// When patience with slow readers ends; `None` unless the room is congested.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.lock().room.deadline()
    }

    /// Puts out who is too slow, if patience has ended.
    pub(super) fn expire(&self) {
        self.change(|room| room.expire(now()));
    }

    /// Lets the console read from here on.
    pub(super) fn observe(&self) {
        self.change(Room::observe);
    }

    /// What the console has not read, and whether nothing can follow it.
    pub(super) fn observed(&self) -> (Option<Observed>, bool) {
        self.change(|room| (room.observed(), room.is_closed()))
    }

    /// The console has gone.
    pub(super) fn unobserve(&self) {
        self.change(Room::unobserve);
    }

    /// What the room says of itself.
    pub(super) fn ask<T>(&self, question: impl FnOnce(&Room) -> T) -> T {
        question(&self.lock().room)
    }

    /// This stands next in the journal.
    #[cfg(feature = "cluster")]
    pub(super) fn apply(&self, place: u64, node: Node, record: Record<'_>) {
        self.change(|room| room.apply(place, node, record, now()));
    }

    /// Changes the room, then wakes those whom the change concerns.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Room) -> T) -> T {
        self.change_all(|state| change(&mut state.room))
    }

    fn change_all<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut wake = Vec::new();
        let mut state = self.lock();
        let before = Situation::of(&state.room);
        let result = change(&mut state);
        let after = Situation::of(&state.room);
        let wakers = &mut state.wakers;
        if after.put_out != before.put_out || after.closed != before.closed {
            wakers.take_all(&mut wake);
        }
        if after.head != before.head {
            wakers.take(Wait::Line, &mut wake);
        }
        if before.congested && !after.congested {
            wakers.take(Wait::Relief, &mut wake);
        }
        if after.answered != before.answered {
            wakers.take(Wait::Answer, &mut wake);
        }
        drop(state);
        for waker in wake {
            waker.wake();
        }
        self.notify(&before, &after);
        result
    }

    fn notify(&self, before: &Situation, after: &Situation) {
        if after.congested && !before.congested {
            self.congestion.notify_one();
        }
        if before.congested && !after.congested {
            self.relief.notify_one();
        }
        if after.has_outgoing && !before.has_outgoing {
            self.outgoing.notify_one();
        }
        if after.head != before.head || after.closed != before.closed {
            self.news.notify_one();
        }
    }

    /// The room is changed in steps that each leave it whole: if a task panics between
    /// them, which would be a defect, the others go on.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time of the runtime, which tests and simulations move by hand.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// What of the room somebody may wait for.
struct Situation {
    head: u64,
    congested: bool,
    put_out: u64,
    closed: bool,
    answered: u64,
    has_outgoing: bool,
}

impl Situation {
    fn of(room: &Room) -> Situation {
        Situation {
            head: room.head(),
            congested: room.congested(),
            put_out: room.put_out(),
            closed: room.is_closed(),
            answered: room.answered(),
            has_outgoing: room.has_outgoing(),
        }
    }
}

impl Seat {
    /// Whether the participant has joined.
    pub(super) fn has_reader(&self) -> bool {
        self.reader.is_some()
    }

    /// Whether the client has rates to keep.
    pub(super) fn has_rates(&self) -> bool {
        self.hub.rates.is_some()
    }

    /// How much of the front of `bytes` the client may send now, and how long the rest has
    /// to wait.
    pub(super) fn admit(&mut self, bytes: &[u8]) -> (usize, Duration) {
        let Seat { hub, used, .. } = self;
        hub.rates.as_ref().map_or((bytes.len(), Duration::ZERO), |rates| rates.admit(used, bytes))
    }

    /// Acts on what the client asks for.
    pub(super) fn act<T>(&mut self, act: impl FnOnce(&mut Floor<'_>) -> T) -> T {
        let Seat { hub, reader, peer, .. } = self;
        let now = now();
        hub.change_all(|State { room, traffic, .. }| act(&mut Floor { room, traffic, reader, peer: *peer, now }))
    }

    /// Tells what was written, puts what is to be written next into `out`,
    /// and says where all stands. The task is woken when that changes; where `out` got
    /// anything, it is first to be written.
    pub(super) fn look(&self, cx: &Context<'_>, written: Written, out: &mut Vec<Bytes>) -> Look {
        let Some(reader) = self.reader else { return Look { standing: Standing::Lost, heard: false } };
        self.hub.change_all(|State { room, wakers, traffic, .. }| {
            room.advance(reader, written.of_log, now);
            traffic.sent += written.bytes as u64;
            let standing = room.read(reader, out);
            wakers.listen(self.slot, cx);
            if out.is_empty() {
                wakers.wait(self.slot, Wait::Line);
            }
            if room.congested() {
                wakers.wait(self.slot, Wait::Relief);
            }
            Look { standing, heard: room.hears(reader) }
        })
    }

    /// Ready when the input of a client that has not joined is to be read; or when the
    /// room was closed.
    pub(super) fn poll_heard(&self, cx: &Context<'_>) -> Poll<Result<(), Code>> {
        self.hub.change_all(|State { room, wakers, .. }| {
            wakers.listen(self.slot, cx);
            if room.is_closed() {
                return Poll::Ready(Err(Code::Shutdown));
            }
            if room.congested() {
                wakers.wait(self.slot, Wait::Relief);
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        })
    }

    /// Ready when the journal has let in a client that asked to join, with the roster, or has not.
    pub(super) fn poll_answer(&mut self, cx: &Context<'_>) -> Poll<Result<Vec<Bytes>, Code>> {
        let Seat { hub, slot, reader, .. } = self;
        hub.change_all(|State { room, wakers, .. }| {
            let Some(asks) = *reader else { return Poll::Ready(Err(Code::Shutdown)) };
            let Some(answer) = room.answer(asks) else {
                wakers.listen(*slot, cx);
                wakers.wait(*slot, Wait::Answer);
                return Poll::Pending;
            };
            if answer.is_err() {
                *reader = None;
                room.forget(asks, now());
            }
            Poll::Ready(answer)
        })
    }

    /// The connection ends, with this code or without any, and with last words of so many bytes.
    pub(super) fn end(&self, code: Option<Code>, last_words: usize) {
        let traffic = &mut self.hub.lock().traffic;
        traffic.end(code);
        traffic.sent += last_words as u64;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Seat { hub, slot, peer, reader, .. } = self;
        hub.change_all(|State { room, seats, wakers, .. }| {
            seats.free(peer.ip());
            wakers.remove(*slot);
            if let Some(reader) = reader.take() {
                room.forget(reader, now());
            }
        });
    }
}

impl Floor<'_> {
    /// So many bytes came from the client.
    pub(super) fn received(&mut self, bytes: usize) {
        self.traffic.received += bytes as u64;
    }

    /// Joins; gives the roster, or `None` where the journal has to [answer](Seat::poll_answer) first.
    pub(super) fn join(&mut self, name: &Name) -> Result<Option<Vec<Bytes>>, Code> {
        let (reader, roster) = if self.room.is_shared() {
            (self.room.ask_to_join(name, self.peer)?, None)
        } else {
            let (reader, roster) = self.room.join(name, self.peer, self.now)?;
            (reader, Some(roster))
        };
        *self.reader = Some(reader);
        Ok(roster)
    }

    pub(super) fn say(&mut self, text: Text<'_>) {
        if let Some(reader) = *self.reader {
            self.room.say(reader, text, self.now);
        }
    }

    pub(super) fn leave(&mut self) {
        if let Some(reader) = *self.reader {
            self.room.leave(reader, self.now);
        }
    }
}
