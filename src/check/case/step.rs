//! One step of a case: an actor, what it does or must receive.
//!
//! A step is one line, `ACTOR OPERATOR [REPEAT] SPACE TEXT`:
//!
//! | step | is |
//! | --- | --- |
//! | `Ana> TEXT` | sends TEXT and LF |
//! | `Ana>> "…"` | sends exactly these bytes |
//! | `Ana> <end>` | ends her side of the stream: half a close |
//! | `Ana> <cut>` | over TLS, ends her side without `close_notify` |
//! | `Ana> <reset>` | resets the connection |
//! | `Ana< TEXT` | the next line that she receives is TEXT |
//! | `Ana<1 TEXT`, `Ana<2 TEXT` | strands: next come these lines, each strand in its order, mixed in any way |
//! | `Ana<0 TEXT` | the strand of what may come among the others, or may not |
//! | `Ana<= Carlos` | next come the lines of Carlos's last strands, in the order in which he received them |
//! | `Ana< <end>` | next comes the clean end of the stream |
//! | `Ana< <gone>` | whatever comes, the connection ends, in whatever way |
//! | `Ana< <refused>` | the server refuses her handshake |
//! | `Ana! PATTERN` | before her next line no line matching PATTERN comes |
//! | `Ana\| <stall>`, `Ana\| <resume>` | reads nothing more; reads again |
//!
//! `Ana>*N`, `Ana>>*N`, `Ana<*N` and `Ana<1*N` repeat. TEXT is raw, or quoted as
//! [`quoted`](super::quoted) says. fixtures/README.md is the full description.

use super::quoted::unquote;

/// How often a step is repeated at most.
const MAX_TIMES: usize = 100_000;

/// The most bytes that one step sends.
const MAX_SEND: usize = 64 << 20;

/// A step of a [`Case`](super::Case): what it does is an [`Action`] where servers are
/// played against, and a [`ClientAction`](super::client::ClientAction) where clients are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<A = Action> {
    /// The line of the file where it stands, from 1.
    pub line: usize,
    /// The step as it is written.
    pub source: String,
    /// Whose it is: an index into [`Case::actors`](super::Case::actors).
    pub actor: usize,
    /// What is done, or must come.
    pub action: A,
}

/// What a step does, or what must come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Sends these bytes so many times.
    Send(Vec<u8>, usize),
    /// Ends the sending side of the stream.
    HalfClose,
    /// Over TLS, ends the sending side of the connection, but not that of the stream.
    CutOff,
    /// Resets the connection.
    Reset,
    /// The next line is this one, so many times.
    Receive(Vec<u8>, usize),
    /// The next lines are these, each strand in its order, the strands mixed in any way.
    Strands(Vec<Strand>),
    /// The next lines are those of this actor's last strands, as that one received them.
    SameAs(usize),
    /// The stream ends cleanly.
    ReceiveEnd,
    /// The connection ends, whatever comes before and in whatever way.
    Gone,
    /// Over TLS, the server does not shake hands.
    Refused,
    /// No such line comes before the next line that is received.
    Forbid(Pattern),
    /// Reads nothing from now on.
    Stall,
    /// Reads again.
    Resume,
}

/// Lines that come in this order, with those of other strands among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strand {
    /// What the case calls it; `0` is the one whose lines may come or not.
    pub digit: char,
    /// The lines, and how often each comes in a row.
    pub lines: Vec<(Vec<u8>, usize)>,
}

impl Strand {
    /// Whether its lines must come.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.digit != '0'
    }
}

/// Which lines: one, or all that begin so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Exactly this line.
    Line(Vec<u8>),
    /// All lines that begin with this.
    Prefix(Vec<u8>),
}

impl Pattern {
    /// Whether it means this line.
    #[must_use]
    pub fn matches(&self, line: &[u8]) -> bool {
        match self {
            Pattern::Line(whole) => whole == line,
            Pattern::Prefix(prefix) => line.starts_with(prefix),
        }
    }
}

/// A step as it is read from its line alone: actors are names, and each line of a
/// strand is a step of its own.
pub(super) struct Parsed<'a> {
    pub(super) actor: &'a str,
    pub(super) what: What<'a>,
}

pub(super) enum What<'a> {
    Action(Action),
    /// A line of the strand with this digit, so many times.
    Strand(char, Vec<u8>, usize),
    SameAs(&'a str),
}

/// Reads one step.
pub(super) fn parse(line: &str) -> Result<Parsed<'_>, String> {
    let (actor, operator, text) = split(line)?;
    what(operator, text).map(|what| Parsed { actor, what })
}

/// Takes a step apart: its actor, its operator and its text.
pub(super) fn split(line: &str) -> Result<(&str, &str, &str), String> {
    let (head, text) = line.split_once(' ').unwrap_or((line, ""));
    let end = head.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(head.len());
    let (actor, operator) = head.split_at(end);
    if !is_actor(actor) || operator.is_empty() {
        return Err("this is no step: write `Ana> LINE` for what she sends, `Ana< LINE` for what she receives".into());
    }
    if text.is_empty() {
        return Err(format!("nothing stands behind `{head}`: an empty line is `{head} \"\"`"));
    }
    Ok((actor, operator, text))
}

