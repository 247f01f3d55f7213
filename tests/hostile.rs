//! Hostile and broken peers: each costs the others nothing, and gets a clear answer.

mod common;

use common::peer::Peer;
use common::server::{Server, WITHOUT_RATES};
use proptest::test_runner::{Config, TestRunner};

/// A room with two healthy people, who must not notice anything.
struct Witnesses {
    server: Server,
    ana: Peer,
    carlos: Peer,
}

impl Witnesses {
    fn new() -> Witnesses {
        let server = Server::with(&WITHOUT_RATES);
        let mut ana = Peer::join(server.address, "Ana");
        let carlos = Peer::join(server.address, "Carlos");
        ana.expect("JOIN Carlos");
        Witnesses { server, ana, carlos }
    }

    fn attacker(&self) -> Peer {
        Peer::connect(self.server.address)
    }

    /// What both saw since the last time, which is the same; messages pass between them.
    #[track_caller]
    fn saw(&mut self) -> Vec<String> {
        let seen = self.ana.fence("Ana");
        for line in &seen {
            self.carlos.expect(line);
        }
        self.carlos.expect("MSG Ana fence");
        seen
    }
}

/// [SEC-1], [GRAM-2]
#[test]
fn random_bytes_disturb_nobody() {
    let mut room = Witnesses::new();
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(64) });
    let address = room.server.address;
    runner
        .run(&proptest::collection::vec(proptest::num::u8::ANY, 1..3000), |bytes| {
            let mut attacker = Peer::connect(address);
            attacker.send_bytes(&bytes);
            attacker.half_close();
            let (answer, _) = attacker.rest();
            let answer = String::from_utf8(answer).unwrap();
            assert!(answer.starts_with("BYE ") && answer.lines().count() == 1, "{answer:?}");
            Ok(())
        })
        .unwrap();
    assert_eq!(room.saw(), [""; 0]);
}

/// [LINE-10], [LINE-11], [SEC-1], [SEC-2]: it is refused long before it ends.
#[test]
fn a_line_without_end_is_refused_and_takes_no_memory() {
    let mut room = Witnesses::new();
    let before = resident(&room.server);
    let mut attackers: Vec<_> = (0..50).map(|_| room.attacker()).collect();
    for attacker in &mut attackers {
        attacker.send_bytes(&[b'x'; 1063]);
        attacker.expect("BYE too-long");
    }
    let megabyte = vec![b'x'; 1024 * 1024];
    for attacker in &mut attackers {
        use std::io::Write;
        // What is thrown away may end in a reset once it is more than SPEC.md asks for.
        let _ = attacker.stream().write_all(&megabyte);
    }
    assert_eq!(room.saw(), [""; 0]);
    let grown = resident(&room.server).saturating_sub(before);
    assert!(grown < 8 * 1024, "{grown} KiB more");
}

/// [SEC-1], [LEAVE-12]
#[test]
fn half_a_line_and_a_reset_disturb_nobody() {
    let mut room = Witnesses::new();
    for half in ["", "NA", "NAME Eva", "NAME Eva\n", "NAME Eva\nMSG ho"] {
        let mut attacker = room.attacker();
        attacker.send_bytes(half.as_bytes());
        attacker.reset();
    }
    // Whether Eva's NAME was acted on before the reset is open; that she leaves is not.
    let _eva = Peer::join_again(&room, "Eva");
    let seen = room.ana.fence("Ana");
    let joined = seen.iter().filter(|line| *line == "JOIN Eva").count();
    let left = seen.iter().filter(|line| *line == "LEAVE Eva").count();
    assert!(joined == left + 1 && joined + left == seen.len(), "{seen:?}");
}

impl Peer {
    /// Joins under a name that may be in the room for a moment still.
    fn join_again(room: &Witnesses, name: &str) -> Peer {
        loop {
            let mut peer = room.attacker();
            peer.send(&format!("NAME {name}"));
            while let Some(line) = peer.line() {
                match &*line {
                    "BYE name-taken" => break,
                    line if line == format!("JOIN {name}") => return peer,
                    _ => {}
                }
            }
        }
    }
}

