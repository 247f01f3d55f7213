//! What has arrived and is not on the screen yet, and the one place that draws it.
//!
//! Lines are drawn together with the prompt, above it, whenever the line editor
//! draws that: [`Above`] puts them in front of it. So they keep their order, none
//! comes between the prompt and what is typed, and however many arrive at once
//! are drawn at once. The editor's `ExternalPrinter` only wakes it: what it
//! prints itself can be overtaken by what it prints between two lines.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};
use tokio::sync::Notify;

/// How many bytes wait at most before the connection is read no further.
const LIMIT: usize = 256 * 1024;

/// The lines that wait to be drawn, and what stands typed below them.
#[derive(Debug)]
pub(super) struct Screen {
    /// What stands before each text of one's own.
    prompt: String,
    /// A std mutex: it is held for a push or a swap, never across an await.
    content: Mutex<Content>,
    drawn: Notify,
    wake: SyncSender<()>,
    stopping: AtomicBool,
    stopped: Notify,
}

#[derive(Debug, Default)]
struct Content {
    lines: String,
    typed: String,
}

impl Screen {
    /// The screen, and what is to wake the line editor.
    pub(super) fn new(prompt: String) -> (Arc<Screen>, Receiver<()>) {
        // One wake-up on its way is enough for all lines that wait.
        let (wake, wakes) = sync_channel(1);
        let screen = Screen {
            prompt,
            content: Mutex::default(),
            drawn: Notify::new(),
            wake,
            stopping: AtomicBool::new(false),
            stopped: Notify::new(),
        };
        (Arc::new(screen), wakes)
    }

    /// Puts a line under those that wait.
    pub(super) fn push(&self, line: &str) {
        let mut content = self.content();
        content.lines.push_str(line);
        content.lines.push('\n');
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
        self.content().lines.len() >= LIMIT
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
        std::mem::take(&mut self.content().typed)
    }

    pub(super) fn is_untyped(&self) -> bool {
        self.content().typed.is_empty()
    }

    fn take(&self) -> String {
        let lines = std::mem::take(&mut self.content().lines);
        self.drawn.notify_one();
        lines
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        // Strings are whole whatever their holder did.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes to a terminal, which may be gone: then nobody sees it.
pub(super) fn write(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
}

/// The line editor's helper: draws the lines above the prompt.
pub(super) struct Above {
    screen: Arc<Screen>,
    /// The line is drawn for the last time: it was accepted.
    accepted: Cell<bool>,
    /// A key asked for the drawing under way, and not the arrival of lines.
    keyed: Cell<bool>,
}

impl Above {
    pub(super) fn new(screen: Arc<Screen>) -> Above {
        Above { screen, accepted: Cell::new(false), keyed: Cell::new(false) }
    }

    /// Stops here, in the one place where the prompt is known to be wiped: after
    /// a wake-up. A key may come first; then it is woken once more.
    fn stop_if_asked(&self, keyed: bool) {
        if self.screen.stopping.load(Ordering::SeqCst) {
            if keyed {
                self.screen.wake();
                return;
            }
            self.screen.stopped.notify_one();
            loop {
                thread::park();
            }
        }
    }
}

impl Highlighter for Above {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        self.stop_if_asked(self.keyed.replace(false));
        let lines = self.screen.take();
        if lines.is_empty() { Cow::Borrowed(prompt) } else { Cow::Owned(lines + prompt) }
    }

    /// A paste of several lines is as many texts, and shown so once it is sent.
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if self.accepted.get() {
            Cow::Owned(line.replace('\n', &format!("\n{}", self.screen.prompt)))
        } else {
            Cow::Borrowed(line)
        }
    }

    /// It is called before a key changes what is drawn, and so sees what is typed.
    fn highlight_char(&self, line: &str, _: usize, kind: CmdKind) -> bool {
        line.clone_into(&mut self.screen.content().typed);
        self.accepted.set(kind == CmdKind::ForcedRefresh);
        self.keyed.set(true);
        line.contains('\n')
    }
}

impl Completer for Above {
    type Candidate = String;

    /// A tab is a space.
    fn complete(&self, _: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok((at, vec![" ".to_owned()]))
    }
}

impl Hinter for Above {
    type Hint = String;
}

impl Validator for Above {}

impl Helper for Above {}
