//! What the command lines of the programs have in common: the language, and all that clap
//! shows in it.
//!
//! A program says what its arguments are, and never how they are told. The texts are those of
//! `help-…` in `i18n/`, with a part for each argument; a subcommand has `help-program-subcommand`,
//! and what it has not is that of its program, or of all programs, `help-common`. The name of a
//! value is a key as well, `value-…`, whose part `expected` says what an invalid one should have
//! been.

mod config;
mod generate;
mod tls;

use std::env;
use std::error;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write};
use std::process;

use clap::error::{ContextKind, Error, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Parser};

pub use self::config::Configuration;
use self::generate::Part;
pub use self::tls::ClientTls;
use crate::lang::{Language, Value};
use crate::safe::safe;

/// Where in a help they stand: after the program's own.
const LAST: usize = 1000;

/// The options that every program has.
#[derive(Args, Debug)]
pub struct Common {
    /// The language of all that the program says.
    #[arg(long, global = true, env = "CHARLA_LANG", value_name = "language")]
    #[arg(default_value_t, hide_default_value = true, hide_env_values = true, display_order = LAST)]
    pub lang: Language,
    #[arg(short, long, global = true, action = ArgAction::Help, display_order = LAST)]
    help: Option<bool>,
    #[arg(short = 'V', long, action = ArgAction::Version, display_order = LAST)]
    version: Option<bool>,
}

/// It is not what the value of an argument should be, which the text of the value tells.
#[derive(Clone, Copy, Debug)]
pub struct BadValue;

/// Reads the command line, and the configuration of a program that has one. Help, the version,
/// complaints and what `--generate` prints end the program.
#[must_use]
pub fn parse<P: Parser>() -> P {
    let mut words: Vec<_> = env::args_os().collect();
    let language = language(&words);
    let program = config::with_variables(P::command());
    // Who asks for a part of a package has no work for the program.
    let plain = program.clone().subcommand_required(false).arg(generate::option());
    let matches = read(&config::without_needs(plain.clone()), &words, language);
    if let Some(part) = matches.get_one::<Part>(generate::OPTION) {
        generate::print(*part, worded(program, language), language);
    }
    if let Some(file) = config::file(&matches) {
        let said = config::said(&plain, &file, language);
        let said = said.unwrap_or_else(|mistakes| give_up(plain.get_name(), &mistakes));
        words.splice(1..1, config::words(said, &matches));
    }
    P::from_arg_matches(&read(&plain, &words, language)).unwrap_or_else(|error| error.exit())
}

/// What the words ask of a program.
fn read(plain: &Command, words: &[OsString], language: Language) -> ArgMatches {
    let mut command = worded(plain.clone(), language);
    // A complaint looks at the arguments of all subcommands, and only what is built can be told.
    command.build();
    command.try_get_matches_from_mut(words).unwrap_or_else(|error| end(plain, &command, &error, language))
}

/// The command with its texts in this language.
#[must_use]
pub fn worded(command: Command, language: Language) -> Command {
    let keys = [key(&command), "help-common".to_owned()];
    worded_by(command.disable_help_subcommand(true), &keys, language)
}

/// The key of the texts of a program.
fn key(program: &Command) -> String {
    program.get_name().replacen("charla", "help", 1)
}

/// The texts are those of the first of these keys that has them.
fn worded_by(mut command: Command, keys: &[String], language: Language) -> Command {
    let own = keys.first().cloned().unwrap_or_default();
    let template =
        format!("{{about}}\n\n{}: {{usage}}\n\n{{all-args}}{{after-help}}\n", language.text("help-common.usage-title"));
    if let Some(after) = after(&own, language) {
        command = command.after_help(after);
    }
    command
        .about(language.text(&own))
        .override_usage(language.text(&format!("{own}.usage")))
        .help_template(template)
        .subcommand_help_heading(language.text("help-common.commands-title"))
        .mut_args(|arg| worded_arg(arg, keys, language))
        .mut_subcommands(|sub| {
            let inner = [&[format!("{own}-{}", sub.get_name())], keys].concat();
            worded_by(sub, &inner, language)
        })
}

/// What stands below the options: notes, examples, exit codes.
fn after(key: &str, language: Language) -> Option<String> {
    let part = |name: &str| language.find(&format!("{key}.{name}"), &[]);
    let examples = part("examples").map(|examples| {
        let indented: String = examples.lines().map(|line| format!("\n  {line}")).collect();
        format!("{}:{indented}", language.text("help-common.examples-title"))
    });
    let parts: Vec<_> = [part("after"), examples, part("status")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

fn worded_arg(arg: Arg, keys: &[String], language: Language) -> Arg {
    let id = arg.get_id().to_string();
    let help = keys.iter().find_map(|key| language.find(&format!("{key}.{id}"), &[]));
    let heading = if arg.is_positional() { "help-common.arguments-title" } else { "help-common.options-title" };
    let names: Option<Vec<_>> =
        arg.get_value_names().map(|names| names.iter().map(|name| language.text(&format!("value-{name}"))).collect());
    let arg = arg.help(help.unwrap_or(id)).help_heading(language.text(heading));
    match names {
        Some(names) if arg.get_action().takes_values() => arg.value_names(names),
        _ => arg,
    }
}

/// The language is needed before the arguments are read: to help, and to complain of them.
fn language(words: &[OsString]) -> Language {
    let asked = asked(words.iter().filter_map(|word| word.to_str()));
    asked.or(env::var("CHARLA_LANG").ok()).and_then(|language| language.parse().ok()).unwrap_or_default()
}

/// The value of `--lang`. What stands after `--` is nothing of ours.
fn asked<'a>(words: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut words = words.take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        match word.strip_prefix("--lang") {
            Some("") => return words.next().map(str::to_owned),
            Some(value) if value.starts_with('=') => return value.get(1..).map(str::to_owned),
            _ => {}
        }
    }
    None
}

