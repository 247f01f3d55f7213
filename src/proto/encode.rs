//! From meaning to bytes: one function for each line of the grammar.
//!
//! They take only [`Name`]s, [`Text`]s and [`Code`]s, so what they write is
//! always a line of SPEC.md, within its limit.

use bytes::BufMut;

use super::{Code, Name, Text};

/// `NAME name`
pub fn name_request(name: &Name, out: &mut impl BufMut) {
    line(&["NAME ", name.as_str()], out);
}

/// `MSG text`
pub fn msg_request(text: Text<'_>, out: &mut impl BufMut) {
    line(&["MSG ", text.as_str()], out);
}

/// `BYE`
pub fn bye_request(out: &mut impl BufMut) {
    line(&["BYE"], out);
}

/// `JOIN name`
pub fn join_event(name: &Name, out: &mut impl BufMut) {
    line(&["JOIN ", name.as_str()], out);
}

/// `LEAVE name`
pub fn leave_event(name: &Name, out: &mut impl BufMut) {
    line(&["LEAVE ", name.as_str()], out);
}

/// `MSG name text`
pub fn msg_event(name: &Name, text: Text<'_>, out: &mut impl BufMut) {
    line(&["MSG ", name.as_str(), " ", text.as_str()], out);
}

/// `BYE code`
pub fn bye_event(code: Code, out: &mut impl BufMut) {
    line(&["BYE ", code.as_str()], out);
}

fn line(parts: &[&str], out: &mut impl BufMut) {
    for part in parts {
        out.put_slice(part.as_bytes());
    }
    out.put_u8(b'\n');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::text::TextField;
    use super::super::{ClientLine, MAX_LINE, MAX_NAME, MAX_TEXT, ServerLine};
    use super::*;

    fn names() -> impl Strategy<Value = Name> {
        "[\\PC]{1,12}".prop_filter_map("a name", |s| Name::new(&s).ok())
    }

    fn texts() -> impl Strategy<Value = String> {
        "[^\\p{Cc}]{1,200}"
    }

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out);
        assert_eq!(out.pop(), Some(b'\n'));
        assert!(out.len() <= MAX_LINE);
        out
    }

    proptest! {
        #[test]
        fn what_a_client_writes_reads_back(name in names(), text in texts()) {
            let reads = |line: Vec<u8>, as_: ClientLine<'_>| assert_eq!(ClientLine::parse(&line), Ok(as_));
            reads(written(|o| name_request(&name, o)), ClientLine::Name(name.as_str()));
            let said = Text::new(&text).unwrap();
            reads(written(|o| msg_request(said, o)), ClientLine::Msg(TextField::new(&text).unwrap()));
            reads(written(bye_request), ClientLine::Bye);
        }

        /// [GRAM-1], [LINE-4], [LINE-12]
        #[test]
        fn what_a_server_writes_reads_back(name in names(), text in texts()) {
            let reads = |line: Vec<u8>, as_: ServerLine<'_>| assert_eq!(ServerLine::parse(&line), Ok(as_));
            reads(written(|o| join_event(&name, o)), ServerLine::Join(name.as_str()));
            reads(written(|o| leave_event(&name, o)), ServerLine::Leave(name.as_str()));
            let msg = ServerLine::Msg { name: name.as_str(), text: &text };
            reads(written(|o| msg_event(&name, Text::new(&text).unwrap(), o)), msg);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..1100)) {
            let _ = ClientLine::parse(&bytes);
            let _ = ServerLine::parse(&bytes);
        }

        /// What is read is what was written: nothing in a line is passed over.
        #[test]
        fn what_is_read_writes_back(line in "(NAME|MSG|BYE|JOIN|LEAVE|msg|) ?[ A-Za-zñ\u{1}\u{2028}-]{0,40}") {
            let again = match ClientLine::parse(line.as_bytes()) {
                Ok(ClientLine::Name(name)) => format!("NAME {name}"),
                Ok(ClientLine::Msg(field)) => format!("MSG {}", field.limited().unwrap().as_str()),
                Ok(ClientLine::Bye) => "BYE".to_owned(),
                Err(_) => line.clone(),
            };
            prop_assert_eq!(&again, &line);
        }
    }

    /// [LINE-8]
    #[test]
    fn codes_read_back_and_the_longest_line_is_within_the_limit() {
        for &code in Code::ALL {
            let line = written(|o| bye_event(code, o));
            assert_eq!(ServerLine::parse(&line), Ok(ServerLine::Bye { code: code.as_str(), text: None }));
            assert_eq!(Code::from_wire(&code.to_string()), Some(code));
        }
        let (name, text) = ("n".repeat(MAX_NAME), "t".repeat(MAX_TEXT));
        let line = written(|o| msg_event(&Name::new(&name).unwrap(), Text::new(&text).unwrap(), o));
        assert_eq!(line.len(), MAX_LINE);
    }
}
