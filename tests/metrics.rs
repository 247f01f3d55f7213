//! What can be seen of a running server: its metrics, its health, its readiness.

mod common;

use std::io::{Read, Write};

use common::http::{self, connect, exchange, get, metrics, metrics_with};
use common::peer::Peer;
use common::tls::{Authority, TlsPeer, server_options};
use rustix::process::Signal;

#[test]
fn the_numbers_are_those_of_what_happened() {
    let (server, place) = http::server(&[]);
    let mut ana = Peer::join(server.address, "Ana");
    let mut carlos = Peer::join(server.address, "Carlos");
    ana.send("MSG a");
    ana.send("MSG b");
    carlos.skip_to("MSG Ana b");
    carlos.send("MSG c");
    carlos.skip_to("MSG Carlos c");
    carlos.send("BYE");
    carlos.skip_to("BYE quit");
    ana.skip_to("LEAVE Carlos");
    Peer::connect(server.address).send("GRITA");
    Peer::connect(server.address).send("NAME ana");
    drop(carlos);
    let received = ["NAME Ana", "NAME Carlos", "MSG a", "MSG b", "MSG c", "BYE", "GRITA", "NAME ana"];
    let heard = ["JOIN Carlos", "MSG Ana a", "MSG Ana b", "MSG Carlos c"];
    let alone = ["JOIN Ana", "LEAVE Carlos", "JOIN Ana", "BYE quit", "BYE bad-line", "BYE name-taken"];
    let bytes = |lines: &[&str]| lines.iter().map(|line| line.len() as u64 + 1).sum::<u64>();
    let metrics = metrics_with(
        place,
        &[
            ("charla_participants", 1),
            ("charla_joins_total", 2),
            ("charla_messages_total", 3),
            // Ana has all six lines of the room, Carlos his JOIN and the three messages.
            ("charla_deliveries_total", 10),
            ("charla_connections", 1),
            ("charla_connections_limit", 10_000),
            ("charla_connections_accepted_total", 4),
            ("charla_connections_broken_total", 0),
            ("charla_byes_total{code=\"quit\"}", 1),
            ("charla_byes_total{code=\"bad-line\"}", 1),
            ("charla_byes_total{code=\"name-taken\"}", 1),
            ("charla_byes_total{code=\"full\"}", 0),
            ("charla_received_bytes_total", bytes(&received)),
            // Carlos' roster, too, is a line that only one got.
            ("charla_sent_bytes_total", 2 * bytes(&heard) + bytes(&alone)),
            ("charla_log_bytes", 0),
            ("charla_congested", 0),
            ("charla_lingerers", 0),
        ],
    );
    assert!((1..=3).contains(&metrics["charla_delay_seconds_count"]));
    assert_eq!(metrics["charla_delay_seconds_bucket{le=\"+Inf\"}"], metrics["charla_delay_seconds_count"]);
    let version = format!("charla_build_info{{version=\"{}\",", env!("CARGO_PKG_VERSION"));
    assert!(metrics.iter().any(|(name, n)| name.starts_with(&version) && *n == 1));
}

/// One line may come each 10 ms: who sends twenty at once waits for each but the first, and nothing is lost.
#[test]
fn who_is_over_his_rate_is_counted_each_time_that_he_waits() {
    let (server, place) = http::server(&["--lines-per-second", "100", "--burst", "0"]);
    let mut ana = Peer::join(server.address, "Ana");
    assert_eq!(metrics(place)["charla_delayed_reads_total"], 0);
    ana.send(&"MSG a\n".repeat(20));
    (0..20).for_each(|_| ana.expect("MSG Ana a"));
    let waits = metrics(place)["charla_delayed_reads_total"];
    // A timer that ends a moment early lets her wait once more.
    assert!((19..=40).contains(&waits), "{waits}");
}

#[test]
fn handshakes_are_counted_by_their_end() {
    let authority = Authority::new();
    let options = server_options(&authority.issue("server"));
    let (server, place) = http::server(&options.iter().map(String::as_str).collect::<Vec<_>>());
    let handshakes = |finished, failed, open| {
        let expected = [
            ("charla_tls_handshakes_total{result=\"finished\"}", finished),
            ("charla_tls_handshakes_total{result=\"failed\"}", failed),
            ("charla_tls_handshakes_open", open),
            ("charla_tls_handshakes_computing", 0),
        ];
        metrics_with(place, &expected);
    };
    handshakes(0, 0, 0);
    let _ana = TlsPeer::join(server.tls_address(), authority.client(), "Ana");
    handshakes(1, 0, 0);
    let silent = Peer::connect(server.tls_address());
    handshakes(1, 0, 1);
    assert!(TlsPeer::try_connect(server.tls_address(), Authority::new().client()).is_err());
    handshakes(1, 1, 1);
    drop(silent);
    handshakes(1, 2, 0);
}

