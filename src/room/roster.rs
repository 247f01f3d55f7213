//! The roster: who is in the room, in the order they joined.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use memchr::memmem;

use super::Confusables;
use crate::proto::{Key, Name, Skeleton, encode};

/// Who is in the room. No two of them have the same name, nor one that looks like it, where
/// such a name is refused.
#[derive(Debug)]
pub(super) struct Roster {
    confusables: Confusables,
    /// With what each looks like, where that is compared.
    present: HashMap<Key, Option<Skeleton>>,
    looks: HashSet<Skeleton>,
    /// One `JOIN` line for each, as a newcomer gets them: built as people come and go,
    /// not anew for each newcomer.
    lines: Vec<u8>,
}

impl Roster {
    pub(super) fn new(confusables: Confusables) -> Roster {
        Roster { confusables, present: HashMap::new(), looks: HashSet::new(), lines: Vec::new() }
    }

    /// Adds a name, unless it is taken; gives the `JOIN` lines of those who were there, in the
    /// order they joined.
    pub(super) fn join(&mut self, name: &Name) -> Option<Bytes> {
        let skeleton = match self.confusables {
            Confusables::Refuse => Some(Skeleton::of(name)),
            Confusables::Allow => None,
        };
        let is_alike = skeleton.as_ref().is_some_and(|skeleton| self.looks.contains(skeleton));
        if is_alike || self.present.contains_key(name.key()) {
            return None;
        }
        let others = Bytes::copy_from_slice(&self.lines);
        self.looks.extend(skeleton.clone());
        self.present.insert(name.key().clone(), skeleton);
        encode::join_event(name, &mut self.lines);
        Some(others)
    }

    pub(super) fn remove(&mut self, name: &Name) {
        if let Some(skeleton) = self.present.remove(name.key()) {
            if let Some(skeleton) = skeleton {
                self.looks.remove(&skeleton);
            }
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(roster: &mut Roster, name: &str) -> Option<Bytes> {
        roster.join(&Name::new(name).unwrap())
    }

    /// [NAME-10]
    #[test]
    fn a_name_that_looks_like_one_present_is_taken_until_that_one_leaves() {
        let mut roster = Roster::new(Confusables::Refuse);
        assert!(join(&mut roster, "Luis").is_some());
        for alike in ["Luis", "LUIS", "Iuis", "Luіs"] {
            assert_eq!(join(&mut roster, alike), None, "{alike}");
        }
        assert_eq!(join(&mut roster, "Luisa").unwrap(), "JOIN Luis\n");
        roster.remove(&Name::new("luis").unwrap());
        assert!(join(&mut roster, "Iuis").is_some());
        assert_eq!((join(&mut roster, "Luis"), roster.len()), (None, 2));
    }

    /// [NAME-7]: a name is the same by its key, whatever it looks like.
    #[test]
    fn the_same_name_is_taken_though_it_looks_otherwise() {
        for confusables in [Confusables::Refuse, Confusables::Allow] {
            let mut roster = Roster::new(confusables);
            assert!(join(&mut roster, "Luis").is_some());
            assert_eq!(join(&mut roster, "LUIS"), None);
        }
    }

    #[test]
    fn where_look_alikes_are_allowed_only_the_same_name_is_taken() {
        let mut roster = Roster::new(Confusables::Allow);
        for name in ["Luis", "Iuis", "Luіs"] {
            assert!(join(&mut roster, name).is_some(), "{name}");
        }
        roster.remove(&Name::new("Iuis").unwrap());
        assert_eq!(join(&mut roster, "Ana").unwrap(), "JOIN Luis\nJOIN Luіs\n");
    }
}
