//! The reference server carries on every dialogue of SPEC.md and of the fixtures,
//! however their bytes are cut. It is the real program that is played against.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use charla::check::case::spec;
use charla::check::play::segment::Cut;
use charla::check::play::server::{Options, play};
use charla::check::{Case, Level, Verdict};
use charla::tls::Host;
use common::server::Server;
use common::tls::{Authority, server_options};

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
fn play_all(cases: &[Case], cut: Cut, arguments: &[&str], over_tls: bool) -> Vec<String> {
    let (server, host) = if over_tls { start_over_tls(arguments) } else { (Server::with(arguments), None) };
    let address = if over_tls { server.tls_address() } else { server.address };
    let mut failures = Vec::new();
    for case in cases {
        let strangers = cases.iter().flat_map(Case::names).collect::<BTreeSet<_>>();
        let strangers = strangers.difference(&case.names()).cloned().collect();
        let outcome = play(case, address, &Options { cut, strangers, host: host.clone(), ..Options::default() });
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

fn start_over_tls(arguments: &[&str]) -> (Server, Option<Host>) {
    let authority = Authority::new();
    let options = server_options(&authority.issue("server"));
    let options: Vec<_> = options.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
    (Server::with(&options), Some(Host::new(authority.client(), "localhost").unwrap()))
}

fn all_pass(mut cases: Vec<Case>, over_tls: bool) {
    cases.retain(|case| over_tls || case.tls.is_none());
    let cases = &cases;
    let play = |&cut: &Cut| play_all(cases, cut, &[], over_tls);
    let failures: Vec<_> = std::thread::scope(|scope| {
        let plays: Vec<_> = Cut::ALL.iter().map(|cut| scope.spawn(move || play(cut))).collect();
        plays.into_iter().flat_map(|play| play.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_dialogues_of_the_specification_are_true() {
    all_pass(spec::dialogues(&fs::read_to_string(here("SPEC.md")).unwrap()).unwrap(), false);
}

#[test]
fn the_reference_server_passes_every_session() {
    all_pass(sessions(|level| level > Level::May), false);
}

/// [TLS-3], [TLS-4], [TLS-5], [TLS-7], [TLS-8]: TLS changes nothing above the stream, and is spoken as it is to be.
#[test]
fn the_reference_server_passes_every_session_over_tls() {
    all_pass(sessions(|level| level > Level::May), true);
}

#[test]
fn the_reference_server_has_every_limit_that_it_may_have() {
    let impatient = ["--name-timeout", "1", "--patience", "1"];
    let failures = play_all(&sessions(|level| level == Level::May), Cut::default(), &impatient, false);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
