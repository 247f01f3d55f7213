//! The result for a person at a terminal.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{QUANTILES, millis, title};
use crate::load::outcome::{Outcome, Report, ServerUse, float};
use crate::safe::safe;

/// What it comes to; the runs of a search were told one by one, each in a [`line()`].
#[must_use]
pub fn text(report: &Report) -> String {
    let mut text = format!("{}\n", title(report));
    if let Some((_, limit)) = report.search {
        text += &match (limit.holds, limit.breaks) {
            (Some(holds), Some(breaks)) => format!("Aguanta {holds:.0} mensajes/s; con {breaks:.0} ya no.\n"),
            (Some(holds), None) => format!("Aguanta {holds:.0} mensajes/s; no se probó más.\n"),
            (None, _) => "No aguanta ni el ritmo más bajo que se probó.\n".to_owned(),
        };
    }
    match report.result() {
        Some(stage) => text + "\n" + &details(stage),
        None => text,
    }
}

/// A run of a search in a line, as soon as it was made.
#[must_use]
pub fn line(stage: &Outcome, holds: bool) -> String {
    format!(
        "{} {:>12}  {:.0} entregas/s  p99 {:.2} ms  máx {:.2} ms  {} perdidas  {} expulsados",
        if holds { '✓' } else { '✗' },
        stage.rate.to_string(),
        stage.per_second(),
        millis(stage.latency(0.99)),
        millis(stage.latency(1.0)),
        stage.wrong.lost,
        stage.put_out.values().sum::<usize>()
    )
}

fn details(stage: &Outcome) -> String {
    let mut lines = vec![
        row("entran", &format!("{} en {:.2} s", stage.joined, stage.joining.as_secs_f64())),
        row("rechazados", &told(&stage.refused)),
        row("expulsados", &told(&stage.put_out)),
        row("dichos", &format!("{} mensajes, {} sin recibo", stage.said, stage.unreceipted)),
        row("entregas", &format!("{}, {:.0} por segundo", stage.deliveries(), stage.per_second())),
        row("latencia", &latency(stage)),
        row("perdidas", &format!("{} ({:.3} %)", stage.wrong.lost, stage.loss())),
        row("fuera de orden", &stage.wrong.disordered.to_string()),
        row("repetidas", &stage.wrong.doubled.to_string()),
        row("otro orden", &format!("{} participantes oyeron los mensajes en otro orden", stage.wrong.other_order)),
    ];
    lines
        .extend(stage.server.map(|server| row("servidor", &format!("{}; {}", cpu(stage, server.cpu), memory(server)))));
    let late = Duration::from_micros(stage.sound.lateness.max());
    lines.push(row("carga", &format!("{}; el envío más tardío, {:.2} ms", cpu(stage, stage.own_cpu), millis(late))));
    lines.extend(warnings(stage).map(|warning| format!("Atención: {warning}\n")));
    lines.concat()
}

/// What makes these figures other than the server's own.
pub(super) fn warnings(stage: &Outcome) -> impl Iterator<Item = &'static str> {
    let full = "el núcleo de la carga está lleno, así que estas cifras son más de la carga que del servidor; \
                pide menos participantes o un ritmo menor";
    let late = "la carga habló tarde, y ese retraso es parte de la latencia; pide un ritmo menor o libera la máquina";
    let nothing = "no se entregó nada";
    [(stage.is_own_limit(), full), (stage.is_late(), late), (stage.deliveries() == 0, nothing)]
        .into_iter()
        .filter_map(|(holds, warning)| holds.then_some(warning))
}

fn row(name: &str, value: &str) -> String {
    format!("{name:14}  {value}\n")
}

pub(super) fn told(reasons: &BTreeMap<String, usize>) -> String {
    let each: Vec<_> = reasons.iter().map(|(reason, count)| format!("{count} ({})", safe(reason))).collect();
    if each.is_empty() { "0".to_owned() } else { each.join(", ") }
}

fn latency(stage: &Outcome) -> String {
    let each = QUANTILES.iter().map(|&(name, share)| format!("{name} {:.2}", millis(stage.latency(share))));
    format!("{} ms", each.collect::<Vec<_>>().join(", "))
}

pub(super) fn cpu(stage: &Outcome, cpu: Duration) -> String {
    let (seconds, share) = (cpu.as_secs_f64(), 100.0 * stage.share(cpu));
    format!("{seconds:.2} s de CPU ({share:.0} % de un núcleo), {:.1} ns por entrega", stage.per_delivery(cpu))
}

pub(super) fn memory(server: ServerUse) -> String {
    let mib = |bytes| float(bytes) / 1_048_576.0;
    let (idle, before, most) = (server.memory_idle, server.memory_before, server.memory_most);
    format!("memoria {:.1} MiB, con todos {:.1}, máxima {:.1}", mib(idle), mib(before), mib(most))
}
