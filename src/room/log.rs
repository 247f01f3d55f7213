//! The log: encoded lines in one order, each stored once, and cursors into it.
//!
//! Lines are appended to an open tail. When a reader asks, the tail is sealed
//! into a chunk that all readers share without copying, or copied once for all of
//! them while it is short; a cursor is a place in a chunk. Each chunk counts the
//! cursors in it, so that the log knows in a moment what nobody will read any more,
//! and lets it go. Chunks hold whole lines.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use crate::proto::MAX_LINE;

/// The bytes that are allocated at a time. A chunk is at most this long, which
/// bounds what a slow cursor keeps beyond its own unread lines.
pub(super) const BLOCK: usize = 64 * 1024;

/// A tail is sealed from this length on. A shorter one is copied to be read, so that
/// a hundred lines that came one by one are still one piece for who reads them later.
const SEALED: usize = 4 * 1024;

/// The most bytes that one line has, LF included.
const LONGEST: usize = MAX_LINE + 1;

/// The most pieces that one read gives.
pub const MAX_SLICES: usize = 16;

/// The lines that some cursor has still to read.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Sealed chunks, oldest first, without gaps.
    sealed: VecDeque<Chunk>,
    /// How many chunks were dropped before `sealed`.
    dropped: u64,
    tail: BytesMut,
    /// Lines before the tail.
    tail_begin: u64,
    /// The tail as it was last read.
    tail_read: Bytes,
    /// Lines up to the end of `tail_read`.
    tail_read_end: u64,
    /// Cursors in the tail.
    tail_cursors: usize,
    /// Cursors at the head.
    head_cursors: usize,
    /// Bytes ever appended.
    head: u64,
    /// Bytes dropped from the front.
    base: u64,
    /// Lines ever appended.
    lines: u64,
}

#[derive(Debug)]
struct Chunk {
    bytes: Bytes,
    cursors: usize,
    /// Lines before it.
    begin: u64,
}

/// A place in the log: what is behind it was read. It counts in its chunk until
/// it is given back with [`Log::close`]. Where that chunk was dropped, since all had
/// read it, it stands at the beginning of what is kept.
#[derive(Debug)]
pub(super) struct Cursor {
    /// The number of its chunk, counted from the log's beginning; the tail is one.
    chunk: u64,
    /// Bytes read in that chunk.
    read: usize,
    /// Bytes read, counted from the log's beginning.
    at: u64,
    /// Lines read, counted from the log's beginning: as far as it is known, since where it
    /// stands inside a chunk they are not counted.
    lines: u64,
}

impl Cursor {
    pub(super) fn at(&self) -> u64 {
        self.at
    }
}

impl Log {
    /// Bytes ever appended: the place behind the last line.
    pub(super) fn head(&self) -> u64 {
        self.head
    }

    /// Lines ever appended.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// The place from which on lines are kept, because a cursor is not past them.
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    /// Appends one line: `write` adds its bytes, LF included.
    pub(super) fn append(&mut self, write: impl FnOnce(&mut BytesMut)) {
        if self.tail.capacity() - self.tail.len() < LONGEST {
            self.seal();
            self.tail.reserve(BLOCK);
        }
        let before = self.tail.len();
        write(&mut self.tail);
        self.head += (self.tail.len() - before) as u64;
        self.lines += 1;
        self.head_cursors = 0;
    }

    /// A new cursor at the head.
    pub(super) fn open(&mut self) -> Cursor {
        self.tail_cursors += 1;
        self.head_cursors += 1;
        Cursor { chunk: self.tail_number(), read: self.tail.len(), at: self.head, lines: self.lines }
    }

    /// Gives a cursor back; and how many lines more than was known it has read.
    pub(super) fn close(&mut self, cursor: &Cursor) -> u64 {
        let (index, read) = self.place(cursor);
        let lines = self.lines_before(index, read);
        *self.cursors(index) -= 1;
        if cursor.at == self.head {
            self.head_cursors -= 1;
        }
        self.drop_read();
        lines.saturating_sub(cursor.lines)
    }

