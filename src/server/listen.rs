//! Listening: from `HOST:PORT` to sockets, and how accepted ones are set up.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream, lookup_host};
use tracing::warn;

/// How many connections may wait to be accepted; the system may allow fewer.
const BACKLOG: u32 = 65_535;

/// How long a peer answers or takes nothing before it is gone, unless another time is asked for.
pub const DEAD_AFTER: Duration = Duration::from_secs(90);

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
        TcpListener::accept(self).await
    }
}

/// Listens on every address of `host`. One that cannot be had is no more than a warning
/// while another can. Port 0 takes a free one, the same for all addresses. What is accepted
/// is set up by [`tune`], with [`DEAD_AFTER`].
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
    let listener = socket.listen(BACKLOG)?;
    tune(&listener, DEAD_AFTER)?;
    Ok(listener)
}

/// Sets up the connections that this listener accepts from now on, which have it from
/// their listener: lines go out at once, and a peer that answers or takes nothing for
/// `dead_after` is gone.
///
/// # Errors
/// The system does not take that.
pub fn tune(listener: &TcpListener, dead_after: Duration) -> io::Result<()> {
    let socket = SockRef::from(listener);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&keepalive(dead_after))?;
    set_user_timeout(&socket, dead_after)
}

/// A silent peer is asked after two thirds of the time, then at each sixth.
fn keepalive(dead_after: Duration) -> TcpKeepalive {
    // The system counts whole seconds.
    let at_least = Duration::from_secs(1);
    TcpKeepalive::new().with_time((dead_after * 2 / 3).max(at_least)).with_interval((dead_after / 6).max(at_least))
}

#[cfg(target_os = "linux")]
fn set_user_timeout(socket: &SockRef<'_>, dead_after: Duration) -> io::Result<()> {
    socket.set_tcp_user_timeout(Some(dead_after))
}

/// Elsewhere keep-alive alone has to find dead peers out.
#[cfg(not(target_os = "linux"))]
fn set_user_timeout(_: &SockRef<'_>, _: Duration) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [LIMIT-5]: the system finds out dead peers.
    #[tokio::test]
    async fn accepted_connections_are_kept_alive() {
        let mut listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = Listener::accept(&mut listener).await.unwrap();
        let socket = SockRef::from(&accepted);
        assert!(socket.keepalive().unwrap() && socket.tcp_nodelay().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_mins(1));
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(15));
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(DEAD_AFTER));
    }

    #[tokio::test]
    async fn the_shortest_time_is_taken_by_the_system() {
        tune(&listen(([127, 0, 0, 1], 0).into()).unwrap(), Duration::from_secs(1)).unwrap();
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_an_error() {
        assert!(bind("no-such-host.invalid", 0).await.is_err());
    }
}
