//! Names: which there are, and which are the same (SPEC.md, "Names").

use std::fmt;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

use super::Code;

/// The most bytes of UTF-8 that a name has.
pub const MAX_NAME: usize = 32;

/// Rounds of [`fold`] after which every name whose key is a name is stable.
const MAX_FOLDS: usize = 4;

/// A name that keeps the rules: 1 to [`MAX_NAME`] bytes of visible characters
/// without a space, whose key keeps them too.
///
/// It is sent on byte for byte as it was given. Names are compared by their
/// [`key`](Name::key), not by their bytes: there is no `PartialEq`.
///
/// ```
/// use charla::proto::Name;
/// let ana = Name::new("Ana")?;
/// assert_eq!(ana.as_str(), "Ana");
/// assert_eq!(ana.key(), Name::new("ANA")?.key());
/// # Ok::<(), charla::proto::NameError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Name {
    given: Arc<str>,
    key: Key,
}

/// What two equal names have in common: NFKC(lowercase(name)), repeated until
/// it is stable (RFC 8266, section 2.4, is the model).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Arc<str>);

/// Why a name is none. The client's fault: [`Code::NameInvalid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// It has no character.
    Empty,
    /// It has more than [`MAX_NAME`] bytes: this many.
    TooLong(usize),
    /// It has this character, which no name has.
    Forbidden(char),
    /// Its key is no name: its compatibility form has a space, say, or is too long.
    Key,
}

impl Key {
    /// The key itself: what is left of a name when it is folded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Name {
    /// Checks a name, as it came.
    ///
    /// # Errors
    /// The first rule for names that it breaks.
    pub fn new(given: &str) -> Result<Name, NameError> {
        check(given)?;
        let key = stable_key(given)?;
        let given = Arc::from(given);
        let key = Key(if *key == *given { Arc::clone(&given) } else { key.into() });
        Ok(Name { given, key })
    }

    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.given
    }

    /// What is compared to tell whether two names are the same.
    #[must_use]
    pub fn key(&self) -> &Key {
        &self.key
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.given)
    }
}

/// The rules that hold for a name and for its key.
fn check(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.len() > MAX_NAME {
        return Err(NameError::TooLong(name.len()));
    }
    match name.chars().find(|&c| is_forbidden(c)) {
        Some(c) => Err(NameError::Forbidden(c)),
        None => Ok(()),
    }
}

fn stable_key(name: &str) -> Result<String, NameError> {
    let mut key = fold(name);
    for _ in 1..MAX_FOLDS {
        let next = fold(&key);
        if next == key {
            return check(&key).map(|()| key).map_err(|_| NameError::Key);
        }
        key = next;
    }
    Err(NameError::Key)
}

pub(super) fn fold(name: &str) -> String {
    name.to_lowercase().nfkc().collect()
}

/// General categories Cc, Cf, Zs, Zl and Zp, and the invisible ones outside them.
fn is_forbidden(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_graphic();
    }
    matches!(
        c.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::SpaceSeparator
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    ) || is_invisible(c)
}

/// Characters that show nothing though their general category says otherwise.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{034F}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}' | '\u{E0100}'..='\u{E01EF}')
}

impl From<NameError> for Code {
    fn from(_: NameError) -> Code {
        Code::NameInvalid
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameError::Empty => write!(f, "a name has at least one character"),
            NameError::TooLong(n) => write!(f, "a name has at most {MAX_NAME} bytes, this one {n}"),
            NameError::Forbidden(c) => write!(f, "a name cannot have the character U+{:04X}", u32::from(*c)),
            NameError::Key => write!(f, "the form of the name that is compared is not itself a name"),
        }
    }
}

impl std::error::Error for NameError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Name::new(a).unwrap().key() == Name::new(b).unwrap().key()
    }

    #[test]
    fn case_composition_and_compatibility_do_not_tell_names_apart() {
        assert!(same("Ana", "ana"));
        assert!(same("Jos\u{e9}", "JOSE\u{301}"));
        assert!(same("\u{fb01}n", "FIN"));
        assert!(!same("ß", "ss"));
        assert!(!same("Ana", "Ane"));
    }

    /// [NAME-5], [NAME-9]: here unassigned characters are accepted; keys know no locale.
    #[test]
    fn the_tables_are_those_of_unicode_13_or_later() {
        assert!(char::UNICODE_VERSION.0 >= 13);
        assert!(unicode_normalization::UNICODE_VERSION.0 >= 13);
        assert!(unicode_properties::UNICODE_VERSION.0 >= 13);
        // Assigned in Unicode 13, a letter with a lower case of Unicode 12, and none at all.
        assert!(Name::new("\u{11900}").is_ok() && same("\u{A7C2}", "\u{A7C3}") && Name::new("\u{378}").is_ok());
        assert!(same("ILIA", "ilia") && !same("I", "ı"));
    }

    #[test]
    fn a_name_is_kept_as_given() {
        let name = Name::new("JOSE\u{301}").unwrap();
        assert_eq!((name.as_str(), name.to_string().as_str()), ("JOSE\u{301}", "JOSE\u{301}"));
    }

    #[test]
    fn length_is_counted_in_bytes() {
        assert!(Name::new(&"ñ".repeat(16)).is_ok());
        assert_eq!(Name::new(&"ñ".repeat(17)).unwrap_err(), NameError::TooLong(34));
        assert_eq!(Name::new("").unwrap_err(), NameError::Empty);
    }

    #[test]
    fn what_is_wrong_with_a_name_is_told() {
        let told = |name: &str| Name::new(name).unwrap_err().to_string();
        assert_eq!(told(&"ñ".repeat(17)), "a name has at most 32 bytes, this one 34");
        assert_eq!(told("A\u{ad}"), "a name cannot have the character U+00AD");
    }

    #[test]
    fn what_cannot_be_seen_is_in_no_name() {
        for c in "\t \u{7f}\u{85}\u{a0}\u{ad}\u{34f}\u{115f}\u{17b4}\u{180e}\u{200d}\u{2028}\u{2029}\u{202e}\u{2800}\u{3164}\u{fe0f}\u{ffa0}\u{e0100}"
            .chars()
        {
            assert_eq!(Name::new(&format!("A{c}")).unwrap_err(), NameError::Forbidden(c));
        }
    }

    #[test]
    fn the_key_keeps_the_rules_too() {
        // U+00A8 is a space and a combining mark in its compatibility form.
        assert_eq!(Name::new("\u{a8}").unwrap_err(), NameError::Key);
        // U+337F becomes four characters: 10 of them are 30 bytes, their key 120.
        assert_eq!(Name::new(&"\u{337f}".repeat(10)).unwrap_err(), NameError::Key);
    }

    #[test]
    fn what_comes_before_the_key_may_break_the_rules() {
        // The first fold has 33 bytes, as it knows no J with a caron in one character; the second has 30.
        let name = "\u{3300}\u{3300}\u{1d36}\u{30c}\u{1d36}\u{30c}\u{1d36}\u{30c}";
        assert_eq!(Name::new(name).unwrap().key().as_str(), "アパートアパート\u{1f0}\u{1f0}\u{1f0}");
    }
}
