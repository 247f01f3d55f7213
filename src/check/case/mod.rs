//! A test case as data, and its parser.
//!
//! [`Case`] is one for servers, [`client`] has those for clients, [`lines`] the fixtures of
//! single lines, and [`spec`] reads clauses and dialogues out of SPEC.md; [`quoted`] is the
//! notation for exact bytes.
//!
//! A file has header lines (`key: value`), an empty line, then one
//! [step](Step) a line; lines that begin with `#` are comments and empty
//! lines among the steps mean nothing. An actor is one connection, opened at its
//! first step; steps run strictly from the top down. The headers:
//!
//! | header | is |
//! | --- | --- |
//! | `title:` | the case in one sentence |
//! | `clauses:` | the ids of SPEC.md that it proves, with spaces between |
//! | `level:` | `MUST` (also where there is none), `SHOULD` or `MAY` |
//! | `within:` | seconds to wait for each line, where the case needs more than usual |
//! | `tls:` | the case is about TLS, and played only where it is spoken; how its actors speak it: see [`Tls`] |
//! | `strict:` | `line-ends`: each line that comes must end with LF alone; `verbs`: no line that comes has another verb |
//! | `name:` | in a client's case: the name that the person gives, if it is not the actor's |
//!
//! The parser says for each mistake where it is, what it is and what to do.

pub mod client;
pub mod lines;
pub mod quoted;
pub mod spec;
pub(super) mod step;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use step::{Action, Parsed, Step, Strand, What};

/// A dialogue that a conforming server carries on exactly so; with
/// [`ClientAction`](client::ClientAction)s, one that a conforming client does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case<A = Action> {
    /// Its permanent name: that of its file.
    pub id: String,
    /// It in one sentence.
    pub title: String,
    /// The clauses of SPEC.md that it proves.
    pub clauses: Vec<String>,
    /// The strongest word of these clauses.
    pub level: Level,
    /// How long each line is waited for, where the case says so itself.
    pub within: Option<Duration>,
    /// What is passed over elsewhere, but fails this case.
    pub strict: Strict,
    /// How TLS is spoken in it, where it is about that: over plain TCP it is not played then.
    pub tls: Option<Tls>,
    /// The name that the person in front of the client gives; in a server's case nobody does.
    pub name: Option<Vec<u8>>,
    /// Who takes part: the connections.
    pub actors: Vec<String>,
    /// What happens, in order.
    pub steps: Vec<Step<A>>,
}

/// How strongly SPEC.md asks for what a case proves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Optional: where it is absent, nothing is wrong.
    May,
    /// Recommended: where it is broken, a warning.
    Should,
    /// Required.
    #[default]
    Must,
}

/// What a player of cases is generous about, unless a case is about just that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strict {
    /// A line received that ends with CRLF fails the case.
    pub line_ends: bool,
    /// A line received with a verb that version 1 does not have fails the case.
    pub verbs: bool,
}

/// How TLS is spoken in a case that is about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// As in all other cases.
    Usual,
    /// An actor names no application protocol to the server.
    NoAlpn,
    /// An actor names application protocols, but not `charla.1`.
    OtherAlpn,
    /// What an actor sends and receives are the bytes that TLS has on the wire.
    Raw,
    /// The client is shown a certificate that nobody has signed whom it trusts.
    Stranger,
    /// The client is told a host that the server's certificate is not for.
    OtherHost,
}

impl Tls {
    const OF_SERVERS: &[(&str, Tls)] =
        &[("yes", Tls::Usual), ("no-alpn", Tls::NoAlpn), ("other-alpn", Tls::OtherAlpn), ("raw", Tls::Raw)];
    const OF_CLIENTS: &[(&str, Tls)] =
        &[("yes", Tls::Usual), ("stranger", Tls::Stranger), ("other-host", Tls::OtherHost)];

    /// Whether a client is not to take the server for whom it looks for.
    #[must_use]
    pub const fn is_false(self) -> bool {
        matches!(self, Tls::Stranger | Tls::OtherHost)
    }

