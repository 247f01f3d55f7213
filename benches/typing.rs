//! How long a typed key takes to be on the screen while messages arrive: the real client
//! in a pseudo-terminal, 1,000 messages a second, or as many as the first argument says.
//!
//! `cargo bench --bench typing`. A time is from the writing of the key to the moment when
//! an emulator of the screen has it in its line, so it has the emulator's work in it.

#[path = "../tests/common/mod.rs"]
mod common;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::script::{Peer, Script};
use common::terminal::Terminal;

const KEYS: usize = 1000;

/// A person rests between two keys.
const REST: Duration = Duration::from_millis(10);

/// So many keys are in a line before it is cleared.
const LINE: usize = 40;

const RATE: u32 = 1000;

fn main() {
    // Cargo adds options of its own.
    let rate = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(RATE);
    let script = Script::new();
    let mut terminal = Terminal::start(script.client(&["--name", "Ana", "--color", "always"]));
    let mut peer = script.join("Ana");
    terminal.wait_for_text("Tú:");
    let (over, sent, start) = (AtomicBool::new(false), AtomicU32::new(0), Instant::now());
    let mut times = thread::scope(|scope| {
        scope.spawn(|| flood(&mut peer, rate, &over, &sent));
        let times = type_keys(&mut terminal);
        over.store(true, Ordering::Relaxed);
        times
    });
    let arrived = f64::from(sent.load(Ordering::Relaxed)) / start.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |hundredths: usize| times[(times.len() - 1) * hundredths / 100];
    println!("{KEYS} keys, {arrived:.0} messages a second");
    println!("p50 {:?}, p99 {:?}, max {:?}", at(50), at(99), at(100));
}

/// Sends messages at this rate, until it is over.
fn flood(peer: &mut Peer, rate: u32, over: &AtomicBool, sent: &AtomicU32) {
    let start = Instant::now();
    for n in 0.. {
        if over.load(Ordering::Relaxed) {
            return;
        }
        thread::sleep((Duration::from_secs(1) * n / rate).saturating_sub(start.elapsed()));
        peer.send(&format!("MSG Luis el mensaje número {n} de una sala en la que se habla mucho\n"));
        sent.fetch_add(1, Ordering::Relaxed);
    }
}

/// Types, and tells for each key how long it took to be seen.
fn type_keys(terminal: &mut Terminal) -> Vec<Duration> {
    let mut line = String::new();
    let keys = ('a'..='z').cycle().take(KEYS);
    keys.map(|key| {
        if line.len() == LINE {
            terminal.type_("\u{15}");
            line.clear();
            terminal.wait_for(|screen| screen.ends_with("\nTú:"));
        }
        thread::sleep(REST);
        line.push(key);
        let (start, shown) = (Instant::now(), format!("\nTú: {line}"));
        terminal.type_(&key.to_string());
        terminal.wait_for(|screen| screen.ends_with(&shown));
        start.elapsed()
    })
    .collect()
}
