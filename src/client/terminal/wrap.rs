//! Where a line breaks in a window so narrow.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

/// How many columns a text takes. Characters that belong together are counted one by
/// one, as most terminals do; where they are drawn as one, a row ends a little early.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// The rows of a text in so many columns, as ranges of its bytes, the further ones
/// `hang` columns in. They end behind a word where they can; the spaces there are in
/// no row, and neither does the first row end within what the others are indented by.
/// A cluster of characters is never cut.
pub(super) fn rows(text: &str, columns: usize, hang: usize) -> Vec<Range<usize>> {
    let (mut rows, mut rest, mut start) = (Vec::new(), text, 0);
    loop {
        let (room, head) = if rows.is_empty() { (columns, hang) } else { (columns - hang, 1) };
        let Some((row, after)) = rest.split_at_checked(row(rest, room, head)) else { return rows };
        let next = after.trim_start_matches(' ');
        let shown = if after.is_empty() { row } else { row.trim_end_matches(' ') };
        rows.push(start..start + shown.len());
        if next.is_empty() {
            return rows;
        }
        start += rest.len() - next.len();
        rest = next;
    }
}

/// How much of a text is its first row, which does not end within so many columns.
fn row(text: &str, room: usize, head: usize) -> usize {
    let fits = fitting(text, room);
    let (start, tail) = text.split_at_checked(fits).unwrap_or((text, ""));
    if tail.is_empty() || tail.starts_with(' ') {
        return fits;
    }
    let is_behind_a_word = |&space: &usize| start.get(..space).is_some_and(|words| width(words.trim()) >= head);
    start.rfind(' ').filter(is_behind_a_word).unwrap_or(fits)
}

/// How much of a text has room: one cluster at least.
fn fitting(text: &str, room: usize) -> usize {
    let mut used = 0;
    let too_wide = text.grapheme_indices(true).find(|&(at, cluster)| {
        used += width(cluster);
        used > room && at > 0
    });
    too_wide.map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str, columns: usize, hang: usize) -> Vec<&str> {
        rows(text, columns, hang).into_iter().map(|row| &text[row]).collect()
    }

    #[test]
    fn rows_end_behind_words_and_leave_room_for_the_indent() {
        assert_eq!(shown("Luis: uno dos tres", 10, 6), ["Luis: uno", "dos", "tres"]);
        assert_eq!(shown("Luis: uno", 9, 6), ["Luis: uno"]);
        assert_eq!(shown("Luis: unodos", 10, 6), ["Luis: unod", "os"]);
        assert_eq!(shown("", 10, 6), [""]);
    }

    #[test]
    fn a_word_that_is_too_long_is_cut_between_clusters() {
        assert_eq!(shown("abcdefgh", 4, 2), ["abcd", "ef", "gh"]);
        assert_eq!(shown("e\u{301}e\u{301}e\u{301}", 2, 0), ["e\u{301}e\u{301}", "e\u{301}"]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(shown("漢字漢字", 5, 0), ["漢字", "漢字"]);
    }

    proptest! {
        #[test]
        fn no_row_is_too_wide_and_only_spaces_are_left_out(text in "([a-c 漢]|e\u{301}){0,60}", hang in 0_usize..4) {
            let rows = shown(&text, 8, hang);
            for (n, row) in rows.iter().enumerate() {
                let room = 8 - if n == 0 { 0 } else { hang };
                prop_assert!(width(row) <= room, "{:?}", row);
            }
            let dense = |text: &str| text.replace(' ', "");
            prop_assert_eq!(dense(&rows.concat()), dense(&text));
        }
    }
}
