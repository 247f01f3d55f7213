//! The roster: who is in the room, in the order they joined.

use std::collections::{BTreeMap, HashMap};

use bytes::{Bytes, BytesMut};

use crate::proto::{Key, Name, encode};

/// Who is in the room. No two of them have the same name.
#[derive(Debug, Default)]
pub(super) struct Roster {
    present: HashMap<Key, u64>,
    by_order: BTreeMap<u64, Name>,
    joined: u64,
    /// One `JOIN` line for each, as a newcomer gets them.
    lines: BytesMut,
    /// Someone has left since `lines` were written.
    stale: bool,
}

impl Roster {
    pub(super) fn has(&self, name: &Name) -> bool {
        self.present.contains_key(name.key())
    }

    /// Adds a name that is not there yet.
    pub(super) fn add(&mut self, name: &Name) {
        self.present.insert(name.key().clone(), self.joined);
        self.by_order.insert(self.joined, name.clone());
        self.joined += 1;
        if !self.stale {
            encode::join_event(name, &mut self.lines);
        }
    }

    pub(super) fn remove(&mut self, name: &Name) {
        if let Some(order) = self.present.remove(name.key()) {
            self.by_order.remove(&order);
            self.stale = true;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.present.len()
    }

    /// A `JOIN` line for each one who is there, in the order they joined.
    pub(super) fn lines(&mut self) -> Bytes {
        if self.stale {
            self.lines.clear();
            for name in self.by_order.values() {
                encode::join_event(name, &mut self.lines);
            }
            self.stale = false;
        }
        Bytes::copy_from_slice(&self.lines)
    }
}
