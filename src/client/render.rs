//! Every word that the client shows (SPEC.md, appendix A), in the language asked for.
//!
//! What comes from the network is made [`safe`] here and nowhere else: nothing in
//! a name, a text, or the human text of a `BYE` can move a cursor, recolour,
//! reorder or begin a line. All of it returns one line without its end.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::{Address, Ending, Event, JoinError, alias};
use crate::lang::Language;
use crate::proto::client_session::{Farewell, Fate};
use crate::proto::{Code, MAX_NAME, Name, NameError};
use crate::safe::safe;
use crate::tls::Refusal;

/// The prompt for the name.
#[must_use]
pub fn name_prompt(language: Language) -> String {
    language.text("client-name-prompt")
}

/// The prompt for a text, and what stands before one's own in the transcript.
#[must_use]
pub fn text_prompt(language: Language) -> String {
    language.text("client-text-prompt")
}

/// The line of the transcript for an event, for one who joined under this name.
#[must_use]
pub fn event(language: Language, event: &Event, name: &Name) -> String {
    match event {
        Event::Joined => language.text_with("client-welcome", &[("name", name.as_str().into())]),
        Event::Join(name) => language.text_with("client-joined", &[("name", alias::shown(language, name).into())]),
        Event::Leave(name) => language.text_with("client-left", &[("name", alias::shown(language, name).into())]),
        Event::Msg { name, text } => format!("{}: {}", alias::shown(language, name), safe(text)),
        Event::Receipt { text, .. } => said(language, text),
    }
}

/// A text of one's own.
#[must_use]
pub fn said(language: Language, text: &str) -> String {
    text_prompt(language) + &safe(text)
}

/// Why the connection ended, and what to do next.
#[must_use]
pub fn ending(language: Language, ending: &Ending, address: &Address) -> String {
    let (reason, next) = match ending {
        Ending::Tls(refusal) => return no_tls(language, refusal, address),
        Ending::Bye(farewell) => told(language, farewell),
        Ending::EndOfStream => (language.text("client-end-of-stream"), language.text("client-end-of-stream.next")),
        Ending::Broken(kind) => (
            language.text_with("client-broken", &[("reason", broken(language, *kind).into())]),
            language.text("client-broken.next"),
        ),
    };
    let address = address.to_string();
    language
        .text_with("client-ending", &[("address", address.into()), ("reason", reason.into()), ("next", next.into())])
}

/// Why the server does not take the name.
#[must_use]
pub fn refused(language: Language, name: &Name, farewell: &Farewell) -> String {
    let (reason, next) = told(language, farewell);
    language.text_with(
        "client-refused",
        &[("name", name.as_str().into()), ("reason", reason.into()), ("next", next.into())],
    )
}

/// Why what was given is no name.
#[must_use]
pub fn bad_name(language: Language, given: &str, error: NameError) -> String {
    let given = safe(given);
    match error {
        NameError::Empty => language.text("client-name-empty"),
        NameError::TooLong(bytes) => language.text_with(
            "client-name-too-long",
            &[("given", given.into()), ("bytes", bytes.into()), ("most", MAX_NAME.into())],
        ),
        NameError::Forbidden(' ') => language.text_with("client-name-spaces", &[("given", given.into())]),
        NameError::Forbidden(c) => {
            let character = format!("U+{:04X}", u32::from(c)).into();
            language.text_with("client-name-forbidden", &[("given", given.into()), ("character", character)])
        }
        NameError::Key => language.text_with("client-name-key", &[("given", given.into())]),
    }
}

/// Why there is no connection.
#[must_use]
pub fn unreachable(language: Language, address: &Address, error: &io::Error) -> String {
    let reason = match error.kind() {
        io::ErrorKind::ConnectionRefused => language.text("client-nobody"),
        io::ErrorKind::TimedOut => language.text("client-silent"),
        _ => error.to_string(),
    };
    language.text_with("client-unreachable", &[("address", address.to_string().into()), ("reason", reason.into())])
}

/// Why there is no connection over TLS, and what to do next.
#[must_use]
pub fn no_tls(language: Language, refusal: &Refusal, address: &Address) -> String {
    let reason = refusal.words().in_language(language);
    language.text_with("client-no-tls", &[("address", address.to_string().into()), ("reason", reason.into())])
}

/// Why one is not in the room, and what to do next.
#[must_use]
pub fn not_in(language: Language, error: &JoinError, name: &Name, address: &Address) -> String {
    match error {
        JoinError::Address(_) => language.text("value-server.expected"),
        JoinError::Name(error) => bad_name(language, name.as_str(), *error),
        JoinError::Unreachable(error) => unreachable(language, address, error),
        JoinError::Tls(refusal) => no_tls(language, refusal, address),
        JoinError::Ended(Ending::Bye(farewell)) => refused(language, name, farewell),
        JoinError::Ended(error) => ending(language, error, address),
    }
}

/// When the next attempt to come back is.
#[must_use]
pub fn again(language: Language, wait: Duration) -> String {
    let seconds = format!("{:.1}", wait.as_secs_f64());
    language.text_with("client-again", &[("seconds", seconds.into())])
}

/// A text that has no receipt, and what became of it.
#[must_use]
pub fn undelivered(language: Language, fate: Fate, text: &str) -> String {
    let key = match fate {
        Fate::NotSaid => "client-not-said",
        Fate::Unknown => "client-unknown-fate",
    };
    language.text_with(key, &[("text", safe(text).into())])
}

/// Asked below the texts that had no receipt, once one is back in the room.
#[must_use]
pub fn offer(language: Language) -> String {
    language.text("client-offer")
}

