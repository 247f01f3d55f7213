//! What a line costs before it comes to the sockets: `cargo bench --bench room`.

mod work;

use charla::proto::{Name, Text, encode};
use divan::Bencher;
use divan::counter::ItemsCount;
use work::{Hall, LINES};

fn main() {
    divan::main();
}

/// A message of 64 bytes is cut, parsed, checked, appended, and read by one.
#[divan::bench]
fn say(bencher: Bencher<'_, '_>) {
    let mut hall = Hall::new(1);
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| {
        hall.say();
        hall.read();
    });
}

/// A message is written as a line.
#[divan::bench]
fn encode_msg(bencher: Bencher<'_, '_>) {
    let (name, text) = (Name::new("Ana").unwrap(), "x".repeat(64));
    let mut out = Vec::with_capacity(128);
    bencher.bench_local(|| {
        out.clear();
        encode::msg_event(&name, Text::new(&text).unwrap(), &mut out);
    });
}

/// Lines are appended and read by so many.
#[divan::bench(args = [1, 10, 100, 1_000, 10_000])]
fn deliver(bencher: Bencher<'_, '_>, readers: usize) {
    let mut hall = Hall::new(readers);
    bencher.counter(ItemsCount::new(LINES * readers)).bench_local(|| {
        hall.say();
        hall.read();
    });
}

/// Someone comes to 10,000, is given the roster, and goes.
#[divan::bench]
fn visit(bencher: Bencher<'_, '_>) {
    let mut hall = Hall::new(10_000);
    bencher.bench_local(|| {
        let roster = hall.visit();
        hall.read();
        roster
    });
}
