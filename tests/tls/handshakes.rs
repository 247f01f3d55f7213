//! Handshakes: that they end, and that those of many delay nobody's messages.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rustls::ClientConfig;

use super::server;
use crate::common::peer::Peer;
use crate::common::tls::{Authority, TlsPeer, hello, raw_rest};

/// Connections that have said the first part of a handshake, and nothing since.
fn half_open(address: SocketAddr, said: &[u8], count: usize) -> Vec<TcpStream> {
    let open = || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(said).unwrap();
        stream
    };
    (0..count).map(|_| open()).collect()
}

/// [TLS-12]: who waits for its client keeps nobody from his turn, be there only one.
#[test]
fn half_open_handshakes_keep_nobody_out() {
    let authority = Authority::new();
    let server = server(&authority, &["--tls-handshakes", "1"]);
    let hello = hello(&authority.client());
    let _silent = half_open(server.tls_address(), b"", 20);
    let _begun = half_open(server.tls_address(), &hello[..50], 20);
    let _answered = half_open(server.tls_address(), &hello, 20);
    TlsPeer::join(server.tls_address(), authority.client(), "Ana");
}

/// [TLS-11]
#[test]
fn a_handshake_that_does_not_end_is_cut_off() {
    let authority = Authority::new();
    let server = server(&authority, &["--tls-handshake-timeout", "0.2"]);
    let hello = hello(&authority.client());
    for said in [&b""[..], &hello[..50], &hello] {
        raw_rest(&half_open(server.tls_address(), said, 1)[0]);
    }
}

/// Shakes hands and goes away, until told to stop; gives how often that was.
fn storm(address: SocketAddr, config: &Arc<ClientConfig>, over: &AtomicBool) -> usize {
    let mut count = 0;
    while !over.load(Ordering::Relaxed) {
        count += usize::from(TlsPeer::try_connect(address, Arc::clone(config)).is_ok());
    }
    count
}

/// [SEC-1]: from many at once, a full handshake each time.
#[test]
fn a_storm_of_handshakes_stops_nobody() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let mut config = ClientConfig::clone(&authority.client());
    config.resumption = rustls::client::Resumption::disabled();
    let config = Arc::new(config);
    let address = server.tls_address();
    let (mut ana, mut carlos) = (Peer::join(server.address, "Ana"), Peer::join(server.address, "Carlos"));
    ana.expect("JOIN Carlos");
    let (over, shaken) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| shaken.fetch_add(storm(address, &config, &over), Ordering::Relaxed));
        }
        for n in 0..100 {
            ana.send(&format!("MSG {n}"));
            carlos.expect(&format!("MSG Ana {n}"));
        }
        TlsPeer::join(address, authority.client(), "Luis").send("BYE");
        over.store(true, Ordering::Relaxed);
    });
    assert!(shaken.load(Ordering::Relaxed) > 0);
}

/// [SEC-1], [SEC-2]: refused by what its head says, or by what it turns out to be.
#[test]
fn what_is_no_handshake_is_refused() {
    let authority = Authority::new();
    // Nothing but a refusal ends it before the test does.
    let server = server(&authority, &["--tls-handshake-timeout", "3600"]);
    let too_large = b"\x16\x03\x01\x00\x04\x01\xff\xff\xff";
    let garbage: Vec<u8> = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for opening in [&too_large[..], &garbage] {
        let mut stream = TcpStream::connect(server.tls_address()).unwrap();
        // It may be refused while it is still talking.
        let _ = stream.write_all(opening);
        raw_rest(&stream);
    }
    TlsPeer::join(server.tls_address(), authority.client(), "Ana");
}

/// [SEC-2]: a hello that never ends is held only up to the 64 KiB that it may have.
#[cfg(target_os = "linux")]
#[test]
fn a_hello_without_an_end_takes_bounded_memory() {
    let authority = Authority::new();
    let server = server(&authority, &[]);
    let memory = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid().as_raw_nonzero())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap()
    };
    // A message of 65535 bytes, in records of 16 KiB of which the last never ends.
    let record = [&b"\x16\x03\x01\x40\x00"[..], &[0; 16 * 1024]].concat();
    let mut endless = record.repeat(4);
    endless[5..9].copy_from_slice(b"\x01\x00\xff\xff");
    endless.truncate(65_000);
    TlsPeer::join(server.tls_address(), authority.client(), "Ana");
    let before = memory();
    let open: Vec<_> = half_open(server.tls_address(), &endless, 100);
    TlsPeer::join(server.tls_address(), authority.client(), "Luis");
    let more = memory().saturating_sub(before);
    assert!(more < 100 * 2 * 64, "{more} kB");
    drop(open);
}
