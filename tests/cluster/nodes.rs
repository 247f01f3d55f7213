//! The `charla-server`s that keep one room, each with links of its own to the `nats-server`s.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, WaitOptions, waitpid};

use super::common::http;
use super::common::server::{Server, command, place_in};
use super::nats::Nats;
use super::proxy::{Link, State};
use super::{NATS, wait_until};

/// A server of the room, whether it runs or not.
pub(super) struct Node {
    /// One to each `nats-server`.
    links: Vec<Link>,
    options: Vec<String>,
    running: Option<Running>,
    /// What those said on standard error that have ended.
    past: String,
    /// Where all of it is left when a test has failed.
    log: PathBuf,
}

struct Running {
    server: Server,
    /// Where it tells how it is.
    metrics: SocketAddr,
}

impl Node {
    /// One that does not run yet. Its lease is so long.
    pub(super) fn new(nats: &Nats, number: usize, lease: Duration, options: &[&str]) -> Node {
        let links: Vec<_> = (0..NATS).map(|to| Link::new(nats.place(to))).collect();
        let journal: Vec<_> = links.iter().map(|link| format!("nats://{}", link.place)).collect();
        let (journal, lease) = (journal.join(","), lease.as_secs_f64().to_string());
        let fixed = ["--journal", &journal, "--lease", &lease, "--metrics", "127.0.0.1:0"];
        let log = ["--log", "info,charla::server::journal=debug", "--log-format", "json"];
        let options = fixed.iter().chain(&log).chain(options).map(|&word| word.to_owned()).collect();
        Node {
            links,
            options,
            running: None,
            past: String::new(),
            log: nats.folder().join(format!("node-{number}.log")),
        }
    }

    /// Starts it, if it does not run, and does not wait until it serves.
    pub(super) fn start(&mut self) {
        self.running.get_or_insert_with(|| {
            let options: Vec<_> = self.options.iter().map(String::as_str).collect();
            let server = Server::waiting(command(&options));
            let log = server.wait_for_log("telling metrics");
            Running { server, metrics: place_in(&log, "place") }
        });
    }

    pub(super) fn wait_until_ready(&self) {
        wait_until("a node is ready", || self.is_ready());
    }

    pub(super) fn is_ready(&self) -> bool {
        let ready = |running: &Running| {
            http::try_exchange(running.metrics, b"GET /readyz HTTP/1.1\r\nHost: charla\r\n\r\n")
                .is_ok_and(|(status, _)| status == 200)
        };
        self.running.as_ref().is_some_and(ready)
    }

    /// Where it serves its clients.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.running.as_ref().map(|running| running.server.address)
    }

    /// What it has said on standard error.
    fn log(&self) -> String {
        let now = self.running.as_ref().map(|running| running.server.log()).unwrap_or_default();
        format!("{}{now}", self.past)
    }

    /// The server, which runs.
    pub(super) fn server(&mut self) -> &mut Server {
        &mut self.running.as_mut().expect("it runs").server
    }

    pub(super) fn kill(&mut self) {
        self.past = self.log();
        self.running = None;
    }

    pub(super) fn signal(&self, signal: Signal) {
        self.running.as_ref().expect("it runs").server.signal(signal);
    }

    /// Lets it stand still, and waits until it does.
    pub(super) fn halt(&self) {
        self.signal(Signal::STOP);
        let pid = self.running.as_ref().map(|running| running.server.pid());
        let status = waitpid(pid, WaitOptions::UNTRACED).unwrap();
        assert!(status.is_some_and(|(_, status)| status.stopped()));
    }

    /// Tells it to stop, and waits until it has.
    pub(super) fn stop(&mut self) {
        self.signal(Signal::TERM);
        let (status, _, log) = self.running.take().expect("it runs").server.wait_with_log();
        assert_eq!(status.code(), Some(0), "{log}");
        self.past.push_str(&log);
    }

    /// Cuts it off from the journal, or mends that.
    pub(super) fn set_links(&self, state: State) {
        for link in &self.links {
            link.set(state);
        }
    }

    pub(super) fn set_link(&self, to: usize, state: State) {
        self.links[to].set(state);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if thread::panicking() {
            self.kill();
            let written = fs::write(&self.log, &self.past);
            eprintln!("{} has the node's log: {written:?}", self.log.display());
        }
    }
}
