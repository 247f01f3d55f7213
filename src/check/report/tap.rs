//! TAP, the Test Anything Protocol, version 14: a line for each case.

use crate::check::run::result::{CaseResult, Run, Verdict};
use crate::lang::{Language, Words};
use crate::safe::safe;

/// The run as TAP; what is for people is in this language.
#[must_use]
pub fn tap(run: &Run, language: Language) -> String {
    let mut text = format!("TAP version 14\n1..{}\n", run.cases.len());
    for (case, number) in run.cases.iter().zip(1..) {
        text += &point(run, case, number, language);
    }
    text
}

fn point(run: &Run, case: &CaseResult, number: usize, language: Language) -> String {
    // What is known to fail is a TODO of TAP: it does not count, but if it passes.
    let ok = if case.has_failed(run.strict) || case.passes_after_all() { "not ok" } else { "ok" };
    let directive = match (case.verdict, &case.known) {
        (_, Some(reason)) if !case.passes_after_all() => format!(" # TODO {}", one_line(reason)),
        (Verdict::Skip | Verdict::Absent, _) => {
            let reason = case.reason.as_ref().map(|reason| reason.in_language(language));
            format!(" # SKIP {}", one_line(reason.as_deref().unwrap_or(case.verdict.as_str())))
        }
        _ => String::new(),
    };
    let mut text = format!("{ok} {number} - {}{directive}\n", case.id);
    if case.verdict != Verdict::Pass {
        text += &diagnosis(case, language);
    }
    text
}

/// The YAML block of a point; each value is a JSON string, which YAML reads.
fn diagnosis(case: &CaseResult, language: Language) -> String {
    let clauses: Vec<_> = case.clauses.iter().map(|clause| clause.id.as_str()).collect();
    let mut text = format!("  ---\n  verdict: {}\n  clauses: [{}]\n", case.verdict.as_str(), clauses.join(", "));
    if let Some(failure) = &case.failure {
        text += &format!(
            "  expected: {}\n  received: {}\n",
            json(&failure.expected, language),
            json(&failure.received, language)
        );
    }
    text + "  ...\n"
}

fn json(words: &Words, language: Language) -> String {
    serde_json::Value::from(words.in_language(language)).to_string()
}

/// A directive ends with its line, and a `#` would begin another.
fn one_line(text: &str) -> String {
    safe(&text.replace(['\n', '#'], " ")).into_owned()
}
