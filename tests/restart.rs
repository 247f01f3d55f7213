//! A server that is stopped and started again: no message with a receipt is lost, and where its
//! socket outlives it nobody is refused. What a service manager hears of it, and of a reload.

mod common;

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use common::DEADLINE;
use common::peer::Peer;
use common::script::{Filter, client};
use common::server::{Server, command, inheriting, unconfigured};
use common::tls::{Authority, TlsPeer, server_options};
use rustix::process::Signal;
use rustix::time::{ClockId, clock_gettime};

/// A socket that is passed to servers, and where it listens.
fn socket() -> (TcpListener, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

fn stop(server: Server) {
    server.signal(Signal::TERM);
    assert_eq!(server.wait().0.code(), Some(0));
}

/// Says numbered things as fast as they come back, until the end; gives all that it heard.
fn talk(mut peer: Peer, name: &str, under_way: &Barrier) -> Vec<String> {
    let mut heard = Vec::new();
    for batch in 0.. {
        if batch == 20 {
            under_way.wait();
        }
        let said: Vec<_> = (0..20).map(|n| format!("MSG {batch}.{n}\n")).collect();
        // It cannot be written any more once the server has gone; what it said before can be read.
        let _ = std::io::Write::write_all(&mut peer.stream(), said.concat().as_bytes());
        let last = format!("MSG {name} {batch}.19");
        loop {
            let Some(line) = peer.line() else { return heard };
            heard.push(line.clone());
            if line == last {
                break;
            }
        }
    }
    heard
}

/// [LEAVE-9], [LEAVE-10], [BYE-14]
#[test]
fn a_stop_under_load_loses_nothing_that_has_a_receipt() {
    let server = Server::start();
    let names = ["Ana", "Bea", "Carlos", "Dora", "Eva", "Fito", "Gala", "Hugo"];
    let mut peers: Vec<_> = names.iter().map(|name| Peer::join(server.address, name)).collect();
    for (peer, joined) in peers.iter_mut().zip(1..) {
        names[joined..].iter().for_each(|name| peer.expect(&format!("JOIN {name}")));
    }
    let under_way = Arc::new(Barrier::new(names.len() + 1));
    let talkers: Vec<_> = peers
        .into_iter()
        .zip(names)
        .map(|(peer, name)| {
            let under_way = Arc::clone(&under_way);
            thread::spawn(move || talk(peer, name, &under_way))
        })
        .collect();
    under_way.wait();
    server.signal(Signal::TERM);
    let heard: Vec<_> = talkers.into_iter().map(|talker| talker.join().unwrap()).collect();
    assert_eq!(server.wait().0.code(), Some(0));
    // All heard the same, their own receipts among it, and no LEAVE.
    let (ending, said) = heard[0].split_last().unwrap();
    assert_eq!(ending, "BYE shutdown");
    assert!(said.len() > 1000 && said.iter().all(|line| line.starts_with("MSG ")));
    for other in &heard {
        assert_eq!(other, &heard[0]);
    }
    assert_eq!(said.iter().collect::<BTreeSet<_>>().len(), said.len());
}

/// Comes and goes until it is told to stop, and is refused by nobody; gives how often it got in.
fn come_and_go(address: SocketAddr, name: &str, enough: &AtomicBool) -> usize {
    let mut visits = 0;
    while !enough.load(Ordering::Relaxed) {
        let mut peer = Peer::connect(address);
        peer.send(&format!("NAME {name}\nBYE"));
        let lines: Vec<_> = std::iter::from_fn(|| peer.line()).collect();
        match lines.last().map(String::as_str) {
            Some("BYE quit") => visits += 1,
            ending => assert_eq!(ending, Some("BYE shutdown"), "{lines:?}"),
        }
    }
    visits
}

#[test]
fn a_restart_on_a_socket_that_was_passed_refuses_nobody() {
    let (socket, address) = socket();
    let mut server = Server::run(inheriting(&socket));
    assert_eq!(server.address, address);
    let enough = AtomicBool::new(false);
    thread::scope(|scope| {
        let enough = &enough;
        let visitors = ["Ana", "Bea", "Carlos"].map(|name| scope.spawn(move || come_and_go(address, name, enough)));
        for restart in 0..5 {
            server.wait_for_output("Carlos (127.0.0.1, ");
            stop(server);
            // Nobody serves the socket now: they wait.
            let mut waiting = ["Dora", "Eva"].map(|name| {
                let mut peer = Peer::connect(address);
                peer.send(&format!("NAME {name}{restart}"));
                peer
            });
            server = Server::run(inheriting(&socket));
            for (peer, name) in waiting.iter_mut().zip(["Dora", "Eva"]) {
                peer.skip_to(&format!("JOIN {name}{restart}"));
            }
        }
        enough.store(true, Ordering::Relaxed);
        for visitor in visitors {
            assert!(visitor.join().unwrap() >= 5);
        }
    });
}

/// [SCREEN-8]
#[test]
fn a_client_that_reconnects_is_there_after_a_restart() {
    let (socket, address) = socket();
    let server = Server::run(inheriting(&socket));
    let mut filter = Filter::start(client(&[&address.to_string(), "--name", "Ana", "--reconnect"]));
    filter.input("uno\n");
    server.wait_for_output("Ana: uno\n");
    stop(server);
    filter.input("dos\n");
    let server = Server::run(inheriting(&socket));
    server.wait_for_output("Ana: dos\n");
    filter.end_input();
    let left = filter.finish();
    assert_eq!(left.out, "Bienvenido al chat, Ana!\nTú: uno\nBienvenido al chat, Ana!\nTú: dos\n");
    assert_eq!(left.code, 0, "{left:?}");
}

#[test]
fn a_socket_that_was_passed_takes_the_place_of_listen() {
    let (socket, address) = socket();
    let mut command = inheriting(&socket);
    command.args(["--listen", "127.0.0.1:0"]);
    let server = Server::run(command);
    let printed = server.wait_for_output("Esperando conexiones...\n\n");
    assert_eq!(printed, format!("Servidor de chat escuchando en {address}\nEsperando conexiones...\n\n"));
    assert!(Peer::join(address, "Ana").fence("Ana").is_empty());
}

#[test]
fn a_socket_that_is_named_for_tls_takes_the_place_of_listen_tls() {
    let authority = Authority::new();
    let (socket, address) = socket();
    let mut command = inheriting(&socket);
    command.env("LISTEN_FDNAMES", "charla-tls").args(["--listen", "127.0.0.1:0"]);
    command.args(server_options(&authority.issue("server")));
    let server = Server::run(command);
    let printed = server.wait_for_output("Esperando conexiones...\n");
    assert_eq!(printed.matches("(TLS)").count(), 1, "{printed}");
    let mut ana = TlsPeer::join(address, authority.client(), "Ana");
    Peer::join(server.address, "Luis");
    assert_eq!(ana.line().as_deref(), Some("JOIN Luis"));
}

#[test]
fn what_cannot_be_listened_on_is_one_clear_line() {
    let (socket, _) = socket();
    let mut named = inheriting(&socket);
    named.env("LISTEN_FDNAMES", "charla-tls");
    let mut none = unconfigured();
    none.env("LISTEN_FDS", "1").env("LISTEN_FDS_FIRST_FD", "0");
    for (mut command, reason) in [(named, "charla-tls es para TLS"), (none, "no se puede usar un socket recibido")] {
        let output = command.output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(reason) && error.lines().count() == 1, "{error}");
        assert_eq!(output.status.code(), Some(1));
    }
}

