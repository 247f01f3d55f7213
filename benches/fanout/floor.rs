//! The floor: the least that carrying each line to everybody can cost.
//!
//! One thread, one circular log, a place in it for each client. A turn waits for the kernel,
//! takes what the speakers have, and writes to each client once all that it lacks. It checks
//! no name and no text, puts nobody out and logs nothing: it is there to be compared with,
//! not to be used. While a reader has not taken what the log holds, nobody is read.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};

use bytes::{Buf, Bytes};
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::fd::OwnedFd;
use rustix::time::Timespec;
use slab::Slab;

/// The bytes of the log that are kept.
const LOG: usize = 2 * 1024 * 1024;

/// The most that one client brings at a time.
const CHUNK: usize = 32 * 1024;

/// What is taken from all of them in a turn, about.
const BATCH: usize = 128 * 1024;

/// What a chunk may become: the names stand before its texts.
const ROOM: usize = 8 * CHUNK;

const LISTENER: u64 = u64::MAX;

struct Floor {
    listener: TcpListener,
    epoll: OwnedFd,
    clients: Slab<Client>,
    /// The clients that may have something to say.
    readable: Vec<usize>,
    log: Vec<u8>,
    /// Bytes ever appended.
    head: usize,
    /// Where the slowest reads.
    slowest: usize,
    chunk: Vec<u8>,
}

struct Client {
    stream: TcpStream,
    /// `MSG name `, once it has one.
    prefix: Vec<u8>,
    /// Where it reads in the log.
    at: usize,
    /// What it alone gets, before the log.
    roster: Bytes,
    /// The line that it has not ended.
    half: Vec<u8>,
    blocked: bool,
    gone: bool,
}

/// Serves on this listener until the process ends.
pub(super) fn run(listener: TcpListener) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    let mut floor = Floor {
        listener,
        epoll,
        clients: Slab::new(),
        readable: Vec::new(),
        log: vec![0; LOG],
        head: 0,
        slowest: 0,
        chunk: vec![0; CHUNK],
    };
    let mut events = Vec::with_capacity(4096);
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    loop {
        let waits = floor.readable.is_empty() || !floor.has_room();
        events.clear();
        epoll::wait(&floor.epoll, spare_capacity(&mut events), (!waits).then_some(&at_once))?;
        floor.note(&events)?;
        floor.listen();
        floor.write();
        floor.forget();
    }
}

