//! The line editor, in a thread of its own: it blocks while a person types.
//!
//! It reads when it is asked: a name once, or texts until there is the wish to
//! leave. What it reads goes by a channel without a bound, so that it never waits
//! for the connection: it is also the one who draws what the connection brings.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rustyline::config::{BellStyle, Config};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{ColorMode, CompletionType, Editor, ExternalPrinter};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::super::input::is_leaving;
use super::super::render;
use super::screen::{Above, Screen, write};
use crate::lang::Language;

/// Printed where the prompt was wiped, it leaves the cursor where it is (but in
/// the top row, after Ctrl-L: there it costs an empty row), and has the line
/// editor draw the prompt again, with what has arrived above it.
const WAKE_UP: &str = "\x1b[A\n";

/// How long an escape may stand alone before it is no more the beginning of a key.
const ESCAPE_MS: u16 = 200;

/// What to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// One line, the name.
    Name,
    /// Lines, until there is the wish to leave.
    Texts,
}

/// What was read.
#[derive(Debug)]
pub(super) enum Typed {
    Line(String),
    /// The wish to leave: the last of all.
    Leave {
        /// Lines that were pasted behind it, and are not to be said.
        pasted: Vec<String>,
    },
}

/// Starts the thread, and the one that wakes it.
pub(super) fn start(
    language: Language,
    screen: Arc<Screen>,
    wakes: Receiver<()>,
) -> rustyline::Result<(Sender<Ask>, UnboundedReceiver<Typed>)> {
    let mut editor = Editor::with_config(config())?;
    editor.set_helper(Some(Above::new(Arc::clone(&screen))));
    let mut printer = editor.create_external_printer()?;
    // It may block as long as nobody reads a line, so it has a thread too.
    thread::spawn(move || while wakes.recv().is_ok_and(|()| printer.print(WAKE_UP.to_owned()).is_ok()) {});
    let (asks, asked) = channel();
    let (typed, reads) = unbounded_channel();
    let mut reader = Reader { language, editor, screen, typed };
    thread::spawn(move || while asked.recv().is_ok_and(|ask| reader.answer(ask).is_some()) {});
    Ok((asks, reads))
}

fn config() -> Config {
    Config::builder()
        // Drawing above the prompt is a matter of colours to rustyline.
        .color_mode(ColorMode::Forced)
        .completion_type(CompletionType::List)
        .bell_style(BellStyle::None)
        .keyseq_timeout(Some(ESCAPE_MS))
        .build()
}

struct Reader {
    language: Language,
    editor: Editor<Above, DefaultHistory>,
    screen: Arc<Screen>,
    typed: UnboundedSender<Typed>,
}

impl Reader {
    /// Reads what is asked for; `None` when there is no more to read.
    fn answer(&mut self, ask: Ask) -> Option<()> {
        match ask {
            Ask::Name => match self.read(&render::name_prompt(self.language)).filter(|name| !is_leaving(name)) {
                Some(name) => self.send(Typed::Line(name)),
                None => self.leave(Vec::new()),
            },
            Ask::Texts => {
                let prompt = render::text_prompt(self.language);
                while let Some(line) = self.read(&prompt) {
                    let _ = self.editor.add_history_entry(&line);
                    self.say(line.split('\n').map(str::to_owned))?;
                }
                self.wipe_prompt();
                self.leave(Vec::new())
            }
        }
    }

    /// One line, or those of a paste.
    fn say(&self, mut lines: impl Iterator<Item = String>) -> Option<()> {
        while let Some(line) = lines.next() {
            if is_leaving(&line) {
                return self.leave(lines.collect());
            }
            self.send(Typed::Line(line))?;
        }
        Some(())
    }

    /// There is no more to read.
    fn leave(&self, pasted: Vec<String>) -> Option<()> {
        let _ = self.send(Typed::Leave { pasted });
        None
    }

    fn send(&self, typed: Typed) -> Option<()> {
        self.typed.send(typed).ok()
    }

    /// The next line; `None` for Ctrl-D, Ctrl-C, and a terminal that is gone.
    fn read(&mut self, prompt: &str) -> Option<String> {
        loop {
            match self.editor.readline(prompt) {
                Ok(line) => return Some(line),
                Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                    self.screen.push(&render::not_utf8(self.language));
                }
                Err(_) => return None,
            }
        }
    }

    /// The empty prompt on which one left is no part of the transcript.
    fn wipe_prompt(&self) {
        if self.screen.is_untyped() {
            write("\x1b[A\r\x1b[K");
        }
    }
}
