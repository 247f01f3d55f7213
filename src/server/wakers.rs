//! Who waits for what: the wakers of the connections.
//!
//! Each connection has a slot. It says under which condition it wants to be woken
//! when it finds nothing to do; whoever brings the condition about takes the wakers
//! out, lets the lock go, and wakes them.

use std::task::{Context, Waker};

use slab::Slab;

/// What a connection waits for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wait {
    /// It has read all: the next line.
    Line,
    /// Its client is not heard: the end of the congestion.
    Relief,
    /// It has asked the journal to join: the answer.
    Answer,
}

#[derive(Debug, Default)]
pub(super) struct Wakers {
    slots: Slab<Slot>,
    // The slots that wait. One that was freed meanwhile is passed over; one that was
    // taken anew is woken for nothing, which does no harm.
    for_line: Vec<usize>,
    for_relief: Vec<usize>,
    for_answer: Vec<usize>,
}

#[derive(Debug, Default)]
struct Slot {
    waker: Option<Waker>,
    /// Whether it stands in `for_line`.
    for_line: bool,
    /// Whether it stands in `for_relief`.
    for_relief: bool,
    /// Whether it stands in `for_answer`.
    for_answer: bool,
}

impl Slot {
    fn waits(&mut self, wait: Wait) -> &mut bool {
        match wait {
            Wait::Line => &mut self.for_line,
            Wait::Relief => &mut self.for_relief,
            Wait::Answer => &mut self.for_answer,
        }
    }
}

impl Wakers {
    pub(super) fn add(&mut self) -> usize {
        self.slots.insert(Slot::default())
    }

    pub(super) fn remove(&mut self, slot: usize) {
        self.slots.try_remove(slot);
    }

    /// Notes how to wake this slot, whatever happens that concerns all.
    pub(super) fn listen(&mut self, slot: usize, cx: &Context<'_>) {
        let Some(slot) = self.slots.get_mut(slot) else { return };
        if !slot.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            slot.waker = Some(cx.waker().clone());
        }
    }

    /// Notes that this slot, which [listens](Wakers::listen), waits for this.
    pub(super) fn wait(&mut self, index: usize, wait: Wait) {
        let known = self.slots.get_mut(index).is_none_or(|slot| std::mem::replace(slot.waits(wait), true));
        if !known {
            self.waiting(wait).push(index);
        }
    }

    /// Takes the wakers of those who wait for this.
    pub(super) fn take(&mut self, wait: Wait, out: &mut Vec<Waker>) {
        for index in std::mem::take(self.waiting(wait)) {
            if let Some(slot) = self.slots.get_mut(index) {
                *slot.waits(wait) = false;
                out.extend(slot.waker.take());
            }
        }
    }

    /// Takes the wakers of all.
    pub(super) fn take_all(&mut self, out: &mut Vec<Waker>) {
        out.extend(self.slots.iter_mut().filter_map(|(_, slot)| slot.waker.take()));
    }

    fn waiting(&mut self, wait: Wait) -> &mut Vec<usize> {
        match wait {
            Wait::Line => &mut self.for_line,
            Wait::Relief => &mut self.for_relief,
            Wait::Answer => &mut self.for_answer,
        }
    }
}