impl Floor {
    fn note(&mut self, events: &[epoll::Event]) -> io::Result<()> {
        for event in events {
            let (data, flags) = (event.data.u64(), event.flags);
            if data == LISTENER {
                self.accept()?;
                continue;
            }
            let index = usize::try_from(data).unwrap();
            let Some(client) = self.clients.get_mut(index) else { continue };
            if flags.contains(EventFlags::OUT) {
                client.blocked = false;
            }
            if flags.intersects(EventFlags::IN | EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR)
                && !self.readable.contains(&index)
            {
                self.readable.push(index);
            }
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<()> {
        while let Ok((stream, _)) = self.listener.accept() {
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            let entry = self.clients.vacant_entry();
            let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
            epoll::add(&self.epoll, &stream, EventData::new_u64(entry.key() as u64), flags)?;
            let (prefix, roster, half) = (Vec::new(), Bytes::new(), Vec::new());
            entry.insert(Client { stream, prefix, at: 0, roster, half, blocked: false, gone: false });
        }
        Ok(())
    }

    /// Whether the log can take a chunk: the slowest has read what is in its place.
    fn has_room(&self) -> bool {
        self.head - self.slowest + ROOM < LOG
    }

    /// Takes what the speakers have, in turn, as long as there is room.
    fn listen(&mut self) {
        let start = self.head;
        while !self.readable.is_empty() && self.head - start < BATCH && self.has_room() {
            let readable = std::mem::take(&mut self.readable);
            for (turn, &index) in readable.iter().enumerate() {
                if self.head - start >= BATCH || !self.has_room() {
                    self.readable.extend_from_slice(&readable[turn..]);
                    break;
                }
                if self.read(index) {
                    self.readable.push(index);
                }
            }
        }
    }

    /// Reads once; whether there may be more.
    fn read(&mut self, index: usize) -> bool {
        let Some(client) = self.clients.get_mut(index) else { return false };
        let mut chunk = std::mem::take(&mut self.chunk);
        let read = client.stream.read(&mut chunk);
        let more = self.take(index, &chunk, read);
        self.chunk = chunk;
        more
    }

    fn take(&mut self, index: usize, chunk: &[u8], read: io::Result<usize>) -> bool {
        let client = &mut self.clients[index];
        let read = match read {
            Ok(read) if read > 0 => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
            _ => {
                client.gone = true;
                return false;
            }
        };
        let mut half = std::mem::take(&mut client.half);
        let mut rest = &chunk[..read];
        while let Some(lf) = memchr::memchr(b'\n', rest) {
            if half.is_empty() {
                self.line(index, &rest[..lf]);
            } else {
                half.extend_from_slice(&rest[..lf]);
                self.line(index, &half);
                half.clear();
            }
            rest = &rest[lf + 1..];
        }
        half.extend_from_slice(rest);
        self.clients[index].half = half;
        read == chunk.len()
    }

    fn line(&mut self, index: usize, line: &[u8]) {
        if let Some(text) = line.strip_prefix(b"MSG ") {
            let prefix = std::mem::take(&mut self.clients[index].prefix);
            self.append(&[&prefix, text, b"\n"]);
            self.clients[index].prefix = prefix;
        } else if let Some(name) = line.strip_prefix(b"NAME ") {
            let mut roster = Vec::new();
            for (_, present) in self.clients.iter().filter(|(_, client)| client.is_in()) {
                for piece in [b"JOIN ", present.name(), b"\n"] {
                    roster.extend_from_slice(piece);
                }
            }
            let client = &mut self.clients[index];
            (client.roster, client.at) = (roster.into(), self.head);
            client.prefix = [b"MSG ", name, b" "].concat();
            self.append(&[b"JOIN ", name, b"\n"]);
        } else {
            self.clients[index].gone = true;
        }
    }

    fn append(&mut self, pieces: &[&[u8]]) {
        for piece in pieces {
            let begin = self.head % LOG;
            let first = piece.len().min(LOG - begin);
            self.log[begin..begin + first].copy_from_slice(&piece[..first]);
            self.log[..piece.len() - first].copy_from_slice(&piece[first..]);
            self.head += piece.len();
        }
    }

    /// Writes to each client all that it lacks, as far as its socket takes it.
    fn write(&mut self) {
        self.slowest = self.head;
        for (_, client) in self.clients.iter_mut().filter(|(_, client)| client.is_in()) {
            client.gone |= !client.blocked && client.write(&self.log, self.head).is_err();
            if !client.gone {
                self.slowest = self.slowest.min(client.at);
            }
        }
    }

    fn forget(&mut self) {
        let gone: Vec<_> = self.clients.iter().filter(|(_, client)| client.gone).map(|(index, _)| index).collect();
        for index in gone {
            let client = self.clients.remove(index);
            self.readable.retain(|&readable| readable != index);
            if client.is_in() {
                self.append(&[b"LEAVE ", client.name(), b"\n"]);
            }
        }
    }
}

impl Client {
    fn is_in(&self) -> bool {
        !self.prefix.is_empty()
    }

    fn name(&self) -> &[u8] {
        self.prefix.strip_prefix(b"MSG ").and_then(|name| name.strip_suffix(b" ")).unwrap_or_default()
    }

    fn write(&mut self, log: &[u8], head: usize) -> io::Result<()> {
        while !self.roster.is_empty() || self.at < head {
            let begin = self.at % LOG;
            let lacks = head - self.at;
            let (first, second) = (&log[begin..LOG.min(begin + lacks)], &log[..(begin + lacks).saturating_sub(LOG)]);
            let written = match (self.roster.is_empty(), second.is_empty()) {
                (true, true) => self.stream.write(first),
                _ => self.stream.write_vectored(&[&self.roster, first, second].map(IoSlice::new)),
            };
            let written = match written {
                Ok(written) => written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.blocked = true;
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            let of_roster = written.min(self.roster.len());
            self.roster.advance(of_roster);
            if self.roster.is_empty() {
                // It is not held any longer.
                self.roster = Bytes::new();
            }
            self.at += written - of_roster;
        }
        Ok(())
    }
}
