//! `charla-server`: the reference server. Arguments, tracing, one call.

mod doors;
mod journal;
mod log;
mod open_files;
mod options;
mod service;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use charla::cli;
use charla::lang::Language;
use charla::metrics::Exporter;
use charla::server::{Console, Server};
use doors::Doors;
use options::{Arguments, Place};
use service::Socket;
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
    let language = arguments.common.lang;
    if arguments.configuration.check_config {
        doors::check(&arguments.listening.tls, language)?;
        // Standard output may be closed; the exit code still tells.
        let _ = writeln!(io::stdout(), "{}", arguments.configuration.praise(language));
        return Ok(());
    }
    let sockets = service::sockets().map_err(|error| doors::bad_socket(language, &error))?;
    serve(arguments, sockets)
}

#[tokio::main]
async fn serve(arguments: Arguments, sockets: Vec<Socket>) -> Result<(), String> {
    log::start(arguments.log);
    let language = arguments.common.lang;
    let options = arguments.limits.options();
    open_files::allow(options.open_files());
    let doors = Doors::open(arguments.listening, sockets, arguments.limits.dead_after, language).await?;
    let mut shutdown = Box::pin(stop_signal().map_err(|error| no_signals(language, &error))?);
    info!(version = env!("CARGO_PKG_VERSION"), listening = doors.places.join(", "), ?options, "serving");
    let console = Console::new(io::stdout(), doors.places.clone()).in_language(language);
    let sharing = arguments.sharing.options(&options);
    let tls = doors.tls.clone();
    let server = doors.lead_to(Server::new(options).console(console));
    let server = if sharing.is_some() { server.share() } else { server };
    if let Some(place) = arguments.metrics {
        tell_metrics(language, place, Exporter::new(server.stats(), tls)).await?;
    }
    let server = match sharing {
        Some(options) => tokio::select! {
            journal = journal::open(options, language) => server.journal(journal?),
            // Who waits for NATS can be told to stop.
            () = &mut shutdown => return Ok(()),
        },
        None => server,
    };
    service::ready();
    server.run(shutdown).await;
    info!("stopped");
    Ok(())
}

/// Tells how the server is at this place, until the end of the program.
async fn tell_metrics(language: Language, mut place: Place, exporter: Exporter) -> Result<(), String> {
    let exporter = Arc::new(exporter);
    for listener in doors::bind(language, "--metrics", &mut place).await? {
        tokio::spawn(Arc::clone(&exporter).serve(listener));
    }
    info!(%place, "telling metrics");
    Ok(())
}

fn no_signals(language: Language, error: &io::Error) -> String {
    language.text_with("server-no-signals", &[("reason", error.to_string().into())])
}

/// Ready at the first SIGINT or SIGTERM.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        service::stopping();
    })
}
