//! The output of the filter: a thread writes the lines, so that a reader who stops
//! stops the reading of the connection and nothing else.

use std::io::{self, BufWriter, Write};

use tokio::sync::mpsc::{self, OwnedPermit, Receiver, Sender};
use tokio::task::{JoinHandle, spawn_blocking};

/// How many lines may wait to be written. No event is taken from the connection before
/// there is room for it, so TCP holds back who is too fast.
const WAITING: usize = 128;

pub(super) struct Printer {
    lines: Sender<String>,
    thread: JoinHandle<io::Result<()>>,
}

/// Room for one line.
pub(super) type Room = OwnedPermit<String>;

impl Printer {
    pub(super) fn new(out: impl Write + Send + 'static) -> Printer {
        let (lines, waiting) = mpsc::channel(WAITING);
        Printer { lines, thread: spawn_blocking(move || print(out, waiting)) }
    }

    /// Room for one line, as soon as there is any; `None` when the output is closed.
    pub(super) async fn room(&self) -> Option<Room> {
        self.lines.clone().reserve_owned().await.ok()
    }

    /// Waits until all is written, or the output is closed. It is for the end.
    pub(super) async fn close(&mut self) {
        // The thread ends when it can get no more lines.
        self.lines = mpsc::channel(1).0;
        // Nobody is there to be told that nobody reads.
        let _ = (&mut self.thread).await;
    }
}

/// A line waits for others only while there are any.
fn print(out: impl Write, mut waiting: Receiver<String>) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    while let Some(line) = waiting.blocking_recv() {
        writeln!(out, "{line}")?;
        while let Ok(line) = waiting.try_recv() {
            writeln!(out, "{line}")?;
        }
        out.flush()?;
    }
    Ok(())
}
