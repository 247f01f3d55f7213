//! One room over both ports; the certificate, and that of the clients.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;

use assert_cmd::Command;
use charla::tls::{ClientFiles, Identity};
use rustix::process::Signal;
use rustls::{ClientConfig, ProtocolVersion, RootCertStore};

use super::server;
use crate::common::DEADLINE;
use crate::common::peer::Peer;
use crate::common::server::Server;
use crate::common::tls::{Authority, TlsPeer, raw_rest, server_options};

/// The configuration of the library, changed.
fn changed(config: &Arc<ClientConfig>, change: impl FnOnce(&mut ClientConfig)) -> Arc<ClientConfig> {
    let mut config = ClientConfig::clone(config);
    change(&mut config);
    Arc::new(config)
}

/// A client of one version of TLS, that names no protocol.
fn of_version(authority: &Authority, version: &'static rustls::SupportedProtocolVersion) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let ca = fs::read(authority.ca()).unwrap();
    roots.add(rustls::pki_types::pem::PemObject::from_pem_slice(&ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

/// [TLS-1], [LINE-1], [LINE-5]: who comes in by either port is in the same room.
#[test]
fn one_room_has_two_ports() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let mut ana = Peer::join(server.address, "Ana");
    let mut carlos = TlsPeer::join(server.tls_address(), authority.client(), "Carlos");
    ana.expect("JOIN Carlos");
    carlos.send("MSG hola");
    carlos.expect("MSG Carlos hola");
    ana.expect("MSG Carlos hola");
    ana.send("MSG ¿qué tal?");
    carlos.expect("MSG Ana ¿qué tal?");
    carlos.send("BYE");
    carlos.expect_last("BYE quit");
    ana.skip_to("LEAVE Carlos");
    server.wait_for_output("Carlos (127.0.0.1, ");
}

/// [TLS-3], [TLS-4]
#[test]
fn both_versions_of_tls_are_spoken_and_no_protocol_need_be_named() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    for (version, spoken) in
        [(&rustls::version::TLS12, ProtocolVersion::TLSv1_2), (&rustls::version::TLS13, ProtocolVersion::TLSv1_3)]
    {
        let mut ana = TlsPeer::join(server.tls_address(), of_version(&authority, version), "Ana");
        assert_eq!(ana.session().protocol_version(), Some(spoken));
        ana.send("BYE");
        ana.expect_last("BYE quit");
    }
}

/// [TLS-3]: a hello that offers TLS 1.1 at most gets the alert `protocol_version`.
#[test]
fn no_older_version_of_tls_is_spoken() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let head = b"\x16\x03\x01\x00\x37\x01\x00\x00\x33\x03\x02";
    let rest = b"\x00\x00\x02\xc0\x09\x01\x00\x00\x08\x00\x0d\x00\x04\x00\x02\x04\x03";
    let mut stream = TcpStream::connect(server.tls_address()).unwrap();
    stream.write_all(&[&head[..], &[7; 32], rest].concat()).unwrap();
    assert_eq!(raw_rest(&stream), b"\x15\x03\x03\x00\x02\x02\x46");
}

/// [TLS-5], [TLS-6]
#[test]
fn a_client_of_another_protocol_is_refused_in_the_handshake() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let ours = TlsPeer::join(server.tls_address(), authority.client(), "Ana");
    assert_eq!(ours.session().alpn_protocol(), Some(&b"charla.1"[..]));
    let browser = changed(&authority.client(), |config| config.alpn_protocols = vec![b"h2".into(), b"http/1.1".into()]);
    let refused = TlsPeer::try_connect(server.tls_address(), browser).err().unwrap();
    assert!(refused.to_string().contains("NoApplicationProtocol"), "{refused}");
}

/// [TLS-7], [TLS-8], [LEAVE-7], [BYE-14]: half a close loses nothing, in either version.
#[test]
fn a_close_notify_is_half_a_close() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut ana = TlsPeer::connect(server.tls_address(), of_version(&authority, version));
        ana.send("NAME Ana\nMSG adiós");
        ana.half_close();
        ana.expect("JOIN Ana");
        ana.expect("MSG Ana adiós");
        ana.expect_last("BYE quit");
    }
}

/// [TLS-7], [LEAVE-1]: the others hear of it as of any leaving.
#[test]
fn a_connection_that_is_cut_off_is_a_reset() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let mut ana = Peer::join(server.address, "Ana");
    let carlos = TlsPeer::join(server.tls_address(), authority.client(), "Carlos");
    ana.expect("JOIN Carlos");
    carlos.cut_off();
    ana.expect("LEAVE Carlos");
}

/// [BYE-1], [BYE-9], [TLS-8]: as over TCP, also by one who goes on talking.
#[test]
fn a_refusal_over_tls_can_be_read() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let mut ana = TlsPeer::join(server.tls_address(), authority.client(), "Ana");
    ana.send(&format!("NAME Otra{}", "\nMSG still talking".repeat(5000)));
    ana.expect_last("BYE bad-state");
}

/// What is said in long lines comes whole, to one who reads it late: more than TLS and the
/// system hold by themselves.
#[test]
fn what_waits_for_a_slow_reader_comes_whole() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let mut ana = Peer::join(server.address, "Ana");
    let mut late = TlsPeer::join(server.tls_address(), authority.client(), "late");
    ana.expect("JOIN late");
    let text = "x".repeat(1000);
    for n in 0..1500 {
        ana.send(&format!("MSG {n} {text}"));
        ana.expect(&format!("MSG Ana {n} {text}"));
    }
    for n in 0..1500 {
        late.expect(&format!("MSG Ana {n} {text}"));
    }
}

