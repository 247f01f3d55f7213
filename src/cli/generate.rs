//! What a package has beside the programs: their man pages, what shells need to complete their
//! arguments, and a configuration file to begin with. All say what `--help` says.

use std::io::{self, Write};
use std::process;

use clap::{Arg, Command, ValueEnum, value_parser};
use clap_complete::aot::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::{config, key};
use crate::lang::Language;

/// The name of the option that asks for a part.
pub(super) const OPTION: &str = "generate";

/// All programs of a package: the page of each leads to the others.
const PROGRAMS: [&str; 3] = ["charla-check", "charla-client", "charla-server"];

/// A part of a package.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Part {
    Man,
    Bash,
    Zsh,
    Fish,
    Toml,
}

/// The option that asks for a part. It is for those who make packages: no help shows it.
pub(super) fn option() -> Arg {
    Arg::new(OPTION).long(OPTION).value_name("part").value_parser(value_parser!(Part)).hide(true)
}

/// Prints this part for a program, and ends.
pub(super) fn print(part: Part, program: Command, language: Language) -> ! {
    let name = program.get_name().to_owned();
    let made = match part {
        Part::Man => page(&program, language),
        Part::Bash => Ok(completions(Shell::Bash, program)),
        Part::Zsh => Ok(completions(Shell::Zsh, program)),
        Part::Fish => Ok(completions(Shell::Fish, program)),
        Part::Toml => Ok(config::template(&program).into_bytes()),
    };
    if let Err(error) = made.and_then(|made| io::stdout().write_all(&made)) {
        let complaint = language.text_with("cli-cannot-print", &[("reason", error.to_string().into())]);
        // Standard error may be closed too; the exit code still tells.
        let _ = writeln!(io::stderr(), "{name}: {complaint}");
        process::exit(1);
    }
    process::exit(0)
}

fn completions(shell: Shell, program: Command) -> Vec<u8> {
    let name = program.get_name().to_owned();
    let mut program = program.mut_arg("lang", |lang| lang.value_parser(Language::ALL.map(Language::as_str)));
    let mut script = Vec::new();
    clap_complete::aot::generate(shell, &mut program, name, &mut script);
    script
}

/// The man page of a program: its subcommands are sections of it.
fn page(program: &Command, language: Language) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    beginning(program, language).to_writer(&mut page)?;
    Man::new(program.clone()).render_options_section(&mut page)?;
    for subcommand in program.get_subcommands() {
        page.extend(subsections(program, subcommand)?.into_bytes());
    }
    end(program, language).to_writer(&mut page)?;
    Ok(page)
}

fn beginning(program: &Command, language: Language) -> Roff {
    let (name, about) = (program.get_name(), told(program));
    let source = format!("{name} {}", program.get_version().unwrap_or_default());
    let mut roff = Roff::new();
    // The page has no date of its own; an empty argument counts when it is in quotes.
    roff.control("TH", [name, "1", "\"\"", &source, "Charla"]);
    section(&mut roff, &language.text("page-name"));
    roff.text([roman(format!("{name} - {}", about.trim_end_matches('.')))]);
    section(&mut roff, &language.text("page-synopsis"));
    synopsis(&mut roff, program);
    section(&mut roff, &language.text("page-description"));
    paragraphs(&mut roff, &format!("{about}\n\n{}", part(program, "after", language)));
    roff
}

/// All ways to start a program.
fn synopsis(roff: &mut Roff, program: &Command) {
    let commands = if program.has_subcommands() { program.get_subcommands().collect() } else { vec![program] };
    let usages = commands.iter().filter_map(|command| command.get_overridden_usage()).map(ToString::to_string);
    for (number, usage) in usages.collect::<Vec<_>>().join("\n").lines().map(str::trim).enumerate() {
        if number > 0 {
            roff.control("br", []);
        }
        let name = program.get_name();
        roff.text([bold(name), roman(usage.strip_prefix(name).unwrap_or(usage))]);
    }
}

/// The section of a subcommand, with what would be sections of a page of its own.
fn subsections(program: &Command, subcommand: &Command) -> io::Result<String> {
    let mut roff = Roff::new();
    section(&mut roff, &format!("{} {}", program.get_name(), subcommand.get_name()));
    roff.text([roman(told(subcommand))]);
    let mut options = Vec::new();
    Man::new(subcommand.clone().disable_help_flag(true)).render_options_section(&mut options)?;
    Ok(roff.render() + &String::from_utf8_lossy(&options).replace("\n.SH ", "\n.SS "))
}

fn end(program: &Command, language: Language) -> Roff {
    let mut roff = Roff::new();
    section(&mut roff, &language.text("page-environment"));
    for argument in program.get_arguments() {
        if let (Some(variable), Some(option)) = (argument.get_env(), argument.get_long()) {
            roff.control("TP", []).text([bold(variable.to_string_lossy())]);
            roff.text([roman(language.text_with("page-same-as", &[("option", format!("--{option}").into())]))]);
        }
    }
    section(&mut roff, &language.text("help-common.examples-title"));
    paragraphs(&mut roff, &part(program, "examples", language));
    section(&mut roff, &language.text("page-status"));
    paragraphs(&mut roff, &part(program, "status", language));
    section(&mut roff, &language.text("page-see-also"));
    let others = PROGRAMS.into_iter().filter(|name| *name != program.get_name()).map(|name| format!("{name}(1)"));
    roff.text([roman(others.collect::<Vec<_>>().join(", "))]);
    roff
}

fn section(roff: &mut Roff, title: &str) {
    roff.control("SH", [title.to_uppercase().as_str()]);
}

/// Paragraphs, with an empty line between them, and commands, which are indented.
fn paragraphs(roff: &mut Roff, text: &str) {
    let mut is_new = false;
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("  ") {
            roff.control("RS", ["4"]).control("nf", []).text([bold(command)]).control("fi", []).control("RE", []);
        } else if !line.is_empty() {
            if is_new {
                roff.control("PP", []);
            }
            roff.text([roman(line)]);
        }
        is_new = line.is_empty() || line.starts_with("  ");
    }
}

fn told(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn part(program: &Command, name: &str, language: Language) -> String {
    language.find(&format!("{}.{name}", key(program)), &[]).unwrap_or_default()
}
