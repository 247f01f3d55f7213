//! What becomes of people when their node ends, or is held for dead.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::common::peer::Peer;
use super::proxy::State;
use super::{Cluster, MARGIN};

/// Long enough for a busy machine, and short enough to be waited for.
const LEASE: Duration = Duration::from_secs(4);

/// At the first node Ana, who sees it all; at the second the others.
struct Scene {
    cluster: Cluster,
    ana: Peer,
    others: Vec<Peer>,
}

const OTHERS: [&str; 3] = ["Bea", "Carlos", "Dora"];

impl Scene {
    fn set(lease: Duration) -> Scene {
        let cluster = Cluster::start(lease, &[]);
        let mut ana = Peer::join(cluster.address(0), "Ana");
        let join = |name: &&str| Peer::join(cluster.address(1), name);
        let mut others: Vec<_> = OTHERS.iter().map(join).collect();
        for name in OTHERS {
            ana.expect(&format!("JOIN {name}"));
        }
        for (number, other) in others.iter_mut().enumerate() {
            OTHERS.iter().skip(number + 1).for_each(|later| other.expect(&format!("JOIN {later}")));
        }
        Scene { cluster, ana, others }
    }

    /// Ana hears that all others leave, each once and nothing else; gives when that was.
    fn all_leave(&mut self) -> Instant {
        let left: BTreeSet<_> = OTHERS.iter().map(|_| self.ana.line().unwrap()).collect();
        let when = Instant::now();
        assert_eq!(left, OTHERS.iter().map(|name| format!("LEAVE {name}")).collect());
        assert!(self.ana.fence("Ana").is_empty());
        when
    }

    /// The second node serves again, and its people come back.
    fn all_come_back(&mut self) {
        self.cluster.nodes[1].wait_until_ready();
        for name in OTHERS {
            Peer::join(self.cluster.address(1), name);
            self.ana.skip_to(&format!("JOIN {name}"));
        }
    }
}

/// [LEAVE-1], [LEAVE-2]
#[test]
fn the_people_of_a_node_that_dies_leave_once_within_the_lease() {
    let mut scene = Scene::set(LEASE);
    let died = Instant::now();
    scene.cluster.nodes[1].kill();
    let late = scene.all_leave() - died;
    assert!(late < LEASE + MARGIN, "{late:?}");
    scene.cluster.nodes[1].start();
    scene.all_come_back();
}

/// [LEAVE-1], [LEAVE-9], [BYE-14]: at once, as the lease is longer than anybody waits here.
#[test]
fn the_people_of_a_node_that_stops_leave_at_once() {
    let mut scene = Scene::set(Duration::from_mins(10));
    scene.cluster.nodes[1].stop();
    for other in &mut scene.others {
        other.expect_last("BYE shutdown");
    }
    scene.all_leave();
    scene.cluster.nodes[1].start();
    scene.all_come_back();
}

/// [LEAVE-1]: what a node that stood still has read meanwhile is not said after its people have left.
#[test]
fn a_node_that_stood_still_for_longer_than_the_lease_finds_itself_ended() {
    let mut scene = Scene::set(LEASE);
    scene.cluster.nodes[1].halt();
    for other in &mut scene.others {
        other.send("MSG too late");
    }
    scene.all_leave();
    scene.cluster.nodes[1].signal(Signal::CONT);
    for other in scene.others.drain(..) {
        is_put_out(other);
    }
    assert!(scene.ana.fence("Ana").is_empty());
    scene.all_come_back();
}

/// [LEAVE-1], [LEAVE-9], [LEAVE-14]: before anybody can have their names, and it comes back without a restart.
#[test]
fn a_node_that_is_cut_off_puts_its_people_out_before_the_others_do() {
    for cut in [State::Held, State::Broken] {
        let mut scene = Scene::set(LEASE);
        scene.cluster.nodes[1].set_links(cut);
        let out: Vec<_> = scene.others.drain(..).map(|other| thread::spawn(move || is_put_out(other))).collect();
        let left = scene.all_leave();
        for out in out {
            let out = out.join().unwrap();
            assert!(out < left, "{cut:?}: they were put out {:?} after the others had heard of it", out - left);
        }
        assert!(!scene.cluster.nodes[1].is_ready());
        scene.cluster.nodes[1].set_links(State::Whole);
        scene.all_come_back();
    }
}

/// Nothing more is said to this one but that the server stops; and not even that where a text is on its way, as nobody knows
/// what became of it [BYE-14]. Gives when it ended.
fn is_put_out(peer: Peer) -> Instant {
    let (rest, end) = peer.rest();
    let when = Instant::now();
    assert!(end.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::ConnectionReset), "{end:?}");
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.is_empty() || rest == "BYE shutdown\n", "{rest:?}");
    when
}

/// Nobody is there to see it, and nothing is left of it in the end.
#[test]
fn after_the_death_of_all_nodes_nobody_has_a_name() {
    let mut scene = Scene::set(LEASE);
    let died = Instant::now();
    for node in &mut scene.cluster.nodes {
        node.kill();
    }
    for node in &mut scene.cluster.nodes {
        node.start();
    }
    scene.cluster.nodes[2].wait_until_ready();
    for name in ["Ana"].iter().chain(&OTHERS) {
        while !is_let_in_alone(&scene.cluster, name) {
            assert!(died.elapsed() < LEASE + 2 * MARGIN, "{name} is still held");
        }
    }
}

/// Whether somebody of this name finds the room empty.
fn is_let_in_alone(cluster: &Cluster, name: &str) -> bool {
    let mut peer = Peer::connect(cluster.address(2));
    peer.send(&format!("NAME {name}\nBYE"));
    let lines: Vec<_> = std::iter::from_fn(|| peer.line()).collect();
    let joined = lines.iter().filter(|line| line.starts_with("JOIN ")).count();
    assert!(joined == 0 || lines.last().unwrap() == "BYE quit", "{lines:?}");
    joined == 1
}
