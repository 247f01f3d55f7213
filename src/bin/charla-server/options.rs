//! The options of the server, as they stand on its command line.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use charla::cli::{BadValue, Common, Configuration};
use charla::proto::TLS_PORT;
use charla::room::{Confusables, MIN_KEPT};
use charla::server::{Handshakes, Options};
use charla::tls::{Identity, ServerFiles};
use clap::{Args, Parser, ValueEnum};
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(name = "charla-server", version, disable_help_flag = true, disable_version_flag = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) listening: Listening,
    #[command(flatten)]
    pub(crate) limits: Limits,
    #[command(flatten)]
    pub(crate) sharing: super::journal::Sharing,
    #[arg(long, value_name = "place")]
    pub(crate) metrics: Option<Place>,
    #[command(flatten)]
    pub(crate) log: Log,
    #[command(flatten)]
    pub(crate) configuration: Configuration,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Where it listens.
#[derive(Args)]
pub(crate) struct Listening {
    #[arg(long, value_name = "place", default_value = "localhost:65434", hide_default_value = true)]
    pub(crate) listen: Vec<Place>,
    #[arg(long)]
    pub(crate) insecure: bool,
    #[command(flatten)]
    pub(crate) tls: OverTls,
}

/// Where it speaks TLS, and who it is there.
#[derive(Args)]
pub(crate) struct OverTls {
    #[arg(long, value_name = "tls-place", value_parser = tls_place, requires = "tls_cert")]
    pub(crate) listen_tls: Vec<Place>,
    #[arg(long, value_name = "file", requires_all = ["listen_tls", "tls_key"])]
    tls_cert: Option<PathBuf>,
    #[arg(long, value_name = "file", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    #[arg(long, value_name = "file", requires = "tls_cert")]
    tls_client_ca: Option<PathBuf>,
    #[arg(long, value_name = "count", default_value_t = Handshakes::default().at_once, hide_default_value = true)]
    tls_handshakes: usize,
    #[arg(long, value_name = "seconds", default_value = "10", hide_default_value = true, value_parser = seconds)]
    tls_handshake_timeout: Duration,
}

/// What each client may use.
#[derive(Args)]
pub(crate) struct Limits {
    #[arg(long, value_name = "count", default_value_t = Options::default().max_connections, hide_default_value = true)]
    max_connections: usize,
    #[arg(long, value_name = "count", default_value_t = Options::default().max_per_address, hide_default_value = true)]
    max_per_address: usize,
    #[arg(long)]
    limit_loopback: bool,
    #[arg(long, value_name = "count", default_value_t = Options::default().lines_per_second, hide_default_value = true)]
    lines_per_second: u32,
    #[arg(long, value_name = "count", default_value_t = Options::default().bytes_per_second, hide_default_value = true)]
    bytes_per_second: u32,
    #[arg(long, value_name = "burst", default_value = "20", hide_default_value = true, value_parser = burst)]
    burst: Duration,
    #[arg(long, value_name = "seconds", default_value = "30", hide_default_value = true, value_parser = seconds)]
    name_timeout: Duration,
    #[arg(long, value_name = "patience", default_value = "5", hide_default_value = true, value_parser = patience)]
    patience: Duration,
    #[arg(long, value_name = "lag", default_value_t = MIN_KEPT / 2, hide_default_value = true, value_parser = lag)]
    max_lag: usize,
    #[arg(long, value_name = "dead-after", default_value = "90", hide_default_value = true, value_parser = dead_after)]
    pub(crate) dead_after: Duration,
    #[arg(long, value_name = "policy", default_value = "refuse", hide_default_value = true, value_parser = confusables)]
    confusables: Confusables,
}

/// What is told on standard error.
#[derive(Args)]
pub(crate) struct Log {
    #[arg(long, value_name = "log-filter", default_value = "warn", hide_default_value = true)]
    pub(crate) log: EnvFilter,
    #[arg(long, value_name = "format", default_value = "text", hide_default_value = true, hide_possible_values = true)]
    pub(crate) log_format: LogFormat,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    /// One object a line.
    Json,
}

impl OverTls {
    /// What is to be read, if TLS is spoken anywhere.
    pub(crate) fn files(&self) -> Option<ServerFiles> {
        let (certificate, key) = self.tls_cert.clone().zip(self.tls_key.clone())?;
        Some(ServerFiles { identity: Identity { certificate, key }, client_ca: self.tls_client_ca.clone() })
    }

    pub(crate) fn handshakes(&self) -> Handshakes {
        Handshakes { at_once: self.tls_handshakes, timeout: self.tls_handshake_timeout }
    }
}

impl Limits {
    /// What the server is to bear.
    pub(crate) fn options(&self) -> Options {
        Options {
            max_connections: self.max_connections,
            max_per_address: self.max_per_address,
            limit_loopback: self.limit_loopback,
            lines_per_second: self.lines_per_second,
            bytes_per_second: self.bytes_per_second,
            burst: self.burst,
            name_timeout: self.name_timeout,
            // Who holds more than half of the log lags too far.
            kept: self.max_lag.saturating_mul(2),
            patience: self.patience,
            confusables: self.confusables,
        }
    }
}

/// `HOST:PORT`, an IPv6 address in brackets.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl FromStr for Place {
    type Err = BadValue;

    fn from_str(given: &str) -> Result<Place, BadValue> {
        let (host, port) = given.rsplit_once(':').ok_or(BadValue)?;
        let port = port.parse().map_err(|_| BadValue)?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        if host.is_empty() || (bare.is_none() && host.contains(':')) {
            return Err(BadValue);
        }
        Ok(Place { host: bare.unwrap_or(host).to_owned(), port })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// `HOST` alone is at the port for TLS.
fn tls_place(given: &str) -> Result<Place, BadValue> {
    given.parse().or_else(|_| format!("{given}:{TLS_PORT}").parse())
}

/// A duration in seconds, fractions allowed.
pub(crate) fn seconds(given: &str) -> Result<Duration, BadValue> {
    given.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).ok_or(BadValue)
}

/// The patience that SPEC.md allows: from nought to 30 s.
fn patience(given: &str) -> Result<Duration, BadValue> {
    seconds(given).ok().filter(|patience| *patience <= Duration::from_secs(30)).ok_or(BadValue)
}

fn confusables(given: &str) -> Result<Confusables, BadValue> {
    match given {
        "refuse" => Ok(Confusables::Refuse),
        "allow" => Ok(Confusables::Allow),
        _ => Err(BadValue),
    }
}

/// Whole seconds in which a client's bucket is full again.
fn burst(given: &str) -> Result<Duration, BadValue> {
    given.parse().map(Duration::from_secs).ok().filter(|burst| *burst <= Duration::from_hours(1)).ok_or(BadValue)
}

/// What the system can count.
fn dead_after(given: &str) -> Result<Duration, BadValue> {
    seconds(given).ok().filter(|time| (1.0..=3600.0).contains(&time.as_secs_f64())).ok_or(BadValue)
}

/// As many bytes as SPEC.md lets every reader lag, or more.
fn lag(given: &str) -> Result<usize, BadValue> {
    given.parse().ok().filter(|lag| *lag >= MIN_KEPT / 2).ok_or(BadValue)
}
