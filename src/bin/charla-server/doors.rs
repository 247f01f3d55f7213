//! The doors of the server: where it listens, plain and over TLS.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use charla::lang::Language;
use charla::server::{self, Server, Tls};
use charla::tls::ServerFiles;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

use super::options::{Listening, Place};

/// All that was asked for, open.
pub(crate) struct Doors {
    plain: Vec<TcpListener>,
    over_tls: Vec<TcpListener>,
    tls: Option<Arc<Tls>>,
    /// Each place, with the port that it really has, as the console shows it.
    pub(crate) places: Vec<String>,
}

impl Doors {
    /// Opens them, for peers that are gone when they were silent for so long. With TLS, its files
    /// are read anew at each SIGHUP.
    pub(crate) async fn open(listening: Listening, dead_after: Duration, language: Language) -> Result<Doors, String> {
        let tls = match listening.tls.files() {
            Some(files) => Some(start_tls(files, listening.tls.handshakes(), language)?),
            None => None,
        };
        let mut doors = Doors { plain: Vec::new(), over_tls: Vec::new(), tls, places: Vec::new() };
        for mut place in listening.listen {
            let bound = open_at(language, "--listen", &mut place, dead_after).await?;
            if !listening.insecure && bound.iter().any(is_exposed) {
                return Err(language.text_with("server-exposed", &[("place", place.to_string().into())]));
            }
            doors.plain.extend(bound);
            doors.places.push(place.to_string());
        }
        for mut place in listening.tls.listen_tls {
            doors.over_tls.extend(open_at(language, "--listen-tls", &mut place, dead_after).await?);
            doors.places.push(format!("{place} (TLS)"));
        }
        Ok(doors)
    }

    /// Lets those in who come to them.
    pub(crate) fn lead_to(self, server: Server) -> Server {
        let server = self.plain.into_iter().fold(server, Server::listen);
        let over_tls = self.over_tls.into_iter().zip(self.tls.iter().cycle());
        over_tls.fold(server, |server, (listener, tls)| server.listen(tls.listen(listener)))
    }
}

async fn open_at(
    language: Language,
    option: &str,
    place: &mut Place,
    dead_after: Duration,
) -> Result<Vec<TcpListener>, String> {
    let bound = bind(language, option, place).await?;
    for listener in &bound {
        server::tune(listener, dead_after).map_err(|error| cannot_listen(language, option, place, &error))?;
    }
    Ok(bound)
}

/// Listens at a place of this option, which then has its real port.
pub(crate) async fn bind(language: Language, option: &str, place: &mut Place) -> Result<Vec<TcpListener>, String> {
    let bound = server::bind(&place.host, place.port).await;
    let bound = bound.map_err(|error| cannot_listen(language, option, place, &error))?;
    place.port = bound.first().and_then(|first| first.local_addr().ok()).map_or(place.port, |first| first.port());
    Ok(bound)
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

/// Whether others than this machine can come to it.
fn is_exposed(listener: &TcpListener) -> bool {
    listener.local_addr().map_or(true, |address| !address.ip().is_loopback())
}

fn start_tls(files: ServerFiles, handshakes: server::Handshakes, language: Language) -> Result<Arc<Tls>, String> {
    let config = files.config().map_err(|error| error.words().in_language(language))?;
    let tls = Arc::new(Tls::new(config, handshakes));
    let hangups = signal(SignalKind::hangup()).map_err(|error| super::no_signals(language, &error))?;
    tokio::spawn(reload_at_each(hangups, files, Arc::clone(&tls), language));
    Ok(tls)
}

/// Changes certificate, key and authorities; where that fails, all stays as it was.
async fn reload_at_each(mut hangups: Signal, files: ServerFiles, tls: Arc<Tls>, language: Language) {
    while hangups.recv().await.is_some() {
        match files.config() {
            Ok(config) => {
                tls.replace(config);
                info!("the certificate and the key were read anew");
            }
            Err(error) => {
                let reason = error.words().in_language(language);
                let complaint = language.text_with("server-not-reloaded", &[("reason", reason.into())]);
                // Standard error may be closed: then nobody wants to know.
                let _ = writeln!(io::stderr(), "charla-server: {complaint}");
            }
        }
    }
}
