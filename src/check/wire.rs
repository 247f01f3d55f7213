//! One actor's connection: a socket that is read in the background all the time,
//! so that no server ever waits for the player, and lines to be asked for.
//!
//! What comes is held in bounded memory; a server that sends more than the case
//! can ask for is cut off and the end of its stream says so. Nothing blocks for
//! ever: writes and waits have a deadline.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::log::{Event, Log};

/// The most bytes that are held unread by the case.
const MAX_HELD: usize = 32 << 20;

/// The longest line that is read.
const MAX_LINE: usize = 64 << 10;

/// An actor's connection.
pub(super) struct Wire {
    stream: TcpStream,
    shared: Arc<Shared>,
    reader: Option<JoinHandle<()>>,
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
    /// Not at all: the player gave up reading, for this reason.
    TooMuch(String),
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
    pub(super) fn open(server: SocketAddr, timeout: Duration, actor: usize, log: &Log) -> io::Result<Wire> {
        let stream = TcpStream::connect_timeout(&server, timeout)?;
        stream.set_nodelay(true)?;
        log.push(actor, Event::Opened);
        let shared = Arc::<Shared>::default();
        let source = stream.try_clone()?;
        let (reader_shared, reader_log) = (Arc::clone(&shared), log.clone());
        let reader = thread::Builder::new()
            .name(format!("actor-{actor}"))
            .spawn(move || reader_shared.read_all(source, actor, &reader_log))?;
        Ok(Wire { stream, shared, reader: Some(reader), actor, log: log.clone() })
    }

    /// Writes all of it, or fails with `TimedOut` when the deadline is over first.
    pub(super) fn write(&self, bytes: &[u8], deadline: Instant) -> io::Result<()> {
        self.log.push(self.actor, Event::sent(bytes));
        let mut rest = bytes;
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

    /// Ends the sending side. That the server was faster to close is no error.
    pub(super) fn half_close(&self) {
        self.log.push(self.actor, Event::SentEnd);
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Ends the sending side, and reads what still comes.
    pub(super) fn leave(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
        self.shared.lock().stalled = false;
        self.shared.changed.notify_all();
    }

    /// Resets the connection.
    pub(super) fn reset(mut self) {
        self.log.push(self.actor, Event::SentReset);
        let _ = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        // The socket is closed, and so reset, when the thread has let go of its handle too.
        // Shutting down the reading side wakes it, and tells the server nothing.
        self.stop(Shutdown::Read);
    }

    /// Reads nothing from now on, or reads again.
    pub(super) fn stall(&self, stalled: bool) {
        self.log.push(self.actor, if stalled { Event::Stalled } else { Event::Resumed });
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

impl Drop for Wire {
    fn drop(&mut self) {
        if self.reader.is_some() {
            self.stop(Shutdown::Both);
        }
    }
}

/// Whether a read or a write failed for the moment only.
fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Incoming> {
        self.incoming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_all(&self, mut source: TcpStream, actor: usize, log: &Log) {
        let mut buffer = vec![0; 64 << 10];
        while self.wait_while_stalled() {
            let end = match source.read(&mut buffer) {
                Ok(0) => Some(End::Clean(std::mem::take(&mut self.lock().open))),
                Ok(n) => self.take(buffer.get(..n).unwrap_or_default(), actor, log).err().map(End::TooMuch),
                Err(error) if is_pause(&error) => None,
                Err(error) => Some(End::Broken(error.to_string())),
            };
            if let Some(end) = end {
                self.end(end, actor, log);
                return;
            }
        }
    }

    /// Whether to read on.
    fn wait_while_stalled(&self) -> bool {
        let stalled = self.changed.wait_while(self.lock(), |incoming| incoming.stalled);
        !stalled.unwrap_or_else(PoisonError::into_inner).stopped
    }

    fn take(&self, mut bytes: &[u8], actor: usize, log: &Log) -> Result<(), String> {
        let mut incoming = self.lock();
        while let Some((piece, rest)) = split_line(bytes) {
            let mut line = std::mem::take(&mut incoming.open);
            line.extend_from_slice(piece);
            let crlf = line.pop_if(|last| *last == b'\r').is_some();
            log.push(actor, Event::received(&line));
            incoming.held += line.len();
            incoming.lines.push_back(Line { bytes: line, crlf });
            bytes = rest;
        }
        incoming.open.extend_from_slice(bytes);
        self.changed.notify_all();
        if incoming.open.len() > MAX_LINE {
            return Err(format!("more than {MAX_LINE} bytes without an LF"));
        }
        // An empty line is held too, if by little.
        if incoming.held + incoming.lines.len() * size_of::<Line>() > MAX_HELD {
            return Err(format!("more than {MAX_HELD} bytes that nothing in the case asks for"));
        }
        Ok(())
    }

    fn end(&self, end: End, actor: usize, log: &Log) {
        let mut incoming = self.lock();
        if !incoming.stopped {
            log.push(actor, end.event());
        }
        incoming.end = Some(end);
        self.changed.notify_all();
    }
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (piece, rest) = bytes.split_at_checked(memchr::memchr(b'\n', bytes)?)?;
    Some((piece, rest.get(1..)?))
}

impl End {
    fn event(&self) -> Event {
        match self {
            End::Clean(_) => Event::ReceivedEnd,
            End::Broken(why) | End::TooMuch(why) => Event::Broken(why.clone()),
        }
    }
}
