//! The diagnostics of `charla-server`: who reads them learns what happened, and nothing that
//! comes from the network acts on him or forges a line.

mod common;

use common::peer::Peer;
use common::server::Server;
use rustix::process::Signal;
use serde_json::Value;

/// What a server at this level and in this format writes while this happens.
fn log(level: &str, format: &str, happens: impl FnOnce(&Server)) -> String {
    let server = Server::with_log(&["--log", level, "--log-format", format]);
    happens(&server);
    server.signal(Signal::TERM);
    server.wait_for_log("stopped")
}

/// The lines that are in JSON: all of them.
fn objects(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// Someone visits, someone is refused for a line, someone for a name.
fn visits(server: &Server) {
    let mut ana = Peer::join(server.address, "Ana");
    let mut rude = Peer::connect(server.address);
    rude.send("secreto a voces");
    rude.expect_last("BYE bad-line");
    let mut double = Peer::connect(server.address);
    double.send("NAME ana");
    double.expect_last("BYE name-taken");
    ana.send("MSG secreto");
    ana.expect("MSG Ana secreto");
    ana.send("BYE");
    ana.expect_last("BYE quit");
}

#[test]
fn info_is_start_refusals_and_stop() {
    let log = log("info", "json", visits);
    let lines = objects(&log);
    let told: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(told, ["serving", "refused", "refused", "stopping", "stopped"]);
    assert_eq!(lines[0]["version"], env!("CARGO_PKG_VERSION"));
    assert!(lines[0]["listening"].as_str().unwrap().starts_with("127.0.0.1:"));
    assert!(lines[0]["options"].as_str().unwrap().contains("max_connections: 10000"));
    let refused: Vec<_> = lines[1..3].iter().map(|line| (&line["code"], &line["span"]["id"])).collect();
    assert_eq!(refused, [(&"bad-line".into(), &2.into()), (&"name-taken".into(), &3.into())]);
    assert!(!log.contains("secreto"), "{log}");
}

#[test]
fn what_is_told_of_a_connection_says_which_it_is() {
    let mut peer = String::new();
    let log = log("debug", "json", |server| {
        let mut ana = Peer::join(server.address, "Ana");
        peer = ana.address().to_string();
        ana.send("MSG uno\u{1b}");
        ana.expect_last("BYE bad-line");
    });
    let lines = objects(&log);
    let of_ana: Vec<_> = lines.iter().filter(|line| line["span"]["participant"] == "Ana").collect();
    let told: Vec<_> = of_ana.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(told, ["joined", "this line ends the session", "refused"]);
    assert_eq!(of_ana[1]["line"], "MSG uno\\x1b");
    assert!(of_ana.iter().all(|line| line["span"]["id"] == 1 && line["span"]["peer"] == *peer));
}

#[test]
fn the_text_format_has_the_same_in_a_line_each() {
    let log = log("debug", "text", |server| {
        let mut ana = Peer::join(server.address, "Ana");
        ana.send("GRITA hola");
        ana.expect_last("BYE bad-line");
    });
    let line = log.lines().find(|line| line.contains("this line ends the session")).unwrap();
    assert!(line.contains("connection{id=1 peer=127.0.0.1:") && line.contains(" participant=\"Ana\"}"), "{line}");
    assert!(line.ends_with(" line=GRITA hola"), "{line}");
}

/// [SEC-3]: control characters, what changes the direction of a text, and what ends a line.
#[test]
fn nothing_that_came_acts_on_who_reads_the_log() {
    let hostile = ["\u{1b}[2J", "\u{9b}31m", "\u{7}", "\u{202e}", "\u{2066}", "\u{200f}", "\u{2028}", "\u{2029}", "\r"];
    let acts = |c: char| c.is_control() && c != '\n' || hostile.iter().any(|text| text.starts_with(c));
    for format in ["text", "json"] {
        let log = log("trace", format, |server| {
            let mut ana = Peer::join(server.address, "Ana");
            for text in hostile {
                for line in [format!("NAME A{text}B"), format!("GRITA {text}"), format!("MSG {text}")] {
                    let mut peer = Peer::connect(server.address);
                    peer.send(&line);
                    assert!(peer.line().unwrap().starts_with("BYE "));
                }
                let mut peer = Peer::connect(server.address);
                peer.send_bytes(&[b"\xff\xfe", text.as_bytes(), b"\n"].concat());
                peer.expect_last("BYE bad-line");
            }
            ana.send("MSG a\u{202e}b\u{2028}c");
            ana.expect("MSG Ana a\u{202e}b\u{2028}c");
        });
        assert!(log.matches("this line ends the session").count() >= 4 * hostile.len());
        assert_eq!(log.chars().filter(|c| acts(*c)).collect::<String>(), "", "{format}");
    }
}

#[test]
fn a_log_of_warnings_says_nothing_of_what_is_usual() {
    let server = Server::with_log(&[]);
    visits(&server);
    server.signal(Signal::TERM);
    let (status, _, log) = server.wait_with_log();
    assert!(status.success());
    assert_eq!(log, "");
}
