//! The fixtures of single lines, `fixtures/lines`: exact bytes and what they mean.
//!
//! A file has header lines, an empty line, then a line for each line of the
//! protocol: its bytes in the [`quoted`](super::quoted) notation, `->`, and what it
//! is. An LF belongs to each, and is not written; `#` begins a comment.
//!
//! | header | is |
//! | --- | --- |
//! | `title:` | what the lines have in common |
//! | `clauses:` | the ids of SPEC.md that they are examples of |
//! | `from:` | `client` or `server` |
//! | `state:` | of a client's lines: `before NAME` or `in the room` |
//!
//! A line is a verb and its quoted fields (`MSG "Ana" "hola"`), or `nothing` (it is
//! ignored), or of a client's line `refused` and the code.

use super::CaseError;
use super::quoted::unquote_front;

/// A file of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineFile {
    /// What the lines have in common.
    pub title: String,
    /// The clauses of SPEC.md that they are examples of.
    pub clauses: Vec<String>,
    /// Who sends them.
    pub from: From,
    /// The lines.
    pub lines: Vec<LineCase>,
}

/// Who sends a line, and in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// A client that has not joined.
    #[default]
    Newcomer,
    /// A client in the room.
    Participant,
    /// The server.
    Server,
}

/// A line and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineCase {
    /// Where it stands in the file, from 1.
    pub line: usize,
    /// Its bytes, without the LF.
    pub bytes: Vec<u8>,
    /// What it is.
    pub is: Meaning,
}

/// What a line is to its receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This verb with these fields.
    Verb(String, Vec<Vec<u8>>),
    /// Nothing: it is ignored.
    Nothing,
    /// The reason to refuse the client, with this code.
    Refused(String),
}

impl LineFile {
    /// Reads a file of lines.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn parse(text: &str) -> Result<LineFile, CaseError> {
        let mut file = LineFile::default();
        let mut in_headers = true;
        for (text, line) in text.lines().zip(1..) {
            let read = if text.starts_with('#') {
                Ok(())
            } else if text.is_empty() {
                in_headers = false;
                Ok(())
            } else if in_headers {
                file.header(text)
            } else {
                line_case(text, line).map(|case| file.lines.push(case))
            };
            read.map_err(|what| CaseError { line, what })?;
        }
        if file.lines.is_empty() || file.clauses.is_empty() || file.title.is_empty() {
            return Err(CaseError { line: 1, what: "a title, clauses or lines are missing".into() });
        }
        Ok(file)
    }

    fn header(&mut self, text: &str) -> Result<(), String> {
        match text.split_once(": ") {
            Some(("title", title)) => title.clone_into(&mut self.title),
            Some(("clauses", ids)) => self.clauses = ids.split_whitespace().map(str::to_owned).collect(),
            Some(("from", "client") | ("state", "before NAME")) => self.from = From::Newcomer,
            Some(("from", "server")) => self.from = From::Server,
            Some(("state", "in the room")) => self.from = From::Participant,
            _ => {
                return Err(format!(
                    "`{text}` is no header: there are title, clauses, from (client or server), \
                                     state (before NAME, or in the room)"
                ));
            }
        }
        Ok(())
    }
}

fn line_case(text: &str, line: usize) -> Result<LineCase, String> {
    let (bytes, rest) = unquote_front(text)?;
    let is = rest.trim_start().strip_prefix("-> ").ok_or("behind the quoted line stands ` -> ` and what it is")?;
    Ok(LineCase { line, bytes, is: meaning(is.trim_start())? })
}

fn meaning(text: &str) -> Result<Meaning, String> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    match (word, rest) {
        ("nothing", "") => Ok(Meaning::Nothing),
        ("refused", code) if !code.is_empty() => Ok(Meaning::Refused(code.to_owned())),
        ("NAME" | "MSG" | "BYE" | "JOIN" | "LEAVE", fields) => Ok(Meaning::Verb(word.to_owned(), quoted(fields)?)),
        _ => Err(format!("`{text}` is no meaning: a verb and its quoted fields, `nothing`, or `refused` and a code")),
    }
}

/// Quoted fields with one space between.
fn quoted(mut fields: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut read = Vec::new();
    while !fields.is_empty() {
        let (field, rest) = unquote_front(fields)?;
        read.push(field);
        fields = rest.trim_start();
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_lines_is_read() {
        let text = "title: t\nclauses: A-1 B-2\nfrom: client\nstate: in the room\n\n# why\n\"MSG a\\r\"  -> MSG \"a\"\n\
                    \"\" -> nothing\n\"MSG\" -> refused bad-line\n";
        let file = LineFile::parse(text).unwrap();
        assert_eq!((file.from, file.clauses.len()), (From::Participant, 2));
        let is: Vec<_> = file.lines.iter().map(|line| line.is.clone()).collect();
        assert_eq!(is[0], Meaning::Verb("MSG".into(), vec![b"a".to_vec()]));
        assert_eq!(is[1..], [Meaning::Nothing, Meaning::Refused("bad-line".into())]);
        assert_eq!((file.lines[0].line, &file.lines[0].bytes[..]), (7, &b"MSG a\r"[..]));
    }

    #[test]
    fn mistakes_are_told() {
        for (text, part) in [
            ("title: t\nstate: out\n", "line 2: `state: out` is no header"),
            ("title: t\nclauses: A-1\n\n", "missing"),
            ("title: t\n\nNAME a -> NAME \"a\"", "line 3: a quoted text begins"),
            ("title: t\n\n\"NAME a\"", "stands ` -> `"),
            ("title: t\n\n\"NAME a\" -> name", "no meaning"),
            ("title: t\n\n\"NAME a\" -> refused", "no meaning"),
            ("title: t\n\n\"NAME a\" -> NAME a", "begins with"),
        ] {
            let error = LineFile::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
