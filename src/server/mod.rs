//! The server: sockets and timers around the [`room`](crate::room).
//!
//! A [`Server`] takes its listeners, its console and its shutdown from outside. A task for
//! each connection copies the log to its socket and tells the room what its client
//! says; a task watches the clock of a congested room; a thread writes the console.
//! When the shutdown comes, everybody gets what came before it, then `BYE shutdown`.
//!
//! ```
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! use charla::server::{Options, Server, bind};
//!
//! let mut server = Server::new(Options::default());
//! for listener in bind("localhost", 0).await? {
//!     server = server.listen(listener);
//! }
//! server.run(std::future::ready(())).await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod connection;
mod console;
mod door;
mod farewell;
mod hub;
#[cfg(feature = "cluster")]
mod journal;
mod listen;
mod rates;
mod roster;
mod seats;
mod stats;
mod tls;
mod wakers;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};
use tracing::{Instrument, debug, field, info, info_span, warn};

use crate::proto::Code;
use crate::room::{Confusables, MIN_KEPT, Room};
use connection::{Connection, Ending};
pub use console::Console;
use door::Door;
use hub::{Hub, Seat};
#[cfg(feature = "cluster")]
pub use journal::{Journal, JournalError, JournalOptions, NATS_NEEDED};
pub use listen::{DEAD_AFTER, Listener, bind, tune};
pub use stats::{Figures, HandshakeFigures, Readiness, Stats, Traffic};
pub use tls::{Handshakes, Tls, TlsListener, TlsStream};

/// How long everything may take after the shutdown.
const SHUTDOWN: Duration = Duration::from_millis(1500);

/// How long it waits before that for what is on its way through the journal, and for its end there.
const SETTLING: Duration = Duration::from_millis(500);

/// How many connections may linger after their `BYE`.
const LINGERERS: usize = 1024;

/// What a server bears.
#[derive(Clone, Debug)]
pub struct Options {
    /// Connections at a time, those without a name included; more get `BYE full`.
    pub max_connections: usize,
    /// The same for one address, or one /64 of IPv6; 0 is no limit.
    pub max_per_address: usize,
    /// Whether the addresses of this machine itself are held to
    /// [`max_per_address`](Options::max_per_address) too.
    pub limit_loopback: bool,
    /// How many lines each client may send a second; who sends faster is read later. 0 is no limit.
    pub lines_per_second: u32,
    /// The same in bytes.
    pub bytes_per_second: u32,
    /// The lines and bytes of so many whole seconds may come at once.
    pub burst: Duration,
    /// How long a client may take to give its name; then it gets `BYE timeout`.
    pub name_timeout: Duration,
    /// Bytes of the log kept for slow readers, which may lag half as much; [`MIN_KEPT`] at least.
    pub kept: usize,
    /// How long slow readers may hold up a full log; then they get `BYE too-slow`.
    pub patience: Duration,
    /// What becomes of a name that looks like one in the room: `BYE name-taken`, or nothing.
    pub confusables: Confusables,
}

impl Default for Options {
    /// The values that SPEC.md gives for the reference.
    fn default() -> Options {
        Options {
            max_connections: 10_000,
            max_per_address: 100,
            limit_loopback: false,
            lines_per_second: 100,
            bytes_per_second: 100_000,
            burst: Duration::from_secs(20),
            name_timeout: Duration::from_secs(30),
            // The least: what all are reading stays in a core's cache.
            kept: MIN_KEPT,
            patience: Duration::from_secs(5),
            confusables: Confusables::Refuse,
        }
    }
}

impl Options {
    /// How many open files a server may need: for its connections, those that linger, and itself.
    #[must_use]
    pub fn open_files(&self) -> u64 {
        (self.max_connections as u64).saturating_add(LINGERERS as u64 + 64)
    }
}

/// What all connections share.
struct Shared {
    hub: Arc<Hub>,
    lingerers: Semaphore,
    options: Options,
}

/// One room, and the doors to it.
pub struct Server {
    shared: Arc<Shared>,
    doors: Vec<Pin<Box<dyn Future<Output = ()> + Send>>>,
    console: Option<Console>,
    /// What keeps the journal of a room that is shared.
    journal: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// Dropped when the doors are to close.
    closing: watch::Sender<()>,
}

impl Server {
    /// A server that listens nowhere yet.
    #[must_use]
    pub fn new(options: Options) -> Server {
        let hub = Arc::new(Hub::new(&options));
        let shared = Arc::new(Shared { hub, lingerers: Semaphore::new(LINGERERS), options });
        Server { shared, doors: Vec::new(), console: None, journal: None, closing: watch::Sender::new(()) }
    }

    /// The room is one that several servers share: it waits for its [journal](Server::journal).
    #[cfg(feature = "cluster")]
    #[must_use]
    pub fn share(self) -> Server {
        self.shared.hub.change(Room::share);
        self
    }

