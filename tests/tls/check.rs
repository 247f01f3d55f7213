//! `charla-check` over TLS.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Output;
use std::sync::Arc;
use std::thread;

use assert_cmd::Command;
use charla::tls::Identity;
use rcgen::SanType;
use rustls::{ServerConnection, StreamOwned};

use super::server;
use crate::common::tls::{Authority, server_config, server_options};

fn check(arguments: &[&str]) -> Output {
    Command::cargo_bin("charla-check").unwrap().args(arguments).env_remove("CHARLA_LANG").output().unwrap()
}

#[track_caller]
fn assert_code(output: &Output, code: i32) -> String {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

/// The cases that are about TLS.
const ABOUT_TLS: &[&str] = &["--clause", "TLS-6", "--clause", "TLS-7", "--clause", "TLS-8", "--clause", "TLS-9"];

/// That it passes all cases is shown in `conformance.rs`, which plays them side by side.
#[test]
fn the_reference_server_conforms_over_tls() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let address = format!("localhost:{}", server.tls_address().port());
    let chosen = ["--clause", "LEAVE-7", "--clause", "LEAVE-1", "--clause", "BYE-9", "--clause", "LINE-13", "--strict"];
    let said =
        assert_code(&check(&[&["server", "--tls", "--tls-ca", &authority.ca(), &address], &chosen[..]].concat()), 0);
    assert!(said.contains("Conforme") && !said.contains("absent"), "{said}");
}

/// A connection that is cut off is not the end of a stream, whatever the server wrote before.
#[test]
fn a_server_that_ends_without_close_notify_fails() {
    let authority = Authority::new();
    let config = server_config(authority.issue("server"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut line = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
            // The first one only looks whether anybody is there.
            if line.read(&mut [0; 64]).is_ok_and(|n| n > 0) {
                line.write_all(b"BYE quit\n").unwrap();
            }
        }
    });
    let case = "bye-and-end-before-name-are-answered";
    let said = assert_code(&check(&["server", "--tls", "--tls-ca", &authority.ca(), &address, "--filter", case]), 1);
    assert!(said.contains("una conexión cortada sin close_notify"), "{said}");
    assert!(said.contains("charla-check server --tls --tls-ca "), "{said}");
}

