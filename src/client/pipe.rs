//! The client as a filter: lines in, transcript out.
//!
//! The first line of the input is the name, unless it was given; each further
//! one is a message. The output is the transcript in the order of the log, one's
//! own texts where their receipts stand in it, or the same as JSON. At the end of
//! the input, unless it is to stay, and at `salir`, it waits for the last receipt,
//! leaves, and reads on to the end. A signal leaves at once.
//!
//! A fast producer waits: at most `WINDOW` texts are without a receipt, and the
//! input is read no further meanwhile. So does the room for a slow reader of the
//! output: no event is taken from the connection before there is room for its line.
//! When the output is closed it leaves. What it says besides goes to the second
//! output: why the connection ended, and each text that has no receipt.
//!
//! When it is to come back ([`Reconnect`] says when), what was certainly not said
//! is said again; what may have been said is named and never sent twice.

mod format;
mod input;
mod printer;

use std::io::{self, BufRead, Write};
use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::time::{sleep, sleep_until};

pub use self::format::Format;
use self::input::Input;
use self::printer::Printer;
use super::end::{ANSWER, End};
use super::signals::LeaveSignals;
use super::{Client, Ending, Fate, JoinError, Reconnect, Route, Stream, render};
use crate::lang::Language;
use crate::proto::Name;

/// How many texts may be without a receipt: fewer than the 1,024 lines for
/// which every server has room.
const WINDOW: usize = 128;

/// How the filter behaves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The name to join under; without it, the first line of the input.
    pub name: Option<String>,
    /// What is written.
    pub format: Format,
    /// The end of the input is no wish to leave.
    pub stay: bool,
    /// Who was in the room comes back after a broken connection.
    pub reconnect: bool,
}

/// Joins, says what the lines say, and leaves. It is true when all went well:
/// it left of its own will, and everything said has its receipt.
///
/// # Errors
/// The signals cannot be listened to.
pub async fn run(
    language: Language,
    route: &Route,
    options: Options,
    input: impl BufRead + Send + 'static,
    out: impl Write + Send + 'static,
    mut err: impl Write,
) -> io::Result<bool> {
    let mut signals = LeaveSignals::new()?;
    let mut input = Input::new(input, options.stay);
    let given = tokio::select! {
        given = given_name(&options, &mut input) => given,
        () = signals.wish() => None,
    };
    let Some(given) = given else { return Ok(true) };
    let name = match Name::new(given.trim()) {
        Ok(name) => name,
        Err(error) => {
            tell(&mut err, &render::bad_name(language, given.trim(), error));
            return Ok(false);
        }
    };
    let (out, unknown) = (Printer::new(out), Vec::new());
    let filter = Filter { language, route, name, options, input, out, err, signals, unknown, lost: false, left: false };
    Ok(filter.run().await)
}

/// `None` is the wish to leave.
async fn given_name(options: &Options, input: &mut Input) -> Option<String> {
    if options.name.is_some() { options.name.clone() } else { input.first().await }
}

/// Nobody is left to be told that nobody reads what is told.
fn tell(err: &mut impl Write, line: &str) {
    let _ = writeln!(err, "{line}");
}

struct Filter<'a, E> {
    language: Language,
    route: &'a Route,
    name: Name,
    options: Options,
    input: Input,
    out: Printer,
    err: E,
    signals: LeaveSignals,
    /// Texts that may have been said, as the last connection ended.
    unknown: Vec<String>,
    /// There were such texts.
    lost: bool,
    /// It left of its own will.
    left: bool,
}

