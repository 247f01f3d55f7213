//! A program in a pseudo-terminal, and what a person there sees: the screen of a
//! terminal emulator that is fed with its output.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Instant;

use rexpect::process::{PtyProcess, Signal, WaitStatus};
use rustix::termios::{InputModes, LocalModes, Winsize, tcgetattr, tcsetwinsize};

use super::DEADLINE;

pub struct Terminal {
    process: PtyProcess,
    master: File,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    output: Mutex<Output>,
    changed: Condvar,
}

struct Output {
    emulator: vt100::Parser,
    raw: Vec<u8>,
    closed: bool,
}

fn size(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).unwrap()
}

impl Default for Output {
    fn default() -> Output {
        Output { emulator: vt100::Parser::new(size(24), size(80), 0), raw: Vec::new(), closed: false }
    }
}

impl Output {
    /// The rows of the screen without what is empty behind and below.
    fn screen(&self) -> String {
        let screen = self.emulator.screen();
        let rows: Vec<_> = screen.rows(0, screen.size().1.get()).map(|row| row.trim_end().to_owned()).collect();
        rows.join("\n").trim_end().to_owned()
    }

    /// Row and column of the first such text on the screen.
    fn place_of(&self, text: &str) -> Option<(u16, u16)> {
        let screen = self.emulator.screen();
        let (rows, columns) = (screen.size().0.get(), screen.size().1.get());
        let mut places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        places.find(|&(row, column)| screen.contents_between(row, column, row, columns).starts_with(text))
    }
}

impl Terminal {
    /// Starts the program in a terminal of 24 rows and 80 columns.
    pub fn start(command: Command) -> Terminal {
        let process = PtyProcess::new(command).unwrap();
        let master = process.get_file_handle().unwrap();
        let seen = Arc::new(Seen::default());
        let terminal = Terminal { process, master, seen };
        terminal.resize(24, 80);
        let (mut output, seen) = (terminal.master.try_clone().unwrap(), Arc::clone(&terminal.seen));
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            // The end of the program is an error of its terminal.
            while let Ok(n @ 1..) = output.read(&mut chunk) {
                seen.update(|output| {
                    output.emulator.process(&chunk[..n]);
                    output.raw.extend_from_slice(&chunk[..n]);
                });
            }
            seen.update(|output| output.closed = true);
        });
        terminal
    }

    pub fn resize(&self, rows: u16, cols: u16) {
        self.seen.update(|output| output.emulator.screen_mut().set_size(size(rows), size(cols)));
        tcsetwinsize(&self.master, Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    }

    /// Types, `\r` being the key Enter.
    pub fn type_(&mut self, keys: &str) {
        self.type_bytes(keys.as_bytes());
    }

    pub fn type_bytes(&mut self, keys: &[u8]) {
        self.master.write_all(keys).unwrap();
    }

    /// Asks the program to end, as the system does.
    pub fn terminate(&mut self) {
        self.process.signal(Signal::SIGTERM).unwrap();
    }

    /// Waits until this holds for the screen, and returns it.
    pub fn wait_for(&self, holds: impl Fn(&str) -> bool) -> String {
        self.seen.wait(|output| holds(&output.screen())).screen()
    }

    pub fn wait_for_text(&self, text: &str) -> String {
        self.wait_for(|screen| screen.contains(text))
    }

    /// Waits until this stands just before the cursor.
    pub fn wait_for_typed(&self, text: &str) {
        drop(self.seen.wait(|output| {
            let screen = output.emulator.screen();
            let (row, column) = screen.cursor_position();
            screen.contents_between(row, 0, row, column).ends_with(text)
        }));
    }

    pub fn screen(&self) -> String {
        self.seen.output.lock().unwrap().screen()
    }

    /// The screen as it is now, with all that it knows of each cell.
    pub fn emulated(&self) -> vt100::Screen {
        self.seen.output.lock().unwrap().emulator.screen().clone()
    }

    /// Where the cursor stands: row and column from 0.
    pub fn cursor(&self) -> (u16, u16) {
        self.seen.output.lock().unwrap().emulator.screen().cursor_position()
    }

    /// How the first such text on the screen is drawn, once it is there: in which colour, and whether bold.
    pub fn style_of(&self, text: &str) -> (vt100::Color, bool) {
        let output = self.seen.wait(|output| output.place_of(text).is_some());
        let (row, column) = output.place_of(text).unwrap();
        let cell = output.emulator.screen().cell(row, column).unwrap();
        (cell.fgcolor(), cell.bold())
    }

    /// All that the program wrote, as it wrote it. (The emulator passes over
    /// U+FFFD: it can be seen only here.)
    pub fn output(&self) -> String {
        String::from_utf8(self.seen.output.lock().unwrap().raw.clone()).unwrap()
    }

    /// Waits for the end of the program: its exit code, and the screen it leaves.
    pub fn wait_exit(&self) -> (i32, String) {
        drop(self.seen.wait(|output| output.closed));
        match self.process.wait().unwrap() {
            WaitStatus::Exited(_, code) => (code, self.screen()),
            other => panic!("{other:?}"),
        }
    }

    pub fn is_usable(&self) -> bool {
        self.unusable().is_empty()
    }

    /// What is not as a shell wants it: lines to be edited, and keys to be signals.
    pub fn unusable(&self) -> Vec<&'static str> {
        let modes = tcgetattr(&self.master).unwrap();
        let mut wrong = Vec::new();
        for (mode, name) in [(LocalModes::ICANON, "ICANON"), (LocalModes::ISIG, "ISIG")] {
            wrong.extend((!modes.local_modes.contains(mode)).then_some(name));
        }
        wrong.extend((!modes.input_modes.contains(InputModes::ICRNL)).then_some("ICRNL"));
        wrong.extend(self.seen.output.lock().unwrap().emulator.screen().bracketed_paste().then_some("paste"));
        wrong
    }
}

impl Seen {
    fn update(&self, change: impl FnOnce(&mut Output)) {
        change(&mut self.output.lock().unwrap());
        self.changed.notify_all();
    }

    /// Waits until this holds, and gives what it held for: the program may draw anew at any time.
    fn wait(&self, holds: impl Fn(&Output) -> bool) -> MutexGuard<'_, Output> {
        let end = Instant::now() + DEADLINE;
        let mut output = self.output.lock().unwrap();
        while !holds(&output) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let screen = output.screen();
                drop(output);
                panic!("waited in vain; on the screen:\n{screen}");
            }
            output = self.changed.wait_timeout(output, left).unwrap().0;
        }
        output
    }
}
