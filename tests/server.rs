//! `charla-server` as its operator meets it: arguments, console, signals, exit codes.

mod common;

use std::io::Read;
use std::net::{Ipv6Addr, TcpListener, TcpStream, ToSocketAddrs};
use std::process::Stdio;

use assert_cmd::Command;
use common::peer::Peer;
use common::server::{Server, WITHOUT_RATES, command, read_all, wait};
use rustix::process::Signal;

/// Replaces the ports of the peers by the ones of the documentation.
fn with_ports(text: &str, peers: &[(&Peer, &str)]) -> String {
    peers.iter().fold(text.to_owned(), |text, (peer, port)| text.replace(&peer.address().port().to_string(), port))
}

/// [UI-1], [UI-2], [UI-3], [ROOM-11]
#[test]
fn the_console_is_the_transcript() {
    let server = Server::start();
    let mut ana = Peer::join(server.address, "Ana");
    let mut carlos = Peer::join(server.address, "Carlos");
    ana.expect("JOIN Carlos");
    ana.send("MSG Hola a todos!");
    carlos.expect("MSG Ana Hola a todos!");
    carlos.send("MSG Hola Ana, ¿cómo estás?");
    ana.skip_to("MSG Carlos Hola Ana, ¿cómo estás?");
    carlos.send("BYE");
    let printed = server.wait_for_output("se ha desconectado");
    let printed = with_ports(&printed, &[(&ana, "54321"), (&carlos, "54322")]);
    let port = server.address.port();
    assert_eq!(
        printed,
        format!(
            "Servidor de chat escuchando en 127.0.0.1:{port}\n\
             Esperando conexiones...\n\
             \n\
             Ana (127.0.0.1, 54321) se ha conectado\n\
             Carlos (127.0.0.1, 54322) se ha conectado\n\
             Ana: Hola a todos!\n\
             Carlos: Hola Ana, ¿cómo estás?\n\
             Carlos (127.0.0.1, 54322) se ha desconectado\n"
        )
    );
}

/// [SEC-3]: what could act on a terminal is not printed as it came. (A conforming server
/// has no control characters in its log; what is left changes directions and lines.)
#[test]
fn the_console_shows_nothing_that_acts_on_a_terminal() {
    let server = Server::start();
    let mut ana = Peer::join(server.address, "Ana");
    ana.send("MSG a\u{202e}b\u{2028}Carlos: c");
    let printed = server.wait_for_output("Carlos: c\n");
    assert!(printed.ends_with("Ana: a\u{fffd}b\u{fffd}Carlos: c\n"), "{printed:?}");
}

/// [LINE-1]: without `--listen` it is the port of SPEC.md.
#[test]
fn the_default_port_is_65434() {
    let help = Command::cargo_bin("charla-server").unwrap().env_remove("CHARLA_LANG").arg("--help").assert().success();
    let help = String::from_utf8(help.get_output().stdout.clone()).unwrap();
    assert!(help.contains("localhost:65434"), "{help}");
    assert_eq!(charla::proto::PORT, 65434);
}

#[test]
fn a_name_is_listened_on_at_all_its_addresses_on_one_port() {
    let server = Server::with(&["--listen", "localhost:0"]);
    let printed = server.wait_for_output("Esperando conexiones...\n\n");
    let second = printed.lines().nth(1).unwrap();
    let port = second.strip_prefix("Servidor de chat escuchando en localhost:").unwrap().parse().unwrap();
    Peer::join(([127, 0, 0, 1], port).into(), "Ana");
    let has_ipv6 = ("localhost", port).to_socket_addrs().unwrap().any(|address| address.is_ipv6());
    if has_ipv6 && TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        Peer::join((Ipv6Addr::LOCALHOST, port).into(), "Luis");
        server.wait_for_output("Luis (::1, ");
    }
}

#[test]
fn one_room_has_several_listeners() {
    let server = Server::with(&["--listen", "127.0.0.2:0"]);
    let printed = server.wait_for_output("Esperando conexiones...\n\n");
    let port = printed.lines().nth(1).unwrap().rsplit_once(':').unwrap().1.parse().unwrap();
    let mut ana = Peer::join(server.address, "Ana");
    Peer::join(([127, 0, 0, 2], port).into(), "Luis").expect_receipt();
    ana.expect("JOIN Luis");
}

impl Peer {
    fn expect_receipt(&mut self) {
        assert!(self.fence("Luis").is_empty());
    }
}

