//! Plays a case against a client, and says how it went.
//!
//! [`play`] is the server on one side of the client and the person on the other: it
//! listens, starts the program at a terminal, gives it the name and takes its
//! connection; then it runs the steps from the top down and stops at the first that
//! does not go as the case says. The person looks before typing: a line is typed when
//! the screen is still. Whatever the client does, the play ends: each wait and each
//! write has a deadline, and what is held of what comes is bounded.
//!
//! Empty lines of the client are passed over and a CRLF is read as an LF (and told).
//! Each line must be one that a server can accept, whatever the case expects.

use std::collections::BTreeSet;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::client_program::{Client, NoConnection, PATIENCE, accept, listen, printed};
use super::judge::{Conduct, in_words, in_words_of};
use super::log::{Entry, Event, Log};
use super::program::said;
use super::segment::{Cut, Scale, pause_before, seconds};
use super::terminal::{Shown, Terminal};
use super::verdict::{Failure, Outcome, Stop, Verdict, fail, wrong};
use super::wire::{End, Next, Wire};
use crate::check::case::Tls;
use crate::check::case::client::{ClientAction, ClientCase, Expected, Seen};
use crate::check::case::quoted::quote;
use crate::check::case::step::{Pattern, Step};
use crate::lang::Words;

/// Between the end of a stream and the end of the process that a crash takes.
const DYING: Duration = Duration::from_millis(200);

/// What the system keeps of what is written to a client that does not read.
const SEND_BUFFER: usize = 32 << 10;

/// A step that sends more than this is never cut.
const FLOOD: usize = 64 << 10;

/// How to play.
#[derive(Clone, Debug)]
pub struct Options {
    /// How the server's bytes are cut into writes.
    pub cut: Cut,
    /// How long each thing is waited for, unless the case needs longer.
    pub within: Duration,
    /// How long the whole play takes at most.
    pub whole: Duration,
    /// By how much what the case itself says of time is multiplied.
    pub scale: Scale,
}

/// Plays a case against a client.
#[must_use]
pub fn play(case: &ClientCase, client: &Client, options: &Options) -> Outcome {
    let log = Log::new();
    match Player::new(case, client, options, &log) {
        Ok(mut player) => {
            let (at, ended_by) = player.play();
            let log = player.log.take();
            let ended_by = ended_by.map(|stop| player.or_crash(stop));
            outcome(ended_by, at, log, player.crlf)
        }
        Err(error) => {
            let expected = Words::new("play-a-client", []);
            let stop = Stop { verdict: Verdict::Unreached, expected, received: client.not_started(&error) };
            outcome(Some(stop), 0, Vec::new(), false)
        }
    }
}

fn outcome(ended_by: Option<Stop>, step: usize, log: Vec<Entry>, crlf: bool) -> Outcome {
    let (verdict, failure) = match ended_by {
        None => (Verdict::Pass, None),
        Some(Stop { verdict, expected, received }) => (verdict, Some(Failure { step, expected, received })),
    };
    Outcome { verdict, failure, log, crlf, left_over: BTreeSet::new() }
}

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about the play")]
struct Player<'a> {
    case: &'a ClientCase,
    client: &'a Client,
    options: &'a Options,
    within: Duration,
    /// When the whole play is over.
    over: Instant,
    listener: TcpListener,
    terminal: Terminal,
    /// From its first step on the wire.
    wire: Option<Wire>,
    /// The application protocols that the client has named, with spaces between.
    protocols: Vec<u8>,
    log: Log,
    conduct: Conduct,
    forbidden: Vec<Pattern>,
    /// What the server is to send, gathered for one write.
    gathered: Vec<u8>,
    crlf: bool,
    /// The client was asked to leave, or sent away: its end is no crash.
    may_end: bool,
    /// It left where the case allows it.
    is_over: bool,
    /// The server has just spoken: what it says next belongs to that.
    is_speaking: bool,
}

