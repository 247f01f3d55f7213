//! The quoted notation of the fixtures: exact bytes in readable text.
//!
//! `"` text `"`, where the text is any characters but controls, and these escapes:
//!
//! | escape | is |
//! | --- | --- |
//! | `\\` `\"` | the character itself |
//! | `\n` `\r` `\t` | LF, CR, tab |
//! | `\xNN` | one byte, in two hexadecimal digits |
//! | `\u{HEX}` | a character, by its code point, as UTF-8 |
//! | `\(TEXT*N)` | TEXT, itself with escapes, N times |
//!
//! [`unquote`] reads it, [`quote`] writes it; what one writes the other reads.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// The most bytes that one quoted text stands for.
pub const MAX_BYTES: usize = 1 << 20;

/// How deep repetitions lie in each other at most.
const MAX_DEPTH: usize = 3;

/// From how many equal characters on [`quote`] writes a repetition.
const LONG_RUN: usize = 16;

/// The bytes of a text in quotes, which is all of `text`.
///
/// ```
/// use charla::check::case::quoted::{quote, unquote};
/// assert_eq!(unquote(r#""\(\xff*3) ñ\r""#).unwrap(), b"\xff\xff\xff \xc3\xb1\r");
/// assert_eq!(quote(b"a\xff\n"), r#""a\xff\n""#);
/// ```
///
/// # Errors
/// What is wrong, for the author of the fixture.
pub fn unquote(text: &str) -> Result<Vec<u8>, String> {
    match unquote_front(text)? {
        (bytes, "") => Ok(bytes),
        (_, rest) => Err(format!("after the closing quote stands {rest:?}: put it inside, or take it away")),
    }
}

/// The bytes of the text in quotes at the front, and what stands behind it.
///
/// # Errors
/// What is wrong, for the author of the fixture.
pub fn unquote_front(text: &str) -> Result<(Vec<u8>, &str), String> {
    let Some(inner) = text.strip_prefix('"') else {
        return Err("a quoted text begins with \"".into());
    };
    let mut reader = Reader { chars: inner.chars().peekable() };
    let bytes = reader.text(0)?;
    match reader.chars.next() {
        Some('"') => Ok((bytes, rest_of(inner, reader.chars))),
        _ => Err("the closing \" is missing".into()),
    }
}

fn rest_of<'a>(inner: &'a str, rest: Peekable<Chars<'a>>) -> &'a str {
    let left: usize = rest.map(char::len_utf8).sum();
    inner.get(inner.len() - left..).unwrap_or_default()
}

struct Reader<'a> {
    chars: Peekable<Chars<'a>>,
}

impl Reader<'_> {
    /// Up to the closing quote, or inside a repetition up to its `*`; either is left.
    fn text(&mut self, depth: usize) -> Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        while let Some(c) = self.chars.next_if(|&c| c != '"' && (depth == 0 || c != '*')) {
            if c == '\\' {
                self.escape(depth, &mut bytes)?;
            } else if c.is_control() {
                return Err(format!("U+{:04X} cannot stand here raw: write it as an escape", u32::from(c)));
            } else {
                push(&mut bytes, c);
            }
            if bytes.len() > MAX_BYTES {
                return Err(format!("it is more than {MAX_BYTES} bytes: repeat the step instead"));
            }
        }
        Ok(bytes)
    }

    fn escape(&mut self, depth: usize, bytes: &mut Vec<u8>) -> Result<(), String> {
        match self.chars.next() {
            Some(c @ ('\\' | '"' | '*')) => push(bytes, c),
            Some('n') => bytes.push(b'\n'),
            Some('r') => bytes.push(b'\r'),
            Some('t') => bytes.push(b'\t'),
            Some('x') => bytes.push(self.byte()?),
            Some('u') => push(bytes, self.code_point()?),
            Some('(') => bytes.extend(self.repetition(depth + 1)?),
            Some(c) => {
                return Err(format!(
                    "\\{c} is no escape: there are \\\\ \\\" \\* \\n \\r \\t \\xNN \\u{{HEX}} \\(TEXT*N)"
                ));
            }
            None => return Err("the closing \" is missing".into()),
        }
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, String> {
        let digits: String = self.chars.by_ref().take(2).collect();
        hex(&digits, 2..=2)
            .and_then(|n| u8::try_from(n).ok())
            .ok_or_else(|| format!("\\x{digits} is no byte: two hexadecimal digits follow \\x"))
    }

    fn code_point(&mut self) -> Result<char, String> {
        let digits = match self.chars.next() {
            Some('{') => self.until('}'),
            _ => None,
        };
        digits
            .and_then(|digits| hex(&digits, 1..=6))
            .and_then(char::from_u32)
            .ok_or_else(|| "\\u is followed by a code point in braces, as in \\u{301}; surrogates are none".into())
    }

    /// After `\(`: the text, `*`, how often, `)`.
    fn repetition(&mut self, depth: usize) -> Result<Vec<u8>, String> {
        if depth > MAX_DEPTH {
            return Err(format!("repetitions lie in each other {MAX_DEPTH} deep at most"));
        }
        let text = self.text(depth)?;
        let times = match self.chars.next() {
            Some('*') => self.until(')').and_then(|n| n.parse::<usize>().ok()),
            _ => None,
        };
        let times = times.ok_or("a repetition is \\(TEXT*N), N a number; a star in TEXT is \\*")?;
        if text.len().saturating_mul(times) > MAX_BYTES {
            return Err(format!("it is more than {MAX_BYTES} bytes: repeat the step instead"));
        }
        Ok(text.repeat(times))
    }

    fn until(&mut self, end: char) -> Option<String> {
        let mut text = String::new();
        while let Some(c) = self.chars.next_if(|&c| c != '"') {
            if c == end {
                return Some(text);
            }
            text.push(c);
        }
        None
    }
}

