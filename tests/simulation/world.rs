//! A run: a server, people, and what goes wrong between them, all as the seed says.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use charla::server::{Options, Server};
use fastrand::Rng;
use tokio::sync::Notify;
use turmoil::Sim;

use super::history::History;
use super::person::Person;
use super::record::Record;
use super::wire::Net;

const PEOPLE: usize = 6;

/// How far the time goes on at once.
const TICK: Duration = Duration::from_millis(10);

/// What all in a run know.
pub(super) struct World {
    pub(super) record: Record,
    pub(super) net: Net,
    /// Whether there is so much talk that the log is full.
    pub(super) crowded: bool,
    /// Nobody begins anything.
    quiet: Cell<bool>,
    closing: Cell<bool>,
    close: Notify,
    closed: Cell<bool>,
}

/// How a person is connected to the server.
#[derive(Clone, Copy, PartialEq)]
enum Link {
    Whole,
    /// What is under way waits, until this many ticks have passed.
    Held(u32),
    /// What is under way is lost, until this many ticks have passed.
    Cut(u32),
}

struct Run {
    sim: Sim<'static>,
    world: Rc<World>,
    rng: Rng,
    links: [Link; PEOPLE],
}

impl World {
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet.get()
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.get()
    }

    /// This person's connection carries nothing any more, and nobody tells the server.
    pub(super) fn vanish(&self, person: usize) {
        turmoil::partition(host(person), "server");
        self.record.cut_off(person);
    }
}

fn host(person: usize) -> String {
    format!("person-{person}")
}

/// The history that this seed gives.
pub(super) fn run(seed: u64) -> History {
    let mut rng = Rng::with_seed(seed);
    let crowded = rng.u8(..16) == 0;
    let world = World {
        record: Record::default(),
        net: Net::default(),
        crowded,
        quiet: Cell::new(false),
        closing: Cell::new(false),
        close: Notify::new(),
        closed: Cell::new(false),
    };
    let mut run = Run { sim: sim(seed, crowded, &mut rng), world: Rc::new(world), rng, links: [Link::Whole; PEOPLE] };
    run.populate();
    for _ in 0..3 {
        run.trouble();
        run.calm();
    }
    if run.rng.bool() {
        run.trouble();
    }
    run.close();
    let Run { sim, world, .. } = run;
    drop(sim);
    world.record.clone().history()
}

fn sim(seed: u64, crowded: bool, rng: &mut Rng) -> Sim<'static> {
    let slowest = if crowded { 10 } else { rng.u64(1..60) };
    turmoil::Builder::new()
        .rng_seed(seed)
        .simulation_duration(Duration::from_hours(1))
        .tick_duration(TICK)
        .max_message_latency(Duration::from_millis(slowest))
        .tcp_capacity(rng.usize(32..64))
        .enable_random_order()
        .build()
}

async fn serve(world: Rc<World>, options: Options) -> turmoil::Result {
    let door = world.net.listen().await?;
    Server::new(options).listen(door).run(world.close.notified()).await;
    world.closed.set(true);
    Ok(())
}

impl Run {
    fn populate(&mut self) {
        let options = Options {
            max_connections: self.rng.usize(4..12),
            name_timeout: Duration::from_secs(1),
            patience: Duration::from_millis(self.rng.u64(300..4000)),
            // Who floods the log is not to wait for his rates.
            burst: Duration::from_secs(200),
            ..Options::default()
        };
        let world = Rc::clone(&self.world);
        self.sim.host("server", move || serve(Rc::clone(&world), options.clone()));
        for number in 0..PEOPLE {
            let person = Person { number, rng: self.rng.fork(), world: Rc::clone(&self.world) };
            self.sim.client(host(number), person.live());
        }
    }

    /// People do what they like, and the network what it likes.
    fn trouble(&mut self) {
        let longest = if self.world.crowded { 600 } else { 250 };
        for _ in 0..self.rng.u32(50..longest) {
            self.disturb();
            self.step();
        }
    }

    fn disturb(&mut self) {
        for person in 0..PEOPLE {
            self.links[person] = match self.links[person] {
                Link::Whole if self.rng.u16(..300) == 0 => self.break_link(person),
                Link::Held(0) | Link::Cut(0) => self.mend(person),
                Link::Held(ticks) => Link::Held(ticks - 1),
                Link::Cut(ticks) => Link::Cut(ticks - 1),
                Link::Whole => Link::Whole,
            };
        }
    }

    fn break_link(&mut self, person: usize) -> Link {
        let ticks = self.rng.u32(1..60);
        if self.rng.u8(..3) > 0 {
            self.sim.hold(host(person), "server");
            if self.world.crowded {
                // Who hears nothing for long may be put out.
                self.world.record.cut_off(person);
            }
            return Link::Held(ticks);
        }
        self.sim.partition(host(person), "server");
        self.world.record.cut_off(person);
        Link::Cut(ticks)
    }

    fn mend(&mut self, person: usize) -> Link {
        self.sim.release(host(person), "server");
        Link::Whole
    }

    fn mend_all(&mut self) {
        for person in 0..PEOPLE {
            self.links[person] = self.mend(person);
        }
    }

    /// Lets everything come to rest, and notes that it has.
    fn calm(&mut self) {
        self.world.quiet.set(true);
        self.mend_all();
        self.steps(if self.world.crowded { 700 } else { 120 });
        self.world.record.lull();
        self.world.quiet.set(false);
    }

    /// [LEAVE-9], [LEAVE-11]: the server stops, and all comes to an end in time.
    fn close(&mut self) {
        self.mend_all();
        self.world.closing.set(true);
        self.world.close.notify_one();
        self.steps(200);
        assert!(self.world.closed.get(), "[LEAVE-11] the server has not ended 2 s after its shutdown");
        let all_ended = (0..1000).any(|_| self.step());
        assert!(all_ended, "the people have not gone 12 s after the shutdown");
    }

    fn steps(&mut self, ticks: u32) {
        for _ in 0..ticks {
            self.step();
        }
    }

    /// Whether all people have gone.
    fn step(&mut self) -> bool {
        self.sim.step().unwrap()
    }
}
