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
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::unconstrained;
use tokio::time::{Sleep, sleep, timeout};
use tracing::{Level, Span, debug, enabled};

use super::hub::{Floor, Seat, Written};
use super::rates;
use super::roster::{Roster, rest_of_line};
use crate::proto::server_session::{Joined, Opening, Request, Waiting};
use crate::proto::{Code, Cut, Foreign, LineCutter, Name, encode};
use crate::room::{MAX_SLICES, Standing};
use crate::safe::safe;

/// The most that is read from a client at a time, in bytes. What one read brings is
/// written to everybody in one write.
const CHUNK: usize = 32 * 1024;

/// How much of a line that ends a session is told in the log of the program, in bytes.
const EXCERPT: usize = 64;

/// How long a client that has left may take nothing of what is still its to read.
pub(super) const STALL: Duration = Duration::from_secs(10);

thread_local! {
    /// What a read lands in. It is the thread's, not the connection's: a connection has
    /// bytes of its own only while it holds half a line.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; CHUNK]);

    /// What of the log is being written; empty between two polls.
    static PIECES: RefCell<Vec<Bytes>> = const { RefCell::new(Vec::new()) };
}

/// A client that has a seat.
pub(super) struct Connection<S> {
    stream: S,
    seat: Seat,
    cutter: LineCutter,
    session: Session,
    /// What this client alone gets before it reads in the log; in a box, as it is soon gone.
    roster: Option<Box<Roster>>,
    /// What is left of the log's line that stands half written.
    half: Bytes,
    /// Whether anything was written since this was last asked.
    wrote: bool,
    /// Whether the client's input is to be read, as it was when the log was looked at.
    heard: bool,
    /// Whether no line has come yet.
    opening: bool,
    /// In a box: only who sends too fast has it.
    early: Option<Box<Early>>,
}

#[derive(Debug)]
enum Session {
    /// In a box, as it is soon over.
    Waiting(Box<Greeting>),
    Joined(Joined),
}

/// What comes before a client has joined.
#[derive(Debug)]
struct Greeting {
    waiting: Waiting,
    /// The name that it has given, while the journal is to say whether it joins.
    asked: Option<Name>,
    /// The end of the time to give one.
    end: Pin<Box<Sleep>>,
}

/// How a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With a `BYE` of this code.
    Bye(Code),
    /// Without one: the connection broke, or took nothing for too long.
    Broken,
}

impl Ending {
    fn code(self) -> Option<Code> {
        match self {
            Ending::Bye(code) => Some(code),
            Ending::Broken => None,
        }
    }
}

/// What a client has sent faster than it may, until it is its turn.
#[derive(Debug)]
struct Early {
    bytes: Bytes,
    turn: Pin<Box<Sleep>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    pub(super) fn new(stream: S, seat: Seat, name_timeout: Duration) -> Connection<S> {
        Connection {
            stream,
            seat,
            cutter: LineCutter::default(),
            session: Session::wait(name_timeout),
            roster: None,
            half: Bytes::new(),
            wrote: false,
            heard: false,
            opening: true,
            early: None,
        }
    }

    /// Serves the client until its session has ended and it was written all that it is
    /// to read; then comes [`close`](Connection::close).
    pub(super) async fn serve(&mut self) -> Ending {
        let ending = match poll_fn(|cx| self.poll_greeting(cx)).await {
            Ok(()) => {
                self.tell_name();
                poll_fn(|cx| self.poll_participation(cx)).await
            }
            Err(ending) => ending,
        };
        // Its timer takes room that nobody needs who stays.
        Box::pin(self.write_out(ending)).await
    }

    /// Gives the stream back, with the last that is to be written on it: the `BYE`, behind
    /// the rest of a line where one stands half written. The seat is free.
    pub(super) fn close(self, ending: Ending) -> (S, Bytes) {
        let last_words = self.last_words(ending);
        self.seat.end(ending.code(), last_words.len());
        (self.stream, last_words)
    }

    /// Tells who it is to whoever reads the log of the program.
    fn tell_name(&self) {
        if let Session::Joined(joined) = &self.session {
            Span::current().record("participant", &*safe(joined.name().as_str()));
            debug!("joined");
        }
    }

