//! The grammar of whole lines: one parser for each rule of the ABNF of SPEC.md,
//! named as the rule, with the rule above it.
//!
//! Lines come from [`LineCutter`](super::LineCutter), without their end, so these
//! are nom's complete parsers. What a field may hold beyond the grammar (the rules
//! for names, the length of a text) is judged after it, by [`Name`](super::Name)
//! and [`TextField`]: SPEC.md, "Refusals", gives the order.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::combinator::{all_consuming, map, map_opt, opt, rest, value, verify};
use nom::sequence::{preceded, separated_pair};
use nom::{IResult, Parser};

use super::text::TextField;

/// A line from a client, in the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientLine<'a> {
    /// `NAME name`: asks to join. The name is not judged yet.
    Name(&'a str),
    /// `MSG text`: says something. Its length is not judged yet.
    Msg(TextField<'a>),
    /// `BYE`: leaves.
    Bye,
}

/// A line from a server, read as generously as SPEC.md asks of a client: a name
/// is any characters but spaces and controls, a text is anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerLine<'a> {
    /// `JOIN name`: the name is in the room.
    Join(&'a str),
    /// `LEAVE name`: the name has left.
    Leave(&'a str),
    /// `MSG name text`: the name said the text.
    Msg {
        /// Who said it.
        name: &'a str,
        /// What was said; it may hold control characters if the server let them by.
        text: &'a str,
    },
    /// `BYE code [text]`: the connection ends.
    Bye {
        /// Why, perhaps in a word of a later version.
        code: &'a str,
        /// The same for people, no more to be trusted than a message.
        text: Option<&'a str>,
    },
}

/// A line is not in the grammar: [`Code::BadLine`](super::Code::BadLine).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLine {
    /// It is not UTF-8.
    Utf8,
    /// It is UTF-8, but no line of the grammar.
    Grammar,
}

impl<'a> ClientLine<'a> {
    /// Reads a whole line without its end.
    ///
    /// ```
    /// use charla::proto::{BadLine, ClientLine};
    /// assert_eq!(ClientLine::parse(b"NAME Ana"), Ok(ClientLine::Name("Ana")));
    /// assert_eq!(ClientLine::parse(b"BYE "), Err(BadLine::Grammar));
    /// ```
    ///
    /// # Errors
    /// It is not UTF-8 or not in the grammar.
    pub fn parse(line: &'a [u8]) -> Result<ClientLine<'a>, BadLine> {
        let line = str::from_utf8(line).map_err(|_| BadLine::Utf8)?;
        read(client_line, line)
    }
}

impl<'a> ServerLine<'a> {
    /// Reads a whole line without its end.
    ///
    /// ```
    /// use charla::proto::ServerLine;
    /// let line = ServerLine::parse("MSG Ana ¿qué tal?".as_bytes());
    /// assert_eq!(line, Ok(ServerLine::Msg { name: "Ana", text: "¿qué tal?" }));
    /// ```
    ///
    /// # Errors
    /// It is not UTF-8 or not in the grammar: a client passes over it.
    #[inline]
    pub fn parse(line: &'a [u8]) -> Result<ServerLine<'a>, BadLine> {
        let line = str::from_utf8(line).map_err(|_| BadLine::Utf8)?;
        read(server_line, line)
    }
}

fn read<'a, T>(rule: impl Fn(&'a str) -> IResult<&'a str, T>, line: &'a str) -> Result<T, BadLine> {
    all_consuming(rule).parse_complete(line).map(|(_, read)| read).map_err(|_| BadLine::Grammar)
}

/// `client-line = name-request / msg-request / bye-request`
fn client_line(i: &str) -> IResult<&str, ClientLine<'_>> {
    let line = alt((msg_request, name_request, bye_request));
    // The receiver dropped the one CR of the line's end; a second one is no field's.
    preceded(not_ending_in_cr, line).parse_complete(i)
}

fn not_ending_in_cr(i: &str) -> IResult<&str, ()> {
    verify(nom::combinator::success(()), |()| !i.ends_with('\r')).parse_complete(i)
}

