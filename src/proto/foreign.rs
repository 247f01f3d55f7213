//! What opens a session and is another protocol's.

use std::fmt;

/// Another protocol, whose clients come to the port of Charla by mistake. What it opens
/// with can never become a line, so it need not be waited for (SPEC.md, "Lines").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// HTTP, from a web browser most likely.
    Http,
    /// TLS: its client means a port of its own.
    Tls,
}

/// How each of them opens.
const SIGNS: [(&[u8], Foreign); 11] = [
    // The header of a record that is part of a handshake.
    (&[0x16, 0x03], Foreign::Tls),
    (b"GET ", Foreign::Http),
    (b"HEAD ", Foreign::Http),
    (b"POST ", Foreign::Http),
    (b"PUT ", Foreign::Http),
    (b"DELETE ", Foreign::Http),
    (b"CONNECT ", Foreign::Http),
    (b"OPTIONS ", Foreign::Http),
    (b"TRACE ", Foreign::Http),
    (b"PATCH ", Foreign::Http),
    // HTTP/2, which has no methods on the wire, opens as if it had this one.
    (b"PRI ", Foreign::Http),
];

impl Foreign {
    /// What a session is that opens with these bytes, if they tell.
    ///
    /// ```
    /// use charla::proto::Foreign;
    /// assert_eq!(Foreign::of(&b"GET / HT".iter()), Some(Foreign::Http));
    /// assert_eq!(Foreign::of(&b"NAME Ana".iter()), None);
    /// ```
    pub fn of<'a>(opening: &(impl Iterator<Item = &'a u8> + Clone)) -> Option<Foreign> {
        let opens_with = |sign: &[u8]| opening.clone().take(sign.len()).eq(sign);
        SIGNS.iter().find(|(sign, _)| opens_with(sign)).map(|(_, foreign)| *foreign)
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Foreign::Http => "an HTTP request",
            Foreign::Tls => "a TLS hello: does the client mean the TLS port?",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [LINE-13]: as soon as the bytes tell, and not before.
    #[test]
    fn another_protocol_is_told_by_its_first_bytes() {
        for (sign, foreign) in SIGNS {
            for so_far in 0..sign.len() {
                assert_eq!(Foreign::of(&sign[..so_far].iter()), None, "{:?}", &sign[..so_far]);
            }
            assert_eq!(Foreign::of(&sign.iter()), Some(foreign));
            assert_eq!(Foreign::of(&sign.iter().chain(b"more")), Some(foreign));
        }
    }

    #[test]
    fn each_is_told_in_words() {
        assert_eq!(Foreign::Http.to_string(), "an HTTP request");
        assert!(Foreign::Tls.to_string().contains("the TLS port?"));
    }

    #[test]
    fn no_line_of_charla_is_taken_for_one() {
        for line in ["NAME GET / HTTP/1.1", "MSG x", "BYE", "", "GET", "GRITA hola", "get x"] {
            assert_eq!(Foreign::of(&line.as_bytes().iter()), None, "{line}");
        }
    }
}
