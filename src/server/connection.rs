//! A connection: one client, from its first byte to its end.
//!
//! Two things go on in one task until the session ends: the log is copied to the
//! socket, and the client's lines are told to the room. The client is read only when
//! it has taken its own lines and the room is not congested: TCP holds it back.
//! The session ends in one [`Ending`]; then what the client has still to read is
//! written, then its `BYE`, then the connection lingers so that the `BYE` is not lost
//! (SPEC.md, "Refusals").
//!
//! Any stream will do: TCP, TLS, or a simulated network.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

use super::hub::{Floor, Seat};
use crate::proto::server_session::{Joined, Opening, Request, Waiting};
use crate::proto::{Code, Cut, LineCutter, encode};
use crate::room::{Standing, rest_of_line};

/// The most that is read from a client at a time, in bytes.
const CHUNK: usize = 16 * 1024;

/// How long a client that has left may take nothing of what is still its to read.
pub(super) const STALL: Duration = Duration::from_secs(10);

thread_local! {
    /// What a read lands in. It is the thread's, not the connection's: a connection has
    /// bytes of its own only while it holds half a line.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; CHUNK]);
}

/// A client that has a seat.
pub(super) struct Connection<S> {
    stream: S,
    seat: Seat,
    cutter: LineCutter,
    session: Session,
    /// What this client alone gets before it reads in the log.
    roster: Roster,
    /// What is left of the log's line that stands half written.
    half: Bytes,
    /// Bytes ever written.
    written: u64,
}

#[derive(Debug)]
enum Session {
    Waiting(Waiting),
    Joined(Joined),
}

/// How a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With a `BYE` of this code.
    Bye(Code),
    /// Without one: the connection broke, or took nothing for too long.
    Broken,
}

/// The `JOIN` lines of those who were there before, and how far they are written.
#[derive(Debug, Default)]
struct Roster {
    lines: Bytes,
    written: usize,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(super) fn new(stream: S, seat: Seat) -> Connection<S> {
        let (cutter, session) = (LineCutter::default(), Session::Waiting(Waiting::default()));
        Connection { stream, seat, cutter, session, roster: Roster::default(), half: Bytes::new(), written: 0 }
    }

    /// Serves the client until its session has ended and it was written all that it is
    /// to read. Gives the stream back with the last that is to be written on it: the
    /// `BYE`, behind the rest of a line where one stands half written. The seat is free.
    pub(super) async fn serve(mut self, name_timeout: Duration) -> (S, Ending, Bytes) {
        let greeting = timeout(name_timeout, poll_fn(|cx| self.poll_greeting(cx)));
        let ending = match greeting.await {
            Ok(Ok(())) => poll_fn(|cx| self.poll_participation(cx)).await,
            Ok(Err(ending)) => ending,
            Err(_elapsed) => Ending::Bye(Code::Timeout),
        };
        let ending = self.write_out(ending).await;
        let last_words = self.last_words(ending);
        (self.stream, ending, last_words)
    }

