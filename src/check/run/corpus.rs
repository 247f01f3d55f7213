//! All cases and clauses, inside the program: it works away from the source tree.

use std::collections::{BTreeMap, BTreeSet};

use include_dir::{Dir, include_dir};

use crate::check::case::client::{ClientAction, ClientCase};
use crate::check::case::spec::{self, Clause};
use crate::check::case::step::Action;
use crate::check::case::{Case, CaseError};

static SESSIONS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/sessions");
static CLIENTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/clients");
static SPEC: &str = include_str!("../../../SPEC.md");

/// Where a case comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A dialogue of SPEC.md.
    Dialogue,
    /// A file of `fixtures/sessions`.
    Session,
    /// A file of `fixtures/clients`.
    Client,
}

/// A case and where it comes from.
#[derive(Clone, Debug)]
pub struct Item<A = Action> {
    /// The case.
    pub case: Case<A>,
    /// Where it comes from.
    pub kind: Kind,
    /// Its file as it stands; of a dialogue its steps.
    pub source: String,
}

/// All that there is.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// The cases for servers: first those of SPEC.md in its order, then the others by name.
    pub items: Vec<Item>,
    /// The cases for clients, by name.
    pub clients: Vec<Item<ClientAction>>,
    /// The clauses, in the order of SPEC.md.
    pub clauses: Vec<Clause>,
}

/// Which cases are wanted.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only these: an id, or a part of ids where it is none; all when there is none.
    pub filter: Vec<String>,
    /// Not these.
    pub skip: Vec<String>,
    /// Only those that prove one of these clauses.
    pub clauses: Vec<String>,
    /// Not those that are about TLS: it is not spoken.
    pub without_tls: bool,
}

impl Kind {
    /// Its name, for people and files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Dialogue => "dialogue",
            Kind::Session => "session",
            Kind::Client => "client",
        }
    }
}

impl Corpus {
    /// What this program carries.
    ///
    /// # Errors
    /// A mistake in a file, which a test of the project finds before any user does.
    pub fn embedded() -> Result<Corpus, CaseError> {
        let dialogues = spec::dialogues(SPEC)?.into_iter().map(|case| {
            let steps = case.steps.iter().flat_map(|step| [&step.source, "\n"]);
            Item { source: steps.collect(), case, kind: Kind::Dialogue }
        });
        let mut items: Vec<Item> = dialogues.collect();
        items.extend(read(&SESSIONS, Kind::Session, Case::parse)?);
        let clients = read(&CLIENTS, Kind::Client, ClientCase::parse_client)?;
        Ok(Corpus { items, clients, clauses: spec::clauses(SPEC) })
    }

    /// The clauses by their ids.
    #[must_use]
    pub fn by_id(&self) -> BTreeMap<&str, &Clause> {
        self.clauses.iter().map(|clause| (clause.id.as_str(), clause)).collect()
    }

    /// The names that other cases than this one use.
    #[must_use]
    pub fn strangers(&self, case: &Case) -> BTreeSet<Vec<u8>> {
        let own = case.names();
        self.items.iter().flat_map(|item| item.case.names()).filter(|name| !own.contains(name)).collect()
    }
}

impl Selection {
    /// Those that are wanted, in order.
    #[must_use]
    pub fn of<'a, A>(&self, items: &'a [Item<A>]) -> Vec<&'a Item<A>> {
        // A whole id is about that case alone.
        let is_whole = |word: &str| items.iter().any(|item| item.case.id == word);
        let means = |word: &String, id: &str| word == id || (id.contains(word) && !is_whole(word));
        let named = |item: &Item<A>, words: &[String]| words.iter().any(|word| means(word, &item.case.id));
        let wanted = |item: &&Item<A>| {
            (self.filter.is_empty() || named(item, &self.filter))
                && (self.clauses.is_empty() || item.case.clauses.iter().any(|id| self.clauses.contains(id)))
                && !named(item, &self.skip)
                && !(self.without_tls && item.case.tls.is_some())
        };
        items.iter().filter(wanted).collect()
    }
}

fn read<A>(
    folder: &Dir<'_>,
    kind: Kind,
    parse: impl Fn(&str, &str) -> Result<Case<A>, CaseError>,
) -> Result<Vec<Item<A>>, CaseError> {
    let mut items = Vec::new();
    for file in folder.files().filter(|file| file.path().extension().is_some_and(|ending| ending == "chat")) {
        let id = file.path().file_stem().unwrap_or_default().to_string_lossy();
        let source = file.contents_utf8().unwrap_or_default().to_owned();
        items.push(Item { case: parse(&id, &source)?, kind, source });
    }
    items.sort_by(|a, b| a.case.id.cmp(&b.case.id));
    Ok(items)
}
