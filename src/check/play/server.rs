//! Plays a case against a server, and says how it went.
//!
//! [`play`] opens a connection for each actor at its first step, runs the steps
//! from the top down and stops at the first that does not go as the case says.
//! Every connection is read in the background all the time (but where the case
//! has a stalled reader), so a server never waits for the player. Whatever the
//! server does, the play ends: each wait and each write has a deadline, the whole
//! play has one, and what is held of what comes is bounded.
//!
//! As SPEC.md asks of a client, empty lines and unknown verbs are passed over, a
//! CRLF is read as an LF (and told), and a human text may follow the code of a
//! `BYE`. At the end each connection that is still open is ended by half a close
//! and read until the server ends it too, so that the names are free for the next
//! play.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::judge::{Strands, in_words, in_words_of, is_bye, matches, stranger};
use super::log::{Entry, Log};
use super::segment::{Cut, Scale, pause_before, seconds};
use super::verdict::{Failure, Outcome, Stop, Verdict, fail, wrong};
use super::wire::{self, End, Line, Next, Wire};
use super::{greeting, tunnel};
use crate::check::case::quoted::quote;
use crate::check::case::step::{Action, Pattern, Step, Strand, is_known};
use crate::check::case::{Case, Tls};
use crate::lang::Words;
use crate::tls::Host;

/// How long the servers' ends are waited for after the last step.
const FAREWELL: Duration = Duration::from_secs(2);

/// How a record of TLS begins that goes on with a handshake.
const HANDSHAKE: u8 = 22;

/// How to play.
#[derive(Clone, Debug)]
pub struct Options {
    /// How the bytes are cut into writes.
    pub cut: Cut,
    /// Who the server has to be, where TLS is spoken to it.
    pub host: Option<Host>,
    /// How long each line is waited for, unless the case needs longer.
    pub within: Duration,
    /// How long the whole play takes at most.
    pub whole: Duration,
    /// By how much what the case itself says of time is multiplied.
    pub scale: Scale,
    /// Names of other cases: a server that wrongly keeps them in the room fails those,
    /// and their events are passed over in this one.
    pub strangers: BTreeSet<Vec<u8>>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            cut: Cut::default(),
            host: None,
            within: Duration::from_secs(10),
            whole: Duration::from_mins(5),
            scale: Scale::default(),
            strangers: BTreeSet::new(),
        }
    }
}

/// Plays a case against the server at this address.
#[must_use]
pub fn play(case: &Case, server: SocketAddr, options: &Options) -> Outcome {
    let mut player = Player::new(case, server, options);
    let mut at = 0;
    let ended_by = loop {
        match case.steps.get(at) {
            Some(step) => match player.step(step) {
                Ok(()) => at += 1,
                Err(why) => break Some(why),
            },
            None => break player.flush().err(),
        }
    };
    // The log ends where it went wrong: what comes after that shows nothing.
    let log = player.log.take();
    player.say_farewell();
    let failing = at.min(case.steps.len().saturating_sub(1));
    player.outcome(ended_by, failing, log)
}

struct Player<'a> {
    case: &'a Case,
    server: SocketAddr,
    options: &'a Options,
    within: Duration,
    /// When the whole play is over.
    over: Instant,
    /// Who the server has to be, and what this case names to it, where TLS is spoken.
    host: Option<Host>,
    log: Log,
    actors: Vec<Actor>,
    /// What an actor is to send, gathered for one write.
    gathered: Option<(usize, Vec<u8>)>,
    crlf: bool,
    left_over: BTreeSet<Vec<u8>>,
}

#[derive(Default)]
struct Actor {
    /// From its first step to its reset.
    wire: Option<Wire>,
    /// A write failed: the connection is gone, and what comes tells how.
    broken: bool,
    forbidden: Vec<Pattern>,
    /// The lines of its last strands, as they came.
    strands: Vec<Vec<u8>>,
    /// Lines that were passed over since the last that was not.
    passed_over: Vec<Vec<u8>>,
}

