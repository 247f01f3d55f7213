//! What comes from the network, made safe to show to a person.

use std::borrow::Cow;

/// The text with U+FFFD in place of each character that could act on a terminal or
/// forge what is around it: control characters, the separators of lines and
/// paragraphs, and those that change the direction of what follows.
///
/// ```
/// assert_eq!(charla::safe::safe("hola\u{1b}[2J"), "hola\u{fffd}[2J");
/// ```
#[must_use]
pub fn safe(text: &str) -> Cow<'_, str> {
    // Most texts are ASCII, where one look at all bytes is faster than one at each.
    let printable = text.bytes().fold(true, |printable, b| printable & matches!(b, b' '..=b'~'));
    if !printable && text.chars().any(acts) {
        text.chars().map(|c| if acts(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
    } else {
        Cow::Borrowed(text)
    }
}

/// Whether the character could act on a terminal or forge what is around it.
pub(crate) fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2066}'..='\u{2069}')
}
