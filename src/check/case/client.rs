//! A client's case: the client under test speaks with a scripted server, and a
//! person at a terminal types and looks.
//!
//! The headers and the way a step is written are those of every [case](super::Case).
//! The signs mean the same as there, seen from the actor: `>` is what the client
//! sends and `<` what it receives. The steps are:
//!
//! | step | is |
//! | --- | --- |
//! | `Ana> TEXT`, `Ana> <any>` | the next line that the client sends is TEXT, or anything |
//! | `Ana> <until> TEXT` | lines come until TEXT |
//! | `Ana> <pieces> TEXT` | `MSG` lines come whose texts together are TEXT, or none |
//! | `Ana>? TEXT`, `Ana>? <any>` | that line comes next, or the client leaves and the case is over |
//! | `Ana> <end>`, `Ana> <gone>` | the stream ends cleanly next; whatever comes, the connection ends |
//! | `Ana> <alpn> TEXT` | over TLS, these are the application protocols that it names, with spaces between |
//! | `Ana> <refused>` | over TLS, it does not take the server for whom it looks for, and sends nothing |
//! | `Ana! PATTERN` | no such line comes up to that of the next `>` |
//! | `Ana< TEXT`, `Ana<< "…"` | the server sends TEXT and LF; exactly these bytes |
//! | `Ana< <end>`, `Ana< <reset>` | the server ends its side; resets the connection |
//! | `Ana: TEXT`, `Ana: <quit>`, `Ana: <eof>` | the person types a line; leaves; ends the input |
//! | `Ana= TEXT`, `Ana=2 TEXT` | TEXT comes to stand on the screen; stands there twice now |
//! | `Ana=+ TEXT`, `Ana=+0 TEXT` | the same of what was written since the last `<` steps |
//! | `Ana= <change>`, `Ana= <exit>` | the screen comes to differ from that before the last `<` steps; the program ends |
//! | `Ana=0 <like Leo> Zoe` | no line is one with `Leo` in it, with `Zoe` in its place |
//!
//! fixtures/README.md is the full description.

use super::quoted::unquote;
use super::step::{self, Pattern, Step};
use super::{Case, CaseError, Level, Tls, is_step};

/// A dialogue that a conforming client carries on.
pub type ClientCase = Case<ClientAction>;

/// What a step of a client's case does, or what must come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAction {
    /// The client sends this.
    Sends(Expected),
    /// No such line comes up to that of the next [`ClientAction::Sends`].
    Forbid(Pattern),
    /// The server sends these bytes so many times.
    Tell(Vec<u8>, usize),
    /// The server ends its side of the stream.
    EndStream,
    /// The server resets the connection.
    Reset,
    /// The person types this line, so many times.
    Type(Vec<u8>, usize),
    /// The person leaves in the way of this client.
    Quit,
    /// The person ends the input.
    EndInput,
    /// The person sees this.
    Sees(Seen),
}

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// This line next, so many times.
    Line(Vec<u8>, usize),
    /// Any line next.
    Any,
    /// This line next, or it leaves.
    LineUnlessLeaving(Vec<u8>),
    /// Any line next, or it leaves.
    AnyUnlessLeaving,
    /// This line, after whatever others.
    Until(Vec<u8>),
    /// Texts that together are this one, or none.
    Pieces(Vec<u8>),
    /// The clean end of its stream.
    End,
    /// The end of the connection, whatever comes before and in whatever way.
    Gone,
    /// Over TLS, the names of these application protocols, with spaces between.
    Protocols(Vec<u8>),
    /// Over TLS, nothing but the end of the connection, if hands are shaken at all.
    Refused,
}

/// What a person sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// This text.
    Text {
        /// It, as it was sent.
        text: String,
        /// Whether only what was written since the last `<` steps counts.
        anew: bool,
        /// How often exactly, now; at least once, and waited for, where there is none.
        times: Option<usize>,
    },
    /// Another screen than before the last `<` steps.
    Change,
    /// No line that is one with `shown` in it, with `other` in its place.
    NoneLike {
        /// What is on the screen.
        shown: String,
        /// What is not, in the same way.
        other: String,
    },
    /// The end of the program.
    Exit,
}

