//! What has arrived and is not on the screen yet.
//!
//! Lines are drawn together with the prompt, above it, whenever the line editor
//! draws that: [`Above`](super::above::Above) puts them in front of it. So they keep their order, none
//! comes between the prompt and what is typed, and however many arrive at once
//! are drawn at once. The editor's `ExternalPrinter` only wakes it: what it
//! prints itself can be overtaken by what it prints between two lines.

use std::io::{self, Write};
use std::mem::take;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::termios::tcgetwinsize;
use tokio::sync::Notify;

use super::line::Line;

/// How many bytes wait at most before the connection is read no further.
const LIMIT: usize = 256 * 1024;

/// The lines that wait to be drawn, and what stands typed below them.
#[derive(Debug)]
pub(super) struct Screen {
    /// A std mutex: it is held for a push or a swap, never across an await.
    content: Mutex<Content>,
    drawn: Notify,
    wake: SyncSender<()>,
    stopping: AtomicBool,
    stopped: Notify,
}

#[derive(Debug, Default)]
struct Content {
    lines: Vec<Line>,
    /// How many bytes they have.
    bytes: usize,
    typed: String,
}

impl Screen {
    /// The screen, and what is to wake the line editor.
    pub(super) fn new() -> (Arc<Screen>, Receiver<()>) {
        // One wake-up on its way is enough for all lines that wait.
        let (wake, wakes) = sync_channel(1);
        let screen = Screen {
            content: Mutex::default(),
            drawn: Notify::new(),
            wake,
            stopping: AtomicBool::new(false),
            stopped: Notify::new(),
        };
        (Arc::new(screen), wakes)
    }

    /// Puts a line under those that wait.
    pub(super) fn push(&self, line: Line) {
        let mut content = self.content();
        content.bytes += line.text.len();
        content.lines.push(line);
    }

    /// Has the line editor, which is reading, draw them.
    pub(super) fn wake(&self) {
        let _ = self.wake.try_send(());
    }

    /// Draws them without a prompt: the line editor is not reading.
    pub(super) fn flush(&self) {
        write(&self.take());
    }

    pub(super) fn is_full(&self) -> bool {
        self.content().bytes >= LIMIT
    }

    /// Waits until it is not full.
    pub(super) async fn room(&self) {
        while self.is_full() {
            self.drawn.notified().await;
        }
    }

    /// Stops the line editor, which is reading, for good: with the prompt and
    /// what is typed wiped from the screen. What was typed is returned.
    pub(super) async fn stop(&self) -> String {
        self.stopping.store(true, Ordering::SeqCst);
        self.wake();
        self.stopped.notified().await;
        take(&mut self.content().typed)
    }

    pub(super) fn is_untyped(&self) -> bool {
        self.content().typed.is_empty()
    }

    /// Keeps what stands typed.
    pub(super) fn keep_typed(&self, line: &str) {
        line.clone_into(&mut self.content().typed);
    }

    /// The lines that wait, as they are to be drawn now.
    pub(super) fn take(&self) -> String {
        let lines = {
            let mut content = self.content();
            content.bytes = 0;
            take(&mut content.lines)
        };
        self.drawn.notify_one();
        let (columns, mut drawn) = (columns(), String::new());
        for line in lines {
            line.draw(columns, &mut drawn);
        }
        drawn
    }

    /// Stops the line editor here, if that was asked for: in the one place where the
    /// prompt is known to be wiped, after a wake-up. A key may come first; then it is
    /// woken once more.
    pub(super) fn stop_if_asked(&self, keyed: bool) {
        if self.stopping.load(Ordering::SeqCst) {
            if keyed {
                self.wake();
                return;
            }
            self.stopped.notify_one();
            loop {
                thread::park();
            }
        }
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        // Strings are whole whatever their holder did.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How wide the window is; a terminal that does not say so wraps by itself.
fn columns() -> usize {
    match tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 => size.ws_col.into(),
        _ => usize::MAX,
    }
}

/// Writes to a terminal, which may be gone: then nobody sees it.
pub(super) fn write(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
}
