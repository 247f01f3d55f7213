//! The terminal's modes: quiet from the first prompt to the last, then as before.
//!
//! Between two lines the line editor puts the terminal back as it found it. So
//! that what is typed or pasted just then is neither echoed nor translated, it
//! finds it quiet: no echo, no line discipline. Ctrl-C stays a signal there, but
//! one that throws away neither what is typed nor what is still to be shown.

use std::io::{self, Write};

use rustix::termios::{InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

const BRACKETED_PASTE_OFF: &str = "\x1b[?2004l";

/// A quiet terminal; it is as it was before when this is dropped.
#[derive(Debug)]
pub(super) struct Quiet {
    before: Termios,
}

impl Quiet {
    pub(super) fn new() -> io::Result<Quiet> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::IEXTEN;
        quiet.local_modes |= LocalModes::NOFLSH;
        quiet.input_modes -= InputModes::ICRNL | InputModes::IXON;
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(io::stdin(), OptionalActions::Drain, &quiet)?;
        Ok(Quiet { before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // A terminal that is gone needs neither.
        let _ = io::stdout().write_all(BRACKETED_PASTE_OFF.as_bytes()).and_then(|()| io::stdout().flush());
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.before);
    }
}
