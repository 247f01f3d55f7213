//! The result for a person at a terminal.

use super::figures::{figures, found, title, warnings};
use super::millis;
use crate::lang::Language;
use crate::load::outcome::{Outcome, Report};

/// What it comes to, in this language; the runs of a search were told one by one, each in a
/// [`line()`].
#[must_use]
pub fn text(report: &Report, language: Language) -> String {
    let mut text = title(report, language) + "\n";
    if let Some((_, limit)) = report.search {
        text += &(found(limit, language) + "\n");
    }
    match report.result() {
        Some(stage) => text + "\n" + &details(stage, language),
        None => text,
    }
}

/// A run of a search in a line, as soon as it was made.
#[must_use]
pub fn line(stage: &Outcome, holds: bool, language: Language) -> String {
    let rate = format!("{:>12}", stage.rate.to_string());
    let deliveries = format!("{:.0}", stage.per_second());
    let latency = |share| format!("{:.2}", millis(stage.latency(share)));
    language.text_with(
        "load-stage",
        &[
            ("sign", if holds { '✓' } else { '✗' }.to_string().into()),
            ("rate", rate.into()),
            ("deliveries", deliveries.into()),
            ("p99", latency(0.99).into()),
            ("max", latency(1.0).into()),
            ("lost", stage.wrong.lost.into()),
            ("out", stage.put_out.values().sum::<usize>().into()),
        ],
    )
}

fn details(stage: &Outcome, language: Language) -> String {
    let row = |(name, value)| format!("{:14}  {value}\n", language.text(&format!("load-figure-{name}")));
    let rows = figures(stage, language).into_iter().map(row);
    rows.chain(warnings(stage, language).map(|warning| warning + "\n")).collect()
}
