//! A day of a server in minutes: `cargo bench --bench soak -- --minutes 10`, or `ci/soak 10`.
//!
//! The release server runs under wave after wave of 2,000 clients that come, speak, stall, vanish, paste and
//! break the rules, while its console is read slowly. A [`wave`] begins and ends with an empty room, and what
//! some of its clients saw is held against SPEC.md by the checker of histories. After each wave nothing may be left in the
//! server: no connection, no task, no descriptor. After the last one its memory is what it was after the first, which
//! warms it up: an allocator keeps what it has once needed.
//!
//! Who does what is drawn from `--seed`; when it happens is left to the machine. It needs Linux.

#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/common/history/mod.rs"]
mod history;

mod guest;
mod host;
mod line;
mod seats;
mod stranger;
mod tally;
mod wave;

use std::env;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use host::Host;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tally::Tally;
use tokio::task::LocalSet;

/// What broke, in words.
type Result<T> = std::result::Result<T, String>;

/// How far the memory may end from where it began, in percent.
const MEMORY: u64 = 10;

/// How long what must come may take: a congested room stands still for the server's patience.
const DEADLINE: Duration = Duration::from_secs(40);

struct Plan {
    minutes: f64,
    seed: u64,
}

fn main() -> ExitCode {
    match plan().and_then(|plan| soak(&plan)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("the soak failed: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn plan() -> Result<Plan> {
    let mut plan = Plan { minutes: 2.0, seed: fastrand::u64(..) };
    let mut words = env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let number = words.next().ok_or(format!("{word} wants a number"))?;
        let wrong = |_| format!("{word} wants a number, and {number} is none");
        match word.as_str() {
            "--minutes" => {
                plan.minutes = number.parse().map_err(|error: std::num::ParseFloatError| wrong(error.to_string()))?;
            }
            "--seed" => {
                plan.seed = number.parse().map_err(|error: std::num::ParseIntError| wrong(error.to_string()))?;
            }
            _ => return Err(format!("{word} is not known; there are --minutes N and --seed N")),
        }
    }
    Ok(plan)
}

fn soak(plan: &Plan) -> Result<()> {
    println!("soaking for {} minutes, with --seed {}", plan.minutes, plan.seed);
    open_many_files()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(LocalSet::new().run_until(all_waves(plan)))
}

/// As many files as there may be: a descriptor for each client, here and in the server, which inherits this.
fn open_many_files() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })
        .map_err(|error| format!("no more files may be opened: {error}"))
}

async fn all_waves(plan: &Plan) -> Result<()> {
    let host = Host::start()?;
    let tally = Rc::new(Tally::default());
    let mut rng = Rng::with_seed(plan.seed);
    let start = Instant::now();
    let fresh = host.fresh().await?;
    let (mut rest, mut warm) = (fresh, None);
    while warm.is_none() || start.elapsed() < Duration::from_secs_f64(plan.minutes * 60.0) {
        wave::run(host.address, &tally, rng.fork()).await?;
        rest = host.comes_to_rest(&fresh).await?;
        println!("{:4} s: {tally}; memory {} KiB", start.elapsed().as_secs(), host.memory()?.now);
        warm.get_or_insert(host.memory()?.now);
    }
    let warm = warm.unwrap_or_default();
    tally.agrees_with(&host.metrics())?;
    println!("{}", tally.report(&host, (&fresh, &rest), warm)?);
    host.memory_is(warm, MEMORY).await?;
    host.stop()
}
