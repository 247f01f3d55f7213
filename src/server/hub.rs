//! The hub: the room under its lock, and a seat in it for each connection.
//!
//! The lock is held for a few lines of the log at a time, never across an await.
//! Whoever changes the room collects under the lock the wakers of those whom the
//! change concerns, and wakes them after it. A reader that has still something to
//! write waits for its socket, and is not woken by what is said meanwhile.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::Notify;

use super::wakers::{Wait, Wakers};
use crate::proto::{Code, Name, Text};
use crate::room::{Limits, Observed, Reader, Room, Standing};

/// The room, shared by all connections and the console.
#[derive(Debug)]
pub(super) struct Hub {
    /// A std mutex, not tokio's: no critical section awaits anything.
    state: Mutex<State>,
    /// How many connections have a seat at most.
    seats: usize,
    /// Told when the room becomes congested: its clock is to be watched.
    pub(super) congestion: Notify,
    /// Told when there may be something for the console.
    pub(super) news: Notify,
}

#[derive(Debug)]
struct State {
    room: Room,
    wakers: Wakers,
}

/// A connection's place among those that are served. When it is dropped, in whatever
/// way the connection ended, its participant has left the room.
#[derive(Debug)]
pub(super) struct Seat {
    hub: Arc<Hub>,
    slot: usize,
    peer: SocketAddr,
    reader: Option<Reader>,
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
    reader: &'a mut Option<Reader>,
    peer: SocketAddr,
    now: Instant,
}

impl Hub {
    pub(super) fn new(limits: Limits, seats: usize) -> Hub {
        let state = State { room: Room::new(limits), wakers: Wakers::default() };
        Hub { state: Mutex::new(state), seats, congestion: Notify::new(), news: Notify::new() }
    }

    /// A seat for a connection; `None` when all are taken.
    pub(super) fn seat(self: &Arc<Hub>, peer: SocketAddr) -> Option<Seat> {
        let wakers = &mut self.lock().wakers;
        (wakers.len() < self.seats).then(|| {
            let slot = wakers.add();
            Seat { hub: Arc::clone(self), slot, peer, reader: None }
        })
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

    /// Changes the room, then wakes those whom the change concerns.
    fn change<T>(&self, change: impl FnOnce(&mut Room) -> T) -> T {
        self.change_and_wait(|room, _| change(room))
    }

    fn change_and_wait<T>(&self, change: impl FnOnce(&mut Room, &mut Wakers) -> T) -> T {
        let mut wake = Vec::new();
        let mut state = self.lock();
        let State { room, wakers } = &mut *state;
        let before = Situation::of(room);
        let result = change(room, wakers);
        let after = Situation::of(room);
        if after.put_out != before.put_out || after.closed != before.closed {
            wakers.take_all(&mut wake);
        }
        if after.head != before.head {
            wakers.take(Wait::Line, &mut wake);
        }
        if before.congested && !after.congested {
            wakers.take(Wait::Relief, &mut wake);
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
}

impl Situation {
    fn of(room: &Room) -> Situation {
        Situation { head: room.head(), congested: room.congested(), put_out: room.put_out(), closed: room.is_closed() }
    }
}

impl Seat {
    /// Whether the participant has joined.
    pub(super) fn has_reader(&self) -> bool {
        self.reader.is_some()
    }

    /// Acts on what the client asks for.
    pub(super) fn act<T>(&mut self, act: impl FnOnce(&mut Floor<'_>) -> T) -> T {
        let Seat { hub, reader, peer, .. } = self;
        hub.change(|room| act(&mut Floor { room, reader, peer: *peer, now: now() }))
    }

    /// Tells that `taken` bytes were written, puts what is to be written next into `out`,
    /// and says where all stands. The task is woken when that changes; where `out` got
    /// anything, it is first to be written.
    pub(super) fn look(&self, cx: &Context<'_>, taken: usize, out: &mut Vec<Bytes>) -> Look {
        let Some(reader) = self.reader else { return Look { standing: Standing::Lost, heard: false } };
        self.hub.change_and_wait(|room, wakers| {
            room.advance(reader, taken, now);
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
        self.hub.change_and_wait(|room, wakers| {
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
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Seat { hub, slot, reader, .. } = self;
        hub.change_and_wait(|room, wakers| {
            wakers.remove(*slot);
            if let Some(reader) = reader.take() {
                room.forget(reader, now());
            }
        });
    }
}

impl Floor<'_> {
    /// Joins; gives the roster.
    pub(super) fn join(&mut self, name: &Name) -> Result<Bytes, Code> {
        let (reader, roster) = self.room.join(name, self.peer, self.now)?;
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
