//! How an event looks: who it is about in their colour, when it was, and whether it
//! is about oneself.

use chrono::Local;

use super::super::{Event, alias, render};
use super::line::Line;
use super::wrap;
use crate::lang::Language;
use crate::proto::Name;
use crate::safe::safe;

/// What is shown besides the text of each line, which is the same for everybody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Names have colours, and what mentions one's own name stands out.
    pub color: bool,
    /// Lines begin with the time at which they came: `12:34`.
    pub timestamps: bool,
    /// The terminal rings when one's own name is mentioned.
    pub bell: bool,
}

/// Colours of the palette of 256 that most terminals have. Each can be read on black
/// and on white: a test measures that.
const COLORS: [u8; 11] = [196, 130, 64, 28, 30, 31, 27, 98, 129, 164, 162];

/// As wide as a time, and none.
const NO_TIME: &str = "--:-- ";

const BOLD: &str = "\x1b[1m";

/// How this person sees events.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) language: Language,
    pub(super) look: Look,
}

impl View {
    /// The line for an event, for one who joined under this name.
    pub(super) fn line(self, event: &Event, own: &Name) -> Line {
        let time = self.time();
        let text = [&time, render::event(self.language, event, own).as_str()].concat();
        let Some(about) = about(event) else { return Line { hang: time.len() + 2, ..Line::plain(&text) } };
        let shown = alias::shown(self.language, about);
        let start = time.len() + text.get(time.len()..).and_then(|text| text.find(&shown)).unwrap_or(0);
        let name = start..start + shown.len();
        let said = if let Event::Msg { text, .. } = event { text.as_str() } else { "" };
        let body = text.len() - safe(said).len();
        let mentioned = mentions(said, own.as_str());
        let hang = wrap::width(text.get(..if said.is_empty() { start } else { body }).unwrap_or_default());
        let mut styles = Vec::new();
        if self.look.color {
            styles.push((name, format!("\x1b[38;5;{}m", color(about))));
            styles.extend(mentioned.then(|| (body..text.len(), BOLD.to_owned())));
        }
        Line { text, hang, styles, bell: self.look.bell && mentioned }
    }

    /// The line for a text of one's own, said now.
    pub(super) fn said(self, text: &str) -> Line {
        let time = self.time();
        let line = [&time, render::said(self.language, text).as_str()].concat();
        Line { hang: time.len() + 2, ..Line::plain(&line) }
    }

    /// The prompt for a text. The time in it is that of its drawing.
    pub(super) fn prompt(self) -> String {
        let time = if self.look.timestamps { NO_TIME } else { "" };
        [time, &render::text_prompt(self.language)].concat()
    }

    /// A prompt as it is drawn now.
    pub(super) fn prompt_now(self, prompt: &str) -> String {
        prompt.strip_prefix(NO_TIME).map_or_else(|| prompt.to_owned(), |prompt| self.time() + prompt)
    }

    /// What a line begins with now: nothing, or the local time and a space.
    pub(super) fn time(self) -> String {
        if self.look.timestamps { Local::now().format("%H:%M ").to_string() } else { String::new() }
    }
}

/// Whom it is about, other than oneself.
fn about(event: &Event) -> Option<&str> {
    match event {
        Event::Join(name) | Event::Leave(name) | Event::Msg { name, .. } => Some(name),
        Event::Joined | Event::Receipt { .. } => None,
    }
}

/// The colour of a name, for ever: a hash (FNV-1a) of what is compared of it.
fn color(name: &str) -> u8 {
    let key = Name::new(name).map_or_else(|_| name.to_owned(), |name| name.key().as_str().to_owned());
    let hash = key.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    COLORS.get(hash as usize % COLORS.len()).copied().unwrap_or_default()
}

/// Whether the name stands in the text, as a word and in whatever case.
fn mentions(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    let mut found = text.match_indices(&name);
    found.any(|(at, _)| {
        let (before, rest) = text.split_at_checked(at).unwrap_or_default();
        let after = rest.strip_prefix(&name).unwrap_or_default();
        !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOK: Look = Look { color: true, timestamps: false, bell: true };
    const ALL: View = View { language: Language::Spanish, look: LOOK };

    fn message(name: &str, text: &str) -> Line {
        let event = Event::Msg { name: name.to_owned(), text: text.to_owned() };
        ALL.line(&event, &Name::new("Ana").unwrap())
    }

    #[test]
    fn a_name_has_its_colour_in_messages_and_news() {
        let line = message("Luis", "hola");
        assert_eq!((line.text.as_str(), line.hang, line.styles[0].0.clone()), ("Luis: hola", 6, 0..4));
        let news = ALL.line(&Event::Join("se".to_owned()), &Name::new("Ana").unwrap());
        assert_eq!((&news.text[news.styles[0].0.clone()], news.hang), ("se", 4));
        assert_eq!(news.styles[0].0.start, 4);
        let plain = View { look: Look::default(), ..ALL };
        assert!(plain.line(&Event::Join("se".to_owned()), &Name::new("Ana").unwrap()).styles.is_empty());
    }

    #[test]
    fn equal_names_have_one_colour_and_it_is_the_same_in_every_session() {
        assert_eq!(color("JOSE\u{301}"), color("jos\u{e9}"));
        assert_eq!(["Ana", "Carlos", "Luis"].map(color), [164, 28, 129]);
    }

    #[test]
    fn one_is_mentioned_by_a_whole_word() {
        for text in ["Ana", "hola, ana!", "(ANA)", "Anabel y Ana"] {
            assert!(mentions(text, "Ana"), "{text}");
            assert!(message("Luis", text).bell);
        }
        for text in ["", "Anabel", "mañana", "A na"] {
            assert!(!mentions(text, "Ana"), "{text}");
        }
    }

    #[test]
    fn what_mentions_one_stands_out() {
        let line = message("Ana2", "hola Ana");
        assert_eq!(line.styles.len(), 2);
        assert_eq!((&line.text[line.styles[1].0.clone()], line.styles[1].1.as_str()), ("hola Ana", BOLD));
    }

    /// WCAG 2, "relative luminance" and "contrast ratio".
    #[test]
    fn each_colour_can_be_read_on_black_and_on_white() {
        let level = |n: u8| if n == 0 { 0.0 } else { f64::from(n) * 40.0 + 55.0 };
        let linear = |n: u8| ((level(n) / 255.0 + 0.055) / 1.055).powf(2.4);
        for color in COLORS {
            let cube = color - 16;
            let luminance = 0.2126 * linear(cube / 36) + 0.7152 * linear(cube / 6 % 6) + 0.0722 * linear(cube % 6);
            let (on_black, on_white) = ((luminance + 0.05) / 0.05, 1.05 / (luminance + 0.05));
            assert!(on_black >= 3.9 && on_white >= 3.9, "{color}: {on_black:.1} and {on_white:.1}");
        }
    }
}
