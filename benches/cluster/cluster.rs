//! Servers of NATS and nodes of a room, on free ports of this machine, which end with it.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use serde_json::Value;

use super::Result;

/// How long a program may take to do what it is waited for.
const DEADLINE: Duration = Duration::from_mins(1);

/// How many nodes share the room, and how many servers of NATS keep it: with none of them it is
/// in the memory of the only node.
#[derive(Clone, Copy)]
pub(super) struct Setting {
    pub(super) nodes: usize,
    pub(super) replicas: usize,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Setting { replicas: 0, .. } => f.pad("memory"),
            Setting { nodes, replicas } => f.pad(&format!("{nodes} nodes, R{replicas}")),
        }
    }
}

pub(super) struct Cluster {
    nodes: Vec<Node>,
    nats: Option<Nats>,
}

impl Cluster {
    /// Starts it, and waits until all nodes let people in.
    pub(super) fn start(setting: Setting) -> Result<Cluster> {
        let nats = if setting.replicas > 0 { Some(Nats::start(setting.replicas)?) } else { None };
        let nodes = (0..setting.nodes).map(|_| Node::start(nats.as_ref())).collect::<Result<Vec<_>>>()?;
        nodes.iter().try_for_each(Node::wait)?;
        Ok(Cluster { nodes, nats })
    }

    /// The report of a run against all nodes. One that lost anything has none.
    pub(super) fn load(&self, load: &str) -> Result<Value> {
        let mut command = pinned("1", env!("CARGO_BIN_EXE_charla-check").as_ref());
        command.arg("load").args(self.nodes.iter().map(|node| here(node.port))).args(["--json", "-"]);
        let servers = self.nats.iter().flat_map(|nats| &nats.servers);
        for process in self.nodes.iter().map(|node| &node.process).chain(servers.map(|server| &server.process)) {
            command.args(["--pid", &process.0.id().to_string()]);
        }
        let output = command.args(load.split(' ')).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("{load} failed: {}", String::from_utf8_lossy(&output.stdout)).into());
        }
        let report: Value = serde_json::from_slice(&output.stdout)?;
        Ok(report.pointer("/runs/0").cloned().ok_or("the load tells no run")?)
    }

    /// How many messages NATS has of the room; `None` where there is no NATS.
    pub(super) fn records(&self) -> Result<Option<f64>> {
        self.nats.as_ref().map(|nats| nats.of_stream("messages")).transpose()
    }

    /// How many bytes they are, once.
    pub(super) fn stored(&self) -> Result<f64> {
        self.nats.as_ref().map_or(Ok(0.0), |nats| nats.of_stream("bytes"))
    }

    /// How many bytes NATS has sent to a node, on average.
    pub(super) fn sent_to_a_node(&self) -> Result<f64> {
        let mut sent = 0.0;
        for server in self.nats.iter().flat_map(|nats| &nats.servers) {
            let connections: Value = serde_json::from_str(&get(server.monitor, "/connz")?.1)?;
            let connections = connections["connections"].as_array().ok_or("NATS tells no connections")?;
            let nodes = connections
                .iter()
                .filter(|connection| connection["name"].as_str().is_some_and(|name| name.starts_with("charla-server")));
            sent += nodes.filter_map(|node| node["out_bytes"].as_f64()).sum::<f64>();
        }
        Ok(sent / f64::from(u32::try_from(self.nodes.len())?))
    }
}

/// A node of the room, or its only server.
struct Node {
    process: Running,
    port: u16,
    metrics: u16,
}

impl Node {
    fn start(nats: Option<&Nats>) -> Result<Node> {
        let (port, metrics) = (free_port()?, free_port()?);
        let mut command = pinned("0", env!("CARGO_BIN_EXE_charla-server").as_ref());
        command.args(["--listen", &here(port), "--metrics", &here(metrics)]);
        // Nobody is held back: what is asked is how much it can do.
        command.args(["--lines-per-second", "0", "--bytes-per-second", "0"]);
        if let Some(nats) = nats {
            command.args(["--journal", &nats.urls(), "--replicas", &nats.servers.len().to_string()]);
        }
        let process = Running(command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn()?);
        Ok(Node { process, port, metrics })
    }

