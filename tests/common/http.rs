//! What is asked of a server over HTTP, as a plain connection asks it.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use super::DEADLINE;
use super::server::{Server, place_in};

/// A status and a body.
pub type Answer = (u16, String);

/// The metrics without their fractions, each under its name with its labels as they stand on the page.
pub type Metrics = BTreeMap<String, u64>;

/// A server that tells its metrics, and where.
pub fn server(arguments: &[&str]) -> (Server, SocketAddr) {
    let server =
        Server::with_log(&[arguments, &["--metrics", "127.0.0.1:0", "--log", "info", "--log-format", "json"]].concat());
    let log = server.wait_for_log("telling metrics");
    let place = place_in(&log, "place");
    (server, place)
}

pub fn connect(place: SocketAddr) -> TcpStream {
    try_connect(place).unwrap()
}

fn try_connect(place: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(place)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    Ok(stream)
}

/// Sends these bytes and reads what comes, up to the end.
pub fn exchange(place: SocketAddr, request: &[u8]) -> Answer {
    try_exchange(place, request).unwrap()
}

/// The same where there may be nobody.
pub fn try_exchange(place: SocketAddr, request: &[u8]) -> io::Result<Answer> {
    let mut stream = try_connect(place)?;
    stream.write_all(request)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok((head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned()))
}

pub fn get(place: SocketAddr, path: &str) -> Answer {
    exchange(place, format!("GET {path} HTTP/1.1\r\nHost: charla\r\n\r\n").as_bytes())
}

pub fn page(place: SocketAddr) -> String {
    let (status, page) = get(place, "/metrics");
    assert_eq!(status, 200, "{page}");
    page
}

pub fn metrics(place: SocketAddr) -> Metrics {
    let page = page(place);
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    let whole = |number: &str| number.split('.').next().unwrap().parse().unwrap();
    samples.map(|line| line.rsplit_once(' ').unwrap()).map(|(name, n)| (name.to_owned(), whole(n))).collect()
}

/// The metrics as soon as these have these values.
#[track_caller]
pub fn metrics_with(place: SocketAddr, expected: &[(&str, u64)]) -> Metrics {
    let start = Instant::now();
    loop {
        let metrics = metrics(place);
        let differing: Vec<_> = expected
            .iter()
            .filter(|(name, n)| metrics.get(*name) != Some(n))
            .map(|(name, _)| (name, metrics.get(*name)))
            .collect();
        if differing.is_empty() {
            return metrics;
        }
        assert!(start.elapsed() < DEADLINE, "{differing:?} of {expected:?}");
    }
}
