//! What the filter writes: the transcript for people, or JSON for programs, one object
//! a line (`docs/client.md` has its schema).

use chrono::{SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::client::{Ending, Event, render};
use crate::lang::Language;
use crate::proto::Name;
use crate::proto::client_session::Fate;
use crate::safe::acts;

/// The form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The transcript of SPEC.md, appendix A.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Format {
    /// The line for an event, for one who is in the room under this name with these.
    pub(super) fn event(self, language: Language, event: &Event, name: &Name, roster: &[String]) -> String {
        match self {
            Format::Text => render::event(language, event, name),
            Format::Json => line(match event {
                Event::Joined => json!({ "kind": "joined", "name": name.as_str(), "roster": roster }),
                Event::Join(name) => json!({ "kind": "join", "name": name }),
                Event::Leave(name) => json!({ "kind": "leave", "name": name }),
                Event::Msg { name, text } => json!({ "kind": "msg", "name": name, "text": text }),
                Event::Receipt { text, .. } => json!({ "kind": "receipt", "name": name.as_str(), "text": text }),
            }),
        }
    }

    /// The line for the end of a connection, which people are told elsewhere.
    pub(super) fn ending(self, ending: &Ending) -> Option<String> {
        self.json(|| match ending {
            Ending::Bye(farewell) => json!({ "kind": "bye", "code": farewell.code, "text": farewell.text }),
            Ending::EndOfStream => json!({ "kind": "broken", "text": "end of stream" }),
            Ending::Broken(kind) => json!({ "kind": "broken", "text": kind.to_string() }),
            Ending::Tls(refusal) => json!({ "kind": "broken", "text": refusal.to_string() }),
        })
    }

    /// The line for a text that has no receipt and gets none, which people are told elsewhere.
    pub(super) fn lost(self, fate: Fate, text: &str) -> Option<String> {
        let fate = match fate {
            Fate::NotSaid => "not-said",
            Fate::Unknown => "unknown",
        };
        self.json(|| json!({ "kind": "lost", "fate": fate, "text": text }))
    }

    fn json(self, value: impl FnOnce() -> Value) -> Option<String> {
        (self == Format::Json).then(|| line(value()))
    }
}

/// One line, with the time.
fn line(mut value: Value) -> String {
    if let Value::Object(fields) = &mut value {
        fields.insert("time".to_owned(), Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true).into());
    }
    harmless(&value.to_string())
}

/// The same JSON, with nothing in it that could act on a terminal: such characters
/// stand only in strings, where each has an escape.
fn harmless(json: &str) -> String {
    json.chars().map(|c| if acts(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_json_is_exact_and_harmless() {
        let text = "\u{1b}[2J\u{9b}1m\u{85}\u{2028}\u{202e}\"\\ é👩\u{200d}👧\u{7f}";
        let event = Event::Msg { name: "Luis".to_owned(), text: text.to_owned() };
        let line = Format::Json.event(Language::default(), &event, &Name::new("Ana").unwrap(), &[]);
        assert!(!line.chars().any(acts), "{line}");
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["text"], text);
    }
}