    /// Its name in the header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let mut all = Tls::OF_SERVERS.iter().chain(Tls::OF_CLIENTS);
        all.find(|(_, tls)| *tls == self).map_or("", |(name, _)| name)
    }
}

/// A case cannot be read: the fault of its author.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there and what to do.
    pub what: String,
}

impl Case {
    /// Reads a case: headers, then steps.
    ///
    /// ```
    /// use charla::check::Case;
    /// let text = "title: An echo is a receipt\nclauses: ROOM-1\n\n\
    ///             Ana> NAME Ana\nAna< JOIN Ana\nAna> MSG hola\nAna< MSG Ana hola\n";
    /// let case = Case::parse("an-echo-is-a-receipt", text)?;
    /// assert_eq!((case.actors.len(), case.steps.len()), (1, 4));
    /// # Ok::<(), charla::check::CaseError>(())
    /// ```
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn parse(id: &str, text: &str) -> Result<Case, CaseError> {
        Case::parse_at(id, text, 1)
    }

    /// Reads a case that begins at this line of a larger file.
    ///
    /// # Errors
    /// The first mistake in it.
    pub fn parse_at(id: &str, text: &str, first_line: usize) -> Result<Case, CaseError> {
        let mut lines = text.lines().enumerate().map(|(n, line)| (n + first_line, line));
        let mut case = Case::with_headers(id, Tls::OF_SERVERS, &mut lines, first_line)?;
        if case.name.is_some() {
            return Err(CaseError { line: first_line, what: "`name` is a header of clients' cases only".into() });
        }
        case.read_steps(lines, first_line)?;
        Ok(case)
    }

    /// The names under which its actors ask to join, as they are sent.
    #[must_use]
    pub fn names(&self) -> BTreeSet<Vec<u8>> {
        let sent = (0..self.actors.len()).map(|actor| self.sent_by(actor));
        sent.flat_map(|bytes| names_in(&bytes)).collect()
    }

    /// What an actor sends, repeated steps once.
    fn sent_by(&self, actor: usize) -> Vec<u8> {
        let own = self.steps.iter().filter(|step| step.actor == actor);
        own.filter_map(|step| if let Action::Send(bytes, _) = &step.action { Some(&bytes[..]) } else { None })
            .collect::<Vec<_>>()
            .concat()
    }

    fn read_steps<'a>(
        &mut self,
        lines: impl Iterator<Item = (usize, &'a str)>,
        first_line: usize,
    ) -> Result<(), CaseError> {
        let mut reader = Reader { case: self, actors: Vec::new() };
        for (line, text) in lines.filter(|(_, text)| is_step(text)) {
            let error = |what| CaseError { line, what };
            let parsed = step::parse(text).map_err(error)?;
            reader.step(line, text, parsed).map_err(error)?;
        }
        let last = reader.case.steps.last().map_or(first_line, |step| step.line);
        reader.end().map_err(|what| CaseError { line: last, what })
    }
}

/// Whether a line among the steps is neither empty nor a comment.
pub(super) fn is_step(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('#')
}

impl<A> Case<A> {
    /// A case without steps: its headers are read off the lines, up to the first empty one.
    pub(super) fn with_headers<'a>(
        id: &str,
        known_tls: &[(&str, Tls)],
        lines: &mut impl Iterator<Item = (usize, &'a str)>,
        first_line: usize,
    ) -> Result<Case<A>, CaseError> {
        let mut case = Case::empty(id);
        for (line, text) in lines.take_while(|(_, text)| !text.is_empty()) {
            if !text.starts_with('#') {
                case.header(text, known_tls).map_err(|what| CaseError { line, what })?;
            }
        }
        case.require_headers().map_err(|what| CaseError { line: first_line, what })?;
        Ok(case)
    }

