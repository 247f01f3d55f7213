//! What an open port has to bear: a row for each kind of abuse, with what comes and what its
//! peers get. Meanwhile what another participant says gets through within a second, and the
//! server's memory stays bounded.
#![cfg(target_os = "linux")]

mod common;

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use common::DEADLINE;
use common::peer::Peer;
use common::server::Server;
use common::tls::{Authority, hello, raw_rest, server_options};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How soon what is said must be heard.
const SOON: Duration = Duration::from_secs(1);

/// The witnesses' pause between two messages.
const PAUSE: Duration = Duration::from_millis(20);

/// A kind of abuse.
struct Abuse {
    /// Of the server, besides its defaults.
    options: &'static [&'static str],
    /// To which of its ports.
    to: Port,
    /// What comes; gives what each of its peers got.
    comes: fn(SocketAddr) -> Vec<String>,
    /// What each of them may get: the end of it, line by line.
    gets: &'static [&'static str],
    /// By how many MiB the server may grow.
    grows: u64,
}

enum Port {
    Plain,
    Tls,
}

/// Makes a test of each row.
macro_rules! table {
    ($($name:ident: $abuse:expr;)*) => { $(
        #[test]
        fn $name() {
            suffer(&$abuse);
        }
    )* };
}

table! {
    // [LIMIT-1], [LIMIT-2]
    a_byte_a_second: Abuse {
        options: &["--name-timeout", "3"],
        to: Port::Plain,
        comes: |server| all(200, |_| drip(server)),
        gets: &["BYE timeout"],
        grows: 4,
    };
    // [LIMIT-1]
    five_thousand_connections_without_a_name: Abuse {
        options: &["--name-timeout", "3"],
        to: Port::Plain,
        comes: |server| {
            let idle: Vec<_> = (0..5000).map(|_| connect(server)).collect();
            idle.into_iter().map(rest).collect()
        },
        gets: &["BYE timeout"],
        grows: 32,
    };
    // [SLOW-1], [SLOW-8]
    readers_that_stop: Abuse {
        options: &["--patience", "0.3", "--lines-per-second", "0", "--bytes-per-second", "0"],
        to: Port::Plain,
        comes: stop_reading,
        gets: &["BYE too-slow"],
        grows: 16,
    };
    // [LINE-10], [BYE-10], [SEC-2]
    a_gibibyte_without_an_end_of_line: Abuse {
        options: &[],
        to: Port::Plain,
        comes: |server| all(4, |_| pour(server, &vec![b'x'; 1024 * 1024], 1024)),
        gets: &["BYE too-long"],
        grows: 4,
    };
    // [ROOM-2]
    a_flood_of_names: Abuse {
        options: &[],
        to: Port::Plain,
        comes: |server| all(20, |n| {
            let names: String = (0..50_000).map(|m| format!("NAME n{n}-{m}\n")).collect();
            pour(server, names.as_bytes(), 1)
        }),
        gets: &["BYE bad-state"],
        grows: 8,
    };
    // [LEAVE-12]
    a_storm_of_connections_that_are_reset: Abuse {
        options: &[],
        to: Port::Plain,
        comes: |server| all(4, |n| {
            for m in 0..1000 {
                let peer = Peer::over(connect(server));
                // Some of them are within a line, some are in the room.
                let _ = peer.stream().write_all(["", "NAM", &format!("NAME n{n}-{m}\n")][m % 3].as_bytes());
                peer.reset();
            }
            String::new()
        }),
        gets: &[""],
        grows: 16,
    };
    // [NAME-1], [NAME-2], [NAME-7], [NAME-10]
    names_made_to_look_alike: Abuse {
        options: &[],
        to: Port::Plain,
        comes: |server| {
            let names = ["ANA", "\u{410}na", "An\u{430}", "Ａｎａ", "Ana\u{200B}", "Ana\u{FE0F}", "\u{202E}anA", "Carl0s", "CarIos"];
            names.iter().map(|name| pour(server, format!("NAME {name}\n").as_bytes(), 1)).collect()
        },
        gets: &["BYE name-taken", "BYE name-invalid"],
        grows: 4,
    };
    // [LIMIT-3]
    a_hundred_from_one_address: Abuse {
        options: &["--limit-loopback", "--max-per-address", "10"],
        to: Port::Plain,
        comes: |server| {
            // Two of the ten seats are the witnesses'; they are taken in the order of arrival.
            let mut seated: Vec<_> = (0..100).map(|_| connect(server)).collect();
            let refused = seated.split_off(8);
            let refused: Vec<_> = refused.into_iter().map(rest).collect();
            assert!(refused.iter().all(|got| got == "BYE full\n"), "{refused:?}");
            let leave = |mut stream: TcpStream| {
                stream.write_all(b"BYE\n").unwrap();
                rest(stream)
            };
            seated.into_iter().map(leave).collect()
        },
        gets: &["BYE quit"],
        grows: 4,
    };
    // [LINE-13]
    hellos_of_tls_on_the_plain_port: Abuse {
        options: &["--name-timeout", "3600"],
        to: Port::Plain,
        comes: |server| {
            let hello = hello(&Authority::new().client());
            all(50, |_| pour(server, &hello, 1))
        },
        gets: &["BYE bad-line"],
        grows: 4,
    };
    // [SEC-1], [SEC-2]
    garbage_on_the_port_of_tls: Abuse {
        options: &["--tls-handshake-timeout", "3600"],
        to: Port::Tls,
        comes: |server| all(50, |n| {
            let stream = connect(server);
            let mut rng = fastrand::Rng::with_seed(n as u64);
            let garbage: Vec<_> = std::iter::repeat_with(|| rng.u8(..)).take(65_536).collect();
            // It may be refused while it is still talking.
            let _ = (&stream).write_all(&garbage);
            raw_rest(&stream);
            String::new()
        }),
        gets: &[""],
        grows: 8,
    };
    // [TLS-11], [SEC-2]: 64 KiB are what a hello may have.
    hellos_that_are_too_large_or_never_end: Abuse {
        options: &["--tls-handshake-timeout", "2"],
        to: Port::Tls,
        comes: |server| {
            let too_large = b"\x16\x03\x01\x00\x04\x01\xff\xff\xff".to_vec();
            let record = [&b"\x16\x03\x01\x40\x00"[..], &[0; 16 * 1024]].concat();
            let mut endless = record.repeat(4);
            endless[5..9].copy_from_slice(b"\x01\x00\xff\xff");
            endless.truncate(65_000);
            let openings = [too_large, endless];
            all(100, |n| {
                let stream = connect(server);
                let _ = (&stream).write_all(&openings[n % 2]);
                raw_rest(&stream);
                String::new()
            })
        },
        gets: &[""],
        grows: 16,
    };
    // [NAME-1], [GRAM-2], [SEC-3]
    escapes_in_everything: Abuse {
        options: &[],
        to: Port::Plain,
        comes: |server| {
            let evil = "\u{1b}]0;x\u{7}\u{1b}[2J\u{9b}1m";
            let lines = [format!("NAME {evil}"), format!("NAME evil\nMSG {evil}"), evil.to_owned(), format!("BYE {evil}")];
            lines.iter().map(|line| pour(server, format!("{line}\n").as_bytes(), 1)).collect()
        },
        gets: &["BYE name-invalid", "BYE bad-line"],
        grows: 4,
    };
}

