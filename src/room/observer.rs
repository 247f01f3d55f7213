//! The observer: a reader that never holds up the room, such as a console.
//!
//! It reads the log like everybody else, but when it would be the cause of a full
//! log it skips to the head, and is told how many lines it missed. Beside the lines
//! it gets what they do not say: from where each one comes who joins or leaves.

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::Bytes;

use super::log::{Cursor, Log};

#[derive(Debug)]
pub(super) struct Observer {
    cursor: Cursor,
    /// The number of lines before the cursor.
    lines: u64,
    left_out: u64,
    /// The place of each unread `JOIN` and `LEAVE`, and its peer.
    peers: VecDeque<(u64, Option<SocketAddr>)>,
}

/// What the observer gets at a time.
#[derive(Debug, Default)]
pub struct Observed {
    /// Lines that were left out before these.
    pub left_out: u64,
    /// Whole lines, several in a piece.
    pub lines: Vec<Bytes>,
    /// The peer of each `JOIN` and `LEAVE` in `lines`, in their order; `None` for one of
    /// another node.
    pub peers: Vec<Option<SocketAddr>>,
}

impl Observer {
    pub(super) fn new(log: &mut Log) -> Observer {
        Observer { cursor: log.open(), lines: log.lines(), left_out: 0, peers: VecDeque::new() }
    }

    /// The line that is appended next is a `JOIN` or `LEAVE` of this peer.
    pub(super) fn note(&mut self, place: u64, peer: Option<SocketAddr>) {
        self.peers.push_back((place, peer));
    }

    pub(super) fn read(&mut self, log: &mut Log) -> Option<Observed> {
        let mut observed = Observed { left_out: std::mem::take(&mut self.left_out), ..Observed::default() };
        log.read(&self.cursor, u64::MAX, &mut observed.lines);
        let bytes = observed.lines.iter().map(Bytes::len).sum();
        if bytes > 0 {
            log.advance(&mut self.cursor, bytes);
        }
        self.lines += observed.lines.iter().map(|piece| memchr::memchr_iter(b'\n', piece).count() as u64).sum::<u64>();
        while let Some((_, peer)) = self.peers.pop_front_if(|(place, _)| *place < self.cursor.at()) {
            observed.peers.push(peer);
        }
        (bytes > 0 || observed.left_out > 0).then_some(observed)
    }

    pub(super) fn at(&self) -> u64 {
        self.cursor.at()
    }

    pub(super) fn skip(&mut self, log: &mut Log) {
        log.skip(&mut self.cursor);
        self.left_out += log.lines() - self.lines;
        self.lines = log.lines();
        self.peers.clear();
    }

    pub(super) fn close(self, log: &mut Log) {
        log.close(&self.cursor);
    }
}
