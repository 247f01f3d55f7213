//! One page that tells the result, with the latency and the deliveries over time drawn.

use maud::{Markup, html};

use super::plot::{Axis, plot};
use super::text::{cpu, memory, told, warnings};
use super::{QUANTILES, millis, title};
use crate::lang::Language;
use crate::load::outcome::{Outcome, Report, TICK, float};
use crate::page::document;
use crate::safe::safe;

/// The most nines of a share that are drawn: 99.99 %.
const NINES: u32 = 4;

/// How many points the curve of the latency has for each nine.
const POINTS: u32 = 40;

/// The result as a page.
#[must_use]
pub fn page(report: &Report) -> String {
    let title = format!("charla-check load {}", title(report));
    document(
        &title,
        &html! {
            h1 { (title) }
            (verdict(report))
            @if report.search.is_some() { (stages(report)) }
            @if let Some(stage) = report.result() { (details(stage)) }
        },
        Language::Spanish,
    )
}

fn verdict(report: &Report) -> Markup {
    let word = match (report.is_good(), report.search) {
        (true, None) => "Nada perdido, y en orden".to_owned(),
        (false, None) => "Algo fue mal".to_owned(),
        (_, Some((_, limit))) => match limit.holds {
            Some(holds) => format!("Aguanta {holds:.0} mensajes/s"),
            None => "No aguanta ni el ritmo más bajo que se probó".to_owned(),
        },
    };
    html! { p.verdict.pass[report.is_good()].fail[!report.is_good()] { (word) } }
}

/// The runs of a search, a row for each.
fn stages(report: &Report) -> Markup {
    let holds = |stage: &Outcome| report.search.is_some_and(|(bounds, _)| bounds.hold(stage));
    html! {
        h2 { "Ritmos probados" }
        table {
            thead { tr { th { "Ritmo" } th { "Aguanta" } th { "Entregas/s" } th { "p99 (ms)" } th { "Perdidas" } th { "Expulsados" } } }
            tbody {
                @for stage in &report.stages {
                    tr {
                        th scope="row" { (stage.rate) }
                        td { (if holds(stage) { "sí" } else { "no" }) }
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

fn details(stage: &Outcome) -> Markup {
    html! {
        @for warning in warnings(stage) { p.warn { "Atención: " (warning) } }
        table { tbody { @for (name, value) in figures(stage) { tr { th scope="row" { (name) } td { (safe(&value)) } } } } }
        h2 { "Latencia" }
        (latency_plot(stage))
        h2 { "Entregas en el tiempo" }
        (timeline_plot(stage))
    }
}

fn figures(stage: &Outcome) -> Vec<(&'static str, String)> {
    let mut figures = vec![
        ("Ritmo", stage.rate.to_string()),
        ("Entran", format!("{} en {:.2} s", stage.joined, stage.joining.as_secs_f64())),
        ("Rechazados", told(&stage.refused)),
        ("Expulsados", told(&stage.put_out)),
        ("Mensajes", format!("{}, {} sin recibo", stage.said, stage.unreceipted)),
        ("Entregas", format!("{}, {:.0} por segundo", stage.deliveries(), stage.per_second())),
        ("Perdidas", format!("{} ({:.3} %)", stage.wrong.lost, stage.loss())),
        ("Fuera de orden", stage.wrong.disordered.to_string()),
        ("Repetidas", stage.wrong.doubled.to_string()),
        ("Oyeron otro orden", stage.wrong.other_order.to_string()),
    ];
    figures.extend(QUANTILES.map(|(name, share)| (name, format!("{:.2} ms", millis(stage.latency(share))))));
    figures.extend(stage.server.map(|server| ("Servidor", format!("{}; {}", cpu(stage, server.cpu), memory(server)))));
    figures.push(("Carga", cpu(stage, stage.own_cpu)));
    figures
}

/// The latency that a share of the deliveries does not exceed; the share in nines, so that
/// the slowest, of whom people complain, have as much room as the others.
fn latency_plot(stage: &Outcome) -> Markup {
    let at = |point: u32| {
        let nines = f64::from(point) / f64::from(POINTS);
        (nines, millis(stage.latency(1.0 - 10_f64.powf(-nines))))
    };
    let points: Vec<_> = if stage.deliveries() > 0 { (0..=NINES * POINTS).map(at).collect() } else { Vec::new() };
    let ticks = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %"];
    let shares = Axis {
        label: "de las entregas",
        to: f64::from(NINES),
        ticks: ticks.into_iter().zip(0..).map(|(name, nines)| (f64::from(nines), name.to_owned())).collect(),
    };
    plot("Latencia según la parte de las entregas", &shares, &Axis::linear("ms", highest(&points)), &points)
}

fn timeline_plot(stage: &Outcome) -> Markup {
    let step = TICK.as_secs_f64();
    let counts = stage.sound.timeline.iter().zip(0_u32..);
    let points: Vec<_> = counts.map(|(&count, tick)| (f64::from(tick) * step, float(count) / step)).collect();
    let seconds = Axis::linear("s", points.last().map_or(0.0, |last| last.0));
    plot(
        "Entregas por segundo a lo largo de la prueba",
        &seconds,
        &Axis::linear("entregas/s", highest(&points)),
        &points,
    )
}

fn highest(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|point| point.1).fold(0.0, f64::max)
}
