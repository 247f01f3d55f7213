//! Does one kind of work so many times, for `ci/bench` to count its instructions:
//! `counts WORK TIMES`.

mod work;

use work::Hall;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, work, times, ..] = &arguments[..] else { return };
    let mut hall = Hall::new(match work.as_str() {
        "read" => 100,
        "visit" => 1000,
        _ => 1,
    });
    for _ in 0..times.parse().unwrap_or(0) {
        match work.as_str() {
            "say" | "read" => hall.say(),
            "visit" => drop(hall.visit()),
            _ => panic!("no such work: {work}"),
        }
        hall.read();
    }
}
