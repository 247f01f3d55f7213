//! The diagnostics on standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use super::options::{Log, LogFormat};

/// Begins to write what is asked for.
pub(crate) fn start(log: Log) {
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match log.log_format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    let registry = tracing_subscriber::registry().with(lines.with_filter(log.log));
    #[cfg(all(feature = "tokio-console", tokio_unstable))]
    let registry = registry.with(console_subscriber::spawn());
    registry.init();
    #[cfg(all(feature = "tokio-console", not(tokio_unstable)))]
    tracing::warn!("tokio-console sees nothing: build with RUSTFLAGS=\"--cfg tokio_unstable\"");
}
