//! A visit while it lasts: what the client hears is written down, and the one behind it speaks, stops
//! reading, breaks the rules, leaves or vanishes.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use charla::client::{Client, Ending, Event, Fate};
use charla::proto::Name;
use tokio::io::AsyncReadExt;
use tokio::time::{sleep, timeout};

use super::history::Step;
use super::person::{PATIENCE, Person};
use super::tap::{Control, Tap};
use super::wire::{Line, Wire};

/// What is refused once one is in the room, and with which code.
const RUDE: &[(&str, &str)] =
    &[("GRITA\n", "bad-line"), ("MSG \n", "bad-line"), ("NAME Zoe\n", "bad-state"), ("MSG \x1b\n", "bad-line")];

/// How many texts of 1000 bytes are more than the server keeps of the log.
const FLOOD: usize = 2500;

/// A visit while it lasts.
pub(super) struct Stay<'a> {
    person: &'a mut Person,
    pub(super) client: Client<Tap>,
    control: Rc<RefCell<Control>>,
    line: Line,
    visit: usize,
    texts: usize,
    /// It did what ends its visit, and only listens now.
    done: bool,
}

impl Stay<'_> {
    pub(super) fn new<'a>(person: &'a mut Person, visit: usize, name: &str, wire: Wire, line: Line) -> Stay<'a> {
        let (tap, control) = Tap::new(wire);
        person.world.record.step(visit, Step::Asked);
        let client = Client::join(tap, Name::new(name).unwrap());
        Stay { person, client, control, line, visit, texts: 0, done: false }
    }

    /// Hears and acts until it ends; `None` when it was ended from here, without a word.
    pub(super) async fn last(&mut self) -> Option<Ending> {
        loop {
            let pause = self.person.moment(if self.floods() { 20 } else { 250 });
            tokio::select! {
                biased;
                event = self.client.event() => match event {
                    Ok(event) => self.hear(event),
                    Err(ending) => {
                        self.end(&ending);
                        return Some(ending);
                    }
                },
                () = sleep(pause) => if self.act().await.is_break() {
                    self.note(Step::End);
                    return None;
                }
            }
        }
    }

    fn hear(&self, event: Event) {
        self.note(match event {
            Event::Joined => {
                let (_own, others) = self.client.roster().split_last().unwrap();
                Step::Joined(others.to_vec())
            }
            Event::Join(name) => Step::Join(name),
            Event::Leave(name) => Step::Leave(name),
            Event::Msg { name, text } => Step::Msg(name, text),
            Event::Receipt { text, .. } => Step::Receipt(text),
        });
    }

    /// [BYE-14]: the client knows what became of what it said.
    fn end(&self, ending: &Ending) {
        let (step, fate) = match ending {
            Ending::Bye(farewell) if farewell.code == "too-slow" => (Step::Bye(farewell.code.clone()), Fate::Unknown),
            Ending::Bye(farewell) => (Step::Bye(farewell.code.clone()), Fate::NotSaid),
            Ending::EndOfStream | Ending::Broken(_) | Ending::Tls(_) => (Step::Lost, Fate::Unknown),
        };
        assert_eq!(ending.fate(), fate, "{ending}");
        self.note(step);
    }

    /// Does anything; a break is the end without a word.
    async fn act(&mut self) -> ControlFlow<()> {
        let world = Rc::clone(&self.person.world);
        if world.is_quiet() || world.is_closing() {
            // What was cut off never comes back to life.
            return if world.record.is_well(self.visit) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        }
        if self.done || !self.client.is_in() {
            return ControlFlow::Continue(());
        }
        match self.person.rng.u8(..100) {
            _ if self.floods() => self.flood(),
            0..50 => self.say(),
            50..62 => self.pause().await,
            62..66 => self.leave(),
            66..70 => self.close_half(),
            70..75 => self.be_rude(),
            75..79 => {
                self.line.reset();
                return ControlFlow::Break(());
            }
            79..83 => return ControlFlow::Break(()),
            83..85 => {
                world.vanish(self.person.number);
                return ControlFlow::Break(());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn floods(&self) -> bool {
        self.person.world.crowded && self.person.number == 0 && self.texts < FLOOD
    }

    /// Fills the log.
    fn flood(&mut self) {
        while self.client.waiting() < 64 {
            self.say_one(1000);
        }
    }

    fn say(&mut self) {
        for _ in 0..self.person.rng.usize(1..5) {
            let longest = if self.person.rng.u8(..10) == 0 { 1000 } else { 20 };
            let length = self.person.rng.usize(..longest);
            self.say_one(length);
        }
    }

    fn say_one(&mut self, length: usize) {
        let text = format!("{}-{} {}", self.visit, self.texts, "x".repeat(length));
        self.texts += 1;
        self.note(Step::Said(text.clone()));
        self.client.say(&text).unwrap();
    }

    /// Reads nothing for a while.
    async fn pause(&mut self) {
        if self.person.world.crowded {
            self.person.world.record.unwell(self.visit);
            sleep(self.person.moment(5000)).await;
        } else {
            sleep(self.person.moment(500)).await;
        }
    }

    fn leave(&mut self) {
        self.note(Step::Left);
        self.client.leave();
        self.done = true;
    }

    fn close_half(&mut self) {
        self.note(Step::Left);
        self.control.borrow_mut().end = true;
        self.done = true;
    }

    fn be_rude(&mut self) {
        let (line, code) = RUDE[self.person.rng.usize(..RUDE.len())];
        self.note(Step::Broke(code));
        self.control.borrow_mut().insert.extend(line.as_bytes());
        self.done = true;
    }

    fn note(&self, step: Step) {
        self.person.world.record.step(self.visit, step);
    }

    /// Reads what comes after the `BYE`.
    pub(super) async fn listen_on(self) {
        let Stay { person, client, control, visit, .. } = self;
        drop(client);
        let Control { heard, left, .. } = control.take();
        let Some((mut wire, mut heard)) = left.zip(heard_of_bye(heard)) else { return };
        // It may be reset, or stay open where it was cut off: nothing more comes then.
        let _ = timeout(PATIENCE, wire.read_to_end(&mut heard)).await;
        for line in String::from_utf8_lossy(&heard).lines().skip(1) {
            person.world.record.step(visit, Step::Late(line.to_owned()));
        }
    }
}

/// What was heard from the `BYE` on, if that came.
fn heard_of_bye(heard: Vec<u8>) -> Option<Vec<u8>> {
    let text = String::from_utf8(heard).unwrap();
    let at = if text.starts_with("BYE ") { 0 } else { text.find("\nBYE ")? + 1 };
    Some(text[at..].into())
}
