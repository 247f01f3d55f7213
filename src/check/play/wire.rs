//! One actor's connection: a socket that is read in the background all the time,
//! so that no program under test ever waits for the player, and lines to be asked for.
//!
//! The player is at its client's end where a server is checked, and at its server's
//! end where a client is. What comes is held in bounded memory; a program that sends
//! more than the case can ask for is cut off and the end of its stream says so.
//! Nothing blocks for ever: writes and waits have a deadline.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::{Domain, SockRef, Socket, Type};

use super::log::{Event, Log};
use super::tunnel::Tunnel;
use crate::lang::Words;
use crate::tls::Host;

/// The most bytes that are held unread by the case.
const MAX_HELD: usize = 32 << 20;

/// The longest line that is read.
const MAX_LINE: usize = 64 << 10;

/// How long the last bytes of TLS may take that end a stream.
const LAST_WORD: Duration = Duration::from_secs(1);

/// How much the system is to keep for an actor that stalls, in bytes: so little that what the server
/// does about it is seen soon.
const NARROW: usize = 4096;

/// The longest segments for such an actor, in bytes: a server's system keeps the more for a
/// connection, the longer its segments.
const SHORT: u32 = 536;

/// How many lines of one write to a client are told one by one.
const LINES_TOLD: usize = 16;

/// An actor's connection.
pub(super) struct Wire {
    stream: TcpStream,
    /// Where TLS is spoken.
    tunnel: Option<Tunnel>,
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
    voice: Voice,
}

/// Tells the log what happens at this end of the connection, as the actor's part in it.
#[derive(Clone)]
struct Voice {
    is_client: bool,
    actor: usize,
    log: Log,
}

/// A line that came, without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) bytes: Vec<u8>,
    /// Whether its end was CRLF.
    pub(super) crlf: bool,
}

/// How the stream from the server ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By an end of stream, with these bytes of a last line without LF.
    Clean(Vec<u8>),
    /// By a reset or another error.
    Broken(String),
    /// Over TLS, by an end of the connection without `close_notify`.
    CutOff,
    /// Not at all: the player gave up reading, for this reason.
    TooMuch(Words),
}

/// What comes next.
pub(super) enum Next {
    Line(Line),
    End(End),
    /// Nothing, until the deadline.
    Nothing,
}

/// What the reading thread and the player share.
#[derive(Default)]
struct Shared {
    // A std mutex: both sides hold it for moments, and only the player waits.
    incoming: Mutex<Incoming>,
    changed: Condvar,
}

#[derive(Default)]
struct Incoming {
    lines: VecDeque<Line>,
    held: usize,
    /// A line whose LF has not come.
    open: Vec<u8>,
    end: Option<End>,
    stalled: bool,
    stopped: bool,
}

impl Wire {
    /// Takes a connection to a server, as this actor.
    pub(super) fn open(
        mut stream: TcpStream,
        host: Option<&Host>,
        timeout: Duration,
        actor: usize,
        log: &Log,
    ) -> io::Result<Wire> {
        let tunnel = host.map(|host| Tunnel::dig(host, &mut stream, timeout)).transpose()?;
        Wire::over(stream, tunnel, Voice { is_client: true, actor, log: log.clone() })
    }

    /// Takes the connection of a client, which is this actor.
    #[cfg(feature = "check")]
    pub(super) fn accepted(stream: TcpStream, tunnel: Option<Tunnel>, actor: usize, log: &Log) -> io::Result<Wire> {
        Wire::over(stream, tunnel, Voice { is_client: false, actor, log: log.clone() })
    }

    fn over(stream: TcpStream, tunnel: Option<Tunnel>, voice: Voice) -> io::Result<Wire> {
        stream.set_nodelay(true)?;
        voice.push(Event::Opened);
        let shared = Arc::<Shared>::default();
        let source = stream.try_clone()?;
        let source: Box<dyn Read + Send> = match &tunnel {
            Some(tunnel) => Box::new(tunnel.source(source)),
            None => Box::new(source),
        };
        let (reader_shared, reader_voice) = (Arc::clone(&shared), voice.clone());
        let reader = thread::Builder::new()
            .name(format!("actor-{}", voice.actor))
            .spawn(move || reader_shared.read_all(source, &reader_voice))?;
        Ok(Wire { stream, tunnel, shared, reader: Some(reader), voice })
    }

