//! The wire log of a case as a sequence diagram: a life line for the server, one for
//! each actor, and an arrow for each thing that went from one to the other.

use std::time::Duration;

use maud::{Markup, html};

use crate::check::case::quoted::quote;
use crate::check::play::log::{Entry, Event};
use crate::check::run::result::CaseResult;
use crate::lang::{Language, Words};
use crate::safe::safe;

/// The distances of the drawing, in its own units.
const ROW: usize = 26;
const LANE: usize = 260;
const SERVER: usize = 70;
const HEAD: usize = 40;

/// How many entries are drawn of the beginning, and as many of the end.
const DRAWN: usize = 40;

/// How much of a line is written on its arrow, in characters.
const LABEL: usize = 34;

/// Draws the log, and below it what should have come where it went wrong.
pub(super) fn diagram(case: &CaseResult, language: Language) -> Markup {
    let rows = rows(&case.log);
    let failed = case.failure.as_ref();
    let height = HEAD + ROW * (rows.len() + 1 + 2 * usize::from(failed.is_some()));
    let width = SERVER + LANE * case.actors.len() + 40;
    html! {
        svg viewBox=(format!("0 0 {width} {height}")) width=(width) role="img" aria-label=(case.title) {
            (life_line(SERVER, height, &language.text("report-server")))
            @for (lane, actor) in case.actors.iter().enumerate() {
                (life_line(lane_x(lane), height, actor))
            }
            @for (row, number) in rows.iter().zip(0..) {
                (draw(row, HEAD + ROW * (number + 1), language))
            }
            @if let Some(failure) = failed {
                @let y = HEAD + ROW * (rows.len() + 1);
                line.wrong x1="8" x2=(width - 8) y1=(y - 8) y2=(y - 8) {}
                text.wrong x="12" y=(y + 10) { (labelled("report-expected", &failure.expected, language)) }
                text.wrong x="12" y=(y + 10 + ROW) { (labelled("report-received", &failure.received, language)) }
            }
        }
    }
}

fn labelled(label: &str, words: &Words, language: Language) -> String {
    format!("{}: {}", language.text(label), short(&words.in_language(language), 90))
}

enum Row<'a> {
    Entry(&'a Entry),
    /// So many entries are not drawn.
    Gap(usize),
}

/// The beginning and the end of a long log.
fn rows(log: &[Entry]) -> Vec<Row<'_>> {
    let hidden = log.len().saturating_sub(2 * DRAWN);
    let (head, rest) = log.split_at(if hidden > 0 { DRAWN } else { log.len() });
    let mut rows: Vec<_> = head.iter().map(Row::Entry).collect();
    if hidden > 0 {
        rows.push(Row::Gap(hidden));
        rows.extend(rest.iter().skip(hidden).map(Row::Entry));
    }
    rows
}

fn lane_x(lane: usize) -> usize {
    SERVER + LANE * (lane + 1)
}

fn life_line(x: usize, height: usize, name: &str) -> Markup {
    html! {
        text.name x=(x) y="20" text-anchor="middle" { (short(name, LABEL)) }
        line.life x1=(x) x2=(x) y1="28" y2=(height - 4) {}
    }
}

fn draw(row: &Row<'_>, y: usize, language: Language) -> Markup {
    let more = |entries: usize| language.text_with("report-more", &[("entries", entries.into())]);
    let quoted = |text: String| format!("‹{text}›");
    let entry = match row {
        Row::Entry(entry) => entry,
        Row::Gap(hidden) => return html! { text.note x="12" y=(y) { (more(*hidden)) } },
    };
    let x = lane_x(entry.actor);
    match &entry.event {
        Event::Sent(bytes, all) => {
            let length = if *all > bytes.len() { format!(" ({all} bytes)") } else { String::new() };
            arrow(x, SERVER, y, &(label(bytes) + &length), entry.at)
        }
        Event::SentEnd => arrow(x, SERVER, y, &quoted(language.text("report-end")), entry.at),
        Event::SentCut => arrow(x, SERVER, y, "‹cut›", entry.at),
        Event::SentReset => arrow(x, SERVER, y, "‹reset›", entry.at),
        Event::Received(line) => arrow(SERVER, x, y, &label(line), entry.at),
        Event::ReceivedEnd => arrow(SERVER, x, y, &quoted(language.text("report-end")), entry.at),
        Event::Opened => note(x, y, &quoted(language.text("report-connects"))),
        Event::Broken(how) => note(x, y, &how.in_language(language)),
        Event::Stalled => note(x, y, &quoted(language.text("report-stops-reading"))),
        Event::Resumed => note(x, y, &quoted(language.text("report-reads-again"))),
        Event::Typed(line) => note(x, y, &format!("{} {}", quoted(language.text("report-types")), label(line))),
        Event::LeftOut(hidden) => note(x, y, &more(*hidden)),
    }
}

/// An arrow whose label stands over the actor's end of it.
fn arrow(from: usize, to: usize, y: usize, label: &str, at: Duration) -> Markup {
    let class = if from < to { "received" } else { "sent" };
    let tip = if from < to { to - 7 } else { to + 7 };
    html! {
        g class=(class) {
            title { (at.as_millis()) " ms" }
            line x1=(from) x2=(to) y1=(y) y2=(y) {}
            polygon points=(format!("{to},{y} {tip},{} {tip},{}", y - 4, y + 4)) {}
            text x=(from.max(to) - 10) y=(y - 5) text-anchor="end" { (label) }
        }
    }
}

fn note(x: usize, y: usize, text: &str) -> Markup {
    html! { text.note x=(x) y=(y) text-anchor="middle" { (short(text, LABEL)) } }
}

/// Bytes as people read them: plain where they are plain.
fn label(bytes: &[u8]) -> String {
    let quoted = quote(bytes);
    let plain = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&quoted);
    short(plain, LABEL)
}

fn short(text: &str, most: usize) -> String {
    let text = safe(text);
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.into_owned(),
    }
}
