//! One line above the prompt: its text, what of it is styled, and how it is laid out.

use std::ops::Range;

use super::wrap;

const RESET: &str = "\x1b[0m";

/// A line that is on its way to the screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    /// How many columns in it goes on in further rows, where there is room for that.
    pub(super) hang: usize,
    /// What of it is styled, in order and apart, and by which sequence.
    pub(super) styles: Vec<(Range<usize>, String)>,
    /// It rings.
    pub(super) bell: bool,
}

impl Line {
    /// A line of the client's own: it goes on a little in, so that no row of it can
    /// be taken for another line.
    pub(super) fn plain(text: &str) -> Line {
        Line { text: text.to_owned(), hang: 2, ..Line::default() }
    }

    /// Draws it in a window of so many columns.
    pub(super) fn draw(&self, columns: usize, screen: &mut String) {
        let hang = if self.hang <= columns / 2 { self.hang } else { 2.min(columns / 2) };
        if self.bell {
            screen.push('\x07');
        }
        for (n, row) in wrap::rows(&self.text, columns, hang).into_iter().enumerate() {
            if n > 0 {
                screen.push_str(&" ".repeat(hang));
            }
            self.paint(&row, screen);
            screen.push('\n');
        }
    }

    /// A row of it, with the part of each style that is in it.
    fn paint(&self, row: &Range<usize>, screen: &mut String) {
        let text = |range: Range<usize>| self.text.get(range).unwrap_or_default();
        let mut at = row.start;
        for (range, style) in &self.styles {
            let (from, to) = (range.start.max(at), range.end.min(row.end));
            if from < to {
                screen.push_str(text(at..from));
                screen.push_str(&[style, text(from..to), RESET].concat());
                at = to;
            }
        }
        screen.push_str(text(at..row.end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(line: &Line, columns: usize) -> String {
        let mut screen = String::new();
        line.draw(columns, &mut screen);
        screen
    }

    #[test]
    fn a_long_text_goes_on_below_itself() {
        let line = Line { text: "Luis: uno dos tres".to_owned(), hang: 6, ..Line::default() };
        assert_eq!(drawn(&line, 80), "Luis: uno dos tres\n");
        assert_eq!(drawn(&line, 12), "Luis: uno\n      dos\n      tres\n");
        // No room for so much: a little in.
        assert_eq!(drawn(&line, 10), "Luis: uno\n  dos tres\n");
    }

    #[test]
    fn a_style_ends_with_its_row_and_goes_on_in_the_next() {
        let styles = vec![(0..4, "<a>".to_owned()), (6..18, "<b>".to_owned())];
        let line = Line { text: "Luis: uno dos tres".to_owned(), hang: 6, styles, bell: true };
        let expected = "\x07<a>Luis\x1b[0m: <b>uno\x1b[0m\n      <b>dos\x1b[0m\n      <b>tres\x1b[0m\n";
        assert_eq!(drawn(&line, 12), expected);
    }
}
