//! The filter beside other programs: JSON, staying, and backpressure in both directions.

use std::fmt::Write;
use std::thread;

use serde_json::{Value, json};

use crate::common::script::{Filter, Script, client};
use crate::common::server::Server;

/// The line, without the time in it, which has its one form.
fn read(line: &str) -> Value {
    let mut event: Value = serde_json::from_str(line).unwrap();
    let time = event.as_object_mut().unwrap().remove("time").expect("a time");
    let form: String = time.as_str().unwrap().chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(form, "0000-00-00T00:00:00.000Z");
    event
}

/// [SCREEN-3] Each event is one line of JSON, its text exact and yet harmless.
#[test]
fn json_tells_each_event() {
    let script = Script::new();
    let mut filter = Filter::start(script.client(&["--name", "Ana", "--format", "json"]));
    let mut peer = script.accept();
    peer.send("JOIN Luis\nJOIN Ana\nJOIN Eva\nMSG Luis a\u{1b}[2J\u{9b}\"b\nLEAVE Luis\n");
    for expected in [
        json!({ "kind": "joined", "name": "Ana", "roster": ["Luis", "Ana"] }),
        json!({ "kind": "join", "name": "Eva" }),
        json!({ "kind": "msg", "name": "Luis", "text": "a\u{1b}[2J\u{9b}\"b" }),
        json!({ "kind": "leave", "name": "Luis" }),
    ] {
        let line = filter.line();
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert_eq!(read(&line), expected);
    }
    filter.input("hola\nadiós\n");
    filter.end_input();
    peer.expect("NAME Ana");
    peer.echo("Ana", "hola");
    peer.expect("MSG adiós");
    peer.send("BYE shutdown hasta luego\n");
    peer.expect_end();
    let left = filter.finish();
    let rest: Vec<_> = left.out.lines().map(read).collect();
    assert_eq!(
        rest,
        [
            json!({ "kind": "receipt", "name": "Ana", "text": "hola" }),
            json!({ "kind": "bye", "code": "shutdown", "text": "hasta luego" }),
            json!({ "kind": "lost", "fate": "not-said", "text": "adiós" }),
        ]
    );
    assert_eq!(left.code, 1);
}

/// In JSON a broken connection is an event too, and what is unknown is told as such.
#[test]
fn json_tells_a_broken_connection() {
    let script = Script::new();
    let mut filter = Filter::start(script.client(&["--name", "Ana", "--format", "json"]));
    filter.input("hola\n");
    let mut peer = script.join("Ana");
    peer.expect("MSG hola");
    peer.close();
    let left = filter.finish();
    let events: Vec<_> = left.out.lines().skip(1).map(read).collect();
    assert_eq!(
        events,
        [
            json!({ "kind": "broken", "text": "end of stream" }),
            json!({ "kind": "lost", "fate": "unknown", "text": "hola" }),
        ]
    );
    assert_eq!(left.code, 1);
}

/// [CLIENT-11] Who is to stay hears on after the end of the input, and leaves at a signal.
#[test]
fn a_bot_stays_without_input_until_a_signal() {
    let script = Script::new();
    let mut filter = Filter::start(script.client(&["--name", "Ana", "--stay"]));
    filter.input("hola\n");
    filter.end_input();
    let mut peer = script.join("Ana");
    peer.echo("Ana", "hola");
    assert_eq!(filter.line(), "Bienvenido al chat, Ana!");
    assert_eq!(filter.line(), "Tú: hola");
    // What it says at its last receipt is out before it hears the next.
    peer.send("MSG Luis qué\n");
    assert_eq!(filter.line(), "Luis: qué");
    assert!(peer.has_heard_nothing());
    filter.terminate();
    peer.expect_leaving();
    let left = filter.finish();
    assert_eq!((left.code, left.err.as_str()), (0, ""));
}

/// A word leaves all the same, and staying without a name makes no sense.
#[test]
fn who_is_to_stay_may_leave_by_a_word() {
    let script = Script::new();
    let mut filter = Filter::start(script.client(&["--name", "Ana", "--stay"]));
    filter.input("salir\n");
    script.join("Ana").expect_leaving();
    assert_eq!(filter.finish().code, 0);
    for args in [&["--stay"][..], &["--format", "xml"]] {
        assert_eq!(Filter::start(client(args)).finish().code, 2, "{args:?}");
    }
}

/// [CLIENT-11] A signal leaves at once, and what was read and not said is named.
#[test]
fn a_signal_leaves_at_once() {
    let script = Script::new();
    let mut filter = Filter::start(script.client(&["--name", "Ana"]));
    filter.input((0..200).map(|n| format!("{n}\n")).collect::<String>());
    let mut peer = script.join("Ana");
    for n in 0..128 {
        peer.expect(&format!("MSG {n}"));
    }
    filter.terminate();
    peer.expect("BYE");
    peer.send("BYE quit\n");
    let left = filter.finish();
    let unsaid: Vec<_> = left.err.lines().filter_map(|line| line.strip_prefix("sin entregar: ")).collect();
    assert!(unsaid.len() >= 128 && unsaid.iter().enumerate().all(|(n, text)| *text == n.to_string()), "{left:?}");
    assert_eq!(left.code, 1);
}

/// A reader of the output that stops stops the reading of the connection, and gets all
/// when it goes on.
#[test]
fn a_slow_reader_is_waited_for() {
    const LINES: usize = 30_000;
    let script = Script::new();
    let filter = Filter::start(script.client(&["--name", "Ana", "--stay"]));
    let mut peer = script.join("Ana");
    let text = "x".repeat(1000);
    let mut said = String::new();
    for n in 0..LINES {
        writeln!(said, "MSG Luis {n} {text}").unwrap();
    }
    let sent = peer.send_until_blocked(said.as_bytes());
    assert!(sent < said.len(), "it was read though nobody took it");
    let server = thread::spawn(move || {
        peer.send(&said[sent..]);
        peer.send("BYE shutdown\n");
    });
    let left = filter.finish();
    server.join().unwrap();
    let heard = left.out.lines().skip(1);
    assert!(heard.eq((0..LINES).map(|n| format!("Luis: {n} {text}"))));
}

/// A fast producer and a slow reader in one room: 100,000 lines, each heard once, in order.
#[test]
fn a_hundred_thousand_lines_go_from_one_filter_to_another() {
    const LINES: usize = 100_000;
    let server = Server::with(&["--lines-per-second", "0"]);
    let address = server.address.to_string();
    let mut reader = Filter::start(client(&[&address, "--name", "Ana"]));
    assert_eq!(reader.line(), "Bienvenido al chat, Ana!");
    let mut producer = Filter::start(client(&[&address, "--name", "Luis"]));
    producer.input_all((0..LINES).map(|n| format!("{n}\n")).collect::<String>());
    let said = producer.finish();
    assert_eq!((said.code, said.out.lines().count()), (0, LINES + 1));
    reader.end_input();
    let heard = reader.finish();
    let texts = heard.out.lines().filter_map(|line| line.strip_prefix("Luis: "));
    assert!(texts.eq((0..LINES).map(|n| n.to_string())));
    assert_eq!(heard.code, 0);
}
