//! The keys that do more here than in any line editor, and what is told about them
//! behind the line until the next key: no trace of it remains on the screen.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustyline::{
    Cmd, ConditionalEventHandler, Event, EventContext, KeyCode, KeyEvent, Modifiers, Movement, RepeatCount,
};

use super::super::render;
use crate::lang::Language;

/// So many lines are sent without being asked about.
const UNASKED: usize = 5;

/// What is told behind the line.
#[derive(Clone, Debug)]
pub(super) struct Note {
    language: Language,
    told: Arc<Mutex<Told>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Told {
    #[default]
    Nothing,
    /// How to leave, after a line was cleared.
    Cleared,
    /// Whether so many lines are to be sent.
    Asked(usize),
}

impl Note {
    pub(super) fn new(language: Language) -> Note {
        Note { language, told: Arc::default() }
    }

    /// The words of it.
    pub(super) fn words(&self) -> Option<String> {
        match *self.told() {
            Told::Nothing => None,
            Told::Cleared => Some(render::cleared(self.language)),
            Told::Asked(lines) => Some(render::question(self.language, lines)),
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ctrl-C clears the line, and leaves where there is nothing to clear. Enter asks
/// before it sends a long paste.
pub(super) struct Keys(pub(super) Note);

impl ConditionalEventHandler for Keys {
    fn handle(&self, event: &Event, _: RepeatCount, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        let key = *event.get(0)?;
        let told = std::mem::take(&mut *self.0.told());
        match told {
            Told::Asked(_) => answer(key, &render::yes(self.0.language)),
            Told::Nothing | Told::Cleared => self.press(key, context.line()),
        }
    }
}

impl Keys {
    fn press(&self, key: KeyEvent, line: &str) -> Option<Cmd> {
        let lines = line.split('\n').filter(|line| !line.is_empty()).count();
        if key == KeyEvent::ctrl('C') {
            return Some(self.clear(line));
        }
        if is_enter(key) && lines > UNASKED {
            *self.0.told() = Told::Asked(lines);
            return Some(Cmd::Repaint);
        }
        None
    }

    fn clear(&self, line: &str) -> Cmd {
        if line.is_empty() {
            // Unlike an interruption it wipes the note.
            return Cmd::EndOfFile;
        }
        *self.0.told() = Told::Cleared;
        Cmd::Kill(Movement::WholeBuffer)
    }
}

fn is_enter(key: KeyEvent) -> bool {
    [KeyEvent(KeyCode::Enter, Modifiers::NONE), KeyEvent::ctrl('M'), KeyEvent::ctrl('J')].contains(&key)
}

/// Any key but a yes goes back to the line; more that is pasted goes into it.
fn answer(key: KeyEvent, yes: &str) -> Option<Cmd> {
    match key.0 {
        KeyCode::Char(c) if c.to_lowercase().eq(yes.chars()) => Some(Cmd::AcceptLine),
        KeyCode::BracketedPasteStart => None,
        _ => Some(Cmd::Repaint),
    }
}
