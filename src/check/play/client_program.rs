//! The client under test: how it is started, is given its name, and its connection is taken.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::ServerConfig;

use super::greeting;
use super::program::{Template, no_port, not_started, said};
use super::terminal::Terminal;
use super::tunnel::Tunnel;
use crate::check::case::Tls;
use crate::lang::Words;

/// Between two looks at what makes no sound: a connection that comes, a process that ends.
const TICK: Duration = Duration::from_millis(5);

/// How long the person waits for a program that shows nothing.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// This machine, in a way that no certificate says.
const UNNAMED_HOST: &str = "0.0.0.0";

/// The client under test, and how a person uses it.
#[derive(Clone, Debug)]
pub struct Client {
    /// How it is started; `{host}` and `{port}` say where the server is, `{name}` is the name.
    pub program: Template,
    /// What its prompt for the name says, if that is to be waited for.
    pub name_prompt: Option<String>,
    /// What is typed to leave; nothing where the end of the input is the way out.
    pub quit: Option<String>,
    /// Whether it is between pipes, and not at a terminal.
    pub piped: bool,
    /// What is spoken to it over TLS, if it is; then `{host}` is `localhost`.
    pub tls: Option<Arc<ServerConfig>>,
}

impl Client {
    /// Starts it once, as a case does, and waits for its connection.
    ///
    /// # Errors
    /// It cannot be started, or does not connect within this time; the text says why, to a person.
    pub fn reach(&self, within: Duration) -> Result<(), Words> {
        let listener = listen().map_err(|error| no_port(&error))?;
        let terminal = self.start(&listener, None, b"Ana").map_err(|error| self.not_started(&error))?;
        if self.is_asked_for_name() {
            self.give_name(&terminal, b"Ana", Instant::now() + within);
        }
        let Ok(stream) = accept(&listener, &terminal, Instant::now() + within) else {
            return Err(Words::new("play-does-not-connect", [("output", said(&printed(&terminal)))]));
        };
        let welcome = self.welcome(stream, None, within);
        welcome.map(drop).map_err(|error| Words::new("play-no-hands", [("reason", error.to_string().into())]))
    }

    /// Shakes hands with it, where TLS is spoken, and as a case says that is about it.
    pub(super) fn welcome(&self, mut stream: TcpStream, tls: Option<Tls>, within: Duration) -> io::Result<Guest> {
        let Some(config) = &self.tls else { return Ok(Guest { stream, tunnel: None, protocols: Vec::new() }) };
        let (tunnel, protocols) = greeting::welcome(&greeting::config(tls, config)?, &mut stream, within)?;
        Ok(Guest { stream, tunnel: Some(tunnel), protocols })
    }

    pub(super) fn not_started(&self, error: &io::Error) -> Words {
        not_started(&self.program.words, error)
    }

    /// Whether the name is typed: where it is no argument.
    pub(super) fn is_asked_for_name(&self) -> bool {
        !self.program.words.iter().any(|word| word.contains("{name}"))
    }

    pub(super) fn start(&self, listener: &TcpListener, tls: Option<Tls>, name: &[u8]) -> io::Result<Terminal> {
        let address = listener.local_addr()?;
        let host = match (&self.tls, tls) {
            (None, _) => address.ip().to_string(),
            (_, Some(Tls::OtherHost)) => UNNAMED_HOST.to_owned(),
            // A certificate is for a name.
            _ => "localhost".to_owned(),
        };
        let port = address.port().to_string();
        let name = String::from_utf8_lossy(name);
        let words = self.program.fill(&[("host", &host), ("port", &port), ("name", &name)]);
        Terminal::start(&words, self.program.folder.as_deref(), self.piped)
    }

    pub(super) fn give_name(&self, terminal: &Terminal, name: &[u8], deadline: Instant) {
        match &self.name_prompt {
            // Where it does not come, the name is typed all the same: what follows tells.
            Some(prompt) => drop(terminal.wait_until(deadline, |shown| shown.count(prompt, false) > 0)),
            None => terminal.wait_until_still(PATIENCE),
        }
        terminal.type_line(name, 1);
    }
}

/// A connection of the client, of which nothing was read yet but a handshake.
pub(super) struct Guest {
    pub(super) stream: TcpStream,
    pub(super) tunnel: Option<Tunnel>,
    /// The application protocols that it has named.
    pub(super) protocols: Vec<Vec<u8>>,
}

pub(super) fn listen() -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Why there is no connection.
pub(super) enum NoConnection {
    Ended,
    Late,
    Failed(io::Error),
}

/// Takes the connection of the program when it comes.
pub(super) fn accept(
    listener: &TcpListener,
    terminal: &Terminal,
    deadline: Instant,
) -> Result<TcpStream, NoConnection> {
    loop {
        // Looked at first: a program may connect and end right away.
        let has_ended = terminal.process.has_ended();
        match listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false).map_err(NoConnection::Failed)?;
                return Ok(stream);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(NoConnection::Failed(error)),
        }
        if has_ended {
            return Err(NoConnection::Ended);
        }
        if Instant::now() >= deadline {
            return Err(NoConnection::Late);
        }
        thread::sleep(TICK);
    }
}

/// The end of what the program has shown, made safe to show.
pub(super) fn printed(terminal: &Terminal) -> String {
    terminal.shown().screen().lines().map(crate::safe::safe).collect::<Vec<_>>().join("\n")
}
