//! Slow readers and the other limits: what the server bears, and what it does then.

mod common;

use std::process::{Command, Stdio};

use common::peer::Peer;
use common::server::{Server, WITHOUT_RATES, command};

const LINE: usize = 1000;

/// Says long lines, reading its own receipts, until the log must be full of what `asleep`
/// has not read: more than the server keeps and what the system buffers for a connection.
fn fill(speaker: &mut Peer, lines: usize) {
    let text = "x".repeat(LINE);
    for _ in 0..lines {
        speaker.send(&format!("MSG {text}"));
    }
}

fn sleeper(server: &Server, name: &str) -> Peer {
    let mut peer = Peer::connect_narrow(server.address);
    peer.send(&format!("NAME {name}"));
    peer
}

/// [SLOW-1], [SLOW-3], [SLOW-4], [SLOW-6], [SLOW-7], [SLOW-8], [SLOW-10], [SLOW-11], [BYE-13], [SLOW-5]
#[test]
fn who_does_not_read_is_put_out_and_nobody_loses_a_line() {
    let server = Server::with(&[&WITHOUT_RATES[..], &["--patience", "0.3"]].concat());
    let mut ana = Peer::join(server.address, "Ana");
    let (asleep, snoring) = (sleeper(&server, "asleep"), sleeper(&server, "snoring"));
    let mut joins = [ana.line().unwrap(), ana.line().unwrap()];
    joins.sort();
    assert_eq!(joins, ["JOIN asleep", "JOIN snoring"]);
    let mut carlos = Peer::join(server.address, "Carlos");
    ana.expect("JOIN Carlos");
    // More than the log keeps (2 MiB) and the system buffers for who is narrow, numbered.
    let lines = 5000;
    let writer = std::thread::spawn({
        let mut stream = ana.stream().try_clone().unwrap();
        move || {
            for n in 0..lines {
                std::io::Write::write_all(&mut stream, format!("MSG {n} {}\n", "x".repeat(LINE)).as_bytes()).unwrap();
            }
        }
    });
    let listener = std::thread::spawn(move || {
        let heard = all_numbers(&mut carlos, lines);
        (heard, carlos)
    });
    let mine = all_numbers(&mut ana, lines);
    let (theirs, mut carlos) = listener.join().unwrap();
    writer.join().unwrap();
    // Both leave together, wherever in the talk that was; the others miss nothing.
    assert_eq!(mine, theirs);
    let mut left: Vec<_> = mine.clone();
    for line in carlos.fence("Carlos") {
        ana.expect(&line);
        left.push(line);
    }
    left.sort();
    assert_eq!(left, ["LEAVE asleep", "LEAVE snoring"]);
    for mut slow in [asleep, snoring] {
        let mut last = None;
        while let Some(line) = slow.line() {
            last = Some(line);
        }
        assert_eq!(last.as_deref(), Some("BYE too-slow"), "whole lines, then the reason");
    }
}

/// Reads the numbered lines, in order and none missing; gives the lines in between.
fn all_numbers(peer: &mut Peer, lines: usize) -> Vec<String> {
    let (mut next, mut others) = (0, Vec::new());
    while next < lines {
        let line = peer.line().expect("nobody who reads is put out");
        match line.strip_prefix("MSG Ana ").and_then(|text| text.split(' ').next()) {
            Some(number) => {
                assert_eq!(number.parse(), Ok(next));
                next += 1;
            }
            None => others.push(line),
        }
    }
    others
}

/// [SLOW-2]: 1,024 unread lines harm nobody, with a patience of nought too.
#[test]
fn a_thousand_unread_lines_are_borne() {
    let server = Server::with(&["--patience", "0"]);
    let mut ana = Peer::join(server.address, "Ana");
    let mut behind = sleeper(&server, "Carlos");
    ana.expect("JOIN Carlos");
    for _ in 0..1023 {
        fill(&mut ana, 1);
        ana.line().unwrap();
    }
    behind.skip_to("JOIN Carlos");
    for _ in 0..1023 {
        behind.expect(&format!("MSG Ana {}", "x".repeat(LINE)));
    }
    assert!(behind.fence("Carlos").is_empty());
}

