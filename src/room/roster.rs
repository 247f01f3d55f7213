//! The roster: who is in the room, in the order they joined.

use std::collections::HashSet;

use bytes::Bytes;
use memchr::memmem;

use crate::proto::{Key, Name, encode};

/// Who is in the room. No two of them have the same name.
#[derive(Debug, Default)]
pub(super) struct Roster {
    present: HashSet<Key>,
    /// One `JOIN` line for each, as a newcomer gets them: built as people come and go,
    /// not anew for each newcomer.
    lines: Vec<u8>,
}

impl Roster {
    pub(super) fn has(&self, name: &Name) -> bool {
        self.present.contains(name.key())
    }

    /// Adds a name that is not there yet.
    pub(super) fn add(&mut self, name: &Name) {
        self.present.insert(name.key().clone());
        encode::join_event(name, &mut self.lines);
    }

    pub(super) fn remove(&mut self, name: &Name) {
        if self.present.remove(name.key()) {
            let mut line = Vec::new();
            encode::join_event(name, &mut line);
            // No name has a space, so what begins with a verb and one is a line's beginning.
            if let Some(at) = memmem::find(&self.lines, &line) {
                self.lines.drain(at..at + line.len());
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.present.len()
    }

    /// A `JOIN` line for each one who is there, in the order they joined.
    pub(super) fn lines(&self) -> Bytes {
        Bytes::copy_from_slice(&self.lines)
    }
}