impl ClientCase {
    /// Reads a client's case: headers, then steps.
    ///
    /// ```
    /// use charla::check::ClientCase;
    /// let text = "title: What is typed is said\nclauses: CLIENT-11\n\n\
    ///             Ana> NAME Ana\nAna< JOIN Ana\nAna: hola\nAna> MSG hola\n";
    /// let case = ClientCase::parse_client("what-is-typed-is-said", text)?;
    /// assert_eq!((case.person(), case.steps.len()), (&b"Ana"[..], 4));
    /// # Ok::<(), charla::check::CaseError>(())
    /// ```
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn parse_client(id: &str, text: &str) -> Result<ClientCase, CaseError> {
        let mut lines = text.lines().zip(1..).map(|(text, line)| (line, text));
        let mut case = ClientCase::with_headers(id, Tls::OF_CLIENTS, &mut lines, 1)?;
        let mut state = State::default();
        for (line, text) in lines.filter(|(_, text)| is_step(text)) {
            case.read_step(line, text, &mut state).map_err(|what| CaseError { line, what })?;
        }
        let line = case.steps.last().map_or(1, |step| step.line);
        case.end(&state).map_err(|what| CaseError { line, what: what.into() })?;
        Ok(case)
    }

    /// The name that the person gives.
    #[must_use]
    pub fn person(&self) -> &[u8] {
        self.name.as_deref().or(self.actors.first().map(String::as_bytes)).unwrap_or_default()
    }

    fn read_step(&mut self, line: usize, text: &str, state: &mut State) -> Result<(), String> {
        let (actor, operator, rest) = step::split(text)?;
        if self.actors.is_empty() {
            self.actors.push(actor.to_owned());
        }
        if self.actors.first().is_none_or(|first| first != actor) {
            return Err("a client's case has one actor: the client".into());
        }
        let action = action(operator, rest)?;
        self.may_stand(&action)?;
        state.take(&action)?;
        self.steps.push(Step { line, source: text.to_owned(), actor: 0, action });
        Ok(())
    }

    /// Whether a step about TLS has its place in this case.
    fn may_stand(&self, action: &ClientAction) -> Result<(), &'static str> {
        match action {
            ClientAction::Sends(Expected::Refused) if !self.tls.is_some_and(Tls::is_false) => {
                Err("a server is refused in a case with `tls: stranger` or `tls: other-host`")
            }
            ClientAction::Sends(Expected::Protocols(_)) if self.tls.is_none() => {
                Err("`> <alpn>` is for a case with `tls: yes`")
            }
            _ => Ok(()),
        }
    }

    fn end(&self, state: &State) -> Result<(), &'static str> {
        if self.steps.is_empty() {
            return Err("there are no steps: they follow the first empty line");
        }
        if state.forbids {
            return Err("a `!` is proved by what the client sends after it: add a step with `>`");
        }
        let looks = self.steps.iter().any(|step| matches!(step.action, ClientAction::Sees(_)));
        if looks && self.level == Level::Must {
            return Err("what a screen shows is recommended at most: add the header `level: SHOULD`");
        }
        Ok(())
    }
}

/// What is known of the client after some steps.
#[derive(Default)]
struct State {
    has_ended: bool,
    was_ended: bool,
    forbids: bool,
}

impl State {
    fn take(&mut self, action: &ClientAction) -> Result<(), String> {
        match action {
            ClientAction::Sends(expected) => {
                if self.has_ended {
                    return Err("nothing comes from a client after the end of its stream".into());
                }
                self.forbids = false;
                self.has_ended = matches!(expected, Expected::End | Expected::Gone | Expected::Refused);
            }
            ClientAction::Tell(..) | ClientAction::EndStream | ClientAction::Reset => {
                if self.was_ended {
                    return Err("nothing can be sent to a client after the end of the stream to it".into());
                }
                self.was_ended = !matches!(action, ClientAction::Tell(..));
                self.has_ended |= *action == ClientAction::Reset;
            }
            ClientAction::Forbid(_) => self.forbids = true,
            ClientAction::Type(..) | ClientAction::Quit | ClientAction::EndInput | ClientAction::Sees(_) => {}
        }
        Ok(())
    }
}

