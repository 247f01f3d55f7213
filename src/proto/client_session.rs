//! The client's side of a session: what the lines of the server mean.
//!
//! As on the server's side a state is a type. A [`Joining`] client waits for its
//! own `JOIN`, the roster before it; a [`Joined`] one knows which of its texts
//! have no receipt yet. Lines that a client cannot read or does not know mean
//! nothing to it (SPEC.md, "Clients").

use std::collections::VecDeque;

use bytes::BufMut;

use super::{Code, Name, ServerLine, Text, encode};

/// `NAME` was sent; the own `JOIN` has not come.
#[derive(Debug)]
pub struct Joining {
    name: Name,
    roster: Vec<String>,
}

/// What a line meant to one who is joining.
#[derive(Debug)]
pub enum Answer {
    /// Not in yet.
    NotYet(Joining),
    /// The own `JOIN`: in the room, with those who were there before.
    In(Joined, Vec<String>),
    /// The server's `BYE`.
    Bye(Farewell),
}

/// In the room under this name.
#[derive(Debug)]
pub struct Joined {
    name: Name,
    /// The receipt of the oldest text that has none.
    next: Receipt,
    unreceipted: VecDeque<String>,
}

/// Which of one's own texts: what saying it gives, and the receipt of it gives back. They
/// are in the order in which the texts were said, and so in that of the log (\[ROOM-9\]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Receipt(u64);

/// What a line meant to one who is in the room.
#[derive(Debug, PartialEq, Eq)]
pub enum News<'a> {
    /// Someone came.
    Join(&'a str),
    /// Someone left.
    Leave(&'a str),
    /// Someone else said something. The text may hold control characters.
    Msg {
        /// Who.
        name: &'a str,
        /// What.
        text: &'a str,
    },
    /// The own text is in the room, here.
    Receipt {
        /// What [`Joined::say`] gave for it.
        receipt: Receipt,
        /// The text.
        text: &'a str,
    },
}

/// The server's `BYE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// The word after `BYE`, perhaps of a later version.
    pub code: String,
    /// The text for people, no more to be trusted than a message.
    pub text: Option<String>,
}

/// What became of a text without a receipt (SPEC.md, "Receipts at the end").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was not said.
    NotSaid,
    /// Nobody can tell whether it was said.
    Unknown,
}

impl Joining {
    /// Asks to join: writes the `NAME` line.
    pub fn ask(name: Name, out: &mut impl BufMut) -> Joining {
        encode::name_request(&name, out);
        Joining { name, roster: Vec::new() }
    }

    /// Takes a line of the server, whole, without its end.
    #[must_use]
    pub fn line(mut self, line: &[u8]) -> Answer {
        match ServerLine::parse(line) {
            Ok(ServerLine::Join(name)) if name == self.name.as_str() => Answer::In(Joined::new(self.name), self.roster),
            Ok(ServerLine::Join(name)) => {
                self.roster.push(name.to_owned());
                Answer::NotYet(self)
            }
            Ok(ServerLine::Bye { code, text }) => Answer::Bye(Farewell::new(code, text)),
            Ok(ServerLine::Leave(_) | ServerLine::Msg { .. }) | Err(_) => Answer::NotYet(self),
        }
    }
}

impl Joined {
    fn new(name: Name) -> Joined {
        Joined { name, next: Receipt(0), unreceipted: VecDeque::new() }
    }

    /// Under which name.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Says a text: writes the `MSG` line and waits for its receipt from now on.
    pub fn say(&mut self, text: Text<'_>, out: &mut impl BufMut) -> Receipt {
        encode::msg_request(text, out);
        let receipt = Receipt(self.next.0 + self.unreceipted.len() as u64);
        self.unreceipted.push_back(text.as_str().to_owned());
        receipt
    }

    /// Takes a line of the server, whole, without its end; `None` when it means
    /// nothing to this version.
    ///
    /// # Errors
    /// It is the server's `BYE`: the last line.
    #[inline]
    pub fn line<'a>(&mut self, line: &'a [u8]) -> Option<Result<News<'a>, Farewell>> {
        Some(Ok(match ServerLine::parse(line).ok()? {
            ServerLine::Join(name) => News::Join(name),
            ServerLine::Leave(name) => News::Leave(name),
            ServerLine::Msg { name, text } => match self.receipt(name) {
                Some(receipt) => News::Receipt { receipt, text },
                None => News::Msg { name, text },
            },
            ServerLine::Bye { code, text } => return Some(Err(Farewell::new(code, text))),
        }))
    }

    /// The texts said that have no receipt, in their order.
    pub fn unreceipted(&self) -> impl ExactSizeIterator<Item = &str> {
        self.unreceipted.iter().map(String::as_str)
    }

    /// Own messages keep their order, so a receipt is that of the oldest text that waits
    /// for one.
    fn receipt(&mut self, name: &str) -> Option<Receipt> {
        if name != self.name.as_str() {
            return None;
        }
        self.unreceipted.pop_front()?;
        let receipt = self.next;
        self.next = Receipt(receipt.0 + 1);
        Some(receipt)
    }
}