impl<'a> Player<'a> {
    fn new(case: &'a ClientCase, client: &'a Client, options: &'a Options, log: &Log) -> io::Result<Player<'a>> {
        let listener = listen()?;
        let terminal = client.start(&listener, case.tls, case.person())?;
        Ok(Player {
            case,
            client,
            options,
            within: options.scale.of(case.within.unwrap_or_default()).max(options.within),
            over: Instant::now() + options.whole,
            listener,
            terminal,
            wire: None,
            protocols: Vec::new(),
            log: log.clone(),
            conduct: Conduct::default(),
            forbidden: Vec::new(),
            gathered: Vec::new(),
            crlf: false,
            may_end: false,
            is_over: false,
            is_speaking: false,
        })
    }

    /// The step at which it ended, and why, unless it went as the case says.
    fn play(&mut self) -> (usize, Option<Stop>) {
        if self.client.is_asked_for_name() {
            self.client.give_name(&self.terminal, self.case.person(), self.deadline());
        }
        for (step, at) in self.case.steps.iter().zip(0..) {
            if let Err(stop) = self.step(step) {
                return (at, Some(stop));
            }
            if self.is_over {
                return (at, None);
            }
        }
        (self.case.steps.len().saturating_sub(1), self.flush().err())
    }

    fn step(&mut self, step: &Step<ClientAction>) -> Result<(), Stop> {
        if let ClientAction::Tell(bytes, times) = &step.action {
            return self.tell(&bytes.repeat(*times));
        }
        self.flush()?;
        self.is_speaking &= matches!(step.action, ClientAction::EndStream | ClientAction::Reset);
        match &step.action {
            ClientAction::Tell(..) => {}
            ClientAction::Sends(expected) => {
                self.sends(expected)?;
                self.forbidden.clear();
            }
            ClientAction::Forbid(pattern) => self.forbidden.push(pattern.clone()),
            ClientAction::EndStream => {
                self.may_end = true;
                self.before_telling()?.half_close();
            }
            ClientAction::Reset => {
                self.may_end = true;
                self.before_telling()?;
                self.wire.take().into_iter().for_each(Wire::reset);
            }
            ClientAction::Type(line, times) => self.types(line, *times),
            ClientAction::Quit => {
                self.may_end = true;
                match &self.client.quit {
                    Some(word) => self.types(word.as_bytes(), 1),
                    None => self.end_input(),
                }
            }
            ClientAction::EndInput => {
                self.may_end = true;
                self.end_input();
            }
            ClientAction::Sees(seen) => self.sees(seen)?,
        }
        Ok(())
    }

    fn deadline(&self) -> Instant {
        self.over.min(Instant::now() + self.within)
    }

    fn types(&mut self, line: &[u8], times: usize) {
        self.terminal.wait_until_still(PATIENCE);
        self.log.push(0, Event::Typed(line.to_vec()));
        self.terminal.type_line(line, times);
    }

    fn end_input(&mut self) {
        self.terminal.wait_until_still(PATIENCE);
        self.log.push(0, Event::Typed(b"\x04".to_vec()));
        self.terminal.end_input();
    }

    /// The connection, which is waited for where it is not there yet; `None` when the program
    /// has ended without one, or does not shake hands with a server that is not the one.
    fn connection(&mut self) -> Result<Option<&Wire>, Stop> {
        if self.wire.is_none() {
            let expected = || Words::new("play-connection-of-client", []);
            match accept(&self.listener, &self.terminal, self.deadline()) {
                Ok(stream) => match self.take(stream) {
                    Ok(wire) => self.wire = Some(wire),
                    Err(_) if self.case.tls.is_some_and(Tls::is_false) => return Ok(None),
                    Err(error) => return Err(fail(expected(), error.to_string())),
                },
                Err(NoConnection::Ended) => return Ok(None),
                Err(NoConnection::Failed(error)) => return Err(fail(expected(), error.to_string())),
                Err(NoConnection::Late) => {
                    let received = Words::new("play-no-connection", [("seconds", seconds(self.within))]);
                    return Err(Stop { verdict: Verdict::Hang, expected: expected(), received });
                }
            }
        }
        Ok(self.wire.as_ref())
    }

    fn take(&mut self, stream: TcpStream) -> io::Result<Wire> {
        socket2::SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER)?;
        let guest = self.client.welcome(stream, self.case.tls, self.within)?;
        self.protocols = guest.protocols.join(&b' ');
        Wire::accepted(guest.stream, guest.tunnel, 0, &self.log)
    }

