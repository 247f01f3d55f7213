//! Texts: what a participant says (SPEC.md, "Texts").

use std::fmt;

use super::Code;

/// The most bytes of UTF-8 that a text has.
pub const MAX_TEXT: usize = 1024;

/// A text that keeps the rules: 1 to [`MAX_TEXT`] bytes, no control character.
///
/// It borrows the bytes that it was read from: nothing is copied before the log.
///
/// ```
/// use charla::proto::{Text, TextError};
/// assert_eq!(Text::new("¿cómo estás?")?.as_str(), "¿cómo estás?");
/// assert_eq!(Text::new("a\tb"), Err(TextError::Control('\t')));
/// # Ok::<(), TextError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a>(&'a str);

/// The field of a `MSG` line as the grammar gives it: not empty, no control
/// character, its length not looked at yet. (The state of the session is
/// checked between the two: SPEC.md, "Refusals".)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextField<'a>(&'a str);

/// Why a text is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextError {
    /// It has no character.
    Empty,
    /// It has more than [`MAX_TEXT`] bytes: this many.
    TooLong(usize),
    /// It has this control character.
    Control(char),
}

impl<'a> Text<'a> {
    /// Checks a text.
    ///
    /// # Errors
    /// The first rule for texts that it breaks.
    pub fn new(text: &'a str) -> Result<Text<'a>, TextError> {
        TextField::new(text)?.limited()
    }

    /// The text, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.0
    }
}

impl<'a> TextField<'a> {
    /// Checks all but the length.
    ///
    /// # Errors
    /// [`TextError::Empty`] or [`TextError::Control`].
    pub fn new(text: &'a str) -> Result<TextField<'a>, TextError> {
        if text.is_empty() {
            return Err(TextError::Empty);
        }
        // Most texts are ASCII, where one look at all bytes is faster than one at each.
        if text.bytes().fold(true, |printable, b| printable & matches!(b, b' '..=b'~')) {
            return Ok(TextField(text));
        }
        match text.chars().find(|c| c.is_control()) {
            Some(c) => Err(TextError::Control(c)),
            None => Ok(TextField(text)),
        }
    }

    /// Checks the length.
    ///
    /// # Errors
    /// [`TextError::TooLong`].
    pub fn limited(self) -> Result<Text<'a>, TextError> {
        match self.0.len() {
            0..=MAX_TEXT => Ok(Text(self.0)),
            n => Err(TextError::TooLong(n)),
        }
    }
}

impl From<TextError> for Code {
    fn from(error: TextError) -> Code {
        match error {
            TextError::TooLong(_) => Code::TooLong,
            TextError::Empty | TextError::Control(_) => Code::BadLine,
        }
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TextError::Empty => write!(f, "a text has at least one character"),
            TextError::TooLong(n) => write!(f, "a text has at most {MAX_TEXT} bytes, this one {n}"),
            TextError::Control(c) => write!(f, "a text cannot have the control character U+{:04X}", u32::from(*c)),
        }
    }
}

impl std::error::Error for TextError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_control_characters_is_text() {
        for text in [" ", "  a  ", "\u{2028}", "\u{200d}", "\u{202e}", "e\u{301}", "\u{feff}"] {
            assert_eq!(Text::new(text).unwrap().as_str(), text);
        }
        for c in ['\0', '\t', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}'] {
            assert_eq!(Text::new(&format!("a{c}")), Err(TextError::Control(c)));
        }
    }

    #[test]
    fn what_is_wrong_with_a_text_is_told() {
        let told = |text: &str| Text::new(text).unwrap_err().to_string();
        assert_eq!(told(&"x".repeat(1025)), "a text has at most 1024 bytes, this one 1025");
        assert_eq!(told("a\u{1b}"), "a text cannot have the control character U+001B");
    }

    #[test]
    fn length_is_counted_in_bytes() {
        assert!(Text::new(&"ñ".repeat(512)).is_ok());
        assert_eq!(Text::new(&"ñ".repeat(513)), Err(TextError::TooLong(1026)));
        assert_eq!(Text::new(""), Err(TextError::Empty));
    }
}
