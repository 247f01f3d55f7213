//! What holds of a log and all who read it.

use std::collections::BTreeMap;

use super::log::{Entry, Event, Piece, View};
use super::{Fall, History, How, Stamp, Visit, key};

/// What in this piece of the log breaks a clause.
pub(super) fn check(history: &History, log: &Piece) -> Vec<String> {
    let hall = Hall { history, log };
    let mut broken = hall.presence();
    broken.extend(hall.messages());
    broken.extend(hall.causes());
    broken.extend(hall.refusals());
    broken.extend(history.lulls.iter().flat_map(|&lull| hall.ghosts(lull)));
    for view in &log.views {
        broken.extend(hall.end(view));
        broken.extend(history.falls.iter().flatten().filter_map(|fall| hall.fall(view, fall)));
        broken.extend(history.lulls.iter().filter_map(|&lull| hall.lull(view, lull)));
    }
    broken
}

struct Hall<'a> {
    history: &'a History,
    log: &'a Piece,
}

impl Hall<'_> {
    fn visit(&self, view: &View) -> &Visit {
        &self.history.visits[view.visit]
    }

    /// Follows who is there along the log: rosters are right, and only who is there leaves or speaks.
    fn presence(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let mut present = self.present_at_first();
        for (place, entry) in self.log.entries.iter().enumerate() {
            let wrong = self.rosters(place).filter(|(_, roster)| *roster != present);
            broken.extend(wrong.map(|(visit, roster)| {
                format!("[ROOM-2] [ROOM-4] visit {visit} was told of {roster:?} where {present:?} were there")
            }));
            broken.extend(self.misplaced(entry, &present));
            pass(&mut present, &entry.event);
        }
        broken
    }

    fn present_at_first(&self) -> Vec<String> {
        self.rosters(0).next().map(|(_, roster)| roster.to_vec()).unwrap_or_default()
    }

    /// Who is there before the event at this place.
    fn present(&self, place: usize) -> Vec<String> {
        let mut present = self.present_at_first();
        self.log.entries.iter().take(place).for_each(|entry| pass(&mut present, &entry.event));
        present
    }

    /// How much of the log anybody had seen by then.
    fn head(&self, stamp: Stamp) -> usize {
        self.log.entries.iter().rposition(|entry| entry.seen < stamp).map_or(0, |last| last + 1)
    }

    /// Why this cannot happen while these are there.
    fn misplaced(&self, entry: &Entry, present: &[String]) -> Option<String> {
        let why = match &entry.event {
            Event::Join(name) if present.iter().any(|other| key(other) == key(name)) => {
                "[BYE-3] [LEAVE-3] of somebody who is there"
            }
            Event::Join(name) if !self.asked(name, entry.seen) => "[ROOM-7] [LEAVE-8] for which nobody had asked",
            Event::Leave(name) if !present.contains(name) => "[LEAVE-1] [LEAVE-8] of somebody who is not there",
            Event::Msg(name, _) if !present.contains(name) => "[BYE-6] [LEAVE-6] of somebody who is not there",
            _ => return None,
        };
        Some(format!("{} {why}: {present:?}", entry.event))
    }

    /// Who had their own `JOIN` at this place, and the roster that they were given.
    fn rosters(&self, place: usize) -> impl Iterator<Item = (usize, &[String])> {
        let views = self.log.views.iter().filter(move |view| view.start == place);
        views.filter_map(|view| Some((view.visit, self.visit(view).roster()?)))
    }

    fn asked(&self, name: &str, before: Stamp) -> bool {
        self.history.visits.iter().any(|visit| visit.name == name && visit.asked().is_some_and(|asked| asked < before))
    }

    /// Each message was said, right after the one that its sender had said before, and by nobody who was told
    /// that it was not.
    fn messages(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let said = self.said();
        let receipts: Vec<_> = self.history.visits.iter().map(|visit| visit.receipts().count()).collect();
        // Who is seen joining here has its first message here.
        let mut next: BTreeMap<usize, usize> = self.log.views.iter().map(|view| (view.visit, 0)).collect();
        for (name, text) in self.log.entries.iter().filter_map(|entry| entry.event.message()) {
            let Some(&(visit, number)) = said.get(&(name, text)) else {
                broken.push(format!("[ROOM-7] {name:?} never said {text:?}"));
                continue;
            };
            if next.insert(visit, number + 1).is_some_and(|next| next != number) {
                broken.push(format!("[ROOM-7] [ROOM-9] {text:?} of {name:?} came out of turn"));
            }
            if number >= receipts[visit] && self.history.visits[visit].knows_its_end() {
                broken.push(format!("[BYE-14] {text:?} was said, and {name:?} has BYE and no receipt"));
            }
        }
        broken
    }

    /// Who said what, as the how manieth of its texts.
    fn said(&self) -> BTreeMap<(&str, &str), (usize, usize)> {
        let all = self.history.visits.iter().enumerate();
        let said = all
            .flat_map(|(visit, of)| of.said().enumerate().map(move |(n, (_, text))| ((&*of.name, text), (visit, n))));
        said.collect()
    }

    /// [ROOM-10]: what was seen before something was asked for comes before what came of that.
    fn causes(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let asked = self.asked_for();
        let mut seen_later = Stamp::MAX;
        for (place, entry) in self.log.entries.iter().enumerate().rev() {
            seen_later = seen_later.min(entry.seen);
            if asked.get(&place).is_some_and(|&asked| seen_later < asked) {
                broken.push(format!("[ROOM-10] {} comes before what was seen before it was asked for", entry.event));
            }
        }
        broken
    }

    /// When what stands at a place was asked for, where that is known.
    fn asked_for(&self) -> BTreeMap<usize, Stamp> {
        let joined = self.log.views.iter().filter_map(|view| Some((view.start, self.visit(view).asked()?)));
        let said = self.history.visits.iter().flat_map(|of| of.said().map(|(stamp, text)| ((&*of.name, text), stamp)));
        let said: BTreeMap<_, _> = said.collect();
        let entries = self.log.entries.iter().enumerate();
        let messages = entries.filter_map(|(place, entry)| Some((place, *said.get(&entry.event.message()?)?)));
        joined.chain(messages).collect()
    }

    /// [BYE-3], [LEAVE-6]: a name that is refused was somebody's after all that had been seen before it was asked for.
    fn refusals(&self) -> Vec<String> {
        let refused = |visit: &Visit| {
            let (refused, _) = visit.bye().filter(|(_, code)| *code == "name-taken")?;
            let asked = visit.asked()?;
            (self.is_witnessed(asked, refused) && !self.is_held(&key(&visit.name), asked, refused)).then(|| {
                format!("[BYE-3] [LEAVE-6] BYE name-taken came to {:?}, and its LEAVE had been seen", visit.name)
            })
        };
        self.history.visits.iter().filter_map(refused).collect()
    }

    /// Whether somebody was there all the time, and then up to a lull: of that time the log is known.
    fn is_witnessed(&self, from: Stamp, to: Stamp) -> bool {
        let lull = self.history.lulls.iter().find(|&&lull| lull > to);
        lull.is_some_and(|&lull| self.log.views.iter().any(|view| self.visit(view).stays(from, lull)))
    }

    /// Whether somebody may have had this name at some time between these.
    fn is_held(&self, name: &str, from: Stamp, to: Stamp) -> bool {
        let place = self.head(from);
        let joins =
            |entry: &Entry| matches!(&entry.event, Event::Join(other) if key(other) == name && self.asked(other, to));
        self.present(place).iter().any(|other| key(other) == name) || self.log.entries.iter().skip(place).any(joins)
    }

    /// [LEAVE-1], [LEAVE-2]: by the lull, who is there has a connection.
    fn ghosts(&self, lull: Stamp) -> Vec<String> {
        if !self.has_witness(lull) {
            return Vec::new();
        }
        let may_be_there = |visit: &Visit| !visit.well || visit.ended().is_none_or(|ended| ended > lull);
        let mut ghosts = self.present(self.head(lull));
        ghosts.retain(|name| !self.history.visits.iter().any(|visit| visit.name == *name && may_be_there(visit)));
        let told =
            |name| format!("[LEAVE-1] [LEAVE-2] {name:?} is there at {lull}, and nobody of this name is connected");
        ghosts.into_iter().map(told).collect()
    }

    /// [LEAVE-1]: those who stay hear in time that the people of a server have left.
    fn fall(&self, view: &View, fall: &Fall) -> Option<String> {
        let (visit, told) = (self.visit(view), fall.told?);
        let was_there = visit.server == fall.server
            && visit.joined().is_some_and(|joined| joined < fall.from)
            && visit.ended().is_none_or(|ended| ended > fall.from);
        let in_time = self.left(view).is_some_and(|left| self.log.entries[left].seen < told);
        let witnessed = self.log.views.iter().any(|view| self.visit(view).stays(fall.from, told));
        (was_there && !in_time && witnessed).then(|| {
            format!(
                "[LEAVE-1] its server fell at {}, and by {told} no LEAVE tells of it (visit {}, {})",
                fall.from, view.visit, visit.name
            )
        })
    }

    /// What one sees ends where its ending says.
    fn end(&self, view: &View) -> Option<String> {
        let visit = self.visit(view);
        let (left, length) = (self.left(view), self.log.entries.len());
        // Who loses touch with the room cannot know all of it.
        let orderly = self.history.fall(visit).is_some_and(|fall| fall.how == How::Stopped);
        let broken = match (visit.bye().map(|(_, code)| code), left) {
            (_, Some(left)) if left < view.end => "[LEAVE-4] heard what comes after its LEAVE",
            (Some("shutdown"), Some(left)) if orderly && self.misses(view, left) => {
                "[BYE-14] has BYE shutdown and not all that came before its LEAVE"
            }
            (Some("shutdown"), _) if self.history.falls.is_some() => return None,
            (Some("shutdown"), Some(_)) => "[LEAVE-10] was sent away by BYE shutdown, and a LEAVE tells of it",
            (Some("shutdown"), None) if view.end < length => "[BYE-14] has BYE shutdown and not the last event",
            (Some("shutdown") | None, _) => return None,
            (Some(_), None) if self.is_whole() || visit.knows_its_end() && view.end < length => {
                "[LEAVE-1] [LEAVE-6] has BYE, and no LEAVE tells of it"
            }
            (Some(_), Some(left)) if visit.knows_its_end() && view.end < left => {
                "[BYE-14] has BYE and not all that came before its LEAVE"
            }
            (Some(_), _) => return None,
        };
        Some(format!("{broken} (visit {}, {})", view.visit, visit.name))
    }

    /// Whether it has not heard all up to this place, but for those who were sent away with it.
    fn misses(&self, view: &View, left: usize) -> bool {
        let fall = self.history.fall(self.visit(view));
        let falls_too = |name: &str| {
            let mut visits = self.history.visits.iter();
            visits.any(|other| other.name == name && self.history.fall(other) == fall)
        };
        let missed = self.log.entries.iter().take(left).skip(view.end);
        missed.into_iter().any(|entry| !matches!(&entry.event, Event::Leave(name) if falls_too(name)))
    }

    /// The place of its `LEAVE`.
    fn left(&self, view: &View) -> Option<usize> {
        let leave = Event::Leave(self.visit(view).name.clone());
        self.log.entries.iter().skip(view.start).position(|entry| entry.event == leave).map(|n| view.start + n)
    }

    /// Whether the log's end is known: someone was there when the room was closed.
    fn is_whole(&self) -> bool {
        self.history.falls.is_none()
            && self.log.views.iter().any(|view| self.visit(view).bye().is_some_and(|(_, code)| code == "shutdown"))
    }

    /// [ROOM-5], [ROOM-11], [LEAVE-2]: by the lull, who is there has all that anybody has, and the `LEAVE` of those who are
    /// not is among it.
    fn lull(&self, view: &View, lull: Stamp) -> Option<String> {
        let visit = self.visit(view);
        let head = self.head(lull);
        if !visit.well || view.start >= head {
            return None;
        }
        let gone = visit.ended().is_some_and(|ended| ended < lull);
        let has = view.start + visit.steps.iter().filter(|(stamp, step)| *stamp < lull && step.is_heard()).count();
        let broken = match self.left(view).filter(|&left| left < head) {
            None if gone && self.has_witness(lull) => "[LEAVE-1] [LEAVE-2] has gone, and no LEAVE tells of it",
            None if !gone && has < head => "[ROOM-5] [ROOM-11] was not told what others were",
            Some(_) if !gone => "[BYE-1] has left, as others were told, and was not told so",
            _ => return None,
        };
        Some(format!("{broken} (visit {}, {})", view.visit, visit.name))
    }

    /// Whether there is somebody at the lull who would hear of a `LEAVE`.
    fn has_witness(&self, lull: Stamp) -> bool {
        self.log.views.iter().any(|view| self.visit(view).stays(lull, lull))
    }
}

fn pass(present: &mut Vec<String>, event: &Event) {
    match event {
        Event::Join(name) => present.push(name.clone()),
        Event::Leave(name) => present.retain(|other| other != name),
        Event::Msg(..) => {}
    }
}