fn action(operator: &str, text: &str) -> Result<ClientAction, String> {
    if let Some(how) = operator.strip_prefix('=') {
        return sees(how, text).map(ClientAction::Sees);
    }
    let (operator, times) = match operator.split_once('*') {
        Some((operator, times)) => (operator, Some(step::repeat(times)?)),
        None => (operator, None),
    };
    match (operator, times) {
        (">", _) => sends(text, times).map(ClientAction::Sends),
        (">?", None) => sends_or_leaves(text).map(ClientAction::Sends),
        ("!", None) => step::pattern(text, |line| step::raw_or_quoted(line, "none")).map(ClientAction::Forbid),
        ("<", _) => tell(text, times),
        ("<<", _) => sized(unquote(text)?, times).map(|(bytes, times)| ClientAction::Tell(bytes, times)),
        (":", _) => types(text, times),
        _ => Err(format!("`{operator}` is no operator here: there are > < << : each with *N or not, >? ! =")),
    }
}

fn sends(text: &str, times: Option<usize>) -> Result<Expected, String> {
    let behind = |mark: &str| text.strip_prefix(mark).and_then(|rest| rest.strip_prefix(' '));
    match (text, times) {
        ("<any>", None) => Ok(Expected::Any),
        ("<end>", None) => Ok(Expected::End),
        ("<gone>", None) => Ok(Expected::Gone),
        ("<refused>", None) => Ok(Expected::Refused),
        _ if behind("<alpn>").is_some() => line(behind("<alpn>").unwrap_or_default()).map(Expected::Protocols),
        _ if behind("<until>").is_some() => line(behind("<until>").unwrap_or_default()).map(Expected::Until),
        _ if behind("<pieces>").is_some() => line(behind("<pieces>").unwrap_or_default()).map(Expected::Pieces),
        _ => line(text).map(|line| Expected::Line(line, times.unwrap_or(1))),
    }
}

fn sends_or_leaves(text: &str) -> Result<Expected, String> {
    match text {
        "<any>" => Ok(Expected::AnyUnlessLeaving),
        _ => line(text).map(Expected::LineUnlessLeaving),
    }
}

fn line(text: &str) -> Result<Vec<u8>, String> {
    step::raw_or_quoted(text, "<any>, <until> LINE, <pieces> TEXT, <end>, <gone>, <alpn> NAMES and <refused>")
}

fn tell(text: &str, times: Option<usize>) -> Result<ClientAction, String> {
    match (text, times) {
        ("<end>", None) => Ok(ClientAction::EndStream),
        ("<reset>", None) => Ok(ClientAction::Reset),
        _ => {
            let line = [step::raw_or_quoted(text, "<end> and <reset>")?, b"\n".to_vec()].concat();
            sized(line, times).map(|(bytes, times)| ClientAction::Tell(bytes, times))
        }
    }
}

fn types(text: &str, times: Option<usize>) -> Result<ClientAction, String> {
    match (text, times) {
        ("<quit>", None) => Ok(ClientAction::Quit),
        ("<eof>", None) => Ok(ClientAction::EndInput),
        _ => Ok(ClientAction::Type(step::raw_or_quoted(text, "<quit> and <eof>")?, times.unwrap_or(1))),
    }
}

fn sized(bytes: Vec<u8>, times: Option<usize>) -> Result<(Vec<u8>, usize), String> {
    let times = times.unwrap_or(1);
    step::within_bounds(&bytes, times)?;
    Ok((bytes, times))
}

