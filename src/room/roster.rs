//! The roster: who is in the room, in the order they joined.
//!
//! It is kept as the `JOIN` lines that a newcomer gets, in chunks that all newcomers
//! share: one that does not read holds no copy of the whole. Who comes or goes changes
//! one chunk.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use memchr::memmem;

use super::Confusables;
use crate::proto::{Key, Name, Skeleton, encode};

/// The most bytes in a chunk, which holds whole lines. It is what a newcomer has of its
/// own at most, beside a handle for each chunk.
const CHUNK: usize = 4 * 1024;

/// Who is in the room. No two of them have the same name, nor one that looks like it, where
/// such a name is refused.
#[derive(Debug)]
pub(super) struct Roster {
    confusables: Confusables,
    /// With what each looks like, where that is compared.
    present: HashMap<Key, Option<Skeleton>>,
    looks: HashSet<Skeleton>,
    /// One `JOIN` line for each of those who came first; no two neighbours would fit into one.
    shared: Vec<Bytes>,
    /// The lines of those who came last.
    tail: Vec<u8>,
}

impl Roster {
    pub(super) fn new(confusables: Confusables) -> Roster {
        Roster { confusables, present: HashMap::new(), looks: HashSet::new(), shared: Vec::new(), tail: Vec::new() }
    }

    /// Adds a name, unless it is taken; gives the `JOIN` lines of those who were there, in the
    /// order they joined, in pieces of whole lines.
    pub(super) fn join(&mut self, name: &Name) -> Option<Vec<Bytes>> {
        let skeleton = match self.confusables {
            Confusables::Refuse => Some(Skeleton::of(name)),
            Confusables::Allow => None,
        };
        let is_alike = skeleton.as_ref().is_some_and(|skeleton| self.looks.contains(skeleton));
        if is_alike || self.present.contains_key(name.key()) {
            return None;
        }
        let others = self.lines();
        self.looks.extend(skeleton.clone());
        self.present.insert(name.key().clone(), skeleton);
        self.add(&line(name));
        Some(others)
    }

