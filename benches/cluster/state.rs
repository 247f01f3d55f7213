//! A large room on a node: the state, which one tells now and then and a new one begins with, and
//! what it costs when somebody of another node leaves and joins.

use std::fs;
use std::time::{Duration, Instant};

use charla::room::{Confusables, Limits, MIN_KEPT, Node, Record, Room};

use super::Result;

const PEOPLE: [u32; 3] = [10_000, 100_000, 1_000_000];

/// How many of them leave, and join again.
const MOVES: u32 = 100;

pub(super) fn measure() -> Result<()> {
    PEOPLE.into_iter().try_for_each(tell)
}

fn tell(people: u32) -> Result<()> {
    let mut state = "at 1000000 1000000\nnode 0000000000000001 1000000\n".to_owned();
    state.extend((1..=people).map(|number| format!("here {number} 0000000000000001 c{number:07}\n")));
    let limits = Limits { kept: MIN_KEPT, patience: Duration::from_secs(5), confusables: Confusables::Refuse };
    let (mut room, before, begun) = (Room::new(limits), resident()?, Instant::now());
    room.begin(Node(2), &state)?;
    let (begun, memory, told) = (begun.elapsed(), resident()?.saturating_sub(before), Instant::now());
    let (length, told) = (room.state().len(), told.elapsed());
    let (left, joined) = come_and_go(&mut room, people);
    println!(
        "{people:7} people: {:7.1} ms to begin with, {:6.1} ms to tell; {:.0} bytes of state and {:.0} of memory for each; a LEAVE {:.1} µs, a JOIN {:.1} µs",
        begun.as_secs_f64() * 1e3,
        told.as_secs_f64() * 1e3,
        f64::from(u32::try_from(length)?) / f64::from(people),
        f64::from(u32::try_from(memory / 1024)?) * 1024.0 / f64::from(people),
        left.as_secs_f64() * 1e6,
        joined.as_secs_f64() * 1e6,
    );
    Ok(())
}

/// How long it takes on average until one has left, and has joined again.
fn come_and_go(room: &mut Room, people: u32) -> (Duration, Duration) {
    let mut place = 1_000_000;
    let mut apply = |node, lines: &str| {
        place += 1;
        let begun = Instant::now();
        room.apply(place, node, Record::Lines(lines.as_bytes()), begun);
        begun.elapsed()
    };
    // Its own sign of life opens the node.
    apply(Node(2), "");
    let (mut left, mut joined) = (Duration::ZERO, Duration::ZERO);
    for number in (0..MOVES).map(|move_| people / MOVES * move_ + people / MOVES / 2) {
        left += apply(Node(1), &format!("LEAVE c{number:07}\n"));
        joined += apply(Node(1), &format!("JOIN c{number:07}\n"));
    }
    (left / MOVES, joined / MOVES)
}

/// The memory of this process that is in use, in bytes.
fn resident() -> Result<usize> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages: usize = statm.split(' ').nth(1).ok_or("no memory is told")?.parse()?;
    Ok(pages * rustix::param::page_size())
}
