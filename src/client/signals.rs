//! The signals that are the wish to leave.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGINT, SIGTERM and SIGHUP. While a line editor reads, Ctrl-C is a key; it is a
/// signal before and after.
pub(super) struct LeaveSignals([Signal; 3]);

impl LeaveSignals {
    pub(super) fn new() -> io::Result<LeaveSignals> {
        let leave = |kind| signal(kind);
        Ok(LeaveSignals([
            leave(SignalKind::interrupt())?,
            leave(SignalKind::terminate())?,
            leave(SignalKind::hangup())?,
        ]))
    }

    /// Ready at the next of them.
    pub(super) async fn wish(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
