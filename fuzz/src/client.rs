//! The client against any bytes of a server, cut anywhere: what it tells of them is what one
//! reads in them naively.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use charla::client::{Client, Ending, Event, Farewell, Receipt, SayError};
use charla::proto::Name;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::piece::pieces;
use super::reference::grammar::{ServerLine, server_line};
use super::reference::{Asked, judge, lines};

const NAME: &str = "Ana";

/// Each piece begins with a byte that says what it is: a text to say, or that the client is to
/// leave, or what a read gives.
pub fn run(data: &[u8]) {
    let mut play = Play::new();
    for (kind, bytes) in pieces(data).filter_map(|piece| piece.split_first()) {
        match kind % 4 {
            0 => play.say(bytes),
            1 => play.leave(),
            _ => play.hear(bytes),
        }
    }
    play.end();
}

struct Play {
    client: Client<Wire>,
    wire: Wire,
    reading: Reading,
    left: bool,
    /// What the client is to send.
    sent: Vec<u8>,
}

/// The events in the bytes of a server, read naively.
#[derive(Default)]
struct Reading {
    /// What came behind the last LF.
    unread: Vec<u8>,
    is_in: bool,
    roster: Vec<String>,
    unreceipted: VecDeque<(Receipt, String)>,
    ending: Option<Ending>,
}

impl Play {
    fn new() -> Play {
        let wire = Wire::default();
        let client = Client::join(wire.clone(), Name::new(NAME).unwrap());
        Play { client, wire, reading: Reading::default(), left: false, sent: format!("NAME {NAME}\n").into_bytes() }
    }

    fn say(&mut self, text: &[u8]) {
        let Ok(text) = str::from_utf8(text) else { return };
        let line = format!("MSG {text}");
        let may = !self.left && self.reading.ending.is_none();
        match self.client.say(text) {
            Err(SayError::Left) => assert!(!may),
            Err(SayError::NotIn) => assert!(may && !self.reading.is_in),
            Err(SayError::BadText(_)) => assert!(judge(Some(line.as_bytes()), true).is_err()),
            Ok(receipt) => {
                assert!(may && self.reading.is_in);
                assert_eq!(judge(Some(line.as_bytes()), true), Ok(Asked::Say(text)));
                self.reading.unreceipted.push_back((receipt, text.to_owned()));
                self.sent.extend(format!("{line}\n").into_bytes());
            }
        }
    }

    fn leave(&mut self) {
        self.client.leave();
        if !std::mem::replace(&mut self.left, true) {
            self.sent.extend(b"BYE\n");
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.wire.0.borrow_mut().incoming.extend(bytes);
        let input = [&self.reading.unread, bytes].concat();
        for line in lines(&input).into_iter().flatten() {
            if let Some(expected) = self.reading.line(line) {
                assert_eq!(self.poll(), Poll::Ready(expected));
                self.check();
            }
        }
        self.reading.unread = input.split(|&octet| octet == b'\n').next_back().unwrap_or_default().to_vec();
        let still = self.reading.ending.clone().map_or(Poll::Pending, |ending| Poll::Ready(Err(ending)));
        assert_eq!(self.poll(), still);
    }

    fn check(&self) {
        let roster: &[String] = if self.reading.is_in { &self.reading.roster } else { &[] };
        assert_eq!((self.client.is_in(), self.client.roster()), (self.reading.is_in, roster));
        assert!(self.client.unreceipted().eq(self.reading.unreceipted.iter().map(|(_, text)| text)));
        assert_eq!(self.client.waiting(), self.reading.unreceipted.len());
    }

    /// The stream ends, if nothing has ended before.
    fn end(mut self) {
        self.wire.0.borrow_mut().ended = true;
        let ending = self.reading.ending.clone().unwrap_or(Ending::EndOfStream);
        assert_eq!(self.poll(), Poll::Ready(Err(ending)));
        let sent = &self.wire.0.borrow().sent;
        assert!(if self.reading.ending.is_some() { self.sent.starts_with(sent) } else { self.sent == *sent });
    }

    fn poll(&mut self) -> Poll<Result<Event, Ending>> {
        pin!(self.client.event()).poll(&mut Context::from_waker(Waker::noop()))
    }
}

impl Reading {
    /// What a line tells, if anything (SPEC.md, section 10).
    fn line(&mut self, line: &[u8]) -> Option<Result<Event, Ending>> {
        if self.ending.is_some() {
            return None;
        }
        match server_line(line)? {
            ServerLine::Bye(code, text) => {
                let farewell = Farewell { code: code.to_owned(), text: text.map(str::to_owned) };
                self.ending = Some(Ending::Bye(farewell));
                self.ending.clone().map(Err)
            }
            line if self.is_in => Some(Ok(self.news(&line))),
            ServerLine::Join(name) => {
                self.roster.push(name.to_owned());
                self.is_in = name == NAME;
                self.is_in.then_some(Ok(Event::Joined))
            }
            ServerLine::Leave(_) | ServerLine::Msg(..) => None,
        }
    }

    fn news(&mut self, line: &ServerLine<'_>) -> Event {
        match *line {
            ServerLine::Join(name) => {
                self.roster.push(name.to_owned());
                Event::Join(name.to_owned())
            }
            ServerLine::Leave(name) => {
                self.roster.retain(|other| other != name);
                Event::Leave(name.to_owned())
            }
            ServerLine::Msg(name, text) => {
                let own = if name == NAME { self.unreceipted.pop_front() } else { None };
                match own {
                    Some((receipt, _)) => Event::Receipt { receipt, text: text.to_owned() },
                    None => Event::Msg { name: name.to_owned(), text: text.to_owned() },
                }
            }
            ServerLine::Bye(..) => unreachable!("it is the end, and no news"),
        }
    }
}

/// A stream in memory.
#[derive(Clone, Default)]
struct Wire(Rc<RefCell<Traffic>>);

#[derive(Default)]
struct Traffic {
    incoming: VecDeque<u8>,
    ended: bool,
    sent: Vec<u8>,
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Traffic { incoming, ended, .. } = &mut *self.0.borrow_mut();
        if incoming.is_empty() && !*ended {
            return Poll::Pending;
        }
        let n = incoming.len().min(buf.remaining());
        buf.put_slice(&incoming.drain(..n).collect::<Vec<_>>());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().sent.extend(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
