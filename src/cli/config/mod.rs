//! The configuration of a program: its options can also stand in environment variables and in
//! a file. A program has one when it flattens [`Configuration`] into its arguments.
//!
//! There is no second list of options. A variable is clap's own, and what the file says is put
//! on the command line where neither that nor the environment says it: so clap judges it all, and
//! the command line comes before the environment, the environment before the file, and the file
//! before the program's defaults.

mod file;
mod template;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{BoolishValueParser, Resettable};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command};

pub(super) use file::{Said, said};
pub(super) use template::template;

use super::generate;
use crate::lang::Language;
use crate::safe::safe;

const FILE: &str = "config";
const CHECK: &str = "check_config";

/// Where the configuration of a program is, and whether it is only to be checked.
#[derive(Args, Debug)]
pub struct Configuration {
    #[arg(long, value_name = "file", env = "CHARLA_CONFIG", hide_env = true)]
    config: Option<PathBuf>,
    /// The program is to end when it has found out whether its configuration can be used.
    #[arg(long)]
    pub check_config: bool,
}

impl Configuration {
    /// What is said of a configuration without mistakes.
    #[must_use]
    pub fn praise(&self, language: Language) -> String {
        match &self.config {
            Some(file) => {
                let file = safe(&file.to_string_lossy()).into_owned();
                language.text_with("cli-config-right", &[("file", file.into())])
            }
            None => language.text("cli-config-right.without-file"),
        }
    }
}

/// The file that the arguments name, if the program takes one.
pub(super) fn file(matches: &ArgMatches) -> Option<PathBuf> {
    matches.try_get_one(FILE).ok().flatten().cloned()
}

/// The same program, whose arguments need no others: what they need may stand in the file.
pub(super) fn without_needs(program: Command) -> Command {
    program.mut_args(|arg| arg.requires(Resettable::Reset))
}

/// What the file says and nothing that comes before it does, as it stands on a command line.
pub(super) fn words(said: Said, matches: &ArgMatches) -> impl Iterator<Item = OsString> {
    let is_left = |id: &str| matches.value_source(id).is_none_or(|source| source == ValueSource::DefaultValue);
    said.into_iter().filter(move |(id, _)| is_left(id)).flat_map(|(_, words)| words).map(OsString::from)
}

/// What of a program's arguments can stand in its configuration.
pub(super) fn settings(program: &Command) -> impl Iterator<Item = &Arg> {
    let is_configured = program.get_arguments().any(|arg| arg.get_id() == FILE);
    program.get_arguments().filter(move |arg| is_configured && is_setting(arg))
}

fn is_setting(arg: &Arg) -> bool {
    let sets = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append | ArgAction::SetTrue);
    sets && arg.get_long().is_some() && ![FILE, CHECK, generate::OPTION].contains(&arg.get_id().as_str())
}

/// The same program, with a variable for each of its settings.
pub(super) fn with_variables(program: Command) -> Command {
    let settings: Vec<_> = settings(&program).map(|arg| arg.get_id().clone()).collect();
    settings.into_iter().fold(program, |program, id| program.mut_arg(id, with_variable))
}

/// `CHARLA_MAX_CONNECTIONS` for `--max-connections`. Commas separate the values of what can be
/// repeated.
fn with_variable(arg: Arg) -> Arg {
    let long = arg.get_long().unwrap_or_default();
    let variable = format!("CHARLA_{}", long.to_uppercase().replace('-', "_"));
    // All have one by the same rule, which the help tells once.
    let arg = arg.env(variable).hide_env(true);
    match arg.get_action() {
        ArgAction::Append => arg.value_delimiter(','),
        ArgAction::SetTrue => arg.value_parser(BoolishValueParser::new()),
        _ => arg,
    }
}
