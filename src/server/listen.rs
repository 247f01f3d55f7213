//! Listening: from `HOST:PORT` to sockets, and how accepted ones are set up.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tracing::{debug, warn};

/// How many connections may wait to be accepted; the system may allow fewer.
const BACKLOG: u32 = 65_535;

/// After this long without a byte the system asks whether the peer is still there.
const KEEPALIVE: Duration = Duration::from_mins(1);

/// After this long without an answer to what was sent or asked, the peer is dead.
const USER_TIMEOUT: Duration = Duration::from_secs(90);

/// Where connections come from: TCP, or whatever else brings streams of bytes.
pub trait Listener: Send + 'static {
    /// A connection. Where it takes more than being accepted until it can be spoken over,
    /// its first read and its first write see to that.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection, and its peer. It may be dropped and called again.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;
}

impl Listener for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        tune(&stream);
        Ok((stream, peer))
    }
}

/// Listens on every address of `host`. One that cannot be had is no more than a warning
/// while another can. Port 0 takes a free one, the same for all addresses.
///
/// # Errors
/// The name has no address, or none of them can be listened on: the first reason.
pub async fn bind(host: &str, port: u16) -> io::Result<Vec<TcpListener>> {
    let (mut listeners, mut failures) = (Vec::new(), Vec::new());
    let mut port = port;
    for address in addresses(host, port).await? {
        match listen(SocketAddr::new(address.ip(), port)) {
            Ok(listener) => {
                port = listener.local_addr()?.port();
                listeners.push(listener);
            }
            Err(error) => failures.push((address, error)),
        }
    }
    if listeners.is_empty() {
        return Err(failures.into_iter().next().map_or_else(|| io::ErrorKind::NotFound.into(), |(_, error)| error));
    }
    for (address, error) in failures {
        warn!(%address, %error, "cannot listen on this address");
    }
    Ok(listeners)
}

/// The addresses of a name, IPv4 first, each once.
async fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let mut addresses: Vec<_> = lookup_host((host, port)).await?.collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    addresses.dedup();
    Ok(addresses)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if address.is_ipv6() {
        // So that it can stand beside a listener on the same port of IPv4.
        SockRef::from(&socket).set_only_v6(true)?;
    }
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Sets up an accepted connection: lines go out at once, dead peers are found out.
fn tune(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE / 4);
    let tuned = socket
        .set_tcp_nodelay(true)
        .and_then(|()| socket.set_tcp_keepalive(&keepalive))
        .and_then(|()| set_user_timeout(&socket));
    if let Err(error) = tuned {
        // A peer that has gone already; the first read will tell.
        debug!(%error, "cannot set up the connection");
    }
}

#[cfg(target_os = "linux")]
fn set_user_timeout(socket: &SockRef<'_>) -> io::Result<()> {
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))
}

/// Elsewhere keep-alive alone has to find dead peers out.
#[cfg(not(target_os = "linux"))]
fn set_user_timeout(_: &SockRef<'_>) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [LIMIT-5]: the system finds out dead peers.
    #[tokio::test]
    async fn accepted_connections_are_kept_alive() {
        let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        tune(&accepted);
        let socket = SockRef::from(&accepted);
        assert!(socket.keepalive().unwrap() && socket.tcp_nodelay().unwrap());
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(USER_TIMEOUT));
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_an_error() {
        assert!(bind("no-such-host.invalid", 0).await.is_err());
    }
}
