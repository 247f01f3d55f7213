//! The targets of `fuzz/`, played without a fuzzer: what was found once, and what the fixtures
//! have. The latter is also what `ci/fuzz` begins with: with `CHARLA_SEEDS=FOLDER` it is
//! written there.

#[allow(dead_code, unreachable_pub, reason = "fuzz/ has it as a library")]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use charla::check::case::client::ClientAction;
use charla::check::case::lines::{From, LineFile};
use charla::check::run::corpus::Corpus;
use charla::check::{Action, Case, ClientCase};
use fuzz::piece::{Act, CLIENTS, CUT, step};

/// What a target does with an input.
type Run = fn(&[u8]);

/// An input, and what it is called.
type Input = (String, Vec<u8>);

const TARGETS: [(&str, Run); 6] = [
    ("client", fuzz::client::run),
    ("grammar", fuzz::grammar::run),
    ("lines", fuzz::lines::run),
    ("names", fuzz::names::run),
    ("server", fuzz::server::run),
    ("session", fuzz::session::run),
];

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path) -> Vec<Input> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

/// Plays inputs; says which of them fails.
fn play(target: Run, inputs: &[Input]) {
    for (name, input) in inputs {
        assert!(catch_unwind(|| target(input)).is_ok(), "{name}");
    }
}

#[test]
fn every_target_is_played_here() {
    let mut targets: Vec<_> = files(&here().join("fuzz/targets")).into_iter().map(|(name, _)| name).collect();
    targets.sort();
    assert_eq!(targets, TARGETS.map(|(name, _)| format!("{name}.rs")));
}

#[test]
fn what_was_found_once_is_right() {
    for (name, target) in TARGETS {
        play(target, &kept(name));
    }
}

#[test]
fn the_fixtures_are_right() {
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        if let Some(folder) = std::env::var_os("CHARLA_SEEDS") {
            write(&Path::new(&folder).join(name), &[&seeds[..], &kept(name)].concat());
        }
        play(target, &seeds);
    }
}

/// What is in `fuzz/kept` for a target.
fn kept(target: &str) -> Vec<Input> {
    let folder = here().join("fuzz/kept").join(target);
    if folder.exists() { files(&folder) } else { Vec::new() }
}

fn write(folder: &Path, seeds: &[Input]) {
    fs::create_dir_all(folder).unwrap();
    for (name, seed) in seeds {
        fs::write(folder.join(name), seed).unwrap();
    }
}

/// What the fixtures have for a target, with a name for each.
fn seeds(target: &str) -> Vec<Input> {
    let corpus = Corpus::embedded().unwrap();
    let cases = corpus.items.into_iter().map(|item| item.case);
    match target {
        "client" => corpus.clients.iter().map(|item| (item.case.id.clone(), of_server(&item.case))).collect(),
        "grammar" => numbered(lines(|_| true)),
        "lines" => cases.map(|case| (case.id.clone(), sent(&case))).collect(),
        "names" => numbered(
            lines(|from| from == From::Newcomer).filter_map(|line| Some(line.strip_prefix(b"NAME ")?.to_vec())),
        ),
        "server" | "session" => cases.map(|case| (case.id.clone(), steps(&case))).collect(),
        _ => unreachable!("{target} is no target"),
    }
}

fn numbered(inputs: impl Iterator<Item = Vec<u8>>) -> Vec<Input> {
    inputs.enumerate().map(|(n, input)| (n.to_string(), input)).collect()
}

/// The single lines of the fixtures that come from such a side.
fn lines(from: impl Fn(From) -> bool) -> impl Iterator<Item = Vec<u8>> {
    let folders = ["valid", "invalid"].map(|folder| here().join("fixtures/lines").join(folder));
    let files = folders.into_iter().flat_map(|folder| files(&folder));
    let parsed = files.map(|(_, text)| LineFile::parse(str::from_utf8(&text).unwrap()).unwrap());
    parsed.filter(move |file| from(file.from)).flat_map(|file| file.lines).map(|line| line.bytes)
}

/// What all send, cut after each step.
fn sent(case: &Case) -> Vec<u8> {
    let sends = case.steps.iter().filter_map(|step| match &step.action {
        Action::Send(bytes, times) => Some(bytes.repeat((*times).min(3))),
        _ => None,
    });
    sends.collect::<Vec<_>>().join(&CUT)
}

/// What the clients do; where there are too many for their places, a later one takes that
/// of an earlier.
fn steps(case: &Case) -> Vec<u8> {
    let mut connected = Vec::new();
    let mut input = Vec::new();
    for case_step in &case.steps {
        let actor = case_step.actor;
        let act = match &case_step.action {
            Action::Send(bytes, times) => Act::Send(bytes, *times),
            Action::HalfClose => Act::End,
            Action::CutOff | Action::Reset => Act::Break,
            Action::Receive(..) | Action::Strands(_) | Action::SameAs(_) => Act::Read(1 << 14),
            Action::ReceiveEnd
            | Action::Gone
            | Action::Refused
            | Action::Forbid(_)
            | Action::Stall
            | Action::Resume => continue,
        };
        if !connected.contains(&actor) {
            connected.push(actor);
            input.extend(step(actor, Act::Connect));
        }
        input.extend(step(actor % CLIENTS, act));
    }
    input
}

/// What a server says to a client, and what the client is told to say.
fn of_server(case: &ClientCase) -> Vec<u8> {
    let pieces = case.steps.iter().filter_map(|step| match &step.action {
        ClientAction::Tell(bytes, times) => Some([b"<", &bytes.repeat((*times).min(3))[..]].concat()),
        ClientAction::Type(text, _) => Some([b"\0", &text[..]].concat()),
        ClientAction::Quit | ClientAction::EndInput => Some(b"\x01".to_vec()),
        _ => None,
    });
    pieces.collect::<Vec<_>>().join(&CUT)
}
