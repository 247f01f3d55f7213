//! JSON for programs: `docs/check.md` has its schema.

use serde_json::{Map, Value, json};

use super::{QUANTILES, millis};
use crate::load::limit::Limit;
use crate::load::outcome::{Bounds, Outcome, Report, ServerUse, TICK};

/// The result as JSON.
#[must_use]
pub fn json(report: &Report) -> String {
    let plan = &report.plan;
    let told = json!({
        "address": plan.places(),
        "participants": plan.participants,
        "senders": plan.senders,
        "size": plan.size,
        "seconds": plan.lasts.as_secs_f64(),
        "good": report.is_good(),
        "limit": report.search.map(|(bounds, limit)| search(bounds, limit)),
        "runs": report.stages.iter().map(stage).collect::<Vec<_>>(),
    });
    format!("{told:#}\n")
}

fn search(bounds: Bounds, limit: Limit) -> Value {
    json!({
        "max_p99_ms": millis(bounds.p99),
        "max_loss_percent": bounds.loss,
        "holds": limit.holds,
        "breaks": limit.breaks,
    })
}

fn stage(stage: &Outcome) -> Value {
    let latency: Map<_, _> =
        QUANTILES.iter().map(|&(name, share)| (name.to_owned(), millis(stage.latency(share)).into())).collect();
    let late = &stage.sound.lateness;
    json!({
        "rate": stage.rate.to_string(),
        "joined": stage.joined,
        "joining_seconds": stage.joining.as_secs_f64(),
        "refused": stage.refused,
        "put_out": stage.put_out,
        "said": stage.said,
        "without_receipt": stage.unreceipted,
        "deliveries": stage.deliveries(),
        "deliveries_per_second": stage.per_second(),
        "seconds": stage.sound.lasted.as_secs_f64(),
        "lost": stage.wrong.lost,
        "disordered": stage.wrong.disordered,
        "doubled": stage.wrong.doubled,
        "other_order": stage.wrong.other_order,
        "latency_ms": latency,
        "timeline": { "step_seconds": TICK.as_secs_f64(), "deliveries": stage.sound.timeline },
        "server": stage.server().map(|server| used(stage, server)),
        "processes": stage.processes.iter().map(|process| one(stage, *process)).collect::<Vec<_>>(),
        "load": {
            "cpu_seconds": stage.own_cpu.as_secs_f64(),
            "cpu_share": stage.share(stage.own_cpu),
            "cpu_ns_per_delivery": stage.per_delivery(stage.own_cpu),
            "late_p99_ms": micros(late.value_at_quantile(0.99)),
            "late_max_ms": micros(late.max()),
            "is_limit": stage.is_own_limit(),
            "is_late": stage.is_late(),
        },
    })
}

fn used(stage: &Outcome, server: ServerUse) -> Value {
    json!({
        "cpu_seconds": server.cpu.as_secs_f64(),
        "cpu_share": stage.share(server.cpu),
        "cpu_ns_per_delivery": stage.per_delivery(server.cpu),
        "joining_cpu_seconds": server.cpu_joining.as_secs_f64(),
        "memory_idle": server.memory_idle,
        "memory_joined": server.memory_before,
        "memory_most": server.memory_most,
    })
}

fn one(stage: &Outcome, process: ServerUse) -> Value {
    let mut told = used(stage, process);
    if let Value::Object(members) = &mut told {
        members.insert("pid".to_owned(), process.pid.into());
    }
    told
}

fn micros(micros: u64) -> f64 {
    millis(std::time::Duration::from_micros(micros))
}
