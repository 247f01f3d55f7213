//! What is done at each of the 2,000 places of a wave, until it closes.

use std::rc::Rc;
use std::time::Duration;

use fastrand::Rng;
use tokio::time::sleep;

use super::guest::{Guest, Way};
use super::line::Line;
use super::wave::{FENCE, Stage, WITNESSES, Wave, witness};
use super::{Result, stranger};

/// How many there are of each kind, but for those who stay and talk: the witnesses come first.
const PASTERS: usize = 8;
const SLEEPERS: usize = 8;
const WANDERERS: usize = 360;

/// The number of the first place after each kind.
const PASTING: usize = WITNESSES + PASTERS;
const SLEEPING: usize = PASTING + SLEEPERS;
const WANDERING: usize = SLEEPING + WANDERERS;

/// A paste: so many lines, of so many bytes. All pastes of a wave are more than what the server keeps for the
/// sleepers.
const PASTE: (usize, usize) = (200, 900);

/// How long people think before they say something, in seconds.
const THINKING: std::ops::Range<f32> = 10.0..30.0;

/// How much of what wanderers hear is recorded: of one in so many.
const RECORDED: usize = 40;

/// Fills the seat of this number until the wave closes.
pub(super) async fn fill(wave: Rc<Wave>, number: usize, rng: Rng) -> Result<()> {
    let mut seat = Seat { wave, number, rng, incarnation: 0 };
    match number {
        n if n < WITNESSES => seat.witness().await,
        n if n < PASTING => seat.paste().await,
        n if n < SLEEPING => seat.sleep().await,
        n if n < WANDERING => seat.wander().await,
        _ => seat.talk().await,
    }
}

struct Seat {
    wave: Rc<Wave>,
    number: usize,
    rng: Rng,
    /// Counts those who left without hearing that their name is free again.
    incarnation: usize,
}

impl Seat {
    fn name(&self) -> String {
        format!("u{}.{}", self.number, self.incarnation)
    }

    async fn join(&self, recorded: bool) -> Result<Guest> {
        let _turn = self.wave.door.acquire().await;
        let line = Line::connect(self.wave.address).await.map_err(|error| error.to_string())?;
        Guest::join(&self.wave, line, &self.name(), recorded).await
    }

    /// So many seconds, or less when the wave closes.
    async fn pause(&self, seconds: f32) {
        tokio::select! {
            () = sleep(Duration::from_secs_f32(seconds)) => {}
            () = self.wave.reaches(Stage::Closing) => {}
        }
    }

    fn between(&mut self, range: std::ops::Range<f32>) -> f32 {
        range.start + self.rng.f32() * (range.end - range.start)
    }

    /// Says something now and then, until the wave closes.
    async fn converse(&mut self, guest: &mut Guest) -> Result<()> {
        while !self.wave.is_at(Stage::Closing) {
            let thinking = self.between(THINKING);
            guest.hear_until(self.pause(thinking)).await?;
            guest.say(self.rng.usize(10..100))?;
            guest.hear_receipts().await?;
        }
        Ok(())
    }

    async fn talk(&mut self) -> Result<()> {
        let late = self.between(0.0..3.0);
        self.pause(late).await;
        let mut guest = self.join(false).await?;
        self.converse(&mut guest).await?;
        guest.leave(Way::Bye).await
    }

    /// Stays to the end, and hears that nothing was missing.
    async fn witness(&mut self) -> Result<()> {
        let line = Line::connect(self.wave.address).await.map_err(|error| error.to_string())?;
        let mut guest = Guest::join(&self.wave, line, &witness(self.number), true).await?;
        self.converse(&mut guest).await?;
        while guest.last_heard != FENCE {
            guest.hear_next().await?;
        }
        self.wave.witnesses.send_modify(|fenced| *fenced += 1);
        guest.hear_until(self.wave.reaches(Stage::Over)).await?;
        guest.leave(Way::Bye).await
    }

    async fn paste(&mut self) -> Result<()> {
        let mut guest = self.join(false).await?;
        while !self.wave.is_at(Stage::Closing) {
            let thinking = self.between(4.0..8.0);
            guest.hear_until(self.pause(thinking)).await?;
            for _ in 0..PASTE.0 {
                guest.say(PASTE.1)?;
            }
            guest.hear_receipts().await?;
        }
        guest.leave(Way::Bye).await
    }

    /// Reads nothing until the wave closes; by then it was put out, unless others said too little.
    async fn sleep(&mut self) -> Result<()> {
        let line = Line::connect_narrow(self.wave.address).await.map_err(|error| error.to_string())?;
        let guest = Guest::join(&self.wave, line, &self.name(), false).await?;
        self.wave.reaches(Stage::Closing).await;
        guest.give_up().await
    }

    async fn wander(&mut self) -> Result<()> {
        while !self.wave.is_at(Stage::Closing) {
            let early = self.between(0.0..4.0);
            self.pause(early).await;
            if self.rng.bool() {
                stranger::visit(self.wave.address, &self.wave.tally, &mut self.rng, &witness(0)).await?;
            } else {
                self.visit().await?;
            }
        }
        Ok(())
    }

    /// Comes, says something, and leaves in one of many ways.
    async fn visit(&mut self) -> Result<()> {
        let recorded = self.rng.usize(..RECORDED) == 0;
        let mut guest = self.join(recorded).await?;
        for _ in 0..self.rng.u8(0..4) {
            let thinking = self.between(0.0..3.0);
            guest.hear_until(self.pause(thinking)).await?;
            guest.say(self.rng.usize(10..200))?;
            guest.hear_receipts().await?;
        }
        if self.rng.u8(..8) == 0 {
            // Reads nothing for a moment.
            self.pause(1.0).await;
        }
        let way = self.way();
        if matches!(way, Way::Reset | Way::Vanish) {
            self.incarnation += 1;
        }
        guest.leave(way).await
    }

    fn way(&mut self) -> Way {
        match self.rng.u8(0..10) {
            0..3 => Way::Bye,
            3 => Way::HalfClose,
            4 => Way::Reset,
            5 => Way::Vanish,
            6 => Way::Break(b"GRITA\nMSG never said\n".to_vec(), "bad-line"),
            7 => Way::Break(format!("NAME {}\n", self.name()).into_bytes(), "bad-state"),
            8 => Way::Break(format!("MSG {}\n", "x".repeat(1025)).into_bytes(), "too-long"),
            _ => Way::Break("x".repeat(4096).into_bytes(), "too-long"),
        }
    }
}
