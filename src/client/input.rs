//! What a person types, or a pipe brings, as the texts and names that it means.
//!
//! Nothing is lost: a line that is too long becomes several texts, cut between
//! grapheme clusters (between characters where one cluster alone is too long); a
//! tab becomes a space, any other control character U+FFFD. An empty line is no
//! text. `salir`, `exit` and `quit` are the wish to leave.

use unicode_segmentation::UnicodeSegmentation;

use crate::proto::MAX_TEXT;

/// What stands for a control character.
const REPLACEMENT: char = '\u{FFFD}';

/// Whether the line is the wish to leave.
///
/// ```
/// use charla::client::input::is_leaving;
/// assert!(is_leaving(" salir "));
/// assert!(!is_leaving("salir ya"));
/// ```
#[must_use]
pub fn is_leaving(line: &str) -> bool {
    matches!(line.trim(), "salir" | "exit" | "quit")
}

/// The texts that say the line: each keeps the rules for texts.
///
/// ```
/// use charla::client::input::texts;
/// assert_eq!(texts("a\tb"), ["a b"]);
/// assert_eq!(texts(&"ñ".repeat(600)).len(), 2);
/// ```
#[must_use]
pub fn texts(line: &str) -> Vec<String> {
    let clean: String = line.chars().map(replaced).collect();
    let mut rest = clean.as_str();
    let mut texts = Vec::new();
    while let Some((text, after)) = rest.split_at_checked(cut(rest)).filter(|(text, _)| !text.is_empty()) {
        texts.push(text.to_owned());
        rest = after;
    }
    texts
}

/// What is said in place of a character that was typed.
#[must_use]
pub fn replaced(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => REPLACEMENT,
        c => c,
    }
}

/// How many bytes the next text takes.
fn cut(rest: &str) -> usize {
    if rest.len() <= MAX_TEXT {
        return rest.len();
    }
    let clusters = rest.grapheme_indices(true).map(|(at, _)| at);
    match clusters.take_while(|&at| at <= MAX_TEXT).last() {
        None | Some(0) => (0..=MAX_TEXT).rev().find(|&at| rest.is_char_boundary(at)).unwrap_or(0),
        Some(at) => at,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::proto::Text;

    #[test]
    fn the_words_that_leave_may_have_spaces_around_them() {
        for line in ["salir", "exit", "quit", " salir", "quit  ", "\texit\t"] {
            assert!(is_leaving(line));
        }
        for line in ["", "Salir", "salir.", "no salir"] {
            assert!(!is_leaving(line));
        }
    }

    #[test]
    fn control_characters_are_replaced_and_spaces_kept() {
        assert_eq!(texts(" a\tb\u{7}\u{9b}c\r "), [" a b\u{fffd}\u{fffd}c\u{fffd} "]);
        assert!(texts("").is_empty());
    }

    #[test]
    fn a_long_line_is_cut_between_clusters() {
        let family = "👩\u{200d}👩\u{200d}👧\u{200d}👦";
        let long = family.repeat(100);
        let parts = texts(&long);
        assert_eq!(parts.concat(), long);
        for part in &parts {
            assert_eq!(part.len() % family.len(), 0, "{part}");
        }
        assert_eq!(parts.len(), long.len().div_ceil(MAX_TEXT / family.len() * family.len()));
    }

    #[test]
    fn a_cluster_over_the_limit_is_cut_between_characters() {
        let cluster = format!("e{}", "\u{301}".repeat(1000));
        let parts = texts(&format!("ab{cluster}"));
        assert_eq!(parts.first().map(String::as_str), Some("ab"));
        assert_eq!(parts.concat(), format!("ab{cluster}"));
    }

    proptest! {
        #[test]
        fn every_piece_is_a_text_and_nothing_is_lost(line in "(\\PC|\\p{Cc}|e\u{301}){0,900}") {
            let parts = texts(&line);
            let clean: String = line.chars().map(replaced).collect();
            prop_assert!(parts.iter().all(|part| Text::new(part).is_ok()));
            prop_assert_eq!(parts.concat(), clean);
        }
    }
}
