//! The line editor, in a thread of its own: it blocks while a person types.
//!
//! It reads when it is asked: a name once, or texts until there is the wish to
//! leave. What it reads goes by a channel without a bound, so that it never waits
//! for the connection: it is also the one who draws what the connection brings.

use std::io::ErrorKind;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use rustyline::config::{BellStyle, Config, EditMode};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{ColorMode, CompletionType, Editor, Event, EventHandler, ExternalPrinter};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::super::input::is_leaving;
use super::super::render;
use super::Options;
use super::above::Above;
use super::command::{self, Command};
use super::completion::Completion;
use super::history::History;
use super::keys::{Keys, Note};
use super::line::Line;
use super::look::View;
use super::people::People;
use super::screen::{Screen, write};
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
    /// A name, or a text to the letter.
    Line(String),
    /// One of several lines that came at once: a text, and no answer to a question.
    Pasted(String),
    /// What the client is asked for.
    Command(Command),
    /// The wish to leave: the last of all.
    Leave {
        /// Lines that were pasted behind it, and are not to be said.
        pasted: Vec<String>,
    },
}

/// How many lines are kept to be had back.
const PAST: usize = 1000;

/// Starts the thread, and the one that wakes it.
pub(super) fn start(
    language: Language,
    screen: Arc<Screen>,
    wakes: Receiver<()>,
    options: Options,
    people: Arc<Mutex<People>>,
) -> rustyline::Result<(Sender<Ask>, UnboundedReceiver<Typed>)> {
    let mut editor = Editor::with_config(config(options.vi)?)?;
    let note = Note::new(language);
    let view = View { language, look: options.look };
    editor.set_helper(Some(Above::new(Arc::clone(&screen), note.clone(), Completion::new(people), view)));
    editor.bind_sequence(Event::Any, EventHandler::Conditional(Box::new(Keys(note))));
    let mut printer = editor.create_external_printer()?;
    // It may block as long as nobody reads a line, so it has a thread too.
    thread::spawn(move || while wakes.recv().is_ok_and(|()| printer.print(WAKE_UP.to_owned()).is_ok()) {});
    let (asks, asked) = channel();
    let (typed, reads) = unbounded_channel();
    let history = History { language, file: options.history };
    let mut reader = Reader { view, editor, screen, typed, history };
    thread::spawn(move || while asked.recv().is_ok_and(|ask| reader.answer(ask).is_some()) {});
    Ok((asks, reads))
}

fn config(vi: bool) -> rustyline::Result<Config> {
    let builder = Config::builder()
        // Drawing above the prompt is a matter of colours to rustyline.
        .color_mode(ColorMode::Forced)
        .completion_type(CompletionType::List)
        .bell_style(BellStyle::None)
        // A tab is a space.
        .tab_stop(1)
        .edit_mode(if vi { EditMode::Vi } else { EditMode::Emacs })
        .keyseq_timeout(Some(ESCAPE_MS));
    Ok(builder.max_history_size(PAST)?.build())
}

struct Reader {
    view: View,
    editor: Editor<Above, DefaultHistory>,
    screen: Arc<Screen>,
    typed: UnboundedSender<Typed>,
    history: History,
}

impl Reader {
    /// Reads what is asked for; `None` when there is no more to read.
    fn answer(&mut self, ask: Ask) -> Option<()> {
        match ask {
            Ask::Name => match self.read(&render::name_prompt(self.view.language)).filter(|name| !is_leaving(name)) {
                Some(name) => self.send(Typed::Line(name)),
                None => self.leave(Vec::new()),
            },
            Ask::Texts => {
                let complaint = self.history.load(self.editor.history_mut());
                self.complain(complaint);
                let prompt = self.view.prompt();
                while let Some(line) = self.read(&prompt) {
                    let complaint = self.history.keep(self.editor.history_mut(), &line);
                    self.complain(complaint);
                    self.take(&line)?;
                }
                self.wipe_prompt();
                self.leave(Vec::new())
            }
        }
    }

    fn complain(&self, complaint: Option<String>) {
        if let Some(complaint) = complaint {
            self.screen.push(Line::plain(&complaint));
        }
    }

    /// What is typed may be for the client; what is pasted, in many lines, is to the letter.
    fn take(&self, line: &str) -> Option<()> {
        if line.contains('\n') {
            return self.say(line.split('\n').map(str::to_owned));
        }
        match command::parse(line) {
            command::Line::Leave => self.leave(Vec::new()),
            command::Line::Text(text) => self.send(Typed::Line(text.to_owned())),
            command::Line::Command(command) => self.send(Typed::Command(command)),
        }
    }

    fn say(&self, mut lines: impl Iterator<Item = String>) -> Option<()> {
        while let Some(line) = lines.next() {
            if is_leaving(&line) {
                return self.leave(lines.collect());
            }
            self.send(Typed::Pasted(line))?;
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

    /// The next line; `None` for Ctrl-D and Ctrl-C on an empty one, and a terminal that is gone.
    fn read(&mut self, prompt: &str) -> Option<String> {
        loop {
            match self.editor.readline(prompt) {
                Ok(line) => return Some(line),
                Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                    self.screen.push(Line::plain(&render::not_utf8(self.view.language)));
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
