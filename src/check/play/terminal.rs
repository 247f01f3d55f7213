//! A program in front of a person: in a pseudo-terminal, what it shows fed to a
//! terminal emulator, or at the ends of pipes.
//!
//! What is typed goes through a thread of its own, so a program that does not read
//! holds up nobody; what it writes is read all the time, and its memory is bounded.
//! The emulator answers what programs ask of a terminal (where is the cursor? which
//! terminal is it?).

use std::fs::File;
use std::io::{self, Read, Write};
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use pty_process::Size;
use rustix::termios::{LocalModes, tcgetattr};
use vt100::{Callbacks, Parser, Screen};

use super::process::Process;

/// The terminal's size: wide and high enough that a case needs no scrolling.
const ROWS: NonZeroU16 = NonZeroU16::MIN.saturating_add(99);
const COLUMNS: NonZeroU16 = NonZeroU16::MIN.saturating_add(159);

/// How much is kept of the bytes that a program writes.
const KEPT: usize = 8 << 20;

/// A text of up to so many characters stands in one line; a longer one may be wrapped.
const ONE_LINE: usize = 60;

/// A screen on which nothing has changed for so long is still.
const STILL: Duration = Duration::from_millis(60);

/// How long a terminal may take to echo what was typed. It does so at once, unless the program has told it not to.
const ECHO: Duration = Duration::from_secs(1);

/// A program at its terminal or pipes.
pub(super) struct Terminal {
    pub(super) process: Process,
    /// What is typed; `None` when the input was ended.
    keys: Option<Sender<Vec<u8>>>,
    /// The person's end of the terminal; `None` with pipes.
    master: Option<File>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    // A std mutex: held for moments, by the threads that read and by whoever looks.
    shown: Mutex<Shown>,
    changed: Condvar,
}

/// What the program has shown.
pub(super) struct Shown {
    emulator: Parser<Answers>,
    /// The last bytes that it wrote.
    raw: Vec<u8>,
    /// How many bytes of `raw` came before the mark.
    marked: usize,
    /// The screen at the mark.
    screen_at_mark: String,
    /// How many of its outputs are open.
    open: usize,
    /// The lines that were typed while the terminal echoed them.
    echoed: Vec<String>,
    /// The last of them, and how many bytes of `raw` came before it, until its echo is looked for.
    owed: Option<(usize, String)>,
    changed_at: Instant,
}

/// What a terminal answers to the program.
#[derive(Default)]
struct Answers(Vec<u8>);

impl Callbacks for Answers {
    fn unhandled_csi(&mut self, screen: &mut Screen, _: Option<u8>, _: Option<u8>, params: &[&[u16]], c: char) {
        let (row, column) = screen.cursor_position();
        match (c, params) {
            ('n', [[6]]) => self.0.extend(format!("\x1b[{};{}R", row + 1, column + 1).bytes()),
            ('n', [[5]]) => self.0.extend(b"\x1b[0n"),
            ('c', [] | [[0]]) => self.0.extend(b"\x1b[?1;2c"),
            _ => {}
        }
    }
}

impl Terminal {
    /// Starts a program in a terminal of its own, or with `piped` between pipes.
    pub(super) fn start(words: &[String], folder: Option<&Path>, piped: bool) -> io::Result<Terminal> {
        if piped { Terminal::between_pipes(words, folder) } else { Terminal::in_terminal(words, folder) }
    }

    fn in_terminal(words: &[String], folder: Option<&Path>) -> io::Result<Terminal> {
        let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let (master, slave) = pty_process::blocking::open().map_err(io::Error::other)?;
        master.resize(Size::new(ROWS.get(), COLUMNS.get())).map_err(io::Error::other)?;
        let mut command = pty_process::blocking::Command::new(program).args(arguments).env("TERM", "xterm-256color");
        if let Some(folder) = folder {
            command = command.current_dir(folder);
        }
        let process = Process::lead(|| command.spawn(slave).map_err(io::Error::other))?;
        let master = File::from(OwnedFd::from(master));
        let shared = Arc::<Shared>::default();
        let keys = typist(master.try_clone()?);
        shared.watch(master.try_clone()?, Some(keys.clone()));
        Ok(Terminal { process, keys: Some(keys), master: Some(master), shared })
    }

    fn between_pipes(words: &[String], folder: Option<&Path>) -> io::Result<Terminal> {
        let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        if let Some(folder) = folder {
            command.current_dir(folder);
        }
        let mut process = Process::lead(|| command.spawn())?;
        let (input, output, errors) = process.pipes();
        let shared = Arc::<Shared>::default();
        if let Some(output) = output {
            shared.watch(output, None);
        }
        if let Some(errors) = errors {
            shared.watch(errors, None);
        }
        Ok(Terminal { process, keys: input.map(typist), master: None, shared })
    }

