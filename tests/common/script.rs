//! A server that does what the test says, line by line, and a client to be run
//! against it through pipes. All that is waited for has a deadline.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::DEADLINE;

/// A listener on a free port of 127.0.0.1.
pub struct Script {
    address: SocketAddr,
    accepted: Receiver<TcpStream>,
    stopping: Arc<AtomicBool>,
}

/// One connection of a client.
pub struct Peer {
    stream: TcpStream,
    lines: BufReader<TcpStream>,
}

impl Script {
    pub fn new() -> Script {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, accepted) = channel();
        let stopping = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stopping);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::SeqCst) || sender.send(stream).is_err() {
                    break;
                }
            }
            // First the one and then the other, which tells that it is done.
            drop(listener);
            drop(sender);
        });
        Script { address, accepted, stopping }
    }

    /// Listens no more: from now on nobody is there.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        TcpStream::connect(self.address).unwrap();
        assert_eq!(self.accepted.recv_timeout(DEADLINE).unwrap_err(), RecvTimeoutError::Disconnected);
    }

    /// The client's command line, to come to this server.
    pub fn client(&self, args: &[&str]) -> Command {
        let mut command = client(&[&self.address.to_string()]);
        command.args(args);
        command
    }

    pub fn accept(&self) -> Peer {
        self.accept_within(DEADLINE).expect("a client connects")
    }

    /// One that may come, or not.
    pub fn accept_within(&self, time: Duration) -> Option<Peer> {
        let stream = self.accepted.recv_timeout(time).ok()?;
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Some(Peer { lines: BufReader::new(stream.try_clone().unwrap()), stream })
    }

    /// Takes a client in under this name.
    pub fn join(&self, name: &str) -> Peer {
        let mut peer = self.accept();
        peer.expect(&format!("NAME {name}"));
        peer.send(&format!("JOIN {name}\n"));
        peer
    }

    /// Whether no client has connected that was not accepted.
    pub fn is_unvisited(&self) -> bool {
        self.accepted.try_recv().is_err()
    }
}

impl Peer {
    pub fn send(&mut self, lines: &str) {
        self.send_bytes(lines.as_bytes());
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// The next line of the client, without its LF.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("the client sends a line");
        assert_eq!(line.pop(), Some('\n'), "a whole line: {line:?}");
        line
    }

    pub fn expect(&mut self, line: &str) {
        assert_eq!(self.line(), line);
    }

    /// Sends these lines again and again, until the client has something to say.
    pub fn send_until_it_speaks(&mut self, lines: &str) {
        let end = Instant::now() + DEADLINE;
        self.stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        while self.lines.fill_buf().is_err() {
            assert!(Instant::now() < end, "the client says something");
            self.send(lines);
        }
        self.stream.set_read_timeout(Some(DEADLINE)).unwrap();
    }

    /// Sends as much of this as the client takes while nobody reads its output; gives how
    /// many bytes that was.
    pub fn send_until_blocked(&mut self, bytes: &[u8]) -> usize {
        self.stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
        let mut sent = 0;
        while let Ok(taken) = self.stream.write(&bytes[sent..])
            && taken > 0
        {
            sent += taken;
        }
        self.stream.set_write_timeout(Some(DEADLINE)).unwrap();
        sent
    }

    /// The client says this, and gets its receipt.
    pub fn echo(&mut self, name: &str, text: &str) {
        self.expect(&format!("MSG {text}"));
        self.send(&format!("MSG {name} {text}\n"));
    }

    /// Whether nothing of the client is here now.
    pub fn has_heard_nothing(&mut self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let silent = self.lines.fill_buf().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        self.stream.set_nonblocking(false).unwrap();
        silent
    }

    /// The client sends nothing more.
    pub fn expect_end(&mut self) {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
    }

    /// The client leaves; its leaving is answered as by any server.
    pub fn expect_leaving(mut self) {
        self.expect("BYE");
        self.send("BYE quit\n");
        self.stream.shutdown(Shutdown::Write).unwrap();
        self.expect_end();
    }

    /// Ends the connection without a `BYE`.
    pub fn close(self) {
        self.stream.shutdown(Shutdown::Both).unwrap();
    }

    /// Ends the connection by a reset.
    pub fn reset(self) {
        let socket = socket2::SockRef::from(&self.stream);
        socket.set_linger(Some(Duration::ZERO)).unwrap();
    }
}

/// The client's command line, without colours. However busy the machine, no receipt
/// is late.
pub fn client(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_charla-client"));
    command
        .args(["--overdue", "0", "--color", "never"])
        .args(args)
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .env_remove("CHARLA_LANG")
        .env("XDG_STATE_HOME", super::state_home());
    command
}

/// A client run through pipes.
pub struct Filter {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<BufReader<std::process::ChildStdout>>,
}

/// What a client left behind.
#[derive(Debug)]
pub struct Left {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Filter {
    pub fn start(mut command: Command) -> Filter {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().map(BufReader::new);
        Filter { child, stdin, stdout }
    }

    pub fn input(&mut self, bytes: impl AsRef<[u8]>) {
        self.stdin.as_mut().unwrap().write_all(bytes.as_ref()).unwrap();
    }

    /// All of the input, written by a thread of its own.
    pub fn input_all(&mut self, bytes: impl AsRef<[u8]> + Send + 'static) {
        let mut stdin = self.stdin.take().unwrap();
        // A client that has ended takes no more.
        thread::spawn(move || stdin.write_all(bytes.as_ref()));
    }

    pub fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Asks it to end, as `kill` does.
    pub fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    pub fn close_output(&mut self) {
        self.stdout = None;
    }

    /// The next line of the output, without its LF.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().unwrap().read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    }

    /// Waits for its end; the input stays as it is.
    pub fn finish(mut self) -> Left {
        let (sender, receiver) = channel();
        let (stdin, stdout, child) = (self.stdin.take(), self.stdout.take(), self.child);
        let id = child.id();
        thread::spawn(move || {
            let reader = thread::spawn(move || {
                let mut out = String::new();
                if let Some(mut stdout) = stdout {
                    stdout.read_to_string(&mut out).unwrap();
                }
                out
            });
            let Output { status, stderr, .. } = child.wait_with_output().unwrap();
            let out = reader.join().unwrap();
            sender.send(Left { code: status.code().unwrap_or(-1), out, err: String::from_utf8(stderr).unwrap() })
        });
        let left = receiver.recv_timeout(3 * DEADLINE).unwrap_or_else(|_| panic!("the client {id} does not end"));
        drop(stdin);
        left
    }
}
