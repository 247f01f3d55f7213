//! The session that the documentation shows, replayed to the letter with the real
//! programs: the server under its console, Ana and Carlos each in a terminal.
//!
//! What Ana and Carlos see is the screen of a terminal emulator. The three blocks of the
//! documentation are kept in `fixtures/transcript/`; only port numbers differ from run
//! to run, and the server's block ends before Ana's last message, which a full replay has.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use common::server::{Server, wait};
use common::terminal::Terminal;

const ANA: &str = include_str!("../fixtures/transcript/ana.txt");
const CARLOS: &str = include_str!("../fixtures/transcript/carlos.txt");
const SERVER: &str = include_str!("../fixtures/transcript/server.txt");

fn client(server: &Server) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_charla-client"));
    command
        .arg(server.address.to_string())
        .env("TERM", "xterm-256color")
        .env_remove("CHARLA_LANG")
        .env("XDG_STATE_HOME", common::state_home());
    command
}

/// Names of snapshots tell the block; the filters take out what differs between runs.
fn assert_block(name: &str, seen: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"escuchando en 127\.0\.0\.1:\d+", "escuchando en localhost:[puerto]");
    settings.add_filter(r"127\.0\.0\.1, \d+", "127.0.0.1, [puerto]");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, seen));
}

/// The documented block with the ports filtered as in the snapshots.
fn documented(block: &str) -> String {
    let mut text = block.trim_end().to_owned();
    for port in ["65434", "54321", "54322"] {
        text = text.replace(port, "[puerto]");
    }
    text
}

