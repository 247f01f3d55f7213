//! The cutter of lines, its bytes cut anywhere (\[LINE-5\]).

use charla::proto::{Cut, LineCutter};

use super::piece::pieces;
use super::reference;

/// Each piece is what one read gave.
pub fn run(data: &[u8]) {
    let mut cutter = LineCutter::default();
    let mut lines = Vec::new();
    for mut chunk in pieces(data) {
        while let Some(cut) = cutter.next(&mut chunk) {
            lines.push(match cut {
                Cut::Line(line) => Some(line.to_vec()),
                Cut::TooLong => None,
            });
        }
        assert!(chunk.is_empty(), "what is no whole line is kept");
    }
    let stream = pieces(data).collect::<Vec<_>>().concat();
    assert!(lines.iter().map(Option::as_deref).eq(reference::lines(&stream)), "{lines:?}");
}
