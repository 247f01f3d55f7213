//! `charla-server`: the reference server. Arguments, tracing, one call.

mod log;
mod options;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use charla::cli;
use charla::lang::Language;
use charla::metrics::Exporter;
use charla::server::{self, Console, Server};
use options::{Arguments, Place};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

fn main() -> ExitCode {
    let arguments: Arguments = cli::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed too; the exit code still tells.
            let _ = writeln!(io::stderr(), "charla-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), String> {
    if arguments.configuration.check_config {
        // Standard output may be closed; the exit code still tells.
        let _ = writeln!(io::stdout(), "{}", arguments.configuration.praise(arguments.common.lang));
        return Ok(());
    }
    serve(arguments)
}

#[tokio::main]
async fn serve(arguments: Arguments) -> Result<(), String> {
    log::start(arguments.log);
    let language = arguments.common.lang;
    let options = arguments.limits.options();
    let (mut listeners, mut listening) = (Vec::new(), Vec::new());
    for place in arguments.listen {
        let (bound, place) = listen(language, "--listen", place).await?;
        listeners.extend(bound);
        listening.push(place.to_string());
    }
    let shutdown = stop_signal()
        .map_err(|error| language.text_with("server-no-signals", &[("reason", error.to_string().into())]))?;
    info!(version = env!("CARGO_PKG_VERSION"), listening = listening.join(", "), ?options, "serving");
    let console = Console::new(io::stdout(), listening).in_language(language);
    let server = listeners.into_iter().fold(Server::new(options).console(console), Server::listen);
    if let Some(place) = arguments.metrics {
        tell_metrics(language, place, Exporter::new(server.stats())).await?;
    }
    server.run(shutdown).await;
    info!("stopped");
    Ok(())
}

/// Listens at this place, which is given back with its port.
async fn listen(language: Language, option: &str, mut place: Place) -> Result<(Vec<TcpListener>, Place), String> {
    let bound = server::bind(&place.host, place.port).await;
    let bound = bound.map_err(|error| cannot_listen(language, option, &place, &error))?;
    place.port = bound.first().and_then(|first| first.local_addr().ok()).map_or(place.port, |first| first.port());
    Ok((bound, place))
}

/// Tells how the server is at this place, until the end of the program.
async fn tell_metrics(language: Language, place: Place, exporter: Exporter) -> Result<(), String> {
    let (listeners, place) = listen(language, "--metrics", place).await?;
    let exporter = Arc::new(exporter);
    for listener in listeners {
        tokio::spawn(Arc::clone(&exporter).serve(listener));
    }
    info!(%place, "telling metrics");
    Ok(())
}

fn cannot_listen(language: Language, option: &str, place: &Place, error: &io::Error) -> String {
    let next = language.text_with(
        match error.kind() {
            io::ErrorKind::AddrInUse => "server-cannot-listen.in-use",
            io::ErrorKind::AddrNotAvailable => "server-cannot-listen.not-here",
            io::ErrorKind::PermissionDenied => "server-cannot-listen.forbidden",
            _ => "server-cannot-listen.other",
        },
        &[("option", option.into())],
    );
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
