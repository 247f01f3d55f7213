//! Section 3: each rule of the ABNF is a function that says whether octets are that.

/// `client-line`, and what stands in it.
#[derive(Debug, PartialEq, Eq)]
pub enum ClientLine<'a> {
    Name(&'a str),
    Msg(&'a str),
    Bye,
}

/// A line of a server, as generously as section 10 has it read.
#[derive(Debug, PartialEq, Eq)]
pub enum ServerLine<'a> {
    Join(&'a str),
    Leave(&'a str),
    Msg(&'a str, &'a str),
    Bye(&'a str, Option<&'a str>),
}

/// How many octets of the front a rule takes, if it fits there.
type Rule = fn(&[u8]) -> Option<usize>;

/// `client-line = name-request / msg-request / bye-request`, and its last octet is not CR
pub fn client_line(line: &[u8]) -> Option<ClientLine<'_>> {
    if line.ends_with(b"\r") {
        return None;
    }
    if let Some(name) = line.strip_prefix(b"NAME ") {
        return all(any_char, name).map(ClientLine::Name);
    }
    if let Some(text) = line.strip_prefix(b"MSG ") {
        return all(text_char, text).map(ClientLine::Msg);
    }
    (line == b"BYE").then_some(ClientLine::Bye)
}

/// `server-line = join-event / leave-event / msg-event / bye-event`, with more characters in its
/// names and texts (\[CLIENT-20\])
pub fn server_line(line: &[u8]) -> Option<ServerLine<'_>> {
    if let Some(name) = line.strip_prefix(b"JOIN ") {
        return all(generous_name_char, name).map(ServerLine::Join);
    }
    if let Some(name) = line.strip_prefix(b"LEAVE ") {
        return all(generous_name_char, name).map(ServerLine::Leave);
    }
    if let Some(fields) = line.strip_prefix(b"MSG ") {
        let (name, text) = at_space(fields);
        return Some(ServerLine::Msg(all(generous_name_char, name)?, all(any_char, text?)?));
    }
    let (code, text) = at_space(line.strip_prefix(b"BYE ")?);
    let text = text.map(|text| all(any_char, text).ok_or(())).transpose().ok()?;
    (code.len() <= 32).then_some(ServerLine::Bye(all(code_char, code)?, text))
}

/// `1*rule`, and nothing else
fn all(rule: Rule, octets: &[u8]) -> Option<&str> {
    let mut rest = octets;
    loop {
        rest = &rest[rule(rest)?..];
        if rest.is_empty() {
            return str::from_utf8(octets).ok();
        }
    }
}

/// What stands before the first space, and what behind it, if there is one.
fn at_space(fields: &[u8]) -> (&[u8], Option<&[u8]>) {
    match fields.iter().position(|&octet| octet == b' ') {
        Some(space) => (&fields[..space], Some(&fields[space + 1..])),
        None => (fields, None),
    }
}

/// `any-char = %x00-09 / %x0B-7F / UTF8-2 / UTF8-3 / UTF8-4`
fn any_char(i: &[u8]) -> Option<usize> {
    match i {
        [0x00..=0x09 | 0x0B..=0x7F, ..] => Some(1),
        [0xC2..=0xDF, 0x80..=0xBF, ..] => Some(2),
        _ => longer(i),
    }
}

/// `text-char = %x20-7E / c1-above / utf8-2-rest / UTF8-3 / UTF8-4`
fn text_char(i: &[u8]) -> Option<usize> {
    match i {
        [0x20..=0x7E, ..] => Some(1),
        [0xC2, 0xA0..=0xBF, ..] | [0xC3..=0xDF, 0x80..=0xBF, ..] => Some(2),
        _ => longer(i),
    }
}

/// Any character but space and Cc.
fn generous_name_char(i: &[u8]) -> Option<usize> {
    if i.starts_with(b" ") { None } else { text_char(i) }
}

/// `%x61-7A / DIGIT / "-"`
fn code_char(i: &[u8]) -> Option<usize> {
    matches!(i, [b'a'..=b'z' | b'0'..=b'9' | b'-', ..]).then_some(1)
}

/// `UTF8-3 / UTF8-4`
fn longer(i: &[u8]) -> Option<usize> {
    match i {
        [0xE0, 0xA0..=0xBF, 0x80..=0xBF, ..]
        | [0xE1..=0xEC | 0xEE..=0xEF, 0x80..=0xBF, 0x80..=0xBF, ..]
        | [0xED, 0x80..=0x9F, 0x80..=0xBF, ..] => Some(3),
        [0xF0, 0x90..=0xBF, 0x80..=0xBF, 0x80..=0xBF, ..]
        | [0xF1..=0xF3, 0x80..=0xBF, 0x80..=0xBF, 0x80..=0xBF, ..]
        | [0xF4, 0x80..=0x8F, 0x80..=0xBF, 0x80..=0xBF, ..] => Some(4),
        _ => None,
    }
}