/// Lets a server suffer it, under the eyes of two who talk to each other.
fn suffer(abuse: &Abuse) {
    /// One at a time: the others are not to be blamed for each other.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    allow_files();
    let authority = Authority::new();
    let mut options = match abuse.to {
        Port::Plain => Vec::new(),
        Port::Tls => server_options(&authority.issue("server")),
    };
    options.extend(abuse.options.iter().map(|&option| option.to_owned()));
    let server = Server::with(&options.iter().map(String::as_str).collect::<Vec<_>>());
    let target = match abuse.to {
        Port::Plain => server.address,
        Port::Tls => server.tls_address(),
    };
    let (over, end) = channel();
    let witnesses = thread::spawn({
        let witnesses = Witnesses::new(&server);
        move || witnesses.talk(&end)
    });
    let got = (abuse.comes)(target);
    drop(over);
    let grown = witnesses.join().unwrap();
    for got in got {
        let last = got.lines().last().unwrap_or_default();
        assert!(abuse.gets.contains(&last), "it got {got:?}");
    }
    assert!(grown <= abuse.grows * 1024, "{grown} KiB more");
    let acts = |c: char| c.is_control() && c != '\n';
    let shown = server.wait_for_output("Ana: 0\n");
    assert!(!shown.contains(acts), "{shown:?}");
}

