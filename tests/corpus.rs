//! `fixtures/corpus.json` is the corpus for those who would rather parse JSON: the clauses
//! of SPEC.md, the dialogues and sessions, those of clients, and the single lines. It is generated:
//!
//! ```sh
//! CHARLA_UPDATE=1 cargo test --test corpus
//! ```

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use charla::check::case::lines::{From, LineFile, Meaning};
use charla::check::run::corpus::Corpus;
use charla::check::{Case, Level, Tls};
use serde_json::{Value, json};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
        Level::May => "MAY",
    }
}

fn case<A>(case: &Case<A>) -> Value {
    let steps: Vec<_> = case.steps.iter().map(|step| &step.source).collect();
    let strict: Vec<_> = [("line-ends", case.strict.line_ends), ("verbs", case.strict.verbs)]
        .into_iter()
        .filter_map(|(word, is)| is.then_some(word))
        .collect();
    json!({
        "id": case.id, "title": case.title, "clauses": case.clauses, "level": word(case.level),
        "within": case.within.map(|time| time.as_secs()), "strict": strict,
        "tls": case.tls.map(Tls::as_str), "name": case.name.as_ref().map(|name| hex(name)), "steps": steps,
    })
}

/// Bytes as hexadecimal digits: JSON has no other way for those that are no text.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

fn lines(path: &Path) -> Vec<Value> {
    let file = LineFile::parse(&fs::read_to_string(path).unwrap()).unwrap();
    let (from, state) = match file.from {
        From::Newcomer => ("client", Some("before NAME")),
        From::Participant => ("client", Some("in the room")),
        From::Server => ("server", None),
    };
    let line = |is: &Meaning| match is {
        Meaning::Verb(verb, fields) => {
            json!({ "verb": verb, "fields": fields.iter().map(|field| hex(field)).collect::<Vec<_>>() })
        }
        Meaning::Nothing => json!("nothing"),
        Meaning::Refused(code) => json!({ "refused": code }),
    };
    let lines = file.lines.iter();
    lines
        .map(|case| {
            json!({ "title": file.title, "clauses": file.clauses, "from": from, "state": state,
                    "hex": hex(&case.bytes), "is": line(&case.is) })
        })
        .collect()
}

fn line_files() -> Vec<PathBuf> {
    let folders = ["valid", "invalid"].map(|folder| here("fixtures/lines").join(folder));
    let mut files: Vec<_> =
        folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn corpus() -> String {
    let corpus = Corpus::embedded().unwrap();
    let clauses = corpus.clauses.iter().map(|c| json!({ "id": c.id, "level": word(c.level), "text": c.text }));
    let value = json!({
        "clauses": clauses.collect::<Vec<_>>(),
        "cases": corpus.items.iter().map(|item| case(&item.case)).collect::<Vec<_>>(),
        "clients": corpus.clients.iter().map(|item| case(&item.case)).collect::<Vec<_>>(),
        "lines": line_files().iter().flat_map(|file| lines(file)).collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

#[test]
fn the_json_is_in_step() {
    let file = here("fixtures/corpus.json");
    let now = corpus();
    if std::env::var_os("CHARLA_UPDATE").is_some() {
        fs::write(&file, &now).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == now, "fixtures/corpus.json is behind: CHARLA_UPDATE=1 cargo test --test corpus");
}
