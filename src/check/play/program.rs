//! The server under test: one that runs at an address, or a command that is
//! started afresh, each time on a free port.
//!
//! In the words of a command `{host}` and `{port}` stand for where it is to listen.
//! It is ready when its port accepts a connection. Whatever it does instead, that
//! is known within a deadline.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::process::Process;
use super::segment::seconds;
use super::tunnel::{self, Tunnel};
use crate::lang::Words;
use crate::tls::Host;

/// Between two looks whether it is ready.
const TICK: Duration = Duration::from_millis(10);

/// How long a knock waits for its answer; none is needed.
const KNOCK: Duration = Duration::from_millis(300);

/// How often it is started: another may have taken the free port in between.
const STARTS: usize = 2;

/// The ports that were given to programs lately. A std mutex: held to look and to note one.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// How many of them are remembered: less than the system has to give.
const MAX_GIVEN: usize = 4096;

/// A command with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// Where it is started, if not here.
    pub folder: Option<PathBuf>,
}

/// The server under test.
#[derive(Clone, Debug)]
pub enum Program {
    /// One that runs; it speaks TLS where it has to prove who it is.
    At(SocketAddr, Option<Host>),
    /// One that is started, likewise.
    Started(Template, Option<Host>),
}

/// A server that accepts connections.
#[derive(Debug)]
pub struct Ready {
    /// Where.
    pub address: SocketAddr,
    /// What runs there, if it was started here.
    pub process: Option<Process>,
}

impl Template {
    /// The words with each `{key}` replaced by its value.
    ///
    /// ```
    /// use charla::check::play::program::Template;
    /// let template = Template { words: vec!["servidor".into(), "-p{port}".into()], folder: None };
    /// assert_eq!(template.fill(&[("port", "7")]), ["servidor", "-p7"]);
    /// ```
    #[must_use]
    pub fn fill(&self, values: &[(&str, &str)]) -> Vec<String> {
        let fill = |word: &String| {
            values.iter().fold(word.clone(), |word, (key, value)| word.replace(&format!("{{{key}}}"), value))
        };
        self.words.iter().map(fill).collect()
    }
}

impl Program {
    /// Who it has to be, where it speaks TLS.
    #[must_use]
    pub fn host(&self) -> Option<&Host> {
        let (Program::At(_, host) | Program::Started(_, host)) = self;
        host.as_ref()
    }

    /// Starts it, where it is to be started, and waits until it accepts connections.
    ///
    /// # Errors
    /// It does not within this time; the text says why, to a person.
    pub fn ready(&self, within: Duration) -> Result<Ready, Words> {
        let (template, host) = match self {
            Program::At(address, host) => return reach(*address, host.as_ref(), within),
            Program::Started(template, host) => (template, host.as_ref()),
        };
        let mut why = Words::from("");
        for _ in 0..STARTS {
            match start(template, host, within) {
                Err((again, error)) if again => why = error,
                done => return done.map_err(|(_, why)| why),
            }
        }
        Err(why)
    }
}

fn reach(address: SocketAddr, host: Option<&Host>, within: Duration) -> Result<Ready, Words> {
    let stream = TcpStream::connect_timeout(&address, within);
    let greeted = stream.and_then(|stream| greet(stream, host, within));
    greeted.map_err(|error| nobody_accepts(address, &error))?;
    Ok(Ready { address, process: None })
}

fn nobody_accepts(address: SocketAddr, error: &io::Error) -> Words {
    Words::new("play-nobody-accepts", [("address", address.to_string().into()), ("reason", tunnel::why(error))])
}

/// Shakes hands where TLS is spoken, and says that it was all.
fn greet(mut stream: TcpStream, host: Option<&Host>, within: Duration) -> io::Result<()> {
    if let Some(host) = host {
        let end = Tunnel::dig(host, &mut stream, within)?.seal_end()?;
        stream.write_all(&end)?;
    }
    knock(&stream);
    Ok(())
}

/// Whether a failure is worth another start stands before its reason.
fn start(template: &Template, host: Option<&Host>, within: Duration) -> Result<Ready, (bool, Words)> {
    let address = free_address().map_err(|error| (false, no_port(&error)))?;
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let words = template.fill(&[("host", &ip), ("port", &port)]);
    let process =
        Process::start(&words, template.folder.as_deref()).map_err(|error| (false, not_started(&words, &error)))?;
    let deadline = Instant::now() + within;
    while Instant::now() < deadline {
        let reached = TcpStream::connect_timeout(&address, within);
        // One that has ended is not the one that answers there.
        if let Ok(stream) = reached
            && !process.has_ended()
        {
            greet(stream, host, within).map_err(|error| (false, nobody_accepts(address, &error)))?;
            return Ok(Ready { address, process: Some(process) });
        }
        if process.has_ended() {
            let output = said(&process.output());
            return Err((true, Words::new("play-ended-early", [("ended", process.end()), ("output", output)])));
        }
        thread::sleep(TICK);
    }
    let (address, output) = (address.to_string().into(), said(&process.output()));
    let why =
        Words::new("play-does-not-listen", [("address", address), ("seconds", seconds(within)), ("output", output)]);
    Err((false, why))
}

pub(super) fn no_port(error: &io::Error) -> Words {
    Words::new("play-no-port", [("reason", error.to_string().into())])
}

pub(super) fn not_started(words: &[String], error: &io::Error) -> Words {
    Words::new("play-not-started", [("program", words.join(" ").into()), ("reason", error.to_string().into())])
}

/// What a program has printed, behind a sentence about it.
pub(in crate::check) fn said(output: &str) -> Words {
    let lines: Vec<_> = output.lines().collect();
    let last = lines.get(lines.len().saturating_sub(12)..).unwrap_or_default();
    if last.is_empty() { "".into() } else { Words::new("play-output", [("output", last.join("\n").into())]) }
}

/// An address that is free, and that no other program of this run was given: it may not listen yet.
fn free_address() -> io::Result<SocketAddr> {
    loop {
        let address = TcpListener::bind((IpAddr::V4(Ipv4Addr::LOCALHOST), 0))?.local_addr()?;
        let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
        if given.len() >= MAX_GIVEN {
            given.clear();
        }
        if given.insert(address.port()) {
            return Ok(address);
        }
    }
}

/// Goes away as politely as a client can that says nothing: a reset is not for everybody.
fn knock(mut stream: &TcpStream) {
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(KNOCK));
    let _ = stream.read(&mut [0; 64]).and_then(|_| stream.read(&mut [0; 64]));
}
