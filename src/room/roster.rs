//! The roster: who is in the room, in the order they joined.
//!
//! It is kept as the `JOIN` lines that a newcomer gets, in chunks that all newcomers
//! share: one that does not read holds no copy of the whole. Who comes or goes changes
//! one chunk.

use std::collections::{BTreeMap, HashMap, HashSet};

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
    present: HashMap<Key, Present>,
    looks: HashSet<Skeleton>,
    /// One `JOIN` line for each of those who came first; no two neighbours would fit into one.
    /// In the order of their numbers, of which some are not used any more.
    shared: BTreeMap<u64, Bytes>,
    /// The lines of those who came last.
    tail: Vec<u8>,
    /// The number that the tail will have.
    tail_number: u64,
}

#[derive(Debug)]
struct Present {
    /// What the name looks like, where that is compared.
    skeleton: Option<Skeleton>,
    /// The number of the chunk with its line.
    chunk: u64,
}

impl Roster {
    pub(super) fn new(confusables: Confusables) -> Roster {
        Roster {
            confusables,
            present: HashMap::new(),
            looks: HashSet::new(),
            shared: BTreeMap::new(),
            tail: Vec::new(),
            tail_number: 0,
        }
    }

    /// Adds a name, unless it is taken; gives the `JOIN` lines of those who were there, in the
    /// order they joined, in pieces of whole lines.
    pub(super) fn join(&mut self, name: &Name) -> Option<Vec<Bytes>> {
        self.add_name(name, Roster::lines)
    }

    /// The same for one to whom the others need not be told; gives whether it was added.
    pub(super) fn insert(&mut self, name: &Name) -> bool {
        self.add_name(name, |_| ()).is_some()
    }

    fn add_name<T>(&mut self, name: &Name, before: impl FnOnce(&Roster) -> T) -> Option<T> {
        let skeleton = match self.confusables {
            Confusables::Refuse => Some(Skeleton::of(name)),
            Confusables::Allow => None,
        };
        let is_alike = skeleton.as_ref().is_some_and(|skeleton| self.looks.contains(skeleton));
        if is_alike || self.present.contains_key(name.key()) {
            return None;
        }
        let before = before(self);
        self.looks.extend(skeleton.clone());
        let chunk = self.add(&line(name));
        self.present.insert(name.key().clone(), Present { skeleton, chunk });
        Some(before)
    }

    pub(super) fn remove(&mut self, name: &Name) {
        let Some(Present { skeleton, chunk }) = self.present.remove(name.key()) else { return };
        if let Some(skeleton) = skeleton {
            self.looks.remove(&skeleton);
        }
        self.cut(chunk, &line(name));
    }

    pub(super) fn clear(&mut self) {
        *self = Roster::new(self.confusables);
    }

    pub(super) fn len(&self) -> usize {
        self.present.len()
    }

    fn lines(&self) -> Vec<Bytes> {
        let tail = (!self.tail.is_empty()).then(|| Bytes::copy_from_slice(&self.tail));
        self.shared.values().cloned().chain(tail).collect()
    }

    /// Adds a line, and gives the number of its chunk.
    fn add(&mut self, line: &[u8]) -> u64 {
        if self.tail.len() + line.len() > CHUNK {
            self.shared.insert(self.tail_number, std::mem::take(&mut self.tail).into());
            self.tail_number += 1;
            self.merge_around(self.tail_number - 1);
        }
        self.tail.extend(line);
        self.tail_number
    }

    /// Cuts a line out of its chunk, which those who have it keep as it was.
    fn cut(&mut self, number: u64, line: &[u8]) {
        let chunk = self.shared.get(&number).map_or(&self.tail[..], |chunk| &chunk[..]);
        let Some(at) = memmem::find(chunk, line) else { return };
        if number == self.tail_number {
            self.tail.drain(at..at + line.len());
        } else if chunk.len() == line.len() {
            self.shared.remove(&number);
            self.merge_around(number);
        } else {
            let rest = [chunk.get(..at), chunk.get(at + line.len()..)].map(Option::unwrap_or_default).concat();
            self.shared.insert(number, rest.into());
            self.merge_around(number);
        }
    }

    /// Makes one chunk of this and one beside it, where one can hold both.
    fn merge_around(&mut self, number: u64) {
        let before = self.shared.range(..number).next_back().map(|(before, _)| *before);
        for first in [Some(number), before].into_iter().flatten() {
            let mut pair = self.shared.range(first..);
            if let (Some((&one, lines)), Some((&other, more))) = (pair.next(), pair.next())
                && lines.len() + more.len() <= CHUNK
            {
                let both = [&lines[..], more].concat().into();
                self.renumber(other, one);
                self.shared.insert(one, both);
            }
        }
    }

    /// Whose lines are in one chunk have them in another.
    fn renumber(&mut self, goes: u64, stays: u64) {
        let lines = self.shared.remove(&goes).unwrap_or_default();
        for name in lines.split(|&byte| byte == b'\n').filter_map(|line| line.strip_prefix(b"JOIN ")) {
            let key = str::from_utf8(name).ok().and_then(|name| Name::new(name).ok());
            if let Some(present) = key.and_then(|name| self.present.get_mut(name.key())) {
                present.chunk = stays;
            }
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
        (0..people).for_each(|n| assert!(roster.insert(&name(n)) && !roster.insert(&name(n))));
        roster
    }

    /// No piece is longer than a chunk, and no two neighbours would fit into one.
    fn assert_packed(roster: &Roster) {
        assert!(roster.lines().iter().all(|piece| piece.len() <= CHUNK));
        let chunks: Vec<_> = roster.shared.values().collect();
        assert!(chunks.windows(2).all(|pair| pair[0].len() + pair[1].len() > CHUNK));
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

    #[test]
    fn what_is_full_takes_in_the_little_that_is_left_before_it() {
        let mut roster = Roster::new(Confusables::Allow);
        let mut insert =
            |n: usize, length: usize| assert!(roster.insert(&Name::new(&format!("{n:0length$}")).unwrap()));
        insert(1, 1);
        (100..=227).for_each(|n| insert(n, 26));
        (100..=226).for_each(|n| roster.remove(&Name::new(&format!("{n:026}")).unwrap()));
        assert_eq!(roster.shared.values().map(Bytes::len).collect::<Vec<_>>(), [7]);
        let mut insert =
            |n: usize, length: usize| assert!(roster.insert(&Name::new(&format!("{n:0length$}")).unwrap()));
        (300..=425).for_each(|n| insert(n, 26));
        insert(500, 32);
        assert_eq!(roster.shared.values().map(Bytes::len).collect::<Vec<_>>(), [7 + 127 * 32]);
    }

    /// Chunks that have become one have the lines of both, each of which is found again.
    #[test]
    fn whoever_leaves_in_whatever_order_is_not_there_any_more() {
        for step in [1, 7, 389, 997] {
            let mut roster = full(1000);
            let mut there: Vec<_> = (0..1000).collect();
            for n in (0..1000).map(|n| n * step % 1000) {
                roster.remove(&name(n));
                there.retain(|other| *other != n);
                if n % 50 == 0 {
                    assert_eq!(text(&roster), lines(there.iter().copied()), "{step}");
                    assert_packed(&roster);
                }
            }
            assert_eq!((text(&roster), roster.shared.len(), roster.len()), (String::new(), 0, 0));
        }
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