    /// Types a line, so many times in one go.
    pub(super) fn type_line(&self, line: &[u8], times: usize) {
        let echoes = self.master.as_ref().is_none_or(is_echoing);
        let mut shown = self.shared.lock();
        if echoes {
            let line = String::from_utf8_lossy(line).into_owned();
            shown.owed = Some((shown.raw.len(), line.clone()));
            shown.echoed.extend(std::iter::repeat_n(line, times));
        }
        if self.master.is_none() {
            // The person who types it into a pipe has seen it too.
            shown.show(&[line, b"\n"].concat().repeat(times), true);
        }
        drop(shown);
        let enter = if self.master.is_some() { &b"\r"[..] } else { b"\n" };
        self.press([line, enter].concat().repeat(times));
    }

    /// Ends the input.
    pub(super) fn end_input(&mut self) {
        if self.master.is_some() {
            self.press(b"\x04".to_vec());
        } else {
            self.keys = None;
        }
    }

    /// A program that has gone reads no keys; what it was to do with them tells.
    fn press(&self, keys: Vec<u8>) {
        if let Some(typist) = &self.keys {
            let _ = typist.send(keys);
        }
    }

    /// What is shown from now on is new. What was typed before may still be on its way to the screen: it is not.
    pub(super) fn mark(&self) {
        self.wait_until(Instant::now() + ECHO, Shown::has_echoed);
        let mut shown = self.shared.lock();
        shown.owed = None;
        shown.marked = shown.raw.len();
        shown.screen_at_mark = shown.screen();
    }

    /// Waits until the program has shown something and its screen is still, and no longer than this.
    /// Between pipes nobody looks: a pipe keeps what comes early.
    pub(super) fn wait_until_still(&self, at_most: Duration) {
        if self.master.is_none() {
            return;
        }
        let late = Instant::now() + at_most;
        let mut shown = self.shared.lock();
        while Instant::now() < late && !self.process.has_ended() {
            let quiet = shown.changed_at.elapsed();
            if !shown.raw.is_empty() && quiet >= STILL {
                return;
            }
            shown = self.shared.wait(shown, STILL.saturating_sub(quiet).max(Duration::from_millis(5)));
        }
    }

    /// Waits until this holds of what is shown; whether it does at the deadline.
    pub(super) fn wait_until(&self, deadline: Instant, holds: impl Fn(&Shown) -> bool) -> bool {
        let mut shown = self.shared.lock();
        loop {
            if holds(&shown) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            shown = self.shared.wait(shown, left);
        }
    }

    /// What it has shown.
    pub(super) fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shared.lock()
    }
}

/// A thread that writes what it is given, until it is given nothing more or nobody reads.
fn typist(mut input: impl Write + Send + 'static) -> Sender<Vec<u8>> {
    let (sender, keys): (_, Receiver<Vec<u8>>) = channel();
    thread::spawn(move || while keys.recv().is_ok_and(|keys| input.write_all(&keys).is_ok()) {});
    sender
}

