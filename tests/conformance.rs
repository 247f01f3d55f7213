//! The reference server carries on every dialogue of SPEC.md and of the fixtures,
//! however their bytes are cut. It is the real program that is played against.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use charla::check::case::spec;
use charla::check::play::segment::Cut;
use charla::check::play::server::{Options, play};
use charla::check::{Case, Level, Verdict};

/// The server, on a free port of its own, until it is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(arguments: &[&str]) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_charla-server"))
            .args(["--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut first).unwrap();
        // A console that nobody reads holds up nothing, but one that is read is the usual case.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        let address = first.trim_end().rsplit(' ').next().unwrap().parse().unwrap();
        Server { child, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn sessions(of: impl Fn(Level) -> bool) -> Vec<Case> {
    let mut files: Vec<_> = fs::read_dir(here("fixtures/sessions")).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let id = |file: &Path| file.file_stem().unwrap().to_str().unwrap().to_owned();
    let cases = files.iter().map(|file| Case::parse(&id(file), &fs::read_to_string(file).unwrap()).unwrap());
    cases.filter(|case| of(case.level)).collect()
}

/// Plays these cases one after the other; a play that does not pass is told whole.
fn play_all(cases: &[Case], cut: Cut, arguments: &[&str]) -> Vec<String> {
    let server = Server::start(arguments);
    let mut failures = Vec::new();
    for case in cases {
        let strangers = cases.iter().flat_map(Case::names).collect::<BTreeSet<_>>();
        let strangers = strangers.difference(&case.names()).cloned().collect();
        let outcome = play(case, server.address, &Options { cut, strangers, ..Options::default() });
        if outcome.verdict != Verdict::Pass || outcome.crlf || !outcome.left_over.is_empty() {
            let (crlf, left_over) = (outcome.crlf, &outcome.left_over);
            failures.push(format!(
                "{} crlf: {crlf}, left over: {left_over:?}; {}",
                cut.as_str(),
                outcome.explain(case)
            ));
        }
    }
    failures
}

fn all_pass(cases: &[Case]) {
    let failures: Vec<_> = std::thread::scope(|scope| {
        let plays: Vec<_> = Cut::ALL.iter().map(|&cut| scope.spawn(move || play_all(cases, cut, &[]))).collect();
        plays.into_iter().flat_map(|play| play.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_dialogues_of_the_specification_are_true() {
    all_pass(&spec::dialogues(&fs::read_to_string(here("SPEC.md")).unwrap()).unwrap());
}

#[test]
fn the_reference_server_passes_every_session() {
    all_pass(&sessions(|level| level > Level::May));
}

#[test]
fn the_reference_server_has_every_limit_that_it_may_have() {
    let impatient = ["--name-timeout", "1", "--patience", "1"];
    let failures = play_all(&sessions(|level| level == Level::May), Cut::default(), &impatient);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