/// [LEAVE-2], [SLOW-5]: the others hear of a leaver at once, though it reads nothing.
#[test]
fn a_leaver_that_does_not_read_has_left() {
    let server = Server::start();
    let mut ana = Peer::join(server.address, "Ana");
    let mut asleep = sleeper(&server, "Carlos");
    ana.expect("JOIN Carlos");
    for _ in 0..1000 {
        fill(&mut ana, 1);
        ana.line().unwrap();
    }
    asleep.send("BYE");
    ana.expect("LEAVE Carlos");
    // Its name is free, and what it has not read still comes, then its own ending.
    let mut again = Peer::join(server.address, "Carlos");
    assert!(again.fence("Carlos").is_empty());
    asleep.skip_to("JOIN Carlos");
    for _ in 0..1000 {
        asleep.expect(&format!("MSG Ana {}", "x".repeat(LINE)));
    }
    asleep.expect_last("BYE quit");
}

/// [LIMIT-1], [LIMIT-2]: empty and half lines win no time.
#[test]
fn a_name_is_awaited_for_a_while_only() {
    let server = Server::with(&["--name-timeout", "0.3"]);
    let mut silent = Peer::connect(server.address);
    silent.expect_last("BYE timeout");
    let mut busy = Peer::connect(server.address);
    let writer = std::thread::spawn({
        let mut stream = busy.stream().try_clone().unwrap();
        // It ends by an error when the server has closed for good.
        move || while std::io::Write::write_all(&mut stream, b"\n\r\n").is_ok() {}
    });
    busy.expect_last("BYE timeout");
    drop(busy);
    writer.join().unwrap();
    let mut half = Peer::connect(server.address);
    half.send_bytes(b"NAME An");
    half.expect_last("BYE timeout");
}

/// [LIMIT-3], [LIMIT-4]: those without a name count, those who linger do not.
#[test]
fn a_full_server_says_so() {
    let server = Server::with(&["--max-connections", "2"]);
    let mut ana = Peer::join(server.address, "Ana");
    let mut nameless = Peer::connect(server.address);
    let mut third = Peer::connect(server.address);
    third.expect_last("BYE full");
    nameless.send("BYE");
    nameless.expect("BYE quit");
    // `nameless` lingers: it has not closed.
    let mut luis = Peer::join(server.address, "Luis");
    ana.expect("JOIN Luis");
    assert!(luis.fence("Luis").is_empty());
    drop((nameless, third));
}

/// [LIMIT-3]: those of one address are bounded, when it is this machine's only if that is asked for.
#[test]
fn one_address_does_not_take_all_places() {
    let server = Server::with(&["--limit-loopback", "--max-per-address", "2"]);
    let mut ana = Peer::join(server.address, "Ana");
    let mut nameless = Peer::connect(server.address);
    Peer::connect(server.address).expect_last("BYE full");
    nameless.send("BYE");
    nameless.expect("BYE quit");
    let mut luis = Peer::join(server.address, "Luis");
    ana.expect("JOIN Luis");
    assert!(luis.fence("Luis").is_empty());
    let server = Server::with(&["--max-per-address", "2"]);
    let mut here: Vec<_> = (0..5).map(|n| Peer::join(server.address, &format!("p{n}"))).collect();
    assert!(here.pop().unwrap().fence("p4").is_empty());
}

