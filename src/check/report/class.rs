//! A class: many programs held against the same rules, a page that shows all at a glance,
//! and a table for a spreadsheet.

use std::collections::BTreeMap;
use std::fmt::Write;

use maud::{Markup, html};

use super::html::sign;
use crate::check::case::spec::Clause;
use crate::check::run::result::{Run, Verdict};
use crate::lang::Language;
use crate::page::document;
use crate::safe::safe;

/// A submission: its name, the file of its own page, and its run.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Its name: that of its folder.
    pub name: String,
    /// Where its page is, relative to the page of the class.
    pub page: String,
    /// How it went.
    pub run: Run,
}

impl Submission {
    /// Whether it conforms: it was asked everything, and nothing spoke against it.
    #[must_use]
    pub fn conforms(&self) -> bool {
        self.run.conforms() && !self.run.cases.iter().any(|case| case.verdict == Verdict::Skip)
    }
}

/// The page of a class: submissions by clauses.
#[must_use]
pub fn page(title: &str, submissions: &[Submission], clauses: &[Clause], language: Language) -> String {
    let title = format!("charla-check: {}", safe(title));
    let body = html! { h1 { (title) } div.wide tabindex="0" { (matrix(submissions, clauses, language)) } };
    document(&title, &body, language)
}

fn matrix(submissions: &[Submission], clauses: &[Clause], language: Language) -> Markup {
    let conforms = |submission: &Submission| if submission.conforms() { "report-yes" } else { "report-no" };
    let verdicts: Vec<_> = submissions.iter().map(|submission| submission.run.by_clause()).collect();
    let columns: Vec<_> = tried(clauses, &verdicts).collect();
    html! {
        table.class {
            thead {
                tr {
                    th { (language.text("report-submission")) }
                    th { (language.text("report-conforming")) }
                    @for clause in &columns { th title=(clause.text) { span { (clause.id) } } }
                }
            }
            tbody {
                @for (submission, verdicts) in submissions.iter().zip(&verdicts) {
                    tr {
                        th scope="row" { a href=(submission.page) { (safe(&submission.name)) } }
                        td { (language.text(conforms(submission))) }
                        @for clause in &columns {
                            td { (sign(verdict(verdicts, clause))) }
                        }
                    }
                }
            }
        }
    }
}

/// The clauses that some submission was asked about, in the order of SPEC.md.
fn tried<'a>(clauses: &'a [Clause], verdicts: &'a [BTreeMap<&str, Verdict>]) -> impl Iterator<Item = &'a Clause> {
    clauses.iter().filter(|clause| verdicts.iter().any(|verdicts| verdicts.contains_key(clause.id.as_str())))
}

fn verdict(verdicts: &BTreeMap<&str, Verdict>, clause: &Clause) -> Verdict {
    verdicts.get(clause.id.as_str()).copied().unwrap_or(Verdict::Skip)
}

/// The same as CSV (RFC 4180): a row for each submission, a column for each clause.
#[must_use]
pub fn csv(submissions: &[Submission], clauses: &[Clause]) -> String {
    let verdicts: Vec<_> = submissions.iter().map(|submission| submission.run.by_clause()).collect();
    let columns: Vec<_> = tried(clauses, &verdicts).collect();
    let mut text = "submission,conforms".to_owned();
    for clause in &columns {
        // Writing to a string cannot fail.
        let _ = write!(text, ",{}", clause.id);
    }
    text += "\r\n";
    for (submission, verdicts) in submissions.iter().zip(&verdicts) {
        let _ = write!(text, "{},{}", field(&submission.name), submission.conforms());
        for clause in &columns {
            let _ = write!(text, ",{}", verdict(verdicts, clause).as_str());
        }
        text += "\r\n";
    }
    text
}

/// Always in quotes; and nothing in it is a formula to a spreadsheet.
fn field(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}
