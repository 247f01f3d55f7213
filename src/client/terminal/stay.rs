//! A stay in the room, from one's own `JOIN` to the end of the connection.

use std::future::pending;
use std::io;
use std::sync::{MutexGuard, PoisonError};
use std::time::Instant;

use tokio::net::TcpStream;
use tokio::time::sleep_until;

use super::super::{Client, Ending, Event, input, render};
use super::Terminal;
use super::command::Command;
use super::editor::Typed;
use super::people::People;
use super::receipts::Receipts;
use crate::proto::Name;
use crate::proto::client_session::Fate;

pub(super) struct Stay {
    name: Name,
    client: Client<TcpStream>,
    receipts: Receipts,
    /// What was typed too late to be said.
    unsaid: Vec<String>,
}

impl Stay {
    pub(super) fn new(name: Name, client: Client<TcpStream>, receipts: Receipts) -> Stay {
        Stay { name, client, receipts, unsaid: Vec::new() }
    }

    fn say(&mut self, text: String) {
        if self.client.say(&text).is_ok() {
            self.receipts.said(text, Instant::now());
        } else {
            self.unsaid.push(text);
        }
    }
}

impl Terminal<'_> {
    /// Up to the end of the connection.
    pub(super) async fn talk(&mut self, stay: &mut Stay) -> Ending {
        loop {
            let due = stay.receipts.due();
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
                () = until(due) => self.tell_overdue(stay),
            }
        }
    }

    fn hear(&self, event: &Event, stay: &mut Stay) {
        if matches!(event, Event::Receipt { .. }) {
            stay.receipts.received();
        }
        self.show_event(event, &stay.name);
    }

    pub(super) fn show_event(&self, event: &Event, name: &Name) {
        self.people().take(event);
        // One's own text stands where it was typed.
        if !matches!(event, Event::Receipt { .. }) {
            self.show_line(self.view.line(event, name));
        }
    }

    fn take(&mut self, typed: Typed, stay: &mut Stay) {
        match typed {
            Typed::Leave { pasted } => {
                self.reading = false;
                self.screen.flush();
                stay.client.leave();
                stay.unsaid.extend(pasted.iter().flat_map(|line| input::texts(line)));
            }
            Typed::Command(command) => self.obey(&command, stay),
            Typed::Line(line) => input::texts(&line).into_iter().for_each(|text| stay.say(text)),
        }
    }

    fn obey(&self, command: &Command, stay: &Stay) {
        let language = self.view.language;
        match command {
            Command::Who => self.show(&render::people(language, stay.client.roster(), &stay.name)),
            Command::Help => render::help(language).lines().for_each(|line| self.show(line)),
            Command::Unknown(word) => self.show(&render::unknown_command(language, word)),
        }
    }

    fn tell_overdue(&self, stay: &mut Stay) {
        if let Some((text, more)) = stay.receipts.overdue(Instant::now()) {
            self.show(&render::overdue(self.view.language, text, more));
        }
    }

    /// Says why it ended, and which texts have no receipt, where there is need. It is
    /// true when there is none.
    pub(super) fn account(&mut self, mut stay: Stay, ending: &Ending) -> bool {
        while let Ok(typed) = self.typed.try_recv() {
            self.take(typed, &mut stay);
        }
        let mut lost: Vec<_> = stay.client.unreceipted().map(|text| (ending.fate(), text)).collect();
        lost.extend(stay.unsaid.iter().map(|text| (Fate::NotSaid, text.as_str())));
        let well = stay.client.has_left() && lost.is_empty();
        if !well {
            self.show(&render::ending(self.view.language, ending, self.address));
        }
        for (fate, text) in lost {
            self.show(&render::undelivered(self.view.language, fate, text));
        }
        well
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