impl<'a> Player<'a> {
    fn new(case: &'a Case, server: SocketAddr, options: &'a Options) -> Player<'a> {
        Player {
            case,
            server,
            options,
            within: options.scale.of(case.within.unwrap_or_default()).max(options.within),
            over: Instant::now() + options.whole,
            host: greeting::host(case.tls, options.host.as_ref()),
            log: Log::new(),
            actors: case.actors.iter().map(|_| Actor::default()).collect(),
            gathered: None,
            crlf: false,
            left_over: BTreeSet::new(),
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), Stop> {
        let actor = step.actor;
        if let Action::Send(bytes, times) = &step.action {
            return self.send(actor, bytes.repeat(*times));
        }
        self.flush()?;
        if step.action == Action::Refused {
            return self.receive_refusal(actor);
        }
        self.open(actor)?;
        match &step.action {
            Action::Send(..) | Action::Refused => {}
            Action::HalfClose => self.wire(actor, Wire::half_close),
            Action::CutOff => self.wire(actor, Wire::cut_off),
            Action::Stall => self.wire(actor, |wire| wire.stall(true)),
            Action::Resume => self.wire(actor, |wire| wire.stall(false)),
            Action::Reset => drop(self.actor(actor).wire.take().map(Wire::reset)),
            Action::Forbid(pattern) => self.actor(actor).forbidden.push(pattern.clone()),
            Action::Receive(line, times) => {
                for _ in 0..*times {
                    self.receive(actor, line)?;
                }
            }
            Action::Strands(strands) => self.receive_strands(actor, strands)?,
            Action::SameAs(other) => {
                for line in self.actor(*other).strands.clone() {
                    self.receive(actor, &line)?;
                }
            }
            Action::ReceiveEnd => self.receive_end(actor)?,
            Action::Gone => self.receive_gone(actor)?,
        }
        Ok(())
    }

    #[expect(clippy::indexing_slicing, reason = "it comes from the case, which numbers its own actors")]
    fn actor(&mut self, actor: usize) -> &mut Actor {
        &mut self.actors[actor]
    }

    fn wire(&mut self, actor: usize, act: impl FnOnce(&Wire)) {
        if let Some(wire) = &self.actor(actor).wire {
            act(wire);
        }
    }

    fn deadline(&self) -> Instant {
        self.over.min(Instant::now() + self.within)
    }

    fn stalls(&self, actor: usize) -> bool {
        self.case.steps.iter().any(|step| step.actor == actor && matches!(step.action, Action::Stall))
    }

    fn open(&mut self, actor: usize) -> Result<(), Stop> {
        if self.actor(actor).wire.is_some() {
            return Ok(());
        }
        let wire = self.connect(actor)?.map_err(|error| self.no_hands(&error))?;
        self.actor(actor).wire = Some(wire);
        Ok(())
    }

    /// A new connection, or why hands were not shaken over it.
    fn connect(&self, actor: usize) -> Result<io::Result<Wire>, Stop> {
        let stream = wire::connect(self.server, self.stalls(actor), self.within);
        let stream = stream.map_err(|error| self.unreached(&error))?;
        Ok(Wire::open(stream, self.host.as_ref(), self.within, actor, &self.log))
    }

    fn unreached(&self, error: &io::Error) -> Stop {
        let expected = Words::new("play-connection-to", [("address", self.server.to_string().into())]);
        Stop { verdict: Verdict::Unreached, expected, received: tunnel::why(error) }
    }

    /// Where a case is about TLS, a handshake that fails says something about the server.
    fn no_hands(&self, error: &io::Error) -> Stop {
        match self.case.tls {
            None => self.unreached(error),
            Some(_) => self.unshaken(Words::new("play-handshake", []), error),
        }
    }

    /// A handshake that came to nothing else than this: to nothing at all, or to another end.
    fn unshaken(&self, expected: Words, error: &io::Error) -> Stop {
        if wire::is_pause(error) {
            let received = Words::new("play-nothing", [("seconds", seconds(self.within))]);
            return Stop { verdict: Verdict::Hang, expected, received };
        }
        fail(expected, tunnel::why(error))
    }

    fn receive_refusal(&mut self, actor: usize) -> Result<(), Stop> {
        let expected = || Words::new("play-refusal", []);
        if self.case.tls == Some(Tls::Raw) {
            return self.receive_no_hello(actor, expected);
        }
        match self.connect(actor)? {
            Ok(_) => Err(fail(expected(), Words::new("play-hands-shaken", []))),
            Err(error) if tunnel::is_refusal(&error) => Ok(()),
            Err(error) => Err(self.unshaken(expected(), &error)),
        }
    }

