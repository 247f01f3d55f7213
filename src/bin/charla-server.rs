//! `charla-server`: the reference server. Arguments, tracing, one call.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use charla::cli::{self, BadValue, Common};
use charla::lang::Language;
use charla::server::{self, Console, Options, Server};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(name = "charla-server", version, disable_help_flag = true, disable_version_flag = true)]
struct Arguments {
    #[arg(long, value_name = "place", default_value = "localhost:65434", hide_default_value = true)]
    listen: Vec<Place>,
    #[arg(long, value_name = "count", default_value_t = Options::default().max_connections, hide_default_value = true)]
    max_connections: usize,
    #[arg(long, value_name = "seconds", default_value = "30", hide_default_value = true, value_parser = seconds)]
    name_timeout: Duration,
    #[arg(long, value_name = "patience", default_value = "5", hide_default_value = true, value_parser = patience)]
    patience: Duration,
    #[arg(long, value_name = "log-filter", env = "CHARLA_LOG", hide_env_values = true)]
    #[arg(default_value = "warn", hide_default_value = true)]
    log: EnvFilter,
    #[command(flatten)]
    common: Common,
}

/// `HOST:PORT`, an IPv6 address in brackets.
#[derive(Clone, Debug)]
struct Place {
    host: String,
    port: u16,
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

/// A duration in seconds, fractions allowed.
fn seconds(given: &str) -> Result<Duration, BadValue> {
    given.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).ok_or(BadValue)
}

/// The patience that SPEC.md allows: from nought to 30 s.
fn patience(given: &str) -> Result<Duration, BadValue> {
    seconds(given).ok().filter(|patience| *patience <= Duration::from_secs(30)).ok_or(BadValue)
}

fn main() -> ExitCode {
    let arguments: Arguments = cli::parse();
    start_log(&arguments);
    match serve(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed too; the exit code still tells.
            let _ = writeln!(io::stderr(), "charla-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start_log(arguments: &Arguments) {
    let colours = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(arguments.log.clone()).with_ansi(colours).with_writer(io::stderr).init();
}

#[tokio::main]
async fn serve(arguments: Arguments) -> Result<(), String> {
    let language = arguments.common.lang;
    let (mut listeners, mut listening) = (Vec::new(), Vec::new());
    for mut place in arguments.listen {
        let bound =
            server::bind(&place.host, place.port).await.map_err(|error| cannot_listen(language, &place, &error))?;
        place.port = bound.first().and_then(|first| first.local_addr().ok()).map_or(place.port, |first| first.port());
        listeners.extend(bound);
        listening.push(place.to_string());
    }
    let shutdown = stop_signal()
        .map_err(|error| language.text_with("server-no-signals", &[("reason", error.to_string().into())]))?;
    let console = Console::new(io::stdout(), listening).in_language(language);
    let options = Options {
        max_connections: arguments.max_connections,
        name_timeout: arguments.name_timeout,
        patience: arguments.patience,
        ..Options::default()
    };
    let server = listeners.into_iter().fold(Server::new(options).console(console), Server::listen);
    server.run(shutdown).await;
    Ok(())
}

fn cannot_listen(language: Language, place: &Place, error: &io::Error) -> String {
    let next = language.text(match error.kind() {
        io::ErrorKind::AddrInUse => "server-cannot-listen.in-use",
        io::ErrorKind::AddrNotAvailable => "server-cannot-listen.not-here",
        io::ErrorKind::PermissionDenied => "server-cannot-listen.forbidden",
        _ => "server-cannot-listen.other",
    });
    language.text_with(
        "server-cannot-listen",
        &[("place", place.to_string().into()), ("reason", error.to_string().into()), ("next", next.into())],
    )
}

/// Ready at the first SIGINT or SIGTERM.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
