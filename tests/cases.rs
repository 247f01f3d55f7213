//! The fixtures keep their own rules: they can be read, cite clauses that there
//! are, leave no clause out that can be played, and agree with the protocol core.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use charla::check::case::lines::{From, LineFile, Meaning};
use charla::check::case::spec;
use charla::check::{Case, ClientCase, Level};
use charla::proto::server_session::{Joined, Opening, Request, Waiting};
use charla::proto::{Code, Cut, LineCutter, Name, ServerLine, Skeleton};

/// The areas of SPEC.md that bind a server, or both sides.
const OF_SERVERS: &[&str] =
    &["LINE", "GRAM", "NAME", "TEXT", "ROOM", "LEAVE", "BYE", "SLOW", "LIMIT", "SEC", "EXT", "TLS"];

/// Clauses of these areas, above MAY, that no case can prove by playing against a server, and why.
const NOT_PLAYED: &[(&str, &str)] = &[
    ("LEAVE-9", "a case cannot stop a server"),
    ("LEAVE-10", "a case cannot stop a server"),
    ("LEAVE-11", "a case cannot stop a server"),
    ("BYE-11", "after its end of stream a server shows no more of itself"),
    ("BYE-12", "the bound is the server's choice and may be large"),
    ("BYE-13", "when a line is half written is not in the hand of a client"),
    ("SLOW-5", "whether a LEAVE waited or was slow to come cannot be told"),
    ("SLOW-9", "a connection that ends without BYE may have ended for any reason"),
    ("SLOW-13", "who does not read for 10 s cannot see when the connection ended"),
    ("SLOW-16", "whether a client is read more slowly than it sends cannot be seen"),
    ("LIMIT-3", "the bound is the server's choice and may be large"),
    ("LIMIT-4", "the bound is the server's choice and may be large"),
    ("LIMIT-5", "a case cannot make a peer vanish without a word"),
    ("LIMIT-6", "the time to give a name and the size of the log are the server's choice"),
    ("SEC-3", "the terminal of a server is not on the wire"),
    ("EXT-2", "it binds a document"),
    ("EXT-3", "it binds a client"),
    ("TLS-2", "a case is played at the port that it is given"),
    ("TLS-6", "it binds a client"),
    ("TLS-9", "it binds a client"),
    ("TLS-11", "the bound is the server's choice and may be large"),
    ("TLS-12", "how many handshakes are computed at a time cannot be seen"),
];

/// Clauses that bind a client, above MAY, that no case can prove by playing with one, and why.
const NOT_PLAYED_WITH_CLIENTS: &[(&str, &str)] = &[("EXT-3", "it binds a client of a later version")];

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(here(folder)).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap().to_str().unwrap().to_owned()
}

