//! What was typed before, kept from visit to visit in a file of the user's.
//!
//! Each line is added at once, since the line editor's thread may never come to its
//! end. A file that cannot be read or written costs the past and nothing else: it is
//! told once, and left alone.

use std::env;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustyline::error::ReadlineError;
use rustyline::history::{FileHistory, History as _};

use super::super::render;
use crate::lang::Language;

/// Where it is kept: `charla/history` in the user's state folder (XDG Base Directory
/// Specification). It is `None` when there is no home to have one in.
#[must_use]
pub fn default_file() -> Option<PathBuf> {
    let state = env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    state.or_else(|| Some(env::home_dir()?.join(".local/state"))).map(|state| state.join("charla/history"))
}

/// Where lines are kept, as long as that works.
pub(super) struct History {
    pub(super) language: Language,
    pub(super) file: Option<PathBuf>,
}

impl History {
    /// Reads what is kept. A complaint is returned.
    pub(super) fn load(&mut self, past: &mut FileHistory) -> Option<String> {
        let loaded = past.load(self.file.as_ref()?);
        match loaded {
            Err(ReadlineError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => None,
            loaded => self.give_up_on(loaded, render::history_unread),
        }
    }

    /// Keeps a line. A complaint is returned.
    pub(super) fn keep(&mut self, past: &mut FileHistory, line: &str) -> Option<String> {
        let added = past.add(line);
        let file = self.file.as_ref()?;
        let kept = added.and_then(|_| folder_of(file)).and_then(|()| past.append(file));
        self.give_up_on(kept, render::history_unkept)
    }

    fn give_up_on(
        &mut self,
        tried: rustyline::Result<()>,
        complain: fn(Language, &Path, &ReadlineError) -> String,
    ) -> Option<String> {
        let error = tried.err()?;
        self.file.take().map(|file| complain(self.language, &file, &error))
    }
}

/// Its folder, which is nobody else's to read.
fn folder_of(file: &Path) -> rustyline::Result<()> {
    match file.parent() {
        Some(folder) => Ok(DirBuilder::new().recursive(true).mode(0o700).create(folder)?),
        None => Ok(()),
    }
}
