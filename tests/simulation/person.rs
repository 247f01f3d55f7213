//! Somebody who comes into the room again and again, under a few names, or only to its door.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use charla::client::{JoinError, Reconnect};
use fastrand::Rng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep, timeout};

use super::history::Step;
use super::stay::Stay;
use super::wire::{Line, Wire};
use super::world::World;

/// Few, so that they meet.
const NAMES: &[&str] = &["Ana", "ANA", "Luis", "luis", "Eva", "Zoe", "Leo"];

/// What ends a connection without a name, and with which code.
const OPENINGS: &[(&str, &str)] = &[
    ("BYE\n", "quit"),
    ("", "quit"),
    ("MSG hola\n", "bad-state"),
    ("HOLA\n", "bad-line"),
    ("NAME a b\n", "name-invalid"),
    ("NAM", "timeout"),
];

/// After this long nobody waits for anything any more.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct Person {
    pub(super) number: usize,
    pub(super) rng: Rng,
    pub(super) world: Rc<World>,
}

impl Person {
    pub(super) async fn live(mut self) -> turmoil::Result {
        let mut absence = None;
        while !self.world.is_closing() {
            sleep(self.moment(300)).await;
            if self.world.is_quiet() {
                continue;
            }
            absence = match absence {
                None if self.rng.u8(..6) == 0 => {
                    self.knock().await;
                    None
                }
                None => {
                    let name = NAMES[self.rng.usize(..NAMES.len())];
                    self.come(name, Reconnect::default()).await
                }
                Some((name, reconnect)) => self.come(name, reconnect).await,
            };
        }
        Ok(())
    }

    /// Comes and goes, and says whether to come back under this name.
    async fn come(&mut self, name: &'static str, mut reconnect: Reconnect) -> Option<(&'static str, Reconnect)> {
        let wait = self.visit(name, &mut reconnect).await?;
        sleep(wait.min(PATIENCE)).await;
        Some((name, reconnect))
    }

    /// Gives when to come back.
    async fn visit(&mut self, name: &str, reconnect: &mut Reconnect) -> Option<Duration> {
        let random = self.rng.u16(..);
        let visit = self.world.record.open(self.number, name);
        let (wire, line) = match self.connect().await {
            Ok(connected) => connected,
            Err(error) => return reconnect.after_attempt(&JoinError::Unreachable(error), random),
        };
        let since = Instant::now();
        let mut stay = Stay::new(self, visit, name, wire, line);
        let ending = stay.last().await;
        let was_in = stay.client.is_in();
        stay.listen_on().await;
        match ending? {
            ending if was_in => reconnect.after_visit(&ending, since.elapsed(), random),
            ending => reconnect.after_attempt(&JoinError::Ended(ending), random),
        }
    }

    async fn connect(&self) -> io::Result<(Wire, Line)> {
        timeout(PATIENCE, self.world.net.connect()).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Comes to the door and gives no name.
    async fn knock(&mut self) {
        let record = &self.world.record;
        let visit = record.open(self.number, "");
        let Ok((mut wire, _)) = self.connect().await else { return };
        let (opening, code) = OPENINGS[self.rng.usize(..OPENINGS.len())];
        record.step(visit, if code == "quit" { Step::Left } else { Step::Broke(code) });
        let mut answer = String::new();
        let exchange = async {
            wire.write_all(opening.as_bytes()).await?;
            if opening.is_empty() {
                wire.shutdown().await?;
            }
            wire.read_to_string(&mut answer).await
        };
        let answered = timeout(PATIENCE, exchange).await;
        for line in answer.lines() {
            let code = line.strip_prefix("BYE ").map(str::to_owned);
            record.step(visit, code.map_or_else(|| Step::Late(line.to_owned()), Step::Bye));
        }
        if answer.is_empty() {
            record.step(visit, if answered.is_ok() { Step::Lost } else { Step::End });
        }
    }

    pub(super) fn moment(&mut self, millis: u64) -> Duration {
        Duration::from_millis(self.rng.u64(..millis))
    }
}