/// Whether the terminal itself shows what is typed.
fn is_echoing(master: &File) -> bool {
    tcgetattr(master).is_ok_and(|modes| modes.local_modes.contains(LocalModes::ECHO))
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, shown: MutexGuard<'a, Shown>, at_most: Duration) -> MutexGuard<'a, Shown> {
        self.changed.wait_timeout(shown, at_most).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Reads all that the program writes there. What it asks of a terminal is answered by `answers`.
    fn watch(self: &Arc<Shared>, mut output: impl Read + Send + 'static, answers: Option<Sender<Vec<u8>>>) {
        let shared = Arc::clone(self);
        shared.lock().open += 1;
        thread::spawn(move || {
            let mut buffer = vec![0; 64 << 10];
            while let Ok(n @ 1..) = output.read(&mut buffer) {
                let answer = shared.lock().show(buffer.get(..n).unwrap_or_default(), answers.is_none());
                if let Some(answers) = answers.as_ref().filter(|_| !answer.is_empty()) {
                    // A program that has gone needs no answer.
                    let _ = answers.send(answer);
                }
                shared.changed.notify_all();
            }
            shared.lock().open -= 1;
            shared.changed.notify_all();
        });
    }
}

impl Default for Shown {
    fn default() -> Shown {
        Shown {
            emulator: emulator(),
            raw: Vec::new(),
            marked: 0,
            screen_at_mark: String::new(),
            open: 0,
            echoed: Vec::new(),
            owed: None,
            changed_at: Instant::now(),
        }
    }
}

fn emulator() -> Parser<Answers> {
    Parser::new_with_callbacks(ROWS, COLUMNS, 0, Answers::default())
}

impl Shown {
    /// Takes what was written, and gives what a terminal answers to it.
    fn show(&mut self, bytes: &[u8], is_pipe: bool) -> Vec<u8> {
        self.raw.extend(bytes);
        let surplus = self.raw.len().saturating_sub(KEPT);
        self.raw.drain(..surplus);
        self.marked = self.marked.saturating_sub(surplus);
        if let Some((at, _)) = &mut self.owed {
            *at = at.saturating_sub(surplus);
        }
        self.changed_at = Instant::now();
        feed(&mut self.emulator, bytes, is_pipe);
        std::mem::take(&mut self.emulator.callbacks_mut().0)
    }

    /// The text on the screen, wrapped lines as one.
    pub(super) fn screen(&self) -> String {
        self.emulator.screen().contents()
    }

    /// Whether all that it will ever write is there.
    pub(super) fn is_whole(&self) -> bool {
        self.open == 0
    }

    /// Whether the echo of what was typed last is there.
    fn has_echoed(&self) -> bool {
        self.owed.as_ref().is_none_or(|(at, line)| {
            let raw = self.raw.get(*at..).unwrap_or_default();
            memchr::memmem::find(raw, line.as_bytes()).is_some()
        })
    }

    /// Whether the screen is another than at the mark.
    pub(super) fn has_changed(&self) -> bool {
        self.screen() != self.screen_at_mark
    }

    /// How often a text is shown: in all, or only since the mark.
    pub(super) fn count(&self, text: &str, anew: bool) -> usize {
        let raw = self.raw.get(if anew { self.marked } else { 0 }..).unwrap_or_default();
        if text.chars().any(char::is_control) {
            return memchr::memmem::find_iter(raw, text).count();
        }
        if anew {
            let mut emulator = emulator();
            feed(&mut emulator, raw, true);
            count(&emulator.screen().contents(), text)
        } else {
            count(&self.screen(), text)
        }
    }

    /// How often a text was typed while the terminal showed what was typed.
    pub(super) fn count_echoed(&self, text: &str) -> usize {
        self.echoed.iter().map(|line| count(line, text)).sum()
    }
}

fn count(screen: &str, text: &str) -> usize {
    if text.chars().count() <= ONE_LINE {
        return screen.matches(text).count();
    }
    let dense = |text: &str| text.split_whitespace().collect::<String>();
    dense(screen).matches(&dense(text)).count()
}

/// A terminal moves to the first column at a line's end where the program did not.
fn feed(emulator: &mut Parser<Answers>, bytes: &[u8], is_pipe: bool) {
    if !is_pipe {
        return emulator.process(bytes);
    }
    for line in bytes.split_inclusive(|&b| b == b'\n') {
        emulator.process(line);
        if line.ends_with(b"\n") {
            emulator.process(b"\r");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(bytes: &str) -> Shown {
        let mut shown = Shown::default();
        shown.show(bytes.as_bytes(), true);
        shown
    }

    #[test]
    fn what_a_person_sees_is_counted() {
        let shown = after("Ana: hola\x1b[2K\rAna: hola\nTú: hola\n");
        assert_eq!(
            (shown.count("hola", false), shown.count("Ana: hola", false), shown.count("adiós", false)),
            (2, 1, 0)
        );
        assert_eq!(shown.count("\x1b[2K", false), 1, "a control character is looked for in the bytes");
    }

    #[test]
    fn a_long_text_may_be_wrapped_in_any_way() {
        let text = "una línea larga ".repeat(20);
        let wrapped = text.replace("larga ", "larga\n      ");
        assert_eq!(after(&wrapped).count(&text, false), 1);
    }

    #[test]
    fn only_what_comes_after_the_mark_is_new() {
        let mut shown = after("hola\n");
        shown.marked = shown.raw.len();
        shown.screen_at_mark = shown.screen();
        assert!(!shown.has_changed());
        shown.show(b"adi\xc3\xb3s\n", true);
        assert!(shown.has_changed());
        assert_eq!((shown.count("hola", true), shown.count("adiós", true), shown.count("hola", false)), (0, 1, 1));
    }

    #[test]
    fn an_echo_that_comes_late_is_not_new() {
        let words = ["sh", "-c", "read line; read end"].map(str::to_owned);
        let terminal = Terminal::start(&words, None, false).unwrap();
        terminal.type_line(b"hola", 1);
        terminal.mark();
        assert!(terminal.wait_until(Instant::now() + ECHO, |shown| shown.count("hola", false) == 1));
        assert_eq!(terminal.shown().count("hola", true), 0);
    }

    #[test]
    fn a_program_that_asks_where_the_cursor_is_gets_an_answer() {
        assert_eq!(Shown::default().show(b"ab\x1b[6n", false), b"\x1b[1;3R");
        assert_eq!(Shown::default().show(b"\x1b[c", false), b"\x1b[?1;2c");
    }

    #[test]
    fn a_program_has_a_terminal_or_pipes() {
        let words = ["sh", "-c", "test -t 0 && echo terminal; read line; echo \"<$line>\""].map(str::to_owned);
        for (piped, echoed) in [(false, 1), (true, 1)] {
            let terminal = Terminal::start(&words, None, piped).unwrap();
            terminal.type_line("sí".as_bytes(), 1);
            let deadline = Instant::now() + Duration::from_secs(30);
            assert!(terminal.wait_until(deadline, |shown| shown.count("<sí>", false) == 1));
            assert_eq!(terminal.shown().count("terminal", false), usize::from(!piped));
            assert_eq!(terminal.shown().count_echoed("sí"), echoed);
        }
    }
}