fn push(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn hex(digits: &str, length: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let all_hex = digits.chars().all(|c| c.is_ascii_hexdigit());
    if all_hex && length.contains(&digits.len()) { u32::from_str_radix(digits, 16).ok() } else { None }
}

/// These bytes in the notation, with quotes: what cannot be seen as an escape,
/// a long run of one character as a repetition.
#[must_use]
pub fn quote(bytes: &[u8]) -> String {
    let mut units = Vec::new();
    for chunk in bytes.utf8_chunks() {
        units.extend(chunk.valid().chars().map(quote_char));
        units.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    let mut quoted = String::from('"');
    for run in units.chunk_by(|a, b| a == b) {
        push_run(&mut quoted, run);
    }
    quoted.push('"');
    quoted
}

fn push_run(quoted: &mut String, run: &[String]) {
    match run {
        [unit, ..] if run.len() >= LONG_RUN => {
            let unit = if unit == "*" { "\\*" } else { unit };
            // Writing to a string cannot fail.
            let _ = write!(quoted, "\\({unit}*{})", run.len());
        }
        _ => quoted.extend(run.iter().map(String::as_str)),
    }
}

fn quote_char(c: char) -> String {
    match c {
        '"' | '\\' => format!("\\{c}"),
        '\n' => "\\n".into(),
        '\r' => "\\r".into(),
        '\t' => "\\t".into(),
        ' ' | '\'' => c.into(),
        c if c.escape_debug().len() > 1 => format!("\\u{{{:X}}}", u32::from(c)),
        c => c.into(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_escape_is_read() {
        let read = unquote(r#""a\\\"\n\r\t\x00\xFF\u{1F600}\(ñ\(b*2)*2)*""#).unwrap();
        assert_eq!(read, [b"a\\\"\n\r\t\0\xff", "😀ñbbñbb*".as_bytes()].concat());
    }

    #[test]
    fn errors_say_what_is_wrong() {
        for (text, part) in [
            (r#""a"#, "closing"),
            (r#""a\"#, "closing"),
            (r#""a" b"#, "after the closing quote"),
            (r#""\q""#, "no escape"),
            (r#""\x4""#, "two hexadecimal digits"),
            (r#""\u{D800}""#, "code point"),
            (r#""\u41""#, "code point"),
            (r#""\(a*)""#, "repetition"),
            (r#""\(a""#, "repetition"),
            (r#""\(a*2""#, "repetition"),
            (r#""\(\(aa*1000)*1000)""#, "repeat the step"),
            (r#""\(\(\(\(a*1)*1)*1)*1)""#, "deep"),
            ("\"a\tb\"", "U+0009"),
            ("a", "begins"),
        ] {
            let error = unquote(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_behind_the_quote_is_handed_back() {
        assert_eq!(unquote_front("\"ñ\" -> BYE").unwrap(), ("ñ".as_bytes().to_vec(), " -> BYE"));
    }

    #[test]
    fn what_cannot_be_seen_is_escaped_and_long_runs_are_short() {
        assert_eq!(quote("ñ e\u{301}\u{200d}\u{85}".as_bytes()), r#""ñ e\u{301}\u{200D}\u{85}""#);
        assert_eq!(quote(&[b'a'; 1025]), r#""\(a*1025)""#);
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_read_back(bytes: Vec<u8>, run in 0..40usize) {
            for byte in [b'a', b'*', b'\\', 0xff] {
                let bytes = [&bytes[..], &vec![byte; run]].concat();
                prop_assert_eq!(unquote(&quote(&bytes)).unwrap(), bytes);
            }
        }

        #[test]
        fn nothing_panics(text in r#""?([ab*"]|\\[(xunr"\\*]|[0-9{})]|.)*"#) {
            let _ = unquote_front(&text);
        }
    }
}
