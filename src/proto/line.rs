//! From chunks of bytes to whole lines, with a cap (SPEC.md, "Lines").
//!
//! How bytes are cut into reads means nothing: the same bytes give the same
//! lines however they come. A line that lies whole in a chunk is handed on where
//! it lies; only half a line is copied, and only while it is half.

/// The most bytes that a line has, without its LF and the CR before it:
/// `MSG `, a name, a space and a text.
pub const MAX_LINE: usize = 4 + super::MAX_NAME + 1 + super::MAX_TEXT;

/// What stands at most without an LF before it is too long: a line and its CR.
const MAX_OPEN: usize = MAX_LINE + 1;

/// Cuts a stream of bytes into lines. It holds at most one unfinished line, and
/// no memory while it holds none.
///
/// ```
/// use charla::proto::{Cut, LineCutter};
/// let mut cutter = LineCutter::default();
/// let mut chunk = &b"NAME Ana\r\nMSG ho"[..];
/// assert_eq!(cutter.next(&mut chunk), Some(Cut::Line(b"NAME Ana")));
/// assert_eq!(cutter.next(&mut chunk), None);
/// let mut chunk = &b"la\n"[..];
/// assert_eq!(cutter.next(&mut chunk), Some(Cut::Line(b"MSG hola")));
/// ```
#[derive(Debug, Default)]
pub struct LineCutter {
    /// The beginning of a line whose LF has not come.
    open: Vec<u8>,
    state: State,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Cutting,
    /// `open` was handed out as a line and is to be let go.
    HandedOut,
    /// The line that is coming was reported as too long; its rest is passed over.
    Skipping,
}

/// One line, or the news that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut<'a> {
    /// A whole line without its LF and one CR before it.
    Line(&'a [u8]),
    /// A line over [`MAX_LINE`], said once, as soon as it is certain.
    TooLong,
}

impl LineCutter {
    /// The next line, taken from the front of `chunk`; `None` when what is left
    /// of it is no whole line: then it is kept here, and `chunk` is empty.
    pub fn next<'a, 'c: 'a>(&'a mut self, chunk: &mut &'c [u8]) -> Option<Cut<'a>> {
        if self.state == State::HandedOut {
            self.open = Vec::new();
            self.state = State::Cutting;
        }
        if self.state == State::Skipping {
            if take_line(chunk).is_none() {
                *chunk = &[];
                return None;
            }
            self.state = State::Cutting;
        }
        let Some(piece) = take_line(chunk) else {
            return self.keep(std::mem::take(chunk));
        };
        if self.open.is_empty() {
            return Some(judge(piece));
        }
        self.state = State::HandedOut;
        if self.open.len() + piece.len() > MAX_OPEN {
            return Some(Cut::TooLong);
        }
        self.open.extend_from_slice(piece);
        Some(judge(&self.open))
    }

    /// The beginning of a line whose end has not come.
    #[must_use]
    pub fn unfinished(&self) -> &[u8] {
        if self.state == State::HandedOut { &[] } else { &self.open }
    }

    fn keep(&mut self, piece: &[u8]) -> Option<Cut<'static>> {
        if self.open.len() + piece.len() > MAX_OPEN {
            self.open = Vec::new();
            self.state = State::Skipping;
            return Some(Cut::TooLong);
        }
        self.open.extend_from_slice(piece);
        None
    }
}

/// Takes what stands before the first LF, and the LF; nothing where there is none.
fn take_line<'c>(chunk: &mut &'c [u8]) -> Option<&'c [u8]> {
    let lf = memchr::memchr(b'\n', chunk)?;
    let (piece, rest) = chunk.split_at_checked(lf)?;
    *chunk = rest.get(1..)?;
    Some(piece)
}

fn judge(line: &[u8]) -> Cut<'_> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > MAX_LINE { Cut::TooLong } else { Cut::Line(line) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All lines of these chunks, a too long one as `None`.
    fn lines<'c>(chunks: impl IntoIterator<Item = &'c [u8]>) -> Vec<Option<Vec<u8>>> {
        let mut cutter = LineCutter::default();
        let mut lines = Vec::new();
        for mut chunk in chunks {
            while let Some(cut) = cutter.next(&mut chunk) {
                lines.push(match cut {
                    Cut::Line(line) => Some(line.to_vec()),
                    Cut::TooLong => None,
                });
                assert!(lines.len() < 10_000, "a line comes again and again");
            }
            assert!(chunk.is_empty());
        }
        lines
    }

    #[test]
    fn one_cr_before_the_lf_is_dropped_and_no_other() {
        assert_eq!(lines([&b"a\r\nb\r\r\n\rc\n"[..]]), [&b"a"[..], b"b\r", b"\rc"].map(|l| Some(l.to_vec())));
    }

    #[test]
    fn the_limit_is_counted_without_the_end_of_line() {
        let longest = [b'x'; MAX_LINE];
        for end in [&b"\n"[..], b"\r\n"] {
            assert_eq!(lines([&longest[..], end]), [Some(longest.to_vec())]);
            assert_eq!(lines([&longest[..], b"x", end, b"y\n"]), [None, Some(b"y".to_vec())]);
        }
    }

    #[test]
    fn a_line_without_end_is_refused_when_it_is_certain_and_takes_no_memory() {
        let mut cutter = LineCutter::default();
        assert_eq!(cutter.next(&mut &[b'x'; MAX_OPEN][..]), None);
        assert_eq!(cutter.next(&mut &b"x"[..]), Some(Cut::TooLong));
        for _ in 0..1000 {
            assert_eq!(cutter.next(&mut &[b'x'; 1000][..]), None);
        }
        assert_eq!(cutter.open.capacity(), 0);
        assert_eq!(cutter.next(&mut &b"x\na\n"[..]), Some(Cut::Line(b"a")));
    }

    #[test]
    fn no_memory_is_held_between_lines() {
        let mut cutter = LineCutter::default();
        assert_eq!(cutter.next(&mut &b"hal"[..]), None);
        assert_eq!(cutter.unfinished(), b"hal");
        let mut chunk = &b"f\n"[..];
        assert_eq!(cutter.next(&mut chunk), Some(Cut::Line(b"half")));
        assert_eq!(cutter.unfinished(), b"");
        assert_eq!(cutter.next(&mut chunk), None);
        assert_eq!(cutter.open.capacity(), 0);
    }

    proptest! {
        /// However bytes are cut, the lines are the same.
        #[test]
        fn cuts_mean_nothing(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), any::<u8>()], 0..300),
            long in 1040..1080usize,
            size in 1..1500usize,
        ) {
            let bytes = [&bytes[..], &vec![b'x'; long], b"\r\nend\n"].concat();
            let whole = lines([&bytes[..]]);
            prop_assert_eq!(&lines(bytes.chunks(1)), &whole);
            prop_assert_eq!(&lines(bytes.chunks(size)), &whole);
        }
    }
}
