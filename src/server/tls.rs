//! TLS in front of a listener.
//!
//! A connection of a [`TlsListener`] is a [`TlsStream`], which shakes hands in its first read
//! or write: the rest of the server does not know of it. A handshake has a time limit, and
//! what it computes it computes in turn ([`Handshakes`]). Certificate and key can be changed
//! while all go on ([`Tls::replace`]).

use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustls::{InvalidMessage, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::{Semaphore, watch};
use tokio::task::yield_now;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, server};
use tracing::debug;

use super::farewell::read_away;
use super::listen::Listener;
use super::stats::HandshakeFigures;

/// How much of what was written waits in a connection for its socket, in bytes: a record.
const BUFFER: usize = 16 * 1024;

/// What handshakes may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handshakes {
    /// How many compute at a time, or are in line to be next. They cost so much, beside what is
    /// said in the room, that a crowd of them would delay it; the others wait their turn, and
    /// who waits for its client keeps nobody from his.
    pub at_once: usize,
    /// How long each may take, from the beginning of its connection.
    pub timeout: Duration,
}

impl Default for Handshakes {
    fn default() -> Handshakes {
        // Enough for thousands a second; with more of them a message waits longer for its turn.
        Handshakes { at_once: 2, timeout: Duration::from_secs(10) }
    }
}

/// The TLS of a server, for all its listeners.
#[derive(Debug)]
pub struct Tls {
    config: watch::Sender<Arc<ServerConfig>>,
    handshakes: Handshakes,
    turns: Arc<Semaphore>,
    tally: Arc<Tally>,
}

impl Tls {
    /// With this certificate and key; [`ServerFiles`](crate::tls::ServerFiles) reads them.
    #[must_use]
    pub fn new(config: Arc<ServerConfig>, handshakes: Handshakes) -> Tls {
        let at_once = handshakes.at_once.clamp(1, Semaphore::MAX_PERMITS);
        Tls {
            config: watch::Sender::new(config),
            handshakes: Handshakes { at_once, ..handshakes },
            turns: Arc::new(Semaphore::new(at_once)),
            tally: Arc::default(),
        }
    }

    /// From now on connections are accepted with these; those that there are stay as they are.
    pub fn replace(&self, config: Arc<ServerConfig>) {
        self.config.send_replace(config);
    }

    /// What comes to this listener is to speak TLS.
    pub fn listen<L: Listener>(&self, listener: L) -> TlsListener<L> {
        TlsListener {
            listener,
            config: self.config.subscribe(),
            turns: Arc::clone(&self.turns),
            timeout: self.handshakes.timeout,
            tally: Arc::clone(&self.tally),
        }
    }

    /// What has become of its handshakes so far.
    #[must_use]
    pub fn handshakes(&self) -> HandshakeFigures {
        let Tally { begun, finished, failed } = &*self.tally;
        // Those that have begun are counted last: no one that has ended is missing there.
        let (finished, failed) = (finished.load(Ordering::Acquire), failed.load(Ordering::Acquire));
        HandshakeFigures {
            finished,
            failed,
            open: begun.load(Ordering::Acquire).saturating_sub(finished + failed),
            computing: self.handshakes.at_once.saturating_sub(self.turns.available_permits()),
        }
    }
}

/// How many handshakes have begun, and how they ended.
#[derive(Debug, Default)]
struct Tally {
    begun: AtomicU64,
    finished: AtomicU64,
    failed: AtomicU64,
}

/// A handshake that is counted, in whatever way it ends.
struct Attempt {
    tally: Arc<Tally>,
    finished: bool,
}

impl Attempt {
    fn begin(tally: &Arc<Tally>) -> Attempt {
        tally.begun.fetch_add(1, Ordering::Release);
        Attempt { tally: Arc::clone(tally), finished: false }
    }

    fn end<T>(mut self, result: io::Result<T>) -> io::Result<T> {
        self.finished = result.is_ok();
        result
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        let Tally { finished, failed, .. } = &*self.tally;
        if self.finished { finished } else { failed }.fetch_add(1, Ordering::Release);
    }
}

/// Where connections come from that speak TLS.
#[derive(Debug)]
pub struct TlsListener<L> {
    listener: L,
    config: watch::Receiver<Arc<ServerConfig>>,
    turns: Arc<Semaphore>,
    timeout: Duration,
    tally: Arc<Tally>,
}

impl<L: Listener> Listener for TlsListener<L> {
    type Stream = TlsStream<L::Stream>;

