//! One page that tells a run: what it comes to, the clauses with their cases, and each
//! case with its rules, its sequence diagram and the command that plays it again.
//!
//! The drawings are in it, and all that comes from the program under test is escaped.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::svg::diagram;
use super::text::conformity;
use crate::check::case::spec::Clause;
use crate::check::run::result::{CaseResult, Run, Verdict};
use crate::lang::{Language, Words};
use crate::page::document;
use crate::safe::safe;

/// The run as a page; `clauses` are those of SPEC.md, in its order.
#[must_use]
pub fn page(run: &Run, clauses: &[Clause], language: Language) -> String {
    let title = format!("charla-check: {}", safe(&run.program));
    let body =
        html! { h1 { (title) } (summary(run, language)) (matrix(run, clauses, language)) (cases(run, language)) };
    document(&title, &body, language)
}

fn summary(run: &Run, language: Language) -> Markup {
    html! {
        p.verdict.fail[!run.conforms()].pass[run.conforms()] { (conformity(run, language)) }
        ul.totals {
            @for (verdict, count) in run.totals() {
                li { (sign(verdict)) " " (count) " " (verdict.as_str()) }
            }
        }
    }
}

/// A row for each clause that was tried, with a mark for each of its cases.
fn matrix(run: &Run, clauses: &[Clause], language: Language) -> Markup {
    let (worst, by_clause) = (run.by_clause(), cases_by_clause(run));
    html! {
        h2 { (language.text("report-rules")) }
        table {
            thead {
                tr {
                    th { (language.text("report-rule")) }
                    th { (language.text("report-verdict")) }
                    th { (language.text("report-cases")) }
                    th { (language.text("report-text")) }
                }
            }
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

fn cases(run: &Run, language: Language) -> Markup {
    html! {
        h2 { (language.text("report-cases")) }
        @for case in &run.cases {
            details id=(case.id) open[run.counts(case)] {
                summary { (sign(case.verdict)) " " (case.title) " " code { (case.id) } }
                (told(run, case, language))
            }
        }
    }
}

fn told(run: &Run, case: &CaseResult, language: Language) -> Markup {
    let said = |words: &Words| words.in_language(language);
    let remarks = case.reason.iter().map(said).chain(case.known.clone()).chain(case.notes.iter().map(said));
    html! {
        @for clause in &case.clauses {
            p.clause { a href=(format!("#{}", clause.id)) { (clause.id) } " " (prose(&clause.text)) }
        }
        @for remark in remarks { p { (safe(&remark)) } }
        @if let Some(failure) = &case.failure {
            dl {
                @if let Some((line, step)) = &case.step {
                    dt { (language.text("report-step")) } dd { code { (line) ": " (step) } }
                }
                dt { (language.text("report-expected.title")) } dd { code { (safe(&said(&failure.expected))) } }
                dt { (language.text("report-received.title")) } dd { code { (safe(&said(&failure.received))) } }
                dt { (language.text("report-cut")) } dd { (case.cut) }
                dt { (language.text("report-again.title")) } dd { code { (safe(&run.again(case))) } }
            }
        }
        @if !case.log.is_empty() { div.diagram tabindex="0" { (diagram(case, language)) } }
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