/// What systemd is to a service that it has started: it hears how it is.
struct Manager {
    path: PathBuf,
    socket: UnixDatagram,
}

impl Manager {
    fn new(name: &str) -> Manager {
        let path = std::env::temp_dir().join(format!("charla-{name}-{}", std::process::id()));
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Manager { path, socket }
    }

    fn start(&self, options: &[String]) -> Server {
        let mut command = command(&[]);
        command.args(options).env("NOTIFY_SOCKET", &self.path);
        let server = Server::run(command);
        assert_eq!(self.hear(), "READY=1\n");
        server
    }

    /// What is told next.
    fn hear(&self) -> String {
        let mut state = [0; 128];
        let n = self.socket.recv(&mut state).unwrap();
        String::from_utf8(state[..n].to_vec()).unwrap()
    }

    /// The time of a reload of which is told next, from its beginning to its end.
    fn hear_reload(&self) -> i128 {
        let state = self.hear();
        let time = state.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").and_then(|rest| rest.strip_suffix('\n'));
        let time = time.unwrap_or_else(|| panic!("{state:?}")).parse().unwrap();
        assert_eq!(self.hear(), "READY=1\n");
        time
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[test]
fn the_service_manager_hears_when_it_is_ready_and_when_it_stops() {
    let manager = Manager::new("ready");
    let server = manager.start(&[]);
    Peer::join(server.address, "Ana");
    server.signal(Signal::TERM);
    assert_eq!(manager.hear(), "STOPPING=1\n");
    assert_eq!(server.wait().0.code(), Some(0));
}

/// The time of the system since its start, in microseconds.
fn now() -> i128 {
    let now = clock_gettime(ClockId::Monotonic);
    i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1000
}

#[test]
fn the_service_manager_hears_of_a_reload_from_its_beginning_to_its_end() {
    let manager = Manager::new("reload");
    let authority = Authority::new();
    let identity = authority.issue("server");
    let server = manager.start(&server_options(&identity));
    let shown = || {
        let peer = TlsPeer::connect(server.tls_address(), authority.client());
        peer.session().peer_certificates().unwrap()[0].to_vec()
    };
    let first = shown();
    authority.issue("server");
    let before = now();
    server.signal(Signal::HUP);
    let time = manager.hear_reload();
    assert!((before..=now()).contains(&time), "{time}");
    let second = shown();
    assert_ne!(second, first);
    // It hears of one that fails too: the server goes on as it was.
    std::fs::write(&identity.key, "").unwrap();
    server.signal(Signal::HUP);
    assert!(manager.hear_reload() >= time);
    assert_eq!(shown(), second);
}

#[test]
fn a_reload_by_the_service_manager_ends_no_server_that_has_nothing_to_read_anew() {
    let manager = Manager::new("nothing");
    let server = manager.start(&[]);
    let mut ana = Peer::join(server.address, "Ana");
    server.signal(Signal::HUP);
    manager.hear_reload();
    assert!(ana.fence("Ana").is_empty());
}
