//! `charla-check load`: what it says of a good server, and that it sees what a bad one does.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Output;
use std::sync::{Arc, Mutex};
use std::{fs, thread};

use assert_cmd::Command;
use common::server::Server;
use serde_json::Value;

/// What a server written here does wrong.
#[derive(Clone, Copy, PartialEq)]
enum Bug {
    /// Nothing.
    None,
    /// The third who hears does not get the tenth text.
    Drops,
    /// The third who hears gets the tenth text after the eleventh.
    Swaps,
    /// The third who hears gets the tenth text twice.
    Doubles,
    /// The third who hears is put out at the tenth text.
    PutsOut,
    /// The sender does not get the tenth text.
    NoReceipt,
    /// Nobody is let in.
    Full,
    /// Nobody gets an answer, and the connection ends.
    Silent,
}

/// The one who suffers, of those who hear and do not speak; and at which text.
const VICTIM: usize = 2;
const TEXT: usize = 10;

#[derive(Default)]
struct Room {
    members: Vec<(String, TcpStream)>,
    texts: usize,
    /// What the victim gets later.
    held: Option<String>,
}

/// A server with this bug; it serves until the test ends.
fn server(bug: Bug) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let room = Arc::new(Mutex::new(Room::default()));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let room = Arc::clone(&room);
            thread::spawn(move || serve(&stream, bug, &room));
        }
    });
    address
}

fn serve(stream: &TcpStream, bug: Bug, room: &Mutex<Room>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines().map_while(Result::ok);
    let name = lines.next()?.strip_prefix("NAME ")?.to_owned();
    match bug {
        Bug::Full => {
            write(stream, "BYE full\n");
            return None;
        }
        Bug::Silent => return None,
        _ => room.lock().unwrap().join(&name, stream),
    }
    for line in lines {
        match line.strip_prefix("MSG ") {
            Some(text) => room.lock().unwrap().say(&name, text, bug),
            None => return room.lock().unwrap().leave(&name),
        }
    }
    None
}

impl Room {
    fn join(&mut self, name: &str, stream: &TcpStream) {
        let roster: String = self.members.iter().map(|(name, _)| format!("JOIN {name}\n")).collect();
        write(stream, &roster);
        self.members.push((name.to_owned(), stream.try_clone().unwrap()));
        self.members.iter().for_each(|(_, stream)| write(stream, &format!("JOIN {name}\n")));
    }

    fn say(&mut self, name: &str, text: &str, bug: Bug) {
        self.texts += 1;
        let line = format!("MSG {name} {text}\n");
        let others = self.members.iter().filter(|(member, _)| member != name);
        let third = others.map(|(member, _)| member).nth(VICTIM).cloned();
        for (member, stream) in &self.members {
            let hit = match bug {
                Bug::NoReceipt => member == name,
                _ => third.as_ref() == Some(member),
            };
            match bug {
                Bug::Drops | Bug::NoReceipt if hit && self.texts == TEXT => {}
                Bug::Swaps if hit && self.texts == TEXT => self.held = Some(line.clone()),
                Bug::Swaps if hit && self.texts == TEXT + 1 => {
                    write(stream, &format!("{line}{}", self.held.take().unwrap()));
                }
                Bug::Doubles if hit && self.texts == TEXT => write(stream, &line.repeat(2)),
                Bug::PutsOut if hit && self.texts == TEXT => write(stream, "BYE too-slow\n"),
                _ => write(stream, &line),
            }
        }
    }

    fn leave(&mut self, name: &str) -> Option<()> {
        let at = self.members.iter().position(|(member, _)| member == name)?;
        write(&self.members.remove(at).1, "BYE quit\n");
        Some(())
    }
}

/// One who has gone is no matter.
fn write(mut stream: &TcpStream, lines: &str) {
    let _ = stream.write_all(lines.as_bytes());
}

