//! What SPEC.md says, once more and naively: rule by rule, octet by octet, without a parser, a
//! table or a thought of speed. It shares nothing with `charla` but lower case and NFKC, which
//! are the Unicode Standard's.

pub mod grammar;
pub mod names;
pub mod room;

use grammar::ClientLine;

/// The most octets of a line, a text and a name.
pub const MAX_LINE: usize = 1061;
pub const MAX_TEXT: usize = 1024;
pub const MAX_NAME: usize = 32;

/// Section 2: the lines of a stream, as far as it has come; `None` for one that is too long.
pub fn lines(stream: &[u8]) -> Vec<Option<&[u8]>> {
    let mut pieces: Vec<_> = stream.split(|&octet| octet == b'\n').collect();
    let open = pieces.pop().unwrap_or_default();
    let without_cr = pieces.into_iter().map(|piece| piece.strip_suffix(b"\r").unwrap_or(piece));
    let mut lines: Vec<_> = without_cr.map(|line| (line.len() <= MAX_LINE).then_some(line)).collect();
    if open.len() >= 1063 {
        lines.push(None);
    }
    lines
}

/// What a line of a client asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    Nothing,
    Join(&'a str),
    Say(&'a str),
    Leave,
}

/// Section 8, "The order of checks", but for whether the name is taken.
pub fn judge(line: Option<&[u8]>, in_room: bool) -> Result<Asked<'_>, &'static str> {
    let line = line.ok_or("too-long")?;
    if line.is_empty() {
        return Ok(Asked::Nothing);
    }
    match grammar::client_line(line).ok_or("bad-line")? {
        ClientLine::Name(_) if in_room => Err("bad-state"),
        ClientLine::Msg(_) if !in_room => Err("bad-state"),
        ClientLine::Msg(text) if text.len() > MAX_TEXT => Err("too-long"),
        ClientLine::Name(name) if names::key(name).is_none() => Err("name-invalid"),
        ClientLine::Name(name) => Ok(Asked::Join(name)),
        ClientLine::Msg(text) => Ok(Asked::Say(text)),
        ClientLine::Bye => Ok(Asked::Leave),
    }
}
