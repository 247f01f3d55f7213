//! What a package has beside the programs comes from the programs: man pages that say what the
//! help says, completions, and examples that can be typed as they stand.

use std::collections::BTreeSet;
use std::process::Command;

use charla::lang::Language;

const PROGRAMS: [(&str, &str); 3] = [
    ("charla-check", env!("CARGO_BIN_EXE_charla-check")),
    ("charla-client", env!("CARGO_BIN_EXE_charla-client")),
    ("charla-server", env!("CARGO_BIN_EXE_charla-server")),
];

/// What a program prints, when it ends well.
#[track_caller]
fn printed(program: &str, language: Language, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).env("CHARLA_LANG", language.as_str()).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The commands among the examples of a help, as words.
fn examples(help: &str) -> Vec<Vec<String>> {
    let (_, examples) = help.split_once("\nExamples:\n").or_else(|| help.split_once("\nEjemplos:\n")).unwrap();
    let section = examples.lines().take_while(|line| !line.is_empty());
    let commands = section.filter_map(|line| line.strip_prefix("    "));
    commands.map(|command| shell_words::split(command).unwrap()).collect()
}

/// The arguments in an example of a program that may stand in a pipeline.
fn arguments<'a>(example: &'a [String], name: &str) -> Vec<&'a str> {
    let words = example.iter().map(String::as_str).skip_while(|word| *word != name).skip(1);
    words.take_while(|word| *word != "|" && !word.contains('>')).collect()
}

/// The long options that a text names.
fn options(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| c.is_whitespace() || ".,:[]<>|=".contains(c));
    words.filter(|word| word.len() > 2 && word.starts_with("--")).collect()
}

/// The subcommands that a help names.
fn subcommands(help: &str) -> Vec<&str> {
    let commands = help.split_once("\nCommands:\n").map(|(_, commands)| commands).unwrap_or_default();
    commands.lines().map_while(|line| line.strip_prefix("  ")?.split(' ').next()).collect()
}

#[test]
fn each_example_is_a_command_line_that_the_program_takes() {
    for language in Language::ALL {
        for (name, program) in PROGRAMS {
            let examples = examples(&printed(program, language, &["--help"]));
            assert!(examples.len() >= 3, "{name}");
            for example in examples {
                assert!(example.iter().any(|word| word == name), "{example:?}");
                let line = [vec!["--generate", "man"], arguments(&example, name)].concat();
                assert!(printed(program, language, &line).contains("\n.TH charla-"), "{example:?}");
            }
        }
    }
}

#[test]
fn a_man_page_has_its_sections_in_its_language() {
    let page = |language| printed(PROGRAMS[2].1, language, &["--generate", "man"]);
    let sections = |language| {
        let page = page(language);
        page.lines().filter_map(|line| line.strip_prefix(".SH ")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        sections(Language::English).join(", "),
        "NAME, SYNOPSIS, DESCRIPTION, OPTIONS, ENVIRONMENT, EXAMPLES, \"EXIT STATUS\", \"SEE ALSO\""
    );
    assert_eq!(
        sections(Language::Spanish).join(", "),
        "NOMBRE, SINOPSIS, DESCRIPCIÓN, OPCIONES, ENTORNO, EJEMPLOS, \"ESTADO DE SALIDA\", \"VÉASE TAMBIÉN\""
    );
}

#[test]
fn a_man_page_and_the_help_name_the_same_options() {
    for (name, program) in PROGRAMS {
        let page = printed(program, Language::English, &["--generate", "man"]);
        let page = page.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "");
        let mut help = printed(program, Language::English, &["--help"]);
        for command in subcommands(&help.clone()) {
            assert!(page.contains(&format!(".SH \"CHARLA-CHECK {}\"\n", command.to_uppercase())), "{command}");
            help += &printed(program, Language::English, &[command, "--help"]);
        }
        assert!(options(&help).len() >= 4, "{name}");
        assert_eq!(options(&page), options(&help), "{name}");
    }
}

#[test]
fn completions_know_each_option_but_the_one_for_packages() {
    for (name, program) in PROGRAMS {
        let help = printed(program, Language::Spanish, &["--help"]);
        for shell in ["bash", "zsh", "fish"] {
            let script = printed(program, Language::Spanish, &["--generate", shell]);
            for option in options(&help).into_iter().filter_map(|option| option.strip_prefix("--")) {
                assert!(script.contains(option), "{name}, {shell}: {option}");
            }
            assert!(!script.contains("generate"), "{name}, {shell}");
        }
    }
}

#[test]
fn an_output_that_cannot_be_written_is_told() {
    let full = std::fs::File::options().write(true).open("/dev/full");
    // Only Linux has a file that is always full.
    let Ok(full) = full else { return };
    let output = Command::new(PROGRAMS[1].1).args(["--generate", "man", "--lang", "en"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("charla-client: cannot print ("));
}