/// What stands behind `=`, and the text.
fn sees(how: &str, text: &str) -> Result<Seen, String> {
    let (anew, times) = (how.starts_with('+'), how.trim_start_matches('+'));
    let times = match times {
        "" => None,
        _ => Some(times.parse().map_err(|_| format!("`={how}` is unknown: there are = =N =+ =+N"))?),
    };
    let like = text.strip_prefix("<like ").and_then(|rest| rest.split_once("> "));
    match (text, how, like) {
        ("<change>", "", _) => Ok(Seen::Change),
        ("<exit>", "", _) => Ok(Seen::Exit),
        (_, "0", Some((shown, other))) => Ok(Seen::NoneLike { shown: shown.to_owned(), other: other.to_owned() }),
        _ => {
            let text = step::raw_or_quoted(text, "<change>, <exit>, and with =0 <like …>")?;
            let text = String::from_utf8(text).map_err(|_| "what a person sees is text")?;
            if text.is_empty() { Err("no text is everywhere".into()) } else { Ok(Seen::Text { text, anew, times }) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(steps: &str) -> Result<Vec<ClientAction>, String> {
        let text = format!("title: t\nclauses: CLIENT-1\nlevel: SHOULD\n\n{steps}\n");
        let case = ClientCase::parse_client("t", &text).map_err(|error| error.to_string())?;
        Ok(case.steps.into_iter().map(|step| step.action).collect())
    }

    #[test]
    fn each_step_is_read() {
        let line = |text: &str| text.as_bytes().to_vec();
        for (step, action) in [
            ("A> NAME A", ClientAction::Sends(Expected::Line(line("NAME A"), 1))),
            ("A>*3 MSG x", ClientAction::Sends(Expected::Line(line("MSG x"), 3))),
            ("A> <until> MSG x", ClientAction::Sends(Expected::Until(line("MSG x")))),
            ("A> <pieces> \"a b \"", ClientAction::Sends(Expected::Pieces(line("a b ")))),
            ("A>? <any>", ClientAction::Sends(Expected::AnyUnlessLeaving)),
            ("A> <end>", ClientAction::Sends(Expected::End)),
            ("A< JOIN A", ClientAction::Tell(line("JOIN A\n"), 1)),
            ("A<<*2 \"\\xff\"", ClientAction::Tell(vec![0xff], 2)),
            ("A< <reset>", ClientAction::Reset),
            ("A:*2 hola", ClientAction::Type(line("hola"), 2)),
            ("A: <eof>", ClientAction::EndInput),
            ("A= <exit>", ClientAction::Sees(Seen::Exit)),
            ("A=+0 x", ClientAction::Sees(Seen::Text { text: "x".into(), anew: true, times: Some(0) })),
            ("A=0 <like L> Z", ClientAction::Sees(Seen::NoneLike { shown: "L".into(), other: "Z".into() })),
        ] {
            assert_eq!(read(step).unwrap(), [action], "{step}");
        }
        let forbidden = read("A! \"MSG \\u{301}\"*\nA> <any>").unwrap().remove(0);
        assert_eq!(forbidden, ClientAction::Forbid(Pattern::Prefix("MSG \u{301}".into())));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for steps in [
            "",
            "A! MSG x",
            "A> <end>\nA> MSG x",
            "A< <end>\nA< MSG A x",
            "A> MSG x\nB> MSG x",
            "A>? <gone>",
            "A= \"\"",
            "A=x y",
            "A| <stall>",
            "A<*0 x",
        ] {
            assert!(read(steps).is_err(), "{steps}");
        }
        let must = "title: t\nclauses: CLIENT-1\n\nA= hola\n";
        assert!(ClientCase::parse_client("t", must).unwrap_err().what.contains("level: SHOULD"));
    }

    #[test]
    fn what_is_about_tls_stands_where_it_is_spoken_so() {
        let read = |tls: &str, step: &str| {
            ClientCase::parse_client("t", &format!("title: t\nclauses: TLS-1\n{tls}\nAna> {step}\n"))
        };
        let sent = |case: ClientCase| case.steps.into_iter().map(|step| step.action).collect::<Vec<_>>();
        let named = Expected::Protocols(b"charla.1 h2".to_vec());
        assert_eq!(sent(read("tls: yes\n", "<alpn> charla.1 h2").unwrap()), [ClientAction::Sends(named)]);
        for tls in ["stranger", "other-host"] {
            let case = read(&format!("tls: {tls}\n"), "<refused>").unwrap();
            assert_eq!(case.tls.map(Tls::as_str), Some(tls));
            assert_eq!(sent(case), [ClientAction::Sends(Expected::Refused)]);
        }
        for (tls, step, part) in [
            ("", "<alpn> charla.1", "`tls: yes`"),
            ("tls: yes\n", "<refused>", "`tls: stranger`"),
            ("tls: stranger\n", "<refused>\nAna> BYE", "nothing comes"),
            ("tls: raw\n", "BYE", "there are yes, stranger, other-host"),
        ] {
            let error = read(tls, step).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn the_person_has_a_name() {
        let named = "title: t\nclauses: CLIENT-1\nname: \"\\(x*33)\"\n\nAna> <any>\n";
        assert_eq!(ClientCase::parse_client("t", named).unwrap().person(), "x".repeat(33).as_bytes());
        assert!(Case::parse("t", named).unwrap_err().what.contains("clients"));
    }
}
