//! How the bytes of a case are cut into writes, and how its times are scaled.
//!
//! To a conforming server it means nothing: SPEC.md has lines, not segments. So
//! each case can be played with its bytes cut in every way of [`Cut::ALL`], and
//! must go the same.

use std::time::Duration;

use crate::lang::Words;

/// How many bytes of one step are written singly by [`Cut::Bytes`]; the rest goes
/// in one piece, so that a long case does not take minutes.
const SINGLE_BYTES: usize = 4096;

/// How many pieces of a step have a pause after them: so many arrive one by one.
const PAUSES: usize = 64;

/// Long enough that a server that waits for input mostly sees each piece by itself.
/// Only how much a play shows depends on it, not how it goes.
const PAUSE: Duration = Duration::from_millis(1);

/// How the bytes that an actor sends are cut into writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cut {
    /// A write for each step.
    #[default]
    AsWritten,
    /// A write for each line.
    Lines,
    /// A write for each byte.
    Bytes,
    /// One write for all that an actor sends before anybody must receive something
    /// or somebody else sends.
    Coalesced,
    /// Cut inside each character of several bytes, and between CR and LF.
    Inside,
}

impl Cut {
    /// Every way.
    pub const ALL: &'static [Cut] = &[Cut::AsWritten, Cut::Lines, Cut::Bytes, Cut::Coalesced, Cut::Inside];

    /// Its name, for people and options.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Cut::AsWritten => "as-written",
            Cut::Lines => "lines",
            Cut::Bytes => "bytes",
            Cut::Coalesced => "coalesced",
            Cut::Inside => "inside",
        }
    }

    /// The pieces of what a step sends: none is empty, and together they are `bytes`.
    #[must_use]
    pub fn pieces(self, bytes: &[u8]) -> Vec<&[u8]> {
        match self {
            Cut::AsWritten | Cut::Coalesced => bytes.chunks(bytes.len().max(1)).collect(),
            Cut::Lines => bytes.split_inclusive(|&b| b == b'\n').collect(),
            Cut::Bytes => {
                let (singly, rest) = bytes.split_at(bytes.len().min(SINGLE_BYTES));
                singly.chunks(1).chain(rest.chunks(rest.len().max(1))).collect()
            }
            Cut::Inside => bytes.chunk_by(|&a, &b| !is_inside(a, b)).collect(),
        }
    }
}

/// By how much all times that are waited are multiplied.
#[derive(Clone, Copy, Debug)]
pub struct Scale(pub f64);

impl Default for Scale {
    fn default() -> Scale {
        Scale(1.0)
    }
}

impl Scale {
    /// The time that a program may take to start: never less than this, since how fast a
    /// machine starts programs says nothing about them.
    #[must_use]
    pub fn of_start(self, time: Duration) -> Duration {
        self.of(time).max(time)
    }

    /// A time, multiplied.
    #[must_use]
    pub fn of(self, time: Duration) -> Duration {
        Duration::try_from_secs_f64(time.as_secs_f64() * self.0).unwrap_or(time)
    }
}

/// A time as an argument of a text.
pub(super) fn seconds(time: Duration) -> Words {
    time.as_secs_f32().to_string().into()
}

/// Waits before the piece of this number, if it is one of the first, and not the very first.
pub(super) fn pause_before(number: usize) {
    if (1..=PAUSES).contains(&number) {
        std::thread::sleep(PAUSE);
    }
}

/// Whether a cut between these two is inside a character, after its first byte, or
/// inside a CRLF.
fn is_inside(a: u8, b: u8) -> bool {
    a >= 0xc0 || (a == b'\r' && b == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_cuts_where_it_says() {
        let bytes = "añ\r\nb\n".as_bytes();
        let lengths = |cut: Cut| cut.pieces(bytes).iter().map(|p| p.len()).collect::<Vec<_>>();
        assert_eq!(lengths(Cut::AsWritten), [7]);
        assert_eq!(lengths(Cut::Coalesced), [7]);
        assert_eq!(lengths(Cut::Lines), [5, 2]);
        assert_eq!(lengths(Cut::Bytes), [1; 7]);
        assert_eq!(lengths(Cut::Inside), [2, 2, 3]);
    }

    #[test]
    fn nothing_is_lost() {
        let bytes = "ñ\r\n".repeat(3000).into_bytes();
        for cut in Cut::ALL {
            assert_eq!(cut.pieces(&bytes).concat(), bytes);
            assert!(cut.pieces(&bytes).iter().all(|piece| !piece.is_empty()));
            assert!(cut.pieces(b"").is_empty());
        }
    }
}