fn sessions() -> Vec<Case> {
    let parse = |file: &PathBuf| {
        assert_eq!(file.extension().unwrap(), "chat", "{}", file.display());
        let text = fs::read_to_string(file).unwrap();
        Case::parse(&stem(file), &text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    };
    files("fixtures/sessions").iter().map(parse).collect()
}

fn clients() -> Vec<ClientCase> {
    let parse = |file: &PathBuf| {
        assert_eq!(file.extension().unwrap(), "chat", "{}", file.display());
        let text = fs::read_to_string(file).unwrap();
        ClientCase::parse_client(&stem(file), &text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    };
    files("fixtures/clients").iter().map(parse).collect()
}

fn line_files() -> BTreeMap<String, LineFile> {
    let parse = |file: PathBuf| {
        let name = file.strip_prefix(here("fixtures/lines")).unwrap().display().to_string();
        let text = fs::read_to_string(&file).unwrap();
        let lines = LineFile::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, lines)
    };
    [files("fixtures/lines/valid"), files("fixtures/lines/invalid")].concat().into_iter().map(parse).collect()
}

fn specification() -> String {
    fs::read_to_string(here("SPEC.md")).unwrap()
}

#[test]
fn ids_are_sentences_and_no_two_cases_share_one() {
    let (cases, clients) = ([sessions(), spec::dialogues(&specification()).unwrap()].concat(), clients());
    let of_clients = clients.iter().map(|case| case.id.as_str());
    let ids: Vec<_> = cases.iter().map(|case| case.id.as_str()).chain(of_clients).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    for id in ids {
        assert!(id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{id}");
    }
}

#[test]
fn every_clause_that_is_cited_is_there_and_none_is_weaker_than_its_case() {
    let levels: BTreeMap<_, _> =
        spec::clauses(&specification()).into_iter().map(|clause| (clause.id, clause.level)).collect();
    let cases = [sessions(), spec::dialogues(&specification()).unwrap()].concat();
    let of_servers = cases.into_iter().map(|case| (case.id, case.level, case.clauses));
    let of_clients = clients().into_iter().map(|case| (case.id, case.level, case.clauses));
    for (id, level, clauses) in of_servers.chain(of_clients) {
        for clause in &clauses {
            assert!(levels.contains_key(clause), "{id} cites {clause}, which SPEC.md does not have");
        }
        let strongest = clauses.iter().filter_map(|clause| levels.get(clause)).max();
        assert!(strongest >= Some(&level), "{id} asks for more than its clauses");
    }
    for (name, file) in line_files() {
        assert!(file.clauses.iter().all(|clause| levels.contains_key(clause)), "{name}");
    }
}

#[test]
fn every_clause_that_a_server_can_break_has_a_case() {
    let cited: BTreeSet<_> = sessions().into_iter().flat_map(|case| case.clauses).collect();
    let excused: BTreeSet<_> = NOT_PLAYED.iter().map(|(clause, _)| (*clause).to_owned()).collect();
    let of_servers = |id: &String| id.split('-').next().is_some_and(|area| OF_SERVERS.contains(&area));
    let binding = spec::clauses(&specification()).into_iter().filter(|clause| clause.level > Level::May);
    let clauses: BTreeSet<_> = binding.map(|clause| clause.id).filter(of_servers).collect();
    let covered: BTreeSet<_> = cited.union(&excused).cloned().collect();
    assert_eq!(clauses.difference(&covered).collect::<Vec<_>>(), Vec::<&String>::new(), "have no case");
    assert_eq!(excused.difference(&clauses).collect::<Vec<_>>(), Vec::<&String>::new(), "are not in SPEC.md");
    assert_eq!(excused.intersection(&cited).collect::<Vec<_>>(), Vec::<&String>::new(), "have a case after all");
}

#[test]
fn every_clause_that_a_client_can_break_has_a_case() {
    let cited: BTreeSet<_> = clients().into_iter().flat_map(|case| case.clauses).collect();
    let excused: BTreeSet<_> = NOT_PLAYED_WITH_CLIENTS.iter().map(|(clause, _)| (*clause).to_owned()).collect();
    let binds_clients = |text: &str| ["A client ", "A sender ", "A receiver "].iter().any(|who| text.starts_with(who));
    let binding = spec::clauses(&specification()).into_iter().filter(|clause| clause.level > Level::May);
    let clauses: BTreeSet<_> = binding.filter(|clause| binds_clients(&clause.text)).map(|clause| clause.id).collect();
    let covered: BTreeSet<_> = cited.union(&excused).cloned().collect();
    assert!(clauses.len() > 35, "{clauses:?}");
    assert_eq!(clauses.difference(&covered).collect::<Vec<_>>(), Vec::<&String>::new(), "have no case");
    assert_eq!(cited.difference(&clauses).collect::<Vec<_>>(), Vec::<&String>::new(), "do not bind a client");
    assert_eq!(excused.difference(&clauses).collect::<Vec<_>>(), Vec::<&String>::new(), "are not in SPEC.md");
    assert_eq!(excused.intersection(&cited).collect::<Vec<_>>(), Vec::<&String>::new(), "have a case after all");
}

#[test]
fn names_are_fresh_in_each_session() {
    let mut owners = BTreeMap::new();
    for case in sessions() {
        let key = |name: &Vec<u8>| str::from_utf8(name).ok().map(str::to_lowercase);
        let names: BTreeSet<_> = case.names().iter().filter_map(key).filter(|name| !name.is_empty()).collect();
        for name in names {
            if let Some(owner) = owners.insert(name.clone(), case.id.clone()) {
                panic!("{name:?} is in {owner} and in {}", case.id);
            }
        }
    }
}

/// A server may refuse a name that looks like one in the room [NAME-10], and one of an earlier
/// case may still be there.
#[test]
fn no_two_names_of_sessions_look_alike() {
    let mut looks = BTreeMap::new();
    for case in sessions().iter().filter(|case| !case.clauses.contains(&"NAME-10".to_owned())) {
        for name in valid_names(case) {
            if let Some((key, owner)) = looks.insert(Skeleton::of(&name), (name.key().clone(), case.id.clone())) {
                assert_eq!(&key, name.key(), "{name} of {} looks like {} of {owner}", case.id, key.as_str());
            }
        }
    }
    for case in spec::dialogues(&specification()).unwrap() {
        let names = valid_names(&case);
        let looks: BTreeMap<_, _> = names.iter().map(|name| (name.key(), Skeleton::of(name))).collect();
        let different: BTreeSet<_> = looks.values().collect();
        assert_eq!(different.len(), looks.len(), "{}", case.id);
    }
}

fn valid_names(case: &Case) -> Vec<Name> {
    case.names().iter().filter_map(|name| Name::new(str::from_utf8(name).ok()?).ok()).collect()
}

#[test]
fn the_core_reads_each_line_as_its_fixture_says() {
    for (name, file) in line_files() {
        for case in &file.lines {
            let is = match file.from {
                From::Server => of_server(&case.bytes),
                from => of_client(&case.bytes, from == From::Participant),
            };
            assert_eq!(is, case.is, "{name}, line {}", case.line);
        }
    }
}

/// The line as it is cut out of a stream, or `None` when it is too long.
fn cut(bytes: &[u8]) -> Option<Vec<u8>> {
    let stream = [bytes, b"\n"].concat();
    match LineCutter::default().next(&mut &stream[..]) {
        Some(Cut::Line(line)) => Some(line.to_vec()),
        _ => None,
    }
}

fn of_client(bytes: &[u8], in_room: bool) -> Meaning {
    let refused = |code: Code| Meaning::Refused(code.as_str().to_owned());
    let Some(line) = cut(bytes) else { return refused(Code::TooLong) };
    let joined: Joined = Waiting::default().accepted(Name::new("Eva").unwrap());
    if in_room {
        joined.line(&line).map_or_else(refused, |request| match request {
            Some(Request::Say(text)) => verb("MSG", &[text.as_str()]),
            Some(Request::Bye) => verb("BYE", &[]),
            None => Meaning::Nothing,
        })
    } else {
        Waiting::default().line(&line).map_or_else(refused, |opening| match opening {
            Some(Opening::Join(name)) => verb("NAME", &[name.as_str()]),
            Some(Opening::Bye) => verb("BYE", &[]),
            None => Meaning::Nothing,
        })
    }
}

fn of_server(bytes: &[u8]) -> Meaning {
    let line = cut(bytes).unwrap();
    match ServerLine::parse(&line) {
        Ok(ServerLine::Join(name)) => verb("JOIN", &[name]),
        Ok(ServerLine::Leave(name)) => verb("LEAVE", &[name]),
        Ok(ServerLine::Msg { name, text }) => verb("MSG", &[name, text]),
        Ok(ServerLine::Bye { code, text: None }) => verb("BYE", &[code]),
        Ok(ServerLine::Bye { code, text: Some(text) }) => verb("BYE", &[code, text]),
        Err(_) => Meaning::Nothing,
    }
}

fn verb(verb: &str, fields: &[&str]) -> Meaning {
    Meaning::Verb(verb.to_owned(), fields.iter().map(|field| field.as_bytes().to_vec()).collect())
}
