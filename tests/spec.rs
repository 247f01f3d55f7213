//! SPEC.md holds together: its clauses are well formed, and each is named by a test or a
//! fixture that proves it; nothing names a clause that is not there.
//!
//! A test names a clause in the comment above it, in brackets; a case in its header.
//! (That the worked dialogues are true is shown in `conformance.rs`.)

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use charla::check::case::spec;
use charla::proto::Code;

const KEYWORDS: [&str; 5] = ["MUST NOT", "MUST", "SHOULD NOT", "SHOULD", "MAY"];

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn the_spec() -> String {
    fs::read_to_string(here().join("SPEC.md")).unwrap()
}

/// All files below these folders.
fn files(folders: &[&str]) -> Vec<PathBuf> {
    let mut folders: Vec<_> = folders.iter().map(|folder| here().join(folder)).collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// Such as `ROOM-3`.
fn is_id(word: &str) -> bool {
    word.split_once('-').is_some_and(|(area, number)| {
        // An area has letters enough not to be taken for an example's.
        area.len() > 1 && area.bytes().all(|b| b.is_ascii_uppercase()) && number.parse::<u32>().is_ok()
    })
}

/// The ids that stand in brackets, as tests name them.
fn named_in_code(text: &str) -> impl Iterator<Item = &str> {
    text.split('[').skip(1).filter_map(|after| after.split_once(']')).map(|(word, _)| word).filter(|word| is_id(word))
}

/// The ids in the headers of cases.
fn named_in_cases(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.strip_prefix("clauses:")).flat_map(str::split_whitespace)
}

/// What of a source file is tests.
fn unit_tests<'a>(file: &Path, text: &'a str) -> &'a str {
    let whole = file.file_stem().is_some_and(|name| name.to_string_lossy().ends_with("tests"));
    if whole { text } else { text.split_once("#[cfg(test)]").map_or("", |(_, tests)| tests) }
}

/// Who names which clause.
fn named() -> BTreeMap<String, BTreeSet<PathBuf>> {
    let mut named = BTreeMap::<_, BTreeSet<_>>::new();
    let mut note = |id: &str, by: &Path| {
        named.entry(id.to_owned()).or_default().insert(by.to_owned());
    };
    named_in_cases(&the_spec()).for_each(|id| note(id, Path::new("SPEC.md")));
    for file in files(&["tests", "fixtures", "src"]) {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        let tests = if file.starts_with(here().join("src")) { unit_tests(&file, &text) } else { &text };
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => named_in_code(tests).for_each(|id| note(id, &file)),
            Some("chat" | "lines") => named_in_cases(&text).for_each(|id| note(id, &file)),
            _ => {}
        }
    }
    named
}

#[test]
fn every_clause_is_named_by_a_test_and_no_test_names_another() {
    let clauses: BTreeSet<_> = spec::clauses(&the_spec()).into_iter().map(|clause| clause.id).collect();
    let named = named();
    assert!(clauses.len() > 100);
    let unproved: Vec<_> = clauses.iter().filter(|id| !named.contains_key(*id)).collect();
    let unknown: Vec<_> = named.iter().filter(|(id, _)| !clauses.contains(*id)).collect();
    assert!(unproved.is_empty() && unknown.is_empty(), "no test names {unproved:?}; no clause is {unknown:?}");
}

#[test]
fn ids_are_unique_and_without_gaps() {
    let mut areas = BTreeMap::<_, BTreeSet<u32>>::new();
    for clause in spec::clauses(&the_spec()) {
        assert!(is_id(&clause.id), "{}", clause.id);
        let (area, number) = clause.id.split_once('-').unwrap();
        assert!(areas.entry(area.to_owned()).or_default().insert(number.parse().unwrap()), "{} twice", clause.id);
    }
    for (area, numbers) in areas {
        // A clause that is given up leaves its id behind, with a word about it.
        assert_eq!(u32::try_from(numbers.len()).unwrap(), *numbers.last().unwrap(), "{area} has gaps");
    }
}

#[test]
fn each_clause_has_one_sentence_and_one_keyword_and_nothing_else_has_any() {
    for line in the_spec().lines().filter(|line| !line.starts_with("The key words ")) {
        let keywords = count_keywords(line);
        match line.strip_prefix("- **[") {
            Some(_) => {
                assert_eq!(keywords, 1, "{line}");
                assert!(line.ends_with('.') && !line.trim_end_matches('.').contains(". "), "{line}");
            }
            None => assert_eq!(keywords, 0, "{line}"),
        }
    }
}

fn count_keywords(line: &str) -> usize {
    let words: Vec<_> = line.split(|c: char| !c.is_ascii_alphabetic()).collect();
    KEYWORDS
        .iter()
        .filter(|keyword| !keyword.contains(' '))
        .map(|keyword| words.iter().filter(|word| *word == keyword).count())
        .sum()
}

#[test]
fn ids_in_the_prose_exist() {
    let spec = the_spec();
    let clauses: BTreeSet<_> = spec::clauses(&spec).into_iter().map(|clause| clause.id).collect();
    for id in named_in_code(&spec) {
        assert!(clauses.contains(id), "{id}");
    }
}

/// [EXT-1], [BYE-1]: the table of SPEC.md and that of the code are the same.
#[test]
fn the_codes_are_those_of_the_table() {
    let spec = the_spec();
    let (_, table) = spec.split_once("| code | when |").unwrap();
    let rows = table.lines().skip(2).map_while(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(rows.collect::<Vec<_>>(), Code::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>());
}
