//! A connection that its client shares with whoever does something behind its back.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::{Domain, SockRef, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};

/// The bytes of a segment, and those that the system keeps, of one who is to be overtaken soon.
const NARROW: (u32, usize) = (536, 4096);

/// The bytes that the system keeps for one that is not narrow any more.
const WIDE: usize = 1024 * 1024;

#[derive(Clone)]
pub(super) struct Line(Rc<TcpStream>);

impl Line {
    pub(super) async fn connect(address: SocketAddr) -> io::Result<Line> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Line(Rc::new(stream)))
    }

    /// One for which the systems on both sides keep little, so that a server soon sees that nobody reads.
    pub(super) async fn connect_narrow(address: SocketAddr) -> io::Result<Line> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_mss(NARROW.0)?;
        socket.set_recv_buffer_size(NARROW.1)?;
        let stream = TcpSocket::from_std_stream(socket.into()).connect(address).await?;
        Ok(Line(Rc::new(stream)))
    }

    /// Sends these few bytes, between two lines of the client.
    pub(super) async fn blurt(&self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            self.0.writable().await?;
            match self.0.try_write(rest) {
                Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Lets one that is narrow read on as fast as others do.
    pub(super) fn widen(&self) -> io::Result<()> {
        SockRef::from(&*self.0).set_recv_buffer_size(WIDE)
    }

    /// Ends the sending side.
    pub(super) fn end(&self) -> io::Result<()> {
        SockRef::from(&*self.0).shutdown(std::net::Shutdown::Write)
    }

    /// Lets the connection be reset when it is dropped.
    pub(super) fn reset(&self) -> io::Result<()> {
        SockRef::from(&*self.0).set_linger(Some(Duration::ZERO))
    }
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            match self.0.try_read(buf.initialize_unfilled()) {
                Ok(read) => {
                    buf.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match self.0.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                written => return Poll::Ready(written),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.end())
    }
}
