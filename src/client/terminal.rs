//! The client as a line editor, for a person at a terminal.
//!
//! It asks for the name before it connects, and again, on a new connection, when
//! the name is none or is taken. Then the prompt `Tú: ` stands below all that
//! arrives; what is typed there is said as it is, and shown once, where it was
//! typed. `salir`, and Ctrl-D and Ctrl-C on an empty line, leave. When the server
//! ends the connection it says why, and which texts have no receipt; or it comes back,
//! if it is to ([`Reconnect`] says when), and offers to say them again.
//!
//! Three parts run at once: the line editor in a thread (`editor`), the
//! connection here (`stay`, and `back` up to a new one), and between them the lines that wait to be drawn
//! (`screen`). Whoever waits does so for one side only: typed lines queue
//! without a bound, and arriving ones stop the connection when too many wait.

mod above;
mod back;
mod command;
mod completion;
mod editor;
mod history;
mod keys;
mod line;
mod look;
mod owed;
mod people;
mod receipts;
mod screen;
mod stay;
mod tty;
mod wrap;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::timeout;

use self::editor::{Ask, Typed};
pub use self::history::default_file as default_history;
use self::line::Line;
pub use self::look::Look;
use self::look::View;
use self::people::People;
use self::screen::Screen;
use self::stay::Stay;
use super::signals::LeaveSignals;
use super::{Client, Ending, Reconnect, Route, Stream, render};
use crate::lang::Language;
use crate::proto::Name;

/// How long the line editor may take to wipe its prompt for the last time.
const LAST_DRAWING: Duration = Duration::from_secs(1);

/// What a person chooses about the terminal.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The keys are those of vi, not those of Emacs.
    pub vi: bool,
    /// Where lines that were typed are kept for the next visit, if they are;
    /// [`default_history`] is the usual place.
    pub history: Option<PathBuf>,
    /// How long a text may be without its receipt before that is told; `None` for ever.
    pub overdue: Option<Duration>,
    /// What is shown besides the text.
    pub look: Look,
    /// Who was in the room comes back after a broken connection.
    pub reconnect: bool,
}

/// Visits a server from the terminal that standard input and output are. It is
/// true when the person left, and everything said has its receipt.
///
/// # Errors
/// The terminal cannot be set up.
pub async fn run(language: Language, route: &Route, name: Option<String>, options: Options) -> io::Result<bool> {
    let mut terminal = Terminal::new(language, route, options)?;
    let well = terminal.visit(name).await;
    terminal.close().await;
    Ok(well)
}

struct Terminal<'a> {
    route: &'a Route,
    screen: Arc<Screen>,
    people: Arc<Mutex<People>>,
    overdue: Option<Duration>,
    reconnect: Option<Reconnect>,
    view: View,
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
    In(Name, Box<Client<Stream>>),
    /// Another name is needed.
    Refused,
    /// It is all over: of the person's own will?
    Over(bool),
}

impl<'a> Terminal<'a> {
    fn new(language: Language, route: &'a Route, options: Options) -> io::Result<Terminal<'a>> {
        let leave = LeaveSignals::new()?;
        let quiet = tty::Quiet::new()?;
        let (screen, wakes) = Screen::new();
        let (people, overdue) = (Arc::default(), options.overdue);
        let reconnect = options.reconnect.then(Reconnect::default);
        let view = View { language, look: options.look };
        let (asks, typed) = editor::start(language, Arc::clone(&screen), wakes, options, Arc::clone(&people))
            .map_err(io::Error::other)?;
        Ok(Terminal {
            route,
            screen,
            people,
            overdue,
            reconnect,
            view,
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
                Entry::In(name, client) => return self.stay(name, *client).await,
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
            Some(Typed::Pasted(_) | Typed::Command(_) | Typed::Leave { .. }) | None => None,
        }
    }

    fn ask(&mut self, ask: Ask) {
        self.reading = self.asks.send(ask).is_ok();
    }

    async fn enter(&mut self, name: &str) -> Entry {
        let name = match Name::new(name) {
            Ok(name) => name,
            Err(error) => {
                self.show(&render::bad_name(self.view.language, name, error));
                return Entry::Refused;
            }
        };
        let connected = tokio::select! {
            connected = self.route.connect() => connected,
            () = self.leave.wish() => return Entry::Over(true),
        };
        match connected {
            Ok(stream) => self.join(name.clone(), Client::join(stream, name)).await,
            Err(error) => {
                let complaint = render::not_in(self.view.language, &error, &name, self.route.address());
                // Standard error may be closed; the exit code still tells.
                let _ = writeln!(io::stderr(), "{complaint}");
                Entry::Over(false)
            }
        }
    }

    async fn join(&mut self, name: Name, mut client: Client<Stream>) -> Entry {
        let answer = tokio::select! {
            answer = client.event() => answer,
            () = self.leave.wish() => return Entry::Over(self.leave_unjoined(client).await),
        };
        match answer {
            Ok(event) => {
                self.show_event(&event, &name);
                Entry::In(name, Box::new(client))
            }
            Err(Ending::Bye(farewell)) if farewell.is_about_the_name() => {
                self.show(&render::refused(self.view.language, &name, &farewell));
                Entry::Refused
            }
            Err(ending) => {
                self.show(&render::ending(self.view.language, &ending, self.route.address()));
                Entry::Over(false)
            }
        }
    }

    /// The wish to leave came before the server's answer; a second one ends it.
    async fn leave_unjoined(&mut self, mut client: Client<Stream>) -> bool {
        tokio::select! {
            _ = client.close() => {}
            () = self.leave.wish() => {}
        }
        true
    }

    async fn stay(&mut self, name: Name, client: Client<Stream>) -> bool {
        self.people().enter(client.roster(), name.as_str());
        let mut stay = Stay::new(name, client, self.overdue);
        self.ask(Ask::Texts);
        let mut end = Some(self.talk(&mut stay).await);
        while let Some(last) = &end
            && let Some(wait) = self.wait(last, &stay)
        {
            end = self.come_back(last, wait, &mut stay).await;
        }
        self.stop_reading().await;
        self.account(stay, end.as_ref())
    }

    /// Shows a line of the client's own.
    fn show(&self, line: &str) {
        self.show_line(Line::plain(line));
    }

    fn show_line(&self, line: Line) {
        self.screen.push(line);
        if self.reading { self.screen.wake() } else { self.screen.flush() }
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
            screen::write(&format!(
                "{}{}\n",
                render::text_prompt(self.view.language),
                above::as_typed(&self.half_typed)
            ));
        }
    }
}