/// A small load, of one sender and so of one order, unless more is asked.
fn load(address: SocketAddr, more: &[&str]) -> Output {
    let mut command = Command::cargo_bin("charla-check").unwrap();
    command.env_remove("CHARLA_LANG");
    command.args(arguments(address, more)).output().unwrap()
}

fn arguments(address: SocketAddr, more: &[&str]) -> Vec<String> {
    let mut arguments = vec!["load".to_owned(), address.to_string()];
    for usual in ["--participants=20", "--senders=1", "--rate=100/s", "--seconds=0.5"] {
        let option = usual.split('=').next().unwrap();
        if !more.iter().any(|given| given.starts_with(option)) {
            arguments.push(usual.to_owned());
        }
    }
    arguments.extend(more.iter().map(|&given| given.to_owned()));
    arguments
}

/// The one run of a report as JSON, of a load that ended like this.
#[track_caller]
fn told(output: &Output, code: i32) -> Value {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["good"], code == 0);
    json["runs"][0].clone()
}

/// What the load says of a server with this bug: these figures, and nothing else wrong.
#[track_caller]
fn assert_seen(bug: Bug, wrong: &[(&str, u64)]) {
    let run = told(&load(server(bug), &["--json", "-"]), i32::from(!wrong.is_empty()));
    for figure in ["lost", "disordered", "doubled", "other_order", "without_receipt"] {
        let expected = wrong.iter().find(|(name, _)| *name == figure).map_or(0, |wrong| wrong.1);
        assert_eq!(run[figure], expected, "{figure} in {run:#}");
    }
}

#[test]
fn a_good_server_loses_nothing_and_everything_is_counted() {
    let server = Server::start();
    let pid = server.pid().as_raw_nonzero().to_string();
    let run = told(&load(server.address, &["--senders", "4", "--pid", &pid, "--json", "-"]), 0);
    assert_eq!((&run["joined"], &run["said"], &run["deliveries"]), (&20.into(), &50.into(), &1000.into()));
    let latency = ["p50", "p90", "p99", "p99.9", "max"].map(|name| run["latency_ms"][name].as_f64().unwrap());
    assert!(latency[0] > 0.0 && latency.is_sorted(), "{latency:?}");
    let timeline = run["timeline"]["deliveries"].as_array().unwrap();
    assert_eq!(timeline.iter().map(|count| count.as_u64().unwrap()).sum::<u64>(), 1000);
    assert!(run["deliveries_per_second"].as_f64().unwrap() > 0.0);
    assert!(run["load"]["cpu_ns_per_delivery"].as_f64().unwrap() > 0.0);
    #[cfg(target_os = "linux")]
    assert!(run["server"]["memory_most"].as_u64().unwrap() > 0);
}

#[test]
fn what_each_of_several_processes_uses_is_told_and_what_all_use() {
    let server = Server::start();
    let (pid, own) = (server.pid().as_raw_nonzero().to_string(), std::process::id().to_string());
    let run = told(&load(server.address, &["--pid", &pid, "--pid", &own, "--json", "-"]), 0);
    let pids: Vec<_> = run["processes"].as_array().unwrap().iter().map(|process| process["pid"].to_string()).collect();
    assert_eq!(pids, [pid, own]);
    let memory = |process: &Value| process["memory_joined"].as_u64().unwrap();
    assert_eq!(memory(&run["server"]), memory(&run["processes"][0]) + memory(&run["processes"][1]));
}

#[test]
fn participants_are_spread_over_all_servers_which_have_to_be_one_room() {
    let (one, other) = (server(Bug::None), server(Bug::None).to_string());
    let run = told(&load(one, &[&other, "--json", "-"]), 1);
    // Half of them are with the one who speaks.
    assert_eq!((&run["joined"], &run["deliveries"], &run["lost"]), (&20.into(), &500.into(), &500.into()), "{run:#}");
    let same = one.to_string();
    assert_eq!(told(&load(one, &[&same, "--json", "-"]), 0)["deliveries"], 1000);
}

