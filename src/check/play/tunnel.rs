//! TLS over an actor's connection: what its bytes are on the wire.
//!
//! The player seals what it sends, and the reading thread opens what comes, with one session
//! between them. It is held for moments, and never while a socket is waited for: a server may
//! have to be read before it reads.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::{ClientConnection, Connection};

use super::wire::is_pause;
use crate::lang::Words;
use crate::tls::{Host, Refusal};

/// How much is read of a socket at once.
const CHUNK: usize = 64 << 10;

/// A session, for the side that sends.
#[derive(Clone)]
pub(super) struct Tunnel(Arc<Mutex<Connection>>);

/// The other side: what comes over a socket, opened.
pub(super) struct Source {
    stream: TcpStream,
    tunnel: Tunnel,
    buffer: Vec<u8>,
    /// What was read of the socket and not opened yet.
    sealed: VecDeque<u8>,
}

impl Tunnel {
    /// Shakes hands with a server, within this time for each step.
    pub(super) fn dig(host: &Host, stream: &mut TcpStream, within: Duration) -> io::Result<Tunnel> {
        let session = ClientConnection::new(Arc::clone(&host.config), host.name.clone());
        Tunnel::open(session.map_err(io::Error::other)?.into(), stream, within)
    }

    /// Goes on with a handshake that has begun.
    pub(super) fn open(mut session: Connection, stream: &mut TcpStream, within: Duration) -> io::Result<Tunnel> {
        // All of a step is sealed at once, whenever the socket takes it.
        session.set_buffer_limit(None);
        stream.set_read_timeout(Some(within))?;
        stream.set_write_timeout(Some(within))?;
        while session.is_handshaking() {
            session.complete_io(stream)?;
        }
        stream.set_read_timeout(None)?;
        Ok(Tunnel(Arc::new(Mutex::new(session))))
    }

    /// What comes over this socket.
    pub(super) fn source(&self, stream: TcpStream) -> Source {
        Source { stream, tunnel: self.clone(), buffer: vec![0; CHUNK], sealed: VecDeque::new() }
    }

    /// What goes over the wire for these bytes.
    pub(super) fn seal(&self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut session = self.lock();
        session.writer().write_all(bytes)?;
        sealed(&mut session)
    }

    /// What goes over the wire to end the sending side.
    pub(super) fn seal_end(&self) -> io::Result<Vec<u8>> {
        let mut session = self.lock();
        session.send_close_notify();
        sealed(&mut session)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why there is no connection, as far as it can be said in our words.
pub(super) fn why(error: &io::Error) -> Words {
    Refusal::of(error).map_or_else(|| error.to_string().into(), |refusal| refusal.words())
}

/// Whether the other side does not want to shake hands, and says so or goes.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    match error.get_ref().and_then(|why| why.downcast_ref()) {
        Some(why) => matches!(why, rustls::Error::AlertReceived(_)),
        None => !is_pause(error),
    }
}

fn sealed(session: &mut Connection) -> io::Result<Vec<u8>> {
    let mut sealed = Vec::new();
    while session.wants_write() {
        session.write_tls(&mut sealed)?;
    }
    Ok(sealed)
}

impl Read for Source {
    /// An end of the connection without `close_notify` is an `UnexpectedEof` ([TLS-7]).
    fn read(&mut self, opened: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tunnel.lock().reader().read(opened) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                read => return read,
            }
            if self.sealed.is_empty() {
                let n = self.stream.read(&mut self.buffer)?;
                self.sealed.extend(self.buffer.iter().take(n));
            }
            let mut session = self.tunnel.lock();
            // Of nothing where the connection has ended, which the session is to know.
            session.read_tls(&mut self.sealed)?;
            session.process_new_packets().map_err(io::Error::other)?;
        }
    }
}
