//! What goes wrong: an act is people in a room, what befalls its servers and its journal meanwhile, and whether what was
//! seen of it all is as SPEC.md says.
//!
//! What happens, to whom and for how long follows from the act's seed; what comes of it is left to the machine.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use rustix::process::Signal;

use super::history::{self, History, How};
use super::nodes::Node;
use super::people::{Stage, World};
use super::proxy::State;
use super::{Cluster, MARGIN, NATS, NODES, wait_until_or};

/// Short, so that much happens in a minute: less than what an election among the `nats-server`s may take.
pub(super) const LEASE: Duration = Duration::from_secs(4);

/// What lasts no longer than this is no reason to put anybody out.
const SHORT: Duration = Duration::from_millis(1300);

/// How often things go wrong in an act.
const ROUNDS: usize = 3;

/// Something that goes wrong for a while.
#[derive(Debug)]
struct Trouble {
    what: What,
    lasts: Duration,
}

#[derive(Clone, Copy, Debug)]
enum What {
    NodeKilled(usize),
    NodeStopped(usize),
    /// It stands still.
    NodeHung(usize),
    NodeCutOff(usize, State),
    AllNodesKilled,
    /// From this node to this `nats-server`.
    LinkCut(usize, usize, State),
    NatsKilled(usize),
    NatsHung(usize),
    AllNatsKilled,
}

struct Act<'a> {
    cluster: &'a mut Cluster,
    world: &'a World,
}

/// People who would never go where the act has failed; what they did and saw so far is left in this file.
struct GivesUp<'a>(&'a World, &'a Path);

impl Drop for GivesUp<'_> {
    fn drop(&mut self) {
        self.0.set(Stage::GivenUp);
        if thread::panicking() {
            let written = fs::write(self.1, self.0.record.so_far().to_string());
            eprintln!("{} has the history: {written:?}", self.1.display());
        }
    }
}

/// Plays the act of this seed.
pub(super) fn play(cluster: &mut Cluster, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let plan: Vec<_> = (0..ROUNDS).map(|_| round(&mut rng)).collect();
    println!("the act of seed {seed}:");
    for round in &plan {
        println!("  {round:?}");
    }
    let world = World::new(NODES);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cluster-{seed}.txt"));
    thread::scope(|scope| {
        let _gives_up = GivesUp(&world, &file);
        world.populate(scope, &mut rng);
        let mut act = Act { cluster, world: &world };
        act.open_doors();
        act.calm_down();
        for round in plan {
            act.play(round);
        }
        act.close();
    });
    let history = world.record.history();
    println!("{}", figures(&history));
    judge(&history, &file);
}

/// One or two troubles that do not concern the same.
fn round(rng: &mut Rng) -> Vec<Trouble> {
    let first = Trouble::any(rng);
    let second = rng.bool().then(|| {
        loop {
            let second = Trouble::any(rng);
            if !second.what.meets(first.what) {
                return second;
            }
        }
    });
    let mut round: Vec<_> = [first].into_iter().chain(second).collect();
    round.sort_by_key(|trouble| trouble.lasts);
    round
}

fn figures(history: &History) -> String {
    let (visits, mut said, mut receipts, mut steps) = (history.visits.len(), 0, 0, 0);
    for visit in &history.visits {
        said += visit.said().count();
        receipts += visit.receipts().count();
        steps += visit.steps.len();
    }
    format!("{visits} visits, {said} texts said, {receipts} receipts, {steps} steps")
}

fn judge(history: &History, file: &Path) {
    let broken = history::check(history);
    if broken.is_empty() {
        return;
    }
    let all = broken.join("\n");
    fs::write(file, format!("{all}\n\n{history}")).unwrap();
    let some: Vec<_> = broken.iter().take(10).map(|told| &**told).collect();
    panic!("{} has all of it. SPEC.md is broken {} times, such as:\n{}", file.display(), broken.len(), some.join("\n"));
}

impl Trouble {
    fn any(rng: &mut Rng) -> Trouble {
        let (node, nats) = (rng.usize(..NODES), rng.usize(..NATS));
        let cut = if rng.bool() { State::Held } else { State::Broken };
        let what = match rng.u8(..16) {
            0..3 => What::NodeKilled(node),
            3..5 => What::NodeStopped(node),
            5..7 => What::NodeHung(node),
            7..9 => What::NodeCutOff(node, cut),
            9..10 => What::AllNodesKilled,
            10..12 => What::LinkCut(node, nats, cut),
            12..14 => What::NatsKilled(nats),
            14..15 => What::NatsHung(nats),
            _ => What::AllNatsKilled,
        };
        let longest = if rng.u8(..3) == 0 { SHORT } else { 3 * LEASE };
        Trouble { what, lasts: longest.mul_f64(rng.f64()) }
    }
}

