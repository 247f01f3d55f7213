//! What a service manager such as systemd gives the server, and what the server tells it.

use std::env;
use std::io;
use std::net::TcpListener;

use listenfd::ListenFd;
use sd_notify::NotifyState;
use tracing::warn;

/// The name of the sockets over which TLS is spoken: `FileDescriptorName=` of their unit.
pub(crate) const TLS: &str = "charla-tls";

/// A socket that listens already. It outlives the server, so that a restart refuses nobody: who
/// comes meanwhile waits.
pub(crate) struct Socket {
    pub(crate) name: String,
    pub(crate) listener: TcpListener,
}

/// The sockets that were passed to this process; none, mostly. They are taken out of its
/// environment, so there must be no other thread yet.
///
/// # Errors
/// What was passed is no socket that listens over TCP.
pub(crate) fn sockets() -> io::Result<Vec<Socket>> {
    let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut names = names.split(':');
    let mut passed = ListenFd::from_env();
    let mut sockets = Vec::new();
    for number in 0..passed.len() {
        let name = names.next().unwrap_or_default().to_owned();
        if let Some(listener) = passed.take_tcp_listener(number)? {
            listener.set_nonblocking(true)?;
            sockets.push(Socket { name, listener });
        }
    }
    Ok(sockets)
}

/// Tells that everybody can come in.
pub(crate) fn ready() {
    tell(NotifyState::Ready);
}

/// Tells that the server closes.
pub(crate) fn stopping() {
    tell(NotifyState::Stopping);
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        warn!(%error, "cannot tell the service manager how it is");
    }
}
