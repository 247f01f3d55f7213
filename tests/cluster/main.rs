//! One room on many machines: three `charla-server`s and three `nats-server`s, as real processes, and what befalls them.
//!
//! `ci/cluster` runs it, which has what it needs: `CHARLA_SEED` is the seed of the first act of the nemesis, and
//! `CHARLA_MINUTES` how long there are more of them.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/history/mod.rs"]
mod history;

mod ends;
mod journal;
mod nats;
mod nemesis;
mod nodes;
mod people;
mod proxy;
mod record;
mod room;

use std::env;
use std::net::SocketAddr;
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use nats::Nats;
use nodes::Node;

/// How many `charla-server`s there are, and how many `nats-server`s.
const NODES: usize = 3;
const NATS: usize = 3;

/// How long anything may take that must come: elections among the `nats-server`s have a pace of their own.
const PATIENCE: Duration = Duration::from_mins(1);

/// How much later than the lease it may be told who has left with a node: the machine may be busy.
const MARGIN: Duration = Duration::from_secs(10);

/// How often one looks for what can only be looked for.
const GLANCE: Duration = Duration::from_millis(20);

/// Those that keep a room together. The nodes, which come first, end first.
struct Cluster {
    nodes: Vec<Node>,
    nats: Nats,
}

impl Cluster {
    /// All of them serve.
    fn start(lease: Duration, options: &[&str]) -> Cluster {
        let nats = Nats::start();
        let mut nodes: Vec<_> = (0..NODES).map(|number| Node::new(&nats, number, lease, options)).collect();
        nodes.iter_mut().for_each(Node::start);
        nodes.iter().for_each(Node::wait_until_ready);
        Cluster { nodes, nats }
    }

    /// Where this node serves its clients.
    fn address(&self, node: usize) -> SocketAddr {
        self.nodes[node].address().expect("it runs")
    }
}

#[track_caller]
fn wait_until(what: &str, come: impl FnMut() -> bool) {
    wait_until_or(come, || what.to_owned());
}

/// Waits for what can only be looked for; what is the matter is said if it does not come.
#[track_caller]
fn wait_until_or(mut come: impl FnMut() -> bool, matter: impl Fn() -> String) {
    let start = Instant::now();
    while !come() {
        assert!(start.elapsed() < PATIENCE, "not in {PATIENCE:?}: {}", matter());
        thread::sleep(GLANCE);
    }
}

fn number<N: FromStr>(variable: &str) -> Option<N> {
    let number = env::var(variable).ok()?;
    Some(number.parse().unwrap_or_else(|_| panic!("{variable} is no number: {number}")))
}

/// Tells on its way out of a panic which seed it was.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("this repeats what befell them: ci/cluster 0 {}", self.0);
        }
    }
}

#[test]
fn whatever_befalls_them_the_room_is_one_log() {
    let seed = number("CHARLA_SEED").unwrap_or_else(|| fastrand::u64(..));
    let minutes = number("CHARLA_MINUTES").unwrap_or(0.0);
    let start = Instant::now();
    let mut cluster = Cluster::start(nemesis::LEASE, &[]);
    for seed in seed.. {
        let _told = Seed(seed);
        nemesis::play(&mut cluster, seed);
        if start.elapsed() >= Duration::from_secs_f64(60.0 * minutes) {
            break;
        }
    }
}