/// `name-request = %s"NAME" SP 1*any-char`
fn name_request(i: &str) -> IResult<&str, ClientLine<'_>> {
    map(preceded(tag("NAME "), any_chars), ClientLine::Name).parse_complete(i)
}

/// `msg-request = %s"MSG" SP text`, its length not judged
fn msg_request(i: &str) -> IResult<&str, ClientLine<'_>> {
    map(preceded(tag("MSG "), text), ClientLine::Msg).parse_complete(i)
}

/// `bye-request = %s"BYE"`
fn bye_request(i: &str) -> IResult<&str, ClientLine<'_>> {
    value(ClientLine::Bye, tag("BYE")).parse_complete(i)
}

/// `text = 1*text-char`, where `text-char` is any character but Cc
fn text(i: &str) -> IResult<&str, TextField<'_>> {
    map_opt(rest, |field| TextField::new(field).ok()).parse_complete(i)
}

/// `1*any-char`: the rest of the line, not empty
fn any_chars(i: &str) -> IResult<&str, &str> {
    verify(rest, |field: &str| !field.is_empty()).parse_complete(i)
}

/// `server-line = join-event / leave-event / msg-event / bye-event`
fn server_line(i: &str) -> IResult<&str, ServerLine<'_>> {
    alt((msg_event, join_event, leave_event, bye_event)).parse_complete(i)
}

/// `join-event = %s"JOIN" SP name`
fn join_event(i: &str) -> IResult<&str, ServerLine<'_>> {
    map(preceded(tag("JOIN "), name), ServerLine::Join).parse_complete(i)
}

/// `leave-event = %s"LEAVE" SP name`
fn leave_event(i: &str) -> IResult<&str, ServerLine<'_>> {
    map(preceded(tag("LEAVE "), name), ServerLine::Leave).parse_complete(i)
}

/// `msg-event = %s"MSG" SP name SP text`
fn msg_event(i: &str) -> IResult<&str, ServerLine<'_>> {
    let fields = separated_pair(name, tag(" "), any_chars);
    map(preceded(tag("MSG "), fields), |(name, text)| ServerLine::Msg { name, text }).parse_complete(i)
}

/// `bye-event = %s"BYE" SP code [SP text]`
fn bye_event(i: &str) -> IResult<&str, ServerLine<'_>> {
    let fields = (code, opt(preceded(tag(" "), any_chars)));
    map(preceded(tag("BYE "), fields), |(code, text)| ServerLine::Bye { code, text }).parse_complete(i)
}

/// `name` as a client reads it: no space, no Cc
fn name(i: &str) -> IResult<&str, &str> {
    // Most names are ASCII, where a byte is looked at faster than a character.
    let ascii = i.bytes().position(|b| matches!(b, 0..=b' ' | b'\x7f'..)).and_then(|end| i.split_at_checked(end));
    match ascii {
        Some((name, rest)) if !name.is_empty() && rest.starts_with(' ') => Ok((rest, name)),
        _ => take_while1(|c: char| c != ' ' && !c.is_control()).parse_complete(i),
    }
}

/// `code = 1*32( %x61-7A / DIGIT / "-" )`
fn code(i: &str) -> IResult<&str, &str> {
    take_while_m_n(1, 32, |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-').parse_complete(i)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [CLIENT-20]
    #[test]
    fn a_name_of_the_server_is_anything_up_to_a_space() {
        for name in ["Ana", "ñandú", "Ana\u{200b}", "-", &"x".repeat(100)] {
            let says = format!("MSG {name}  hola ");
            assert_eq!(ServerLine::parse(says.as_bytes()), Ok(ServerLine::Msg { name, text: " hola " }));
            let joins = format!("JOIN {name}");
            assert_eq!(ServerLine::parse(joins.as_bytes()), Ok(ServerLine::Join(name)));
        }
    }

    #[test]
    fn a_line_of_the_server_without_its_fields_is_none() {
        for line in
            ["MSG  hola", "MSG Ana ", "MSG Ana", "JOIN ", "JOIN", "JOIN Ana ", "JOIN \tAna", "LEAVE Ana\u{85}", "BYE"]
        {
            assert_eq!(ServerLine::parse(line.as_bytes()), Err(BadLine::Grammar), "{line}");
        }
    }
}
