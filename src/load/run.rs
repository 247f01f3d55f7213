//! One run: all join, the senders speak, all wait for the last delivery, all leave.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::{JoinSet, LocalSet};
use tokio::time::{sleep, timeout};

use super::outcome::Outcome;
use super::participant::{Part, connect, take_part};
use super::process::{self, Meter};
use super::room::Room;
use super::{Failure, Plan, Progress};
use crate::client::JoinError;

/// How often it is looked how far the run is.
const LOOK: Duration = Duration::from_millis(20);

/// For how long nothing may come until all that comes from the joining has come.
const SETTLED: Duration = Duration::from_millis(200);

/// For how long nothing may come until what is missing is lost.
const QUIET: Duration = Duration::from_secs(3);

/// How long the server may take to accept the first connection.
const REACH: Duration = Duration::from_secs(10);

/// Files that a process has open besides the connections.
const OWN_FILES: u64 = 32;

/// Makes this run, and tells every now and then how far it is.
///
/// # Errors
/// It could not begin.
pub fn run(plan: &Plan, progress: impl FnMut(Progress)) -> Result<Outcome, Failure> {
    let wanted = plan.participants as u64 + OWN_FILES;
    process::allow_files(wanted).map_err(|most| Failure::Files { wanted, most })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::System)?;
    LocalSet::new().block_on(&runtime, async {
        let mut run = Run::new(plan, progress)?;
        run.gather().await?;
        let start = run.begin();
        run.speak(start).await;
        run.wait().await;
        Ok(run.end().await)
    })
}

fn unreached(address: SocketAddr, error: JoinError) -> Failure {
    match error {
        JoinError::Unreachable(error) => Failure::Unreached(address, error),
        JoinError::Tls(refusal) => Failure::NoTls(address, refusal),
        error => Failure::Unreached(address, io::Error::other(error)),
    }
}

struct Run<'a, P> {
    plan: &'a Plan,
    progress: P,
    room: Rc<Room>,
    tasks: JoinSet<Part>,
    joining: Duration,
    /// One for each process that is looked at.
    meters: Vec<Meter>,
    /// The CPU time that the load had used before the speaking.
    own_before: Duration,
}

impl<'a, P: FnMut(Progress)> Run<'a, P> {
    fn new(plan: &'a Plan, progress: P) -> Result<Run<'a, P>, Failure> {
        let room = Room::new(plan).map_err(|error| Failure::System(io::Error::other(error)))?;
        let meter = |pid| Meter::new(pid).map_err(|error| Failure::Process(pid, error));
        Ok(Run {
            plan,
            progress,
            room: Rc::new(room),
            tasks: JoinSet::new(),
            joining: Duration::ZERO,
            meters: plan.pids.iter().copied().map(meter).collect::<Result<_, _>>()?,
            own_before: Duration::ZERO,
        })
    }

    /// All join, and hear of each other.
    async fn gather(&mut self) -> Result<(), Failure> {
        let plan = Rc::new(self.plan.clone());
        for server in &plan.servers {
            let reached = timeout(REACH, connect(server)).await;
            let reached = reached.unwrap_or_else(|late| Err(JoinError::Unreachable(late.into())));
            drop(reached.map_err(|error| unreached(server.address, error))?);
        }
        let start = Instant::now();
        for number in 0..self.plan.participants {
            self.tasks.spawn_local(take_part(Rc::clone(&self.room), Rc::clone(&plan), number));
        }
        while self.room.tried.get() < self.plan.participants {
            (self.progress)(Progress::Joining(self.room.tried.get()));
            self.look().await;
        }
        self.joining = start.elapsed();
        self.until_quiet(SETTLED, |_| false).await;
        Ok(())
    }

    fn begin(&mut self) -> Instant {
        self.meters.iter_mut().for_each(Meter::begin);
        self.own_before = process::own_cpu();
        self.room.begin()
    }

    async fn speak(&mut self, start: Instant) {
        while start.elapsed() < self.plan.lasts && self.room.present.get() > 0 {
            (self.progress)(Progress::Speaking(start.elapsed()));
            self.look().await;
        }
    }

    /// Waits for the last delivery.
    async fn wait(&mut self) {
        self.until_quiet(QUIET, |run| {
            let missing = run.missing();
            (run.progress)(Progress::Waiting(missing));
            missing == 0
        })
        .await;
    }

    fn missing(&self) -> u64 {
        self.room.texts().saturating_mul(self.room.present.get()).saturating_sub(self.room.heard.get())
    }

    /// Waits until `done`, or until nothing was read for as long as this.
    async fn until_quiet(&mut self, quiet: Duration, done: impl Fn(&mut Self) -> bool) {
        let (mut reads, mut since) = (self.room.reads.get(), Instant::now());
        while !done(self) && since.elapsed() < quiet {
            self.look().await;
            if reads != self.room.reads.get() {
                (reads, since) = (self.room.reads.get(), Instant::now());
            }
        }
    }

    /// Lets some time pass.
    async fn look(&mut self) {
        sleep(LOOK).await;
        self.meters.iter_mut().for_each(Meter::look);
    }

    async fn end(mut self) -> Outcome {
        let own_cpu = process::own_cpu().saturating_sub(self.own_before);
        let processes = self.meters.iter_mut().map(Meter::used).collect();
        self.room.leave.notify_waiters();
        // A task that has panicked would take what it heard with it, so it ends the run.
        let parts = self.tasks.join_all().await;
        Outcome {
            joining: self.joining,
            said: self.room.said.get(),
            own_cpu,
            processes,
            ..Outcome::of(self.plan, &parts, self.room.sound())
        }
    }
}
