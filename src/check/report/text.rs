//! The run for a person at a terminal: a line for each case, what went wrong with the
//! rules and a diagram in two lanes, and what it all comes to.

use std::fmt::Write;

use crate::check::case::quoted::quote;
use crate::check::play::log::{Entry, Event};
use crate::check::run::result::{CaseResult, Run, Verdict};
use crate::lang::Language;
use crate::safe::safe;

/// How many events a diagram shows: the last ones.
const SHOWN: usize = 24;

/// How wide a lane is, in characters.
const LANE: usize = 44;

/// How it is told.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether in colours.
    pub colours: bool,
    /// In which language.
    pub language: Language,
}

impl Style {
    fn paint(self, verdict: Verdict, text: &str) -> String {
        let colour = match verdict {
            Verdict::Pass => 32,
            Verdict::Warn => 33,
            Verdict::Absent | Verdict::Skip => 90,
            Verdict::Fail | Verdict::Hang | Verdict::Crash | Verdict::Unreached => 31,
        };
        if self.colours { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The line of a case as soon as it was played.
#[must_use]
pub fn line(case: &CaseResult, style: Style) -> String {
    let sign = style.paint(case.verdict, &format!("{} {:9}", case.verdict.sign(), case.verdict.as_str()));
    let known = case.known.as_ref().map(|_| format!(" ({})", style.language.text("report-known")));
    format!("{sign} {}{}", case.id, known.unwrap_or_default())
}

/// What it comes to, after the lines: what went wrong, then the totals.
#[must_use]
pub fn summary(run: &Run, style: Style) -> String {
    let mut text = String::new();
    let told = |case: &&CaseResult| run.counts(case) || case.verdict == Verdict::Warn;
    for case in run.cases.iter().filter(told) {
        text += &explain(run, case, style);
    }
    let totals: Vec<_> = run.totals().into_iter().map(|(verdict, n)| format!("{n} {}", verdict.as_str())).collect();
    let verdict = if run.conforms() { Verdict::Pass } else { Verdict::Fail };
    text + &format!("\n{}: {}\n", style.paint(verdict, &conformity(run, style.language)), totals.join(", "))
}

/// What went wrong in a case: its rules, the diagram, and how to play it again.
fn explain(run: &Run, case: &CaseResult, style: Style) -> String {
    let language = style.language;
    let mut text = format!("\n{}: {}\n", style.paint(case.verdict, case.verdict.as_str()), case.title);
    for clause in &case.clauses {
        push(&mut text, &format!("  [{}] {}", clause.id, clause.text));
    }
    if case.passes_after_all() {
        push(&mut text, &format!("  {}", language.text("report-passes-after-all")));
    }
    for words in case.reason.iter().chain(&case.notes) {
        push(
            &mut text,
            &format!("  {}", words.in_language(language).lines().map(safe).collect::<Vec<_>>().join("\n  ")),
        );
    }
    if let Some(failure) = &case.failure {
        text += &diagram(case, language);
        if let Some((line, step)) = &case.step {
            let at = language
                .text_with("report-at", &[("line", (*line).into()), ("step", step.into()), ("cut", case.cut.into())]);
            push(&mut text, &format!("  {at}"));
        }
        let received = failure.received.in_language(language);
        let received = received.lines().map(safe).collect::<Vec<_>>().join("\n            ");
        push(&mut text, &row_of(&language.text("report-expected"), &safe(&failure.expected.in_language(language))));
        push(&mut text, &row_of(&language.text("report-received"), &received));
    }
    push(&mut text, &row_of(&language.text("report-again"), &safe(&run.again(case))));
    text
}

fn row_of(name: &str, content: &str) -> String {
    format!("  {:9} {content}", format!("{name}:"))
}

/// Whether the program conforms, in words.
pub(super) fn conformity(run: &Run, language: Language) -> String {
    language.text(if run.conforms() { "report-conforming" } else { "report-not-conforming" })
}

/// Clients on the left, the server on the right; the first divergence at the end.
fn diagram(case: &CaseResult, language: Language) -> String {
    let mut text = format!("  {:LANE$} │ {}\n", language.text("report-clients"), language.text("report-server"));
    let hidden = case.log.len().saturating_sub(SHOWN);
    if hidden > 0 {
        push(&mut text, &format!("  {}", language.text_with("report-before", &[("entries", hidden.into())])));
    }
    for entry in case.log.iter().skip(hidden) {
        push(&mut text, &row(case, entry, language));
    }
    push(&mut text, &format!("  ✗ {:─<width$}┴{:─<20}", "", "", width = LANE - 1));
    text
}

fn row(case: &CaseResult, entry: &Entry, language: Language) -> String {
    let actor = case.actors.get(entry.actor).map_or("?", String::as_str);
    let left = |what: String| format!("  {:LANE$} │", short(&format!("{actor} {what}")));
    match &entry.event {
        Event::Opened => left(language.text("report-connects")),
        Event::Sent(bytes, _) => left(format!("── {} ─▶", inner(bytes))),
        Event::SentEnd => left(format!("── {} ─▶", language.text("report-end"))),
        Event::SentCut => left("── cut ─▶".into()),
        Event::SentReset => left("── reset ─▶".into()),
        Event::Received(line) => format!("  {:LANE$} │ ◀─ {}", actor, short(&inner(line))),
        Event::ReceivedEnd => format!("  {actor:LANE$} │ ◀─ {}", language.text("report-end")),
        Event::Broken(how) => format!("  {:LANE$} │ ✗ {}", actor, safe(&how.in_language(language))),
        Event::Stalled => left(language.text("report-stops-reading")),
        Event::Resumed => left(language.text("report-reads-again")),
        Event::Typed(line) => left(format!("{}: {}", language.text("report-types"), inner(line))),
        Event::LeftOut(n) => left(language.text_with("report-more", &[("entries", (*n).into())])),
    }
}

fn inner(bytes: &[u8]) -> String {
    let quoted = quote(bytes);
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&quoted).to_owned()
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LANE) {
        Some(_) => text.chars().take(LANE - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

fn push(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}