    fn empty(id: &str) -> Case<A> {
        Case {
            id: id.to_owned(),
            title: String::new(),
            clauses: Vec::new(),
            level: Level::default(),
            within: None,
            strict: Strict::default(),
            tls: None,
            name: None,
            actors: Vec::new(),
            steps: Vec::new(),
        }
    }

    fn header(&mut self, text: &str, known_tls: &[(&str, Tls)]) -> Result<(), String> {
        let (key, value) = text
            .split_once(": ")
            .ok_or("a header is `key: value`; an empty line ends the headers, the steps follow it")?;
        match key {
            "title" => value.clone_into(&mut self.title),
            "clauses" => self.clauses = value.split_whitespace().map(str::to_owned).collect(),
            "level" => self.level = level(value)?,
            "within" => self.within = Some(seconds(value)?),
            "strict" => self.strict = strict(value)?,
            "tls" => self.tls = Some(tls(value, known_tls)?),
            "name" => self.name = Some(step::raw_or_quoted(value, "no marks in a name")?),
            _ => {
                return Err(format!(
                    "`{key}` is no header: there are title, clauses, level, within, strict, tls, name"
                ));
            }
        }
        Ok(())
    }

    fn require_headers(&self) -> Result<(), String> {
        if self.title.is_empty() {
            return Err("the header `title: …` is missing: the case in one sentence".into());
        }
        if self.clauses.is_empty() {
            return Err("the header `clauses: …` is missing: the ids of SPEC.md that the case proves".into());
        }
        Ok(())
    }
}

fn names_in(bytes: &[u8]) -> Vec<Vec<u8>> {
    let names = bytes.split(|&b| b == b'\n').filter_map(|line| line.strip_prefix(b"NAME "));
    names.map(|name| name.strip_suffix(b"\r").unwrap_or(name).to_vec()).collect()
}

fn level(value: &str) -> Result<Level, String> {
    match value {
        "MUST" => Ok(Level::Must),
        "SHOULD" => Ok(Level::Should),
        "MAY" => Ok(Level::May),
        _ => Err(format!("`{value}` is no level: there are MUST, SHOULD, MAY")),
    }
}

fn strict(value: &str) -> Result<Strict, String> {
    let mut strict = Strict::default();
    for word in value.split_whitespace() {
        match word {
            "line-ends" => strict.line_ends = true,
            "verbs" => strict.verbs = true,
            _ => return Err(format!("`{word}` is nothing to be strict about: there are line-ends, verbs")),
        }
    }
    Ok(strict)
}

fn tls(value: &str, known: &[(&str, Tls)]) -> Result<Tls, String> {
    let found = known.iter().find(|(name, _)| *name == value).map(|(_, tls)| *tls);
    found.ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| *name).collect();
        format!("`{value}` is no way to speak TLS here: there are {}", names.join(", "))
    })
}

fn seconds(value: &str) -> Result<Duration, String> {
    match value.parse() {
        Ok(seconds @ 1..=300) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!("`{value}` is no time: whole seconds from 1 to 300")),
    }
}

/// Puts steps into a case, and sees that each makes sense after those before it.
struct Reader<'a> {
    case: &'a mut Case,
    /// What is known of each actor of the case.
    actors: Vec<Actor>,
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about an actor")]
struct Actor {
    sent_end: bool,
    received_end: bool,
    stalled: bool,
    had_strands: bool,
    forbids: bool,
}

