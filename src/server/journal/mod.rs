//! The journal: the log of a room that several servers share, on `JetStream` of NATS.
//!
//! The room is one stream. Each run of a server, a *node*, publishes what its people ask for
//! on a subject of its own, and copies the whole stream into its room ([`Room::apply`]).
//! What it publishes next gathers while the last is on its way: one message in flight, of any
//! number of lines, keeps their order and costs one round trip for all. Each says which record
//! of its subject it is to follow, so that it can be repeated without harm, and so that nobody
//! writes after an end: a node that was silent for longer than its *lease* is ended by the
//! others, with a record on its subject. It notices before that, and puts its people out.
//!
//! [`Room::apply`]: crate::room::Room::apply

mod node;
mod stream;

use std::fmt;
use std::future::pending;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use super::hub::Hub;
use crate::room::{Confusables, Node, Room};
use node::Lost;
use stream::Stream;

/// The oldest NATS server that will do.
pub const NATS_NEEDED: &str = "2.10.0";

/// How long to wait before the journal is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// How long a node that stops may take to say so.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Where the journal is, and what it keeps.
#[derive(Clone, Debug)]
pub struct JournalOptions {
    /// The servers of NATS: `nats://HOST:PORT`, several separated by commas.
    pub servers: String,
    /// Which room: letters, digits, `-` and `_`.
    pub room: String,
    /// On how many servers of NATS each line is stored.
    pub replicas: usize,
    /// A file of credentials for NATS.
    pub credentials: Option<PathBuf>,
    /// After so long a silence a node is held for dead.
    pub lease: Duration,
    /// Bytes that the stream keeps at most.
    pub max_bytes: u64,
    /// How long it keeps them at most.
    pub max_age: Duration,
    /// What all nodes of the room do with names that look alike.
    pub confusables: Confusables,
}

impl JournalOptions {
    /// How often a node says that it lives: several times in a lease, and however long that is, often
    /// enough that it is soon known whether NATS is there.
    fn beat(&self) -> Duration {
        self.lease.min(Duration::from_secs(15)) / 5
    }

    /// How often one says so while another one is silent for a lease.
    fn beats(&self) -> u32 {
        let whole = self.lease.as_nanos().div_ceil(self.beat().as_nanos().max(1));
        // One more, as the time from a record to the first beat after it may be nought.
        u32::try_from(whole + 1).unwrap_or(u32::MAX)
    }
}

/// Why a journal cannot be had: waiting would not help.
#[derive(Debug)]
pub enum JournalError {
    /// The list of servers is none.
    BadServers(String),
    /// The file of credentials cannot be used.
    Credentials(PathBuf, std::io::Error),
    /// The servers do not let this one in, or speak no TLS that it trusts.
    Refused(String),
    /// The server is of this version, and [`NATS_NEEDED`] is the oldest that will do.
    TooOld(String),
    /// There are not so many servers as there are to be replicas.
    Replicas(usize),
    /// The other nodes of the room have the other policy for names that look alike.
    Confusables,
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JournalError::BadServers(reason) => write!(f, "no list of NATS servers: {reason}"),
            JournalError::Credentials(file, error) => write!(f, "cannot use {}: {error}", file.display()),
            JournalError::Refused(reason) => write!(f, "NATS does not let this server in: {reason}"),
            JournalError::TooOld(version) => write!(f, "NATS is of version {version}, and {NATS_NEEDED} is needed"),
            JournalError::Replicas(count) => write!(f, "NATS has no {count} servers for so many replicas"),
            JournalError::Confusables => f.write_str("the room has the other policy for names that look alike"),
        }
    }
}

impl std::error::Error for JournalError {}

/// The journal of a room, which a server [keeps](super::Server::journal).
#[derive(Debug)]
pub struct Journal {
    stream: Stream,
}

impl Journal {
    /// Opens the room's stream, and makes it if it is not there. While NATS is away it waits,
    /// and says so in the log.
    ///
    /// # Errors
    /// Waiting would not help.
    pub async fn open(options: JournalOptions) -> Result<Journal, JournalError> {
        Ok(Journal { stream: Stream::open(options).await? })
    }

    /// Keeps the room's journal until `closed`, under a new node whenever one is lost.
    pub(super) async fn keep(self, hub: Arc<Hub>, mut closed: watch::Receiver<()>) {
        let Journal { stream } = self;
        let now = AtomicU64::new(fastrand::u64(..));
        let serve = async {
            loop {
                let node = Node(now.load(Relaxed));
                match node::serve(&stream, &hub, node).await {
                    // It was to leave.
                    _ if hub.ask(Room::is_hushed) => return hub.change(Room::put_all_out),
                    Lost::NotBegun(reason) => warn!(%node, reason, "cannot begin to read the journal; trying again"),
                    lost => warn!(%node, reason = %lost, "lost the journal, and put everybody out; trying again"),
                }
                hub.change(Room::put_all_out);
                sleep(RETRY).await;
                end_ourselves(&stream, node).await;
                now.store(fastrand::u64(..), Relaxed);
            }
        };
        // The room is read on up to this end.
        let leave = async {
            hub.leaving.notified().await;
            end_ourselves(&stream, Node(now.load(Relaxed))).await;
            pending::<()>().await;
        };
        tokio::select! {
            biased;
            _ = closed.changed() => {}
            () = leave => {}
            () = serve => {}
        }
        let node = Node(now.load(Relaxed));
        if timeout(LAST_WORDS, end_ourselves(&stream, node)).await.is_err() {
            warn!(%node, "NATS is away: the others will see this node's people leave when its lease is over");
        }
    }
}

/// Ends a node that was ours, so that nobody waits for its lease; until NATS has it.
async fn end_ourselves(stream: &Stream, node: Node) {
    loop {
        let ended = match stream.last(node).await {
            Ok(Some(last)) if last.is_end => return,
            Ok(last) => stream.end(node, last.map_or(0, |last| last.place)).await,
            Err(away) => Err(away),
        };
        match ended {
            Ok(_place) => return info!(%node, "ended"),
            Err(refused) => debug!(%node, ?refused, "not ended yet"),
        }
        sleep(RETRY / 5).await;
    }
}
