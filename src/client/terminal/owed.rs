//! One's own texts of which nobody knows that they are in the room: those that are to
//! be said, those that wait for their receipts, and those that had none when their
//! connection ended.
//!
//! The last are offered: the person says whether they are said again. Up to then nothing
//! else is said, so texts keep their order, and none is sent twice unasked.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::super::Fate;
use super::receipts::Receipts;

/// The time is an argument.
#[derive(Debug)]
pub(super) struct Owed {
    pub(super) receipts: Receipts,
    offered: Vec<(Fate, String)>,
    /// With what became of them before: most are said for the first time.
    held: VecDeque<(Fate, String)>,
    given_up: bool,
}

impl Owed {
    /// Nothing yet; a receipt may take so long before that is told.
    pub(super) fn new(patience: Option<Duration>) -> Owed {
        Owed { receipts: Receipts::new(patience), offered: Vec::new(), held: VecDeque::new(), given_up: false }
    }

    /// It is to be said, after all that is.
    pub(super) fn hold(&mut self, text: String) {
        self.held.push_back((Fate::NotSaid, text));
    }

    /// Says what is to be said, unless an offer stands, as far as `say` says it.
    pub(super) fn say(&mut self, now: Instant, mut say: impl FnMut(&str) -> bool) {
        while self.offered.is_empty()
            && self.held.front().is_some_and(|(_, text)| say(text))
            && let Some((before, text)) = self.held.pop_front()
        {
            self.receipts.said(text, before, now);
        }
    }

    /// The connection has ended: this became of what has no receipt, which is offered now.
    pub(super) fn end(&mut self, fate: Fate) {
        self.offered.extend(self.receipts.end(fate));
    }

    /// What waits for a yes or a no.
    pub(super) fn offered(&self) -> &[(Fate, String)] {
        &self.offered
    }

    /// Yes: it is to be said again, before all else.
    pub(super) fn accept(&mut self) {
        for text in self.offered.drain(..).rev() {
            self.held.push_front(text);
        }
    }

    /// No: it stays as it is.
    pub(super) fn give_up(&mut self) {
        self.given_up |= !self.offered.is_empty();
        self.offered.clear();
    }

    /// Whether there ever was such a no.
    pub(super) fn has_given_up(&self) -> bool {
        self.given_up
    }

    /// What is not in the room at the end, as far as one knows, and was not given up.
    pub(super) fn lost(self) -> Vec<(Fate, String)> {
        self.offered.into_iter().chain(self.held).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(owed: &mut Owed) -> Vec<String> {
        let mut said = Vec::new();
        owed.say(Instant::now(), |text| {
            said.push(text.to_owned());
            true
        });
        said
    }

    fn holding(texts: &[&str]) -> Owed {
        let mut owed = Owed::new(None);
        for &text in texts {
            owed.hold(text.to_owned());
        }
        owed
    }

    fn texts(texts: &[(Fate, &str)]) -> Vec<(Fate, String)> {
        texts.iter().map(|&(fate, text)| (fate, text.to_owned())).collect()
    }

    #[test]
    fn nothing_is_said_while_an_offer_stands() {
        let mut owed = holding(&["uno", "dos"]);
        assert_eq!(said(&mut owed), ["uno", "dos"]);
        owed.receipts.received();
        owed.end(Fate::Unknown);
        owed.hold("tres".to_owned());
        assert_eq!(owed.offered(), texts(&[(Fate::Unknown, "dos")]));
        assert!(said(&mut owed).is_empty());
        owed.accept();
        assert_eq!(said(&mut owed), ["dos", "tres"]);
    }

    #[test]
    fn what_is_given_up_is_neither_said_nor_lost_again() {
        let mut owed = holding(&["uno"]);
        said(&mut owed);
        owed.end(Fate::NotSaid);
        owed.hold("dos".to_owned());
        owed.give_up();
        assert_eq!(said(&mut owed), ["dos"]);
        assert!(owed.has_given_up());
        owed.end(Fate::NotSaid);
        assert_eq!(owed.lost(), texts(&[(Fate::NotSaid, "dos")]));
    }

    #[test]
    fn what_may_have_been_said_once_is_never_certainly_not_said() {
        let mut owed = holding(&["uno"]);
        said(&mut owed);
        owed.end(Fate::Unknown);
        owed.accept();
        owed.hold("dos".to_owned());
        said(&mut owed);
        owed.end(Fate::NotSaid);
        assert_eq!(owed.lost(), texts(&[(Fate::Unknown, "uno"), (Fate::NotSaid, "dos")]));
    }

    #[test]
    fn what_cannot_be_said_stays() {
        let mut owed = holding(&["uno", "dos"]);
        owed.say(Instant::now(), |text| text == "uno");
        assert_eq!(said(&mut owed), ["dos"]);
    }
}