    /// Shares the room with all servers that have the same journal.
    #[cfg(feature = "cluster")]
    #[must_use]
    pub fn journal(self, journal: Journal) -> Server {
        let journal = journal.keep(Arc::clone(&self.shared.hub), self.closing.subscribe());
        Server { journal: Some(Box::pin(journal)), ..self.share() }
    }

    /// Takes connections from here too, as soon as it [runs](Server::run).
    #[must_use]
    pub fn listen(mut self, listener: impl Listener) -> Server {
        self.doors.push(Box::pin(accept(listener, Arc::clone(&self.shared), self.closing.subscribe())));
        self
    }

    /// Writes the transcript of the room to this console, which may block or fail without
    /// harm to the room.
    #[must_use]
    pub fn console(self, console: Console) -> Server {
        Server { console: Some(console), ..self }
    }

    /// Tells how the server is, also while it [runs](Server::run).
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats(Arc::clone(&self.shared))
    }

    /// Serves the room until `shutdown` is ready, then ends within 2 s, or 3 s while its journal is away.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Server { shared, doors, console, journal, closing } = self;
        let hub = &shared.hub;
        let mut tasks: JoinSet<()> = doors.into_iter().chain(journal).collect();
        if let Some(console) = console {
            let transcript = console.start(Arc::clone(hub));
            // It ends with an error as its sender is dropped: all that it has to tell.
            tasks.spawn(async { drop(transcript.await) });
        }
        let clock = tokio::spawn(watch_patience(Arc::clone(hub)));
        shutdown.await;
        info!("stopping");
        settle(hub).await;
        leave_journal(hub).await;
        hub.close();
        drop(closing);
        let all_ended = async { while tasks.join_next().await.is_some() {} };
        if timeout(SHUTDOWN, all_ended).await.is_err() {
            warn!("some connections or the console were slow to end and were cut off");
        }
        clock.abort();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Server { shared, doors, console, .. } = self;
        f.debug_struct("Server")
            .field("options", &shared.options)
            .field("doors", &doors.len())
            .field("console", console)
            .finish_non_exhaustive()
    }
}

/// Accepts connections until the server closes, then waits for them to end.
async fn accept(listener: impl Listener, shared: Arc<Shared>, mut closed: watch::Receiver<()>) {
    let (mut door, mut connections) = (Door::new(listener), JoinSet::new());
    loop {
        tokio::select! {
            // In this order, and not by chance, so that a simulation can be repeated.
            biased;
            _ = closed.changed() => break,
            Some(_) = connections.join_next() => {}
            (stream, peer) = door.next() => {
                let id = shared.hub.arrival();
                let span = info_span!("connection", id, %peer, participant = field::Empty);
                // Seats are taken in the order of arrival, so not in the connection's task.
                match shared.hub.seat(peer) {
                    // A span that nobody sees would take its room in each connection.
                    Some(seat) if span.is_disabled() => connections.spawn(serve(stream, seat, Arc::clone(&shared))),
                    Some(seat) => connections.spawn(serve(stream, seat, Arc::clone(&shared)).instrument(span)),
                    None => connections.spawn(turn_away(stream, Arc::clone(&shared)).instrument(span)),
                };
            }
        }
    }
    drop(door);
    while connections.join_next().await.is_some() {}
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
                tell_ending(code);
                // In a box: while a client stays, nothing is kept for what comes at its end.
                Box::pin(farewell::farewell(stream, last_words, &shared.lingerers)).await;
            }
            Ending::Broken => debug!("broken"),
        }
    }
}

fn tell_ending(code: Code) {
    match code {
        Code::Quit | Code::Shutdown => debug!(%code, "ended"),
        _ => info!(%code, "refused"),
    }
}

/// Tells a client that there is no seat for it.
async fn turn_away(stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>) {
    tell_ending(Code::Full);
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

/// Waits for what is on its way through the journal, so that its authors have their receipts.
async fn settle(hub: &Hub) {
    hub.change(Room::hush);
    let settled = async {
        while !hub.ask(Room::is_settled) {
            sleep(SETTLING / 50).await;
        }
    };
    if timeout(SETTLING, settled).await.is_err() {
        warn!("the journal is away: whether the last messages were said is unknown to those who said them");
    }
}

/// Waits until the journal has the end of this node, so that its people have read all that comes before it, and their names
/// are free, when they are told.
async fn leave_journal(hub: &Hub) {
    hub.leaving.notify_one();
    let left = async {
        while hub.ask(Room::is_open) {
            sleep(SETTLING / 50).await;
        }
    };
    // If that takes longer, the journal is away: who keeps it says so.
    let _ = timeout(SETTLING, left).await;
}

/// What the hub makes of threads, where a model puts in its own.
mod sync {
    pub(super) use std::sync::{Mutex, MutexGuard};
    pub(super) use tokio::sync::Notify;
}

#[cfg(test)]
mod model_tests;
#[cfg(test)]
mod tests;
