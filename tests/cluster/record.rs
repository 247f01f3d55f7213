//! What is written down of an act.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::history::{Fall, History, How, Stamp, Step, Visit};

/// The history of an act, as it comes about. A stamp is the time in microseconds, or a little later: no two are the same.
pub(super) struct Record {
    began: Instant,
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    history: History,
    last: Stamp,
}

impl Record {
    pub(super) fn new() -> Record {
        let history = History { falls: Some(Vec::new()), ..History::default() };
        Record { began: Instant::now(), pages: Mutex::new(Pages { history, last: 0 }) }
    }

    /// A new visit to this server; gives its number.
    pub(super) fn open(&self, name: &str, server: usize) -> usize {
        self.write(|history, _| {
            history.visits.push(Visit { name: name.to_owned(), server, steps: Vec::new(), well: true });
            history.visits.len() - 1
        })
    }

    pub(super) fn step(&self, visit: usize, step: Step) {
        self.write(|history, now| history.visits[visit].steps.push((now, step)));
    }

    pub(super) fn lull(&self) {
        self.write(|history, now| history.lulls.push(now));
    }

    /// This befalls a server now. Where it is said, the others have to be told of it within this time.
    pub(super) fn fall(&self, server: usize, how: How, told: Option<Duration>) {
        self.write(|history, now| {
            let told = told.map(|told| now + stamp(told));
            history.falls.get_or_insert_default().push(Fall { server, how, from: now, to: Stamp::MAX, told });
        });
    }

    /// All that befell any server is over.
    pub(super) fn recover(&self) {
        self.write(|history, now| {
            history.falls.iter_mut().flatten().filter(|fall| fall.to == Stamp::MAX).for_each(|fall| fall.to = now);
        });
    }

    pub(super) fn so_far(&self) -> History {
        self.pages.lock().unwrap().history.clone()
    }

    pub(super) fn history(self) -> History {
        self.pages.into_inner().unwrap().history
    }

    fn write<T>(&self, note: impl FnOnce(&mut History, Stamp) -> T) -> T {
        let mut pages = self.pages.lock().unwrap();
        pages.last = stamp(self.began.elapsed()).max(pages.last + 1);
        let now = pages.last;
        note(&mut pages.history, now)
    }
}

fn stamp(time: Duration) -> Stamp {
    u64::try_from(time.as_micros()).unwrap_or(Stamp::MAX)
}
