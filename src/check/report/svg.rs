//! The wire log of a case as a sequence diagram: a life line for the server, one for
//! each actor, and an arrow for each thing that went from one to the other.

use std::time::Duration;

use maud::{Markup, html};

use crate::check::case::quoted::quote;
use crate::check::play::log::{Entry, Event};
use crate::check::run::result::CaseResult;
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
pub(super) fn diagram(case: &CaseResult) -> Markup {
    let rows = rows(&case.log);
    let failed = case.failure.as_ref();
    let height = HEAD + ROW * (rows.len() + 1 + 2 * usize::from(failed.is_some()));
    let width = SERVER + LANE * case.actors.len() + 40;
    html! {
        svg viewBox=(format!("0 0 {width} {height}")) width=(width) role="img" aria-label=(case.title) {
            (life_line(SERVER, height, "servidor"))
            @for (lane, actor) in case.actors.iter().enumerate() {
                (life_line(lane_x(lane), height, actor))
            }
            @for (row, number) in rows.iter().zip(0..) {
                (draw(row, HEAD + ROW * (number + 1)))
            }
            @if let Some(failure) = failed {
                @let y = HEAD + ROW * (rows.len() + 1);
                line.wrong x1="8" x2=(width - 8) y1=(y - 8) y2=(y - 8) {}
                text.wrong x="12" y=(y + 10) { "esperado: " (short(&failure.expected, 90)) }
                text.wrong x="12" y=(y + 10 + ROW) { "recibido: " (short(&failure.received, 90)) }
            }
        }
    }
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

fn draw(row: &Row<'_>, y: usize) -> Markup {
    let entry = match row {
        Row::Entry(entry) => entry,
        Row::Gap(hidden) => return html! { text.note x="12" y=(y) { "… " (hidden) " más …" } },
    };
    let x = lane_x(entry.actor);
    match &entry.event {
        Event::Sent(bytes, all) => {
            let more = if *all > bytes.len() { format!(" ({all} bytes)") } else { String::new() };
            arrow(x, SERVER, y, &(label(bytes) + &more), entry.at)
        }
        Event::SentEnd => arrow(x, SERVER, y, "‹fin›", entry.at),
        Event::SentReset => arrow(x, SERVER, y, "‹reset›", entry.at),
        Event::Received(line) => arrow(SERVER, x, y, &label(line), entry.at),
        Event::ReceivedEnd => arrow(SERVER, x, y, "‹fin›", entry.at),
        Event::Opened => note(x, y, "‹se conecta›"),
        Event::Broken(how) => note(x, y, how),
        Event::Stalled => note(x, y, "‹deja de leer›"),
        Event::Resumed => note(x, y, "‹vuelve a leer›"),
        Event::Typed(line) => note(x, y, &format!("‹escribe› {}", label(line))),
        Event::LeftOut(hidden) => note(x, y, &format!("… {hidden} más …")),
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
