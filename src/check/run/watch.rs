//! Waiting for a file to change, the way a student works: save, and see.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::thread;
use std::time::Duration;

/// How often the files are looked at.
const TICK: Duration = Duration::from_millis(300);

/// How many files are looked at most, and how deep.
const FILES: usize = 5000;
const DEPTH: usize = 6;

/// What the files of a folder look like: their names, sizes and times.
#[must_use]
pub fn look(folder: &Path) -> u64 {
    let (mut hash, mut left) = (DefaultHasher::new(), FILES);
    look_into(folder, DEPTH, &mut left, &mut hash);
    hash.finish()
}

/// Waits until the folder looks different from `before`; gives how it looks then.
#[must_use]
pub fn wait(folder: &Path, before: u64) -> u64 {
    loop {
        thread::sleep(TICK);
        let now = look(folder);
        if now != before {
            return now;
        }
    }
}

/// What is hidden or made by tools is passed over: it changes with every run.
fn look_into(folder: &Path, depth: usize, left: &mut usize, hash: &mut DefaultHasher) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let made = ["target", "node_modules", "__pycache__"].iter().any(|made| name == *made);
        let Ok(about) = entry.metadata() else { continue };
        if made || name.as_encoded_bytes().starts_with(b".") || *left == 0 {
            continue;
        }
        *left -= 1;
        if about.is_dir() {
            if depth > 0 {
                look_into(&entry.path(), depth - 1, left, hash);
            }
        } else {
            (name, about.len(), about.modified().ok()).hash(hash);
        }
    }
}
