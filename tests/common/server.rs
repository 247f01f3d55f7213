//! The real `charla-server` as a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

use wait_timeout::ChildExt;

use super::DEADLINE;

/// A running server; it is killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    output: Arc<Output>,
    log: Arc<Output>,
    readers: Vec<JoinHandle<()>>,
}

/// What the server has printed so far, or written on standard error.
#[derive(Default)]
struct Output {
    text: Mutex<String>,
    more: Condvar,
}

/// Lets a client send as fast as it likes, where something else is to hold it back.
pub const WITHOUT_RATES: [&str; 4] = ["--lines-per-second", "0", "--bytes-per-second", "0"];

/// The command line of a server on a free port.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = unconfigured();
    command.args(["--listen", "127.0.0.1:0"]).args(arguments);
    command
}

/// A server to which nothing was said yet, neither by this process's environment.
pub fn unconfigured() -> Command {
    let mut command = clean(env!("CARGO_BIN_EXE_charla-server"));
    command.stdin(Stdio::null());
    command
}

/// A server to which this socket is passed, as systemd does it.
pub fn inheriting(socket: &TcpListener) -> Command {
    let mut command = clean("sh");
    command
        .args(["-c", r#"exec 3<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$0" "$@""#])
        .arg(env!("CARGO_BIN_EXE_charla-server"))
        .stdin(OwnedFd::from(socket.try_clone().unwrap()));
    command
}

fn clean(program: &str) -> Command {
    let mut command = Command::new(program);
    for (variable, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CHARLA_")) {
        command.env_remove(variable);
    }
    command
}

impl Output {
    /// Takes in what comes, line by line.
    fn collect(self: &Arc<Output>, mut lines: impl BufRead + Send + 'static) -> JoinHandle<()> {
        let output = Arc::clone(self);
        std::thread::spawn(move || {
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|n| n > 0) {
                output.text.lock().unwrap().push_str(&std::mem::take(&mut line));
                output.more.notify_all();
            }
        })
    }

    #[track_caller]
    fn wait_for(&self, part: &str) -> String {
        let text = self.text.lock().unwrap();
        let (text, late) = self.more.wait_timeout_while(text, DEADLINE, |text| !text.contains(part)).unwrap();
        assert!(!late.timed_out(), "no {part:?} in {text:?}");
        text.clone()
    }
}

impl Server {
    pub fn start() -> Server {
        Server::with(&[])
    }

    pub fn with(arguments: &[&str]) -> Server {
        Server::run(command(arguments))
    }

    pub fn run(command: Command) -> Server {
        let (mut server, lines) = Server::spawn(command);
        server.readers.push(server.output.collect(lines));
        server
    }

    /// A server whose standard error is read too.
    pub fn with_log(arguments: &[&str]) -> Server {
        Server::logging(command(arguments))
    }

    /// The same of the server that this command line starts.
    pub fn logging(mut command: Command) -> Server {
        command.stderr(Stdio::piped());
        let (mut server, lines) = Server::spawn(command);
        let errors = BufReader::new(server.child.stderr.take().unwrap());
        server.readers = vec![server.output.collect(lines), server.log.collect(errors)];
        server
    }

    /// A server that may have to wait before it serves: where it listens stands in its log, that of `info` in JSON.
    pub fn waiting(mut command: Command) -> Server {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (output, log) = (Arc::<Output>::default(), Arc::<Output>::default());
        let readers = vec![
            output.collect(BufReader::new(child.stdout.take().unwrap())),
            log.collect(BufReader::new(child.stderr.take().unwrap())),
        ];
        let address = place_in(&log.wait_for("\"serving\""), "listening");
        Server { child, address, output, log, readers }
    }

    /// A server whose standard output is read only so far that its port is known.
    pub fn with_unread_output(arguments: &[&str]) -> (Server, BufReader<ChildStdout>) {
        Server::spawn(command(arguments))
    }

    fn spawn(mut command: Command) -> (Server, BufReader<ChildStdout>) {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        lines.read_line(&mut first).unwrap();
        let address = address_in(&first);
        let output = Arc::new(Output { text: Mutex::new(first), more: Condvar::new() });
        (Server { child, address, output, log: Arc::default(), readers: Vec::new() }, lines)
    }

    /// Where it speaks TLS.
    #[track_caller]
    pub fn tls_address(&self) -> SocketAddr {
        let printed = self.wait_for_output("Esperando");
        let line = printed.lines().find_map(|line| line.strip_suffix(" (TLS)"));
        address_in(line.unwrap_or_else(|| panic!("no TLS in {printed:?}")))
    }

    /// Waits until the standard output has this in it; gives all of it.
    #[track_caller]
    pub fn wait_for_output(&self, part: &str) -> String {
        self.output.wait_for(part)
    }

    /// The same of the standard error of a server [with a log](Server::with_log).
    #[track_caller]
    pub fn wait_for_log(&self, part: &str) -> String {
        self.log.wait_for(part)
    }

    /// What is there of it by now.
    pub fn log(&self) -> String {
        self.log.text.lock().unwrap().clone()
    }

    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// Waits until it has ended by itself; gives its status and all that it printed.
    pub fn wait(self) -> (ExitStatus, String) {
        let (status, text, _) = self.wait_with_log();
        (status, text)
    }

    /// The same, and all of the standard error of a server [with a log](Server::with_log).
    pub fn wait_with_log(mut self) -> (ExitStatus, String, String) {
        let status = wait(&mut self.child);
        self.readers.drain(..).for_each(|reader| reader.join().unwrap());
        let text = |output: &Output| output.text.lock().unwrap().clone();
        (status, text(&self.output), text(&self.log))
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for a process, until the deadline.
#[track_caller]
pub fn wait(child: &mut Child) -> ExitStatus {
    child.wait_timeout(DEADLINE).unwrap().expect("the process ends")
}

/// The place that a log in JSON tells under this key.
pub fn place_in(log: &str, key: &str) -> SocketAddr {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let place = lines.filter_map(|line| line[key].as_str()?.parse().ok()).next_back();
    place.unwrap_or_else(|| panic!("no {key} in {log}"))
}

/// The address in the first line that a server prints.
fn address_in(line: &str) -> SocketAddr {
    let port = line.trim_end().rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    (Ipv4Addr::LOCALHOST, port.unwrap_or_else(|| panic!("a port in {line:?}"))).into()
}

/// All that a finished pipe had to say.
pub fn read_all(mut pipe: impl Read) -> String {
    let mut text = String::new();
    pipe.read_to_string(&mut text).unwrap();
    text
}
