//! The client as a line editor, for a person at a terminal.
//!
//! It asks for the name before it connects, and again, on a new connection, when
//! the name is none or is taken. Then the prompt `Tú: ` stands below all that
//! arrives; what is typed there is said as it is, and shown once, where it was
//! typed. `salir`, Ctrl-D and Ctrl-C leave. When the server ends the connection
//! it says why, and which texts have no receipt.
//!
//! Three parts run at once: the line editor in a thread (`editor`), the
//! connection here, and between them the lines that wait to be drawn
//! (`screen`). Whoever waits does so for one side only: typed lines queue
//! without a bound, and arriving ones stop the connection when too many wait.

mod editor;
mod screen;
mod tty;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

use self::editor::{Ask, Typed};
use self::screen::Screen;
use super::signals::LeaveSignals;
use super::{Address, Client, Ending, Event, input, render};
use crate::lang::Language;
use crate::proto::Name;
use crate::proto::client_session::Fate;

/// How long the line editor may take to wipe its prompt for the last time.
const LAST_DRAWING: Duration = Duration::from_secs(1);

/// Visits a server from the terminal that standard input and output are. It is
/// true when the person left, and everything said has its receipt.
///
/// # Errors
/// The terminal cannot be set up.
pub async fn run(language: Language, address: &Address, name: Option<String>) -> io::Result<bool> {
    let mut terminal = Terminal::new(language, address)?;
    let well = terminal.visit(name).await;
    terminal.close().await;
    Ok(well)
}

struct Terminal<'a> {
    language: Language,
    address: &'a Address,
    screen: Arc<Screen>,
    asks: Sender<Ask>,
    typed: UnboundedReceiver<Typed>,
    /// The line editor is reading: it draws, and it will not stop by itself.
    reading: bool,
    /// What stood typed when the reading was stopped.
    half_typed: String,
    leave: LeaveSignals,
    _quiet: tty::Quiet,
}

/// What a name led to.
enum Entry {
    In(Name, Box<Client<TcpStream>>),
    /// Another name is needed.
    Refused,
    /// It is all over: of the person's own will?
    Over(bool),
}