    fn before_telling(&mut self) -> Result<&Wire, Stop> {
        if !std::mem::replace(&mut self.is_speaking, true) {
            self.terminal.mark();
        }
        self.connection()?.ok_or_else(|| fail(Words::new("play-connection-of-client", []), unconnected()))
    }

    fn tell(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.may_end |= bytes.starts_with(b"BYE ");
        if self.options.cut == Cut::Coalesced {
            self.gathered.extend(bytes);
            return Ok(());
        }
        self.write(bytes)
    }

    fn flush(&mut self) -> Result<(), Stop> {
        match &std::mem::take(&mut self.gathered)[..] {
            [] => Ok(()),
            bytes => self.write(bytes),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let (deadline, within) = (self.deadline(), self.within);
        let cut = if bytes.len() > FLOOD { Cut::AsWritten } else { self.options.cut };
        let wire = self.before_telling()?;
        for (piece, number) in cut.pieces(bytes).iter().zip(0..) {
            pause_before(number);
            let expected = Words::new("play-client-reads", [("bytes", bytes.len().to_string().into())]);
            wire.write(piece, deadline).map_err(|error| match error.kind() {
                io::ErrorKind::TimedOut => {
                    let received = Words::new("play-not-all-taken", [("seconds", seconds(within))]);
                    Stop { verdict: Verdict::Hang, expected, received }
                }
                _ => fail(expected, Words::new("play-connection-gone", [("reason", error.to_string().into())])),
            })?;
        }
        Ok(())
    }

    fn sends(&mut self, expected: &Expected) -> Result<(), Stop> {
        match expected {
            Expected::Line(line, times) => {
                for _ in 0..*times {
                    self.line_is(line)?;
                }
                Ok(())
            }
            Expected::Any => self.line(|| Words::new("play-a-line", [])).map(drop),
            Expected::LineUnlessLeaving(line) => self.unless_leaving(Some(line)),
            Expected::AnyUnlessLeaving => self.unless_leaving(None),
            Expected::Until(last) => loop {
                let line = self.line(|| quote(last).into())?;
                if line == *last {
                    return Ok(());
                }
                self.echo(&line)?;
            },
            Expected::Pieces(text) => self.pieces(text),
            Expected::End => self.end(),
            Expected::Gone => self.gone(),
            Expected::Protocols(names) => self.names(names),
            Expected::Refused => self.refuses(),
        }
    }

    fn line_is(&mut self, expected: &[u8]) -> Result<(), Stop> {
        let line = self.line(|| quote(expected).into())?;
        if line == expected { Ok(()) } else { Err(wrong(quote(expected), &line)) }
    }

    /// The next line, which must be one that a server can accept and that the case does not forbid.
    fn line(&mut self, expected: impl Fn() -> Words) -> Result<Vec<u8>, Stop> {
        match self.next()? {
            Some(Next::Line(line)) => self.judged(line.bytes),
            Some(Next::End(end)) => Err(fail(expected(), in_words(&end))),
            Some(Next::Nothing) => Err(self.nothing(expected())),
            None => Err(fail(expected(), unconnected())),
        }
    }

    fn judged(&mut self, line: Vec<u8>) -> Result<Vec<u8>, Stop> {
        if let Err(rule) = self.conduct.take(&line) {
            return Err(wrong(Words::new("play-acceptable-line", [("rule", rule)]), &line));
        }
        match self.forbidden.iter().find(|pattern| pattern.matches(&line)) {
            Some(pattern) => Err(wrong(Words::new("play-no-line-like", [("pattern", in_words_of(pattern))]), &line)),
            None => Ok(line),
        }
    }

    /// What comes next, but for empty lines; `None` when the program ended without a connection.
    fn next(&mut self) -> Result<Option<Next>, Stop> {
        let deadline = self.deadline();
        loop {
            let Some(wire) = self.connection()? else { return Ok(None) };
            let next = wire.next(deadline);
            let Next::Line(line) = &next else { return Ok(Some(next)) };
            let crlf = line.crlf;
            if crlf && self.case.strict.line_ends {
                return Err(wrong(Words::new("play-lf-alone", []), &[&line.bytes, &b"\r"[..]].concat()));
            }
            self.crlf |= crlf;
            if !line.bytes.is_empty() {
                return Ok(Some(next));
            }
        }
    }

    fn unless_leaving(&mut self, expected: Option<&[u8]>) -> Result<(), Stop> {
        let in_words = || {
            let expected = expected.map_or_else(|| Words::new("play-a-line", []), |line| quote(line).into());
            Words::new("play-or-leaves", [("expected", expected)])
        };
        match self.next()? {
            Some(Next::Line(line)) if line.bytes == b"BYE" => self.is_over = true,
            Some(Next::Line(line)) => {
                let line = self.judged(line.bytes)?;
                if expected.is_some_and(|expected| expected != line) {
                    return Err(wrong(in_words(), &line));
                }
            }
            Some(Next::End(_)) | None => self.is_over = true,
            Some(Next::Nothing) => return Err(self.nothing(in_words())),
        }
        Ok(())
    }

    /// Gives a text its receipt: a client may wait for that before it sends the next.
    fn echo(&mut self, line: &[u8]) -> Result<(), Stop> {
        match line.strip_prefix(b"MSG ") {
            Some(text) => self.write(&[b"MSG ", self.case.person(), b" ", text, b"\n"].concat()),
            None => Ok(()),
        }
    }

    /// Takes texts until they are all of this one. Where the first is of something else, none was sent;
    /// then the case goes on with that.
    fn pieces(&mut self, text: &[u8]) -> Result<(), Stop> {
        let mut rest = text;
        while !rest.is_empty() {
            let expected = || Words::new("play-next-part", [("text", quote(rest).into())]);
            let line = match self.next()? {
                Some(Next::Line(line)) => line,
                Some(Next::End(end)) => return Err(fail(expected(), in_words(&end))),
                Some(Next::Nothing) | None => return Err(self.nothing(expected())),
            };
            let piece = line.bytes.strip_prefix(b"MSG ").filter(|piece| !piece.is_empty());
            match piece.and_then(|piece| rest.strip_prefix(piece)) {
                Some(left) => {
                    rest = left;
                    let line = self.judged(line.bytes)?;
                    self.echo(&line)?;
                }
                None if rest.len() == text.len() => {
                    self.wire.iter().for_each(|wire| wire.put_back(line.clone()));
                    return Ok(());
                }
                None => return Err(wrong(expected(), &line.bytes)),
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Stop> {
        let expected = || Words::new("play-end-of-stream", []);
        match self.next()? {
            Some(Next::Line(line)) => Err(wrong(expected(), &line.bytes)),
            Some(Next::End(End::Clean(rest))) if rest.is_empty() => Ok(()),
            Some(Next::End(end)) => Err(fail(expected(), in_words(&end))),
            Some(Next::Nothing) => Err(self.nothing(expected())),
            None => Err(fail(expected(), unconnected())),
        }
    }

    fn gone(&mut self) -> Result<(), Stop> {
        loop {
            match self.next()? {
                Some(Next::Line(line)) => drop(self.judged(line.bytes)?),
                Some(Next::End(End::TooMuch(why))) => return Err(fail(Words::new("play-end-of-connection", []), why)),
                Some(Next::End(_)) | None => return Ok(()),
                Some(Next::Nothing) => return Err(self.nothing(Words::new("play-end-of-connection", []))),
            }
        }
    }

    fn names(&mut self, expected: &[u8]) -> Result<(), Stop> {
        let words = |names: &[u8]| Words::new("play-protocols", [("names", quote(names).into())]);
        if self.connection()?.is_none() {
            return Err(fail(words(expected), unconnected()));
        }
        if self.protocols == expected { Ok(()) } else { Err(fail(words(expected), words(&self.protocols))) }
    }

    /// A client that neither goes nor says anything has not joined.
    fn refuses(&mut self) -> Result<(), Stop> {
        let expected = || Words::new("play-client-refuses", []);
        match self.next()? {
            Some(Next::Line(line)) => Err(wrong(expected(), &line.bytes)),
            Some(Next::End(End::Clean(rest))) if !rest.is_empty() => Err(fail(expected(), in_words(&End::Clean(rest)))),
            Some(Next::End(_) | Next::Nothing) | None => Ok(()),
        }
    }

    fn nothing(&self, expected: Words) -> Stop {
        let received = Words::new("play-nothing", [("seconds", seconds(self.within))]);
        Stop { verdict: Verdict::Hang, expected, received }
    }

    fn sees(&self, seen: &Seen) -> Result<(), Stop> {
        match seen {
            Seen::Text { text, anew, times: None } => {
                let shows = self.terminal.wait_until(self.deadline(), |shown| shown.count(text, *anew) > 0);
                self.unless(shows, || in_words_of_text(text, *anew))
            }
            Seen::Text { text, anew, times: Some(times) } => {
                let shown = self.terminal.shown();
                let (count, echoed) = (shown.count(text, *anew), shown.count_echoed(text));
                drop(shown);
                let expected = || {
                    let text = in_words_of_text(text, *anew);
                    Words::new("play-shown-times", [("times", times.to_string().into()), ("text", text)])
                };
                self.unless((*times..=times + echoed).contains(&count), expected)
            }
            Seen::Change => {
                let changes = self.terminal.wait_until(self.deadline(), Shown::has_changed);
                self.unless(changes, || Words::new("play-something-new", []))
            }
            Seen::NoneLike { shown, other } => {
                let screen = self.terminal.shown().screen();
                let like = screen.lines().filter(|line| line.contains(shown)).map(|line| line.replace(shown, other));
                let found = like.into_iter().find(|like| screen.lines().any(|line| line == like));
                self.unless(found.is_none(), || {
                    let forged = quote(found.unwrap_or_default().as_bytes()).into();
                    Words::new("play-no-such-line", [("line", forged)])
                })
            }
            Seen::Exit => self.exits(),
        }
    }

    fn unless(&self, holds: bool, expected: impl FnOnce() -> Words) -> Result<(), Stop> {
        let screen = || Words::new("play-screen", [("screen", printed(&self.terminal).into())]);
        if holds { Ok(()) } else { Err(fail(expected(), screen())) }
    }

    fn exits(&self) -> Result<(), Stop> {
        let left = self.deadline().saturating_duration_since(Instant::now());
        if self.terminal.process.ends_within(left) {
            // Its last words may still be on their way; a child of it may keep the terminal open.
            self.terminal.wait_until(Instant::now() + PATIENCE, Shown::is_whole);
            return Ok(());
        }
        let received = Words::new("play-still-runs", [("seconds", seconds(left))]);
        Err(Stop { verdict: Verdict::Hang, expected: Words::new("play-program-ends", []), received })
    }

    /// What went wrong, or that the program crashed: nobody had asked it to end.
    fn or_crash(&self, stop: Stop) -> Stop {
        let process = &self.terminal.process;
        if !self.may_end && process.ends_within(DYING) && process.has_crashed() {
            let received = Words::new("play-crashed", [("output", said(&printed(&self.terminal)))]);
            return Stop { verdict: Verdict::Crash, received, ..stop };
        }
        stop
    }
}

fn unconnected() -> Words {
    Words::new("play-unconnected", [])
}

fn in_words_of_text(text: &str, anew: bool) -> Words {
    let text = quote(text.as_bytes()).into();
    if anew { Words::new("play-shown-anew", [("text", text)]) } else { Words::new("play-shown", [("text", text)]) }
}
