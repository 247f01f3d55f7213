//! The log, put together again from what each one saw: views of one log that have a message in common
//! lie over each other, and must agree wherever they do.
//!
//! Messages are all different, which `JOIN` and `LEAVE` are not. A view that shares no message with
//! any other is a piece of its own.

use std::collections::BTreeMap;
use std::fmt;

use super::{History, Stamp};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    Join(String),
    Leave(String),
    Msg(String, String),
}

/// A piece of the log without gaps.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) entries: Vec<Entry>,
    pub(super) views: Vec<View>,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) event: Event,
    /// When anybody saw it first, and who that was.
    pub(super) seen: Stamp,
    visit: usize,
}

/// The part of a piece that one visit saw.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) visit: usize,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The log in as few pieces as it can be put together to, or why it cannot.
pub(super) fn pieces(history: &History) -> Result<Vec<Piece>, String> {
    let mut pieces: Vec<Piece> = Vec::new();
    for visit in 0..history.visits.len() {
        let Some(mut piece) = Piece::of(history, visit)? else { continue };
        while let Some((other, shift)) = pieces.iter().enumerate().find_map(|(n, other)| Some((n, piece.shift(other)?)))
        {
            piece = pieces.swap_remove(other).over(piece, -shift)?;
        }
        pieces.push(piece);
    }
    Ok(pieces)
}

impl Piece {
    /// All that one visit saw; `None` when it was never in the room.
    fn of(history: &History, visit: usize) -> Result<Option<Piece>, String> {
        let seen = history.visits[visit].view();
        let entries: Vec<_> = seen.into_iter().map(|(seen, event)| Entry { event, seen, visit }).collect();
        let view = View { visit, start: 0, end: entries.len() };
        let piece = Piece { entries, views: vec![view] };
        if piece.messages().len() < piece.entries.iter().filter(|entry| entry.is_message()).count() {
            return Err(format!("[ROOM-5] visit {visit} heard a message twice: {}", piece.told()));
        }
        Ok((view.end > 0).then_some(piece))
    }

    fn messages(&self) -> BTreeMap<&Event, usize> {
        self.entries
            .iter()
            .enumerate()
            .filter(|(_, entry)| entry.is_message())
            .map(|(n, entry)| (&entry.event, n))
            .collect()
    }

    /// Where in this piece the beginning of another one lies, as their messages say.
    fn shift(&self, other: &Piece) -> Option<isize> {
        let own = self.messages();
        other
            .entries
            .iter()
            .enumerate()
            .find_map(|(n, entry)| Some(own.get(&entry.event)?.cast_signed() - n.cast_signed()))
    }

    /// Both as one, where the other one's beginning lies at `shift` in this one.
    fn over(self, other: Piece, shift: isize) -> Result<Piece, String> {
        if shift < 0 {
            return other.over(self, -shift);
        }
        let shift = shift.unsigned_abs();
        let Piece { mut entries, mut views } = self;
        for (n, entry) in other.entries.into_iter().enumerate() {
            match entries.get_mut(shift + n) {
                None => entries.push(entry),
                Some(own) if own.event == entry.event => own.see(&entry),
                Some(own) => return Err(disagreement(own, &entry)),
            }
        }
        views.extend(other.views.into_iter().map(|View { visit, start, end }| View {
            visit,
            start: start + shift,
            end: end + shift,
        }));
        Ok(Piece { entries, views })
    }

    fn told(&self) -> String {
        self.entries.iter().map(|entry| entry.event.to_string()).collect::<Vec<_>>().join(", ")
    }
}

impl Event {
    pub(super) fn message(&self) -> Option<(&str, &str)> {
        if let Event::Msg(name, text) = self { Some((name, text)) } else { None }
    }
}

impl Entry {
    fn is_message(&self) -> bool {
        self.event.message().is_some()
    }

    fn see(&mut self, other: &Entry) {
        if other.seen < self.seen {
            self.seen = other.seen;
            self.visit = other.visit;
        }
    }
}

fn disagreement(one: &Entry, other: &Entry) -> String {
    format!(
        "[ROOM-5] [ROOM-6] where visit {} heard {:?}, visit {} heard {:?}",
        one.visit,
        one.event.to_string(),
        other.visit,
        other.event.to_string()
    )
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Join(name) => write!(f, "JOIN {name}"),
            Event::Leave(name) => write!(f, "LEAVE {name}"),
            Event::Msg(name, text) => write!(f, "MSG {name} {text}"),
        }
    }
}
