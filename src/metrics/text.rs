//! The metrics by their names, in Prometheus' text format. `docs/operating.md` has them all.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use tokio::runtime::Handle;

use super::process::Usage;
use crate::room::Histogram;
use crate::server::{Figures, HandshakeFigures};

/// The commit that the program was built of, where its builder has told.
const COMMIT: &str = match option_env!("CHARLA_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// All that is told at one time.
#[derive(Debug)]
pub(super) struct Scrape {
    pub(super) figures: Figures,
    pub(super) handshakes: HandshakeFigures,
    /// Of all scrapes up to this one.
    pub(super) lags: Histogram,
    pub(super) usage: Usage,
}

/// The page that Prometheus reads.
pub(super) fn page(scrape: Scrape) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(scrape));
    let mut page = String::new();
    prometheus_text::encode(&mut page, &registry)?;
    Ok(page)
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        page.build()?;
        self.connections(&mut page)?;
        self.handshakes(&mut page)?;
        self.traffic(&mut page)?;
        self.room(&mut page)?;
        self.slowness(&mut page)?;
        self.process(&mut page)
    }
}

impl Scrape {
    fn connections(&self, page: &mut Page<'_>) -> fmt::Result {
        let Figures { connections, max_connections, accepted, lingerers, traffic, .. } = &self.figures;
        page.gauge("charla_connections", "Connections that have a seat, those without a name included.", *connections)?;
        page.gauge("charla_connections_limit", "How many connections may have a seat.", *max_connections)?;
        page.counter("charla_connections_accepted", "Connections that came, refused ones included.", *accepted)?;
        page.counter("charla_connections_broken", "Connections that ended without a BYE.", traffic.broken)?;
        page.gauge("charla_lingerers", "Connections that are closed and wait for the client's end.", *lingerers)?;
        let byes = traffic.byes().map(|(code, count)| (code.as_str(), count));
        page.counters("charla_byes", "Connections that ended with a BYE, by its code.", "code", byes)
    }

    fn handshakes(&self, page: &mut Page<'_>) -> fmt::Result {
        let HandshakeFigures { finished, failed, open, computing } = self.handshakes;
        let results = [("finished", finished), ("failed", failed)].into_iter();
        page.counters("charla_tls_handshakes", "Handshakes of TLS that ended, by their result.", "result", results)?;
        page.gauge("charla_tls_handshakes_open", "Handshakes of TLS that have begun and not ended.", open)?;
        page.gauge("charla_tls_handshakes_computing", "Those of them whose turn it is to compute.", computing)
    }

    fn traffic(&self, page: &mut Page<'_>) -> fmt::Result {
        let Figures { traffic, delayed, .. } = &self.figures;
        let help = "How often a client had sent more than its rates allow, so that it was read later.";
        page.counter("charla_delayed_reads", help, *delayed)?;
        page.counter("charla_received_bytes", "Bytes that clients sent, up to their BYE.", traffic.received)?;
        page.counter("charla_sent_bytes", "Bytes that were sent to clients.", traffic.sent)
    }

    fn room(&self, page: &mut Page<'_>) -> fmt::Result {
        let room = &self.figures.room;
        let help = "Who is in the room, of those who are connected to this server.";
        page.gauge("charla_participants", help, room.participants)?;
        let help = "Servers that share the room, this one included; 0 without --journal, or while NATS is away.";
        page.gauge("charla_nodes", help, room.nodes)?;
        page.counter("charla_joins", "How often someone has joined.", room.joins)?;
        page.counter("charla_messages", "Messages that were said by clients of this server.", room.messages)?;
        let help = "Lines of the room that were written to participants, once for each of them.";
        page.counter("charla_deliveries", help, room.deliveries)
    }

    fn slowness(&self, page: &mut Page<'_>) -> fmt::Result {
        let room = &self.figures.room;
        page.gauge("charla_log_bytes", "Bytes of the log that somebody has still to read.", room.kept)?;
        let help = "1 while the log is full and what people say waits for slow readers.";
        page.gauge("charla_congested", help, u64::from(room.congested))?;
        let help = "How many bytes each participant was behind, looked at once a scrape: each scrape adds one \
                    observation for each participant.";
        page.histogram("charla_lag_bytes", help, &self.lags, 1.0)?;
        let help = "Time from the receipt of a line to its last write, of one line at a time.";
        page.histogram("charla_delay_seconds", help, &room.delays, 1e6)
    }

    fn process(&self, page: &mut Page<'_>) -> fmt::Result {
        let Usage { cpu, memory, files, max_files, started } = &self.usage;
        let tasks = Handle::current().metrics().num_alive_tasks();
        page.gauge("charla_tasks", "Tasks of the program that are alive.", tasks)?;
        page.seconds_counter("process_cpu_seconds", "CPU time used.", cpu.as_secs_f64())?;
        page.gauge("process_start_time_seconds", "When the program started, since 1970.", started.as_secs())?;
        let known = [
            ("process_resident_memory_bytes", "Resident memory.", memory),
            ("process_open_fds", "Open file descriptors.", files),
            ("process_max_fds", "How many file descriptors may be open.", max_files),
        ];
        for (name, help, value) in known {
            if let Some(value) = value {
                page.gauge(name, help, *value)?;
            }
        }
        Ok(())
    }
}

/// The page, metric by metric. The name of a counter gets `_total`.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn metric<'p>(&'p mut self, name: &'p str, help: &str, of: MetricType) -> Result<MetricEncoder<'p>, fmt::Error> {
        self.0.encode_descriptor(name, help, None, of)
    }

    fn build(&mut self) -> fmt::Result {
        let labels = [("version", env!("CARGO_PKG_VERSION")), ("commit", COMMIT)];
        self.metric("charla_build", "Which program this is.", MetricType::Info)?.encode_info(&labels)
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl TryInto<i64>) -> fmt::Result {
        // Only a limit is ever so great.
        let value = value.try_into().unwrap_or(i64::MAX);
        self.metric(name, help, MetricType::Gauge)?.encode_gauge(&value)
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.metric(name, help, MetricType::Counter)?.encode_counter::<NoLabelSet, _, u64>(&value, None)
    }

    fn seconds_counter(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        self.metric(name, help, MetricType::Counter)?.encode_counter::<NoLabelSet, _, u64>(&value, None)
    }

    /// One counter for each value of a label.
    fn counters<'v>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        mut values: impl Iterator<Item = (&'v str, u64)>,
    ) -> fmt::Result {
        let mut metric = self.metric(name, help, MetricType::Counter)?;
        values.try_for_each(|(value, count)| {
            metric.encode_family(&[(label, value)])?.encode_counter::<NoLabelSet, _, u64>(&count, None)
        })
    }

    /// `unit` of what was measured are one of what is told.
    fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram, unit: f64) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "a measure of more than 2^53 may be a little off")]
        let told = |measure: u64| measure as f64 / unit;
        let buckets: Vec<_> =
            histogram.buckets().map(|(bound, count)| (bound.map_or(f64::INFINITY, told), count)).collect();
        self.metric(name, help, MetricType::Histogram)?.encode_histogram::<NoLabelSet>(
            told(histogram.sum()),
            histogram.count(),
            &buckets,
            None,
        )
    }
}
