//! A door: a listener that goes on when it cannot accept for a while.

use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::sleep;
use tracing::{debug, warn};

use super::Listener;

/// How long it is not tried again: at once would only spin.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Door<L> {
    listener: L,
    /// Whether newcomers wait because it could not accept.
    stuck: bool,
}

impl<L: Listener> Door<L> {
    pub(super) fn new(listener: L) -> Door<L> {
        Door { listener, stuck: false }
    }

    /// The next connection, and its peer. It may be dropped and called again: then it tries
    /// at once, since what it lacks may have come back with a connection that has ended.
    pub(super) async fn next(&mut self) -> (L::Stream, SocketAddr) {
        loop {
            match self.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if is_of_connection(&error) => debug!(%error, "one was gone before it was accepted"),
                Err(error) => self.pause(&error).await,
            }
        }
    }

    async fn accept(&mut self) -> io::Result<(L::Stream, SocketAddr)> {
        if self.stuck {
            tokio::select! {
                biased;
                accepted = self.listener.accept() => return accepted,
                () = ready(()) => {}
            }
            self.stuck = false;
            warn!("accepting connections again: all who waited are in");
        }
        self.listener.accept().await
    }

    /// Out of descriptors or memory, most likely.
    async fn pause(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.stuck, true) {
            warn!(%error, "cannot accept connections: newcomers wait until others leave; raise the limit of open files (ulimit -Hn, or LimitNOFILE= in the unit) or lower --max-connections");
        }
        sleep(PAUSE).await;
    }
}

/// Whether the next connection can be accepted all the same.
fn is_of_connection(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}
