//! Reports: one result, told in several ways. None of them judges.

mod figures;
pub mod html;
pub mod json;
mod plot;
pub mod text;

use std::time::Duration;

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The shares of the deliveries whose latency is told, with their names.
const QUANTILES: [(&str, f64); 5] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];