    pub(super) fn remove(&mut self, name: &Name) {
        if let Some(skeleton) = self.present.remove(name.key()) {
            if let Some(skeleton) = skeleton {
                self.looks.remove(&skeleton);
            }
            self.cut(&line(name));
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Roster::new(self.confusables);
    }

    pub(super) fn len(&self) -> usize {
        self.present.len()
    }

    fn lines(&self) -> Vec<Bytes> {
        let tail = (!self.tail.is_empty()).then(|| Bytes::copy_from_slice(&self.tail));
        self.shared.iter().cloned().chain(tail).collect()
    }

    fn add(&mut self, line: &[u8]) {
        if self.tail.len() + line.len() > CHUNK {
            self.shared.push(std::mem::take(&mut self.tail).into());
            self.merge(self.shared.len().saturating_sub(2));
        }
        self.tail.extend(line);
    }

    fn cut(&mut self, line: &[u8]) {
        match memmem::find(&self.tail, line) {
            Some(at) => drop(self.tail.drain(at..at + line.len())),
            None => self.cut_shared(line),
        }
    }

    /// Cuts a line out of its chunk, which those who have it keep as it was.
    fn cut_shared(&mut self, line: &[u8]) {
        let finder = memmem::Finder::new(line);
        let cut = self.shared.iter_mut().enumerate().find_map(|(index, chunk)| {
            let at = finder.find(chunk)?;
            *chunk = [chunk.slice(..at), chunk.slice(at + line.len()..)].concat().into();
            Some(index)
        });
        if let Some(index) = cut {
            self.merge(index);
            self.merge(index.saturating_sub(1));
            self.shared.retain(|chunk| !chunk.is_empty());
        }
    }

    /// Makes one chunk of this and the next, where one can hold both.
    fn merge(&mut self, index: usize) {
        if let Some(pair @ [one, next]) = self.shared.get(index..index + 2)
            && one.len() + next.len() <= CHUNK
        {
            let both = pair.concat().into();
            self.shared.splice(index..index + 2, [both]);
        }
    }
}

/// No name has a space, so what is found of such a line in others is a whole one.
fn line(name: &Name) -> Vec<u8> {
    let mut line = Vec::new();
    encode::join_event(name, &mut line);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(roster: &mut Roster, name: &str) -> Option<Vec<u8>> {
        Some(roster.join(&Name::new(name).unwrap())?.concat())
    }

    /// [NAME-10]
    #[test]
    fn a_name_that_looks_like_one_present_is_taken_until_that_one_leaves() {
        let mut roster = Roster::new(Confusables::Refuse);
        assert!(join(&mut roster, "Luis").is_some());
        for alike in ["Luis", "LUIS", "Iuis", "Luіs"] {
            assert_eq!(join(&mut roster, alike), None, "{alike}");
        }
        assert_eq!(join(&mut roster, "Luisa").unwrap(), b"JOIN Luis\n");
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
        assert_eq!(join(&mut roster, "Ana").unwrap(), "JOIN Luis\nJOIN Luіs\n".as_bytes());
    }

    fn name(n: usize) -> Name {
        Name::new(&format!("person-{n}")).unwrap()
    }

    fn text(roster: &Roster) -> String {
        String::from_utf8(roster.lines().concat()).unwrap()
    }

    fn lines(names: impl Iterator<Item = usize>) -> String {
        names.map(|n| format!("JOIN person-{n}\n")).collect()
    }

    fn full(people: usize) -> Roster {
        let mut roster = Roster::new(Confusables::Allow);
        (0..people).for_each(|n| drop(roster.join(&name(n)).unwrap()));
        roster
    }

    /// No piece is longer than a chunk, and no two neighbours would fit into one.
    fn assert_packed(roster: &Roster) {
        assert!(roster.lines().iter().all(|piece| piece.len() <= CHUNK));
        assert!(roster.shared.windows(2).all(|pair| pair.concat().len() > CHUNK));
    }

    #[test]
    fn what_newcomers_have_of_their_own_grows_to_a_chunk() {
        let pieces = |people| {
            let mut roster = Roster::new(Confusables::Allow);
            // 32 bytes each, of which 128 fill a chunk.
            (0..people).for_each(|n| drop(join(&mut roster, &format!("{n:0>26}"))));
            roster.lines().len()
        };
        assert_eq!((pieces(1), pieces(128), pieces(129)), (1, 1, 2));
    }

    #[test]
    fn newcomers_share_all_but_the_last_lines() {
        let roster = full(10_000);
        assert_packed(&roster);
        let (one, other) = (roster.lines(), roster.lines());
        assert_eq!(one.concat(), lines(0..10_000).into_bytes());
        let own = one.iter().zip(&other).filter(|(one, other)| one.as_ptr() != other.as_ptr());
        assert!(own.map(|(piece, _)| piece.len()).sum::<usize>() <= CHUNK);
        assert!(one.len() < 60, "{} pieces", one.len());
    }

    #[test]
    fn who_has_the_roster_keeps_it_while_people_come_and_go() {
        let mut roster = full(1000);
        let before = roster.lines();
        roster.remove(&name(3));
        roster.remove(&name(998));
        roster.join(&name(3)).unwrap();
        assert_eq!(before.concat(), lines(0..1000).into_bytes());
        assert_eq!(text(&roster), lines((0..1000).filter(|n| ![3, 998].contains(n)).chain([3])));
    }

    /// Many small pieces would cost each newcomer more than they save.
    #[test]
    fn where_most_have_left_the_pieces_are_few() {
        let mut roster = full(10_000);
        let stays = |n: &usize| n.is_multiple_of(100);
        (0..10_000).filter(|n| !stays(n)).for_each(|n| roster.remove(&name(n)));
        assert_eq!(text(&roster), lines((0..10_000).filter(stays)));
        assert_packed(&roster);
        (0..10_000).filter(stays).for_each(|n| roster.remove(&name(n)));
        assert!(roster.lines().is_empty() && roster.len() == 0);
    }
}
