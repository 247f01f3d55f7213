//! What a delivery costs beside the least that it can cost: `cargo bench --bench fanout`.
//!
//! The reference server and the [floor] take turns under the load of `charla-check`, each
//! server on the first core and the load on the second. What is told of each shape is the median
//! of both and of the ratios, pair by pair: the machine may be slow, but it is so for both.
//! `cargo bench --bench fanout -- --pairs 5 one latency` makes five pairs of two shapes.
//! It needs Linux, two cores and `taskset`.

mod floor;

use std::error::Error;
use std::fs::{self, File};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use serde_json::Value;
use socket2::{Domain, Socket, Type};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The name of a shape, the load that makes it, and the figure that counts.
const SHAPES: [(&str, &str, Figure); 10] = [
    ("saturated-100", "--participants 104 --senders 4 --rate max --seconds 2", CPU),
    ("saturated-1000", "--participants 1004 --senders 4 --rate max --seconds 2", CPU),
    ("window-64", "--participants 1004 --senders 4 --rate max --in-flight 64 --seconds 3", CPU),
    ("window-4", "--participants 1004 --senders 4 --rate max --in-flight 4 --seconds 3", CPU),
    ("one", "--participants 1001 --senders 1 --rate max --in-flight 1 --seconds 3", CPU),
    ("large", "--participants 1001 --senders 1 --size 512 --rate max --seconds 3", CPU),
    ("latency", "--participants 1001 --senders 1 --rate 100/s --seconds 5", P99),
    ("ingest", "--participants 5 --senders 4 --rate max --seconds 3", CPU),
    ("idle-10000", "--participants 10000 --senders 1 --rate 1/s --seconds 0.5", IDLE),
    ("join-5000", "--participants 5000 --senders 1 --rate 1/s --seconds 0.5", JOINING),
];

/// What is taken from the report of a run, and its unit.
type Figure = (fn(&Value) -> Option<f64>, &'static str);

const CPU: Figure = (|run| run.pointer("/server/cpu_ns_per_delivery")?.as_f64(), "ns of CPU a delivery");
const P99: Figure = (|run| run.pointer("/latency_ms/p99")?.as_f64(), "ms, p99");
const JOINING: Figure = (|run| run.pointer("/server/joining_cpu_seconds")?.as_f64(), "s of CPU to join");
const IDLE: Figure = (memory_of_each, "bytes a connection");

fn memory_of_each(run: &Value) -> Option<f64> {
    let server = run.get("server")?;
    let (idle, joined) = (server.get("memory_idle")?.as_f64()?, server.get("memory_joined")?.as_f64()?);
    Some((joined - idle) / run.get("joined")?.as_f64()?)
}

fn main() -> Result<()> {
    let mut words = env::args().skip(1).filter(|word| word != "--bench");
    let (mut pairs, mut asked) = (3, Vec::new());
    while let Some(word) = words.next() {
        match word.as_str() {
            "floor" => return serve(),
            "--pairs" => pairs = words.next().ok_or("--pairs wants a number")?.parse()?,
            _ => asked.push(word),
        }
    }
    if let Some(unknown) = asked.iter().find(|asked| SHAPES.iter().all(|(name, ..)| name != asked)) {
        return Err(format!("{unknown} is no shape").into());
    }
    for shape in SHAPES.iter().filter(|(name, ..)| asked.is_empty() || asked.iter().any(|asked| asked == name)) {
        compare(shape, pairs)?;
    }
    Ok(())
}

/// Is the floor, at a free port that it tells.
fn serve() -> Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    socket.listen(4096)?;
    let listener: std::net::TcpListener = socket.into();
    println!("{}", listener.local_addr()?);
    Ok(floor::run(listener)?)
}

fn compare((name, load, figure): &(&str, &str, Figure), pairs: usize) -> Result<()> {
    let mut ours = vec![env!("CARGO_BIN_EXE_charla-server"), "--listen", "127.0.0.1:0"];
    // Nobody is held back: what is asked is how much it can do.
    ours.extend(["--lines-per-second", "0", "--bytes-per-second", "0"]);
    let itself = env::current_exe()?;
    let floor = [itself.to_str().ok_or("the path of this program is no UTF-8")?, "floor"];
    let (mut of_ours, mut of_floor, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..pairs {
        let pair = (measure(&ours, load, figure)?, measure(&floor, load, figure)?);
        of_ours.push(pair.0);
        of_floor.push(pair.1);
        ratios.push(pair.0 / pair.1);
    }
    let each: Vec<_> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
    println!(
        "{name:15} ours {:12.2}  floor {:12.2}  ratio {:5.2} ({})  {}",
        median(of_ours),
        median(of_floor),
        median(ratios),
        each.join(", "),
        figure.1
    );
    Ok(())
}

/// The figure of one run. A run that has lost anything has none.
fn measure(server: &[&str], load: &str, (figure, unit): &Figure) -> Result<f64> {
    let output = env::temp_dir().join(format!("charla-fanout-{}", std::process::id()));
    let child = pinned("0").args(server).stdout(File::create(&output)?).spawn()?;
    let running = Running(child);
    let address = address(&output)?;
    let load = pinned("1")
        .args([env!("CARGO_BIN_EXE_charla-check"), "load", &address, "--json", "-"])
        .args(["--pid", &running.0.id().to_string()])
        .args(load.split(' '))
        .stderr(Stdio::inherit())
        .output()?;
    fs::remove_file(&output)?;
    if !load.status.success() {
        return Err(format!("{} failed: {}", server.join(" "), String::from_utf8_lossy(&load.stdout)).into());
    }
    let report: Value = serde_json::from_slice(&load.stdout)?;
    let figure = report.pointer("/runs/0").and_then(figure);
    Ok(figure.ok_or_else(|| format!("the load does not tell the {unit}"))?)
}

fn pinned(core: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).stdin(Stdio::null());
    command
}

/// A server, which ends with this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// Where the server listens: the last word of the first line that it writes.
fn address(output: &std::path::Path) -> Result<String> {
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end {
        if let Some((first, _)) = fs::read_to_string(output)?.split_once('\n') {
            return Ok(first.split(' ').next_back().unwrap_or_default().to_owned());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Err(io::Error::from(io::ErrorKind::TimedOut).into())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
