//! A room that several servers share: what this one, a *node*, has to do with the journal.
//!
//! What people ask for is written into an outbox, as the lines that stand in the log. The
//! caller publishes it in that order ([`Room::outgoing`]), and brings back what the journal
//! holds, its own lines and those of all other nodes, in the one order that every node sees
//! ([`Room::apply`]). Only then has it happened: so who gets a name that two ask for is
//! decided by the place of their `JOIN`s, and a receipt says that the journal has the line.
//!
//! A node that was silent for too long is ended by a record of its own, in whose place all
//! its people leave. As every node reads the same records, every node agrees on who is in the
//! room; a new one begins with what another has [told](Room::state) of it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::{self, Write};
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::{Entry, Reader, Room, Stage, Standing};
use crate::proto::{Code, Key, Name, ServerLine, encode};

/// So much may be on its way to the journal before what people want to say waits, in bytes.
const OUTBOX: usize = 1024 * 1024;

/// One run of one server: drawn by chance when it begins, and never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(pub u64);

/// What a record of the journal says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// What the people of its node caused: whole lines. None at all says that the node lives.
    Lines(&'a [u8]),
    /// Its node has ended.
    End,
}

/// What was to be the [state](Room::state) of a room is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadState;

/// What a node knows of the journal.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// This node, while the journal has its records.
    us: Option<Node>,
    /// Whether the first of them has come back: the log goes on from there.
    is_open: bool,
    /// The place of the last record.
    place: u64,
    nodes: BTreeMap<Node, Life>,
    /// Who is in the room, and on which node.
    people: HashMap<Key, Person>,
    /// How many have ever joined.
    joins: u64,
    outbox: BytesMut,
    /// Whose lines are on their way, in their order.
    asked: VecDeque<Reader>,
    /// What became of those who asked to join, until they are told: the roster, or why not.
    answers: HashMap<usize, Result<Vec<Bytes>, Code>>,
    answered: u64,
    /// Whether nobody is to be heard any more.
    is_hushed: bool,
}

/// What is known of a node that lives.
#[derive(Debug)]
struct Life {
    /// The place of its last record.
    last: u64,
    /// How often this node has said since then that it lives.
    silent: u32,
}

#[derive(Debug)]
struct Person {
    name: Name,
    node: Node,
    /// Their number among those who joined.
    number: u64,
}

impl Journal {
    /// Writes down what this reader asks for.
    pub(super) fn ask(&mut self, reader: Reader, line: impl FnOnce(&mut BytesMut)) {
        line(&mut self.outbox);
        self.asked.push_back(reader);
    }

    fn ask_to_join(&mut self, reader: Reader, entry: &mut Entry) {
        entry.asked = 1;
        self.ask(reader, |line| encode::join_event(&entry.name, line));
    }

    pub(super) fn is_full(&self) -> bool {
        self.is_hushed || self.outbox.len() >= OUTBOX
    }

    /// The people of a node, in the order they joined.
    fn people_of(&self, node: Node) -> Vec<Name> {
        let mut people: Vec<_> = self.people.values().filter(|person| person.node == node).collect();
        people.sort_by_key(|person| person.number);
        people.into_iter().map(|person| person.name.clone()).collect()
    }

    /// A node has given a sign of life at this place.
    fn lives(&mut self, node: Node, place: u64, is_beat: bool) {
        self.nodes.insert(node, Life { last: place, silent: 0 });
        if self.us == Some(node) {
            self.is_open = true;
            if is_beat {
                self.nodes.iter_mut().filter(|(other, _)| **other != node).for_each(|(_, life)| life.silent += 1);
            }
        }
    }
}

/// What is done with the journal of a room that is shared; of one that is not there is
/// nothing to do.
impl Room {
    /// Shares the room with other nodes: from now on it waits for its journal to
    /// [begin](Room::begin).
    pub fn share(&mut self) {
        self.journal = Some(Box::default());
    }

