//! The configuration file: TOML whose keys are the long names of the options.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use clap::error::{ContextKind, Error, ErrorKind};
use clap::{Arg, ArgAction, Command, value_parser};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::settings;
use crate::cli::{expected, similar};
use crate::lang::{Language, Value};
use crate::safe::safe;

/// What a file says: the ids of arguments, each with the words of a command line that say it.
pub(in crate::cli) type Said = Vec<(String, Vec<String>)>;

/// What this file says of a program's settings.
///
/// # Errors
/// Why the file cannot be used: all its mistakes, one a line, each with its place.
pub(in crate::cli) fn said(program: &Command, path: &Path, language: Language) -> Result<Said, Vec<String>> {
    let name = safe(&path.to_string_lossy()).into_owned();
    let text = fs::read_to_string(path).map_err(|error| {
        let reason = error.to_string().into();
        vec![language.text_with("cli-file-unread", &[("file", name.as_str().into()), ("reason", reason)])]
    })?;
    Reading { program, judge: judge(program), language }
        .read(&text)
        .map_err(|mistakes| mistakes.into_iter().map(|(line, mistake)| format!("{name}:{line}: {mistake}")).collect())
}

/// What is wrong, by the number of the line. Of several mistakes on a line the first is told: the
/// others often come of it.
type Mistakes = BTreeMap<usize, String>;

/// At which byte of the file something stands, and what.
type Placed = (usize, String);

struct Reading<'a> {
    program: &'a Command,
    judge: Command,
    language: Language,
}

/// A program that takes one setting at a time, whatever it is to the real one in company.
fn judge(program: &Command) -> Command {
    let alone = |arg: &Arg| {
        let long = arg.get_long().unwrap_or_default().to_owned();
        let parser = match arg.get_action() {
            ArgAction::SetTrue => value_parser!(bool),
            _ => arg.get_value_parser().clone(),
        };
        Arg::new(arg.get_id().clone()).long(long).value_parser(parser)
    };
    Command::new("judge").no_binary_name(true).disable_help_flag(true).args(settings(program).map(alone))
}

impl Reading<'_> {
    fn read(&self, text: &str) -> Result<Said, Mistakes> {
        let (table, errors) = DeTable::parse_recoverable(text);
        let mut mistakes: Vec<_> = errors.iter().map(|error| self.not_toml(text, error)).collect();
        let mut said = Said::new();
        for (key, value) in table.get_ref() {
            match self.setting(key, value) {
                Ok(setting) => said.push(setting),
                Err(wrong) => mistakes.extend(wrong),
            }
        }
        if mistakes.is_empty() { Ok(said) } else { Err(by_line(text, mistakes)) }
    }

    fn setting(
        &self,
        key: &Spanned<DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<(String, Vec<String>), Vec<Placed>> {
        let name = key.get_ref();
        let arg = settings(self.program).find(|arg| arg.get_long() == Some(name));
        let arg = arg.ok_or_else(|| vec![(key.span().start, self.unknown(name))])?;
        let values = values(arg, value).ok_or_else(|| vec![(value.span().start, self.wrong_type(arg))])?;
        let is_wrong = |value: &str| self.try_out(name, value).is_err();
        let wrong = values.iter().filter(|(_, value)| is_wrong(value));
        let wrong: Vec<_> = wrong.map(|(at, value)| (*at, self.wrong_value(arg, value))).collect();
        if wrong.is_empty() { Ok((arg.get_id().to_string(), words(arg, name, values))) } else { Err(wrong) }
    }

    fn try_out(&self, key: &str, value: &str) -> Result<(), Error> {
        self.judge.clone().try_get_matches_from([format!("--{key}={value}")]).map(drop)
    }

    fn not_toml(&self, text: &str, error: &toml::de::Error) -> Placed {
        let at = error.span().map_or(text.len(), |span| span.start);
        (at, self.language.text_with("cli-file-not-toml", &[("reason", told(error.message()))]))
    }

    fn unknown(&self, key: &str) -> String {
        let unknown = self.language.text_with("cli-file-unknown", &[("key", told(key))]);
        // The judge knows what is like it.
        let error = self.try_out(key, "").err().filter(|error| error.kind() == ErrorKind::UnknownArgument);
        let alike = error.as_ref().and_then(|error| error.get(ContextKind::SuggestedArg)).map(ToString::to_string);
        match alike {
            Some(option) => format!("{unknown} {}", similar(option.trim_start_matches('-'), self.language)),
            None => unknown,
        }
    }

    fn wrong_type(&self, arg: &Arg) -> String {
        let key = match arg.get_action() {
            ArgAction::Append => "cli-file-wrong-type.list",
            _ => "cli-file-wrong-type",
        };
        self.language.text_with(key, &[("key", told(arg.get_long().unwrap_or_default()))])
    }

    fn wrong_value(&self, arg: &Arg, value: &str) -> String {
        let key = told(arg.get_long().unwrap_or_default());
        let wrong = self.language.text_with("cli-bad-value", &[("argument", key), ("value", told(value))]);
        wrong + &expected(arg, self.language)
    }
}

