//! How a running server is, told over HTTP: to Prometheus, to whoever keeps it running.
//!
//! | path | answer |
//! | --- | --- |
//! | `/metrics` | the server in numbers, as Prometheus reads them |
//! | `/healthz` | 200 when the process lives; none when it is stuck |
//! | `/readyz` | 200 when a newcomer would be served, 503 when not |
//!
//! It tells no name, no address and no text, so it may be read by anybody; but it is not made
//! for the open Internet. What is asked costs the room a look at each participant.

mod http;
mod process;
mod text;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::room::Histogram;
use crate::server::{Stats, Tls};
use process::Process;
use text::Scrape;

/// Tells how one server is.
pub struct Exporter {
    stats: Stats,
    tls: Option<Arc<Tls>>,
    process: Process,
    /// The lags of all participants, each time that they were asked for.
    lags: Mutex<Option<Histogram>>,
}

impl Exporter {
    /// For this server, its TLS if it speaks it, and for the process that it runs in.
    #[must_use]
    pub fn new(stats: Stats, tls: Option<Arc<Tls>>) -> Exporter {
        Exporter { stats, tls, process: Process::new(), lags: Mutex::new(None) }
    }

    /// All metrics, in Prometheus' text format.
    fn metrics(&self) -> Result<String, fmt::Error> {
        let figures = self.stats.figures();
        let lags = self.gather(&figures.room.lags);
        let handshakes = self.tls.as_ref().map(|tls| tls.handshakes()).unwrap_or_default();
        text::page(Scrape { figures, handshakes, lags, usage: self.process.usage() })
    }

    /// Adds how far behind each one is now to what was so at the times before.
    fn gather(&self, now: &Histogram) -> Histogram {
        let mut lags = self.lags.lock().unwrap_or_else(PoisonError::into_inner);
        match lags.as_mut() {
            Some(lags) => lags.add(now),
            None => *lags = Some(now.clone()),
        }
        lags.as_ref().unwrap_or(now).clone()
    }
}
