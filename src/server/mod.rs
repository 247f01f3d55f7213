//! The server: sockets and timers around the [`room`](crate::room).
//!
//! [`run`] takes its listeners, its console and its shutdown from outside. A task for
//! each connection copies the log to its socket and tells the room what its client
//! says; a task watches the clock of a congested room; a thread writes the console.
//! When the shutdown comes, everybody gets what came before it, then `BYE shutdown`.

mod connection;
mod console;
mod farewell;
mod hub;
mod listen;
mod wakers;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};
use tracing::{Instrument, debug, debug_span, warn};

use crate::proto::Code;
use crate::room::{Limits, MIN_KEPT};
use connection::{Connection, Ending};
pub use console::Console;
use hub::{Hub, Seat};
pub use listen::bind;

/// How long everything may take after the shutdown.
const SHUTDOWN: Duration = Duration::from_millis(1500);

/// How many connections may linger after their `BYE`.
const LINGERERS: usize = 1024;

/// What a server bears.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections at a time, those without a name included; more get `BYE full`.
    pub max_connections: usize,
    /// How long a client may take to give its name; then it gets `BYE timeout`.
    pub name_timeout: Duration,
    /// Bytes of the log kept for slow readers; [`MIN_KEPT`] at least.
    pub kept: usize,
    /// How long slow readers may hold up a full log; then they get `BYE too-slow`.
    pub patience: Duration,
}

impl Default for Options {
    /// The values that SPEC.md gives for the reference.
    fn default() -> Options {
        Options {
            max_connections: 10_000,
            name_timeout: Duration::from_secs(30),
            // The least: what all are reading stays in a core's cache.
            kept: MIN_KEPT,
            patience: Duration::from_secs(5),
        }
    }
}

/// What all connections share.
struct Shared {
    hub: Arc<Hub>,
    lingerers: Semaphore,
    options: Options,
}

/// Serves one room on these listeners until `shutdown` is ready, then ends within 2 s.
///
/// The console gets the transcript of the room; it may block or fail without harm to it.
pub async fn run(listeners: Vec<TcpListener>, options: Options, console: Console, shutdown: impl Future<Output = ()>) {
    let limits = Limits { kept: options.kept, patience: options.patience };
    let hub = Arc::new(Hub::new(limits, options.max_connections));
    let shared = Arc::new(Shared { hub: Arc::clone(&hub), lingerers: Semaphore::new(LINGERERS), options });
    let (closing, closed) = watch::channel(());
    let mut tasks = JoinSet::new();
    let transcript = console.start(Arc::clone(&hub));
    // It ends with an error as its sender is dropped: all that it has to tell.
    tasks.spawn(async { drop(transcript.await) });
    for listener in listeners {
        tasks.spawn(accept(listener, Arc::clone(&shared), closed.clone()));
    }
    let clock = tokio::spawn(watch_patience(Arc::clone(&hub)));
    shutdown.await;
    hub.close();
    drop(closing);
    let all_ended = async { while tasks.join_next().await.is_some() {} };
    if timeout(SHUTDOWN, all_ended).await.is_err() {
        warn!("some connections or the console were slow to end and were cut off");
    }
    clock.abort();
}

/// Accepts connections until the server closes, then waits for them to end.
async fn accept(listener: TcpListener, shared: Arc<Shared>, mut closed: watch::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = closed.changed() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    listen::tune(&stream);
                    let span = debug_span!("connection", %peer);
                    // Seats are taken in the order of arrival, so not in the connection's task.
                    match shared.hub.seat(peer) {
                        // A span that nobody sees would take its room in each connection.
                        Some(seat) if span.is_disabled() => connections.spawn(serve(stream, seat, Arc::clone(&shared))),
                        Some(seat) => connections.spawn(serve(stream, seat, Arc::clone(&shared)).instrument(span)),
                        None => connections.spawn(turn_away(stream, Arc::clone(&shared)).instrument(span)),
                    };
                }
                Err(error) => pause_accepting(&error).await,
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Out of descriptors or memory, most likely: trying again at once would only spin.
async fn pause_accepting(error: &io::Error) {
    warn!(%error, "cannot accept a connection; trying again in a moment");
    sleep(Duration::from_millis(100)).await;
}

/// Serves one client to its end.
fn serve<S>(stream: S, seat: Seat, shared: Arc<Shared>) -> impl Future<Output = ()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = Connection::new(stream, seat, shared.options.name_timeout);
    // No `async fn`, which would hold the connection twice: as argument and as variable.
    async move {
        let ending = connection.serve().await;
        let (stream, last_words) = connection.close(ending);
        match ending {
            Ending::Bye(code) => {
                debug!(%code, "ended");
                // In a box: while a client stays, nothing is kept for what comes at its end.
                Box::pin(farewell::farewell(stream, last_words, &shared.lingerers)).await;
            }
            Ending::Broken => debug!("broken"),
        }
    }
}

/// Tells a client that there is no seat for it.
async fn turn_away(stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>) {
    farewell::farewell(stream, farewell::bye(Code::Full), &shared.lingerers).await;
}

/// Puts slow readers out when patience ends.
async fn watch_patience(hub: Arc<Hub>) {
    loop {
        hub.congestion.notified().await;
        while let Some(deadline) = hub.deadline() {
            sleep_until(deadline.into()).await;
            hub.expire();
        }
    }
}

#[cfg(test)]
mod tests;
