//! `charla-server`: the reference server. Arguments, tracing, one call.

mod log;
mod options;

use std::io::{self, Write};
use std::process::ExitCode;

use charla::cli;
use charla::lang::Language;
use charla::server::{self, Console, Server};
use options::{Arguments, Place};
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
    for mut place in arguments.listen {
        let bound =
            server::bind(&place.host, place.port).await.map_err(|error| cannot_listen(language, &place, &error))?;
        place.port = bound.first().and_then(|first| first.local_addr().ok()).map_or(place.port, |first| first.port());
        listeners.extend(bound);
        listening.push(place.to_string());
    }
    let shutdown = stop_signal()
        .map_err(|error| language.text_with("server-no-signals", &[("reason", error.to_string().into())]))?;
    info!(version = env!("CARGO_PKG_VERSION"), listening = listening.join(", "), ?options, "serving");
    let console = Console::new(io::stdout(), listening).in_language(language);
    let server = listeners.into_iter().fold(Server::new(options).console(console), Server::listen);
    server.run(shutdown).await;
    info!("stopped");
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
