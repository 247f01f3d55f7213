//! Lines that are for the client and not for the room: they begin with a `/`.

use std::borrow::Cow;

use super::super::input;

/// What can be completed. Both languages are taken, as with the words that leave.
pub(super) const WORDS: [&str; 6] = ["/ayuda", "/quien", "/salir", "/help", "/who", "/quit"];

/// What a typed line is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// The room.
    Text(&'a str),
    /// The client.
    Command(Command),
    /// The wish to leave.
    Leave,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Who is there?
    Who,
    /// What can be done here?
    Help,
    /// This is no command.
    Unknown(String),
}

/// What the line is for. A text that begins with a `/` is typed with two.
pub(super) fn parse(line: &str) -> Line<'_> {
    if input::is_leaving(line) {
        return Line::Leave;
    }
    match (line.strip_prefix('/'), line.trim_end()) {
        (None, _) => Line::Text(line),
        (Some(text), _) if text.starts_with('/') => Line::Text(text),
        (_, "/salir" | "/exit" | "/quit") => Line::Leave,
        (_, "/quien" | "/quién" | "/who") => Line::Command(Command::Who),
        (_, "/ayuda" | "/help") => Line::Command(Command::Help),
        (_, word) => Line::Command(Command::Unknown(word.to_owned())),
    }
}

/// An accepted line as it is said: what others read stands on one's own screen too.
pub(super) fn as_said(line: &str) -> Cow<'_, str> {
    match parse(line) {
        Line::Text(text) => Cow::Borrowed(text),
        Line::Command(_) | Line::Leave => Cow::Borrowed(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slash_is_for_the_client_and_two_are_one_for_the_room() {
        assert_eq!(parse("/quien "), Line::Command(Command::Who));
        assert_eq!(parse("/ayuda"), Line::Command(Command::Help));
        assert_eq!(parse("/salir"), Line::Leave);
        assert_eq!(parse(" salir "), Line::Leave);
        assert_eq!(parse("//quien"), Line::Text("/quien"));
        assert_eq!(parse("///"), Line::Text("//"));
        assert_eq!(parse(" /quien"), Line::Text(" /quien"));
        for unknown in ["/", "/quienes", "/quien soy", "/Salir"] {
            assert_eq!(parse(unknown), Line::Command(Command::Unknown(unknown.to_owned())));
        }
    }

    #[test]
    fn every_word_is_a_command() {
        for word in WORDS {
            assert!(!matches!(parse(word), Line::Text(_) | Line::Command(Command::Unknown(_))), "{word}");
        }
    }
}