/// [TLS-9]: whoever is there stays, and who comes next sees the new certificate, and trusts it
/// or not.
#[test]
fn a_certificate_is_changed_while_all_stay() {
    let (old, new) = (Authority::new(), Authority::new());
    let server = server(&old, &[]);
    let mut ana = TlsPeer::join(server.tls_address(), old.client(), "Ana");
    let Identity { certificate, key } = new.issue("new");
    fs::copy(certificate, old.file("server.pem")).unwrap();
    fs::copy(key, old.file("server.key")).unwrap();
    server.signal(Signal::HUP);
    let late = Instant::now() + DEADLINE;
    let mut luis = loop {
        match TlsPeer::try_connect(server.tls_address(), new.client()) {
            Ok(peer) => break peer,
            Err(error) => assert!(Instant::now() < late, "{error}"),
        }
    };
    assert!(TlsPeer::try_connect(server.tls_address(), old.client()).is_err());
    luis.send("NAME Luis");
    ana.expect("JOIN Luis");
    ana.send("MSG sigo aquí");
    ana.expect("MSG Ana sigo aquí");
}

#[test]
fn a_certificate_that_cannot_be_read_anew_stays_as_it_was() {
    let authority = Authority::new();
    let options = server_options(&authority.issue("server"));
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let server = Server::with_log(&options);
    let address = server.tls_address();
    authority.issue("another");
    fs::copy(authority.file("another.key"), authority.file("server.key")).unwrap();
    server.signal(Signal::HUP);
    let said = server.wait_for_log("\n");
    assert!(said.starts_with("charla-server: el certificado no se ha cambiado y sigue el de antes: "), "{said}");
    assert!(said.contains(&authority.file("server.key")), "{said}");
    TlsPeer::join(address, authority.client(), "Ana");
}

/// [TLS-10]
#[test]
fn only_clients_of_the_authority_are_let_in() {
    let (authority, members, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let server = server(&authority, &["--tls-client-ca", &members.ca()]);
    let client = |identity| ClientFiles { ca: Some(authority.ca().into()), identity }.config().unwrap();
    let mut ana = TlsPeer::join(server.tls_address(), client(Some(members.issue("ana"))), "Ana");
    for (identity, alert) in [(None, "CertificateRequired"), (Some(strangers.issue("eva")), "UnknownCA")] {
        let refused = TlsPeer::try_connect(server.tls_address(), client(identity)).and_then(|mut peer| peer.rest());
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(alert), "{refused}");
    }
    ana.send("MSG sola");
    ana.expect("MSG Ana sola");
}

/// What is wrong, with which file, and what next.
#[test]
fn files_that_are_of_no_use_are_one_clear_line_each() {
    let authority = Authority::new();
    authority.issue("server");
    authority.issue("other");
    let [server, key, other] = ["server.pem", "server.key", "other.key"].map(|name| authority.file(name));
    let broken = authority.file("broken.pem");
    fs::write(&broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    for (certificate, key, wrong, what) in [
        ("/no/such/file", &*key, "/no/such/file", "no se puede leer"),
        (&server, "/no/such/file", "/no/such/file", "no se puede leer"),
        (&server, &other, &other, "no es la del certificado"),
        (&key, &key, &key, "ningún certificado"),
        (&server, &server, &server, "ninguna clave"),
        (&broken, &key, &broken, "no sirve"),
    ] {
        let said = fails(&["--tls-cert", certificate, "--tls-key", key]);
        assert!(said.contains(wrong) && said.contains(what), "{said}");
    }
    let said = fails(&["--tls-cert", &server, "--tls-key", &key, "--tls-client-ca", &key]);
    assert!(said.contains(&key) && said.contains("ningún certificado"), "{said}");
}

/// What the server says, in one line, when it does not begin.
#[track_caller]
fn fails(arguments: &[&str]) -> String {
    let mut command = Command::cargo_bin("charla-server").unwrap();
    command.env_remove("CHARLA_LANG").args(["--listen", "127.0.0.1:0", "--listen-tls", "127.0.0.1:0"]);
    let failed = command.args(arguments).assert().code(1);
    let said = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

#[test]
fn tls_needs_a_certificate_and_its_key() {
    for arguments in [
        &["--listen-tls", "localhost:0"][..],
        &["--listen-tls", "localhost:0", "--tls-cert", "x"],
        &["--tls-cert", "x", "--tls-key", "y"],
        &["--tls-client-ca", "x"],
        &["--listen-tls", "::1", "--tls-cert", "x", "--tls-key", "y"],
    ] {
        Command::cargo_bin("charla-server").unwrap().env_remove("CHARLA_LANG").args(arguments).assert().code(2);
    }
}

/// [TLS-2]: the port is that of SPEC.md unless it is given.
#[test]
fn the_default_port_is_65435() {
    let help = Command::cargo_bin("charla-server").unwrap().env_remove("CHARLA_LANG").arg("--help").assert().success();
    assert!(String::from_utf8_lossy(&help.get_output().stdout).contains("65435"));
    // Nobody has this address, which is for documentation.
    let authority = Authority::new();
    authority.issue("server");
    let [certificate, key] = ["server.pem", "server.key"].map(|name| authority.file(name));
    let said = fails(&["--listen-tls", "192.0.2.1", "--tls-cert", &certificate, "--tls-key", &key]);
    assert!(said.contains("192.0.2.1:65435"), "{said}");
}
