//! The network: turmoil's, with what it has not: writes that are taken in part, and resets.
//!
//! Nothing that was lost is sent again, as TCP would: a connection that was cut while something was under way
//! is dead, and neither end hears of it.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker, ready};

use charla::server::Listener;
use fastrand::Rng;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::{TcpListener, TcpStream};

pub(super) const PORT: u16 = charla::proto::PORT;

/// The most that is taken of one write, in bytes.
const SEGMENT: usize = 4096;

/// What both ends of each connection share, by the client's address.
#[derive(Clone, Default)]
pub(super) struct Net(Arc<Mutex<BTreeMap<SocketAddr, Line>>>);

/// A connection, from neither end.
#[derive(Clone, Default)]
pub(super) struct Line(Arc<Mutex<Cut>>);

#[derive(Default)]
struct Cut {
    reset: bool,
    waiting: Vec<Waker>,
}

/// One end of a connection.
pub(super) struct Wire {
    stream: TcpStream,
    line: Line,
    rng: Rng,
}

/// Where the server takes its connections.
pub(super) struct Door {
    listener: TcpListener,
    net: Net,
}

impl Net {
    /// A connection to the server.
    pub(super) async fn connect(&self) -> io::Result<(Wire, Line)> {
        let stream = TcpStream::connect(("server", PORT)).await?;
        let line = self.line(stream.local_addr()?);
        Ok((Wire::new(stream, line.clone(), 0), line))
    }

    pub(super) async fn listen(&self) -> io::Result<Door> {
        Ok(Door { listener: TcpListener::bind(("0.0.0.0", PORT)).await?, net: self.clone() })
    }

    fn line(&self, client: SocketAddr) -> Line {
        self.0.lock().unwrap().entry(client).or_default().clone()
    }
}

impl Listener for Door {
    type Stream = Wire;

    async fn accept(&mut self) -> io::Result<(Wire, SocketAddr)> {
        let (stream, peer) = self.listener.accept().await?;
        Ok((Wire::new(stream, self.net.line(peer), 1), peer))
    }
}

impl Line {
    /// Breaks the connection for both ends; what is under way is lost.
    pub(super) fn reset(&self) {
        let mut cut = self.0.lock().unwrap();
        cut.reset = true;
        cut.waiting.drain(..).for_each(Waker::wake);
    }

    /// An error when it was reset; else the task is woken when it is.
    fn poll(&self, cx: &Context<'_>) -> io::Result<()> {
        let mut cut = self.0.lock().unwrap();
        if cut.reset {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        if !cut.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            cut.waiting.push(cx.waker().clone());
        }
        Ok(())
    }
}

impl Wire {
    fn new(stream: TcpStream, line: Line, end: u64) -> Wire {
        let port = |address: io::Result<SocketAddr>| address.map_or(0, |address| u64::from(address.port()));
        let rng = Rng::with_seed(port(stream.local_addr()) << 17 | port(stream.peer_addr()) << 1 | end);
        Wire { stream, line, rng }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.line.poll(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.line.poll(cx)?;
        let most = if self.rng.u8(..8) == 0 { 1 + self.rng.usize(..64) } else { SEGMENT };
        Pin::new(&mut self.stream).poll_write(cx, &bytes[..bytes.len().min(most)])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.poll(cx)?;
        // turmoil loses an end of stream that comes where nothing more can.
        ready!(pin!(self.stream.writable()).poll(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
