//! The console: the transcript of the room on the server's standard output.
//!
//! It is one more reader of the log, in a thread of its own, because what it writes to
//! may block. Where it cannot keep up it says how many lines it left out; where nobody
//! reads it or it was closed, the room goes on without it. Its texts are those of
//! SPEC.md, appendix "The reference user interface", or the same in another language.

use std::fmt;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tracing::warn;

use super::hub::Hub;
use crate::lang::Language;
use crate::proto::ServerLine;
use crate::room::Observed;
use crate::safe::safe;

/// How long the console lets lines gather before it looks again. To be woken for each one
/// would cost more than to write it, and nobody reads as fast.
const PAUSE: Duration = Duration::from_millis(5);

/// Where the transcript goes, and how it begins.
pub struct Console {
    language: Language,
    out: Box<dyn Write + Send>,
    listening: Vec<String>,
}

impl Console {
    /// A console that says first that the server listens at these places, in Spanish.
    #[must_use]
    pub fn new(out: impl Write + Send + 'static, listening: Vec<String>) -> Console {
        Console { language: Language::Spanish, out: Box::new(out), listening }
    }

    /// The same in this language.
    #[must_use]
    pub fn in_language(self, language: Language) -> Console {
        Console { language, ..self }
    }

    /// Starts the thread that writes, until the room is closed. What it gives is ready when
    /// it has written the last.
    pub(super) fn start(mut self, hub: Arc<Hub>) -> oneshot::Receiver<()> {
        let (done, written) = oneshot::channel();
        let runtime = Handle::current();
        hub.observe();
        std::thread::spawn(move || {
            if let Err(error) = self.write(&hub, &runtime) {
                warn!(%error, "cannot write the transcript to standard output; the room goes on without it");
            }
            hub.unobserve();
            drop(done);
        });
        written
    }

    fn write(&mut self, hub: &Hub, runtime: &Handle) -> io::Result<()> {
        self.put(&opening(self.language, &self.listening))?;
        loop {
            match hub.observed() {
                (Some(observed), _) => self.tell(observed)?,
                (None, true) => return Ok(()),
                (None, false) => {
                    std::thread::sleep(PAUSE);
                    runtime.block_on(hub.news.notified());
                }
            }
        }
    }

    /// Writes piece by piece: where that takes long, there is no text that waits but of one.
    fn tell(&mut self, observed: Observed) -> io::Result<()> {
        if observed.left_out > 0 {
            let gap = self.language.text_with("server-left-out", &[("lines", observed.left_out.into())]);
            self.put(&(gap + "\n"))?;
        }
        let mut peers = observed.peers.into_iter();
        observed.lines.iter().try_for_each(|piece| self.put(&transcript(self.language, piece, &mut peers)))
    }

    fn put(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("listening", &self.listening).finish_non_exhaustive()
    }
}

fn opening(language: Language, listening: &[String]) -> String {
    let listening = listening.iter().map(|place| language.text_with("server-listening", &[("place", place.into())]));
    listening.chain([language.text("server-waiting")]).map(|line| line + "\n").collect::<String>() + "\n"
}

/// The texts for these lines; `peers` tells from where each one comes who joins or leaves in them.
fn transcript(language: Language, lines: &[u8], peers: &mut impl Iterator<Item = Option<SocketAddr>>) -> String {
    let mut text = String::new();
    for line in lines.split_inclusive(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        match ServerLine::parse(line) {
            Ok(ServerLine::Join(name)) => {
                text += &language.text_with("server-joined", &[("who", who(name, peers.next().flatten()).into())]);
                text.push('\n');
            }
            Ok(ServerLine::Leave(name)) => {
                text += &language.text_with("server-left", &[("who", who(name, peers.next().flatten()).into())]);
                text.push('\n');
            }
            Ok(ServerLine::Msg { name, text: said }) => {
                text.extend([&*safe(name), ": ", &*safe(said), "\n"]);
            }
            // The log holds only events of the room.
            Ok(ServerLine::Bye { .. }) | Err(_) => {}
        }
    }
    text
}

fn who(name: &str, peer: Option<SocketAddr>) -> String {
    let name = safe(name);
    match peer {
        Some(peer) => format!("{name} ({}, {})", peer.ip(), peer.port()),
        None => name.into_owned(),
    }
}
