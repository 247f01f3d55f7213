//! The configuration of `charla-server`: a file and the environment say what the command line
//! can say, and each mistake is told with its place.

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use common::server::{unconfigured, wait};
use common::tls::Authority;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

/// A file of this test with this text.
fn file(name: &str, text: &str) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.toml"));
    fs::write(&file, text).unwrap();
    file
}

fn checked(name: &str, text: &str) -> Output {
    unconfigured().arg("--config").arg(file(name, text)).arg("--check-config").output().unwrap()
}

#[track_caller]
fn assert_right(name: &str, text: &str) {
    let Output { status, stdout, stderr } = checked(name, text);
    let told = String::from_utf8(stdout).unwrap();
    assert!(status.success() && told.contains(&format!("/{name}.toml: ")), "{told}{}", error(&stderr));
    assert_eq!(told.lines().count(), 1);
}

fn error(stderr: &[u8]) -> String {
    String::from_utf8(stderr.to_vec()).unwrap()
}

/// What the server prints when it is asked for this.
fn printed(arguments: &[&str]) -> String {
    let output = unconfigured().args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", error(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The long names of what can be set: all options but those that ask for something else.
fn settings() -> Vec<String> {
    let help = printed(&["--help"]);
    let options = help.lines().filter_map(|line| line.trim_start_matches("  -h, ").trim_start().strip_prefix("--"));
    let options = options.map(|option| option.split_whitespace().next().unwrap().to_owned());
    options.filter(|option| !["help", "version", "config", "check-config"].contains(&option.as_str())).collect()
}

/// The places where a server listens, as it says at its start.
fn places(mut command: Command, places: usize) -> Vec<String> {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(places);
    let lines: Vec<_> = lines.map(Result::unwrap).collect();
    child.kill().unwrap();
    wait(&mut child);
    let place = |line: &String| line.strip_prefix("Servidor de chat escuchando en ").unwrap().to_owned();
    lines.iter().map(place).collect()
}

#[test]
fn each_option_can_stand_in_the_file_and_in_a_variable() {
    let settings = settings();
    assert!(settings.contains(&"listen".to_owned()) && settings.len() >= 6);
    // None of them is a table, and it is told where: so each is known.
    let text: String = settings.iter().map(|setting| format!("{setting} = {{}}\n")).collect();
    let told = error(&checked("each-option", &text).stderr);
    let manual = printed(&["--generate", "man"]);
    for (line, setting) in (1..).zip(&settings) {
        assert!(told.contains(&format!("each-option.toml:{line}: {setting} tiene un")), "{setting}: {told}");
        let variable = format!("CHARLA_{}", setting.to_uppercase().replace('-', "_"));
        assert!(manual.contains(&format!(".TP\n\\fB{variable}\\fR\n")), "{variable}");
    }
    assert_eq!(told.lines().count(), settings.len());
}

#[test]
fn the_command_line_comes_first_then_the_environment_then_the_file() {
    let file = file("precedence", "listen = '127.0.0.4:0'\n");
    let configured = || {
        let mut command = unconfigured();
        command.arg("--config").arg(&file);
        command
    };
    assert!(places(configured(), 1)[0].starts_with("127.0.0.4:"));
    let mut command = configured();
    command.env("CHARLA_LISTEN", "127.0.0.3:0");
    assert!(places(command, 1)[0].starts_with("127.0.0.3:"));
    let mut command = configured();
    command.env("CHARLA_LISTEN", "127.0.0.3:0").args(["--listen", "127.0.0.2:0"]);
    assert!(places(command, 1)[0].starts_with("127.0.0.2:"));
}

#[test]
fn what_can_be_repeated_is_a_list() {
    let mut by_file = unconfigured();
    by_file.env("CHARLA_CONFIG", file("list", "listen = ['127.0.0.2:0', '127.0.0.3:0']\n"));
    let mut by_variable = unconfigured();
    by_variable.env("CHARLA_LISTEN", "127.0.0.2:0,127.0.0.3:0");
    for command in [by_file, by_variable] {
        let places = places(command, 2);
        assert!(places[0].starts_with("127.0.0.2:") && places[1].starts_with("127.0.0.3:"), "{places:?}");
    }
}

#[test]
fn every_mistake_is_told_with_its_file_and_line_and_nothing_is_served() {
    let text = "# limits\nmax-conections = 5\npatience = 31\n\nlisten = ['127.0.0.1:0',\n  'x']\nlog = 'warn\n";
    let file = file("mistakes", text);
    for only_checked in [&["--check-config"][..], &[]] {
        let output = unconfigured().arg("--config").arg(&file).args(only_checked).output().unwrap();
        let told = error(&output.stderr).replace(&*file.to_string_lossy(), "FILE");
        let lines: Vec<_> = told.lines().collect();
        let beginnings = [
            "charla-server: FILE:2: no hay ninguna opción «max-conections». ¿Quizá max-connections?",
            "charla-server: FILE:3: «31» no vale para patience: se espera un número de segundos, de 0 a 30.",
            "charla-server: FILE:6: «x» no vale para listen: se espera HOST:PUERTO",
            "charla-server: FILE:7: esto no es TOML: ",
        ];
        assert!(lines.iter().zip(beginnings).all(|(line, beginning)| line.starts_with(beginning)), "{told}");
        assert_eq!((lines.len(), output.status.code()), (4, Some(1)), "{told}");
        assert!(output.stdout.is_empty());
    }
}

/// The file of a server that speaks TLS with the certificate of one, the key of another, and lets in
/// whom this file says.
fn over_tls(authority: &Authority, certificate: &str, key: &str, client_ca: &str) -> String {
    let [certificate, key] = [format!("{certificate}.pem"), format!("{key}.key")].map(|file| authority.file(&file));
    format!(
        "listen = '127.0.0.1:0'\nlisten-tls = '127.0.0.1:0'\ntls-cert = '{certificate}'\ntls-key = '{key}'\n\
         tls-client-ca = '{client_ca}'\n"
    )
}

#[test]
fn the_certificates_are_read_too_and_what_is_wrong_is_told_as_at_a_start() {
    let authority = Authority::new();
    authority.issue("server");
    authority.issue("other");
    fs::write(authority.file("empty.pem"), "").unwrap();
    let ca = authority.ca();
    assert_right("certificates", &over_tls(&authority, "server", "server", &ca));
    let mistakes = [
        ("nobody", "server", &ca, "nobody.pem"),
        ("empty", "server", &ca, "empty.pem no tiene ningún certificado"),
        ("server", "nobody", &ca, "nobody.key"),
        ("server", "other", &ca, "other.key no es la del certificado"),
        ("server", "server", &authority.file("nowhere.pem"), "nowhere.pem"),
    ];
    for (certificate, key, client_ca, wrong) in mistakes {
        let file = file("certificates-wrong", &over_tls(&authority, certificate, key, client_ca));
        let told = [&["--check-config"][..], &[]].map(|only_checked| {
            let output = unconfigured().arg("--config").arg(&file).args(only_checked).output().unwrap();
            assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{wrong}");
            error(&output.stderr)
        });
        assert!(told[0].contains(wrong) && told[0].lines().count() == 1, "{told:?}");
        assert_eq!(told[0], told[1]);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_one_clear_line() {
    let output = unconfigured().args(["--config", "/nowhere/server.toml", "--lang", "en"]).output().unwrap();
    let told = error(&output.stderr);
    assert!(told.starts_with("charla-server: cannot read /nowhere/server.toml (No such file"), "{told}");
    assert_eq!((told.lines().count(), output.status.code()), (1, Some(1)));
}

#[test]
fn a_variable_with_a_mistake_is_named() {
    let output = unconfigured().env("CHARLA_LISTEN", "127.0.0.1:0,x").output().unwrap();
    let told = error(&output.stderr);
    assert!(told.starts_with("charla-server: «x» no vale para CHARLA_LISTEN: se espera HOST:PUERTO"), "{told}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_example_in_the_documentation_is_right() {
    for page in ["README.md", "README.es.md"] {
        let page = fs::read_to_string(format!("{}/{page}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let mut events = Parser::new(&page);
        let is_toml = |event: &Event<'_>| matches!(event, Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) if &**language == "toml");
        assert!(events.any(|event| is_toml(&event)));
        let Some(Event::Text(example)) = events.next() else { panic!("an example without text") };
        assert!(example.contains("listen = ["), "{example}");
        assert_right("documented", &example);
    }
}

#[test]
fn the_file_to_begin_with_has_each_option_with_its_default() {
    let file = printed(&["--generate", "toml"]);
    assert_right("template", &file);
    let options: Vec<_> =
        file.lines().filter_map(|line| line.strip_prefix('#').filter(|line| !line.starts_with(' '))).collect();
    let names = options.iter().map(|option| option.split(" = ").next().unwrap().to_owned());
    assert_eq!(names.collect::<Vec<_>>(), settings());
    assert!(options.contains(&"listen = [\"localhost:65434\"]") && options.contains(&"max-connections = 10000"));
    // What has no default shows what it takes.
    let defaults = options.into_iter().filter(|option| !option.contains("\"<"));
    assert_right("defaults", &defaults.collect::<Vec<_>>().join("\n"));
}
