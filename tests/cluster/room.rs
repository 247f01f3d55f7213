//! A room that three nodes keep is one room, as if there were one server.

use std::collections::BTreeSet;
use std::io::Write;
use std::thread;
use std::time::Duration;

use assert_cmd::Command;

use super::common::peer::Peer;
use super::{Cluster, NODES};

/// Nobody dies here.
const LEASE: Duration = Duration::from_mins(1);

#[test]
fn charla_check_passes_against_a_node() {
    let cluster = Cluster::start(LEASE, &[]);
    let address = cluster.address(1).to_string();
    let mut check = Command::cargo_bin("charla-check").unwrap();
    check.args(["server", &address, "--strict"]).env("NO_COLOR", "1").env_remove("CHARLA_LANG");
    let output = check.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}

/// [ROOM-2], [ROOM-4]
#[test]
fn the_roster_has_the_people_of_all_nodes_in_the_order_they_came() {
    let cluster = Cluster::start(LEASE, &[]);
    let mut ana = Peer::join(cluster.address(2), "Ana");
    let mut bea = Peer::join(cluster.address(0), "Bea");
    let mut carlos = Peer::connect(cluster.address(1));
    carlos.send("NAME Carlos");
    for line in ["JOIN Ana", "JOIN Bea", "JOIN Carlos"] {
        carlos.expect(line);
    }
    for line in ["JOIN Bea", "JOIN Carlos"] {
        ana.expect(line);
    }
    bea.expect("JOIN Carlos");
    ana.send("BYE");
    ana.expect_last("BYE quit");
    for peer in [&mut bea, &mut carlos] {
        peer.expect("LEAVE Ana");
    }
}

/// [ROOM-5], [ROOM-6], [ROOM-8], [ROOM-9]
#[test]
fn what_is_said_at_any_node_is_heard_at_all_in_one_order() {
    const TEXTS: usize = 500;
    let cluster = Cluster::start(LEASE, &[]);
    let heard = talk(&cluster, TEXTS);
    assert_eq!(heard[0].iter().collect::<BTreeSet<_>>().len(), NODES * TEXTS);
    for other in &heard {
        assert_eq!(other, &heard[0]);
    }
    for speaker in 0..NODES {
        let own: Vec<_> = heard[0].iter().filter(|line| line.starts_with(&format!("MSG p{speaker} "))).collect();
        assert!(own.iter().enumerate().all(|(n, line)| line.split(' ').nth(2) == Some(&n.to_string())), "{own:?}");
    }
}

/// Somebody at each node says so many things, as fast as may be; gives what each of them hears.
fn talk(cluster: &Cluster, texts: usize) -> Vec<Vec<String>> {
    let mut peers: Vec<_> = (0..NODES).map(|node| Peer::join(cluster.address(node), &format!("p{node}"))).collect();
    for (node, peer) in peers.iter_mut().enumerate() {
        (node + 1..NODES).for_each(|later| peer.expect(&format!("JOIN p{later}")));
    }
    let talkers: Vec<_> = peers.into_iter().map(|peer| thread::spawn(move || say_and_hear(peer, texts))).collect();
    talkers.into_iter().map(|talker| talker.join().unwrap()).collect()
}

fn say_and_hear(mut peer: Peer, texts: usize) -> Vec<String> {
    let said: String = (0..texts).map(|n| format!("MSG {n} {}\n", "x".repeat(1000))).collect();
    let mut mouth = peer.stream().try_clone().unwrap();
    // One who only spoke would not be heard to the end.
    let speaking = thread::spawn(move || mouth.write_all(said.as_bytes()).unwrap());
    let heard = (0..NODES * texts).map(|_| peer.line().unwrap()).collect();
    speaking.join().unwrap();
    heard
}

/// [BYE-3], [NAME-7], [NAME-10], [LEAVE-6]: whoever comes first, and wherever they come in.
#[test]
fn of_two_who_want_a_name_at_two_nodes_one_gets_in() {
    let cluster = Cluster::start(LEASE, &[]);
    let mut witness = Peer::join(cluster.address(2), "Zoe");
    for round in 0..20 {
        let other = ["Ana", "ANA", "Аna"][round % 3];
        let names = ["Ana", other];
        let mut peers = [round % 3, (round + 1) % 3].map(|node| Peer::connect(cluster.address(node)));
        peers.iter_mut().zip(names).for_each(|(peer, name)| peer.send(&format!("NAME {name}")));
        let [first, second] = &mut peers;
        let answers = [first, second].map(|peer| peer.line().unwrap());
        let winner = answers.iter().position(|answer| answer == "JOIN Zoe").expect("one gets in");
        assert_eq!(answers[1 - winner].split(' ').take(2).collect::<Vec<_>>(), ["BYE", "name-taken"], "{answers:?}");
        let name = names[winner];
        peers[winner].expect(&format!("JOIN {name}"));
        peers[winner].send("BYE");
        peers[winner].expect_last("BYE quit");
        // The next two come at once: the name is free everywhere.
        witness.expect(&format!("JOIN {name}"));
        witness.expect(&format!("LEAVE {name}"));
    }
    assert!(witness.fence("Zoe").is_empty());
}

/// [SLOW-10]: the stream is full many times over, and who begins anew finds the room as it is.
#[test]
fn what_falls_out_of_the_journal_is_missed_by_nobody() {
    // As little as may be of it is kept; what is said is three times as much.
    let unlimited = ["--lines-per-second", "0", "--bytes-per-second", "0"];
    let mut cluster = Cluster::start(LEASE, &[&["--journal-bytes", "4194304"][..], &unlimited].concat());
    let mut ana = Peer::join(cluster.address(0), "Ana");
    let ana = thread::spawn(move || {
        let leave = |line: &String| line.starts_with("LEAVE ");
        assert_eq!(std::iter::from_fn(|| ana.line()).filter(leave).take(NODES).count(), NODES);
        ana
    });
    let heard = talk(&cluster, 4000);
    for other in &heard {
        assert_eq!(other, &heard[0]);
    }
    let mut ana = ana.join().unwrap();
    cluster.nodes[2].stop();
    cluster.nodes[2].start();
    cluster.nodes[2].wait_until_ready();
    let mut bea = Peer::connect(cluster.address(2));
    bea.send("NAME Bea");
    for line in ["JOIN Ana", "JOIN Bea"] {
        bea.expect(line);
    }
    ana.expect("JOIN Bea");
}
