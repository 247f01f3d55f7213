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

/// Whether somebody hears what is told here.
pub(crate) fn is_managed() -> bool {
    env::var_os("NOTIFY_SOCKET").is_some()
}

/// Tells that everybody can come in, or that all is read anew.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Tells that the certificate is read anew.
pub(crate) fn reloading() {
    // Without the time, by which systemd tells one reload from another, it takes the server for broken.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => warn!(%error, "cannot tell the service manager that it reads anew"),
    }
}

/// Tells that the server closes.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        warn!(%error, "cannot tell the service manager how it is");
    }
}
