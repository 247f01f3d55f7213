//! The log: encoded lines in one order, each stored once, and cursors into it.
//!
//! Lines are appended to an open tail. When a reader asks, the tail is sealed
//! into a chunk that all readers share without copying; a cursor is a place in a
//! chunk. Each chunk counts the cursors in it, so that the log knows in a moment
//! what nobody will read any more, and lets it go. Chunks hold whole lines.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use crate::proto::MAX_LINE;

/// The bytes that are allocated at a time. A chunk is at most this long, which
/// bounds what a slow cursor keeps beyond its own unread lines.
const BLOCK: usize = 64 * 1024;

/// The most bytes that one line has, LF included.
const LONGEST: usize = MAX_LINE + 1;

/// The most chunks that one read gives.
const MAX_SLICES: usize = 16;

/// The lines that some cursor has still to read.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Sealed chunks, oldest first, without gaps.
    sealed: VecDeque<Chunk>,
    /// How many chunks were dropped before `sealed`.
    dropped: u64,
    tail: BytesMut,
    /// Cursors in the tail.
    tail_cursors: usize,
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
}

/// A place in the log: what is behind it was read. It counts in its chunk until
/// it is given back with [`Log::close`].
#[derive(Debug)]
pub(super) struct Cursor {
    /// The number of its chunk, counted from the log's beginning; the tail is one.
    chunk: u64,
    /// Bytes read in that chunk.
    read: usize,
    /// Bytes read, counted from the log's beginning.
    at: u64,
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
    }

    /// A new cursor at the head.
    pub(super) fn open(&mut self) -> Cursor {
        self.tail_cursors += 1;
        Cursor { chunk: self.tail_number(), read: self.tail.len(), at: self.head }
    }

    /// Gives a cursor back.
    pub(super) fn close(&mut self, cursor: &Cursor) {
        *self.cursors(cursor.chunk) -= 1;
        self.drop_unread();
    }

    /// What follows the cursor, up to the place `end`, in at most [`MAX_SLICES`]
    /// pieces; none when it is there.
    pub(super) fn read(&mut self, cursor: &Cursor, end: u64, out: &mut Vec<Bytes>) {
        self.seal();
        let mut left = usize::try_from(end.saturating_sub(cursor.at)).unwrap_or(usize::MAX);
        let mut skip = cursor.read;
        for chunk in self.sealed.range(self.index(cursor.chunk)..).take(MAX_SLICES) {
            let unread = chunk.bytes.len() - skip;
            if left == 0 || unread == 0 {
                break;
            }
            out.push(chunk.bytes.slice(skip..skip + unread.min(left)));
            left -= unread.min(left);
            skip = 0;
        }
    }

    /// Moves a cursor on by `n` bytes that [`read`](Log::read) gave.
    pub(super) fn advance(&mut self, cursor: &mut Cursor, n: usize) {
        let from = cursor.chunk;
        cursor.at += n as u64;
        cursor.read += n;
        while let Some(chunk) = self.sealed.get(self.index(cursor.chunk)) {
            if cursor.read < chunk.bytes.len() {
                break;
            }
            cursor.read -= chunk.bytes.len();
            cursor.chunk += 1;
        }
        self.recount(from, cursor.chunk);
    }

    /// Moves a cursor to the head.
    pub(super) fn skip(&mut self, cursor: &mut Cursor) {
        let new = self.open();
        self.close(cursor);
        *cursor = new;
    }

    /// What is left of the line in whose middle the cursor stands; empty between lines.
    pub(super) fn rest_of_line(&mut self, cursor: &Cursor) -> Bytes {
        self.seal();
        let Some(chunk) = self.sealed.get(self.index(cursor.chunk)) else {
            return Bytes::new();
        };
        rest_of_line(&chunk.bytes, cursor.read)
    }

    fn seal(&mut self) {
        if !self.tail.is_empty() {
            let chunk = Chunk { bytes: self.tail.split().freeze(), cursors: self.tail_cursors };
            self.sealed.push_back(chunk);
            self.tail_cursors = 0;
        }
    }

    fn recount(&mut self, from: u64, to: u64) {
        if from != to {
            *self.cursors(to) += 1;
            *self.cursors(from) -= 1;
            self.drop_unread();
        }
    }

    fn drop_unread(&mut self) {
        while let Some(chunk) = self.sealed.pop_front_if(|chunk| chunk.cursors == 0) {
            self.dropped += 1;
            self.base += chunk.bytes.len() as u64;
        }
        if self.sealed.is_empty() && self.tail_cursors == 0 {
            self.tail.clear();
            self.base = self.head;
        }
    }

    fn cursors(&mut self, chunk: u64) -> &mut usize {
        let index = self.index(chunk);
        self.sealed.get_mut(index).map_or(&mut self.tail_cursors, |chunk| &mut chunk.cursors)
    }

    fn tail_number(&self) -> u64 {
        self.dropped + self.sealed.len() as u64
    }

    /// Where a chunk is in `sealed`; the tail is right behind its end.
    fn index(&self, chunk: u64) -> usize {
        usize::try_from(chunk - self.dropped).unwrap_or(usize::MAX)
    }
}

/// What follows the first `read` bytes of `lines`, up to and with the end of that line;
/// nothing when a line ends right there.
///
/// ```
/// use charla::room::rest_of_line;
/// let lines = "JOIN Ana\nJOIN Luis\n".into();
/// assert_eq!(rest_of_line(&lines, 11), "IN Luis\n");
/// assert_eq!(rest_of_line(&lines, 9), "");
/// ```
#[must_use]
pub fn rest_of_line(lines: &Bytes, read: usize) -> Bytes {
    let between_lines = read == 0 || lines.get(read - 1) == Some(&b'\n');
    match lines.get(read..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        Some(lf) if !between_lines => lines.slice(read..=read + lf),
        _ => Bytes::new(),
    }
}