    /// Until the client has joined, which is `Ok`, or its session has ended.
    fn poll_greeting(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        while let Session::Waiting(greeting) = &self.session {
            let went_on = if greeting.asked.is_some() {
                self.seat.poll_answer(cx).map(|answer| self.answered(answer).map_err(Ending::Bye))
            } else {
                ready!(self.seat.poll_heard(cx)).map_err(Ending::Bye)?;
                self.poll_input(cx)
            };
            // The clock comes last: a name that waited because the log was full is not late.
            match went_on {
                Poll::Ready(result) => result?,
                Poll::Pending => ready!(self.poll_name_timeout(cx)).map_err(Ending::Bye)?,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// The journal has said whether the client joins.
    fn answered(&mut self, answer: Result<Vec<Bytes>, Code>) -> Result<(), Code> {
        if let Session::Waiting(greeting) = &mut self.session
            && let Some(name) = greeting.asked.take()
        {
            self.roster = Roster::new(answer?);
            self.session = greeting.joined(name);
        }
        Ok(())
    }

    fn poll_name_timeout(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Code>> {
        match &mut self.session {
            // Unconstrained: input without end, which uses up what a task may do at a time,
            // does not hold it off.
            Session::Waiting(greeting) => {
                // Where the name has come, it is not the client who is late.
                let code = if greeting.asked.is_some() { Code::Shutdown } else { Code::Timeout };
                pin!(unconstrained(greeting.end.as_mut())).poll(cx).map(|()| Err(code))
            }
            Session::Joined(_) => Poll::Ready(Ok(())),
        }
    }

    /// Until the session has ended: what is said to the client, what the client says to
    /// the room.
    fn poll_participation(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        loop {
            if let Poll::Ready(ending) = self.poll_log(cx) {
                return Poll::Ready(ending.unwrap_or(Ending::Broken));
            }
            if !self.heard {
                return Poll::Pending;
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
            self.wrote = false;
            match timeout(STALL, poll_fn(|cx| self.poll_log(cx))).await {
                Ok(other) => return other.unwrap_or(ending),
                Err(_elapsed) if self.wrote => {}
                Err(_elapsed) => return Ending::Broken,
            }
        }
        ending
    }

    fn last_words(&self, ending: Ending) -> Bytes {
        let mut words = BytesMut::new();
        if let Ending::Bye(code) = ending {
            match &self.roster {
                Some(roster) => words.put(roster.half()),
                None => words.put(self.half.clone()),
            }
            encode::bye_event(code, &mut words);
        }
        words.freeze()
    }

    /// Copies the roster, then the log to the socket, as far as both go. Ready when the
    /// reading has ended: with `None` when all was written that came before the client
    /// had left, else with the ending that the room decided or the socket brought.
    fn poll_log(&mut self, cx: &mut Context<'_>) -> Poll<Option<Ending>> {
        PIECES.with_borrow_mut(|pieces| {
            let mut written = Written::default();
            loop {
                let copied = self.poll_copy(cx, written, pieces);
                pieces.clear();
                match ready!(copied) {
                    Ok(more) => written = more,
                    Err(ending) => return Poll::Ready(ending),
                }
            }
        })
    }

    /// Tells the room what was written, and writes once what follows it. The end is that
    /// of `poll_log`.
    fn poll_copy(
        &mut self,
        cx: &mut Context<'_>,
        written: Written,
        pieces: &mut Vec<Bytes>,
    ) -> Poll<Result<Written, Option<Ending>>> {
        let look = self.seat.look(cx, written, pieces);
        self.heard = look.heard;
        match look.standing {
            Standing::Reading if pieces.is_empty() => {
                // Over TLS some of what was written may still be on its way to the socket.
                let flushed = ready!(Pin::new(&mut self.stream).poll_flush(cx));
                return if flushed.is_err() { Poll::Ready(Err(Some(Ending::Broken))) } else { Poll::Pending };
            }
            Standing::Reading => {}
            Standing::Done => return Poll::Ready(Err(None)),
            Standing::TooSlow => return Poll::Ready(Err(Some(Ending::Bye(Code::TooSlow)))),
            Standing::Closed => return Poll::Ready(Err(Some(Ending::Bye(Code::Shutdown)))),
            Standing::Lost => return Poll::Ready(Err(Some(Ending::Broken))),
        }
        let Ok(written) = ready!(self.poll_write(cx, pieces)) else {
            return Poll::Ready(Err(Some(Ending::Broken)));
        };
        if written.of_log > 0 {
            self.half = half_written(pieces, written.of_log);
        }
        Poll::Ready(Ok(written))
    }

    /// Writes once: the rest of the roster, and `log`.
    fn poll_write(&mut self, cx: &mut Context<'_>, log: &[Bytes]) -> Poll<io::Result<Written>> {
        let stream = Pin::new(&mut self.stream);
        let bytes = match (&self.roster, log) {
            (None, [piece]) => ready!(stream.poll_write(cx, piece))?,
            (roster, log) => {
                let mut slices = [IoSlice::new(&[]); 2 * MAX_SLICES];
                let roster = roster.iter().flat_map(|roster| roster.unwritten());
                let pieces = roster.chain(log.iter().map(|piece| &piece[..]));
                let filled = slices.iter_mut().zip(pieces).map(|(slice, piece)| *slice = IoSlice::new(piece)).count();
                ready!(stream.poll_write_vectored(cx, slices.get(..filled).unwrap_or_default()))?
            }
        };
        if bytes == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.wrote = true;
        Poll::Ready(Ok(Written { bytes, of_log: self.advance_roster(bytes) }))
    }

    /// The roster takes its part of what was written; gives what is left for the log.
    fn advance_roster(&mut self, written: usize) -> usize {
        let Some(roster) = &mut self.roster else { return written };
        let of_log = roster.advance(written);
        if roster.is_written() {
            self.roster = None;
        }
        of_log
    }

    /// Takes up what came too early, when it is its turn; else reads once.
    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ending>> {
        if let Some(early) = &mut self.early {
            ready!(early.turn.as_mut().poll(cx));
            let bytes = std::mem::take(&mut early.bytes);
            self.early = None;
            return Poll::Ready(self.hear(&bytes).map_err(Ending::Bye));
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let most = if self.seat.has_rates() { rates::READ } else { CHUNK };
            let mut chunk = ReadBuf::new(scratch.get_mut(..most).unwrap_or_default());
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut chunk)) {
                Ok(()) if chunk.filled().is_empty() => Poll::Ready(Err(Ending::Bye(self.end_of_stream()))),
                Ok(()) => Poll::Ready(self.hear(chunk.filled()).map_err(Ending::Bye)),
                Err(_) => Poll::Ready(Err(Ending::Broken)),
            }
        })
    }

    /// Acts on what the client may send now; the rest waits, and the client is not read.
    fn hear(&mut self, bytes: &[u8]) -> Result<(), Code> {
        let (admitted, wait) = self.seat.admit(bytes);
        let (now, early) = bytes.split_at_checked(admitted).unwrap_or((bytes, &[]));
        if !early.is_empty() {
            let (bytes, turn) = (Bytes::copy_from_slice(early), Box::pin(sleep(wait)));
            self.early = Some(Box::new(Early { bytes, turn }));
        }
        let mut now = now;
        self.act(&mut now)?;
        if !now.is_empty() {
            self.put_off(now);
        }
        Ok(())
    }

    /// This is to be heard first of all, as soon as the client is heard again.
    fn put_off(&mut self, bytes: &[u8]) {
        let (early, turn) = match self.early.take().map(|early| *early) {
            Some(Early { bytes, turn }) => (bytes, turn),
            None => (Bytes::new(), Box::pin(sleep(Duration::ZERO))),
        };
        self.early = Some(Box::new(Early { bytes: [bytes, &early].concat().into(), turn }));
    }

    /// Acts on each whole line of a chunk, up to one whose answer is to be waited for.
    fn act(&mut self, chunk: &mut &[u8]) -> Result<(), Code> {
        let Connection { seat, cutter, session, roster, opening, .. } = self;
        let opened = if *opening { open(cutter.unfinished(), chunk) } else { Ok(()) };
        let mut refused = None;
        let result = seat.act(|floor| {
            let (mut result, all) = (opened, chunk.len());
            while !session.is_asking()
                && let (Ok(()), Some(cut)) = (result, cutter.next(chunk))
            {
                *opening = false;
                result = match cut {
                    Cut::Line(line) => session.line(line, floor, roster).inspect_err(|_| refused = excerpt(line)),
                    Cut::TooLong => Err(Code::TooLong),
                };
            }
            floor.received(all - chunk.len());
            // The others hear of it now, whenever the client takes what it is to read.
            result.inspect_err(|_| floor.leave())
        });
        // Not under the lock, as writing it may block.
        if let Some(line) = refused {
            debug!(%line, "this line ends the session");
        }
        result
    }

    /// The client says nothing more: it has left.
    fn end_of_stream(&mut self) -> Code {
        self.seat.act(|floor| {
            floor.leave();
            Code::Quit
        })
    }
}

/// Refuses a connection at its first bytes where they can never become a line.
fn open(unfinished: &[u8], chunk: &[u8]) -> Result<(), Code> {
    Foreign::of(&unfinished.iter().chain(chunk)).map_or(Ok(()), |foreign| {
        debug!("what opens this connection is {foreign}");
        Err(Code::BadLine)
    })
}

/// The beginning of a line, for whoever reads the log of the program, if somebody does.
fn excerpt(line: &[u8]) -> Option<String> {
    enabled!(Level::DEBUG).then(|| line.get(..EXCERPT).unwrap_or(line).escape_ascii().to_string())
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
    fn wait(name_timeout: Duration) -> Session {
        let end = Box::pin(sleep(name_timeout));
        Session::Waiting(Box::new(Greeting { waiting: Waiting::default(), asked: None, end }))
    }

    /// Whether the journal is to say whether the client joins; nothing is heard meanwhile.
    fn is_asking(&self) -> bool {
        matches!(self, Session::Waiting(greeting) if greeting.asked.is_some())
    }

    /// Does what a line asks for; its ending is an error, be it asked for.
    fn line(&mut self, line: &[u8], floor: &mut Floor<'_>, roster: &mut Option<Box<Roster>>) -> Result<(), Code> {
        match self {
            Session::Waiting(greeting) => match greeting.waiting.line(line)? {
                Some(Opening::Join(name)) => match floor.join(&name)? {
                    Some(others) => {
                        *roster = Roster::new(others);
                        *self = greeting.joined(name);
                    }
                    None => greeting.asked = Some(name),
                },
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

impl Greeting {
    fn joined(&mut self, name: Name) -> Session {
        Session::Joined(std::mem::take(&mut self.waiting).accepted(name))
    }
}