    /// The answer to a hello, byte for byte: whatever does not go on with the handshake refuses it.
    fn receive_no_hello(&mut self, actor: usize, expected: impl Fn() -> Words) -> Result<(), Stop> {
        self.open(actor)?;
        let deadline = self.deadline();
        match self.actor(actor).wire.as_ref().and_then(|wire| wire.beginning(deadline)) {
            Some(answer) if answer.first() == Some(&HANDSHAKE) => {
                Err(fail(expected(), Words::new("play-hello", [("bytes", quote(&answer).into())])))
            }
            Some(_) => Ok(()),
            None => Err(self.nothing(actor, expected())),
        }
    }

    fn send(&mut self, actor: usize, bytes: Vec<u8>) -> Result<(), Stop> {
        if self.options.cut != Cut::Coalesced {
            return self.write(actor, &bytes);
        }
        match &mut self.gathered {
            Some((same, gathered)) if *same == actor => gathered.extend(bytes),
            _ => {
                self.flush()?;
                self.gathered = Some((actor, bytes));
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Stop> {
        match self.gathered.take() {
            Some((actor, bytes)) => self.write(actor, &bytes),
            None => Ok(()),
        }
    }

    fn write(&mut self, actor: usize, bytes: &[u8]) -> Result<(), Stop> {
        self.open(actor)?;
        let pieces = self.options.cut.pieces(bytes);
        for (n, piece) in pieces.iter().enumerate() {
            pause_before(n);
            self.write_piece(actor, piece)?;
        }
        Ok(())
    }

    /// A write that fails is no failure by itself: what comes from the server tells.
    fn write_piece(&mut self, actor: usize, piece: &[u8]) -> Result<(), Stop> {
        let (deadline, within) = (self.deadline(), self.within);
        let state = self.actor(actor);
        match &state.wire {
            Some(wire) if !state.broken => match wire.write(piece, deadline) {
                Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(Stop {
                    verdict: Verdict::Hang,
                    expected: Words::new("play-server-reads", [("bytes", piece.len().to_string().into())]),
                    received: Words::new("play-not-all-taken", [("seconds", seconds(within))]),
                }),
                written => {
                    state.broken = written.is_err();
                    Ok(())
                }
            },
            _ => Ok(()),
        }
    }

    fn receive(&mut self, actor: usize, expected: &[u8]) -> Result<(), Stop> {
        let line = self.next_line(actor, || quote(expected).into())?;
        if !matches(expected, &line) {
            return Err(self.unexpected(actor, quote(expected).into(), &line));
        }
        self.actor(actor).forbidden.clear();
        Ok(())
    }

    fn receive_strands(&mut self, actor: usize, strands: &[Strand]) -> Result<(), Stop> {
        let mut strands = Strands::new(strands);
        while strands.are_awaited() {
            let line = self.next_line(actor, || strands.heads())?;
            if !strands.take(&line) {
                return Err(self.unexpected(actor, strands.heads(), &line));
            }
        }
        let state = self.actor(actor);
        state.forbidden.clear();
        state.strands = strands.came;
        Ok(())
    }

    fn receive_end(&mut self, actor: usize) -> Result<(), Stop> {
        let expected = || Words::new("play-end-of-stream", []);
        match self.next_of_case(actor)? {
            Next::Line(line) => Err(self.unexpected(actor, expected(), &line.bytes)),
            Next::End(End::Clean(rest)) if rest.is_empty() => Ok(()),
            Next::End(End::Broken(why)) => {
                Err(fail(expected(), Words::new("play-closed-unread", [("reason", why.into())])))
            }
            Next::End(end) => Err(fail(expected(), in_words(&end))),
            Next::Nothing => Err(self.nothing(actor, expected())),
        }
    }

    fn receive_gone(&mut self, actor: usize) -> Result<(), Stop> {
        let deadline = self.deadline();
        loop {
            match self.next(actor, deadline) {
                Next::Line(line) if self.is_forbidden(actor, &line.bytes) => {
                    return Err(self.unexpected(actor, Words::new("play-end-of-connection", []), &line.bytes));
                }
                Next::Line(_) => {}
                Next::End(End::TooMuch(why)) => return Err(fail(Words::new("play-end-of-connection", []), why)),
                Next::End(_) => return Ok(()),
                Next::Nothing => return Err(self.nothing(actor, Words::new("play-end-of-connection", []))),
            }
        }
    }

    /// The next line that is not passed over.
    fn next_line(&mut self, actor: usize, expected: impl Fn() -> Words) -> Result<Vec<u8>, Stop> {
        match self.next_of_case(actor)? {
            Next::Line(line) => Ok(line.bytes),
            Next::End(end) => Err(fail(expected(), in_words(&end))),
            Next::Nothing => Err(self.nothing(actor, expected())),
        }
    }

    /// What comes next, but for lines that are passed over.
    fn next_of_case(&mut self, actor: usize) -> Result<Next, Stop> {
        let deadline = self.deadline();
        loop {
            let next = self.next(actor, deadline);
            let Next::Line(line) = next else { return Ok(next) };
            self.judge_form(&line)?;
            if self.is_passed_over(actor, &line.bytes) {
                continue;
            }
            self.actor(actor).passed_over.clear();
            return Ok(Next::Line(line));
        }
    }

    /// A line that is not the expected one; where the case names it as forbidden, it is told so.
    fn unexpected(&mut self, actor: usize, expected: Words, line: &[u8]) -> Stop {
        match self.actor(actor).forbidden.iter().find(|pattern| pattern.matches(line)) {
            Some(pattern) => {
                let pattern = in_words_of(pattern);
                wrong(Words::new("play-none-before", [("expected", expected), ("pattern", pattern)]), line)
            }
            None => wrong(expected, line),
        }
    }

    fn is_forbidden(&mut self, actor: usize, line: &[u8]) -> bool {
        self.actor(actor).forbidden.iter().any(|pattern| pattern.matches(line))
    }

    fn next(&mut self, actor: usize, deadline: Instant) -> Next {
        match &self.actor(actor).wire {
            Some(wire) => wire.next(deadline),
            None => Next::Nothing,
        }
    }

    /// What may be wrong with a line whatever the case expects.
    fn judge_form(&mut self, line: &Line) -> Result<(), Stop> {
        self.crlf |= line.crlf;
        if line.crlf && self.case.strict.line_ends {
            return Err(wrong(Words::new("play-lf-alone", []), &[&line.bytes, &b"\r"[..]].concat()));
        }
        if self.case.strict.verbs && !line.bytes.is_empty() && !is_known(&line.bytes) {
            return Err(wrong(Words::new("play-line-of-server", []), &line.bytes));
        }
        if line.bytes.starts_with(b"BYE ") && !is_bye(&line.bytes) {
            return Err(wrong(Words::new("play-bye", []), &line.bytes));
        }
        Ok(())
    }

    fn is_passed_over(&mut self, actor: usize, line: &[u8]) -> bool {
        if let Some(stranger) = stranger(line, &self.options.strangers) {
            self.left_over.insert(stranger);
            return true;
        }
        if is_known(line) {
            return false;
        }
        let passed_over = &mut self.actor(actor).passed_over;
        if !line.is_empty() && passed_over.len() < 3 {
            passed_over.push(line.to_vec());
        }
        true
    }

    fn nothing(&mut self, actor: usize, expected: Words) -> Stop {
        let within = seconds(self.within);
        let passed_over: Vec<_> = self.actor(actor).passed_over.iter().map(|line| quote(line)).collect();
        let received = match &passed_over[..] {
            [] => Words::new("play-nothing", [("seconds", within)]),
            lines => Words::new("play-nothing-but", [("seconds", within), ("lines", lines.join(", ").into())]),
        };
        Stop { verdict: Verdict::Hang, expected, received }
    }

    /// Leaves with every actor, and waits a moment for the server's part in it.
    fn say_farewell(&mut self) {
        let open: Vec<_> = self.actors.iter().filter_map(|actor| actor.wire.as_ref()).collect();
        for wire in &open {
            wire.leave();
        }
        let deadline = Instant::now() + FAREWELL;
        for wire in &open {
            while matches!(wire.next(deadline), Next::Line(_)) {}
        }
    }

    fn outcome(self, ended_by: Option<Stop>, step: usize, log: Vec<Entry>) -> Outcome {
        let (verdict, failure) = match ended_by {
            None => (Verdict::Pass, None),
            Some(Stop { verdict, expected, received }) => (verdict, Some(Failure { step, expected, received })),
        };
        Outcome { verdict, failure, log, crlf: self.crlf, left_over: self.left_over }
    }
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
