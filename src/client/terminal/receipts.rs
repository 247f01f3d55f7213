//! Which of one's own texts have waited too long for their receipts.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::super::Fate;

/// The texts that wait, oldest first. The time is an argument.
#[derive(Debug)]
pub(super) struct Receipts {
    /// How long one may wait before that is told; `None` for ever.
    patience: Option<Duration>,
    waiting: VecDeque<Waiting>,
    /// Of how many of them it was told: the first ones.
    told: usize,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    text: String,
    /// What became of it on earlier connections.
    before: Fate,
}

impl Receipts {
    pub(super) fn new(patience: Option<Duration>) -> Receipts {
        Receipts { patience, waiting: VecDeque::new(), told: 0 }
    }

    /// A text is said, of which this became when it was said before, if it was.
    pub(super) fn said(&mut self, text: String, before: Fate, now: Instant) {
        self.waiting.push_back(Waiting { since: now, text, before });
    }

    /// The oldest has its receipt.
    pub(super) fn received(&mut self) {
        self.waiting.pop_front();
        self.told = self.told.saturating_sub(1);
    }

    /// None will come any more: the texts, and what became of them, when this became of
    /// what was said on the last connection.
    pub(super) fn end(&mut self, fate: Fate) -> impl Iterator<Item = (Fate, String)> {
        self.told = 0;
        self.waiting.drain(..).map(move |waiting| match waiting.before {
            Fate::NotSaid => (fate, waiting.text),
            Fate::Unknown => (Fate::Unknown, waiting.text),
        })
    }

    /// When the next one will have waited too long.
    pub(super) fn due(&self) -> Option<Instant> {
        Some(self.waiting.get(self.told)?.since + self.patience?)
    }

    /// Those that have waited too long by now and are to be told, each once: the
    /// oldest of them, and how many more there are.
    pub(super) fn overdue(&mut self, now: Instant) -> Option<(&str, usize)> {
        let first = self.told;
        while self.due().is_some_and(|due| due <= now) {
            self.told += 1;
        }
        let more = (self.told - first).checked_sub(1)?;
        self.waiting.get(first).map(|waiting| (waiting.text.as_str(), more))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_has_no_receipt_after_its_time_is_told_once() {
        let (mut receipts, start) = (Receipts::new(Some(SECOND)), Instant::now());
        assert_eq!(receipts.due(), None);
        receipts.said("uno".to_owned(), Fate::NotSaid, start);
        receipts.said("dos".to_owned(), Fate::NotSaid, start + SECOND / 2);
        assert_eq!(receipts.due(), Some(start + SECOND));
        assert_eq!(receipts.overdue(start + SECOND / 2), None);
        assert_eq!(receipts.overdue(start + SECOND), Some(("uno", 0)));
        assert_eq!(receipts.overdue(start + SECOND), None);
        assert_eq!(receipts.due(), Some(start + SECOND * 3 / 2));
    }

    #[test]
    fn what_has_its_receipt_is_not_told() {
        let (mut receipts, start) = (Receipts::new(Some(SECOND)), Instant::now());
        for text in ["uno", "dos", "tres"] {
            receipts.said(text.to_owned(), Fate::NotSaid, start);
        }
        receipts.received();
        assert_eq!(receipts.overdue(start + SECOND), Some(("dos", 1)));
        receipts.received();
        receipts.said("cuatro".to_owned(), Fate::NotSaid, start + SECOND);
        assert_eq!(receipts.overdue(start + SECOND * 2), Some(("cuatro", 0)));
        (0..3).for_each(|_| receipts.received());
        assert_eq!((receipts.due(), receipts.overdue(start + SECOND * 9)), (None, None));
    }

    #[test]
    fn endless_patience_tells_nothing() {
        let (mut receipts, start) = (Receipts::new(None), Instant::now());
        receipts.said("uno".to_owned(), Fate::NotSaid, start);
        assert_eq!((receipts.due(), receipts.overdue(start + SECOND * 9)), (None, None));
    }
}
