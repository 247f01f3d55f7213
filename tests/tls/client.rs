//! `charla-client` over TLS: in pipes, at a terminal, and coming back.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rcgen::{CertificateParams, date_time_ymd};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::server;
use crate::common::DEADLINE;
use crate::common::script::{self, Filter, Left};
use crate::common::terminal::Terminal;
use crate::common::tls::{Authority, server_config, server_options};

/// Ana's client through pipes, with TLS and more options; all that it says is «hola».
fn visit(host: &str, address: SocketAddr, more: &[&str]) -> Left {
    let place = format!("{host}:{}", address.port());
    let mut filter = Filter::start(script::client(&[&["--tls", &place, "--name", "Ana"], more].concat()));
    // One that is not let in may not take it any more.
    filter.input_all("hola\n");
    filter.finish()
}

#[test]
fn a_visit_over_tls_is_like_any_other() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    for host in ["localhost", "127.0.0.1"] {
        let left = visit(host, server.tls_address(), &["--tls-ca", &authority.ca()]);
        assert_eq!((left.code, &*left.out, &*left.err), (0, "Bienvenido al chat, Ana!\nTú: hola\n", ""));
    }
}

/// [TLS-9]: with its reason, once, and without a way around it.
#[test]
fn a_certificate_that_does_not_fit_is_refused_with_its_reason() {
    let (authority, another) = (Authority::new(), Authority::new());
    let (past, future) = (date_time_ymd(2001, 1, 1), date_time_ymd(3001, 1, 1));
    let other_name = CertificateParams::new(["chat.example.org".to_owned()]).unwrap().subject_alt_names;
    let expired = authority.issue_with("expired", |params| params.not_after = past);
    let early = authority.issue_with("early", |params| params.not_before = future);
    let of_another_name = authority.issue_with("name", |params| params.subject_alt_names = other_name);
    let fitting = authority.issue("fitting");
    for (identity, trusted, reason) in [
        (expired, &authority, "ha caducado"),
        (early, &authority, "todavía no vale"),
        (of_another_name, &authority, "es para chat.example.org"),
        (fitting, &another, "no es de una autoridad de confianza; si conoces la suya, dala con --tls-ca"),
    ] {
        let server = crate::common::server::Server::with(
            &server_options(&identity).iter().map(String::as_str).collect::<Vec<_>>(),
        );
        let left = visit("localhost", server.tls_address(), &["--tls-ca", &trusted.ca(), "--reconnect"]);
        assert!(left.code == 1 && left.err.contains(reason), "{left:?}");
        assert!(left.out.is_empty() && !left.err.contains("Nuevo intento"), "{left:?}");
    }
}

/// Without `--tls-ca` the system says who is trusted, and it has not heard of this authority.
#[test]
fn the_system_says_who_is_trusted_unless_an_authority_is_given() {
    let (authority, system) = (Authority::new(), Authority::new());
    let server = server(&authority, &[]);
    let place = format!("localhost:{}", server.tls_address().port());
    let trusting = |ca: &str| {
        let mut command = script::client(&["--tls", &place, "--name", "Ana", "--lang", "en"]);
        // Where the system's authorities are, for all who follow OpenSSL.
        command.env("SSL_CERT_FILE", ca).env_remove("SSL_CERT_DIR");
        let mut filter = Filter::start(command);
        filter.input_all("hola\n");
        filter.finish()
    };
    let left = trusting(&system.ca());
    assert!(left.code == 1 && left.err.contains("is not of an authority that is trusted"), "{left:?}");
    assert_eq!(trusting(&authority.ca()).code, 0);
}

/// [TLS-10]: also where the refusal comes only after the client's part of the handshake.
#[test]
fn a_server_that_asks_for_a_certificate_gets_it() {
    let (authority, members) = (Authority::new(), Authority::new());
    let server = server(&authority, &["--tls-client-ca", &members.ca()]);
    members.issue("ana");
    authority.issue("stranger");
    let ca = authority.ca();
    let with = |certificate: &str, key: &str| {
        visit("localhost", server.tls_address(), &["--tls-ca", &ca, "--tls-cert", certificate, "--tls-key", key])
    };
    let left = with(&members.file("ana.pem"), &members.file("ana.key"));
    assert_eq!((left.code, &*left.err), (0, ""));
    let left = with(&authority.file("stranger.pem"), &authority.file("stranger.key"));
    assert!(left.code == 1 && left.err.contains("no acepta tu certificado (UnknownCA)"), "{left:?}");
    let left = visit("localhost", server.tls_address(), &["--tls-ca", &ca, "--reconnect"]);
    assert!(left.code == 1 && left.err.contains("da el tuyo con --tls-cert"), "{left:?}");
    assert!(!left.err.contains("Nuevo intento"), "{left:?}");
}