    /// Whether the room is shared.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.journal.is_some()
    }

    /// Whether the journal has this node.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.journal.as_ref().is_some_and(|journal| journal.is_open)
    }

    /// Begins to read the journal as this node, behind the place of this state: that of an
    /// empty room is empty. Who was in the room is [put out](Room::put_all_out); who had
    /// asked to join is asked for again. Gives the place of the next record.
    ///
    /// # Errors
    /// The state is none. The room is as before.
    pub fn begin(&mut self, us: Node, state: &str) -> Result<u64, BadState> {
        let mut told = Journal::told(state)?;
        self.put_all_out();
        let journal = self.journal.get_or_insert_default();
        told.us = Some(us);
        told.answers = std::mem::take(&mut journal.answers);
        told.answered = journal.answered;
        told.is_hushed = journal.is_hushed;
        **journal = told;
        self.roster.clear();
        let mut people: Vec<_> = journal.people.values().collect();
        people.sort_by_key(|person| person.number);
        for person in people {
            self.roster.insert(&person.name);
        }
        for (number, entry) in &mut self.readers {
            if matches!(entry.stage, Stage::Asking) && !journal.answers.contains_key(&number) {
                journal.ask_to_join(Reader::at(number), entry);
            }
        }
        Ok(journal.place + 1)
    }

    /// This node has lost the journal: its people read up to here, then that the room is
    /// closed for them. What they asked for is forgotten; who has asked to join waits on.
    pub fn put_all_out(&mut self) {
        let Some(journal) = &mut self.journal else { return };
        (journal.us, journal.is_open) = (None, false);
        journal.outbox.clear();
        journal.asked.clear();
        let end = self.log.head();
        self.put_out += self.here as u64;
        self.here = 0;
        self.readers.retain(|_, entry| {
            let unknown = std::mem::take(&mut entry.asked) > 0;
            if let Stage::In { .. } = entry.stage
                && let Stage::In { cursor, .. } = std::mem::replace(&mut entry.stage, Stage::Lost)
            {
                // Whether what is on its way was said, nobody here can know: no `BYE` may tell of it.
                let then = if unknown { Standing::Lost } else { Standing::Closed };
                entry.stage = Stage::Leaving { cursor, end, then };
            }
            !matches!(entry.stage, Stage::Gone)
        });
    }

    /// How many nodes live, while the journal has this one.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.journal.as_ref().filter(|journal| journal.is_open).map_or(0, |journal| journal.nodes.len())
    }

    /// Asks the journal to let someone in; the [answer](Room::answer) comes later.
    ///
    /// # Errors
    /// [`Code::Shutdown`] when the room is closed.
    pub fn ask_to_join(&mut self, name: &Name, peer: SocketAddr) -> Result<Reader, Code> {
        if self.closed {
            return Err(Code::Shutdown);
        }
        let slot = self.readers.vacant_entry();
        let reader = Reader::at(slot.key());
        let mut entry = Entry { name: name.clone(), peer, stage: Stage::Asking, asked: 0, leaves: false };
        // Else it is asked for when the journal begins.
        if let Some(journal) = self.journal.as_mut().filter(|journal| journal.us.is_some()) {
            journal.ask_to_join(reader, &mut entry);
        }
        slot.insert(Box::new(entry));
        Ok(reader)
    }

    /// What became of one who asked to join, told once: the roster as [`join`](Room::join)
    /// gives it, or why not. `None` until the journal has said.
    pub fn answer(&mut self, reader: Reader) -> Option<Result<Vec<Bytes>, Code>> {
        if self.closed {
            return Some(Err(Code::Shutdown));
        }
        self.journal.as_mut()?.answers.remove(&reader.number())
    }

    /// What nobody is there to be told.
    pub(super) fn forget_answer(&mut self, reader: Reader) {
        if let Some(journal) = &mut self.journal {
            journal.answers.remove(&reader.number());
        }
    }

    /// From now on nobody is heard, since the room is to be closed when what is on its way
    /// [has come back](Room::is_settled).
    pub fn hush(&mut self) {
        if let Some(journal) = &mut self.journal {
            journal.is_hushed = true;
        }
    }

    /// Whether nobody is heard any more.
    #[must_use]
    pub fn is_hushed(&self) -> bool {
        self.journal.as_ref().is_some_and(|journal| journal.is_hushed)
    }

    /// Whether nothing is on its way through the journal.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.journal.as_ref().is_none_or(|journal| journal.asked.is_empty())
    }

    /// How many of those who asked to join were answered, ever.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.journal.as_ref().map_or(0, |journal| journal.answered)
    }

    /// Whether there is anything to be published.
    #[must_use]
    pub fn has_outgoing(&self) -> bool {
        self.journal.as_ref().is_some_and(|journal| !journal.outbox.is_empty())
    }

    /// Takes what is to be published next: whole lines, of `most` bytes at most, where each
    /// line is shorter.
    pub fn outgoing(&mut self, most: usize) -> Bytes {
        let Some(journal) = &mut self.journal else { return Bytes::new() };
        let whole = journal.outbox.get(..most).and_then(|front| memchr::memrchr(b'\n', front));
        journal.outbox.split_to(whole.map_or(journal.outbox.len(), |lf| lf + 1)).freeze()
    }

    /// What stands at this place of the journal, the next one, by this node.
    pub fn apply(&mut self, place: u64, node: Node, record: Record<'_>, now: Instant) {
        let Some(journal) = self.journal.as_mut().filter(|_| !self.closed) else { return };
        journal.place = place;
        match record {
            // A node begins with a sign of life, so this one has ended, or its beginning is not kept.
            Record::Lines([_, ..]) if !journal.nodes.contains_key(&node) => {}
            Record::Lines(lines) => {
                journal.lives(node, place, lines.is_empty());
                for line in lines.split_inclusive(|&byte| byte == b'\n') {
                    self.apply_line(node, line, now);
                }
            }
            Record::End => self.apply_end(node, now),
        }
    }

    /// The nodes that were silent while this one said so many times that it lives, each with
    /// the place of its last record.
    #[must_use]
    pub fn silent(&self, beats: u32) -> Vec<(Node, u64)> {
        let nodes = self.journal.iter().flat_map(|journal| &journal.nodes);
        nodes.filter(|(_, life)| life.silent >= beats).map(|(node, life)| (*node, life.last)).collect()
    }

    /// Whether this node is the one of all that tells newcomers of the state.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.journal
            .as_ref()
            .is_some_and(|journal| journal.is_open && journal.nodes.keys().next() == journal.us.as_ref())
    }

    /// The place of the last record, who is in the room, and which nodes live: what a new node
    /// [begins](Room::begin) with.
    #[must_use]
    pub fn state(&self) -> String {
        let mut state = String::new();
        let Some(journal) = &self.journal else { return state };
        let mut people: Vec<_> = journal.people.values().collect();
        people.sort_by_key(|person| person.number);
        // To write into a String cannot fail.
        let _ = writeln!(state, "at {} {}", journal.place, journal.joins);
        for (node, life) in &journal.nodes {
            let _ = writeln!(state, "node {node} {}", life.last);
        }
        for Person { name, node, number } in people {
            let _ = writeln!(state, "here {number} {node} {}", name.as_str());
        }
        state
    }

    /// The state of a room in which nobody is and no node lives, at this place.
    #[must_use]
    pub fn nobody(place: u64) -> String {
        format!("at {place} 0\n")
    }

    fn apply_line(&mut self, node: Node, line: &[u8], now: Instant) {
        let own = self.next_asked(node);
        // Whatever else stands there was not written by a node: all pass over it.
        match line.strip_suffix(b"\n").map(ServerLine::parse) {
            Some(Ok(ServerLine::Join(name))) => self.apply_join(node, name, own, now),
            Some(Ok(ServerLine::Msg { .. })) => self.apply_msg(line, own, now),
            Some(Ok(ServerLine::Leave(name))) => self.apply_leave(node, name, own, now),
            Some(Ok(ServerLine::Bye { .. }) | Err(_)) | None => {}
        }
        if let Some(reader) = own {
            self.sweep(reader);
        }
    }

    /// Which of our readers asked for the line that has come back, if it is ours.
    fn next_asked(&mut self, node: Node) -> Option<Reader> {
        let journal = self.journal.as_mut().filter(|journal| journal.us == Some(node))?;
        let reader = journal.asked.pop_front()?;
        let entry = self.readers.get_mut(reader.number())?;
        entry.asked -= 1;
        Some(reader)
    }

    fn apply_join(&mut self, node: Node, name: &str, own: Option<Reader>, now: Instant) {
        let (Ok(name), Some(journal)) = (Name::new(name), &mut self.journal) else { return };
        let roster = match own {
            Some(_) => self.roster.join(&name),
            // The others need not be told who was there.
            None => self.roster.insert(&name).then(Vec::new),
        };
        if roster.is_some() {
            journal.joins += 1;
            let person = Person { name: name.clone(), node, number: journal.joins };
            journal.people.insert(name.key().clone(), person);
        }
        let is_open = journal.is_open;
        match (own, roster) {
            (Some(reader), answer) => self.apply_answer(reader, answer.ok_or(Code::NameTaken), now),
            (None, Some(_)) if is_open => {
                self.append_move(None, |line| encode::join_event(&name, line));
                self.watch_growth(now);
            }
            (None, _) => {}
        }
    }

    /// One of ours has joined, or may not.
    fn apply_answer(&mut self, reader: Reader, answer: Result<Vec<Bytes>, Code>, now: Instant) {
        let has_joined = answer.is_ok();
        let is_gone = self.readers.get(reader.number()).is_none_or(|entry| matches!(entry.stage, Stage::Gone));
        if has_joined {
            self.joined(reader, now);
        }
        if is_gone {
            // Nobody is there any more to be told.
            if has_joined {
                self.forget(reader, now);
            }
            return;
        }
        if let Some(journal) = &mut self.journal {
            journal.answers.insert(reader.number(), answer);
            journal.answered += 1;
        }
    }

    fn apply_msg(&mut self, line: &[u8], own: Option<Reader>, now: Instant) {
        if !self.is_open() {
            return;
        }
        self.log.append(|tail| tail.extend_from_slice(line));
        let head = self.log.head();
        self.tally.foreign += u64::from(own.is_none());
        if let Some(Stage::In { own, .. }) = own.and_then(|reader| self.stage_of(reader)) {
            *own = head;
        }
        if self.here > 0 {
            self.tally.probe.line(head, self.here, now);
        }
        self.watch_growth(now);
    }

    fn stage_of(&mut self, reader: Reader) -> Option<&mut Stage> {
        self.readers.get_mut(reader.number()).map(|entry| &mut entry.stage)
    }

    fn apply_leave(&mut self, node: Node, name: &str, own: Option<Reader>, now: Instant) {
        let (Ok(name), Some(journal)) = (Name::new(name), &mut self.journal) else { return };
        if journal.people.get(name.key()).is_none_or(|person| person.node != node) {
            return;
        }
        journal.people.remove(name.key());
        match own {
            Some(reader) => self.left(reader, now),
            None => self.apply_departure(&name, now),
        }
    }

    /// Someone of another node is in the room no more.
    fn apply_departure(&mut self, name: &Name, now: Instant) {
        if self.is_open() {
            self.announce_leave(name, None);
            self.watch_growth(now);
        } else {
            self.roster.remove(name);
        }
    }

    /// All people of a node leave. If it is this one, they are out of the room already.
    fn apply_end(&mut self, node: Node, now: Instant) {
        let Some(journal) = &mut self.journal else { return };
        let people = journal.people_of(node);
        journal.nodes.remove(&node);
        for name in &people {
            journal.people.remove(name.key());
        }
        if journal.us == Some(node) {
            self.put_all_out();
        }
        for name in people {
            self.apply_departure(&name, now);
        }
    }
}

impl Journal {
    /// A journal at the place of this state.
    fn told(state: &str) -> Result<Journal, BadState> {
        let mut journal = Journal::default();
        for line in state.lines() {
            journal.tell(line).ok_or(BadState)?;
        }
        Ok(journal)
    }

    fn tell(&mut self, line: &str) -> Option<()> {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["at", place, joins] => (self.place, self.joins) = (place.parse().ok()?, joins.parse().ok()?),
            ["node", node, last] => {
                self.nodes.insert(node.parse().ok()?, Life { last: last.parse().ok()?, silent: 0 });
            }
            ["here", number, node, name] => {
                let name = Name::new(name).ok()?;
                let person = Person { name: name.clone(), node: node.parse().ok()?, number: number.parse().ok()? };
                self.people.insert(name.key().clone(), person);
            }
            _ => return None,
        }
        Some(())
    }
}

/// Sixteen hexadecimal digits.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Node {
    type Err = BadState;

    fn from_str(given: &str) -> Result<Node, BadState> {
        u64::from_str_radix(given, 16).map(Node).map_err(|_| BadState)
    }
}

impl fmt::Display for BadState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no state of a room")
    }
}

impl std::error::Error for BadState {}
