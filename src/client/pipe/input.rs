//! The input of the filter: lines, and the texts that they mean.

use std::collections::VecDeque;
use std::future::pending;
use std::io::{self, BufRead, Read};
use std::thread;

use tokio::sync::mpsc::{self, Receiver};

use crate::client::input::{is_leaving, texts};

/// How much of a line is held at most; a longer one is taken in pieces.
const PIECE: u64 = 64 * 1024;

pub(super) struct Input {
    lines: Receiver<String>,
    /// The end of the input is no wish to leave.
    stay: bool,
    /// There may be more lines.
    open: bool,
    /// Once all is said it is time to leave.
    leaving: bool,
    /// Texts that were read and not said, or that were certainly not said though they were sent.
    unsaid: VecDeque<String>,
}

impl Input {
    pub(super) fn new(input: impl BufRead + Send + 'static, stay: bool) -> Input {
        Input { lines: lines(input), stay, open: true, leaving: false, unsaid: VecDeque::new() }
    }

    /// The first line; `None` is the wish to leave.
    pub(super) async fn first(&mut self) -> Option<String> {
        self.lines.recv().await.filter(|line| !is_leaving(line))
    }

    /// Reads a line, once all of the others is said; it is ready after each. One line
    /// is read ahead, to know before joining that there is none.
    pub(super) async fn read(&mut self) {
        if !self.open || !self.unsaid.is_empty() {
            return pending().await;
        }
        match self.lines.recv().await {
            Some(line) if !is_leaving(&line) => self.unsaid.extend(texts(&line)),
            last => self.end(last.is_some() || !self.stay),
        }
    }

    /// Reads no more, and wishes to leave once all is said.
    pub(super) fn leave(&mut self) {
        self.end(true);
    }

    fn end(&mut self, leaving: bool) {
        self.open = false;
        self.leaving = leaving;
    }

    /// Whether there may be more lines.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Whether all is said and it is time to leave.
    pub(super) fn is_over(&self) -> bool {
        self.leaving && self.unsaid.is_empty()
    }

    /// The text that is to be said next.
    pub(super) fn next(&self) -> Option<&str> {
        self.unsaid.front().map(String::as_str)
    }

    /// It is said.
    pub(super) fn said(&mut self) {
        self.unsaid.pop_front();
    }

    /// These were not said: they come first again.
    pub(super) fn put_back<'a>(&mut self, sent: impl Iterator<Item = &'a str>) {
        let mut unsaid: VecDeque<_> = sent.map(str::to_owned).collect();
        unsaid.append(&mut self.unsaid);
        self.unsaid = unsaid;
    }

    /// Reads no more; gives what was read and not said.
    pub(super) fn close(&mut self) -> VecDeque<String> {
        self.lines.close();
        while let Ok(line) = self.lines.try_recv() {
            self.unsaid.extend(texts(&line));
        }
        std::mem::take(&mut self.unsaid)
    }
}

/// The lines of an input, read by a thread of its own, which is left behind when
/// nobody wants them any more. What is not UTF-8 is replaced.
fn lines(mut input: impl BufRead + Send + 'static) -> Receiver<String> {
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
