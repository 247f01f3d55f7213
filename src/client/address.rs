//! Where a server is: `HOST`, `HOST:PORT`, `[IPV6]:PORT` or a bare IPv6 address.
//!
//! The port is [`PORT`], or over TLS [`TLS_PORT`], unless it is given. The IPv4 addresses of a host are
//! tried before the others, so that `localhost` shows up at a server as
//! 127.0.0.1 wherever it listens there.

use std::fmt;
use std::io;
use std::net::{Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::proto::{PORT, TLS_PORT};

/// How long one address may take to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How long a connection is silent before the system asks whether the server is still there.
const KEEPALIVE: Duration = Duration::from_mins(1);

/// The host and the port of a server.
///
/// ```
/// use charla::client::Address;
/// assert_eq!("localhost".parse::<Address>()?.to_string(), "localhost:65434");
/// assert_eq!("::1".parse::<Address>()?, "[::1]:65434".parse()?);
/// assert!("localhost:puerto".parse::<Address>().is_err());
/// # Ok::<(), charla::client::BadAddress>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

/// It is no address of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadAddress {
    /// There is no host.
    Host,
    /// What stands after the host is no port from 1 to 65535.
    Port,
}

impl Address {
    /// The address of a server that speaks TLS there: as [`str::parse`] reads it, but for the port
    /// where none is given.
    ///
    /// # Errors
    /// It is none.
    pub fn over_tls(given: &str) -> Result<Address, BadAddress> {
        Address::with_default(given, TLS_PORT)
    }

    fn with_default(given: &str, default: u16) -> Result<Address, BadAddress> {
        let (host, port) = split(given)?;
        if host.is_empty() || host.contains(char::is_whitespace) {
            return Err(BadAddress::Host);
        }
        let port = match port {
            None => default,
            Some(port) => port.parse().ok().filter(|&port| port != 0).ok_or(BadAddress::Port)?,
        };
        Ok(Address { host: host.to_owned(), port })
    }

    /// The name or the IP address of the host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Opens a TCP connection to the first address of the host that takes one.
    ///
    /// # Errors
    /// That of the last address tried, or of the resolution of the host.
    pub async fn connect(&self) -> io::Result<TcpStream> {
        let mut addresses: Vec<SocketAddr> = lookup_host((self.host.as_str(), self.port)).await?.collect();
        addresses.sort_by_key(SocketAddr::is_ipv6);
        let mut failure = io::ErrorKind::NotFound.into();
        for address in addresses {
            match open(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}

async fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = timeout(PATIENCE, TcpStream::connect(address)).await??;
    // A line is a whole message: it does not wait for others.
    stream.set_nodelay(true)?;
    // Who only listens would never know that the server is gone without a word.
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE / 4);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    Ok(stream)
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(given: &str) -> Result<Address, BadAddress> {
        Address::with_default(given, PORT)
    }
}

/// The host, out of its brackets, and what stands for the port.
fn split(given: &str) -> Result<(&str, Option<&str>), BadAddress> {
    if given.parse::<Ipv6Addr>().is_ok() {
        return Ok((given, None));
    }
    if let Some((host, rest)) = given.strip_prefix('[').and_then(|given| given.split_once(']')) {
        host.parse::<Ipv6Addr>().map_err(|_| BadAddress::Host)?;
        return match rest.strip_prefix(':') {
            None if rest.is_empty() => Ok((host, None)),
            None => Err(BadAddress::Port),
            port => Ok((host, port)),
        };
    }
    match given.split_once(':') {
        None => Ok((given, None)),
        Some((_, port)) if port.contains(':') => Err(BadAddress::Host),
        Some((host, port)) => Ok((host, Some(port))),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Address { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

impl fmt::Display for BadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadAddress::Host => "HOST, HOST:PORT or [IPV6]:PORT is expected",
            BadAddress::Port => "a port is a number from 1 to 65535",
        })
    }
}

impl std::error::Error for BadAddress {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(given: &str) -> Result<String, BadAddress> {
        given.parse::<Address>().map(|address| address.to_string())
    }

    #[test]
    fn an_address_is_a_host_and_perhaps_a_port() {
        assert_eq!(parsed("localhost"), Ok("localhost:65434".to_owned()));
        assert_eq!(parsed("10.0.0.1:80"), Ok("10.0.0.1:80".to_owned()));
        for same in ["::1", "[::1]", "[::1]:65434"] {
            assert_eq!(parsed(same), Ok("[::1]:65434".to_owned()));
        }
    }

    /// [TLS-2]
    #[test]
    fn over_tls_the_port_is_another_one() {
        assert_eq!(Address::over_tls("localhost").unwrap().to_string(), "localhost:65435");
        assert_eq!(Address::over_tls("::1").unwrap().to_string(), "[::1]:65435");
        assert_eq!(Address::over_tls("localhost:80").unwrap().to_string(), "localhost:80");
    }

    #[tokio::test]
    async fn a_silent_server_is_asked_whether_it_is_there() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: Address = listener.local_addr().unwrap().to_string().parse().unwrap();
        let stream = address.connect().await.unwrap();
        assert!(SockRef::from(&stream).keepalive().unwrap());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in ["", ":80", "[::1", "[x]:80", "a:b:c", "a b"] {
            assert_eq!(parsed(bad), Err(BadAddress::Host), "{bad}");
        }
        for bad in ["a:", "a:0", "a:65536", "a:x", "[::1]80"] {
            assert_eq!(parsed(bad), Err(BadAddress::Port), "{bad}");
        }
    }
}