#[test]
fn a_server_is_loaded_as_fast_as_it_takes_it() {
    let server = Server::start();
    let run = told(&load(server.address, &["--senders", "4", "--rate", "max", "--json", "-"]), 0);
    let said = run["said"].as_u64().unwrap();
    assert!(said > 50, "{run:#}");
    assert_eq!(run["deliveries"], 20 * said);
}

#[test]
fn people_in_the_room_are_none_of_its_business() {
    let server = Server::start();
    let mut ana = common::peer::Peer::join(server.address, "Ana");
    ana.send("MSG hola");
    let talk = thread::spawn(move || {
        for _ in 0..100 {
            ana.fence("Ana");
        }
    });
    assert_eq!(told(&load(server.address, &["--json", "-"]), 0)["deliveries"], 1000);
    talk.join().unwrap();
}

#[test]
fn people_who_talk_all_the_time_do_not_hold_it_up() {
    let server = Server::start();
    let mut ana = common::peer::Peer::join(server.address, "Ana");
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let talk = thread::spawn(move || {
        while stopped.try_recv().is_err() {
            ana.fence("Ana");
        }
    });
    let run = told(&load(server.address, &["--json", "-"]), 0);
    stop.send(()).unwrap();
    talk.join().unwrap();
    assert_eq!(run["deliveries"], 1000);
}

#[test]
fn a_server_that_lets_nobody_in_holds_no_rate() {
    let output = load(server(Bug::Full), &["--find-limit", "--json", "-"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &json["limit"]["holds"]), (Some(1), &Value::Null), "{json:#}");
}

#[test]
fn the_servers_written_here_are_good_but_for_their_bug() {
    assert_seen(Bug::None, &[]);
}

#[test]
fn a_text_that_one_does_not_get_is_lost() {
    assert_seen(Bug::Drops, &[("lost", 1)]);
}

#[test]
fn two_texts_the_other_way_round_are_out_of_order_and_another_order() {
    assert_seen(Bug::Swaps, &[("disordered", 1), ("other_order", 1)]);
}

#[test]
fn a_text_that_comes_twice_is_double() {
    assert_seen(Bug::Doubles, &[("doubled", 1)]);
}

/// The receipts are those of the oldest texts, so the last one has none.
#[test]
fn a_sender_that_does_not_get_its_text_has_lost_it_and_has_no_receipt() {
    assert_seen(Bug::NoReceipt, &[("lost", 1), ("without_receipt", 1)]);
}

#[test]
fn one_who_is_put_out_is_told_by_its_code_and_has_lost_nothing() {
    let run = told(&load(server(Bug::PutsOut), &["--json", "-"]), 1);
    assert_eq!((&run["put_out"]["too-slow"], &run["lost"]), (&1.into(), &0.into()));
}

#[test]
fn a_server_that_ends_under_load_has_put_everybody_out() {
    let server = Server::start();
    let pid = server.pid().as_raw_nonzero().to_string();
    let mut ana = common::peer::Peer::join(server.address, "Ana");
    let address = server.address;
    let killer = thread::spawn(move || {
        while !ana.line().unwrap().starts_with("MSG ") {}
        server.signal(rustix::process::Signal::KILL);
    });
    let run = told(&load(address, &["--pid", &pid, "--json", "-"]), 1);
    killer.join().unwrap();
    let put_out = run["put_out"].as_object().unwrap();
    assert_eq!(put_out.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), 20, "{run:#}");
}

#[test]
fn those_who_are_not_let_in_are_told_by_the_code_or_what_stands_for_it() {
    for (bug, reason) in [(Bug::Full, "full"), (Bug::Silent, "end-of-stream")] {
        let run = told(&load(server(bug), &["--json", "-"]), 1);
        assert_eq!((&run["refused"][reason], &run["joined"], &run["deliveries"]), (&20.into(), &0.into(), &0.into()));
    }
}

#[test]
fn where_nobody_listens_there_is_nothing_to_load() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = load(gone, &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains(&gone.to_string()));
}

