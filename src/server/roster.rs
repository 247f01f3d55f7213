//! The roster as a newcomer is written it, before it reads in the log.

use std::collections::VecDeque;

use bytes::Bytes;

/// The `JOIN` lines of those who were there before, as far as they are not written.
#[derive(Debug)]
pub(super) struct Roster {
    /// Whole lines in each, shared with all who have the same.
    pieces: VecDeque<Bytes>,
    /// How far the first is written.
    written: usize,
}

impl Roster {
    /// `None` when nobody was there. In a box, as it is soon gone.
    pub(super) fn new(pieces: Vec<Bytes>) -> Option<Box<Roster>> {
        (!pieces.is_empty()).then(|| Box::new(Roster { pieces: pieces.into(), written: 0 }))
    }

    pub(super) fn unwritten(&self) -> impl Iterator<Item = &[u8]> {
        let mut skip = self.written;
        self.pieces.iter().map(move |piece| piece.get(std::mem::take(&mut skip)..).unwrap_or_default())
    }

    pub(super) fn is_written(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Moves on by `n` bytes; gives how many of them are behind its end.
    pub(super) fn advance(&mut self, n: usize) -> usize {
        self.written += n;
        while let Some(piece) = self.pieces.pop_front_if(|piece| piece.len() <= self.written) {
            self.written -= piece.len();
        }
        if self.is_written() { self.written } else { 0 }
    }

    /// What is left of the line that stands half written.
    pub(super) fn half(&self) -> Bytes {
        self.pieces.front().map_or_else(Bytes::new, |piece| rest_of_line(piece, self.written))
    }
}

/// What follows the first `read` bytes of whole lines, up to and with the end of the line
/// there; nothing when a line ends right there.
pub(super) fn rest_of_line(lines: &Bytes, read: usize) -> Bytes {
    let between_lines = read == 0 || lines.get(read - 1) == Some(&b'\n');
    match lines.get(read..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        Some(lf) if !between_lines => lines.slice(read..=read + lf),
        _ => Bytes::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unwritten(roster: &Roster) -> Vec<u8> {
        roster.unwritten().collect::<Vec<_>>().concat()
    }

    #[test]
    fn it_is_written_in_steps_of_any_size() {
        let pieces = ["JOIN Ana\nJOIN Eva\n", "JOIN Luis\n"].map(|piece| Bytes::from_static(piece.as_bytes()));
        let all = pieces.concat();
        for step in 1..=all.len() {
            let mut roster = Roster::new(pieces.to_vec()).unwrap();
            let mut written = 0;
            while written < all.len() {
                assert!(!roster.is_written());
                assert_eq!(unwritten(&roster), all[written..]);
                let begun = written.checked_sub(1).is_some_and(|last| all[last] != b'\n');
                let rest = all[written..].split_inclusive(|&byte| byte == b'\n').next().unwrap();
                assert_eq!(roster.half(), if begun { rest } else { b"" });
                // What is behind its end is the log's.
                assert_eq!(roster.advance(step), (written + step).saturating_sub(all.len()));
                written += step;
            }
            assert!(roster.is_written());
        }
    }
}
