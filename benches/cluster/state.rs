//! The state of a large room, which one node tells now and then and a new one begins with.

use std::fs;
use std::time::{Duration, Instant};

use charla::room::{Confusables, Limits, MIN_KEPT, Node, Room};

use super::Result;

const PEOPLE: [u32; 3] = [10_000, 100_000, 1_000_000];

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
    let length = room.state().len();
    println!(
        "{people:7} people: {:6.1} ms to begin with, {:6.1} ms to tell; {:.0} bytes of state and {:.0} of memory for each",
        begun.as_secs_f64() * 1e3,
        told.elapsed().as_secs_f64() * 1e3,
        f64::from(u32::try_from(length)?) / f64::from(people),
        f64::from(u32::try_from(memory / 1024)?) * 1024.0 / f64::from(people),
    );
    Ok(())
}

/// The memory of this process that is in use, in bytes.
fn resident() -> Result<usize> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages: usize = statm.split(' ').nth(1).ok_or("no memory is told")?.parse()?;
    Ok(pages * rustix::param::page_size())
}