    async fn accept(&mut self) -> io::Result<(Self::Stream, SocketAddr)> {
        let (stream, peer) = self.listener.accept().await?;
        let (config, turns) = (Arc::clone(&self.config.borrow()), Arc::clone(&self.turns));
        let handshake = timeout(self.timeout, shake_hands(stream, config, turns));
        let attempt = Attempt::begin(&self.tally);
        let handshake = async move {
            let shaken = handshake.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            attempt.end(shaken)
        };
        Ok((TlsStream(State::Shaking(Box::pin(handshake))), peer))
    }
}

/// A connection that speaks TLS, or is about to: its first read or write shakes hands.
pub struct TlsStream<S>(State<S>);

type Handshake<S> = Pin<Box<dyn Future<Output = io::Result<Box<server::TlsStream<S>>>> + Send>>;

enum State<S> {
    Shaking(Handshake<S>),
    // In a box, as is the handshake: a connection moves from its listener to its end.
    Open(Box<server::TlsStream<S>>),
    Failed,
}

async fn shake_hands<S>(
    stream: S,
    config: Arc<ServerConfig>,
    turns: Arc<Semaphore>,
) -> io::Result<Box<server::TlsStream<S>>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limited = |session: &mut rustls::ServerConnection| session.set_buffer_limit(Some(BUFFER));
    let handshake = TlsAcceptor::from(config).accept_with(stream, limited).into_fallible();
    match in_turn(&turns, handshake).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err((error, stream)) => {
            note(&error);
            linger(stream).await;
            Err(error)
        }
    }
}

/// Goes on with this, each time only when it is its turn: a turn ends where there is
/// something to wait for. Between two turns all others go on who can, whatever they do.
async fn in_turn<W: Future + Unpin>(turns: &Semaphore, mut work: W) -> W::Output {
    loop {
        // There is always a turn to come: nobody closes the semaphore.
        let turn = turns.acquire().await;
        yield_now().await;
        let done = poll_fn(|cx| Poll::Ready(Pin::new(&mut work).poll(cx))).await;
        drop(turn);
        if let Poll::Ready(output) = done {
            return output;
        }
        woken().await;
    }
}

/// Ready when the task is woken next, by whatever it waits for already.
async fn woken() {
    let mut is_woken = false;
    poll_fn(|_| if std::mem::replace(&mut is_woken, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

fn note(error: &io::Error) {
    let of_tls = error.get_ref().and_then(|error| error.downcast_ref());
    if let Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)) = of_tls {
        debug!("what opens this connection is not TLS: does the client mean the plain port?");
    } else {
        debug!(%error, "no TLS");
    }
}

/// Lets the other side read why: a bare close may destroy what it was told ([BYE-9]).
async fn linger(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    if stream.shutdown().await.is_ok() {
        read_away(&mut stream).await;
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream<S> {
    /// The stream, as soon as hands are shaken.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Pin<&mut server::TlsStream<S>>>> {
        if let State::Shaking(handshake) = &mut self.0 {
            let shaken = ready!(handshake.as_mut().poll(cx));
            self.0 = State::Failed;
            self.0 = State::Open(shaken?);
        }
        match &mut self.0 {
            State::Open(stream) => Poll::Ready(Ok(Pin::new(stream))),
            State::Shaking(_) | State::Failed => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_shutdown(cx)
    }
}

impl<S> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            State::Shaking(_) => "TlsStream(Shaking)",
            State::Open(_) => "TlsStream(Open)",
            State::Failed => "TlsStream(Failed)",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// [TLS-12]: who comes behind a crowd of handshakes waits for those whose turn it is.
    #[tokio::test]
    async fn a_crowd_takes_turns_with_all_others() {
        let (turns, computed) = (Arc::new(Semaphore::new(3)), Arc::new(AtomicUsize::new(0)));
        let before = Arc::clone(&computed);
        let crowd: Vec<_> = (0..100)
            .map(|_| {
                let (turns, computed) = (Arc::clone(&turns), Arc::clone(&computed));
                let compute = Box::pin(async move { computed.fetch_add(1, Ordering::Relaxed) });
                tokio::spawn(async move { in_turn(&turns, compute).await })
            })
            .collect();
        let message = tokio::spawn(async move { before.load(Ordering::Relaxed) });
        assert!(message.await.unwrap() <= 3);
        for handshake in crowd {
            handshake.await.unwrap();
        }
        assert_eq!(computed.load(Ordering::Relaxed), 100);
    }

    /// [TLS-12]: a turn is not kept while there is something to wait for.
    #[tokio::test]
    async fn who_waits_for_the_other_side_keeps_nobody_from_his_turn() {
        let turns = Semaphore::new(1);
        let waiting = in_turn(&turns, std::future::pending::<()>());
        let other = in_turn(&turns, std::future::ready(()));
        tokio::select! {
            () = waiting => {}
            () = other => {}
        }
    }
}
