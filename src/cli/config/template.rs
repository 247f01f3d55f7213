//! A configuration file to begin with.

use std::fmt::Write;

use clap::{Arg, ArgAction, Command};

use super::settings;

/// A file with each setting of a program, told by its help, with its default and switched off.
pub(in crate::cli) fn template(program: &Command) -> String {
    settings(program).fold(String::new(), |mut file, arg| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let separator = if file.is_empty() { "" } else { "\n" };
        // Writing into a string does not fail.
        let _ = writeln!(file, "{separator}# {help}\n#{} = {}", arg.get_long().unwrap_or_default(), default(arg));
        file
    })
}

/// The default, as it stands in a file; where there is none, what it is that can stand there.
fn default(arg: &Arg) -> String {
    let defaults = arg.get_default_values().iter().map(|value| scalar(&value.to_string_lossy()));
    match (arg.get_action(), defaults.collect::<Vec<_>>().as_slice()) {
        (ArgAction::SetTrue, _) => "false".to_owned(),
        (ArgAction::Append, []) => format!("[{}]", placeholder(arg)),
        (ArgAction::Append, defaults) => format!("[{}]", defaults.join(", ")),
        (_, []) => placeholder(arg),
        (_, defaults) => defaults.join(""),
    }
}

fn placeholder(arg: &Arg) -> String {
    let name = arg.get_value_names().and_then(<[_]>::first);
    format!("\"<{}>\"", name.map(ToString::to_string).unwrap_or_default())
}

fn scalar(value: &str) -> String {
    if value.parse::<f64>().is_ok_and(f64::is_finite) { value.to_owned() } else { format!("{value:?}") }
}
