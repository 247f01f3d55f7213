//! What is said of single lines and ends while a case is played.

use std::collections::{BTreeSet, VecDeque};

use super::wire::End;
use crate::check::case::quoted::quote;
use crate::check::case::step::{Pattern, Strand};

/// Whether a line is the one expected; of a `BYE` only the code counts.
pub(super) fn matches(expected: &[u8], line: &[u8]) -> bool {
    let wanted = code_of(expected);
    if wanted.is_some() { wanted == code_of(line) } else { expected == line }
}

fn code_of(line: &[u8]) -> Option<&[u8]> {
    line.strip_prefix(b"BYE ")?.split(|&b| b == b' ').next()
}

/// Whether a line is `BYE`, a code and perhaps a text that keeps the rules for texts.
pub(super) fn is_bye(line: &[u8]) -> bool {
    let Some(fields) = str::from_utf8(line).ok().and_then(|line| line.strip_prefix("BYE ")) else { return false };
    let (code, text) = fields.split_once(' ').map_or((fields, None), |(code, text)| (code, Some(text)));
    let of_code = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=32).contains(&code.len())
        && code.chars().all(of_code)
        && line.len() <= 1061
        && text.is_none_or(|text| (1..=1024).contains(&text.len()) && !text.chars().any(char::is_control))
}

/// What a client may send, line after line, as far as a server can tell without the room and
/// the tables of Unicode.
#[derive(Default)]
pub(super) struct Conduct {
    has_name: bool,
    has_left: bool,
}

impl Conduct {
    /// Takes its next line, or says which rule it breaks.
    pub(super) fn take(&mut self, line: &[u8]) -> Result<(), &'static str> {
        let Ok(line) = str::from_utf8(line) else { return Err("UTF-8") };
        if self.has_left {
            return Err("nothing after BYE");
        }
        match line.split_once(' ') {
            None if line == "BYE" => self.has_left = true,
            Some(("NAME", _)) if self.has_name => return Err("NAME once"),
            Some(("NAME", name)) => {
                if !(1..=32).contains(&name.len()) || name.chars().any(|c| c == ' ' || c.is_control()) {
                    return Err("a name of 1 to 32 bytes, without spaces and control characters");
                }
                self.has_name = true;
            }
            Some(("MSG", _)) if !self.has_name => return Err("NAME before MSG"),
            Some(("MSG", text)) => {
                if !(1..=1024).contains(&text.len()) || text.chars().any(char::is_control) {
                    return Err("a text of 1 to 1024 bytes, without control characters");
                }
            }
            _ => return Err("NAME, MSG or BYE"),
        }
        Ok(())
    }
}

/// The name of another case that an event is about.
pub(super) fn stranger(line: &[u8], strangers: &BTreeSet<Vec<u8>>) -> Option<Vec<u8>> {
    let verbs = [&b"JOIN "[..], b"LEAVE ", b"MSG "];
    let fields = verbs.iter().find_map(|verb| line.strip_prefix(*verb))?;
    let name = fields.split(|&b| b == b' ').next()?;
    strangers.get(name).cloned()
}

pub(super) fn in_words(end: &End) -> String {
    match end {
        End::Clean(rest) if rest.is_empty() => "the end of the stream".into(),
        End::Clean(rest) => format!("the end of the stream, after {} without an LF", quote(rest)),
        End::Broken(why) => format!("a broken connection ({why})"),
        End::TooMuch(why) => why.clone(),
    }
}

pub(super) fn in_words_of(pattern: &Pattern) -> String {
    match pattern {
        Pattern::Line(line) => quote(line),
        Pattern::Prefix(prefix) => format!("{} and any rest", quote(prefix)),
    }
}

/// Strands of which some lines have come.
pub(super) struct Strands<'a> {
    left: Vec<Left<'a>>,
    /// What came, in order.
    pub(super) came: Vec<Vec<u8>>,
}

/// What is to come of a strand.
struct Left<'a> {
    required: bool,
    /// Its lines, and how often each comes in a row; never nought.
    lines: VecDeque<(&'a [u8], usize)>,
}

impl<'a> Strands<'a> {
    pub(super) fn new(strands: &'a [Strand]) -> Strands<'a> {
        Strands { left: strands.iter().map(Left::new).collect(), came: Vec::new() }
    }

    /// Whether a line must still come.
    pub(super) fn are_awaited(&self) -> bool {
        self.left.iter().any(|left| left.required && !left.lines.is_empty())
    }

    /// What may come next, in words.
    pub(super) fn heads(&self) -> String {
        self.left.iter().filter_map(Left::head).map(quote).collect::<Vec<_>>().join(" or ")
    }

    /// Takes a line that came; `false` when no strand has it next.
    pub(super) fn take(&mut self, line: &[u8]) -> bool {
        let next = self.left.iter_mut().find(|left| left.head().is_some_and(|head| matches(head, line)));
        if let Some(left) = next {
            left.take();
            self.came.push(line.to_vec());
            return true;
        }
        false
    }
}

impl<'a> Left<'a> {
    fn new(strand: &'a Strand) -> Left<'a> {
        let lines = strand.lines.iter().map(|(line, times)| (&line[..], *times)).collect();
        Left { required: strand.is_required(), lines }
    }

    fn head(&self) -> Option<&'a [u8]> {
        self.lines.front().map(|(line, _)| *line)
    }

    fn take(&mut self) {
        match self.lines.front_mut() {
            Some((_, times)) if *times > 1 => *times -= 1,
            _ => drop(self.lines.pop_front()),
        }
    }
}