pub(super) fn is_actor(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

fn what<'a>(operator: &str, text: &'a str) -> Result<What<'a>, String> {
    let (operator, times) = match operator.split_once('*') {
        Some((operator, times)) if !matches!(operator, "!" | "|" | "<=") => (operator, Some(repeat(times)?)),
        _ => (operator, None),
    };
    let mut strand = operator.strip_prefix('<').unwrap_or_default().chars();
    Ok(match (operator, strand.next(), strand.next()) {
        (">", ..) => What::Action(send(text, times)?),
        (">>", ..) => What::Action(send_exactly(text, times)?),
        ("<", ..) => What::Action(receive(text, times)?),
        ("<=", ..) if is_actor(text) => What::SameAs(text),
        ("<=", ..) => return Err("`<=` is followed by an actor, as in `Ana<= Carlos`".into()),
        ("!", ..) => What::Action(Action::Forbid(pattern(text, line_of)?)),
        ("|", ..) => What::Action(reading(text)?),
        (_, Some(digit @ '0'..='9'), None) => What::Strand(digit, line_of(text)?, times.unwrap_or(1)),
        _ => return Err(format!("`{operator}` is no operator: there are > >> < <0 … <9, each with *N or not, <= ! |")),
    })
}

pub(super) fn repeat(times: &str) -> Result<usize, String> {
    match times.parse() {
        Ok(times @ 1..=MAX_TIMES) => Ok(times),
        _ => Err(format!("`*{times}` is no repetition: a number from 1 to {MAX_TIMES} follows the star")),
    }
}

fn send(text: &str, times: Option<usize>) -> Result<Action, String> {
    match (text, times) {
        ("<end>", None) => Ok(Action::HalfClose),
        ("<cut>", None) => Ok(Action::CutOff),
        ("<reset>", None) => Ok(Action::Reset),
        _ => sized([raw_or_quoted(text, "<end>, <cut> and <reset>")?, b"\n".to_vec()].concat(), times),
    }
}

fn send_exactly(text: &str, times: Option<usize>) -> Result<Action, String> {
    sized(unquote(text)?, times)
}

fn sized(bytes: Vec<u8>, times: Option<usize>) -> Result<Action, String> {
    let times = times.unwrap_or(1);
    within_bounds(&bytes, times)?;
    Ok(Action::Send(bytes, times))
}

pub(super) fn within_bounds(bytes: &[u8], times: usize) -> Result<(), String> {
    match bytes.len().saturating_mul(times) {
        0 => Err("no byte at all cannot be sent".into()),
        1..=MAX_SEND => Ok(()),
        _ => Err(format!("one step sends {MAX_SEND} bytes at most")),
    }
}

fn receive(text: &str, times: Option<usize>) -> Result<Action, String> {
    match (text, times) {
        ("<end>", None) => Ok(Action::ReceiveEnd),
        ("<gone>", None) => Ok(Action::Gone),
        ("<refused>", None) => Ok(Action::Refused),
        _ => Ok(Action::Receive(line_of(text)?, times.unwrap_or(1))),
    }
}

/// A line that is to be received.
fn line_of(text: &str) -> Result<Vec<u8>, String> {
    let line = raw_or_quoted(text, "<end>, <gone> and <refused>")?;
    if !is_known(&line) {
        return Err(
            "only JOIN, LEAVE, MSG and BYE with their fields can be expected: other lines are passed over".into()
        );
    }
    if line.contains(&b'\n') {
        return Err("a line that is received has no LF inside".into());
    }
    Ok(line)
}

/// Whether a line from a server has a verb of version 1. Others are passed over.
pub(in crate::check) fn is_known(line: &[u8]) -> bool {
    [&b"JOIN "[..], b"LEAVE ", b"MSG ", b"BYE "].iter().any(|verb| line.starts_with(verb))
}

/// A whole line, as `line_of` reads it, or the beginning of one and a star.
pub(super) fn pattern(text: &str, line_of: impl Fn(&str) -> Result<Vec<u8>, String>) -> Result<Pattern, String> {
    match text.strip_suffix('*') {
        Some(prefix) if prefix.starts_with('"') => unquote(prefix).map(Pattern::Prefix),
        Some(prefix) => raw(prefix).map(|prefix| Pattern::Prefix(prefix.into())),
        None => line_of(text).map(Pattern::Line),
    }
}

fn reading(text: &str) -> Result<Action, String> {
    match text {
        "<stall>" => Ok(Action::Stall),
        "<resume>" => Ok(Action::Resume),
        _ => Err("`|` is followed by <stall> or <resume>".into()),
    }
}

pub(super) fn raw_or_quoted(text: &str, marks: &str) -> Result<Vec<u8>, String> {
    if text.starts_with('"') {
        return unquote(text);
    }
    if text.starts_with('<') {
        return Err(format!(
            "`{text}` is nothing known here: there are {marks}; a text that begins so stands in quotes"
        ));
    }
    if text.ends_with(' ') {
        return Err("a space at the end cannot be seen: put the whole in quotes".into());
    }
    raw(text).map(|text| text.as_bytes().to_vec())
}

fn raw(text: &str) -> Result<&str, String> {
    match text.chars().find(|c| c.is_control()) {
        Some(c) => Err(format!("U+{:04X} cannot stand here raw: put the whole in quotes", u32::from(c))),
        None if text.starts_with(' ') => Err("exactly one space stands before the text; put more in quotes".into()),
        None => Ok(text),
    }
}
