//! The languages of the programs. Every text for people is in `i18n/`, a file a language.
//!
//! The files are in [Fluent's syntax](https://projectfluent.org/fluent/guide/): a key, `=` and
//! the text, in which `{ $name }` stands for an argument, and `.part` for a text that belongs to
//! that of the key. Arguments are put in as they are: what comes from the network is made
//! [`safe`](crate::safe) before.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};

/// What stands for an argument of a text: a text or a number.
pub use fluent_bundle::FluentValue as Value;

type Bundle = FluentBundle<FluentResource>;

static SPANISH: LazyLock<Bundle> = LazyLock::new(|| bundle("es", include_str!("../i18n/es.ftl")));
static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle("en", include_str!("../i18n/en.ftl")));

/// A language that the programs speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// `es`, the language of the documented transcript.
    #[default]
    Spanish,
    /// `en`.
    English,
}

/// What is to be said, while it is not known yet in which language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// As it is: a quotation, a name, what another program says.
    Verbatim(String),
    /// The text of a key, with its arguments.
    Text(&'static str, Vec<(&'static str, Words)>),
}

/// It is no language that the programs speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLanguage;

impl Language {
    /// Every one.
    pub const ALL: [Language; 2] = [Language::Spanish, Language::English];

    /// Its name in options, and in the `lang` of a page (RFC 5646).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Language::Spanish => "es",
            Language::English => "en",
        }
    }

    /// The text of this key, which is `key` or `key.part`.
    ///
    /// ```
    /// use charla::lang::Language;
    /// assert_eq!(Language::Spanish.text("client-text-prompt"), "Tú: ");
    /// assert_eq!(Language::English.text("client-text-prompt"), "You: ");
    /// ```
    #[must_use]
    pub fn text(self, key: &str) -> String {
        self.text_with(key, &[])
    }

    /// The text of this key with these arguments in it.
    ///
    /// ```
    /// use charla::lang::Language;
    /// let welcome = Language::English.text_with("client-welcome", &[("name", "Ana".into())]);
    /// assert_eq!(welcome, "Welcome to the chat, Ana!");
    /// ```
    #[must_use]
    pub fn text_with(self, key: &str, arguments: &[(&str, Value<'_>)]) -> String {
        // A key that is missing shows itself; the tests find each.
        self.find(key, arguments).unwrap_or_else(|| key.to_owned())
    }

    /// The text of this key, if there is one.
    pub(crate) fn find(self, key: &str, arguments: &[(&str, Value<'_>)]) -> Option<String> {
        let bundle = match self {
            Language::Spanish => &SPANISH,
            Language::English => &ENGLISH,
        };
        let (key, part) = key.split_once('.').map_or((key, None), |(key, part)| (key, Some(part)));
        let message = bundle.get_message(key)?;
        let pattern = match part {
            Some(part) => message.get_attribute(part)?.value(),
            None => message.value()?,
        };
        let arguments: FluentArgs<'_> = arguments.iter().cloned().collect();
        Some(bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned())
    }
}

impl Words {
    /// The text of this key with these arguments in it.
    ///
    /// ```
    /// use charla::lang::{Language, Words};
    /// let words = Words::new("client-joined", [("name", "Ana".into())]);
    /// assert_eq!(words.in_language(Language::English), ">>> Ana has joined");
    /// ```
    #[must_use]
    pub fn new<const N: usize>(key: &'static str, arguments: [(&'static str, Words); N]) -> Words {
        Words::Text(key, arguments.into())
    }

    /// They, said in this language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> String {
        match self {
            Words::Verbatim(text) => text.clone(),
            Words::Text(key, arguments) => {
                let said = |(name, words): &(&'static str, Words)| (*name, words.in_language(language).into());
                language.text_with(key, &arguments.iter().map(said).collect::<Vec<_>>())
            }
        }
    }
}

impl From<String> for Words {
    fn from(text: String) -> Words {
        Words::Verbatim(text)
    }
}

impl From<&str> for Words {
    fn from(text: &str) -> Words {
        Words::Verbatim(text.to_owned())
    }
}

fn bundle(language: &str, texts: &str) -> Bundle {
    let mut bundle = Bundle::new_concurrent(vec![language.parse().unwrap_or_default()]);
    // The transcript is shown to the letter: no marks of direction around what is put in.
    bundle.set_use_isolating(false);
    // Of a file with a mistake the rest is taken; a test finds both kinds.
    bundle.add_resource_overriding(FluentResource::try_new(texts.to_owned()).unwrap_or_else(|(rest, _)| rest));
    bundle
}

impl FromStr for Language {
    type Err = BadLanguage;

    /// A language with or without a region, as in `es`, `en-GB` and `es_ES.UTF-8`.
    fn from_str(given: &str) -> Result<Language, BadLanguage> {
        let language = given.split(['-', '_', '.', '@']).next().unwrap_or_default();
        Language::ALL.into_iter().find(|known| language.eq_ignore_ascii_case(known.as_str())).ok_or(BadLanguage)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for BadLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the languages are es and en")
    }
}

impl std::error::Error for BadLanguage {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_may_have_a_region() {
        for spanish in ["es", "ES", "es_ES.UTF-8", "es-MX", "es@euro"] {
            assert_eq!(spanish.parse(), Ok(Language::Spanish), "{spanish}");
        }
        for english in ["en", "en-GB", "en_US.UTF-8"] {
            assert_eq!(english.parse(), Ok(Language::English), "{english}");
        }
        for none in ["", "xx", "spanish", "e", "C"] {
            assert_eq!(none.parse::<Language>(), Err(BadLanguage), "{none}");
        }
    }

    #[test]
    fn arguments_are_put_in_as_they_are() {
        for name in ["007", "1.0", "{ $name }", "مرحبا", " "] {
            let text = Language::Spanish.text_with("client-joined", &[("name", name.into())]);
            assert_eq!(text, format!(">>> {name} se ha unido al chat"));
        }
    }
}