#[test]
fn what_does_not_speak_tls_is_told_so() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let left = visit("localhost", server.address, &["--tls-ca", &authority.ca()]);
    assert!(left.code == 1 && left.err.contains("no habla TLS; comprueba el puerto, o quita --tls"), "{left:?}");
}

#[test]
fn bad_options_and_files_are_told_before_anything_is_tried() {
    let authority = Authority::new();
    for (arguments, code, part) in [
        (&["--tls-ca", "x"][..], 2, "--tls"),
        (&["--tls", "--tls-cert", "x"], 2, "--tls-key"),
        (&["--tls", "--tls-ca", "/no/such/file"], 1, "/no/such/file"),
        (&["--tls", "--tls-ca", &authority.ca(), "a..b"], 1, "«a..b» no puede ser"),
    ] {
        let left = Filter::start(script::client(arguments)).finish();
        assert!(left.code == code && left.err.contains(part) && left.err.starts_with("charla-client: "), "{left:?}");
        assert_eq!(left.err.lines().count(), 1, "{left:?}");
    }
}

#[test]
fn a_person_at_a_terminal_joins_over_tls() {
    let (authority, another) = (Authority::new(), Authority::new());
    let server = server(&authority, &[]);
    let place = format!("localhost:{}", server.tls_address().port());
    let mut ana = Terminal::start(script::client(&["--tls", "--tls-ca", &authority.ca(), &place]));
    ana.wait_for_text("Ingresa tu nombre:");
    ana.type_("Ana\r");
    ana.wait_for_text("Bienvenido al chat, Ana!\nTú:");
    ana.type_("hola\r");
    ana.wait_for_text("Tú: hola\nTú:");
    server.wait_for_output("Ana: hola\n");
    ana.type_("salir\r");
    assert_eq!(ana.wait_exit().0, 0);
    let eva = Terminal::start(script::client(&["--tls", "--tls-ca", &another.ca(), &place, "--name", "Eva"]));
    eva.wait_for(|screen| screen.replace('\n', "").contains("no es de una autoridad de confianza"));
    assert_eq!(eva.wait_exit().0, 1);
}

/// A server written here: it takes each client in, and then does this with the connection.
fn scripted(each: Vec<(Arc<ServerConfig>, Act)>) -> (SocketAddr, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (done, ended) = channel();
    thread::spawn(move || {
        for (config, act) in each {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(DEADLINE)).unwrap();
            act(&mut StreamOwned::new(ServerConnection::new(config).unwrap(), stream));
        }
        done.send(())
    });
    (address, ended)
}

/// What is done with a connection.
type Act = fn(&mut Line);

type Line = StreamOwned<ServerConnection, TcpStream>;

fn take_in(line: &mut Line) {
    let mut asked = [0; 9];
    line.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"NAME Ana\n");
    line.write_all(b"JOIN Ana\n").unwrap();
}

/// Takes Ana in, and cuts the connection off.
fn cut_off(line: &mut Line) {
    take_in(line);
}

/// Takes Ana in, and ends the stream without a `BYE`.
fn end(line: &mut Line) {
    take_in(line);
    line.conn.send_close_notify();
    line.conn.complete_io(&mut line.sock).unwrap();
}

/// Sees no more of her than the handshake.
fn shake_hands(line: &mut Line) {
    // It fails: she does not take the certificate.
    let _ = line.conn.complete_io(&mut line.sock);
}

/// [SCREEN-6], [SCREEN-8], [TLS-7]: an end of stream and a reset are told apart.
#[test]
fn a_client_comes_back_over_tls_but_not_to_a_certificate_that_does_not_fit() {
    let authority = Authority::new();
    let good = server_config(authority.issue("good"));
    let expired = authority.issue_with("expired", |params| params.not_after = date_time_ymd(2001, 1, 1));
    let expired = server_config(expired);
    let (address, ended) =
        scripted(vec![(Arc::clone(&good), cut_off as Act), (Arc::clone(&good), end), (expired, shake_hands)]);
    let place = format!("localhost:{}", address.port());
    let command =
        script::client(&["--tls", "--tls-ca", &authority.ca(), &place, "--name", "Ana", "--stay", "--reconnect"]);
    let filter = Filter::start(command);
    ended.recv_timeout(DEADLINE).unwrap();
    let left = filter.finish();
    assert_eq!((left.code, left.out.matches("Bienvenido").count()), (1, 2), "{left:?}");
    let told: Vec<_> = left.err.lines().collect();
    assert!(told[0].contains("se ha roto: el servidor la cortó"), "{told:?}");
    assert!(told[2].contains("el servidor la cerró sin despedirse"), "{told:?}");
    assert!(told[4].contains("ha caducado") && told.len() == 5, "{told:?}");
}