#[test]
fn a_port_that_is_taken_is_one_clear_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = taken.local_addr().unwrap().to_string();
    let failed = Command::cargo_bin("charla-server")
        .unwrap()
        .env_remove("CHARLA_LANG")
        .args(["--listen", &place])
        .assert()
        .code(1);
    let error = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
    assert!(error.contains(&place) && error.contains("el puerto está ocupado"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(failed.get_output().stdout.is_empty());
}

#[test]
fn an_address_that_is_not_here_is_one_clear_line() {
    // 192.0.2.0/24 is for documentation: nobody has it.
    let failed = Command::cargo_bin("charla-server")
        .unwrap()
        .env_remove("CHARLA_LANG")
        .args(["--listen", "192.0.2.1:0"])
        .assert()
        .code(1);
    let error = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
    assert!(error.contains("192.0.2.1:0") && error.contains("no tiene esa dirección"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
}

#[test]
fn bad_usage_is_exit_2() {
    for arguments in [
        &["--nada"][..],
        &["--listen", "localhost"],
        &["--listen", ":1"],
        &["--listen", "::1:1"],
        &["--patience", "31"],
        &["--confusables", "perhaps"],
        &["--name-timeout", "-1"],
        &["--listen", "localhost:65536"],
    ] {
        Command::cargo_bin("charla-server").unwrap().env_remove("CHARLA_LANG").args(arguments).assert().code(2);
    }
}

/// [NAME-10]
#[test]
fn a_name_that_looks_like_another_is_taken_unless_that_is_allowed() {
    let (refusing, allowing) = (Server::start(), Server::with(&["--confusables", "allow"]));
    let mut luis = Peer::join(refusing.address, "Luis");
    for alike in ["Iuis", "Luіs"] {
        let mut peer = Peer::connect(refusing.address);
        peer.send(&format!("NAME {alike}"));
        peer.expect_last("BYE name-taken");
    }
    assert!(luis.fence("Luis").is_empty());
    let _luis = Peer::join(allowing.address, "Luis");
    let mut alike = Peer::join(allowing.address, "Iuis");
    assert!(alike.fence("Iuis").is_empty());
}

/// [LEAVE-9], [LEAVE-10], [LEAVE-13], [BYE-14], [BYE-8]: everyone gets what came before, then
/// `BYE shutdown`, and no `LEAVE`.
#[test]
fn a_signal_ends_the_room_for_all_alike() {
    for signal in [Signal::TERM, Signal::INT] {
        let server = Server::start();
        let mut ana = Peer::join(server.address, "Ana");
        let mut carlos = Peer::join(server.address, "Carlos");
        let mut nameless = Peer::connect(server.address);
        // Its half line is read: the server has accepted it before the signal.
        nameless.send_bytes(b"\n");
        ana.send("MSG lo último");
        carlos.skip_to("MSG Ana lo último");
        server.wait_for_output("lo último");
        server.signal(signal);
        ana.expect("JOIN Carlos");
        ana.expect("MSG Ana lo último");
        ana.expect_last("BYE shutdown");
        carlos.expect_last("BYE shutdown");
        drop((ana, carlos));
        nameless.expect_last("BYE shutdown");
        drop(nameless);
        let (status, printed) = server.wait();
        assert_eq!(status.code(), Some(0));
        assert!(printed.ends_with("Ana: lo último\n"), "{printed}");
    }
}

/// [LEAVE-11]: whatever the clients do.
#[test]
fn a_client_that_reads_nothing_does_not_hold_up_the_end() {
    let server = Server::start();
    let mut ana = Peer::join(server.address, "Ana");
    let mut asleep = Peer::connect_narrow(server.address);
    asleep.send("NAME asleep");
    ana.expect("JOIN asleep");
    for _ in 0..1000 {
        ana.send(&format!("MSG {}", "x".repeat(1000)));
        ana.line();
    }
    server.signal(Signal::TERM);
    ana.expect_last("BYE shutdown");
    let (status, _) = server.wait();
    assert_eq!(status.code(), Some(0));
    drop(asleep);
}

#[test]
fn a_console_that_nobody_reads_holds_up_nobody_and_says_what_it_left_out() {
    let (server, mut unread) = Server::with_unread_output(&WITHOUT_RATES);
    let mut ana = Peer::join(server.address, "Ana");
    let text = "x".repeat(1000);
    for _ in 0..12_000 {
        ana.send(&format!("MSG {text}"));
        ana.line().unwrap();
    }
    server.signal(Signal::TERM);
    ana.expect_last("BYE shutdown");
    drop(ana);
    let mut printed = String::new();
    unread.read_to_string(&mut printed).unwrap();
    let (status, _) = server.wait();
    assert_eq!(status.code(), Some(0));
    // Told or shown, each of the events is accounted for, up to where the end cut the console off.
    let left_out: usize = printed
        .lines()
        .find_map(|line| line.strip_prefix("[se han omitido ")?.strip_suffix(" líneas]")?.parse().ok())
        .expect("it says how many lines it left out");
    assert!(left_out > 1000, "{left_out}");
    assert!(printed.lines().filter(|line| line.starts_with("Ana: ")).count() + left_out <= 12_000);
}

#[test]
fn a_closed_console_ends_nothing() {
    let (mut server, unread) = Server::with_unread_output(&[]);
    drop(unread);
    let mut ana = Peer::join(server.address, "Ana");
    for _ in 0..100 {
        assert!(ana.fence("Ana").is_empty());
    }
    assert!(server.is_running());
    server.signal(Signal::TERM);
    ana.expect_last("BYE shutdown");
    drop(ana);
    assert_eq!(server.wait().0.code(), Some(0));
}

#[test]
fn diagnostics_go_to_standard_error_as_far_as_asked() {
    let mut child = command(&["--log", "debug"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    std::io::BufRead::read_line(&mut out, &mut first).unwrap();
    let port: u16 = first.trim_end().rsplit_once(':').unwrap().1.parse().unwrap();
    let mut ana = Peer::over(TcpStream::connect(("127.0.0.1", port)).unwrap());
    ana.send("BYE");
    ana.expect_last("BYE quit");
    drop(ana);
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::TERM).unwrap();
    assert!(wait(&mut child).success());
    let errors = read_all(child.stderr.take().unwrap());
    assert!(errors.contains("code=quit"), "{errors}");
    assert!(!read_all(out).contains("quit"));
}
