//! The client as a filter: lines in, transcript out.
//!
//! The first line of the input is the name, unless it was given; each further
//! one is a message. The output is the transcript in the order of the log, one's
//! own texts where their receipts stand in it. At the end of the input, and at
//! `salir`, it waits for the last receipt, leaves, and reads on to the end.
//!
//! A fast producer waits: at most `WINDOW` texts are without a receipt, and the
//! input is read no further meanwhile. The connection is read all the time, so
//! that no server can wait for this client while this client waits for it. When
//! the output is closed it leaves. What it says besides goes to the second
//! output: why the connection ended, and each text that has no receipt.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read, Write};
use std::thread;

use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::{Address, Client, Ending, Event, input, render};
use crate::lang::Language;
use crate::proto::Name;
use crate::proto::client_session::Fate;

/// How many texts may be without a receipt: fewer than the 1,024 lines for
/// which every server has room.
const WINDOW: usize = 128;

/// How much of a line is held at most; a longer one is taken in pieces.
const PIECE: u64 = 64 * 1024;

/// Joins, says what the lines say, and leaves. It is true when all went well:
/// it left of its own will, and everything said has its receipt.
pub async fn run(
    language: Language,
    address: &Address,
    name: Option<String>,
    mut lines: mpsc::Receiver<String>,
    out: impl Write,
    mut err: impl Write,
) -> bool {
    let name = match name {
        Some(name) => name,
        None => match lines.recv().await.filter(|line| !input::is_leaving(line)) {
            Some(name) => name,
            None => return true,
        },
    };
    let complaint = match enter(language, address, name.trim()).await {
        Ok((name, client)) => return Visit::new(language, name, client, lines, out).run(address, &mut err).await,
        Err(complaint) => complaint,
    };
    tell(&mut err, &complaint);
    false
}

async fn enter(language: Language, address: &Address, name: &str) -> Result<(Name, Client<TcpStream>), String> {
    let name = Name::new(name).map_err(|error| render::bad_name(language, name, error))?;
    let stream = address.connect().await.map_err(|error| render::unreachable(language, address, &error))?;
    Ok((name.clone(), Client::join(stream, name)))
}

/// Nobody is left to be told that nobody reads what is told.
fn tell(err: &mut impl Write, line: &str) {
    let _ = writeln!(err, "{line}");
}

struct Visit<W> {
    language: Language,
    name: Name,
    client: Client<TcpStream>,
    lines: mpsc::Receiver<String>,
    /// Read from the input and not said yet.
    unsaid: VecDeque<String>,
    /// The input has ended, or asked to leave.
    over: bool,
    out: W,
}

impl<W: Write> Visit<W> {
    fn new(
        language: Language,
        name: Name,
        client: Client<TcpStream>,
        lines: mpsc::Receiver<String>,
        out: W,
    ) -> Visit<W> {
        Visit { language, name, client, lines, unsaid: VecDeque::new(), over: false, out }
    }

    async fn run(mut self, address: &Address, err: &mut impl Write) -> bool {
        let ending = self.talk().await;
        self.lines.close();
        while let Ok(line) = self.lines.try_recv() {
            self.unsaid.extend(input::texts(&line));
        }
        let mut lost: Vec<_> = self.client.unreceipted().map(|text| (ending.fate(), text)).collect();
        lost.extend(self.unsaid.iter().map(|text| (Fate::NotSaid, text.as_str())));
        let well = self.client.has_left() && lost.is_empty();
        if !well {
            tell(
                err,
                &match &ending {
                    Ending::Bye(farewell) if !self.client.is_in() => {
                        render::refused(self.language, &self.name, farewell)
                    }
                    ending => render::ending(self.language, ending, address),
                },
            );
        }
        for (fate, text) in lost {
            tell(err, &render::undelivered(self.language, fate, text));
        }
        if !self.over {
            tell(err, &render::unread(self.language));
        }
        well
    }

    async fn talk(&mut self) -> Ending {
        loop {
            self.say();
            tokio::select! {
                event = self.client.event() => match event {
                    Ok(event) => self.show(&event),
                    Err(ending) => return ending,
                },
                // One line is read ahead, to know before joining that there is none.
                line = self.lines.recv(), if !self.over && self.unsaid.is_empty() => self.take(line),
            }
        }
    }

    fn take(&mut self, line: Option<String>) {
        match line {
            Some(line) if !input::is_leaving(&line) => self.unsaid.extend(input::texts(&line)),
            _ => self.over = true,
        }
    }

    fn say(&mut self) {
        while self.client.is_in() && self.client.waiting() < WINDOW {
            let Some(text) = self.unsaid.pop_front() else { break };
            if self.client.say(&text).is_err() {
                self.unsaid.push_front(text);
                break;
            }
        }
        if self.over && self.unsaid.is_empty() && self.client.waiting() == 0 {
            self.client.leave();
        }
    }

    fn show(&mut self, event: &Event) {
        let line = render::event(self.language, event, &self.name);
        if !self.client.has_left() && writeln!(self.out, "{line}").and_then(|()| self.out.flush()).is_err() {
            self.over = true;
            self.client.leave();
        }
    }
}

/// The lines of an input, read by a thread of its own, which is left behind when
/// nobody wants them any more. What is not UTF-8 is replaced.
pub fn lines(mut input: impl BufRead + Send + 'static) -> mpsc::Receiver<String> {
    let (lines, receiver) = mpsc::channel(1);
    thread::spawn(move || {
        let mut held = Vec::new();
        while let Ok(Some(line)) = next_line(&mut input, &mut held) {
            if lines.blocking_send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// The next line without its end, or the next piece of one; `held` is the
/// beginning of a character that a piece has cut.
fn next_line(input: &mut impl BufRead, held: &mut Vec<u8>) -> io::Result<Option<String>> {
    let mut line = std::mem::take(held);
    if input.take(PIECE).read_until(b'\n', &mut line)? == 0 && line.is_empty() {
        return Ok(None);
    }
    if line.ends_with(b"\n") {
        let whole = line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap_or_default();
        return Ok(Some(String::from_utf8_lossy(whole).into_owned()));
    }
    if let Err(error) = str::from_utf8(&line)
        && error.error_len().is_none()
        && !input.fill_buf()?.is_empty()
    {
        *held = line.split_off(error.valid_up_to());
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut input: &[u8]) -> Vec<String> {
        let mut held = Vec::new();
        std::iter::from_fn(|| next_line(&mut input, &mut held).unwrap()).collect()
    }

    #[test]
    fn lines_lose_their_ends_and_nothing_else() {
        assert_eq!(all(b"a\r\n\n b \nc\r\r\nd"), ["a", "", " b ", "c\r", "d"]);
        assert_eq!(all(b"\xff\n"), ["\u{fffd}"]);
        assert_eq!(all("é".as_bytes().split_last().unwrap().1), ["\u{fffd}"]);
    }

    #[test]
    fn a_line_without_end_comes_in_pieces_of_whole_characters() {
        let long = "ñ".repeat(100_000);
        let pieces = all(format!("x{long}\ny\n").as_bytes());
        assert!(pieces.len() > 3);
        let (last, pieces) = pieces.split_last().unwrap();
        assert_eq!((last.as_str(), pieces.concat()), ("y", format!("x{long}")));
    }
}
