//! The doors of the server: where it listens, plain and over TLS.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use charla::lang::Language;
use charla::server::{self, Server, Tls};
use charla::tls::ServerFiles;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

use super::options::{Listening, OverTls, Place};
use super::service::{self, Socket};

/// All that was asked for, open.
pub(crate) struct Doors {
    plain: Vec<TcpListener>,
    over_tls: Vec<TcpListener>,
    pub(crate) tls: Option<Arc<Tls>>,
    /// Each place, with the port that it really has, as the console shows it.
    pub(crate) places: Vec<String>,
}

impl Doors {
    /// Opens them, for peers that are gone when they were silent for so long. With TLS, its files
    /// are read anew at each SIGHUP.
    pub(crate) async fn open(
        listening: Listening,
        sockets: Vec<Socket>,
        dead_after: Duration,
        language: Language,
    ) -> Result<Doors, String> {
        let certificate = match listening.tls.files() {
            Some(files) => Some(Certificate::read(files, listening.tls.handshakes(), language)?),
            None => None,
        };
        let tls = certificate.as_ref().map(|certificate| Arc::clone(&certificate.tls));
        // Without anything to be read anew, a hangup is what it is to any program; but to be asked
        // by a service manager is not to end.
        if certificate.is_some() || service::is_managed() {
            let hangups = signal(SignalKind::hangup()).map_err(|error| super::no_signals(language, &error))?;
            tokio::spawn(reload_at_each(hangups, certificate, language));
        }
        let (over_tls, plain): (Vec<_>, Vec<_>) = sockets.into_iter().partition(|socket| socket.name == service::TLS);
        if tls.is_none() && !over_tls.is_empty() {
            return Err(language.text_with("server-no-certificate", &[("name", service::TLS.into())]));
        }
        let mut doors = Doors { plain: Vec::new(), over_tls: Vec::new(), tls, places: Vec::new() };
        for (bound, place) in open(language, "--listen", listening.listen, plain).await? {
            if !listening.insecure && bound.iter().any(is_exposed) {
                return Err(language.text_with("server-exposed", &[("place", place.into())]));
            }
            doors.plain.extend(bound);
            doors.places.push(place);
        }
        for (bound, place) in open(language, "--listen-tls", listening.tls.listen_tls, over_tls).await? {
            doors.over_tls.extend(bound);
            doors.places.push(format!("{place} (TLS)"));
        }
        for listener in doors.plain.iter().chain(&doors.over_tls) {
            server::tune(listener, dead_after).map_err(|error| bad_socket(language, &error))?;
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

/// Takes the sockets that were passed; without any it listens at the places of this option.
async fn open(
    language: Language,
    option: &str,
    places: Vec<Place>,
    sockets: Vec<Socket>,
) -> Result<Vec<(Vec<TcpListener>, String)>, String> {
    let mut opened = Vec::new();
    if sockets.is_empty() {
        for mut place in places {
            let bound = bind(language, option, &mut place).await?;
            opened.push((bound, place.to_string()));
        }
    }
    for socket in sockets {
        let (listener, place) = take(socket).map_err(|error| bad_socket(language, &error))?;
        opened.push((vec![listener], place));
    }
    Ok(opened)
}

fn take(socket: Socket) -> io::Result<(TcpListener, String)> {
    let place = socket.listener.local_addr()?.to_string();
    Ok((TcpListener::from_std(socket.listener)?, place))
}

pub(crate) fn bad_socket(language: Language, error: &io::Error) -> String {
    language.text_with("server-bad-socket", &[("reason", error.to_string().into())])
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

/// Reads what TLS needs, as a start does; gives what is wrong with it.
pub(crate) fn check(tls: &OverTls, language: Language) -> Result<(), String> {
    tls.files().map_or(Ok(()), |files| read(&files, language).map(drop))
}

fn read(files: &ServerFiles, language: Language) -> Result<Arc<ServerConfig>, String> {
    files.config().map_err(|error| error.words().in_language(language))
}

/// The certificate that is shown, and the files that it comes from.
struct Certificate {
    files: ServerFiles,
    tls: Arc<Tls>,
}

impl Certificate {
    fn read(files: ServerFiles, handshakes: server::Handshakes, language: Language) -> Result<Certificate, String> {
        let tls = Arc::new(Tls::new(read(&files, language)?, handshakes));
        Ok(Certificate { files, tls })
    }

    /// Changes certificate, key and authorities; where that fails, all stays as it was.
    fn reload(&self, language: Language) {
        match read(&self.files, language) {
            Ok(config) => {
                self.tls.replace(config);
                info!("the certificate and the key were read anew");
            }
            Err(reason) => {
                let complaint = language.text_with("server-not-reloaded", &[("reason", reason.into())]);
                // Standard error may be closed: then nobody wants to know.
                let _ = writeln!(io::stderr(), "charla-server: {complaint}");
            }
        }
    }
}

async fn reload_at_each(mut hangups: Signal, certificate: Option<Certificate>, language: Language) {
    while hangups.recv().await.is_some() {
        service::reloading();
        if let Some(certificate) = &certificate {
            certificate.reload(language);
        }
        service::ready();
    }
}
