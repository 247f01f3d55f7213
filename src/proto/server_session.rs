//! The server's side of a session: what a line of the client asks for.
//!
//! A state is a type that has only its own transitions: nobody is [`Joined`]
//! without a [`Name`], and who is only [`Waiting`] can say nothing. Each line is
//! judged in the order of SPEC.md, "Refusals": grammar, then state, then field;
//! the first that fails gives the [`Code`] that ends the session. (The length of
//! the line comes first of all: [`LineCutter`](super::LineCutter) judges it.)

use super::{BadLine, ClientLine, Code, Name, Text};

/// Before `NAME`: the connection has not joined.
#[derive(Debug, Default)]
pub struct Waiting(());

/// What a line asks for before `NAME`.
#[derive(Debug)]
pub enum Opening {
    /// To join under this name.
    Join(Name),
    /// To leave.
    Bye,
}

/// After `NAME` was accepted: the connection is in the room under this name.
#[derive(Debug)]
pub struct Joined {
    name: Name,
}

/// What a line asks for after `NAME`.
#[derive(Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// To say this.
    Say(Text<'a>),
    /// To leave.
    Bye,
}

impl Waiting {
    /// Judges a line; `None` for an empty one, which asks for nothing.
    ///
    /// ```
    /// use charla::proto::{Code, server_session::Waiting};
    /// assert_eq!(Waiting::default().line(b"MSG hola").unwrap_err(), Code::BadState);
    /// ```
    ///
    /// # Errors
    /// The code that ends the session.
    pub fn line(&self, line: &[u8]) -> Result<Option<Opening>, Code> {
        Ok(match parse(line)? {
            None => None,
            Some(ClientLine::Name(given)) => Some(Opening::Join(Name::new(given)?)),
            Some(ClientLine::Msg(_)) => return Err(Code::BadState),
            Some(ClientLine::Bye) => Some(Opening::Bye),
        })
    }

    /// The room took the name in.
    #[must_use]
    pub fn accepted(self, name: Name) -> Joined {
        Joined { name }
    }
}

impl Joined {
    /// Under which name the connection is in the room.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Judges a line; `None` for an empty one, which asks for nothing.
    ///
    /// # Errors
    /// The code that ends the session.
    pub fn line<'a>(&self, line: &'a [u8]) -> Result<Option<Request<'a>>, Code> {
        Ok(match parse(line)? {
            None => None,
            Some(ClientLine::Name(_)) => return Err(Code::BadState),
            Some(ClientLine::Msg(field)) => Some(Request::Say(field.limited()?)),
            Some(ClientLine::Bye) => Some(Request::Bye),
        })
    }
}

fn parse(line: &[u8]) -> Result<Option<ClientLine<'_>>, BadLine> {
    if line.is_empty() { Ok(None) } else { ClientLine::parse(line).map(Some) }
}

impl From<BadLine> for Code {
    fn from(_: BadLine) -> Code {
        Code::BadLine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined() -> Joined {
        Waiting::default().accepted(Name::new("Ana").unwrap())
    }

    fn before(line: &[u8]) -> Code {
        Waiting::default().line(line).unwrap_err()
    }

    fn after(line: &[u8]) -> Code {
        joined().line(line).unwrap_err()
    }

    /// [GRAM-5], [EXT-2]: a verb has no other case, and no field more than SPEC.md gives it.
    #[test]
    fn what_is_not_in_the_grammar_is_a_bad_line_in_any_state() {
        let lines: [&[u8]; 14] = [
            b"MSG",
            b"MSG ",
            b"NAME",
            b"NAME ",
            b"BYE ",
            b"BYE x",
            b"msg x",
            b" MSG x",
            "\u{feff}MSG x".as_bytes(),
            b"MSG x\r",
            b"NAME Ana\r",
            b"BYE\r",
            b"MSG a\x07",
            b"MSG \xff",
        ];
        for line in lines {
            assert_eq!((before(line), after(line)), (Code::BadLine, Code::BadLine), "{line:?}");
        }
    }

    #[test]
    fn the_state_is_judged_before_the_field() {
        let long = [b"MSG ", &[b'x'; 1025][..]].concat();
        assert_eq!(before(&long), Code::BadState);
        assert_eq!(after(&long), Code::TooLong);
        assert_eq!(after(b"NAME a b"), Code::BadState);
    }

    #[test]
    fn a_name_against_the_rules_is_invalid() {
        for name in ["a b", " a", "a\tb", "a\rb", &"x".repeat(33)] {
            assert_eq!(before(format!("NAME {name}").as_bytes()), Code::NameInvalid);
        }
    }

    #[test]
    fn texts_keep_their_spaces_and_empty_lines_ask_for_nothing() {
        let said = joined();
        assert_eq!(said.line(b"MSG  a "), Ok(Some(Request::Say(Text::new(" a ").unwrap()))));
        assert_eq!(said.line(b""), Ok(None));
        assert!(Waiting::default().line(b"").unwrap().is_none());
    }
}