/// [SLOW-12], [SLOW-14], [ROOM-9], [ROOM-12], [SEC-1]
#[test]
fn ten_thousand_pipelined_lines_are_all_said_in_order() {
    let mut room = Witnesses::new();
    let mut eager = room.attacker();
    let lines: String = (0..10_000).map(|n| format!("MSG {n}\n")).collect();
    let sender = std::thread::spawn({
        let mut stream = eager.stream().try_clone().unwrap();
        move || std::io::Write::write_all(&mut stream, format!("NAME Eva\n{lines}BYE\n").as_bytes()).unwrap()
    });
    eager.skip_to("JOIN Eva");
    for n in 0..10_000 {
        eager.expect(&format!("MSG Eva {n}"));
    }
    eager.expect_last("BYE quit");
    sender.join().unwrap();
    drop(eager);
    let seen = room.saw();
    assert_eq!((seen.len(), &*seen[0], &*seen[10_001]), (10_002, "JOIN Eva", "LEAVE Eva"));
    assert!(seen[1..10_001].iter().enumerate().all(|(n, line)| *line == format!("MSG Eva {n}")));
}

/// [LEAVE-8], [SEC-1]
#[test]
fn five_hundred_silent_connections_are_not_noticed() {
    let mut room = Witnesses::new();
    let silent: Vec<_> = (0..500).map(|_| room.attacker()).collect();
    assert_eq!(room.saw(), [""; 0]);
    drop(silent);
    assert_eq!(room.saw(), [""; 0]);
}

/// [SLOW-15]: who floods without reading is not read on, and disturbs nobody.
#[test]
fn a_flood_from_one_who_does_not_read_stops_by_itself() {
    let mut room = Witnesses::new();
    let mut flood = Peer::connect_narrow(room.server.address);
    flood.send("NAME Eva");
    room.ana.expect("JOIN Eva");
    room.carlos.expect("JOIN Eva");
    let line = format!("MSG {}\n", "x".repeat(1000)).repeat(100);
    flood.stream().set_nonblocking(true).unwrap();
    // It ends when no more is taken: the buffers of the system are bounded. What is taken may end inside a line.
    let mut sent = 0;
    while let Ok(taken) = std::io::Write::write(&mut flood.stream(), &line.as_bytes()[sent..]) {
        sent = (sent + taken) % line.len();
    }
    let seen = room.saw();
    assert!(seen.iter().all(|line| line.starts_with("MSG Eva x")), "{:?}", seen.last());
    flood.reset();
    while !room.saw().contains(&"LEAVE Eva".to_owned()) {}
}

/// [BYE-8], [BYE-9], [BYE-6]: with a bare close the reset would overtake the `BYE`.
#[test]
fn a_refusal_is_readable_though_the_client_goes_on_sending() {
    let room = Witnesses::new();
    for _ in 0..20 {
        let mut talker = room.attacker();
        talker.send("GRITA");
        let more = "MSG todavía hablo\n".repeat(1000);
        for _ in 0..10 {
            talker.send_bytes(more.as_bytes());
        }
        talker.half_close();
        let (answer, end) = talker.rest();
        assert_eq!(String::from_utf8(answer).unwrap(), "BYE bad-line\n");
        end.expect("a clean end of stream");
    }
}

/// [EXT-3], [BYE-2]: who opens with the verb of a later version can come again as version 1.
#[test]
fn a_later_client_is_told_to_come_again() {
    let mut room = Witnesses::new();
    let mut later = room.attacker();
    later.send("HELLO 2\nNAME Eva");
    later.expect_last("BYE bad-line");
    let mut again = Peer::join(room.server.address, "Eva");
    assert!(again.fence("Eva").is_empty());
    assert_eq!(room.saw(), ["JOIN Eva", "MSG Eva fence"]);
}

/// [BYE-12], [BYE-15]: lingerers are bounded, and beyond that the room still works.
#[test]
fn more_refused_clients_than_may_linger_disturb_nobody() {
    let mut room = Witnesses::new();
    let lingerers: Vec<_> = (0..1200)
        .map(|_| {
            let mut refused = room.attacker();
            refused.send("GRITA");
            refused
        })
        .collect();
    assert_eq!(room.saw(), [""; 0]);
    let mut refused = room.attacker();
    refused.send("GRITA");
    let (answer, _) = refused.rest();
    assert!(answer.is_empty() || answer == b"BYE bad-line\n");
    drop(lingerers);
    assert_eq!(room.saw(), [""; 0]);
}

/// The resident memory of a server, in KiB.
fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid().as_raw_nonzero())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
