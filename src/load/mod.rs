//! Load: many participants in one room, some of whom speak. How fast does everybody hear
//! what they say, and is anything lost?
//!
//! [`run()`] makes one such run: all join; the senders speak at a [`Rate`] for a while; when
//! nothing more comes, all leave. Everybody hears everything, and each hearing is held
//! against what was said: a delivery that is missing, comes twice or in another order than
//! with the others is told. Latency is counted from the moment at which a text was due, so
//! that a server that makes its senders wait does not look faster than it is.
//!
//! The participants are [`Client`](crate::client::Client)s, tasks on one thread. So the load
//! needs a core of its own, and [`Outcome`] tells when that core, and not the server, was
//! what went no faster.
//!
//! | module | what it is |
//! | --- | --- |
//! | `run` | one run: joining, speaking, waiting for the last, leaving |
//! | `participant` | one of those who take part |
//! | `room` | what they share: when each text was due, what was heard when |
//! | `text` | what they say |
//! | `tally` | what one heard, and what all heard, held against each other |
//! | `pace` | when a text is due |
//! | `process` | what the server and the load itself use |
//! | [`limit`] | the search for the highest rate |
//! | [`report`] | tells the result: as text, JSON or HTML |

mod outcome;
mod pace;
mod participant;
mod process;
mod room;
mod run;
mod tally;
mod text;

pub mod limit;
pub mod report;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

pub use outcome::{Bounds, Outcome, Report, ServerUse, Sound, TICK};
pub use pace::Rate;
pub use run::run;
pub use tally::Comparison;
pub use text::{MAX_SENDERS, MIN_SIZE};

use crate::lang::{Language, Words};
use crate::tls::{Host, Refusal};

/// What a run does.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The servers of the room: the participants are spread over them in turn.
    pub servers: Vec<Target>,
    /// How many join; each of them hears everything.
    pub participants: usize,
    /// How many of them speak: at most all, and [`MAX_SENDERS`].
    pub senders: usize,
    /// How much they say, all together.
    pub rate: Rate,
    /// How many texts may be on their way to somebody, where the rate is [`Rate::Max`].
    pub in_flight: u64,
    /// How long a text is, in bytes: from [`MIN_SIZE`] to [`MAX_TEXT`](crate::proto::MAX_TEXT).
    pub size: usize,
    /// For how long they speak.
    pub lasts: Duration,
    /// Processes to look at, to see what they use: the server's.
    pub pids: Vec<u32>,
}

/// A server that the load comes to.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it is.
    pub address: SocketAddr,
    /// Who it has to be, where TLS is spoken to it.
    pub host: Option<Host>,
}

impl Plan {
    /// Where the servers are, for people.
    #[must_use]
    pub fn places(&self) -> String {
        self.servers.iter().map(|server| server.address.to_string()).collect::<Vec<_>>().join(", ")
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many have come in, or were refused.
    Joining(usize),
    /// So long they have been speaking.
    Speaking(Duration),
    /// They wait for the last deliveries, of which so many are missing.
    Waiting(u64),
}

/// Why there was no run.
#[derive(Debug)]
pub enum Failure {
    /// Nobody listens there.
    Unreached(SocketAddr, io::Error),
    /// What is there does not come together with one over TLS.
    NoTls(SocketAddr, Refusal),
    /// So many participants need more open files than this process may have.
    Files {
        /// How many files they need.
        wanted: u64,
        /// How many there may be.
        most: u64,
    },
    /// The server's process cannot be looked at.
    Process(u32, io::Error),
    /// The system does not give what a run needs.
    System(io::Error),
}

impl Failure {
    /// What happened, and what to do about it.
    #[must_use]
    pub fn words(&self) -> Words {
        match self {
            Failure::Unreached(address, error) => Words::new(
                "load-unreached",
                [("address", address.to_string().into()), ("reason", error.to_string().into())],
            ),
            Failure::NoTls(address, refusal) => {
                Words::new("client-no-tls", [("address", address.to_string().into()), ("reason", refusal.words())])
            }
            Failure::Files { wanted, most } => {
                Words::new("load-files", [("wanted", wanted.to_string().into()), ("most", most.to_string().into())])
            }
            Failure::Process(pid, error) => {
                Words::new("load-no-process", [("pid", pid.to_string().into()), ("reason", error.to_string().into())])
            }
            Failure::System(error) => Words::new("load-no-system", [("reason", error.to_string().into())]),
        }
    }
}

impl fmt::Display for Failure {
    /// In English.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().in_language(Language::English))
    }
}

impl std::error::Error for Failure {}
