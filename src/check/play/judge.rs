//! What is said of single lines and ends while a case is played.

use std::collections::{BTreeSet, VecDeque};

use super::wire::End;
use crate::check::case::quoted::quote;
use crate::check::case::step::{Pattern, Strand};
use crate::lang::Words;

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
#[cfg(feature = "check")]
#[derive(Default)]
pub(super) struct Conduct {
    has_name: bool,
    has_left: bool,
}

#[cfg(feature = "check")]
impl Conduct {
    /// Takes its next line, or says which rule it breaks.
    pub(super) fn take(&mut self, line: &[u8]) -> Result<(), Words> {
        let Ok(line) = str::from_utf8(line) else { return Err("UTF-8".into()) };
        if self.has_left {
            return Err(Words::new("play-rule-bye-last", []));
        }
        match line.split_once(' ') {
            None if line == "BYE" => self.has_left = true,
            Some(("NAME", _)) if self.has_name => return Err(Words::new("play-rule-name-once", [])),
            Some(("NAME", name)) => {
                if !(1..=32).contains(&name.len()) || name.chars().any(|c| c == ' ' || c.is_control()) {
                    return Err(Words::new("play-rule-name", []));
                }
                self.has_name = true;
            }
            Some(("MSG", _)) if !self.has_name => return Err(Words::new("play-rule-name-first", [])),
            Some(("MSG", text)) => {
                if !(1..=1024).contains(&text.len()) || text.chars().any(char::is_control) {
                    return Err(Words::new("play-rule-text", []));
                }
            }
            _ => return Err(Words::new("play-rule-verbs", [])),
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

pub(super) fn in_words(end: &End) -> Words {
    match end {
        End::Clean(rest) if rest.is_empty() => Words::new("play-end-of-stream", []),
        End::Clean(rest) => Words::new("play-end-after", [("rest", quote(rest).into())]),
        End::Broken(why) => Words::new("play-broken", [("reason", why.as_str().into())]),
        End::CutOff => Words::new("play-cut-off", []),
        End::TooMuch(why) => why.clone(),
    }
}

pub(super) fn in_words_of(pattern: &Pattern) -> Words {
    match pattern {
        Pattern::Line(line) => quote(line).into(),
        Pattern::Prefix(prefix) => Words::new("play-any-rest", [("beginning", quote(prefix).into())]),
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
    pub(super) fn heads(&self) -> Words {
        let heads = self.left.iter().filter_map(Left::head).map(|head| Words::from(quote(head)));
        heads.reduce(|one, other| Words::new("play-either", [("one", one), ("other", other)])).unwrap_or("".into())
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
