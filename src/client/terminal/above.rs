//! The line editor's helper: it draws what has arrived above the prompt, what was
//! typed as the texts that it is, and the note behind the line; and it completes.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

use rustyline::completion::Completer;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use super::super::input::replaced;
use super::command;
use super::completion::Completion;
use super::keys::Note;
use super::look::View;
use super::screen::Screen;

pub(super) struct Above {
    screen: Arc<Screen>,
    note: Note,
    completion: RefCell<Completion>,
    view: View,
    /// The line is drawn for the last time: it was accepted.
    accepted: Cell<bool>,
    /// A key asked for the drawing under way, and not the arrival of lines.
    keyed: Cell<bool>,
}

impl Above {
    pub(super) fn new(screen: Arc<Screen>, note: Note, completion: Completion, view: View) -> Above {
        let completion = RefCell::new(completion);
        Above { screen, note, completion, view, accepted: Cell::new(false), keyed: Cell::new(false) }
    }
}

impl Highlighter for Above {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        self.screen.stop_if_asked(self.keyed.replace(false));
        Cow::Owned(self.screen.take() + &self.view.prompt_now(prompt))
    }

    /// What is sent is shown as it is said: a paste of several lines is as many texts,
    /// and what is no text is what is said in its place. Before, that has no width.
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        match self.accepted.get() {
            false if line.contains(is_no_text) => Cow::Owned(as_typed(line)),
            false => Cow::Borrowed(line),
            true => Cow::Owned(as_said(line, &self.view.prompt_now(&self.view.prompt()))),
        }
    }

    /// It is called before a key changes what is drawn, and so sees what is typed.
    fn highlight_char(&self, line: &str, _: usize, kind: CmdKind) -> bool {
        self.screen.keep_typed(line);
        self.accepted.set(kind == CmdKind::ForcedRefresh);
        self.keyed.set(true);
        line.contains(is_no_text) || line.starts_with('/') || self.view.look.timestamps
    }
}

fn is_no_text(c: char) -> bool {
    c.is_control()
}

/// What stands typed, as it is shown.
pub(super) fn as_typed(line: &str) -> String {
    let shown = line.chars().filter(|&c| !c.is_control() || matches!(c, '\n' | '\t'));
    shown.map(|c| if c == '\t' { ' ' } else { c }).collect()
}

fn as_said(line: &str, prompt: &str) -> String {
    let said = if line.contains('\n') { Cow::Borrowed(line) } else { command::as_said(line) };
    let texts: Vec<String> = said.split('\n').map(|text| text.chars().map(replaced).collect()).collect();
    texts.join(&format!("\n{prompt}"))
}

impl Completer for Above {
    type Candidate = String;

    /// There is one completion each time, so nothing is listed and nothing waits for a key.
    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let (start, choice) = self.completion.borrow_mut().tab(line, at);
        Ok((start, vec![choice]))
    }
}

/// A note is read, and is no completion.
pub(super) struct Told(String);

impl Hint for Told {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Hinter for Above {
    type Hint = Told;

    fn hint(&self, _: &str, _: usize, _: &Context<'_>) -> Option<Told> {
        self.note.words().map(Told)
    }
}

impl Validator for Above {}

impl Helper for Above {}
