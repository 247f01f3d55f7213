//! What is written down of a run.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::history::{History, Stamp, Step, Visit};

/// The history of a run, as it comes about.
#[derive(Clone, Default)]
pub(super) struct Record(Rc<Pages>);

#[derive(Default)]
struct Pages {
    history: RefCell<History>,
    stamp: Cell<Stamp>,
    /// Of each visit, whose it was; and how many there were at the last lull.
    hosts: RefCell<Vec<usize>>,
    old: Cell<usize>,
}

impl Record {
    /// A new visit of this person; gives its number.
    pub(super) fn open(&self, person: usize, name: &str) -> usize {
        let visits = &mut self.0.history.borrow_mut().visits;
        visits.push(Visit { name: name.to_owned(), server: 0, steps: Vec::new(), well: true });
        self.0.hosts.borrow_mut().push(person);
        visits.len() - 1
    }

    pub(super) fn step(&self, visit: usize, step: Step) {
        let stamp = self.stamp();
        self.0.history.borrow_mut().visits[visit].steps.push((stamp, step));
    }

    pub(super) fn unwell(&self, visit: usize) {
        self.0.history.borrow_mut().visits[visit].well = false;
    }

    pub(super) fn is_well(&self, visit: usize) -> bool {
        self.0.history.borrow().visits[visit].well
    }

    /// The connection of this person lost something: that may be of any visit that is not long over.
    pub(super) fn cut_off(&self, person: usize) {
        let Pages { history, hosts, old, .. } = &*self.0;
        for (number, visit) in history.borrow_mut().visits.iter_mut().enumerate() {
            if hosts.borrow()[number] == person && (number >= old.get() || visit.ended().is_none()) {
                visit.well = false;
            }
        }
    }

    pub(super) fn lull(&self) {
        let stamp = self.stamp();
        let history = &mut *self.0.history.borrow_mut();
        history.lulls.push(stamp);
        self.0.old.set(history.visits.len());
    }

    pub(super) fn history(self) -> History {
        self.0.history.take()
    }

    fn stamp(&self) -> Stamp {
        self.0.stamp.replace(self.0.stamp.get() + 1)
    }
}