    /// Until the client has joined, which is `Ok`, or its session has ended.
    fn poll_greeting(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        while matches!(self.session, Session::Waiting(_)) {
            ready!(self.seat.poll_heard(cx)).map_err(Ending::Bye)?;
            ready!(self.poll_input(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Until the session has ended: what is said to the client, what the client says to
    /// the room.
    fn poll_participation(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        loop {
            if let Poll::Ready(ending) = self.poll_log(cx) {
                return Poll::Ready(ending.unwrap_or(Ending::Broken));
            }
            if let Err(code) = ready!(self.seat.poll_heard(cx)) {
                return Poll::Ready(Ending::Bye(code));
            }
            if let Err(ending) = ready!(self.poll_input(cx)) {
                return Poll::Ready(ending);
            }
        }
    }

    /// Writes, after the session has ended, what came in the log before that. Another
    /// ending that was decided before takes the place of this one.
    async fn write_out(&mut self, ending: Ending) -> Ending {
        while ending != Ending::Broken && self.seat.has_reader() {
            let before = self.written;
            match timeout(STALL, poll_fn(|cx| self.poll_log(cx))).await {
                Ok(other) => return other.unwrap_or(ending),
                Err(_elapsed) if self.written == before => return Ending::Broken,
                Err(_elapsed) => {}
            }
        }
        ending
    }

    fn last_words(&self, ending: Ending) -> Bytes {
        let mut words = BytesMut::new();
        if let Ending::Bye(code) = ending {
            match self.roster.unwritten() {
                [] => words.put(self.half.clone()),
                _ => words.put(rest_of_line(&self.roster.lines, self.roster.written)),
            }
            encode::bye_event(code, &mut words);
        }
        words.freeze()
    }

    /// Copies the roster, then the log to the socket, as far as both go. Ready when the
    /// reading has ended: with `None` when all was written that came before the client
    /// had left, else with the ending that the room decided or the socket brought.
    fn poll_log(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ending>> {
        let mut taken = 0;
        loop {
            let mut unread = Vec::new();
            match ready!(self.seat.poll_read(cx, taken, &mut unread)) {
                Standing::Reading => {}
                Standing::Done => return Poll::Ready(None),
                Standing::TooSlow => return Poll::Ready(Some(Ending::Bye(Code::TooSlow))),
                Standing::Closed => return Poll::Ready(Some(Ending::Bye(Code::Shutdown))),
                Standing::Lost => return Poll::Ready(Some(Ending::Broken)),
            }
            let Ok(written) = ready!(self.poll_write(cx, &unread)) else {
                return Poll::Ready(Some(Ending::Broken));
            };
            if written > 0 {
                self.half = half_written(&unread, written);
            }
            taken = written;
        }
    }

    /// Writes once; gives how much of `log` was written.
    fn poll_write(&mut self, cx: &mut Context<'_>, log: &[Bytes]) -> Poll<io::Result<usize>> {
        let roster = self.roster.unwritten().len();
        let stream = Pin::new(&mut self.stream);
        let written = match (self.roster.unwritten(), log) {
            ([], [piece]) => ready!(stream.poll_write(cx, piece))?,
            (roster, log) => {
                let pieces: Vec<_> = std::iter::once(roster).chain(log.iter().map(|piece| &piece[..])).collect();
                let slices: Vec<_> = pieces.into_iter().map(IoSlice::new).collect();
                ready!(stream.poll_write_vectored(cx, &slices))?
            }
        };
        if written == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.written += written as u64;
        self.roster.advance(written.min(roster));
        Poll::Ready(Ok(written.saturating_sub(roster)))
    }

    /// Reads once, and acts on each whole line that came.
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut chunk = ReadBuf::new(scratch);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut chunk)) {
                Ok(()) => Poll::Ready(self.take(chunk.filled()).map_err(Ending::Bye)),
                Err(_) => Poll::Ready(Err(Ending::Broken)),
            }
        })
    }

    /// Acts on each whole line of a chunk; an empty chunk is the end of the stream.
    fn take(&mut self, mut chunk: &[u8]) -> Result<(), Code> {
        let Connection { seat, cutter, session, roster, .. } = self;
        let ended = chunk.is_empty();
        seat.act(|floor| {
            let mut result = if ended { Err(Code::Quit) } else { Ok(()) };
            while let (Ok(()), Some(cut)) = (result, cutter.next(&mut chunk)) {
                result = match cut {
                    Cut::Line(line) => session.line(line, floor, roster),
                    Cut::TooLong => Err(Code::TooLong),
                };
            }
            // The others hear of it now, whenever the client takes what it is to read.
            result.inspect_err(|_| floor.leave())
        })
    }
}

/// What is left of the line in whose middle the first `n` bytes of these pieces end.
fn half_written(pieces: &[Bytes], mut n: usize) -> Bytes {
    for piece in pieces {
        if n < piece.len() {
            return rest_of_line(piece, n);
        }
        n -= piece.len();
    }
    Bytes::new()
}

impl Session {
    /// Does what a line asks for; its ending is an error, be it asked for.
    fn line(&mut self, line: &[u8], floor: &mut Floor<'_>, roster: &mut Roster) -> Result<(), Code> {
        match self {
            Session::Waiting(waiting) => match waiting.line(line)? {
                Some(Opening::Join(name)) => {
                    roster.lines = floor.join(&name)?;
                    *self = Session::Joined(std::mem::take(waiting).accepted(name));
                }
                Some(Opening::Bye) => return Err(Code::Quit),
                None => {}
            },
            Session::Joined(joined) => match joined.line(line)? {
                Some(Request::Say(text)) => floor.say(text),
                Some(Request::Bye) => return Err(Code::Quit),
                None => {}
            },
        }
        Ok(())
    }
}

impl Roster {
    fn unwritten(&self) -> &[u8] {
        self.lines.get(self.written..).unwrap_or_default()
    }

    /// Lets the lines go as soon as all are written.
    fn advance(&mut self, n: usize) {
        self.written += n;
        if self.unwritten().is_empty() {
            *self = Roster::default();
        }
    }
}