impl What {
    fn nodes(self) -> Range<usize> {
        match self {
            What::NodeKilled(n)
            | What::NodeStopped(n)
            | What::NodeHung(n)
            | What::NodeCutOff(n, _)
            | What::LinkCut(n, ..) => n..n + 1,
            What::AllNodesKilled => 0..NODES,
            What::NatsKilled(_) | What::NatsHung(_) | What::AllNatsKilled => 0..0,
        }
    }

    fn nats(self) -> Range<usize> {
        match self {
            What::NatsKilled(n) | What::NatsHung(n) => n..n + 1,
            What::AllNatsKilled => 0..NATS,
            _ => 0..0,
        }
    }

    fn meets(self, other: What) -> bool {
        let meet = |one: Range<usize>, other: Range<usize>| one.start < other.end && other.start < one.end;
        meet(self.nodes(), other.nodes()) || meet(self.nats(), other.nats())
    }

    fn is_of_the_journal(self) -> bool {
        !self.nats().is_empty()
    }
}

impl Act<'_> {
    fn open_doors(&self) {
        for (number, node) in self.cluster.nodes.iter().enumerate() {
            self.world.set_door(number, node.address());
        }
    }

    /// Lets these troubles come and go, and then everything come to rest.
    fn play(&mut self, round: Vec<Trouble>) {
        self.world.set(Stage::Loud);
        thread::sleep(Duration::from_secs(1));
        // Where the journal waits, nobody can be told in time.
        let in_touch = !round.iter().any(|trouble| trouble.what.is_of_the_journal());
        let start = Instant::now();
        for trouble in &round {
            self.befalls(trouble, in_touch);
            self.begin(trouble.what);
        }
        for trouble in round {
            thread::sleep(trouble.lasts.saturating_sub(start.elapsed()));
            self.end(trouble.what);
        }
        thread::sleep(Duration::from_secs(1));
        self.calm_down();
    }

    /// Writes down who may be put out for it, and by when that has to be told.
    fn befalls(&self, trouble: &Trouble, in_touch: bool) {
        let (how, told) = match trouble.what {
            What::NodeHung(_) | What::NodeCutOff(..) | What::LinkCut(..) if trouble.lasts <= SHORT => return,
            What::NodeKilled(_) => (How::Died, Some(LEASE + MARGIN)),
            What::AllNodesKilled => (How::Died, None),
            What::NodeStopped(_) if in_touch => (How::Stopped, Some(MARGIN)),
            _ => (How::Astray, None),
        };
        let nodes = if trouble.what.is_of_the_journal() { 0..NODES } else { trouble.what.nodes() };
        for node in nodes {
            self.world.record.fall(node, how, told.filter(|_| in_touch));
        }
    }

    fn begin(&mut self, what: What) {
        let Cluster { nodes, nats } = self.cluster;
        match what {
            What::NodeKilled(_) | What::AllNodesKilled => nodes[what.nodes()].iter_mut().for_each(Node::kill),
            What::NodeStopped(node) => nodes[node].stop(),
            What::NodeHung(node) => nodes[node].halt(),
            What::NodeCutOff(node, state) => nodes[node].set_links(state),
            What::LinkCut(node, nats, state) => nodes[node].set_link(nats, state),
            What::NatsKilled(_) | What::AllNatsKilled => what.nats().for_each(|number| nats.kill(number)),
            What::NatsHung(number) => nats.signal(number, Signal::STOP),
        }
        self.open_doors();
    }

    fn end(&mut self, what: What) {
        let Cluster { nodes, nats } = self.cluster;
        match what {
            What::NodeKilled(_) | What::AllNodesKilled | What::NodeStopped(_) => {
                nodes[what.nodes()].iter_mut().for_each(Node::start);
            }
            What::NodeHung(node) => nodes[node].signal(Signal::CONT),
            What::NodeCutOff(node, _) => nodes[node].set_links(State::Whole),
            What::LinkCut(node, nats, _) => nodes[node].set_link(nats, State::Whole),
            What::NatsKilled(_) | What::AllNatsKilled => what.nats().for_each(|number| nats.start_one(number)),
            What::NatsHung(number) => nats.signal(number, Signal::CONT),
        }
        self.open_doors();
    }

    /// Waits until all serve and all have heard the same, and notes that they must have.
    fn calm_down(&self) {
        self.world.set(Stage::Quiet);
        self.cluster.nats.wait_until_in_step();
        self.cluster.nodes.iter().for_each(Node::wait_until_ready);
        wait_until_or(|| self.world.is_calm(), || format!("the room does not come to rest:\n{}", self.world.told()));
        self.world.record.recover();
        self.world.record.lull();
    }

    fn close(&self) {
        self.world.set(Stage::Over);
        wait_until_or(|| self.world.is_empty(), || format!("people cannot leave:\n{}", self.world.told()));
    }
}