#[test]
fn the_limit_is_the_rate_up_to_which_nothing_is_lost() {
    let output = load(server(Bug::Drops), &["--find-limit", "--rate", "4/s", "--json", "-"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (limit, runs) = (&json["limit"], json["runs"].as_array().unwrap());
    // It loses one of ten texts once, in the run in which that one comes.
    let lossy: Vec<_> = runs.iter().filter(|run| run["lost"] != 0).collect();
    assert_eq!(lossy.len(), 1, "{json:#}");
    assert!(limit["breaks"].as_f64() > limit["holds"].as_f64(), "{limit}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_report_is_for_people_and_as_a_page() {
    let server = Server::start();
    let page = Path::new(env!("CARGO_TARGET_TMPDIR")).join("load.html");
    let output = load(server.address, &["--report", page.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stdout);
    for part in ["20 participantes", "entregas        1000", "perdidas        0", "p99.9"] {
        assert!(said.contains(part), "{part:?} in {said}");
    }
    let page = fs::read_to_string(page).unwrap();
    assert!(page.matches("<polyline").count() == 2 && page.contains("Nada perdido") && !page.contains("NaN"));
}

#[test]
fn all_of_it_is_in_english_for_who_asks_for_it() {
    let page = Path::new(env!("CARGO_TARGET_TMPDIR")).join("load-en.html");
    let file = page.to_str().unwrap();
    let output =
        load(server(Bug::Drops), &["--lang=en", "--find-limit", "--rate=20/s", "--max-p99=60000", "--report", file]);
    let said = String::from_utf8_lossy(&output.stdout);
    for part in ["20 participants, 1 speak, more and more", "deliveries/s", "It bears ", "out of order    0"] {
        assert!(said.contains(part), "{part:?} in {said}");
    }
    let page = fs::read_to_string(page).unwrap();
    assert!(
        page.contains("<html lang=\"en\">") && page.contains("Rates tried") && page.contains("Deliveries over time"),
        "{page}"
    );
    for told in [said.as_ref(), &page] {
        // Neither a key without its text nor a word of Spanish.
        assert!(!told.contains("load-") && !told.contains("entregas"), "{told}");
    }
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let complaint = String::from_utf8(load(gone, &["--lang=en"]).stderr).unwrap();
    assert!(complaint.contains(&format!("cannot connect to {gone} (")), "{complaint}");
}

#[test]
fn more_participants_than_there_may_be_connections_are_not_begun() {
    let server = Server::start();
    let script = "ulimit -n 40; exec \"$0\" \"$@\"";
    let check = env!("CARGO_BIN_EXE_charla-check");
    let mut command = std::process::Command::new("sh");
    let output = command.args(["-c", script, check]).args(arguments(server.address, &[])).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("52") && said.contains("40"), "{said}");
}

#[test]
fn what_makes_no_sense_is_bad_usage() {
    let server = Server::start();
    for (arguments, complaint) in [
        (&["--participants", "0"][..], "1 a 1000000"),
        (&["--senders", "21"], "--senders 21"),
        (&["--senders", "0"], "1 a 1000000"),
        (&["--rate", "0"], "100/s"),
        (&["--rate=-1/s"], "100/s"),
        (&["--rate", "NaN"], "100/s"),
        (&["--rate", "fast"], "100/s"),
        (&["--seconds", "0"], "segundos"),
        (&["--size", "5"], "15 a 1024"),
        (&["--size", "1025"], "15 a 1024"),
        (&["--max-loss", "101"], "0 a 100"),
        (&["--max-p99", "0"], "milisegundos"),
        (&["--find-limit", "--rate", "max"], "--rate"),
        (&["--pid", "0"], "--pid"),
        (&["--json", "/no/such/folder/file"], "/no/such/folder/file"),
    ] {
        let output = load(server.address, arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains(complaint), "{arguments:?}: {said}");
    }
}