#[test]
fn the_process_tells_what_it_uses() {
    let (server, place) = http::server(&[]);
    let peers: Vec<_> = (0..20).map(|n| Peer::join(server.address, &format!("u{n}"))).collect();
    let before = metrics(place);
    let gone = peers.len() as u64;
    drop(peers);
    let less = |name: &'static str| (name, before[name] - gone);
    let after = metrics_with(place, &["process_open_fds", "charla_tasks", "charla_connections"].map(less));
    assert!(!http::page(place).contains("process_cpu_seconds_total 0.0\n"));
    assert!(after["process_start_time_seconds"] > 1_600_000_000);
    assert!(after["process_max_fds"] > after["process_open_fds"]);
    #[cfg(target_os = "linux")]
    assert!(after["process_resident_memory_bytes"] > 1_000_000);
}

#[test]
fn who_does_not_read_is_seen_to_lag() {
    let (server, place) = http::server(&[]);
    let mut ana = Peer::join(server.address, "Ana");
    let mut asleep = Peer::connect_narrow(server.address);
    asleep.send("NAME asleep");
    ana.expect("JOIN asleep");
    // What the system buffers for a connection comes first.
    let line = format!("MSG {}", "x".repeat(1000));
    let lags = (0..16_000).find_map(|_| {
        ana.send(&line);
        ana.line().unwrap();
        let metrics = metrics(place);
        (metrics["charla_log_bytes"] > 100_000).then(|| metrics["charla_lag_bytes_sum"])
    });
    assert!(lags.unwrap() > 100_000);
}

#[test]
fn a_full_server_is_not_ready_until_somebody_leaves() {
    let (server, place) = http::server(&["--max-connections", "1"]);
    assert_eq!(get(place, "/readyz"), (200, "ready\n".to_owned()));
    let mut ana = Peer::join(server.address, "Ana");
    assert_eq!(get(place, "/readyz"), (503, "full\n".to_owned()));
    Peer::connect(server.address).expect_last("BYE full");
    assert_eq!(metrics(place)["charla_byes_total{code=\"full\"}"], 1);
    assert_eq!(get(place, "/healthz"), (200, "alive\n".to_owned()));
    ana.send("BYE");
    ana.expect_last("BYE quit");
    assert_eq!(get(place, "/readyz"), (200, "ready\n".to_owned()));
}

#[test]
fn a_server_that_stops_lives_and_is_not_ready() {
    let (server, place) = http::server(&[]);
    let mut ana = Peer::join(server.address, "Ana");
    server.signal(Signal::TERM);
    ana.expect_last("BYE shutdown");
    // She stays on the line, so the server waits for her a while.
    assert_eq!(get(place, "/readyz"), (503, "stopping\n".to_owned()));
    assert_eq!(get(place, "/healthz"), (200, "alive\n".to_owned()));
    assert_eq!(metrics(place)["charla_byes_total{code=\"shutdown\"}"], 1);
    drop(ana);
    assert_eq!(server.wait().0.code(), Some(0));
}

#[test]
fn what_is_not_a_request_for_it_is_refused() {
    let (_server, place) = http::server(&[]);
    let status = |request: &str| exchange(place, request.as_bytes()).0;
    assert_eq!(status("GET /metrics HTTP/1.0\r\n\r\n"), 200);
    assert_eq!(status("GET /healthz?probe=1 HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    assert_eq!(status("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 404);
    assert_eq!(status("GET /metrics/ HTTP/1.1\r\nHost: x\r\n\r\n"), 404);
    assert_eq!(status("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), 405);
    assert_eq!(status("HEAD /readyz HTTP/1.1\r\nHost: x\r\n\r\n"), 405);
    assert_eq!(status("NAME Ana\r\n\r\n"), 400);
    assert_eq!(status(&format!("GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(9000))), 431);
    assert_eq!(get(place, "/healthz").0, 200);
}

/// Nobody gets in while all places are held by who sends nothing; and they are not held for long.
#[test]
fn who_is_slow_at_http_is_cut_off() {
    let (_server, place) = http::server(&[]);
    let mut slow: Vec<_> = (0..16).map(|_| connect(place)).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /metrics HTTP/1.1\r\n").unwrap();
    }
    assert_eq!(get(place, "/healthz").0, 200);
    for stream in &mut slow {
        // An end or a reset, and nothing before it.
        assert!(
            stream
                .read(&mut [0; 1])
                .map_or_else(|error| error.kind() == std::io::ErrorKind::ConnectionReset, |n| n == 0)
        );
    }
}