/// [SLOW-12], [SLOW-14], [SLOW-16]: who floods is read later; the others are not, and it hears them.
#[test]
fn who_sends_too_fast_waits_alone() {
    for (rate, some) in [(["--lines-per-second", "10"], 20), (["--bytes-per-second", "1000"], 600)] {
        let server = Server::with(&[&rate[..], &["--burst", "1"]].concat());
        let mut ana = Peer::join(server.address, "Ana");
        let mut carlos = Peer::join(server.address, "Carlos");
        ana.expect("JOIN Carlos");
        let all = 3000;
        ana.send_bytes((0..all).map(|n| format!("MSG {n}\n")).collect::<String>().as_bytes());
        carlos.expect("MSG Ana 0");
        let before = carlos.fence("Carlos");
        assert!(before.len() + 1 < all, "{rate:?}: all was read at once");
        assert_eq!(all_numbers(&mut ana, some), ["MSG Carlos fence"]);
    }
}

/// [SLOW-14]: as fast as it likes.
#[test]
fn the_rates_can_be_lifted() {
    let server = Server::with(&[&WITHOUT_RATES[..], &["--burst", "0"]].concat());
    let mut ana = Peer::join(server.address, "Ana");
    let lines = 2000;
    ana.send_bytes((0..lines).map(|n| format!("MSG {n}\n")).collect::<String>().as_bytes());
    assert!(all_numbers(&mut ana, lines).is_empty());
}

/// [SLOW-1], [SLOW-11]: what a reader may lag can be more.
#[test]
fn who_lags_no_more_than_it_may_stays() {
    let server = Server::with(&[&WITHOUT_RATES[..], &["--patience", "0", "--max-lag", "20000000"]].concat());
    let mut ana = Peer::join(server.address, "Ana");
    let mut behind = sleeper(&server, "Carlos");
    ana.expect("JOIN Carlos");
    // More than the system buffers for who is narrow and twice what is kept without being asked for.
    let lines = 5000;
    for hundred in 0..lines / 100 {
        (0..100).for_each(|n| ana.send(&format!("MSG {} {}", hundred * 100 + n, "x".repeat(LINE))));
        (0..100).for_each(|_| drop(ana.line().unwrap()));
    }
    behind.skip_to("JOIN Carlos");
    assert!(all_numbers(&mut behind, lines).is_empty());
    assert!(behind.fence("Carlos").is_empty());
}

/// [LIMIT-5]: who takes nothing is not there, whatever is kept for it.
#[test]
#[cfg(target_os = "linux")]
fn a_dead_peer_has_left() {
    let server = Server::with(&["--dead-after", "1"]);
    let mut ana = Peer::join(server.address, "Ana");
    let _dead = sleeper(&server, "Carlos");
    ana.expect("JOIN Carlos");
    for _ in 0..1000 {
        fill(&mut ana, 1);
        ana.line().unwrap();
    }
    ana.skip_to("LEAVE Carlos");
}

/// Out of open files, those who are here go on, those who come wait, and it is said once.
#[test]
fn without_open_files_newcomers_wait() {
    let program = command(&[]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n 40 && exec \"$0\" \"$@\""]).arg(program.get_program()).args(program.get_args());
    for (variable, _) in program.get_envs() {
        limited.env_remove(variable);
    }
    limited.stdin(Stdio::null());
    let server = Server::logging(limited);
    server.wait_for_log("allowed=40");
    let mut ana = Peer::join(server.address, "Ana");
    let mut carlos = Peer::join(server.address, "Carlos");
    ana.expect("JOIN Carlos");
    // More than there are files for: the system takes them in, and they wait.
    let mut others: Vec<_> = (0..60).map(|_| Peer::connect(server.address)).collect();
    server.wait_for_log("cannot accept connections");
    carlos.fence("Carlos");
    ana.expect("MSG Carlos fence");
    let mut last = others.pop().unwrap();
    last.send("NAME Luis");
    drop(others);
    last.skip_to("JOIN Luis");
    ana.expect("JOIN Luis");
    server.wait_for_log("accepting connections again");
    drop((ana, carlos, last));
    server.signal(rustix::process::Signal::TERM);
    let (status, _, log) = server.wait_with_log();
    assert!(status.success() && log.lines().count() == 3, "{log}");
}
