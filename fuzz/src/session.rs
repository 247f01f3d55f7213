//! Sessions and the room, without a server around them: clients that read as slowly as they
//! like, and an observer, against a server with a queue for each.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use charla::proto::server_session::{Joined, Opening, Request, Waiting};
use charla::proto::{Code, Cut, LineCutter};
use charla::room::{Confusables, Limits, MIN_KEPT, Observed, Reader, Room, Standing};

use super::piece::{Act, CLIENTS, steps};
use super::reference::room::Server;

const PATIENCE: Duration = Duration::from_secs(5);

/// The pieces are [steps](crate::piece::steps).
pub fn run(data: &[u8]) {
    let mut play = Play::new();
    for (who, act) in steps(data) {
        play.step(who, act);
        play.check();
    }
    play.shut_down();
}

struct Play {
    room: Room,
    expected: Server,
    now: Instant,
    clients: [Client; CLIENTS],
    /// How many lines the observer has seen, or was told that it has not.
    observed: usize,
}

struct Client {
    /// Its number in what is expected, and its port.
    who: usize,
    cutter: LineCutter,
    session: Session,
    reader: Option<Reader>,
    /// How much it has read: always the beginning of what is expected.
    read: usize,
    /// How much of that was the roster.
    roster: usize,
    /// How long the log was when it joined.
    joined: usize,
    /// How much was sent to it when it last caused a line.
    own: usize,
}

enum Session {
    Waiting(Waiting),
    Joined(Joined),
    Over(Code),
    Broken,
}

impl Play {
    fn new() -> Play {
        let mut room = Room::new(Limits { kept: MIN_KEPT, patience: PATIENCE, confusables: Confusables::Allow });
        room.observe();
        let mut expected = Server::default();
        let clients = std::array::from_fn(|_| Client::new(expected.connect()));
        Play { room, expected, now: Instant::now(), clients, observed: 0 }
    }

    fn step(&mut self, n: usize, act: Act<'_>) {
        match act {
            Act::Connect => {
                self.break_off(n);
                self.clients[n] = Client::new(self.expected.connect());
            }
            Act::Break => self.break_off(n),
            Act::Send(bytes, times) => {
                for _ in 0..times {
                    self.send(n, bytes);
                }
            }
            Act::End if self.is_heard(n) => self.end(n, Code::Quit),
            Act::End => {}
            Act::Read(most) => drop(self.read(n, most)),
            Act::Pass => self.lose_patience(),
        }
    }

    /// Whether what the client sends is read: else TCP holds it back.
    fn is_heard(&self, n: usize) -> bool {
        !self.room.congested() && matches!(self.clients[n].session, Session::Waiting(_) | Session::Joined(_))
    }

    fn send(&mut self, n: usize, mut bytes: &[u8]) {
        if !self.is_heard(n) {
            return;
        }
        self.expect(n, bytes);
        let mut cutter = std::mem::take(&mut self.clients[n].cutter);
        while let Some(cut) = cutter.next(&mut bytes) {
            let acted = match cut {
                Cut::Line(line) => self.act(n, line),
                Cut::TooLong => Err(Code::TooLong),
            };
            if let Err(code) = acted {
                return self.end(n, code);
            }
        }
        self.clients[n].cutter = cutter;
    }

    fn expect(&mut self, n: usize, bytes: &[u8]) {
        let client = &mut self.clients[n];
        let before = self.expected.sent(client.who).len();
        self.expected.input(client.who, bytes);
        let after = self.expected.sent(client.who).len();
        if after > before {
            client.own = after;
        }
    }

    fn act(&mut self, n: usize, line: &[u8]) -> Result<(), Code> {
        let Play { room, clients, now, expected, .. } = self;
        let client = &mut clients[n];
        match &client.session {
            Session::Waiting(waiting) => match waiting.line(line)? {
                None => {}
                Some(Opening::Bye) => return Err(Code::Quit),
                Some(Opening::Join(name)) => {
                    client.joined = usize::try_from(room.head()).unwrap();
                    let (reader, roster) = room.join(&name, client.address(), *now)?;
                    let roster = roster.concat();
                    client.reader = Some(reader);
                    client.roster = roster.len();
                    client.session = Session::Joined(Waiting::default().accepted(name));
                    client.take(&roster, expected);
                }
            },
            Session::Joined(joined) => match (joined.line(line)?, client.reader) {
                (Some(Request::Say(text)), Some(reader)) => room.say(reader, text, *now),
                (Some(Request::Bye), _) => return Err(Code::Quit),
                _ => {}
            },
            Session::Over(_) | Session::Broken => {}
        }
        Ok(())
    }

    /// The session of a client ends; what is expected ends by itself or here.
    fn end(&mut self, n: usize, code: Code) {
        let client = &mut self.clients[n];
        self.expected.end(client.who, Some(code.as_str()));
        client.session = Session::Over(code);
        if let Some(reader) = client.reader {
            self.room.leave(reader, self.now);
        }
    }

