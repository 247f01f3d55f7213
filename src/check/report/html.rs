//! One page that tells a run: what it comes to, the clauses with their cases, and each
//! case with its rules, its sequence diagram and the command that plays it again.
//!
//! The drawings are in it, and all that comes from the program under test is escaped.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::svg::diagram;
use crate::check::case::spec::Clause;
use crate::check::run::result::{CaseResult, Run, Verdict};
use crate::page::document;
use crate::safe::safe;

/// The run as a page; `clauses` are those of SPEC.md, in its order.
#[must_use]
pub fn page(run: &Run, clauses: &[Clause]) -> String {
    let title = format!("charla-check: {}", safe(&run.program));
    document(&title, &html! { h1 { (title) } (summary(run)) (matrix(run, clauses)) (cases(run)) })
}

fn summary(run: &Run) -> Markup {
    let verdict = if run.conforms() { "Conforme" } else { "No conforme" };
    html! {
        p.verdict.fail[!run.conforms()].pass[run.conforms()] { (verdict) }
        ul.totals {
            @for (verdict, count) in run.totals() {
                li { (sign(verdict)) " " (count) " " (verdict.as_str()) }
            }
        }
    }
}

/// A row for each clause that was tried, with a mark for each of its cases.
fn matrix(run: &Run, clauses: &[Clause]) -> Markup {
    let (worst, by_clause) = (run.by_clause(), cases_by_clause(run));
    html! {
        h2 { "Reglas" }
        table {
            thead { tr { th { "Regla" } th { "Veredicto" } th { "Casos" } th { "Texto" } } }
            tbody {
                @for (clause, cases) in clauses.iter().filter_map(|c| Some((c, by_clause.get(c.id.as_str())?))) {
                    @let verdict = worst.get(clause.id.as_str()).copied().unwrap_or(Verdict::Skip);
                    tr id=(clause.id) {
                        th scope="row" { (clause.id) }
                        td { (sign(verdict)) " " (verdict.as_str()) }
                        td.marks {
                            @for case in cases {
                                a href=(format!("#{}", case.id)) title=(case.title) { (sign(case.verdict)) }
                            }
                        }
                        td { (prose(&clause.text)) }
                    }
                }
            }
        }
    }
}

fn cases_by_clause(run: &Run) -> BTreeMap<&str, Vec<&CaseResult>> {
    let mut by_clause = BTreeMap::<_, Vec<_>>::new();
    for case in &run.cases {
        for clause in &case.clauses {
            by_clause.entry(clause.id.as_str()).or_default().push(case);
        }
    }
    by_clause
}

fn cases(run: &Run) -> Markup {
    html! {
        h2 { "Casos" }
        @for case in &run.cases {
            details id=(case.id) open[run.counts(case)] {
                summary { (sign(case.verdict)) " " (case.title) " " code { (case.id) } }
                (told(run, case))
            }
        }
    }
}

fn told(run: &Run, case: &CaseResult) -> Markup {
    html! {
        @for clause in &case.clauses {
            p.clause { a href=(format!("#{}", clause.id)) { (clause.id) } " " (prose(&clause.text)) }
        }
        @for word in case.reason.iter().chain(&case.known).chain(&case.notes) { p { (safe(word)) } }
        @if let Some(failure) = &case.failure {
            dl {
                @if let Some((line, step)) = &case.step {
                    dt { "Paso" } dd { code { (line) ": " (step) } }
                }
                dt { "Esperado" } dd { code { (safe(&failure.expected)) } }
                dt { "Recibido" } dd { code { (safe(&failure.received)) } }
                dt { "Corte" } dd { (case.cut) }
                dt { "Repetir" } dd { code { (safe(&run.again(case))) } }
            }
        }
        @if !case.log.is_empty() { div.diagram tabindex="0" { (diagram(case)) } }
    }
}

/// A sentence of SPEC.md, with what stands between backticks as code.
fn prose(text: &str) -> Markup {
    html! {
        @for (part, number) in text.split('`').zip(0..) {
            @if number % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

pub(super) fn sign(verdict: Verdict) -> Markup {
    html! { span class=(format!("sign {}", verdict.as_str())) title=(verdict.as_str()) { (verdict.sign()) } }
}
