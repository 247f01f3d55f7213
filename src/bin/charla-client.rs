//! `charla-client`: visits a chat from a terminal, or as a filter.

use std::env;
use std::io::{self, BufReader, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use charla::cli::{self, BadValue, ClientTls, Common};
use charla::client::pipe::{self, Format};
use charla::client::{Address, BadAddress, Route, terminal};
use charla::lang::Language;
use charla::tls::SetupError;
use clap::{Args, Parser, ValueEnum};

#[derive(Parser)]
#[command(name = "charla-client", version, disable_help_flag = true, disable_version_flag = true)]
struct Options {
    #[arg(value_name = "server", default_value = "localhost", hide_default_value = true, value_parser = Places::parse)]
    address: Places,
    #[command(flatten)]
    tls: ClientTls,
    #[arg(long, value_name = "name")]
    name: Option<String>,
    #[arg(long)]
    reconnect: bool,
    #[arg(long, requires = "name")]
    stay: bool,
    #[arg(long, value_name = "format", value_parser = format, default_value = "text", hide_default_value = true)]
    format: Format,
    #[command(flatten)]
    typing: Typing,
    #[command(flatten)]
    seeing: Seeing,
    #[command(flatten)]
    common: Common,
}

/// Where a server is that was given so: plain, and over TLS.
#[derive(Clone)]
struct Places {
    plain: Address,
    over_tls: Address,
}

/// What is typed at a terminal.
#[derive(Args)]
struct Typing {
    #[arg(long)]
    vi: bool,
    #[arg(long)]
    no_history: bool,
    #[arg(long, value_name = "overdue", default_value_t = 1, hide_default_value = true, overrides_with = "overdue")]
    #[arg(value_parser = clap::value_parser!(u64).range(0..=3600))]
    overdue: u64,
}

/// What is seen at a terminal.
#[derive(Args)]
struct Seeing {
    #[arg(long, value_name = "when", default_value = "auto", hide_default_value = true, hide_possible_values = true)]
    #[arg(overrides_with = "color")]
    color: Color,
    #[arg(long)]
    timestamps: bool,
    #[arg(long)]
    bell: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl Places {
    fn parse(given: &str) -> Result<Places, BadAddress> {
        Ok(Places { plain: given.parse()?, over_tls: Address::over_tls(given)? })
    }

    /// The way there.
    fn route(self, tls: &ClientTls) -> Result<Route, SetupError> {
        Ok(match tls.files() {
            None => Route::plain(self.plain),
            Some(files) => Route::over_tls(self.over_tls, files.config()?)?,
        })
    }
}

impl Typing {
    fn options(&self, look: terminal::Look, reconnect: bool) -> terminal::Options {
        let history = if self.no_history { None } else { terminal::default_history() };
        let overdue = (self.overdue > 0).then(|| Duration::from_secs(self.overdue));
        terminal::Options { vi: self.vi, history, overdue, look, reconnect }
    }
}

impl Seeing {
    fn look(&self) -> terminal::Look {
        let color = match self.color {
            Color::Auto => env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
            Color::Always => true,
            Color::Never => false,
        };
        terminal::Look { color, timestamps: self.timestamps, bell: self.bell }
    }
}

fn main() -> ExitCode {
    let options: Options = cli::parse();
    let language = options.common.lang;
    let route = options.address.clone().route(&options.tls).map_err(|error| unprepared(language, &error));
    match route.and_then(|route| visit(options, &route).map_err(|error| no_terminal(language, &error))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(complaint) => {
            // Standard error may be closed too; the exit code still tells.
            let _ = writeln!(io::stderr(), "{complaint}");
            ExitCode::FAILURE
        }
    }
}

fn unprepared(language: Language, error: &SetupError) -> String {
    format!("charla-client: {}", error.words().in_language(language))
}

fn no_terminal(language: Language, error: &io::Error) -> String {
    language.text_with("client-no-terminal", &[("reason", error.to_string().into())])
}

fn visit(options: Options, route: &Route) -> io::Result<bool> {
    let Options { name, reconnect, stay, format, typing, seeing, common, .. } = options;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let well = runtime.block_on(async {
        if format == Format::Text && is_interactive() {
            terminal::run(common.lang, route, name, typing.options(seeing.look(), reconnect)).await
        } else {
            let options = pipe::Options { name, format, stay, reconnect };
            pipe::run(common.lang, route, options, BufReader::new(io::stdin()), io::stdout(), io::stderr()).await
        }
    });
    // The resolution of a host may still be under way: nobody waits for it.
    runtime.shutdown_background();
    well
}

fn format(given: &str) -> Result<Format, BadValue> {
    match given {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err(BadValue),
    }
}

/// Whether a person can edit lines here: the terminals named cannot move a cursor.
fn is_interactive() -> bool {
    let able = !env::var("TERM").is_ok_and(|term| ["dumb", "cons25", "emacs"].contains(&term.as_str()));
    able && io::stdin().is_terminal() && io::stdout().is_terminal()
}