impl Reader<'_> {
    fn step(&mut self, line: usize, source: &str, parsed: Parsed<'_>) -> Result<(), String> {
        let actor = self.actor(parsed.actor);
        let action = match parsed.what {
            What::Action(action) => action,
            What::SameAs(other) => self.same_as(other)?,
            What::Strand(digit, text, times) => match self.strand(actor, digit, (text, times)) {
                Some(first) => first,
                None => return Ok(()),
            },
        };
        self.may_stand(actor, &action)?;
        if let Some(state) = self.actors.get_mut(actor) {
            state.take(&action)?;
        }
        self.case.steps.push(Step { line, source: source.to_owned(), actor, action });
        Ok(())
    }

    fn actor(&mut self, name: &str) -> usize {
        if let Some(known) = self.case.actors.iter().position(|actor| actor == name) {
            return known;
        }
        self.case.actors.push(name.to_owned());
        self.actors.push(Actor::default());
        self.actors.len() - 1
    }

    /// Whether a step about TLS has its place in this case.
    fn may_stand(&self, actor: usize, action: &Action) -> Result<(), String> {
        let tls = self.case.tls;
        let is_first = !self.case.steps.iter().any(|step| step.actor == actor);
        match action {
            Action::Refused if !matches!(tls, Some(Tls::OtherAlpn | Tls::Raw)) => {
                Err("a handshake is refused in a case with `tls: other-alpn` or `tls: raw`".into())
            }
            Action::Refused if tls == Some(Tls::OtherAlpn) && !is_first => {
                Err("hands are shaken before an actor's first step: make `< <refused>` that step".into())
            }
            Action::CutOff if tls != Some(Tls::Usual) => Err("`> <cut>` is for a case with `tls: yes`".into()),
            _ => Ok(()),
        }
    }

    fn same_as(&self, other: &str) -> Result<Action, String> {
        let known = self.case.actors.iter().position(|actor| actor == other);
        match known.filter(|&other| self.actors.get(other).is_some_and(|actor| actor.had_strands)) {
            Some(other) => Ok(Action::SameAs(other)),
            None => Err(format!("{other} has no strands (`{other}<1 …`, `{other}<2 …`) above")),
        }
    }

    /// Adds the line to the step of strands right above, or begins one.
    fn strand(&mut self, actor: usize, digit: char, line: (Vec<u8>, usize)) -> Option<Action> {
        let above = self.case.steps.last_mut().filter(|step| step.actor == actor);
        let Some(Step { action: Action::Strands(strands), .. }) = above else {
            return Some(Action::Strands(vec![Strand { digit, lines: vec![line] }]));
        };
        match strands.iter_mut().find(|strand| strand.digit == digit) {
            Some(strand) => strand.lines.push(line),
            None => strands.push(Strand { digit, lines: vec![line] }),
        }
        None
    }

    fn end(self) -> Result<(), String> {
        if self.case.steps.is_empty() {
            return Err("there are no steps: they follow the first empty line".into());
        }
        if self.actors.iter().any(|actor| actor.forbids) {
            return Err("a `!` is proved by a line received after it: add one with `<`".into());
        }
        Ok(())
    }
}

impl Actor {
    fn take(&mut self, action: &Action) -> Result<(), String> {
        match action {
            Action::Send(..) | Action::HalfClose | Action::CutOff | Action::Reset => {
                if self.sent_end {
                    return Err("nothing can be sent after the end: use a new actor".into());
                }
                self.sent_end = !matches!(action, Action::Send(..));
                self.received_end |= *action == Action::Reset;
            }
            Action::Receive(..) | Action::Strands(_) | Action::SameAs(_) | Action::ReceiveEnd | Action::Gone => {
                self.may_receive()?;
                self.forbids = false;
                self.had_strands |= matches!(action, Action::Strands(_));
                self.received_end = matches!(action, Action::ReceiveEnd | Action::Gone);
            }
            Action::Refused => {
                self.may_receive()?;
                (self.sent_end, self.received_end) = (true, true);
            }
            Action::Forbid(_) => {
                self.may_receive()?;
                self.forbids = true;
            }
            Action::Stall => self.stalled = true,
            Action::Resume => self.stalled = false,
        }
        Ok(())
    }

    fn may_receive(&self) -> Result<(), String> {
        if self.received_end {
            return Err("nothing can be received after the end: use a new actor".into());
        }
        if self.stalled {
            return Err("this actor reads nothing: `| <resume>` first".into());
        }
        Ok(())
    }
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for CaseError {}

#[cfg(test)]
mod tests;
