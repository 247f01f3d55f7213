//! What it costs to share a room: `cargo bench --bench cluster`.
//!
//! The reference server with the room in its memory, and as one, two and three nodes that share
//! it through NATS, under the load of `charla-check`. All servers have the first core and the
//! load has the second, so what counts is the CPU time of each delivery; the times on the clock
//! are those of seven processes on one core. `cargo bench --bench cluster -- latency` measures
//! one part. It needs Linux, two cores, `taskset`, and `nats-server` in the PATH or where
//! `CHARLA_NATS_SERVER` says.

mod cluster;
mod pipeline;
mod state;

use std::env;
use std::error::Error;

use cluster::{Cluster, Setting};
use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A part of the measurements.
type Part = fn() -> Result<()>;

const PARTS: [(&str, Part); 5] = [
    ("deliveries", deliveries),
    ("latency", latency),
    ("messages", messages),
    ("pipeline", pipeline::compare),
    ("state", state::measure),
];

const MEMORY: Setting = Setting { nodes: 1, replicas: 0 };
const SHARED: [Setting; 3] =
    [Setting { nodes: 1, replicas: 3 }, Setting { nodes: 2, replicas: 3 }, Setting { nodes: 3, replicas: 3 }];

fn main() -> Result<()> {
    let asked: Vec<_> = env::args().skip(1).filter(|word| word != "--bench").collect();
    if let Some(unknown) = asked.iter().find(|asked| PARTS.iter().all(|(name, _)| name != asked)) {
        return Err(format!("{unknown} is no part").into());
    }
    for (name, part) in PARTS.iter().filter(|(name, _)| asked.is_empty() || asked.iter().any(|asked| asked == name)) {
        println!("\n{name}");
        part()?;
    }
    Ok(())
}

/// What a delivery costs, where each takes a write of its own and where many share one.
fn deliveries() -> Result<()> {
    for (shape, load) in [
        ("paced", "--participants 999 --senders 3 --rate 100/s --seconds 5"),
        ("saturated", "--participants 999 --senders 3 --rate max --seconds 4"),
    ] {
        let alone = delivery(shape, load, MEMORY, None)?;
        for setting in SHARED {
            delivery(shape, load, setting, Some(alone))?;
        }
    }
    Ok(())
}

/// Tells the cost, in nanoseconds of CPU, and gives that of the nodes.
fn delivery(shape: &str, load: &str, setting: Setting, alone: Option<f64>) -> Result<f64> {
    let cluster = Cluster::start(setting)?;
    let run = cluster.load(load)?;
    let each = |process: &Value| process.get("cpu_ns_per_delivery").and_then(Value::as_f64).unwrap_or_default();
    let processes = run["processes"].as_array().ok_or("the load tells no processes")?;
    let (nodes, nats) = processes.split_at(setting.nodes);
    let of_nodes: f64 = nodes.iter().map(each).sum();
    let per_node: Vec<_> = nodes.iter().map(|node| format!("{:.0}", each(node))).collect();
    println!(
        "{shape:10} {setting:16} {:9.0}/s  nodes {of_nodes:7.1} ns ({})  nats {:6.1} ns  ratio {:.2}  p50 {:7.2}  p99 {:7.2} ms  joining {:.2} s of CPU",
        number(&run, "/deliveries_per_second")?,
        per_node.join(" + "),
        nats.iter().map(each).sum::<f64>(),
        of_nodes / alone.unwrap_or(of_nodes),
        number(&run, "/latency_ms/p50")?,
        number(&run, "/latency_ms/p99")?,
        nodes.iter().filter_map(|node| node["joining_cpu_seconds"].as_f64()).sum::<f64>(),
    );
    Ok(of_nodes)
}

/// From a line to its receipt, with nothing else to do.
fn latency() -> Result<()> {
    for setting in [MEMORY, Setting { nodes: 1, replicas: 1 }, SHARED[0], SHARED[2]] {
        let run = Cluster::start(setting)?.load("--participants 1 --senders 1 --rate 100/s --seconds 5")?;
        let quantile = |name| number(&run, &format!("/latency_ms/{name}"));
        println!(
            "{setting:16} p50 {:6.2}  p99 {:6.2}  max {:6.2} ms",
            quantile("p50")?,
            quantile("p99")?,
            quantile("max")?
        );
    }
    Ok(())
}

/// As many messages as the journal takes, from six who speak and hear, by how many may be on their way.
fn messages() -> Result<()> {
    for setting in [MEMORY, Setting { nodes: 1, replicas: 1 }, SHARED[0], SHARED[2]] {
        for window in [1, 64, 4096] {
            let cluster = Cluster::start(setting)?;
            let load = format!("--participants 6 --senders 6 --rate max --in-flight {window} --seconds 4");
            let run = cluster.load(&load)?;
            let (said, seconds) = (number(&run, "/said")?, number(&run, "/seconds")?);
            println!(
                "{setting:16} {window:4} on their way: {:8.0}/s  p50 {:6.2}  p99 {:6.2} ms{}",
                said / seconds,
                number(&run, "/latency_ms/p50")?,
                number(&run, "/latency_ms/p99")?,
                records(&cluster, said, seconds)?,
            );
        }
    }
    Ok(())
}

/// What NATS had to do for so many messages.
fn records(cluster: &Cluster, said: f64, seconds: f64) -> Result<String> {
    let Some(records) = cluster.records()? else { return Ok(String::new()) };
    let (stored, sent) = (cluster.stored()?, cluster.sent_to_a_node()?);
    Ok(format!(
        "  {:6.0} records/s of {:6.1} messages; for each message {:4.0} bytes stored, {:4.0} to each node",
        records / seconds,
        said / records,
        stored / said,
        sent / said
    ))
}

fn number(run: &Value, place: &str) -> Result<f64> {
    run.pointer(place).and_then(Value::as_f64).ok_or_else(|| format!("the load does not tell {place}").into())
}