    /// Writes all of it, or fails with `TimedOut` when the deadline is over first.
    pub(super) fn write(&self, bytes: &[u8], deadline: Instant) -> io::Result<()> {
        self.voice.wrote(bytes);
        let bytes = match &self.tunnel {
            Some(tunnel) => Cow::from(tunnel.seal(bytes)?),
            None => Cow::from(bytes),
        };
        self.write_all(&bytes, deadline)
    }

    fn write_all(&self, mut rest: &[u8], deadline: Instant) -> io::Result<()> {
        while !rest.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            self.stream.set_write_timeout(Some(left))?;
            match (&self.stream).write(rest) {
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if is_pause(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Ends the sending side of the stream, and over TLS nothing else: the connection is open still ([TLS-7]).
    /// That the other side was faster to close is no error.
    pub(super) fn half_close(&self) {
        self.voice.push(if self.voice.is_client { Event::SentEnd } else { Event::ReceivedEnd });
        match self.tunnel.as_ref().map(Tunnel::seal_end) {
            Some(end) => drop(end.and_then(|end| self.write_all(&end, Instant::now() + LAST_WORD))),
            None => self.end_connection(),
        }
    }

    /// Ends the sending side of the connection, whatever that is to the stream over it.
    fn end_connection(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Over TLS, ends the connection without a word.
    pub(super) fn cut_off(&self) {
        self.voice.push(Event::SentCut);
        self.end_connection();
    }

    /// Ends the sending side, and reads what still comes.
    pub(super) fn leave(&self) {
        if let Some(Ok(end)) = self.tunnel.as_ref().map(Tunnel::seal_end) {
            let _ = self.write_all(&end, Instant::now() + LAST_WORD);
        }
        self.end_connection();
        self.shared.lock().stalled = false;
        self.shared.changed.notify_all();
    }

    /// Resets the connection.
    pub(super) fn reset(mut self) {
        self.voice.push(if self.voice.is_client { Event::SentReset } else { Event::Broken("reset".into()) });
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        // The socket is closed, and so reset, when the thread has let go of its handle too.
        // Shutting down the reading side wakes it, and tells the server nothing.
        self.stop(Shutdown::Read);
    }

    /// Reads nothing from now on, or reads again.
    pub(super) fn stall(&self, stalled: bool) {
        self.voice.push(if stalled { Event::Stalled } else { Event::Resumed });
        self.shared.lock().stalled = stalled;
        self.shared.changed.notify_all();
    }

    /// Takes the next line, or tells how the stream ended, which can be asked again.
    pub(super) fn next(&self, deadline: Instant) -> Next {
        let mut incoming = self.shared.lock();
        loop {
            if let Some(line) = incoming.lines.pop_front() {
                incoming.held -= line.bytes.len();
                return Next::Line(line);
            }
            if let Some(end) = &incoming.end {
                return Next::End(end.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Next::Nothing;
            }
            let waited = self.shared.changed.wait_timeout(incoming, left);
            incoming = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// How what has come begins, of which nothing is taken: with nothing where the connection has only ended.
    /// `None` when nothing comes until the deadline.
    pub(super) fn beginning(&self, deadline: Instant) -> Option<Vec<u8>> {
        let left = deadline.saturating_duration_since(Instant::now());
        let is_silent =
            |incoming: &mut Incoming| incoming.lines.is_empty() && incoming.open.is_empty() && incoming.end.is_none();
        let waited = self.shared.changed.wait_timeout_while(self.shared.lock(), left, is_silent);
        let (incoming, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        let beginning = match (incoming.lines.front(), &incoming.end) {
            (Some(line), _) => &line.bytes,
            (None, Some(End::Clean(rest))) => rest,
            (None, _) => &incoming.open,
        };
        (!waited.timed_out()).then(|| beginning.clone())
    }

    /// Has a line that was taken come next again.
    #[cfg(feature = "check")]
    pub(super) fn put_back(&self, line: Line) {
        let mut incoming = self.shared.lock();
        incoming.held += line.bytes.len();
        incoming.lines.push_front(line);
    }

    fn stop(&mut self, how: Shutdown) {
        {
            let mut incoming = self.shared.lock();
            incoming.stopped = true;
            incoming.stalled = false;
        }
        self.shared.changed.notify_all();
        let _ = self.stream.shutdown(how);
        if let Some(reader) = self.reader.take() {
            // It does not panic; if it did, the lines that it got are there all the same.
            let _ = reader.join();
        }
    }
}

impl Voice {
    fn push(&self, event: Event) {
        self.log.push(self.actor, event);
    }

    /// What an actor sends goes as it is; what it receives goes line by line, so long as it is little.
    fn wrote(&self, bytes: &[u8]) {
        if self.is_client {
            return self.push(Event::sent(bytes));
        }
        let mut lines = bytes.split_inclusive(|&b| b == b'\n');
        for line in lines.by_ref().take(LINES_TOLD) {
            self.push(Event::received(line.strip_suffix(b"\n").unwrap_or(line)));
        }
        match lines.count() {
            0 => {}
            more => self.push(Event::LeftOut(more)),
        }
    }

    fn read(&self, line: &[u8]) {
        if self.is_client {
            self.push(Event::received(line));
        } else {
            self.push(Event::sent(&[line, b"\n"].concat()));
        }
    }

    fn ended(&self, end: &End) {
        self.push(match end {
            End::Clean(_) if self.is_client => Event::ReceivedEnd,
            End::Clean(_) => Event::SentEnd,
            End::Broken(why) => Event::Broken(why.as_str().into()),
            End::CutOff => Event::Broken(Words::new("play-cut-off", [])),
            End::TooMuch(why) => Event::Broken(why.clone()),
        });
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.reader.is_some() {
            self.stop(Shutdown::Both);
        }
    }
}

/// Connects to a server.
pub(super) fn connect(server: SocketAddr, stalls: bool, timeout: Duration) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
    if stalls {
        // Where it cannot be so, the case only shows less.
        let _ = socket.set_recv_buffer_size(NARROW);
        let _ = socket.set_tcp_mss(SHORT);
    }
    socket.connect_timeout(&server.into(), timeout)?;
    Ok(socket.into())
}

/// Whether a read or a write failed for the moment only.
pub(super) fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Incoming> {
        self.incoming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_all(&self, mut source: impl Read, voice: &Voice) {
        let mut buffer = vec![0; 64 << 10];
        while self.wait_while_stalled() {
            let end = match source.read(&mut buffer) {
                Ok(0) => Some(End::Clean(std::mem::take(&mut self.lock().open))),
                Ok(n) => self.take(buffer.get(..n).unwrap_or_default(), voice).err().map(End::TooMuch),
                Err(error) if is_pause(&error) => None,
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => Some(End::CutOff),
                Err(error) => Some(End::Broken(error.to_string())),
            };
            if let Some(end) = end {
                self.end(end, voice);
                return;
            }
        }
    }

    /// Whether to read on.
    fn wait_while_stalled(&self) -> bool {
        let stalled = self.changed.wait_while(self.lock(), |incoming| incoming.stalled);
        !stalled.unwrap_or_else(PoisonError::into_inner).stopped
    }

    fn take(&self, mut bytes: &[u8], voice: &Voice) -> Result<(), Words> {
        let mut incoming = self.lock();
        while let Some((piece, rest)) = split_line(bytes) {
            let mut line = std::mem::take(&mut incoming.open);
            line.extend_from_slice(piece);
            let crlf = line.pop_if(|last| *last == b'\r').is_some();
            voice.read(&line);
            incoming.held += line.len();
            incoming.lines.push_back(Line { bytes: line, crlf });
            bytes = rest;
        }
        incoming.open.extend_from_slice(bytes);
        self.changed.notify_all();
        if incoming.open.len() > MAX_LINE {
            return Err(Words::new("play-endless-line", [("most", MAX_LINE.to_string().into())]));
        }
        // An empty line is held too, if by little.
        if incoming.held + incoming.lines.len() * size_of::<Line>() > MAX_HELD {
            return Err(Words::new("play-unasked", [("most", MAX_HELD.to_string().into())]));
        }
        Ok(())
    }

    fn end(&self, end: End, voice: &Voice) {
        let mut incoming = self.lock();
        if !incoming.stopped {
            voice.ended(&end);
        }
        incoming.end = Some(end);
        self.changed.notify_all();
    }
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (piece, rest) = bytes.split_at_checked(memchr::memchr(b'\n', bytes)?)?;
    Some((piece, rest.get(1..)?))
}