impl<'a> Terminal<'a> {
    fn new(language: Language, address: &'a Address) -> io::Result<Terminal<'a>> {
        let leave = LeaveSignals::new()?;
        let quiet = tty::Quiet::new()?;
        let (screen, wakes) = Screen::new(render::text_prompt(language));
        let (asks, typed) = editor::start(language, Arc::clone(&screen), wakes).map_err(io::Error::other)?;
        Ok(Terminal {
            language,
            address,
            screen,
            asks,
            typed,
            reading: false,
            half_typed: String::new(),
            leave,
            _quiet: quiet,
        })
    }

    async fn visit(&mut self, mut given: Option<String>) -> bool {
        loop {
            let name = match given.take() {
                Some(name) => name,
                None => match self.ask_name().await {
                    Some(name) => name,
                    None => return true,
                },
            };
            match self.enter(name.trim()).await {
                Entry::In(name, client) => return self.talk(&name, *client).await,
                Entry::Refused => {}
                Entry::Over(well) => return well,
            }
        }
    }

    async fn ask_name(&mut self) -> Option<String> {
        self.ask(Ask::Name);
        let typed = tokio::select! {
            typed = self.typed.recv() => typed,
            () = self.leave.wish() => return None,
        };
        self.reading = false;
        match typed {
            Some(Typed::Line(name)) => Some(name),
            Some(Typed::Leave { .. }) | None => None,
        }
    }

    fn ask(&mut self, ask: Ask) {
        self.reading = self.asks.send(ask).is_ok();
    }

    async fn enter(&mut self, name: &str) -> Entry {
        let name = match Name::new(name) {
            Ok(name) => name,
            Err(error) => {
                self.show(&render::bad_name(self.language, name, error));
                return Entry::Refused;
            }
        };
        let connected = tokio::select! {
            connected = self.address.connect() => connected,
            () = self.leave.wish() => return Entry::Over(true),
        };
        match connected {
            Ok(stream) => self.join(name.clone(), Client::join(stream, name)).await,
            Err(error) => {
                // Standard error may be closed; the exit code still tells.
                let _ = writeln!(io::stderr(), "{}", render::unreachable(self.language, self.address, &error));
                Entry::Over(false)
            }
        }
    }

    async fn join(&mut self, name: Name, mut client: Client<TcpStream>) -> Entry {
        let answer = tokio::select! {
            answer = client.event() => answer,
            () = self.leave.wish() => return Entry::Over(self.leave_unjoined(client).await),
        };
        match answer {
            Ok(event) => {
                self.show(&render::event(self.language, &event, &name));
                Entry::In(name, Box::new(client))
            }
            Err(Ending::Bye(farewell)) if farewell.is_about_the_name() => {
                self.show(&render::refused(self.language, &name, &farewell));
                Entry::Refused
            }
            Err(ending) => {
                self.show(&render::ending(self.language, &ending, self.address));
                Entry::Over(false)
            }
        }
    }

    /// The wish to leave came before the server's answer; a second one ends it.
    async fn leave_unjoined(&mut self, mut client: Client<TcpStream>) -> bool {
        tokio::select! {
            _ = client.close() => {}
            () = self.leave.wish() => {}
        }
        true
    }

    async fn talk(&mut self, name: &Name, mut client: Client<TcpStream>) -> bool {
        self.ask(Ask::Texts);
        let mut unsaid = Vec::new();
        let ending = loop {
            tokio::select! {
                event = client.event(), if !self.screen.is_full() => match event {
                    Ok(event) => self.show_event(&event, name),
                    Err(ending) => break ending,
                },
                () = self.screen.room(), if self.screen.is_full() => {}
                Some(typed) = self.typed.recv() => self.take(typed, &mut client, &mut unsaid),
                () = self.leave.wish() => {
                    if client.has_left() {
                        break Ending::Broken(io::ErrorKind::Interrupted);
                    }
                    client.leave();
                }
            }
        };
        self.stop_reading().await;
        while let Ok(typed) = self.typed.try_recv() {
            self.take(typed, &mut client, &mut unsaid);
        }
        self.account(&client, &ending, &unsaid)
    }

    fn show_event(&self, event: &Event, name: &Name) {
        // One's own text stands where it was typed.
        if !matches!(event, Event::Receipt { .. }) {
            self.show(&render::event(self.language, event, name));
        }
    }

    fn show(&self, line: &str) {
        self.screen.push(line);
        if self.reading { self.screen.wake() } else { self.screen.flush() }
    }

    fn take(&mut self, typed: Typed, client: &mut Client<TcpStream>, unsaid: &mut Vec<String>) {
        match typed {
            Typed::Leave { pasted } => {
                self.reading = false;
                self.screen.flush();
                client.leave();
                unsaid.extend(pasted.iter().flat_map(|line| input::texts(line)));
            }
            Typed::Line(line) => {
                let texts = input::texts(&line);
                unsaid.extend(texts.into_iter().filter(|text| client.say(text).is_err()));
            }
        }
    }

    /// Says why it ended, and which texts have no receipt, where there is need.
    fn account(&self, client: &Client<TcpStream>, ending: &Ending, unsaid: &[String]) -> bool {
        let mut lost: Vec<_> = client.unreceipted().map(|text| (ending.fate(), text)).collect();
        lost.extend(unsaid.iter().map(|text| (Fate::NotSaid, text.as_str())));
        let well = client.has_left() && lost.is_empty();
        if !well {
            self.show(&render::ending(self.language, ending, self.address));
        }
        for (fate, text) in lost {
            self.show(&render::undelivered(self.language, fate, text));
        }
        well
    }

    /// From here on the line editor neither reads nor draws.
    async fn stop_reading(&mut self) {
        if std::mem::replace(&mut self.reading, false) {
            match timeout(LAST_DRAWING, self.screen.stop()).await {
                Ok(typed) => self.half_typed = typed,
                // It draws nothing just now: it searches the history, say.
                Err(_) => screen::write("\n"),
            }
            self.screen.flush();
        }
    }

    /// Leaves all that arrived on the screen, and what was half typed below it.
    async fn close(mut self) {
        self.stop_reading().await;
        if !self.half_typed.is_empty() {
            screen::write(&format!("{}{}\n", render::text_prompt(self.language), self.half_typed));
        }
    }
}
