//! What becomes of a room while NATS is away, and when it is not fit.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use super::common::peer::Peer;
use super::common::server::{command, read_all, wait};
use super::nats::Nats;
use super::nodes::Node;
use super::{Cluster, NATS, NODES};

/// Longer than it takes until the `nats-server`s have all come back.
const LEASE: Duration = Duration::from_mins(2);

/// One person at each node, who knows the others.
fn one_at_each_node(cluster: &Cluster) -> Vec<Peer> {
    let mut peers: Vec<_> = (0..NODES).map(|node| Peer::join(cluster.address(node), &format!("p{node}"))).collect();
    for (node, peer) in peers.iter_mut().enumerate() {
        (node + 1..NODES).for_each(|later| peer.expect(&format!("JOIN p{later}")));
    }
    peers
}

/// [ROOM-5], [ROOM-6], [ROOM-9], [SLOW-12]: those who have joined stay, what is said waits, and so does a newcomer.
#[test]
fn while_nats_is_away_the_room_stands_still_and_goes_on_after() {
    let mut cluster = Cluster::start(LEASE, &[]);
    let mut peers = one_at_each_node(&cluster);
    (0..NATS).for_each(|number| cluster.nats.kill(number));
    for peer in &mut peers {
        (0..100).for_each(|n| peer.send(&format!("MSG {n}")));
    }
    let mut newcomer = Peer::connect(cluster.address(0));
    newcomer.send("NAME Zoe\nMSG last");
    cluster.nats.start_all();
    newcomer.skip_to("MSG Zoe last");
    for peer in &mut peers {
        peer.send("MSG end");
    }
    let heard: Vec<_> = peers.iter_mut().map(hear_to_the_ends).collect();
    for other in &heard {
        assert_eq!(other, &heard[0]);
    }
    for node in 0..NODES {
        let own: Vec<_> = heard[0].iter().filter_map(|line| line.strip_prefix(&format!("MSG p{node} "))).collect();
        let said: Vec<_> = (0..100).map(|n| n.to_string()).chain(["end".to_owned()]).collect();
        assert_eq!(own, said);
    }
}

/// All up to the last of the last words of those at the nodes.
fn hear_to_the_ends(peer: &mut Peer) -> Vec<String> {
    let mut ends = 0;
    let mut heard = Vec::new();
    while ends < NODES {
        let line = peer.line().unwrap();
        ends += usize::from(line.ends_with(" end"));
        heard.push(line);
    }
    heard
}

/// [ROOM-5], [ROOM-6]: who leads the stream is killed, again and again, while people talk.
#[test]
fn the_death_of_the_nats_server_that_leads_puts_nobody_out() {
    let mut cluster = Cluster::start(LEASE, &[]);
    let mut peers = one_at_each_node(&cluster);
    for round in 0..3 {
        let leader = cluster.nats.leader();
        cluster.nats.kill(leader);
        for peer in &mut peers {
            (0..20).for_each(|n| peer.send(&format!("MSG {round}-{n}")));
            peer.send("MSG end");
        }
        let heard: Vec<_> = peers.iter_mut().map(hear_to_the_ends).collect();
        for other in &heard {
            assert_eq!(other, &heard[0]);
        }
        assert_eq!(heard[0].len(), NODES * 21);
        cluster.nats.start_all();
    }
}

#[test]
fn a_node_waits_for_nats_and_says_so() {
    let mut nats = Nats::lay_out();
    let mut node = Node::new(&nats, 0, LEASE, &[]);
    node.start();
    node.server().wait_for_log("waiting for NATS");
    assert!(!node.is_ready());
    let mut ana = Peer::connect(node.address().unwrap());
    ana.send("NAME Ana");
    nats.start_all();
    ana.expect("JOIN Ana");
    node.wait_until_ready();
}

#[test]
fn a_node_that_waits_for_nats_can_be_stopped() {
    let nats = Nats::lay_out();
    let mut node = Node::new(&nats, 0, LEASE, &[]);
    node.start();
    node.server().wait_for_log("waiting for NATS");
    node.stop();
}

#[test]
fn a_nats_server_that_is_too_old_is_refused_with_the_version_that_is_needed() {
    let journal = format!("nats://{}", nats_server_of("2.9.25"));
    let mut child = command(&["--journal", &journal]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    assert_eq!(wait(&mut child).code(), Some(1));
    let error = read_all(child.stderr.take().unwrap());
    assert!(error.contains("2.9.25") && error.contains("2.10.0"), "{error}");
    assert_eq!(read_all(child.stdout.take().unwrap()), "");
}

/// One that does no more than say of which version it is, and that it lives.
fn nats_server_of(version: &str) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    let info = format!(
        r#"INFO {{"server_id":"OLD","version":"{version}","proto":1,"host":"127.0.0.1","port":{},"headers":true,"max_payload":1048576,"jetstream":true}}"#,
        place.port()
    );
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            // A client that ends cares for nothing.
            let _ = write!(stream, "{info}\r\n");
            lines.filter(|line| line == "PING").for_each(|_| drop(stream.write_all(b"PONG\r\n")));
        }
    });
    place
}
