//! `charla-check` as its users meet it: verdicts, exit codes, reports, and what it does
//! with programs that misbehave.

mod common;

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::thread;

use assert_cmd::Command;
use common::server::Server;
use serde_json::Value;

const SERVER: &str = env!("CARGO_BIN_EXE_charla-server");

/// A quick case that every server can be asked.
const ECHO: &str = "a-message-comes-back-as-its-receipt";

fn check(arguments: &[&str]) -> Output {
    Command::cargo_bin("charla-check")
        .unwrap()
        .args(arguments)
        .env("NO_COLOR", "1")
        .env_remove("CHARLA_LANG")
        .output()
        .unwrap()
}

/// Plays one case against the server at an address, and waits as little as may be.
fn check_at(address: SocketAddr, more: &[&str]) -> Output {
    let address = address.to_string();
    check(&[&["server", &address, "--filter", ECHO, "--timeout-scale", "0.05"], more].concat())
}

/// The reference server, started by the check.
fn check_reference(more: &[&str]) -> Output {
    check(&[&["server"], more, &["--", SERVER, "--listen", "{host}:{port}"]].concat())
}

#[track_caller]
fn assert_code(output: &Output, code: i32) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    format!("{out}{err}")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn verdict(output: &Output) -> String {
    json(output)["cases"][0]["verdict"].as_str().unwrap().to_owned()
}

/// A file in a folder of this test's own.
fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(thread::current().name().unwrap().replace(':', "-"));
    fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// A server that does this with each connection.
fn broken(serve: impl Fn(TcpStream) + Send + Sync + Copy + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    address
}

#[test]
fn a_conforming_server_that_runs_is_told_so() {
    let server = Server::start();
    let said = assert_code(&check_at(server.address, &[]), 0);
    assert!(said.contains("pass") && said.contains("Conforme: 1 pass") && !said.contains('\u{1b}'), "{said}");
}

#[test]
fn a_server_is_started_afresh_and_its_reports_are_written() {
    let files = ["r.json", "r.html", "r.xml", "r.tap"].map(file);
    let [json, html, junit, tap] = files.each_ref().map(|file| file.to_str().unwrap());
    let said =
        check_reference(&["--clause", "NAME-7", "--json", json, "--report", html, "--junit", junit, "--tap", tap]);
    assert_code(&said, 0);
    let [json, html, junit, tap] = files.map(|file| fs::read_to_string(file).unwrap());
    let json: Value = serde_json::from_str(&json).unwrap();
    let cases = json["cases"].as_array().unwrap();
    assert!(json["conforms"] == true && cases.len() > 5);
    assert!(cases.iter().all(|case| case["clauses"].as_array().unwrap().contains(&"NAME-7".into())));
    assert!(html.contains("<svg") && html.contains("Conforme"));
    assert!(junit.contains(&format!("tests=\"{}\"", cases.len())) && junit.contains("failures=\"0\""));
    assert_eq!(tap.lines().filter(|line| line.starts_with("ok ")).count(), cases.len());
}

#[test]
fn a_failure_shows_the_rule_the_wire_and_the_way_to_repeat_it() {
    // It answers every line with the same.
    let address = broken(|mut stream| {
        let mut lines = std::io::BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        while std::io::BufRead::read_line(&mut lines, &mut line).is_ok_and(|n| n > 0) {
            let _ = stream.write_all(b"MSG \x1b[2Jnadie nada\n");
        }
    });
    let said = assert_code(&check_at(address, &[]), 1);
    for part in [
        "fail",
        "[ROOM-8] A server MUST",
        "servidor",
        "recibido:",
        "esperado:",
        "No conforme: 1 fail",
        &format!("charla-check server {address} --filter {ECHO}"),
    ] {
        assert!(said.contains(part), "{part:?} in {said}");
    }
    assert!(!said.contains('\u{1b}'), "nothing of it acts on a terminal");
}

#[test]
fn silence_is_a_hang_in_words() {
    let address = broken(|stream| drop(std::io::copy(&mut &stream, &mut std::io::sink())));
    let output = check_at(address, &["--json", "-"]);
    assert_code(&output, 1);
    assert_eq!(verdict(&output), "hang");
    let said = assert_code(&check_at(address, &[]), 1);
    assert!(said.contains("recibido: no llegó nada en 0.5 s"), "{said}");
    let said = assert_code(&check_at(address, &["--lang", "en"]), 1);
    assert!(said.contains("received: nothing came within 0.5 s") && said.contains("Not conforming: 1 hang"), "{said}");
}

#[test]
fn a_flood_and_an_endless_line_end_too() {
    for bytes in [&b"MSG x\n"[..], b"x"] {
        let flood = bytes.repeat(64 * 1024);
        let flood: &'static [u8] = flood.leak();
        let address = broken(move |mut stream| while stream.write_all(flood).is_ok() {});
        assert_code(&check_at(address, &[]), 1);
    }
}