fn end(plain: &Command, command: &Command, error: &Error, language: Language) -> ! {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        error.exit();
    }
    complain(command.get_name(), &complaint(plain, command, error, language));
    process::exit(error.exit_code());
}

/// Ends the program for what its configuration file says.
fn give_up(program: &str, mistakes: &[String]) -> ! {
    for mistake in mistakes {
        complain(program, mistake);
    }
    process::exit(1);
}

fn complain(program: &str, complaint: &str) {
    // Standard error may be closed; the exit code still tells.
    let _ = writeln!(io::stderr(), "{program}: {complaint}");
}

/// What is wrong with the command line or the environment, and what to do.
fn complaint(plain: &Command, command: &Command, error: &Error, language: Language) -> String {
    let what = match (error.kind(), argument(plain, command, error)) {
        (ErrorKind::InvalidValue | ErrorKind::ValueValidation, Some(arg)) => {
            wrong(error, variable(arg, error), language) + &expected(arg, language)
        }
        _ => wrong(error, None, language),
    };
    let alike = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand].iter().find_map(|&kind| error.get(kind));
    let hint = alike.map(|alike| similar(&alike.to_string(), language));
    let help = language.text_with("cli-help", &[("program", command.get_name().into())]);
    [Some(what), hint, Some(help)].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn similar(name: &str, language: Language) -> String {
    language.text_with("cli-similar", &[("similar", name.to_owned().into())])
}

/// What the value of an argument should be, as the end of a sentence; the argument has the
/// program's own names.
fn expected(arg: &Arg, language: Language) -> String {
    let key = match arg.get_value_names().and_then(<[_]>::first) {
        Some(name) if arg.get_action().takes_values() => name.as_str(),
        _ => "switch",
    };
    language
        .find(&format!("value-{key}.expected"), &[])
        .map_or_else(|| ".".to_owned(), |expected| format!(": {expected}"))
}

/// What is wrong; with the variable that says it, if it was one.
fn wrong(error: &Error, variable: Option<String>, language: Language) -> String {
    let told = |kind| safe(&error.get(kind).map(ToString::to_string).unwrap_or_default()).into_owned();
    let argument = Value::from(variable.unwrap_or_else(|| told(ContextKind::InvalidArg)));
    match error.kind() {
        ErrorKind::UnknownArgument => language.text_with("cli-unknown-argument", &[("argument", argument)]),
        ErrorKind::InvalidSubcommand => {
            language.text_with("cli-unknown-command", &[("command", told(ContextKind::InvalidSubcommand).into())])
        }
        ErrorKind::MissingSubcommand => language.text("cli-no-command"),
        ErrorKind::MissingRequiredArgument => language.text_with("cli-missing", &[("argument", argument)]),
        ErrorKind::ArgumentConflict if error.get(ContextKind::InvalidArg) == error.get(ContextKind::PriorArg) => {
            language.text_with("cli-repeated", &[("argument", argument)])
        }
        ErrorKind::ArgumentConflict => {
            let other = told(ContextKind::PriorArg).into();
            language.text_with("cli-conflict", &[("argument", argument), ("other", other)])
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => match told(ContextKind::InvalidValue) {
            value if value.is_empty() => language.text_with("cli-no-value", &[("argument", argument)]),
            value => language.text_with("cli-bad-value", &[("argument", argument), ("value", value.into())]),
        },
        ErrorKind::InvalidUtf8 => language.text("cli-not-utf8"),
        // The programs have no argument of which clap could say anything else.
        kind => kind.to_string(),
    }
}

/// The variable of an argument, if it has the value that is invalid.
fn variable(arg: &Arg, error: &Error) -> Option<String> {
    let (variable, value) = (arg.get_env()?.to_str()?, error.get(ContextKind::InvalidValue)?.to_string());
    let has = |said: String| said.split(',').any(|said| said == value) || said == value;
    env::var(variable).is_ok_and(has).then(|| variable.to_owned())
}

/// The argument that an error is about, as the program has it and not as it is told.
fn argument<'a>(plain: &'a Command, command: &Command, error: &Error) -> Option<&'a Arg> {
    let told = error.get(ContextKind::InvalidArg)?.to_string();
    let told = arguments(command).into_iter().find(|arg| arg.to_string() == told)?;
    arguments(plain).into_iter().find(|arg| arg.get_id() == told.get_id())
}

fn arguments(command: &Command) -> Vec<&Arg> {
    command.get_arguments().chain(command.get_subcommands().flat_map(arguments)).collect()
}

impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not such a value")
    }
}

impl error::Error for BadValue {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_asked_for_before_the_end_of_the_options() {
        let asked = |line: &str| asked(line.split(' '));
        assert_eq!(asked("x --lang en").as_deref(), Some("en"));
        assert_eq!(asked("x server --lang=en -- --lang es").as_deref(), Some("en"));
        for none in ["x", "x --lang", "x --language=en", "x -- --lang en"] {
            assert_eq!(asked(none), None, "{none}");
        }
    }
}
