//! The way back into the room, after a connection that ended: the prompt stands all the
//! while, and what is typed there waits.

use std::pin::pin;
use std::time::Duration;

use tokio::time::sleep;

use super::super::end::End;
use super::super::{Client, JoinError, Stream, render};
use super::Terminal;
use super::stay::Stay;

impl Terminal<'_> {
    /// When to come back after this end, if at all.
    pub(super) fn wait(&mut self, end: &End, stay: &Stay) -> Option<Duration> {
        let reconnect = self.reconnect.as_mut().filter(|_| !stay.client.has_left());
        end.wait(reconnect?)
    }

    /// Tells this end, and comes back after the wait. How that ended is returned, or
    /// `None` when the person left before one was in the room.
    pub(super) async fn come_back(&mut self, end: &End, wait: Duration, stay: &mut Stay) -> Option<End> {
        let language = self.view.language;
        self.show(&[end.told(language, &stay.name, self.route.address()), render::again(language, wait)].join(" "));
        match self.connect_after(wait, stay).await? {
            Ok(stream) => {
                stay.client = Client::join(stream, stay.name.clone());
                let end = self.talk(stay).await;
                (stay.client.is_in() || !stay.client.has_left()).then_some(end)
            }
            Err(error) => Some(End::Out(error)),
        }
    }

    async fn connect_after(&mut self, wait: Duration, stay: &mut Stay) -> Option<Result<Stream, JoinError>> {
        let route = self.route;
        let mut connected = pin!(async {
            sleep(wait).await;
            route.connect().await
        });
        // Its connection has ended; that it has left keeps the person's wish.
        while !stay.client.has_left() {
            tokio::select! {
                // What was typed before waits, be there a connection at once.
                biased;
                () = self.leave.wish() => stay.client.leave(),
                Some(typed) = self.typed.recv() => self.take(typed, stay),
                connected = &mut connected => return Some(connected),
            }
        }
        None
    }

    /// One is in the room again: offers what had no receipt, or says what waits.
    pub(super) fn resume(&self, stay: &mut Stay) {
        self.people().enter(stay.client.roster(), stay.name.as_str());
        for (fate, text) in stay.owed.offered() {
            self.show(&render::undelivered(self.view.language, *fate, text));
        }
        if stay.is_asked() {
            self.show(&render::offer(self.view.language));
        }
        stay.say_held();
    }

    /// A line that was typed below the offer: anything but a yes and a no waits too.
    pub(super) fn take_answer(&self, line: &str, stay: &mut Stay) {
        match render::answer(self.view.language, line) {
            Some(true) => {
                for (_, text) in stay.owed.offered() {
                    self.show_line(self.view.said(text));
                }
                stay.owed.accept();
            }
            Some(false) => stay.owed.give_up(),
            None => {
                stay.hold(line);
                self.show(&render::offer(self.view.language));
            }
        }
        stay.say_held();
    }
}
