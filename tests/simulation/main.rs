//! The real server and the real client over a simulated network and in simulated time, through
//! all that goes wrong between people, the network and a server; then the history of it is held against SPEC.md.
//!
//! Everything that happens in a run follows from its seed. `ci/simulate` tries many more of them:
//! `CHARLA_SEED` is the first, `CHARLA_SEEDS` how many.

#[path = "../common/history/mod.rs"]
mod history;
mod person;
mod record;
mod stay;
mod tap;
mod wire;
mod world;

use std::env;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

/// How many seeds are tried, unless it is told otherwise.
const SEEDS: u64 = 256;

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|number| number.parse().unwrap_or_else(|_| panic!("{variable} is no number: {number}")))
}

/// Tells on its way out of a panic which seed it was.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("this repeats it: CHARLA_SEED={} cargo test --test simulation whatever_happens", self.0);
        }
    }
}

fn try_seed(seed: u64) {
    let _told = Seed(seed);
    let history = world::run(seed);
    let broken = history::check(&history);
    assert!(broken.is_empty(), "{history}\nseed {seed} breaks SPEC.md:\n{}", broken.join("\n"));
}

#[test]
fn whatever_happens_the_room_is_one_log() {
    let seed = number("CHARLA_SEED");
    let first = seed.unwrap_or(0);
    let end = first + number("CHARLA_SEEDS").unwrap_or(if seed.is_some() { 1 } else { SEEDS });
    let next = AtomicU64::new(first);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let seeds = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
                seeds.take_while(|seed| *seed < end).for_each(try_seed);
            });
        }
    });
}

/// Nothing in a run is left to chance.
#[test]
fn a_seed_gives_the_same_history_again() {
    for seed in 0..10 {
        assert_eq!(world::run(seed), world::run(seed), "seed {seed}");
    }
}