impl Farewell {
    fn new(code: &str, text: Option<&str>) -> Farewell {
        Farewell { code: code.to_owned(), text: text.map(str::to_owned) }
    }

    /// Whether it says that the name is taken or invalid: another one may help.
    #[must_use]
    pub fn is_about_the_name(&self) -> bool {
        matches!(Code::from_wire(&self.code), Some(Code::NameTaken | Code::NameInvalid))
    }

    /// What became of the texts that have no receipt when this came.
    #[must_use]
    pub fn fate(&self) -> Fate {
        match Code::from_wire(&self.code) {
            Some(Code::TooSlow) | None => Fate::Unknown,
            Some(_) => Fate::NotSaid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined() -> Joined {
        let mut sent = Vec::new();
        let joining = Joining::ask(Name::new("Ana").unwrap(), &mut sent);
        assert_eq!(sent, b"NAME Ana\n");
        match joining.line(b"JOIN Ana") {
            Answer::In(joined, _) => joined,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn joins_before_the_own_one_are_the_roster_and_all_else_is_passed_over() {
        let mut joining = Joining::ask(Name::new("Ana").unwrap(), &mut Vec::new());
        for line in [&b"JOIN Luis"[..], b"", b"MSG Luis a", b"LEAVE Eva", b"TOPIC x", b"\xff", b"JOIN ana"] {
            joining = match joining.line(line) {
                Answer::NotYet(joining) => joining,
                other => panic!("{other:?}"),
            };
        }
        assert!(matches!(joining.line(b"JOIN Ana"), Answer::In(_, roster) if roster == ["Luis", "ana"]));
    }

    #[test]
    fn echoes_of_equal_texts_are_receipts_in_their_order() {
        let (mut ana, mut sent) = (joined(), Vec::new());
        let receipts = ["a", "b", "a"].map(|text| ana.say(Text::new(text).unwrap(), &mut sent));
        assert!(receipts.is_sorted_by(|a, b| a < b));
        assert_eq!(sent, b"MSG a\nMSG b\nMSG a\n");
        assert_eq!(ana.line(b"MSG Luis a"), Some(Ok(News::Msg { name: "Luis", text: "a" })));
        assert_eq!(ana.line(b"MSG Ana a"), Some(Ok(News::Receipt { receipt: receipts[0], text: "a" })));
        assert_eq!(ana.unreceipted().collect::<Vec<_>>(), ["b", "a"]);
        let fourth = ana.say(Text::new("d").unwrap(), &mut sent);
        for (receipt, text) in [(receipts[1], "b"), (receipts[2], "a"), (fourth, "d")] {
            assert_eq!(ana.line(format!("MSG Ana {text}").as_bytes()), Some(Ok(News::Receipt { receipt, text })));
        }
        assert_eq!(ana.line(b"MSG Ana a"), Some(Ok(News::Msg { name: "Ana", text: "a" })));
    }

    /// [BYE-16]: a human text may follow the code.
    #[test]
    fn what_a_text_without_a_receipt_became_depends_on_the_farewell() {
        let mut ana = joined();
        let mut fate = |line: &[u8]| match ana.line(line) {
            Some(Err(farewell)) => farewell.fate(),
            other => panic!("{other:?}"),
        };
        assert_eq!(fate(b"BYE shutdown hasta luego"), Fate::NotSaid);
        assert_eq!(fate(b"BYE too-slow"), Fate::Unknown);
        assert_eq!(fate(b"BYE of-a-later-version"), Fate::Unknown);
    }

    #[test]
    fn another_name_may_help_where_the_farewell_is_about_the_name() {
        let about_the_name = |code| Farewell::new(code, None).is_about_the_name();
        assert!(about_the_name("name-taken") && about_the_name("name-invalid"));
        assert!(!about_the_name("full") && !about_the_name("name-of-a-later-version"));
    }
}
