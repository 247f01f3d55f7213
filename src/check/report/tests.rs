//! Reports of a small run, hostile bytes in it.

use std::time::Duration;

use super::{html, junit, tap};
use crate::check::play::log::{Entry, Event};
use crate::check::run::corpus::Corpus;
use crate::check::run::result::{CaseResult, Run, Verdict};
use crate::check::{Failure, Level};
use crate::lang::Language;

/// What no report may hold as it is.
const HOSTILE: &str = "</script><b>&\u{1b}[2J]]>#\n";

fn case(id: &str, verdict: Verdict, corpus: &Corpus) -> CaseResult {
    let failed = verdict == Verdict::Fail;
    CaseResult {
        id: id.to_owned(),
        title: format!("A case that is {}", verdict.as_str()),
        clauses: corpus.clauses.iter().take(2).cloned().collect(),
        level: Level::Must,
        verdict,
        reason: (verdict == Verdict::Skip).then(|| HOSTILE.into()),
        cut: "as-written",
        failure: failed.then(|| Failure { step: 0, expected: "\"BYE quit\"".into(), received: HOSTILE.into() }),
        step: failed.then(|| (7, "Ana< BYE quit".to_owned())),
        actors: vec!["Ana".to_owned()],
        log: vec![
            Entry { at: Duration::ZERO, actor: 0, event: Event::Opened },
            Entry { at: Duration::from_millis(3), actor: 0, event: Event::Received(HOSTILE.as_bytes().to_vec()) },
        ],
        notes: Vec::new(),
        duration: Duration::from_millis(10),
        known: None,
    }
}

fn run() -> (Run, Corpus) {
    let corpus = Corpus::embedded().unwrap();
    let verdicts =
        [("a-pass", Verdict::Pass), ("a-fail", Verdict::Fail), ("a-skip", Verdict::Skip), ("a-warn", Verdict::Warn)];
    let cases = verdicts.map(|(id, verdict)| case(id, verdict, &corpus)).to_vec();
    let (program, again) = (HOSTILE.to_owned(), "charla-check server --filter {case}".to_owned());
    (Run { program, again, cases, ..Run::default() }, corpus)
}

#[test]
fn the_page_tells_all_and_nothing_in_it_acts() {
    let (run, corpus) = run();
    let page = html::page(&run, &corpus.clauses, Language::Spanish);
    for part in [
        "<html lang=\"es\">",
        "No conforme",
        "a-fail",
        "Ana&lt; BYE quit",
        "charla-check server --filter a-fail",
        "<svg",
        "LINE-1",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for part in ["</script", "<b>", "\u{1b}", "http", "src="] {
        assert!(!page.contains(part), "{part}");
    }
    let page = html::page(&run, &corpus.clauses, Language::English);
    assert!(page.contains("<html lang=\"en\">") && page.contains("Not conforming"), "{page}");
}

#[test]
fn tap_has_a_point_for_each_case() {
    let (run, _) = run();
    let text = tap::tap(&run, Language::English);
    let points: Vec<_> = text.lines().filter(|line| line.contains("ok ")).collect();
    assert_eq!(points[..2], ["ok 1 - a-pass", "not ok 2 - a-fail"]);
    assert!(points[2].starts_with("ok 3 - a-skip # SKIP ") && points.len() == 4, "{text}");
    assert!(text.starts_with("TAP version 14\n1..4\n") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn what_is_known_to_fail_counts_only_when_it_passes() {
    let (mut run, _) = run();
    for case in &mut run.cases {
        case.known = Some("not done yet".to_owned());
    }
    let text = tap::tap(&run, Language::English);
    assert!(text.contains("not ok 1 - a-pass\n") && text.contains("not ok 2 - a-fail # TODO not done yet\n"), "{text}");
    let xml = junit::junit(&run, Language::English).unwrap();
    assert!(xml.contains("tests=\"4\" skipped=\"3\" failures=\"1\""), "{xml}");
}

#[test]
fn junit_counts_and_escapes() {
    let (run, _) = run();
    let xml = junit::junit(&run, Language::English).unwrap();
    assert!(xml.contains("tests=\"4\" skipped=\"2\" failures=\"1\" errors=\"0\""), "{xml}");
    assert!(!xml.contains("</script") && !xml.contains('\u{1b}') && xml.contains("[LINE-1]"), "{xml}");
}