    fn break_off(&mut self, n: usize) {
        let client = &mut self.clients[n];
        self.expected.end(client.who, None);
        client.session = Session::Broken;
        if let Some(reader) = client.reader.take() {
            self.room.forget(reader, self.now);
        }
    }

    /// Reads once, this much at most.
    fn read(&mut self, n: usize, most: usize) -> Standing {
        let client = &mut self.clients[n];
        let Some(reader) = client.reader else { return Standing::Lost };
        let mut pieces = Vec::new();
        let standing = self.room.read(reader, &mut pieces);
        let mut taken = pieces.concat();
        taken.truncate(most);
        self.room.advance(reader, taken.len(), || self.now);
        client.take(&taken, &self.expected);
        standing
    }

    /// Time passes, and whoever holds more than half of a full log is put out (\[SLOW-8\],
    /// \[SLOW-11\]). In which order they leave is the room's choice; the observer hears of it.
    fn lose_patience(&mut self) {
        self.now += PATIENCE;
        let slow: Vec<_> = (0..CLIENTS).filter(|&n| self.room.congested() && self.held(n) > MIN_KEPT / 2).collect();
        self.observe();
        self.room.expire(self.now);
        for line in self.observe() {
            let who = line.strip_prefix("LEAVE ").and_then(|name| self.expected.named(name)).expect("a LEAVE");
            assert!(slow.iter().any(|&n| self.clients[n].who == who), "who is put out is slow");
            self.expected.end(who, None);
        }
        for n in slow {
            let was_in = matches!(self.clients[n].session, Session::Joined(_));
            assert!(self.expected.has_ended(self.clients[n].who), "who is slow is put out");
            assert_eq!(self.read(n, 0), if was_in { Standing::TooSlow } else { Standing::Lost });
            self.break_off(n);
        }
        assert_eq!(self.observed, self.expected.events());
    }

    /// What the observer has not seen yet.
    fn observe(&mut self) -> Vec<String> {
        let mut news = Vec::new();
        while let Some(Observed { left_out, lines, peers }) = self.room.observed() {
            let lines = String::from_utf8(lines.concat()).unwrap();
            let moves = lines.lines().filter(|line| !line.starts_with("MSG "));
            let names: Vec<_> = moves.filter_map(|line| line.split_once(' ')).map(|(_, name)| name).collect();
            let from: Vec<_> = peers.iter().flatten().map(|peer| self.expected.name(peer.port().into())).collect();
            assert_eq!(names, from, "the observer is told from where who moves comes");
            self.observed += usize::try_from(left_out).unwrap() + lines.lines().count();
            news.extend(lines.lines().map(str::to_owned));
        }
        news
    }

    /// How much of the log a client holds: of one that has left it is up to the end too, since
    /// nothing can be let go that stands behind what it has not read.
    fn held(&self, n: usize) -> usize {
        let Client { reader: Some(_), read, roster, joined, .. } = self.clients[n] else { return 0 };
        self.expected.log() - joined - (read - roster)
    }

    /// What holds after each step.
    fn check(&self) {
        let held: Vec<_> = (0..CLIENTS).map(|n| self.held(n)).collect();
        let most = held.into_iter().max().unwrap_or_default();
        assert!(if self.room.congested() { most > MIN_KEPT / 2 } else { most < MIN_KEPT }, "{most} bytes are held");
        assert_eq!(self.room.participants(), self.expected.participants());
        assert_eq!(self.room.head(), self.expected.log() as u64);
        for client in &self.clients {
            let Some(reader) = client.reader else { continue };
            let is_in = matches!(client.session, Session::Joined(_));
            assert_eq!(self.room.hears(reader), is_in && !self.room.congested() && client.read >= client.own);
        }
    }

    /// The room is closed, and each gets all that came before its own end.
    fn shut_down(mut self) {
        self.room.close();
        self.expected.shut_down();
        for n in 0..CLIENTS {
            let (code, end) = match self.clients[n].session {
                Session::Waiting(_) => (Code::Shutdown, Standing::Lost),
                Session::Joined(_) => (Code::Shutdown, Standing::Closed),
                Session::Over(code) if self.clients[n].reader.is_none() => (code, Standing::Lost),
                Session::Over(code) => (code, Standing::Done),
                Session::Broken => continue,
            };
            while self.read(n, usize::MAX) == Standing::Reading {}
            assert_eq!(self.read(n, 0), end);
            let client = &self.clients[n];
            assert_eq!(&self.expected.sent(client.who)[client.read..], bye(code));
        }
    }
}

impl Client {
    fn new(who: usize) -> Client {
        let session = Session::Waiting(Waiting::default());
        Client { who, cutter: LineCutter::default(), session, reader: None, read: 0, roster: 0, joined: 0, own: 0 }
    }

    fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], u16::try_from(self.who).unwrap()).into()
    }

    /// Takes what it is given, which is what comes next.
    fn take(&mut self, bytes: &[u8], expected: &Server) {
        assert_eq!(&expected.sent(self.who)[self.read..][..bytes.len()], bytes);
        self.read += bytes.len();
    }
}

fn bye(code: Code) -> Vec<u8> {
    format!("BYE {code}\n").into_bytes()
}
