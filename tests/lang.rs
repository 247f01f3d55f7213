//! Spanish by default, English when asked: no text is missing in either, and the programs
//! speak the one that they are asked for.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use charla::lang::Language;
use common::script;
use common::server::Server;
use common::terminal::Terminal;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The programs whose help is in the files of texts, each with its subcommands.
const PROGRAMS: [(&str, &str, &[&str]); 3] = [
    ("client", env!("CARGO_BIN_EXE_charla-client"), &[]),
    ("server", env!("CARGO_BIN_EXE_charla-server"), &[]),
    ("check", env!("CARGO_BIN_EXE_charla-check"), &["server", "client", "class", "load", "list", "explain"]),
];

/// The keys of a file of texts, parts included, each with the names of its arguments.
fn texts(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let file = fs::read_to_string(format!("{ROOT}/i18n/{language}.ftl")).unwrap();
    let (mut texts, mut message, mut key) = (BTreeMap::<_, BTreeSet<_>>::new(), String::new(), String::new());
    for line in file.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split_once(" =").map(|(name, _)| name).filter(|name| !name.trim().contains(' '));
        match name {
            Some(name) if !name.starts_with(' ') => (message, key) = (name.to_owned(), name.to_owned()),
            Some(name) if name.trim().starts_with('.') => key = message.clone() + name.trim(),
            _ => {}
        }
        let arguments = line.split("{ $").skip(1).map(|rest| word(rest).to_owned());
        if name.is_some() {
            assert!(!texts.contains_key(&key), "{key} stands twice in {language}.ftl");
        }
        if !key.is_empty() {
            texts.entry(key.clone()).or_default().extend(arguments);
        }
    }
    texts
}

/// What a text begins with that is a name.
fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').next().unwrap_or_default()
}

/// The code of the programs, file by file, without its tests.
fn sources() -> Vec<(PathBuf, String)> {
    fn collect(folder: &Path, sources: &mut Vec<(PathBuf, String)>) {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                collect(&path, sources);
            } else if path.file_name().is_some_and(|name| name != "tests.rs") {
                let code = fs::read_to_string(&path).unwrap();
                let code = code.split("#[cfg(test)]").next().unwrap().lines();
                let code = code.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
                // Every quotation mark that is left begins or ends a literal.
                sources.push((path, code.replace("\\\"", "").replace("'\"'", "")));
            }
        }
    }
    let mut sources = Vec::new();
    collect(&Path::new(ROOT).join("src"), &mut sources);
    sources
}

/// The string literals of some code, each with what stands before it.
fn literals(code: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut parts = code.split('"');
    std::iter::from_fn(move || Some((parts.next()?, parts.next()?)))
}

/// The calls that ask for a text: what stands in their brackets.
fn calls(code: &str) -> impl Iterator<Item = &str> {
    let starts = [".text(", ".text_with(", "Words::new("];
    starts.into_iter().flat_map(|start| code.split(start).skip(1)).map(|rest| {
        let mut depth = 1;
        let end = rest.find(|c: char| {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        });
        &rest[..end.unwrap()]
    })
}

fn is_key(literal: &str) -> bool {
    literal.contains('-') && literal.chars().all(|c| c.is_ascii_alphanumeric() || ['-', '.', '_'].contains(&c))
}

#[test]
fn the_languages_have_the_same_texts_with_the_same_arguments() {
    let (spanish, english) = (texts(Language::Spanish), texts(Language::English));
    assert!(spanish.len() > 50);
    for key in spanish.keys().chain(english.keys()) {
        assert_eq!(spanish.get(key), english.get(key), "the arguments of {key} in es.ftl and en.ftl");
    }
    for language in Language::ALL {
        for key in spanish.keys() {
            assert_ne!(language.text(key), *key, "{language}.ftl has a mistake there");
        }
    }
}

#[test]
fn the_code_asks_for_texts_that_there_are_with_their_arguments() {
    let texts = texts(Language::Spanish);
    let mut asked = 0;
    for (path, code) in sources() {
        for call in calls(&code) {
            let names = literals(call)
                .filter(|(before, text)| before.trim_end().ends_with('(') && word(text) == *text && !is_key(text));
            let names: BTreeSet<_> = names.map(|(_, name)| name.to_owned()).collect();
            for (_, key) in literals(call).filter(|(_, literal)| is_key(literal)) {
                asked += 1;
                assert_eq!(texts.get(key), Some(&names), "{key} in {}", path.display());
            }
        }
    }
    assert!(asked > 30);
}

#[test]
fn no_text_is_unused() {
    let sources = sources();
    let literals: BTreeSet<_> =
        sources.iter().flat_map(|(_, code)| literals(code)).map(|(_, literal)| literal).collect();
    // Where a key is put together, it counts up to its first gap.
    let beginnings = literals.iter().filter_map(|literal| literal.split_once('{')).map(|(beginning, _)| beginning);
    let beginnings: Vec<_> = beginnings.filter(|beginning| beginning.contains('-')).collect();
    for key in texts(Language::Spanish).keys().filter(|key| !key.starts_with("help-")) {
        let is_used = literals.contains(key.as_str()) || beginnings.iter().any(|beginning| key.starts_with(beginning));
        assert!(is_used, "{key}");
    }
}

