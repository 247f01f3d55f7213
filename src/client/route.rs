//! The way to a server: plain TCP, or TLS over it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::address::PATIENCE;
use super::{Address, JoinError};
use crate::tls::{Host, Refusal, SetupError};

/// Where a server is, and whether TLS is spoken there.
#[derive(Clone, Debug)]
pub struct Route {
    address: Address,
    host: Option<Host>,
}

/// A connection to a server.
#[derive(Debug)]
pub enum Stream {
    /// Over TCP as it is.
    Plain(TcpStream),
    /// Over TLS. In a box, since it is much larger.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Route {
    /// Plain TCP: whoever is on the way reads and changes what is said.
    #[must_use]
    pub fn plain(address: Address) -> Route {
        Route { address, host: None }
    }

    /// TLS, with a server that proves to be the host of this address to those whom `tls`
    /// trusts; [`ClientFiles`](crate::tls::ClientFiles) makes one.
    ///
    /// # Errors
    /// No server can prove that.
    pub fn over_tls(address: Address, tls: Arc<ClientConfig>) -> Result<Route, SetupError> {
        let host = Some(Host::new(tls, address.host())?);
        Ok(Route { address, host })
    }

    /// Where it leads.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// [`JoinError::Unreachable`], or over TLS [`JoinError::Tls`].
    pub async fn connect(&self) -> Result<Stream, JoinError> {
        Stream::over(self.address.connect().await.map_err(JoinError::Unreachable)?, self.host.as_ref()).await
    }
}

impl Stream {
    /// Shakes hands over this connection, if it is one to a host.
    ///
    /// # Errors
    /// [`JoinError::Unreachable`] or [`JoinError::Tls`].
    pub async fn over(stream: TcpStream, host: Option<&Host>) -> Result<Stream, JoinError> {
        let Some(Host { config, name }) = host else { return Ok(Stream::Plain(stream)) };
        let handshake = TlsConnector::from(Arc::clone(config)).connect(name.clone(), stream);
        let shaken = timeout(PATIENCE, handshake).await.unwrap_or_else(|late| Err(late.into()));
        let refused = |error| Refusal::of(&error).map_or(JoinError::Unreachable(error), JoinError::Tls);
        Ok(Stream::Tls(Box::new(shaken.map_err(refused)?)))
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
