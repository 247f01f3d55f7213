//! A stay in the room: from one's own `JOIN` to the end of the connection, and of each
//! further one on which one has come back.

use std::future::pending;
use std::io;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::sleep_until;

use super::super::end::{ANSWER, End};
use super::super::{Client, Ending, Event, Stream, input, render};
use super::Terminal;
use super::command::Command;
use super::editor::Typed;
use super::owed::Owed;
use super::people::People;
use crate::proto::Name;

pub(super) struct Stay {
    pub(super) name: Name,
    pub(super) client: Client<Stream>,
    pub(super) owed: Owed,
}

impl Stay {
    /// On its first connection; a receipt may take so long before that is told.
    pub(super) fn new(name: Name, client: Client<Stream>, overdue: Option<Duration>) -> Stay {
        Stay { name, client, owed: Owed::new(overdue) }
    }

    /// Puts a line behind what is to be said.
    pub(super) fn hold(&mut self, line: &str) {
        for text in input::texts(line) {
            self.owed.hold(text);
        }
    }

    /// Says what is to be said, if it can be said now.
    pub(super) fn say_held(&mut self) {
        let client = &mut self.client;
        self.owed.say(Instant::now(), |text| client.say(text).is_ok());
    }

    /// Whether the next line is the answer to an offer.
    pub(super) fn is_asked(&self) -> bool {
        self.is_there() && !self.owed.offered().is_empty()
    }

    fn is_there(&self) -> bool {
        self.client.is_in() && !self.client.has_left() && self.client.ending().is_none()
    }
}

impl Terminal<'_> {
    /// Up to the end of the connection.
    pub(super) async fn talk(&mut self, stay: &mut Stay) -> End {
        let begin = Instant::now();
        let ending = self.exchange(stay).await;
        stay.owed.end(ending.fate());
        End::of(&stay.client, ending, begin)
    }

    async fn exchange(&mut self, stay: &mut Stay) -> Ending {
        let late = tokio::time::Instant::now() + ANSWER;
        loop {
            let due = stay.owed.receipts.due();
            tokio::select! {
                // A receipt that is there comes before the time at which it would be late;
                // and a person does not wait for the room.
                biased;
                () = self.leave.wish() => {
                    if stay.client.has_left() {
                        return Ending::Broken(io::ErrorKind::Interrupted);
                    }
                    stay.client.leave();
                }
                Some(typed) = self.typed.recv() => self.take(typed, stay),
                event = stay.client.event(), if !self.screen.is_full() => match event {
                    Ok(event) => self.hear(&event, stay),
                    Err(ending) => return ending,
                },
                () = self.screen.room(), if self.screen.is_full() => {}
                () = sleep_until(late), if !stay.client.is_in() => return Ending::Broken(io::ErrorKind::TimedOut),
                () = until(due) => self.tell_overdue(stay),
            }
        }
    }

    fn hear(&self, event: &Event, stay: &mut Stay) {
        if matches!(event, Event::Receipt { .. }) {
            stay.owed.receipts.received();
        }
        self.show_event(event, &stay.name);
        if matches!(event, Event::Joined) {
            self.resume(stay);
        }
    }

    pub(super) fn show_event(&self, event: &Event, name: &Name) {
        self.people().take(event);
        // One's own text stands where it was typed.
        if !matches!(event, Event::Receipt { .. }) {
            self.show_line(self.view.line(event, name));
        }
    }

    pub(super) fn take(&mut self, typed: Typed, stay: &mut Stay) {
        match typed {
            Typed::Leave { pasted } => {
                self.reading = false;
                self.screen.flush();
                stay.client.leave();
                for line in pasted {
                    stay.hold(&line);
                }
            }
            Typed::Command(command) => self.obey(&command, stay),
            Typed::Line(line) if stay.is_asked() => self.take_answer(&line, stay),
            Typed::Line(line) | Typed::Pasted(line) => {
                stay.hold(&line);
                stay.say_held();
            }
        }
    }

    fn obey(&self, command: &Command, stay: &Stay) {
        let language = self.view.language;
        match command {
            Command::Who if !stay.is_there() => self.show(&render::away(language)),
            Command::Who => self.show(&render::people(language, stay.client.roster(), &stay.name)),
            Command::Help => render::help(language).lines().for_each(|line| self.show(line)),
            Command::Unknown(word) => self.show(&render::unknown_command(language, word)),
        }
    }

    fn tell_overdue(&self, stay: &mut Stay) {
        if let Some((text, more)) = stay.owed.receipts.overdue(Instant::now()) {
            self.show(&render::overdue(self.view.language, text, more));
        }
    }

    /// Says why it ended, if that is untold, and which texts have no receipt, where there is
    /// need. It is true when the person left, and nothing has been lost.
    pub(super) fn account(&mut self, mut stay: Stay, untold: Option<&End>) -> bool {
        while let Ok(typed) = self.typed.try_recv() {
            self.take(typed, &mut stay);
        }
        let (language, given_up) = (self.view.language, stay.owed.has_given_up());
        let lost = stay.owed.lost();
        let well = stay.client.has_left() && lost.is_empty();
        if let Some(end) = untold.filter(|_| !well) {
            self.show(&end.told(language, &stay.name, self.route.address()));
        }
        for (fate, text) in &lost {
            self.show(&render::undelivered(language, *fate, text));
        }
        well && !given_up
    }

    pub(super) fn people(&self) -> MutexGuard<'_, People> {
        // What was taken in is worth as much, whatever its holder did.
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due.into()).await,
        None => pending().await,
    }
}