    /// What follows the cursor, up to the place `end`, in at most [`MAX_SLICES`]
    /// pieces; none when it is there.
    pub(super) fn read(&mut self, cursor: &Cursor, end: u64, out: &mut Vec<Bytes>) {
        self.share_tail();
        let mut left = usize::try_from(end.saturating_sub(cursor.at)).unwrap_or(usize::MAX);
        let (index, mut skip) = self.place(cursor);
        let sealed = self.sealed.range(index..).map(|chunk| &chunk.bytes);
        for bytes in sealed.chain([&self.tail_read]).take(MAX_SLICES) {
            let unread = (bytes.len() - skip).min(left);
            if unread > 0 {
                out.push(bytes.slice(skip..skip + unread));
            }
            left -= unread;
            skip = 0;
        }
    }

    /// Moves a cursor on by `n` bytes, at least one, that [`read`](Log::read) gave; gives how many lines more
    /// it is known to have read.
    pub(super) fn advance(&mut self, cursor: &mut Cursor, n: usize) -> u64 {
        let (from, mut read) = self.place(cursor);
        read += n;
        let mut to = from;
        while let Some(chunk) = self.sealed.get(to).filter(|chunk| chunk.bytes.len() <= read) {
            read -= chunk.bytes.len();
            to += 1;
        }
        *self.cursors(to) += 1;
        *self.cursors(from) -= 1;
        let (at, known) = (cursor.at + n as u64, cursor.lines);
        let lines = if at == self.head {
            self.head_cursors += 1;
            self.lines
        } else {
            self.known_lines_before(to, read).max(known)
        };
        *cursor = Cursor { chunk: self.dropped + to as u64, read, at, lines };
        self.drop_read();
        lines - known
    }

    /// Moves a cursor to the head.
    pub(super) fn skip(&mut self, cursor: &mut Cursor) {
        let new = self.open();
        self.close(cursor);
        *cursor = new;
    }

    /// Readies the tail to be read.
    fn share_tail(&mut self) {
        if self.tail.len() >= SEALED {
            self.seal();
        }
        if self.tail_read.len() != self.tail.len() {
            self.tail_read = Bytes::copy_from_slice(&self.tail);
            self.tail_read_end = self.lines;
        }
    }

    fn seal(&mut self) {
        if !self.tail.is_empty() {
            let chunk = Chunk { bytes: self.tail.split().freeze(), cursors: self.tail_cursors, begin: self.tail_begin };
            self.sealed.push_back(chunk);
            self.tail_begin = self.lines;
            self.tail_cursors = 0;
            self.tail_read = Bytes::new();
        }
    }

    /// Drops from the front what all have read.
    fn drop_read(&mut self) {
        while let Some(chunk) = self.sealed.pop_front_if(|chunk| chunk.cursors == 0) {
            self.dropped += 1;
            self.base += chunk.bytes.len() as u64;
        }
        if self.sealed.is_empty() && self.tail_cursors == self.head_cursors {
            self.tail.clear();
            self.tail_begin = self.lines;
            self.tail_read = Bytes::new();
            self.dropped += 1;
            self.base = self.head;
        }
    }

    /// In which chunk a cursor stands, counted from the first that is kept, the tail being
    /// the last; and how much of it was read.
    fn place(&self, cursor: &Cursor) -> (usize, usize) {
        match cursor.chunk.checked_sub(self.dropped) {
            Some(index) => (usize::try_from(index).unwrap_or(usize::MAX), cursor.read),
            None => (0, 0),
        }
    }

    /// The lines before a place in a chunk that has just been read, where that needs no
    /// counting: else those before the chunk.
    fn known_lines_before(&self, index: usize, read: usize) -> u64 {
        match self.sealed.get(index) {
            Some(chunk) => chunk.begin,
            None if read > 0 && read == self.tail_read.len() => self.tail_read_end,
            None => self.tail_begin,
        }
    }

    /// The lines before a place in a chunk.
    fn lines_before(&self, index: usize, read: usize) -> u64 {
        let (begin, bytes) =
            self.sealed.get(index).map_or((self.tail_begin, &self.tail[..]), |chunk| (chunk.begin, &chunk.bytes));
        begin + memchr::memchr_iter(b'\n', bytes.get(..read).unwrap_or_default()).count() as u64
    }

    fn cursors(&mut self, index: usize) -> &mut usize {
        self.sealed.get_mut(index).map_or(&mut self.tail_cursors, |chunk| &mut chunk.cursors)
    }

    fn tail_number(&self) -> u64 {
        self.dropped + self.sealed.len() as u64
    }
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
