//! One page that tells the result, with the latency and the deliveries over time drawn.

use maud::{Markup, html};

use super::figures::{figures, found, title, told, warnings};
use super::millis;
use super::plot::{Axis, plot};
use crate::lang::Language;
use crate::load::outcome::{Outcome, Report, TICK, float};
use crate::page::document;
use crate::safe::safe;

/// The most nines of a share that are drawn: 99.99 %.
const NINES: u32 = 4;

/// How many points the curve of the latency has for each nine.
const POINTS: u32 = 40;

/// The result as a page in this language.
#[must_use]
pub fn page(report: &Report, language: Language) -> String {
    let title = format!("charla-check load {}", title(report, language));
    let body = html! {
        h1 { (title) }
        (verdict(report, language))
        @if report.search.is_some() { (stages(report, language)) }
        @if let Some(stage) = report.result() { (details(stage, language)) }
    };
    document(&title, &body, language)
}

fn verdict(report: &Report, language: Language) -> Markup {
    let good = report.is_good();
    let words = match report.search {
        Some((_, limit)) => found(limit, language),
        None => language.text(if good { "load-good" } else { "load-bad" }),
    };
    html! { p.verdict.pass[good].fail[!good] { (words) } }
}

/// The runs of a search, a row for each.
fn stages(report: &Report, language: Language) -> Markup {
    let holds = |stage: &Outcome| report.search.is_some_and(|(bounds, _)| bounds.hold(stage));
    html! {
        h2 { (language.text("load-stages")) }
        table {
            thead {
                tr {
                    th { (language.text("load-rate")) }
                    th { (language.text("load-holds")) }
                    th { (language.text("load-per-second.title")) }
                    th { "p99 (ms)" }
                    th { (language.text("load-figure-lost.title")) }
                    th { (language.text("load-figure-put-out.title")) }
                }
            }
            tbody {
                @for stage in &report.stages {
                    tr {
                        th scope="row" { (stage.rate) }
                        td { (language.text(if holds(stage) { "report-yes" } else { "report-no" })) }
                        td { (format!("{:.0}", stage.per_second())) }
                        td { (format!("{:.2}", millis(stage.latency(0.99)))) }
                        td { (stage.wrong.lost) }
                        td { (told(&stage.put_out)) }
                    }
                }
            }
        }
    }
}

fn details(stage: &Outcome, language: Language) -> Markup {
    let name = |name| language.text(&format!("load-figure-{name}.title"));
    html! {
        @for warning in warnings(stage, language) { p.warn { (warning) } }
        table {
            tbody {
                @for (figure, value) in figures(stage, language) {
                    tr { th scope="row" { (name(figure)) } td { (safe(&value)) } }
                }
            }
        }
        h2 { (language.text("load-figure-latency.title")) }
        (latency_plot(stage, language))
        h2 { (language.text("load-over-time")) }
        (timeline_plot(stage, language))
    }
}

/// The latency that a share of the deliveries does not exceed; the share in nines, so that
/// the slowest, of whom people complain, have as much room as the others.
fn latency_plot(stage: &Outcome, language: Language) -> Markup {
    let at = |point: u32| {
        let nines = f64::from(point) / f64::from(POINTS);
        (nines, millis(stage.latency(1.0 - 10_f64.powf(-nines))))
    };
    let points: Vec<_> = if stage.deliveries() > 0 { (0..=NINES * POINTS).map(at).collect() } else { Vec::new() };
    let ticks = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %"];
    let shares = Axis {
        label: language.text("load-plot-share"),
        to: f64::from(NINES),
        ticks: ticks.into_iter().zip(0..).map(|(name, nines)| (f64::from(nines), name.to_owned())).collect(),
    };
    let millis = Axis::linear("ms", highest(&points));
    plot(&language.text("load-plot-latency"), &shares, &millis, &points, language)
}

fn timeline_plot(stage: &Outcome, language: Language) -> Markup {
    let step = TICK.as_secs_f64();
    let counts = stage.sound.timeline.iter().zip(0_u32..);
    let points: Vec<_> = counts.map(|(&count, tick)| (f64::from(tick) * step, float(count) / step)).collect();
    let seconds = Axis::linear("s", points.last().map_or(0.0, |last| last.0));
    let rate = Axis::linear(&language.text("load-per-second"), highest(&points));
    plot(&language.text("load-plot-over-time"), &seconds, &rate, &points, language)
}

fn highest(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|point| point.1).fold(0.0, f64::max)
}
