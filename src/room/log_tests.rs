//! The log beside a plain list of bytes.

use proptest::prelude::*;

use super::*;

/// A line of so many bytes, its LF included.
fn line(number: u64, length: usize) -> Vec<u8> {
    let mut line = vec![b'a' + u8::try_from(number % 26).unwrap(); length];
    line[length - 1] = b'\n';
    line
}

impl Log {
    fn append_line(&mut self, length: usize) {
        let line = line(self.lines(), length);
        self.append(|out| out.extend(line));
    }

    fn read_all(&mut self, cursor: &Cursor) -> Vec<Bytes> {
        let mut out = Vec::new();
        self.read(cursor, u64::MAX, &mut out);
        out
    }
}

#[test]
fn a_chunk_is_as_long_as_a_block_and_no_longer() {
    let lengths = |first| {
        let mut log = Log::default();
        let cursor = log.open();
        log.append_line(first);
        log.append_line(MAX_LINE + 1);
        log.read_all(&cursor).iter().map(Bytes::len).collect::<Vec<_>>()
    };
    assert_eq!(lengths(BLOCK - LONGEST), [64 * 1024]);
    assert_eq!(lengths(BLOCK - LONGEST + 1), [64 * 1024 - 1061, 1062]);
}

#[test]
fn lines_that_come_one_by_one_are_one_piece_up_to_4_kib() {
    let pieces = |first| {
        let mut log = Log::default();
        let cursor = log.open();
        log.append_line(first);
        log.read_all(&cursor);
        log.append_line(1);
        log.read_all(&cursor).len()
    };
    assert_eq!((pieces(4095), pieces(4096)), (1, 2));
}

#[test]
fn what_all_have_read_is_dropped_where_one_has_gone_before() {
    let mut log = Log::default();
    let (mut fast, mut slow) = (log.open(), log.open());
    log.append_line(10);
    log.advance(&mut fast, 10);
    log.close(&fast);
    assert_eq!(log.base(), 0);
    log.advance(&mut slow, 10);
    assert_eq!(log.base(), 10);
}

/// Without counting them, and though more was appended meanwhile.
#[test]
fn lines_that_end_a_chunk_or_what_was_last_read_are_known_to_be_taken() {
    for length in [10, SEALED] {
        let mut log = Log::default();
        let mut cursor = log.open();
        log.append_line(length);
        log.append_line(10);
        let bytes: usize = log.read_all(&cursor).iter().map(Bytes::len).sum();
        log.append_line(10);
        assert_eq!(log.advance(&mut cursor, bytes), 2, "{length}");
    }
}

/// What can happen to a log, for any of its cursors.
#[derive(Clone, Debug)]
enum Step {
    Append(usize, usize),
    Open,
    Close(usize),
    Read(usize, usize),
    Skip(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let length = prop_oneof![1..200usize, Just(LONGEST)];
    let far = prop_oneof![1..5000usize, Just(usize::MAX)];
    let step = prop_oneof![
        4 => (length, 1..40usize).prop_map(|(length, times)| Step::Append(length, times)),
        1 => Just(Step::Open),
        1 => (0..4usize).prop_map(Step::Close),
        6 => (0..4usize, far).prop_map(|(n, far)| Step::Read(n, far)),
        1 => (0..4usize).prop_map(Step::Skip),
    ];
    proptest::collection::vec(step, 0..80)
}

/// A log, and the same as a plain list of bytes.
#[derive(Default)]
struct Both {
    log: Log,
    bytes: Vec<u8>,
    lines: u64,
    visits: Vec<Visit>,
}

struct Visit {
    cursor: Cursor,
    from: usize,
    /// How many lines it is known to have read.
    lines: u64,
}

impl Both {
    fn take(&mut self, step: &Step) {
        match *step {
            Step::Append(length, times) if !self.visits.is_empty() => {
                (0..times).for_each(|_| self.append(length));
            }
            Step::Open => {
                self.visits.push(Visit { cursor: self.log.open(), from: self.bytes.len(), lines: 0 });
            }
            Step::Close(n) if n < self.visits.len() => self.close(n),
            Step::Read(n, far) if n < self.visits.len() => self.read(n, far),
            Step::Skip(n) if n < self.visits.len() => {
                self.log.skip(&mut self.visits[n].cursor);
                (self.visits[n].from, self.visits[n].lines) = (self.bytes.len(), 0);
            }
            Step::Append(..) | Step::Close(_) | Step::Read(..) | Step::Skip(_) => {}
        }
    }

    fn append(&mut self, length: usize) {
        self.log.append_line(length);
        self.bytes.extend(line(self.lines, length));
        self.lines += 1;
    }

    fn close(&mut self, n: usize) {
        let visit = self.visits.swap_remove(n);
        let lines = visit.lines + self.log.close(&visit.cursor);
        assert_eq!(lines, self.lines_read(&visit));
    }

    /// Reads so far at most, which is what stands there.
    fn read(&mut self, n: usize, far: usize) {
        let visit = &mut self.visits[n];
        let (mut out, at) = (Vec::new(), usize::try_from(visit.cursor.at()).unwrap());
        self.log.read(&visit.cursor, (at as u64).saturating_add(far as u64), &mut out);
        let due = far.min(self.bytes.len() - at);
        let read = out.concat();
        assert_eq!(read, &self.bytes[at..][..read.len()]);
        assert!(read.len() == due || out.len() == MAX_SLICES && read.len() < due, "{} of {due}", read.len());
        assert!(out.iter().all(|piece| !piece.is_empty()));
        if !read.is_empty() {
            visit.lines += self.log.advance(&mut visit.cursor, read.len());
        }
    }

    fn lines_read(&self, visit: &Visit) -> u64 {
        let read = &self.bytes[visit.from..usize::try_from(visit.cursor.at()).unwrap()];
        memchr::memchr_iter(b'\n', read).count() as u64
    }

    /// What is kept begins with the chunk in which the slowest stands.
    fn check(&self) {
        let Both { log, bytes, lines, visits } = self;
        assert_eq!((log.head(), log.lines()), (bytes.len() as u64, *lines));
        let slowest = visits.iter().map(|visit| visit.cursor.at()).min().unwrap_or(log.head());
        assert!(log.base() <= slowest && slowest - log.base() < BLOCK as u64, "{slowest} {log:?}");
        assert!(visits.iter().all(|visit| visit.lines <= self.lines_read(visit)));
    }
}

proptest! {
    #[test]
    fn each_cursor_reads_a_plain_list_of_bytes(steps in steps()) {
        let mut both = Both::default();
        for step in steps {
            both.take(&step);
            both.check();
        }
    }
}