/// The snapshots are what the documentation shows, and nothing else.
#[test]
fn the_snapshots_are_the_documented_blocks() {
    let snapshot = |name: &str| {
        let path = format!("{}/tests/snapshots/{name}.snap", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        text.splitn(3, "---\n").nth(2).unwrap().trim_end().to_owned()
    };
    assert_eq!(snapshot("ana"), documented(ANA));
    assert_eq!(snapshot("carlos"), documented(CARLOS));
    let last = "\nAna: Muy bien, gracias!";
    assert_eq!(snapshot("server"), documented(SERVER) + last);
}

/// [UI-1], [UI-2], [UI-3], [UI-4], [UI-7], [UI-8], [UI-9], [UI-10], [UI-12]
#[test]
fn the_documented_session_in_terminals() {
    let server = Server::start();
    let mut ana = Terminal::start(client(&server));
    ana.wait_for_text("Ingresa tu nombre:");
    ana.type_("Ana\r");
    ana.wait_for_text("Bienvenido al chat, Ana!\nTú:");
    let mut carlos = Terminal::start(client(&server));
    carlos.wait_for_text("Ingresa tu nombre:");
    carlos.type_("Carlos\r");
    carlos.wait_for_text("Bienvenido al chat, Carlos!\nTú:");
    ana.wait_for_text("Carlos se ha unido al chat\nTú:");
    ana.type_("Hola a todos!\r");
    carlos.wait_for_text("Ana: Hola a todos!\nTú:");
    carlos.type_("Hola Ana, ¿cómo estás?\r");
    ana.wait_for_text("Carlos: Hola Ana, ¿cómo estás?\nTú:");
    ana.type_("Muy bien, gracias!\r");
    carlos.wait_for_text("Ana: Muy bien, gracias!\nTú:");
    assert_block("server", server.wait_for_output("Muy bien, gracias!\n").trim_end());
    // Ana still sees her prompt, below what the documentation shows.
    let screen = ana.wait_for_text("Tú: Muy bien, gracias!\nTú:");
    assert_block("ana", screen.strip_suffix("\nTú:").unwrap());
    // Carlos leaves by Ctrl-D: his prompt is wiped, and what remains is the transcript.
    carlos.type_("\u{4}");
    let (code, screen) = carlos.wait_exit();
    assert_eq!(code, 0);
    assert_block("carlos", &screen);
    ana.wait_for_text(">>> Carlos ha salido del chat\nTú:");
}

/// [UI-13], [UI-14], [UI-15], [UI-16]: the same through pipes, but for the prompts.
#[test]
fn the_documented_session_through_pipes() {
    let server = Server::start();
    let mut ana = Pipe::start(&server, "Ana");
    ana.expect("Bienvenido al chat, Ana!");
    let mut carlos = Pipe::start(&server, "Carlos");
    carlos.expect("Bienvenido al chat, Carlos!");
    ana.expect(">>> Carlos se ha unido al chat");
    ana.say("Hola a todos!");
    ana.expect("Tú: Hola a todos!");
    carlos.expect("Ana: Hola a todos!");
    carlos.say("Hola Ana, ¿cómo estás?");
    carlos.expect("Tú: Hola Ana, ¿cómo estás?");
    ana.expect("Carlos: Hola Ana, ¿cómo estás?");
    ana.say("Muy bien, gracias!");
    ana.expect("Tú: Muy bien, gracias!");
    carlos.expect("Ana: Muy bien, gracias!");
    let without_prompt = |block: &str| block.split_once('\n').unwrap().1.to_owned();
    assert_eq!(ana.seen, without_prompt(ANA));
    assert_eq!(carlos.seen, without_prompt(CARLOS));
    assert_block("server", server.wait_for_output("Muy bien, gracias!\n").trim_end());
    ana.leave();
    carlos.expect(">>> Ana ha salido del chat");
    carlos.leave();
}

/// A client who is killed is announced as gone, to the others and on the console. [LEAVE-1], [LEAVE-7]
#[test]
fn a_client_that_is_killed_is_announced_as_gone() {
    let server = Server::start();
    let mut ana = Pipe::start(&server, "Ana");
    ana.expect("Bienvenido al chat, Ana!");
    let mut carlos = Pipe::start(&server, "Carlos");
    ana.expect(">>> Carlos se ha unido al chat");
    carlos.child.kill().unwrap();
    ana.expect(">>> Carlos ha salido del chat");
    server.wait_for_output("se ha desconectado");
    ana.leave();
}

/// `printf 'hola\n' | charla-client --name Ana` is a whole visit and loses nothing.
#[test]
fn a_whole_visit_in_one_pipe() {
    let server = Server::start();
    let mut child =
        client(&server).args(["--name", "Ana"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"hola\n").unwrap();
    assert_eq!(wait(&mut child).code(), Some(0));
    let seen = common::server::read_all(child.stdout.take().unwrap());
    assert_eq!(seen, "Bienvenido al chat, Ana!\nTú: hola\n");
    let console = server.wait_for_output("se ha desconectado");
    assert!(console.contains("Ana: hola\nAna (127.0.0.1, "), "{console}");
}

/// SIGTERM on the server: everyone is told why.
#[test]
fn clients_say_that_the_server_stops() {
    let server = Server::start();
    let mut ana = Terminal::start(client(&server));
    ana.wait_for_text("Ingresa tu nombre:");
    ana.type_("Ana\r");
    ana.wait_for_text("Tú:");
    server.signal(rustix::process::Signal::TERM);
    let (code, screen) = ana.wait_exit();
    assert_eq!(code, 1);
    assert!(screen.contains("servidor"), "{screen}");
    assert_eq!(ana.unusable(), [""; 0]);
    assert_eq!(server.wait().0.code(), Some(0));
}

/// A client whose input and output are pipes.
struct Pipe {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    seen: String,
}

impl Pipe {
    fn start(server: &Server, name: &str) -> Pipe {
        let mut child = client(server).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut pipe = Pipe { input: child.stdin.take().unwrap(), output, child, seen: String::new() };
        pipe.say(name);
        pipe
    }

    fn say(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    #[track_caller]
    fn expect(&mut self, line: &str) {
        let mut next = String::new();
        self.output.read_line(&mut next).unwrap();
        assert_eq!(next.trim_end_matches('\n'), line, "after {:?}", self.seen);
        self.seen += &next;
    }

    /// Ends the input; the client leaves politely.
    fn leave(mut self) {
        drop(self.input);
        assert_eq!(wait(&mut self.child).code(), Some(0));
    }
}