/// Whether what was typed says yes or no to it, if either.
#[must_use]
pub fn answer(language: Language, typed: &str) -> Option<bool> {
    let typed = typed.trim().to_lowercase();
    let says = |words: String| words.split(' ').any(|word| word == typed);
    if says(language.text("client-offer.yes")) {
        return Some(true);
    }
    says(language.text("client-offer.no")).then_some(false)
}

/// A text waits for its receipt for too long, and so do so many more.
#[must_use]
pub fn overdue(language: Language, text: &str, more: usize) -> String {
    language.text_with("client-overdue", &[("text", safe(text).into()), ("more", more.into())])
}

/// Who is in the room, oneself marked.
#[must_use]
pub fn people(language: Language, names: &[String], own: &Name) -> String {
    let shown = |name: &String| {
        let shown = alias::shown(language, name);
        if name == own.as_str() { language.text_with("client-oneself", &[("name", shown.into())]) } else { shown }
    };
    let all = names.iter().map(shown).collect::<Vec<_>>().join(", ");
    language.text_with("client-people", &[("count", names.len().into()), ("names", all.into())])
}

/// One is in no room just now.
#[must_use]
pub fn away(language: Language) -> String {
    language.text("client-away")
}

/// What can be done, in lines.
#[must_use]
pub fn help(language: Language) -> String {
    language.text("client-help")
}

/// What begins like a command is none.
#[must_use]
pub fn unknown_command(language: Language, word: &str) -> String {
    language.text_with("client-no-command", &[("word", safe(word).into())])
}

/// Asked behind what was pasted, before so many lines are sent.
#[must_use]
pub fn question(language: Language, lines: usize) -> String {
    language.text_with("client-paste", &[("lines", lines.into())])
}

/// The key that says yes to it.
#[must_use]
pub fn yes(language: Language) -> String {
    language.text("client-paste.yes")
}

/// Stands behind the empty prompt after a line was cleared.
#[must_use]
pub fn cleared(language: Language) -> String {
    language.text("client-cleared")
}

/// What was kept of earlier visits cannot be read, and will not be written.
#[must_use]
pub fn history_unread(language: Language, file: &Path, error: &impl Display) -> String {
    let file = file.display().to_string();
    language.text_with("client-history-unread", &[("file", file.into()), ("reason", error.to_string().into())])
}

/// What is typed cannot be kept for later visits.
#[must_use]
pub fn history_unkept(language: Language, file: &Path, error: &impl Display) -> String {
    let file = file.display().to_string();
    language.text_with("client-history-unkept", &[("file", file.into()), ("reason", error.to_string().into())])
}

/// What was typed was lost: it was no UTF-8.
#[must_use]
pub fn not_utf8(language: Language) -> String {
    language.text("client-not-utf8")
}

/// The connection ended before the input.
#[must_use]
pub fn unread(language: Language) -> String {
    language.text("client-unread")
}

/// Why, with the server's own words, and what to do next.
fn told(language: Language, farewell: &Farewell) -> (String, String) {
    let (reason, next) = reason(language, Code::from_wire(&farewell.code));
    let words = match &farewell.text {
        Some(text) => format!("{}: {}", farewell.code, safe(text)),
        None => farewell.code.clone(),
    };
    (format!("{reason} ({words})"), next)
}

/// Why, and what to do next. Each code has a text of its own.
fn reason(language: Language, code: Option<Code>) -> (String, String) {
    let key = format!("client-code-{}", code.map_or("unknown", Code::as_str));
    (language.text(&key), language.text(&format!("{key}.next")))
}

fn broken(language: Language, kind: io::ErrorKind) -> String {
    match kind {
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => language.text("client-broken-reset"),
        io::ErrorKind::Interrupted => language.text("client-broken-unawaited"),
        io::ErrorKind::TimedOut => language.text("client-broken-silent"),
        kind => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_reason_in_every_language() {
        for language in Language::ALL {
            let reasons = Code::ALL.iter().map(|&code| reason(language, Some(code)));
            let mut reasons: Vec<_> = reasons.chain([reason(language, None)]).collect();
            assert!(reasons.iter().all(|(why, next)| !format!("{why}{next}").contains("client-")), "{reasons:?}");
            reasons.sort();
            reasons.dedup_by_key(|(why, _)| why.clone());
            assert_eq!(reasons.len(), Code::ALL.len() + 1);
        }
    }

    #[test]
    fn an_answer_is_a_yes_a_no_or_none() {
        for (language, yes, no) in [(Language::Spanish, " Sí", "n"), (Language::English, "y", "NO ")] {
            assert_eq!((answer(language, yes), answer(language, no)), (Some(true), Some(false)));
            for neither in ["", " ", "s n", "no sé"] {
                assert_eq!(answer(language, neither), None, "{neither:?}");
            }
        }
    }

    #[test]
    fn the_words_of_the_server_stand_after_the_reason() {
        let farewell = Farewell { code: "full".to_owned(), text: Some("\u{1b}[2Jvuelve".to_owned()) };
        let (bye, address) = (Ending::Bye(farewell), "localhost".parse().unwrap());
        assert_eq!(
            ending(Language::Spanish, &bye, &address),
            "Fin de la conexión con localhost:65434: el servidor está lleno (full: \u{fffd}[2Jvuelve). Inténtalo más tarde."
        );
        assert_eq!(
            ending(Language::English, &bye, &address),
            "The connection to localhost:65434 has ended: the server is full (full: \u{fffd}[2Jvuelve). Try again later."
        );
    }
}
