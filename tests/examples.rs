//! The programs of `examples/` in rooms of real servers.
#![cfg(feature = "cli")]

mod common;

use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::peer::Peer;
use common::server::{Server, wait};

/// An example, run as it was built beside the programs; it is killed when dropped.
struct Example(Child);

impl Example {
    fn start(name: &str, arguments: &[&str]) -> Example {
        let path = Path::new(env!("CARGO_BIN_EXE_charla-server")).with_file_name("examples").join(name);
        let child = Command::new(&path).args(arguments).stderr(Stdio::null()).spawn();
        Example(child.unwrap_or_else(|error| panic!("{}: {error}; `cargo build --examples` makes it", path.display())))
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_echo_bot_answers_what_is_said_to_it() {
    let server = Server::start();
    let mut ana = Peer::join(server.address, "Ana");
    let _bot = Example::start("echo_bot", &[&server.address.to_string(), "Eco"]);
    ana.expect("JOIN Eco");
    for text in ["hola a todos", "Eco: ¿estás?", "Eco, no", "Eco: sí"] {
        ana.send(&format!("MSG {text}"));
        ana.expect(&format!("MSG Ana {text}"));
        if let Some(said) = text.strip_prefix("Eco: ") {
            ana.expect(&format!("MSG Eco Ana dice: {said}"));
        }
    }
    assert!(ana.fence("Ana").is_empty());
}

/// The answer to the longest text is two texts.
#[test]
fn the_echo_bot_loses_nothing_of_a_long_text() {
    let server = Server::start();
    let mut ana = Peer::join(server.address, "Ana");
    let _bot = Example::start("echo_bot", &[&server.address.to_string(), "Eco"]);
    ana.expect("JOIN Eco");
    let said = "x".repeat(1019);
    ana.send(&format!("MSG Eco: {said}"));
    ana.expect(&format!("MSG Ana Eco: {said}"));
    ana.expect(&format!("MSG Eco Ana dice: {}", "x".repeat(1014)));
    ana.expect("MSG Eco xxxxx");
}

#[test]
fn the_echo_bot_ends_with_the_connection() {
    let server = Server::start();
    let mut bot = Example::start("echo_bot", &[&server.address.to_string(), "Eco"]);
    server.wait_for_output("Eco (127.0.0.1");
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(wait(&mut bot.0).code(), Some(1));
}

/// What is said in one room is heard in the other, once, and nothing comes back.
#[test]
fn the_bridge_carries_texts_both_ways_and_never_back() {
    let (here, there) = (Server::start(), Server::start());
    let (mut ana, mut luis) = (Peer::join(here.address, "Ana"), Peer::join(there.address, "Luis"));
    let _bridge = Example::start("bridge", &[&here.address.to_string(), &there.address.to_string(), "Puente"]);
    ana.expect("JOIN Puente");
    luis.expect("JOIN Puente");
    for n in 0..100 {
        ana.send(&format!("MSG hola {n}"));
        ana.expect(&format!("MSG Ana hola {n}"));
        luis.expect(&format!("MSG Puente Ana: hola {n}"));
        luis.send(&format!("MSG qué {n}"));
        luis.expect(&format!("MSG Luis qué {n}"));
        ana.expect(&format!("MSG Puente Luis: qué {n}"));
    }
    assert!(ana.fence("Ana").is_empty());
    luis.expect("MSG Puente Ana: fence");
    assert!(luis.fence("Luis").is_empty());
    ana.expect("MSG Puente Luis: fence");
    assert!(ana.fence("Ana").is_empty());
}
