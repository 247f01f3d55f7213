//! One who is in the room, by the client of the library.

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;

use charla::client::{Client, Ending, Event};
use charla::proto::Name;
use tokio::time::timeout;

use super::history::Step;
use super::line::Line;
use super::wave::Wave;
use super::{DEADLINE, Result};

pub(super) struct Guest {
    wave: Rc<Wave>,
    line: Line,
    client: Client<Line>,
    name: String,
    /// Its number in the history.
    visit: usize,
    /// Whether what it hears is written down.
    recorded: bool,
    said: usize,
    /// The last text of somebody else that it heard, where that is written down.
    pub(super) last_heard: String,
}

/// How one leaves.
pub(super) enum Way {
    /// By `BYE`.
    Bye,
    /// By the end of its stream.
    HalfClose,
    /// By a reset.
    Reset,
    /// Without a word.
    Vanish,
    /// By these bytes, which deserve this code.
    Break(Vec<u8>, &'static str),
}

impl Guest {
    /// Joins under this name. What a recorded guest hears is held against what all others did.
    pub(super) async fn join(wave: &Rc<Wave>, line: Line, name: &str, recorded: bool) -> Result<Guest> {
        wave.tally.come();
        let visit = wave.record.open(name, recorded);
        wave.record.step(visit, Step::Asked);
        let mut client = Client::join(line.clone(), Name::new(name).map_err(|error| error.to_string())?);
        timeout(DEADLINE, client.welcome())
            .await
            .map_err(|_| format!("{name} was not let in"))?
            .map_err(|error| format!("{name} was not let in: {error}"))?;
        let mut guest = Guest {
            wave: Rc::clone(wave),
            line,
            client,
            name: name.to_owned(),
            visit,
            recorded,
            said: 0,
            last_heard: String::new(),
        };
        guest
            .note(|guest| Step::Joined(guest.roster().iter().filter(|other| *other != &guest.name).cloned().collect()));
        Ok(guest)
    }

    /// Who is in the room, as one knows whose hearing is recorded.
    pub(super) fn roster(&self) -> &[String] {
        self.client.roster()
    }

    /// Says a text of about this length, which nobody else says.
    pub(super) fn say(&mut self, length: usize) -> Result<()> {
        let text = format!("{:.<length$}", format!("{}-{}", self.visit, self.said));
        self.say_text(text)
    }

    pub(super) fn say_text(&mut self, text: String) -> Result<()> {
        self.client.say(&text).map_err(|error| format!("{} cannot say {text:?}: {error:?}", self.name))?;
        self.said += 1;
        self.wave.tally.say();
        self.wave.record.step(self.visit, Step::Said(text));
        Ok(())
    }

    /// Hears until this is ready.
    pub(super) async fn hear_until(&mut self, ready: impl Future<Output = ()>) -> Result<()> {
        let mut ready = pin!(ready);
        loop {
            tokio::select! {
                biased;
                () = &mut ready => return Ok(()),
                heard = self.hear() => heard.map_err(|ending| self.put_out(&ending))?,
            }
        }
    }

    /// Hears what comes next, which must come.
    pub(super) async fn hear_next(&mut self) -> Result<()> {
        match timeout(DEADLINE, self.hear()).await {
            Ok(heard) => heard.map_err(|ending| self.put_out(&ending)),
            Err(_) => Err(format!("{} hears nothing more", self.name)),
        }
    }

    /// Hears what one still hears who has not read for long, and leaves if it was not put out.
    pub(super) async fn give_up(mut self) -> Result<()> {
        self.line.widen().map_err(|error| error.to_string())?;
        self.client.leave();
        match self.hear_out().await? {
            Ending::Bye(bye) if bye.code != "quit" && bye.code != "too-slow" => {
                Err(format!("{} was slow, and got {}", self.name, bye.code))
            }
            _ => Ok(()),
        }
    }

    /// Hears until all that it said has its receipt.
    pub(super) async fn hear_receipts(&mut self) -> Result<()> {
        let all = timeout(DEADLINE, async {
            while self.client.waiting() > 0 {
                self.hear().await?;
            }
            Ok(())
        });
        match all.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(ending)) => Err(self.put_out(&ending)),
            Err(_) => Err(format!("{} waits for {} receipts", self.name, self.client.waiting())),
        }
    }

    /// Leaves in this way, and is told what it deserves.
    pub(super) async fn leave(mut self, way: Way) -> Result<()> {
        match &way {
            Way::Bye => self.client.leave(),
            Way::HalfClose => self.line.end().map_err(|error| error.to_string())?,
            Way::Reset => self.line.reset().map_err(|error| error.to_string())?,
            Way::Break(bytes, _) => self.line.blurt(bytes).await.map_err(|error| error.to_string())?,
            Way::Vanish => {}
        }
        let (step, code) = match way {
            Way::Bye | Way::HalfClose => (Step::Left, "quit"),
            Way::Break(_, code) => (Step::Broke(code), code),
            Way::Reset => {
                self.gone("reset");
                return Ok(());
            }
            Way::Vanish => {
                self.gone("vanished");
                return Ok(());
            }
        };
        self.note(|_| step);
        match self.hear_out().await? {
            Ending::Bye(bye) if bye.code == code && self.client.waiting() == 0 => Ok(()),
            ending => Err(format!("{} deserves BYE {code}: {ending}; {} texts wait", self.name, self.client.waiting())),
        }
    }

    fn gone(&mut self, how: &str) {
        self.note(|_| Step::End);
        self.wave.tally.end(how);
    }

    /// Hears all up to its ending.
    pub(super) async fn hear_out(&mut self) -> Result<Ending> {
        let end = timeout(DEADLINE, async {
            loop {
                if let Err(ending) = self.hear().await {
                    return ending;
                }
            }
        });
        end.await.map_err(|_| format!("{} waits for its BYE", self.name))
    }

    /// Hears what comes next.
    async fn hear(&mut self) -> std::result::Result<(), Ending> {
        let heard = if self.recorded { self.hear_recorded().await } else { self.hear_unrecorded().await };
        if let Err(ending) = &heard {
            self.wave.tally.end(if let Ending::Bye(bye) = ending { &bye.code } else { "lost" });
            self.note(|_| if let Ending::Bye(bye) = ending { Step::Bye(bye.code.clone()) } else { Step::Lost });
        }
        heard
    }

    async fn hear_unrecorded(&mut self) -> std::result::Result<(), Ending> {
        let mut lines = 0;
        let heard = self.client.hear(|_| lines += 1).await;
        self.wave.tally.hear(lines);
        heard
    }

    async fn hear_recorded(&mut self) -> std::result::Result<(), Ending> {
        let event = self.client.event().await?;
        self.wave.tally.hear(1);
        let step = match event {
            Event::Join(name) => Step::Join(name),
            Event::Leave(name) => Step::Leave(name),
            Event::Receipt { text, .. } => Step::Receipt(text),
            Event::Msg { name, text } => {
                self.last_heard.clone_from(&text);
                Step::Msg(name, text)
            }
            Event::Joined => return Ok(()),
        };
        self.note(|_| step);
        Ok(())
    }

    /// Writes a step down, where that is done.
    fn note(&mut self, step: impl FnOnce(&Guest) -> Step) {
        if self.recorded {
            let step = step(self);
            self.wave.record.step(self.visit, step);
        }
    }

    fn put_out(&self, ending: &Ending) -> String {
        format!("{}, who kept the rules, was put out: {ending}", self.name)
    }
}
