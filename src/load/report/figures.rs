//! What the reports for people have in common: the result in words.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{QUANTILES, millis};
use crate::lang::Language;
use crate::load::limit::Limit;
use crate::load::outcome::{Outcome, Report, ServerUse, float};
use crate::safe::safe;

/// What was asked, in a line.
pub(super) fn title(report: &Report, language: Language) -> String {
    let plan = &report.plan;
    let rate = if report.search.is_some() { language.text("load-rising") } else { plan.rate.to_string() };
    language.text_with(
        "load-title",
        &[
            ("address", plan.places().into()),
            ("participants", plan.participants.into()),
            ("senders", plan.senders.into()),
            ("rate", rate.into()),
            ("size", plan.size.into()),
            ("seconds", plan.lasts.as_secs_f64().into()),
        ],
    )
}

/// What a search found.
pub(super) fn found(limit: Limit, language: Language) -> String {
    let whole = |rate: f64| format!("{rate:.0}");
    match (limit.holds, limit.breaks) {
        (Some(holds), Some(breaks)) => {
            language.text_with("load-holds-up-to", &[("holds", whole(holds).into()), ("breaks", whole(breaks).into())])
        }
        (Some(holds), None) => language.text_with("load-holds-all", &[("holds", whole(holds).into())]),
        (None, _) => language.text("load-holds-nothing"),
    }
}

/// The figures of a run: each with what follows `load-figure-` in the key of its name.
pub(super) fn figures(stage: &Outcome, language: Language) -> Vec<(&'static str, String)> {
    let other_order = language.text_with("load-other-order", &[("count", stage.wrong.other_order.into())]);
    let mut figures = vec![
        ("joined", joined(stage, language)),
        ("refused", told(&stage.refused)),
        ("put-out", told(&stage.put_out)),
        ("said", said(stage, language)),
        ("deliveries", deliveries(stage, language)),
        ("latency", latency(stage)),
        ("lost", format!("{} ({:.3} %)", stage.wrong.lost, stage.loss())),
        ("disordered", stage.wrong.disordered.to_string()),
        ("doubled", stage.wrong.doubled.to_string()),
        ("other-order", other_order),
    ];
    let server = |server: ServerUse| format!("{}; {}", cpu(stage, server.cpu, language), memory(server, language));
    figures.extend(stage.server().map(|used| ("server", server(used))));
    figures.push(("load", format!("{}; {}", cpu(stage, stage.own_cpu, language), latest(stage, language))));
    figures
}

/// What makes these figures other than the server's own.
pub(super) fn warnings(stage: &Outcome, language: Language) -> impl Iterator<Item = String> {
    let full = stage.is_own_limit().then(|| language.text("load-warning-full"));
    let late = stage.is_late().then(|| language.text("load-warning-late"));
    let nothing = (stage.deliveries() == 0).then(|| language.text("load-warning-nothing"));
    full.into_iter().chain(late).chain(nothing)
}

/// How many, by the reason.
pub(super) fn told(reasons: &BTreeMap<String, usize>) -> String {
    let each: Vec<_> = reasons.iter().map(|(reason, count)| format!("{count} ({})", safe(reason))).collect();
    if each.is_empty() { "0".to_owned() } else { each.join(", ") }
}

fn joined(stage: &Outcome, language: Language) -> String {
    let seconds = format!("{:.2}", stage.joining.as_secs_f64());
    language.text_with("load-joined", &[("count", stage.joined.into()), ("seconds", seconds.into())])
}

fn said(stage: &Outcome, language: Language) -> String {
    language.text_with("load-said", &[("count", stage.said.into()), ("without", stage.unreceipted.into())])
}

fn deliveries(stage: &Outcome, language: Language) -> String {
    let rate = format!("{:.0}", stage.per_second());
    language.text_with("load-deliveries", &[("count", stage.deliveries().into()), ("rate", rate.into())])
}

fn latency(stage: &Outcome) -> String {
    let each = QUANTILES.iter().map(|&(name, share)| format!("{name} {:.2}", millis(stage.latency(share))));
    format!("{} ms", each.collect::<Vec<_>>().join(", "))
}

fn cpu(stage: &Outcome, cpu: Duration, language: Language) -> String {
    let seconds = format!("{:.2}", cpu.as_secs_f64());
    let share = format!("{:.0}", 100.0 * stage.share(cpu));
    let each = format!("{:.1}", stage.per_delivery(cpu));
    language.text_with("load-cpu", &[("seconds", seconds.into()), ("share", share.into()), ("each", each.into())])
}

fn memory(server: ServerUse, language: Language) -> String {
    let mib = |bytes| format!("{:.1}", float(bytes) / 1_048_576.0);
    let (idle, joined, most) = (mib(server.memory_idle), mib(server.memory_before), mib(server.memory_most));
    language.text_with("load-memory", &[("idle", idle.into()), ("joined", joined.into()), ("most", most.into())])
}

fn latest(stage: &Outcome, language: Language) -> String {
    let late = format!("{:.2}", millis(Duration::from_micros(stage.sound.lateness.max())));
    language.text_with("load-latest", &[("late", late.into())])
}
