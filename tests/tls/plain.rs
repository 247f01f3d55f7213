//! The plain port, and what comes to the wrong one.

use std::io::Write;
use std::net::TcpStream;

use assert_cmd::Command;

use crate::common::peer::Peer;
use crate::common::server::Server;
use crate::common::tls::{Authority, hello, raw_rest, server_options};

/// [UI-19]
#[test]
fn others_are_not_served_in_the_clear_unless_that_is_said() {
    for place in ["0.0.0.0:0", "[::]:0"] {
        let mut command = Command::cargo_bin("charla-server").unwrap();
        let failed = command.env_remove("CHARLA_LANG").args(["--listen", place]).assert().code(1);
        let said = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
        assert!(said.contains("--listen-tls") && said.contains("--insecure"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let server = Server::with(&["--listen", "0.0.0.0:0", "--insecure"]);
    server.wait_for_output("escuchando en 0.0.0.0:");
}

/// A server that says what it notices.
fn noticing(authority: &Authority) -> Server {
    let options = server_options(&authority.issue("server"));
    let options: Vec<_> = options.iter().map(String::as_str).chain(["--log", "debug"]).collect();
    Server::with_log(&options)
}

/// [LINE-13], [SEC-1]: a hello has no end of line that could be waited for.
#[test]
fn what_comes_to_the_plain_port_by_mistake_is_refused_at_once_and_told() {
    let authority = Authority::new();
    let hello = hello(&authority.client());
    let long_path = format!("GET /{}", "x".repeat(5000));
    for (opening, told) in [
        (&hello[..], "a TLS hello: does the client mean the TLS port?"),
        (&hello[..2], "a TLS hello"),
        (b"\x16\x03\x01 and no hello", "a TLS hello"),
        (b"POST / HTTP/1.1\r\nHost: chat\r\n\r\nNAME Web\n", "an HTTP request"),
        (b"OPTIONS ", "an HTTP request"),
        (long_path.as_bytes(), "an HTTP request"),
    ] {
        let server = noticing(&authority);
        let mut peer = Peer::connect(server.address);
        peer.send_bytes(opening);
        peer.expect_last("BYE bad-line");
        server.wait_for_log(told);
    }
    let server = noticing(&authority);
    let mut byte_by_byte = Peer::connect(server.address);
    byte_by_byte.send_bytes(b"\x16");
    byte_by_byte.send_bytes(b"\x03");
    byte_by_byte.expect_last("BYE bad-line");
}

/// [SEC-1]
#[test]
fn what_comes_to_the_tls_port_in_the_clear_is_refused_and_told() {
    for opening in [&b"NAME Ana\n"[..], b"GET / HTTP/1.1\r\n\r\n"] {
        let server = noticing(&Authority::new());
        let mut stream = TcpStream::connect(server.tls_address()).unwrap();
        stream.write_all(opening).unwrap();
        let answer = raw_rest(&stream);
        assert_eq!(answer.first(), Some(&0x15), "an alert and no line: {answer:?}");
        server.wait_for_log("is not TLS: does the client mean the plain port?");
    }
}