impl<E: Write> Filter<'_, E> {
    async fn run(mut self) -> bool {
        let mut reconnect = self.options.reconnect.then(Reconnect::default);
        let mut was_in = false;
        loop {
            let end = self.visit().await;
            was_in |= matches!(end, End::In(..));
            let wait = reconnect.as_mut().filter(|_| was_in && !self.left).and_then(|reconnect| end.wait(reconnect));
            let Some(wait) = wait else { return self.close(Some(end)).await };
            self.explain(&end);
            self.pause(wait).await;
            if self.left {
                return self.close(None).await;
            }
        }
    }

    async fn visit(&mut self) -> End {
        let connected = tokio::select! {
            connected = self.route.connect() => connected,
            () = self.signals.wish() => {
                self.input.leave();
                self.left = true;
                Err(JoinError::Unreachable(io::ErrorKind::Interrupted.into()))
            }
        };
        match connected {
            Ok(stream) => self.talk(Client::join(stream, self.name.clone())).await,
            Err(error) => End::Out(error),
        }
    }

    async fn talk(&mut self, mut client: Client<Stream>) -> End {
        let begin = Instant::now();
        let ending = self.exchange(&mut client).await;
        self.left = client.has_left();
        match ending.fate() {
            Fate::NotSaid => self.input.put_back(client.unreceipted()),
            Fate::Unknown => self.unknown = client.unreceipted().map(str::to_owned).collect(),
        }
        self.lost |= !self.unknown.is_empty();
        let format = self.options.format;
        let lost: Vec<_> = self.unknown.iter().filter_map(|text| format.lost(Fate::Unknown, text)).collect();
        self.print(format.ending(&ending).into_iter().chain(lost)).await;
        End::of(&client, ending, begin)
    }

    /// Says and hears, up to the end of the connection.
    async fn exchange(&mut self, client: &mut Client<Stream>) -> Ending {
        let late = tokio::time::Instant::now() + ANSWER;
        loop {
            self.say(client);
            let out = &self.out;
            tokio::select! {
                heard = async { (out.room().await, client.event().await) } => match heard {
                    (Some(room), Ok(event)) => {
                        room.send(self.options.format.event(self.language, &event, &self.name, client.roster()));
                    }
                    (None, Ok(_)) => self.leave(client),
                    (_, Err(ending)) => return ending,
                },
                () = self.input.read() => {}
                () = sleep_until(late), if !client.is_in() => return Ending::Broken(io::ErrorKind::TimedOut),
                () = self.signals.wish() => {
                    if client.has_left() {
                        return Ending::Broken(io::ErrorKind::Interrupted);
                    }
                    self.leave(client);
                }
            }
        }
    }

    fn say(&mut self, client: &mut Client<Stream>) {
        while client.waiting() < WINDOW
            && let Some(text) = self.input.next()
            && client.say(text).is_ok()
        {
            self.input.said();
        }
        if self.input.is_over() && client.waiting() == 0 {
            client.leave();
        }
    }

    /// Leaves at once, whatever is unsaid.
    fn leave(&mut self, client: &mut Client<Stream>) {
        self.input.leave();
        client.leave();
    }

    /// Writes these lines, unless a signal comes while the output takes none.
    async fn print(&mut self, lines: impl IntoIterator<Item = String>) {
        for line in lines {
            tokio::select! {
                room = self.out.room() => drop(room.map(|room| room.send(line))),
                () = self.signals.wish() => {
                    self.input.leave();
                    return;
                }
            }
        }
    }

    /// Waits for the next attempt, unless there is nothing any more to come back for.
    async fn pause(&mut self, wait: Duration) {
        tell(&mut self.err, &render::again(self.language, wait));
        let mut over = pin!(sleep(wait));
        while !self.input.is_over() {
            tokio::select! {
                () = &mut over => return,
                () = self.input.read() => {}
                () = self.signals.wish() => {
                    self.input.leave();
                    break;
                }
            }
        }
        self.left = true;
    }

    /// Says why it ended, and which texts may have been said.
    fn explain(&mut self, end: &End) {
        tell(&mut self.err, &end.told(self.language, &self.name, self.route.address()));
        for text in self.unknown.drain(..) {
            tell(&mut self.err, &render::undelivered(self.language, Fate::Unknown, &text));
        }
    }

    /// Leaves nothing unwritten, and nothing that was lost untold. The end is one that is
    /// not explained yet.
    async fn close(mut self, end: Option<End>) -> bool {
        if let Some(end @ End::Out(JoinError::Unreachable(_) | JoinError::Tls(_))) = &end
            && !self.left
        {
            // Nothing was begun, so nothing was lost.
            self.explain(end);
            return false;
        }
        let was_open = self.input.is_open();
        let unsaid = self.input.close();
        let format = self.options.format;
        self.print(unsaid.iter().filter_map(|text| format.lost(Fate::NotSaid, text))).await;
        tokio::select! {
            () = self.out.close() => {}
            () = self.signals.wish() => {}
        }
        let well = self.left && !self.lost && unsaid.is_empty();
        if let Some(end) = end.filter(|_| !self.left || !self.unknown.is_empty() || !unsaid.is_empty()) {
            self.explain(&end);
        }
        for text in unsaid {
            tell(&mut self.err, &render::undelivered(self.language, Fate::NotSaid, &text));
        }
        if was_open {
            tell(&mut self.err, &render::unread(self.language));
        }
        well
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;
    use tokio::time::advance;

    use super::*;

    /// What was told on the second output, by a filter that has ended.
    struct Told<'a>(&'a Mutex<Vec<u8>>);

    impl Write for Told<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_lets_nobody_in_is_not_waited_for_without_end() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let route = Route::plain(listener.local_addr().unwrap().to_string().parse().unwrap());
        let options = Options { name: Some("Ana".to_owned()), stay: true, ..Options::default() };
        let told = Mutex::new(Vec::new());
        let filter = run(Language::English, &route, options, io::empty(), io::sink(), Told(&told));
        let server = async {
            let (mut silent, _) = listener.accept().await.unwrap();
            silent.read_exact(&mut [0; 9]).await.unwrap();
            advance(ANSWER).await;
            silent
        };
        let (well, _silent) = tokio::join!(filter, server);
        assert!(!well.unwrap());
        let told = String::from_utf8(told.into_inner().unwrap()).unwrap();
        assert!(told.contains("the server does not answer"), "{told}");
    }
}