fn ask(program: &str, language: Language, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).arg("--lang").arg(language.as_str()).output().unwrap()
}

/// Text as words, however it is laid out.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The snapshots are read, and no key shows where a text is missing. What is in the files and
/// in no help is not used.
#[test]
fn help_is_told_in_each_language() {
    for language in Language::ALL {
        let mut told = String::new();
        for (name, program, subcommands) in PROGRAMS {
            for subcommand in std::iter::once(None).chain(subcommands.iter().map(Some)) {
                let output = ask(program, language, &[subcommand.copied().unwrap_or("--help"), "--help"]);
                let help = String::from_utf8(output.stdout).unwrap();
                let name = subcommand.map_or(name.to_owned(), |subcommand| format!("{name}-{subcommand}"));
                assert!(!help.contains("help-") && !help.contains("value-") && help.contains("CHARLA_LANG"), "{help}");
                insta::assert_snapshot!(format!("help-{name}-{language}"), help);
                told += &help;
            }
        }
        let told = words(&told);
        for key in texts(language).keys().filter(|key| key.starts_with("help-")) {
            assert!(told.contains(words(&language.text(key)).trim()), "{key} is in no help");
        }
    }
}

/// A client's port is another each time.
fn without_ports(console: &str) -> String {
    let mut parts = console.split("(127.0.0.1, ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "(127.0.0.1, …" + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

#[test]
fn the_documented_session_in_english() {
    let server = Server::with(&["--lang", "en"]);
    let client = || script::client(&[&server.address.to_string(), "--lang", "en"]);
    let mut ana = Terminal::start(client());
    ana.wait_for_text("Your name:");
    ana.type_("Ana\r");
    ana.wait_for_text("Your name: Ana\nWelcome to the chat, Ana!\nYou:");
    let mut carlos = Terminal::start(client());
    carlos.wait_for_text("Your name:");
    carlos.type_("Carlos\r");
    carlos.wait_for_text("Welcome to the chat, Carlos!\nYou:");
    ana.wait_for_text(">>> Carlos has joined\nYou:");
    ana.type_("Hello everybody!\r");
    carlos.wait_for_text("Ana: Hello everybody!\nYou:");
    carlos.type_("exit\r");
    assert_eq!(carlos.wait_exit().0, 0);
    ana.wait_for_text("You: Hello everybody!\n>>> Carlos has left\nYou:");
    let port = server.address.port();
    assert_eq!(
        without_ports(&server.wait_for_output("has disconnected\n")),
        format!(
            "Chat server listening on 127.0.0.1:{port}\nWaiting for connections...\n\n\
             Ana (127.0.0.1, …) has connected\nCarlos (127.0.0.1, …) has connected\n\
             Ana: Hello everybody!\nCarlos (127.0.0.1, …) has disconnected\n"
        )
    );
}

#[test]
fn the_option_comes_before_the_environment() {
    let says = |variable: &str, arguments: &[&str]| {
        let (_, program, _) = PROGRAMS[0];
        let output = Command::new(program).args(arguments).arg("--help").env("CHARLA_LANG", variable).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    assert!(says("en_GB.UTF-8", &[]).contains("Usage:"));
    assert!(says("es_ES.UTF-8", &[]).contains("Uso:"));
    assert!(says("en", &["--lang", "es"]).contains("Uso:"));
    assert!(says("es", &["--lang=en"]).contains("Usage:"));
}

#[test]
fn a_language_that_nobody_speaks_is_bad_usage() {
    for (_, program, _) in PROGRAMS {
        let option = Command::new(program).args(["--lang", "xx"]).env_remove("CHARLA_LANG").output().unwrap();
        let variable = Command::new(program).env("CHARLA_LANG", "xx").output().unwrap();
        for (output, place) in [(option, "--lang <IDIOMA>"), (variable, "CHARLA_LANG")] {
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{said}");
            let told = format!("«xx» no vale para {place}: los idiomas son «es» y «en».");
            assert!(said.contains(&told), "{said}");
        }
    }
}

#[test]
fn bad_usage_is_told_in_each_language() {
    let [(_, client, _), (_, server, _), (_, check, _)] = PROGRAMS;
    let wrong: [(&str, &[&str]); 14] = [
        (client, &["--nam", "x"]),
        (client, &["a", "b"]),
        (client, &["a:0"]),
        (client, &["--name", "a", "--name", "b"]),
        (client, &["--name"]),
        (server, &["--listen", "::1"]),
        (server, &["--patience", "31"]),
        (server, &["--max-connections", "many"]),
        (check, &["serve"]),
        (check, &["server"]),
        (check, &["server", "127.0.0.1:1", "--", "true"]),
        (check, &["server", "127.0.0.1:1", "--timeout-scale", "0"]),
        (check, &["load", "127.0.0.1:1", "--participants", "0"]),
        (check, &["server", "nowhere"]),
    ];
    let mut told = String::new();
    for language in Language::ALL {
        for (program, arguments) in wrong {
            let output = Command::new(program).args(arguments).env("CHARLA_LANG", language.as_str()).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{arguments:?}");
            told += &String::from_utf8(output.stderr).unwrap();
        }
    }
    insta::assert_snapshot!("bad-usage", told);
}