#[test]
fn one_that_never_reads_or_closes_at_once_fails() {
    let never_reads = broken(|stream| {
        thread::park();
        drop(stream);
    });
    let closes_at_once = broken(drop);
    for address in [never_reads, closes_at_once] {
        assert_code(&check_at(address, &[]), 1);
    }
    // More than the system keeps for one who does not read.
    let address = never_reads.to_string();
    let case = "a-refusal-is-read-by-one-who-goes-on-talking";
    let output = check(&["server", &address, "--filter", case, "--timeout-scale", "0.05", "--json", "-"]);
    assert_eq!(verdict(&output), "hang");
}

#[test]
fn what_cannot_be_reached_is_exit_3() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_code(&check_at(gone, &[]), 3);
    for program in [&["true"][..], &["/no/such/program"], &["sleep", "600"]] {
        let said = check(&[&["server", "--filter", ECHO, "--timeout-scale", "0.05", "--"], program].concat());
        assert_code(&said, 3);
    }
}

#[test]
fn a_program_that_ends_while_it_is_played_against_has_crashed() {
    // The fourth line of the console is the first who joins: then all of it is killed, long
    // before so many lines are said.
    let script = "\"$0\" --listen \"$1\" | { read a; read b; read c; read d; kill -9 0; }";
    let case = "lines-that-come-fast-are-all-said";
    let output = check(&["server", "--filter", case, "--json", "-", "--", "sh", "-c", script, SERVER, "{host}:{port}"]);
    assert_code(&output, 1);
    assert_eq!(verdict(&output), "crash");
    assert!(json(&output)["cases"][0]["reason"].as_str().unwrap().contains("señal 9"));
}

#[test]
fn nothing_that_was_started_stays() {
    is_gone_afterwards("trap '' TERM; sleep 600 & echo $! > \"$2\"; exec \"$0\" --listen \"$1\"");
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_stays_that_has_left_its_group() {
    is_gone_afterwards("setsid sh -c 'echo $$ > \"$0\"; exec sleep 600' \"$2\" & exec \"$0\" --listen \"$1\"");
}

/// Checks a server that is started by this script, which leaves a child behind and writes its number to a file.
#[track_caller]
fn is_gone_afterwards(script: &str) {
    let pid = file("pid");
    let words = ["sh", "-c", script, SERVER, "{host}:{port}", pid.to_str().unwrap()];
    assert_code(&check(&[&["server", "--filter", ECHO, "--"], &words[..]].concat()), 0);
    let child: i32 = fs::read_to_string(pid).unwrap().trim().parse().unwrap();
    let gone = || match fs::read_to_string(format!("/proc/{child}/stat")) {
        // Whoever inherits it may not have reaped it yet.
        Ok(stat) => stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['Z', 'X'])),
        Err(_) => true,
    };
    let late = std::time::Instant::now() + common::DEADLINE;
    while !gone() {
        assert!(std::time::Instant::now() < late, "{child} still runs");
        thread::yield_now();
    }
}

#[test]
fn what_is_known_to_fail_does_not_count_unless_it_passes() {
    let (good, other, unknown, wrong) = (file("good"), file("other"), file("unknown"), file("wrong"));
    fs::write(&good, format!("# a list\n{ECHO}  # not done yet\n")).unwrap();
    fs::write(&other, "the-first-ending-wins  # another one\n").unwrap();
    fs::write(&unknown, "no-such-case  # misspelt\n").unwrap();
    fs::write(&wrong, format!("{ECHO}\n")).unwrap();
    let silent = broken(|stream| drop(std::io::copy(&mut &stream, &mut std::io::sink())));
    let list = |file: &PathBuf| ["--known-failing".to_owned(), file.to_str().unwrap().to_owned()];
    let with = |address, file: &PathBuf| {
        let list = list(file);
        check_at(address, &[&list[0], &list[1]])
    };
    assert_code(&with(silent, &good), 0);
    assert_code(&with(silent, &other), 1);
    assert_code(&with(silent, &unknown), 2);
    assert_code(&with(silent, &wrong), 2);
    let server = Server::start();
    let said = assert_code(&with(server.address, &good), 1);
    assert!(said.contains("quítalo"), "{said}");
}

#[test]
fn bad_usage_and_empty_filters_are_exit_2() {
    for arguments in [
        &[][..],
        &["server"],
        &["server", "nowhere"],
        &["server", "localhost:x"],
        &["explain", "nothing"],
        &["server", "127.0.0.1:1", "--filter", "no-such-case"],
        &["server", "127.0.0.1:1", "--timeout-scale", "0"],
        &["list", "--clause", "NOPE-1"],
        &["server", "127.0.0.1:1", "--known-failing", "/no/such/file"],
        &["server", "127.0.0.1:1", "--", "true"],
    ] {
        assert_code(&check(arguments), 2);
    }
}

#[test]
fn cases_are_listed_and_explained() {
    let listed = assert_code(&check(&["list", "--clause", "ROOM-8"]), 0);
    assert!(listed.contains(ECHO) && listed.lines().all(|line| line.contains("ROOM-8")), "{listed}");
    let explained = assert_code(&check(&["explain", ECHO]), 0);
    assert!(explained.contains("[ROOM-8] A server MUST") && explained.contains("MSG"), "{explained}");
}