fn by_line(text: &str, mistakes: Vec<Placed>) -> Mistakes {
    // The last that is put in stays.
    mistakes.into_iter().rev().map(|(at, mistake)| (line(text, at), mistake)).collect()
}

fn told(text: &str) -> Value<'static> {
    safe(text).into_owned().into()
}

/// The values of a key, each with its place; nothing when they are of no type that it takes.
fn values(arg: &Arg, value: &Spanned<DeValue<'_>>) -> Option<Vec<Placed>> {
    let placed = |value: &Spanned<DeValue<'_>>| Some((value.span().start, scalar(value.get_ref())?));
    match (value.get_ref(), arg.get_action()) {
        (DeValue::Array(list), ArgAction::Append) if !list.is_empty() => list.iter().map(placed).collect(),
        _ => Some(vec![placed(value)?]),
    }
}

fn words(arg: &Arg, name: &str, values: Vec<Placed>) -> Vec<String> {
    let values = values.into_iter().map(|(_, value)| value);
    match arg.get_action() {
        ArgAction::SetTrue => values.filter(|value| value == "true").map(|_| format!("--{name}")).collect(),
        _ => values.map(|value| format!("--{name}={value}")).collect(),
    }
}

/// A value as it would stand on the command line.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => {
            let decimal = i128::from_str_radix(number.as_str(), number.radix());
            Some(decimal.map_or_else(|_| number.to_string(), |decimal| decimal.to_string()))
        }
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// The number of the line in which this byte is.
fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use clap::{CommandFactory, FromArgMatches, Parser};

    use super::*;
    use crate::cli::Configuration;
    use crate::cli::config::{self, with_variables, without_needs};

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        configuration: Configuration,
        #[arg(long, default_value_t = 7)]
        some_number: u16,
        #[arg(long)]
        file: Option<String>,
        #[arg(long, default_value = "a")]
        list: Vec<char>,
        #[arg(long, requires = "file")]
        flag: bool,
    }

    fn reading(text: &str) -> Result<Said, Mistakes> {
        let program = with_variables(Program::command());
        Reading { program: &program, judge: judge(&program), language: Language::English }.read(text)
    }

    fn program(text: &str, words: &[&str]) -> Result<Program, clap::Error> {
        let command = with_variables(Program::command());
        let mut words: Vec<_> = ["program"].iter().chain(words).map(OsString::from).collect();
        let matches = without_needs(command.clone()).try_get_matches_from(&words)?;
        words.extend(config::words(reading(text).unwrap(), &matches));
        Program::from_arg_matches(&command.try_get_matches_from(words)?)
    }

    #[test]
    fn each_type_of_toml_that_an_option_can_have() {
        let said = program("some-number = 0x1_0\nfile = \"5\"\nlist = ['b', \"c\"]\nflag = true\n", &[]).unwrap();
        assert!(said.some_number == 16 && said.file.as_deref() == Some("5") && said.list == ['b', 'c'] && said.flag);
        let said = program("some-number = \"5\"\nlist = 'd'\nflag = false\n", &[]).unwrap();
        assert!(said.some_number == 5 && said.file.is_none() && said.list == ['d'] && !said.flag);
        let said = program("", &[]).unwrap();
        assert!(said.some_number == 7 && said.list == ['a'] && !said.configuration.check_config);
    }

    #[test]
    fn the_command_line_comes_before_the_file() {
        let said = program("some-number = 1\nlist = ['b', 'c']\n", &["--some-number=2", "--list=d"]).unwrap();
        assert!(said.some_number == 2 && said.list == ['d']);
    }

    #[test]
    fn what_an_option_needs_may_stand_in_either() {
        for (text, words) in
            [("file = 'a'", &["--flag"][..]), ("flag = true", &["--file=a"]), ("flag = true\nfile = 'a'", &[])]
        {
            assert!(program(text, words).unwrap().flag, "{text}");
        }
        for (text, words) in [("flag = true", &[][..]), ("", &["--flag"]), ("some-number = 1", &["--flag"])] {
            assert!(
                program(text, words).is_err_and(|error| error.kind() == ErrorKind::MissingRequiredArgument),
                "{text}"
            );
        }
    }

    #[test]
    fn each_line_with_a_mistake_is_told() {
        let mistakes = reading(
            "list = ['b',\n'cc',\n'dd']\nsome_number = 1\nfile = [\"a\"]\nflag = 'no such'\n[table]\nfile = 1\n",
        );
        let told: Vec<_> = mistakes.unwrap_err().into_iter().map(|(line, told)| format!("{line} {told}")).collect();
        assert_eq!(
            told,
            [
                "2 “cc” is no value for list.",
                "3 “dd” is no value for list.",
                "4 there is no option “some_number”. Perhaps some-number?",
                "5 file has one value: a text in quotes, a number, true or false.",
                "6 “no such” is no value for flag: true or false is expected.",
                "7 there is no option “table”.",
            ]
        );
    }

    #[test]
    fn what_is_no_setting_is_unknown() {
        for none in
            ["config = 'a'", "check-config = true", "help = true", "a = 1", "'' = 1", "'list=b' = 1", "list = []"]
        {
            assert_eq!(reading(none).unwrap_err().len(), 1, "{none}");
        }
    }
}