#[test]
fn a_certificate_that_does_not_fit_is_told_once() {
    let (authority, another) = (Authority::new(), Authority::new());
    let server = server(&authority, &[]);
    let address = format!("localhost:{}", server.tls_address().port());
    for command in ["server", "load"] {
        let said = assert_code(&check(&[command, &address, "--tls", "--tls-ca", &another.ca()]), 3);
        assert!(said.contains("no es de una autoridad de confianza"), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

/// A server that speaks TLS at the port that it is told, with this certificate.
fn program(identity: &Identity) -> Vec<String> {
    let options = server_options(identity).into_iter().map(|word| word.replace(":0", ":{port}"));
    let program = [env!("CARGO_BIN_EXE_charla-server"), "--listen", "127.0.0.1:0"].map(str::to_owned);
    program.into_iter().chain(options).collect()
}

#[test]
fn a_server_that_is_started_is_checked_over_tls() {
    let authority = Authority::new();
    let started = program(&authority.issue("server"));
    let started = started.iter().map(String::as_str);
    let ca = authority.ca();
    let chosen = ["server", "--tls", "--tls-ca", &ca, "--clause", "LEAVE-7", "--clause", "BYE-9", "--strict", "--"];
    let said = assert_code(&check(&chosen.into_iter().chain(started).collect::<Vec<_>>()), 0);
    assert!(said.contains("Conforme") && !said.contains("absent"), "{said}");
}

#[test]
fn a_server_that_is_started_has_to_be_localhost() {
    let authority = Authority::new();
    let other = authority.issue_with("server", |params| {
        params.subject_alt_names = vec![SanType::DnsName("charla.example".try_into().unwrap())];
    });
    let started = program(&other);
    let started = started.iter().map(String::as_str);
    let ca = authority.ca();
    let said = assert_code(
        &check(&["server", "--tls", "--tls-ca", &ca, "--"].into_iter().chain(started).collect::<Vec<_>>()),
        3,
    );
    assert!(said.contains("es para charla.example"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

/// What checks a client of this authority, shown the certificate of another or its own.
fn check_client(trusted: &Authority, shown: &Identity, cases: &[&str]) -> Output {
    let [certificate, key] = [&shown.certificate, &shown.key].map(|file| file.to_str().unwrap());
    let ca = trusted.ca();
    let client = [env!("CARGO_BIN_EXE_charla-client"), "{host}:{port}", "--tls", "--tls-ca", &ca, "--no-history"];
    check(&[&["client", "--tls-cert", certificate, "--tls-key", key], cases, &["--"], &client].concat())
}

/// [TLS-7], [TLS-8]: it says its end over TLS, and bears one that is not said.
#[test]
fn the_reference_client_conforms_over_tls() {
    let authority = Authority::new();
    let cases = ["bye", "receipt", "an-end", "broken", "end-of-the"].map(|part| ["--filter", part]).concat();
    let said = assert_code(&check_client(&authority, &authority.issue("server"), &cases), 0);
    assert!(said.matches("✓ pass").count() > 10, "{said}");
}

/// [TLS-6], [TLS-7], [TLS-8], [TLS-9]
#[test]
fn the_reference_client_speaks_tls_as_it_is_to_be_spoken() {
    let authority = Authority::new();
    let identity = authority.issue("server");
    for way in [&[][..], &["--pipe"]] {
        let said = assert_code(&check_client(&authority, &identity, &[ABOUT_TLS, &["--strict"], way].concat()), 0);
        assert!(said.contains("Conforme: 5 pass"), "{said}");
    }
}

/// [TLS-9]: that the case finds it is shown by a client that trusts this stranger of all people.
#[test]
fn a_client_that_joins_a_stranger_fails() {
    let authority = Authority::new();
    let stranger = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/stranger.pem");
    let both = [authority.ca().as_str(), stranger].map(|file| fs::read_to_string(file).unwrap()).concat();
    fs::write(authority.ca(), both).unwrap();
    let said = assert_code(&check_client(&authority, &authority.issue("server"), ABOUT_TLS), 1);
    assert!(said.contains("✗ fail      a-client-does-not-join-a-stranger"), "{said}");
    assert!(said.contains("4 pass") && said.contains("\"NAME Ana\""), "{said}");
}

/// [TLS-9]: the same of a host, by a certificate that is good for both.
#[test]
fn a_client_that_joins_another_host_fails() {
    let authority = Authority::new();
    let any = authority.issue_with("server", |params| {
        params.subject_alt_names.push(SanType::IpAddress(Ipv4Addr::UNSPECIFIED.into()));
    });
    let said = assert_code(&check_client(&authority, &any, ABOUT_TLS), 1);
    assert!(said.contains("✗ fail      a-client-does-not-join-another-host"), "{said}");
    assert!(said.contains("4 pass") && said.contains("\"NAME Ana\""), "{said}");
}

/// [TLS-3], [TLS-5]: it says hello to whom it should not, and names no protocol.
#[test]
fn a_server_that_shakes_hands_with_anybody_fails_by_clause() {
    let authority = Authority::new();
    let mut config = (*server_config(authority.issue("server"))).clone();
    config.alpn_protocols.clear();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut session = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut hello = [0; 11];
            // The last byte tells the version that an old hello offers.
            while stream.peek(&mut hello).is_ok_and(|n| (1..11).contains(&n)) {}
            if hello.ends_with(b"\x03\x02") {
                stream.write_all(b"\x16\x03\x02").unwrap();
            }
            while session.is_handshaking() && session.complete_io(&mut stream).is_ok() {}
        }
    });
    let ca = authority.ca();
    let said = assert_code(
        &check(&["server", "--tls", "--tls-ca", &ca, &address, "--clause", "TLS-3", "--clause", "TLS-5"]),
        1,
    );
    assert!(said.contains("✗ fail      a-hello-of-an-old-tls-is-refused"), "{said}");
    assert!(said.contains("una respuesta que sigue con el acuerdo: \"\\u{16}\\u{3}\\u{2}"), "{said}");
    assert!(said.contains("! warn      a-client-of-another-protocol-is-refused"), "{said}");
    assert!(said.contains("el servidor acuerda TLS"), "{said}");
}

/// Over TCP such a case says nothing.
#[test]
fn what_is_about_tls_is_left_out_where_it_is_not_spoken() {
    for arguments in [&["server", "127.0.0.1:9"][..], &["client", "--", "true"], &["class", ".", "--client", "true"]] {
        let (mode, rest) = arguments.split_first().unwrap();
        let said = assert_code(&check(&[&[*mode, "--clause", "TLS-8"], rest].concat()), 2);
        assert!(said.contains("tratan de TLS, y no se habla"), "{said}");
    }
}

#[test]
fn a_client_that_does_not_trust_the_certificate_is_told_once() {
    let (authority, another) = (Authority::new(), Authority::new());
    let said = assert_code(&check_client(&authority, &another.issue("server"), &[]), 3);
    assert!(said.contains("el programa no acuerda TLS (") && said.lines().count() == 1, "{said}");
}

#[test]
fn a_load_goes_over_tls() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let address = format!("localhost:{}", server.tls_address().port());
    let load = ["--participants", "20", "--seconds", "0.5", "--json", "-"];
    let said = assert_code(&check(&[&["load", &address, "--tls", "--tls-ca", &authority.ca()], &load[..]].concat()), 0);
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&told["runs"][0]["joined"], &told["good"]), (&20.into(), &true.into()));
}