/// Two participants who answer each other.
struct Witnesses {
    ana: Peer,
    carlos: Peer,
    server: rustix::process::Pid,
}

impl Witnesses {
    fn new(server: &Server) -> Witnesses {
        let ana = Peer::join(server.address, "Ana");
        Witnesses { ana, carlos: Peer::join(server.address, "Carlos"), server: server.pid() }
    }

    /// Talks until the end; gives by how much the server has grown meanwhile, in KiB.
    fn talk(mut self, end: &Receiver<()>) -> u64 {
        let before = self.resident();
        let mut most = before;
        for n in 0.. {
            let said = Instant::now();
            self.ana.send(&format!("MSG {n}"));
            for witness in [&mut self.carlos, &mut self.ana] {
                witness.skip_to(&format!("MSG Ana {n}"));
            }
            assert!(said.elapsed() < SOON, "{n} took {:?}", said.elapsed());
            most = most.max(self.resident());
            if end.recv_timeout(PAUSE) == Err(RecvTimeoutError::Disconnected) {
                break;
            }
        }
        most - before
    }

    /// The server's memory, in KiB.
    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.as_raw_nonzero())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

fn allow_files() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}

fn connect(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// So many at once; gives what each got.
fn all(count: usize, attack: impl Fn(usize) -> String + Sync) -> Vec<String> {
    let attack = &attack;
    thread::scope(|scope| {
        let attackers: Vec<_> = (0..count).map(|n| scope.spawn(move || attack(n))).collect();
        attackers.into_iter().map(|attacker| attacker.join().unwrap()).collect()
    })
}

/// All that comes, up to the end or a reset.
fn rest(mut stream: TcpStream) -> String {
    let mut got = Vec::new();
    match stream.read_to_end(&mut got) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
        _ => String::from_utf8(got).unwrap(),
    }
}

/// Writes this again and again, until it is not taken any more, and reads meanwhile.
fn pour(server: SocketAddr, bytes: &[u8], times: usize) -> String {
    let mut stream = connect(server);
    let reader = thread::spawn({
        let stream = stream.try_clone().unwrap();
        move || rest(stream)
    });
    let poured: io::Result<()> = (0..times).try_for_each(|_| stream.write_all(bytes));
    drop(poured);
    // Its end, where the server lingers still.
    let _ = stream.shutdown(std::net::Shutdown::Write);
    reader.join().unwrap()
}

/// A byte of a name each second.
fn drip(server: SocketAddr) -> String {
    let mut stream = connect(server);
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    for byte in b"NAME ".iter().chain([b'x'].iter().cycle().take(100)) {
        let _ = stream.write_all(&[*byte]);
        match stream.peek(&mut [0]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            _ => break,
        }
    }
    rest(stream)
}

/// Many who join and read nothing, of what one more of them says.
fn stop_reading(server: SocketAddr) -> Vec<String> {
    let asleep: Vec<_> = (0..20)
        .map(|n| {
            let mut peer = Peer::connect_narrow(server);
            peer.send(&format!("NAME asleep{n}"));
            peer
        })
        .collect();
    let mut talker = Peer::join(server, "talker");
    let listener = thread::spawn({
        let stream = talker.stream().try_clone().unwrap();
        move || rest(stream)
    });
    for _ in 0..6000 {
        talker.send(&format!("MSG {}", "x".repeat(1000)));
    }
    talker.send("BYE");
    listener.join().unwrap();
    asleep.into_iter().map(|peer| String::from_utf8(peer.rest().0).unwrap()).collect()
}
