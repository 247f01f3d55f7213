//! What is said of the metrics is true of those that the server tells: in the dashboard and
//! in docs/operating.md.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use common::http;
use serde_json::Value;

/// The functions and words of `PromQL` that the dashboard uses, beside names.
const WORDS: [&str; 9] = ["sum", "min", "max", "by", "rate", "increase", "histogram_quantile", "time", "label_values"];

/// What Prometheus itself says of each sample.
const OF_PROMETHEUS: [&str; 2] = ["instance", "job"];

fn file(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The page of a server.
fn page() -> String {
    let (_server, place) = http::server(&[]);
    http::page(place)
}

/// The names on the page as queries name them, each with its labels.
fn samples(page: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut samples = BTreeMap::<_, BTreeSet<_>>::new();
    for sample in page.lines().filter(|line| !line.starts_with('#')) {
        let (name, labels) = sample.split_once(['{', ' ']).unwrap();
        let labels = labels.split(['{', ',']).filter_map(|label| label.split_once("=\"")).map(|(label, _)| label);
        samples.entry(name).or_default().extend(labels);
    }
    samples
}

/// The values under this key, wherever they are.
fn all<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get(key).and_then(Value::as_str));
            fields.values().for_each(|value| all(value, key, found));
        }
        Value::Array(values) => values.iter().for_each(|value| all(value, key, found)),
        _ => {}
    }
}

/// A query without its strings and ranges.
fn bare(query: &str) -> String {
    let outside = |text: &str, open: char, close: char| {
        let mut parts = text.split(open);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + part.split_once(close).map_or(part, |(_, after)| after))
    };
    let unquoted: String = query.split('"').step_by(2).collect();
    outside(&unquoted, '[', ']')
}

/// The words of a text that can be names.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// The metrics that a query names, and the labels that it names of them.
fn parse(query: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let query = bare(query).replace("by (", "{").replace(", instance)", "{instance}");
    let (mut metrics, mut labels) = (BTreeSet::new(), BTreeSet::new());
    for (n, part) in query.split('{').enumerate() {
        let (inside, outside) = if n == 0 { ("", part) } else { part.split_once(['}', ')']).unwrap() };
        labels.extend(names(inside).map(str::to_owned));
        metrics.extend(names(outside).filter(|name| !WORDS.contains(name)).map(str::to_owned));
    }
    (metrics, labels)
}

#[test]
fn a_query_is_taken_apart() {
    let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    let query = "histogram_quantile(0.5, sum by (le) (rate(a_bucket{instance=~\"$instance\",code!~\"x|y\"}[5m]))) / b";
    assert_eq!(parse(query), (set(&["a_bucket", "b"]), set(&["code", "instance", "le"])));
    assert_eq!(parse("label_values(a, instance)"), (set(&["a"]), set(&["instance"])));
}

#[test]
fn each_query_of_the_dashboard_names_metrics_and_labels_that_there_are() {
    let page = page();
    let samples = samples(&page);
    let dashboard: Value = serde_json::from_str(&file("packaging/grafana/charla.json")).unwrap();
    let mut queries = Vec::new();
    all(&dashboard, "expr", &mut queries);
    assert!(queries.len() > 15);
    queries.extend(dashboard["templating"]["list"][1]["query"].as_str());
    for query in queries {
        let (metrics, labels) = parse(query);
        assert!(!metrics.is_empty(), "{query}");
        let mut known = BTreeSet::from(OF_PROMETHEUS);
        for metric in &metrics {
            known.extend(samples.get(&**metric).unwrap_or_else(|| panic!("no {metric}, in {query}")));
        }
        assert!(labels.iter().all(|label| known.contains(&**label)), "{labels:?} in {query}");
    }
}

/// Of what is there for a host no number is only for who writes his own queries.
#[test]
fn the_dashboard_shows_every_metric_of_the_server() {
    let page = page();
    let dashboard = file("packaging/grafana/charla.json");
    for name in page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()) {
        assert!(dashboard.contains(name), "{name}");
    }
}

#[test]
fn each_metric_is_in_the_documentation_and_the_other_way_round() {
    let page = page();
    let told: BTreeSet<_> = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    let document = file("docs/operating.md");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let rows = rows.filter(|(name, _)| name.starts_with("charla_") || name.starts_with("process_"));
    let rows: BTreeSet<_> = rows.map(|(name, rest)| (name, rest.split(' ').next().unwrap())).collect();
    assert_eq!(told, rows);
    let samples = samples(&page);
    for (name, labels) in &samples {
        assert!(labels.iter().all(|label| *label == "le" || document.contains(&format!("`{label}`"))), "{name}");
    }
}