    fn wait(&self) -> Result<()> {
        wait_for("a node that is ready", || Ok(get(self.metrics, "/readyz")?.0 == 200))
    }
}

/// Servers of NATS that are one cluster, with their files in a folder that goes with them.
pub(super) struct Nats {
    servers: Vec<Server>,
    folder: PathBuf,
}

struct Server {
    process: Running,
    port: u16,
    monitor: u16,
}

impl Nats {
    pub(super) fn start(count: usize) -> Result<Nats> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("charla-cluster-{}-{number}", std::process::id()));
        fs::create_dir(&folder)?;
        let mut nats = Nats { servers: Vec::new(), folder };
        let routes = (0..count).map(|_| free_port()).collect::<io::Result<Vec<_>>>()?;
        for &route in &routes {
            let server = nats.server(route, if count > 1 { &routes } else { &[] })?;
            nats.servers.push(server);
        }
        for server in &nats.servers {
            wait_for("a NATS server that is ready", || Ok(get(server.monitor, "/healthz")?.0 == 200))?;
        }
        Ok(nats)
    }

    /// Starts one, that finds the others at these routes.
    fn server(&self, route: u16, routes: &[u16]) -> Result<Server> {
        let program = env::var_os("CHARLA_NATS_SERVER").unwrap_or_else(|| "nats-server".into());
        let (port, monitor) = (free_port()?, free_port()?);
        let mut command = pinned("0", program.as_ref());
        command.args(["-a", "127.0.0.1", "-p", &port.to_string(), "-m", &monitor.to_string()]);
        command.arg("-js").arg("-sd").arg(self.folder.join(port.to_string()));
        if !routes.is_empty() {
            let all: Vec<_> = routes.iter().map(|&route| format!("nats://{}", here(route))).collect();
            command.args(["-n", &port.to_string(), "-cluster_name", "charla"]);
            command.args(["-cluster", &format!("nats://{}", here(route)), "-routes", &all.join(",")]);
        }
        let log = File::create(self.folder.join(format!("{port}.log")))?;
        Ok(Server { process: Running(command.stdout(Stdio::null()).stderr(log).spawn()?), port, monitor })
    }

    pub(super) fn urls(&self) -> String {
        self.servers.iter().map(|server| format!("nats://{}", here(server.port))).collect::<Vec<_>>().join(",")
    }

    /// A figure of the room's stream, as the first server that has it knows it.
    fn of_stream(&self, figure: &str) -> Result<f64> {
        for server in &self.servers {
            let page: Value = serde_json::from_str(&get(server.monitor, "/jsz?streams=true")?.1)?;
            let figure = page.pointer(&format!("/account_details/0/stream_detail/0/state/{figure}"));
            if let Some(figure) = figure.and_then(Value::as_f64) {
                return Ok(figure);
            }
        }
        Err("NATS tells no stream".into())
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.servers.clear();
        // What is left of it is in a folder of temporary files.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A process, which ends with this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

fn pinned(core: &str, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(program).stdin(Stdio::null());
    command
}

fn here(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// A port that nobody listens at; who is started takes it at once.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// The status and the body of an answer over HTTP.
fn get(port: u16, path: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(DEADLINE))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no HTTP")?;
    let status = head.split(' ').nth(1).ok_or("no HTTP")?.parse()?;
    Ok((status, body.to_owned()))
}

/// Tries until it is so; who does not listen yet may soon.
fn wait_for(what: &str, is_so: impl Fn() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    while !is_so().unwrap_or(false) {
        if start.elapsed() > DEADLINE {
            return Err(format!("there was no {what} in time").into());
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
