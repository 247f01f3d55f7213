//! `charla-check`: says whether a server or a client conforms to SPEC.md, and if not, where.

mod class;
mod load;
mod options;

use std::fs;
use std::io::{self, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use charla::check::play::client_program::Client;
use charla::check::play::process;
use charla::check::play::program::{Program, Template};
use charla::check::run::Plan;
use charla::check::run::corpus::{Corpus, Item, Selection};
use charla::cli::{self, ClientTls, Common};
use charla::client::Address;
use charla::lang::{Language, Words};
use charla::tls::{Host, Identity, ServerFiles, SetupError};
use clap::{Args, Parser, Subcommand};
use options::Options;
use rustls::ServerConfig;

/// The exit codes, beside 0 and 1: bad usage, and nothing to check.
const USAGE: u8 = 2;
const UNREACHED: u8 = 3;

/// Who a server that is started has to be, over TLS.
const STARTED_HOST: &str = "localhost";

/// How long a program may take until it listens.
const START: Duration = Duration::from_secs(10);

#[derive(Parser)]
#[command(name = "charla-check", version, disable_help_flag = true, disable_version_flag = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Subcommand)]
enum Command {
    Server(Box<Server>),
    Client(Box<ClientUnderTest>),
    Class(Box<class::Class>),
    Load(Box<load::Load>),
    List {
        #[arg(long, value_name = "clause")]
        clause: Vec<String>,
    },
    Explain {
        #[arg(value_name = "case")]
        case: String,
    },
}

#[derive(Args)]
struct Server {
    #[arg(value_name = "place", required_unless_present = "command", conflicts_with = "command")]
    address: Option<String>,
    #[command(flatten)]
    tls: ClientTls,
    #[arg(last = true, value_name = "program")]
    command: Vec<String>,
    #[command(flatten)]
    options: Options,
}

#[derive(Args)]
struct ClientUnderTest {
    #[arg(last = true, required = true, value_name = "program")]
    command: Vec<String>,
    #[command(flatten)]
    person: Person,
    #[command(flatten)]
    shown: Shown,
    #[command(flatten)]
    options: Options,
}

/// What a client is shown that speaks TLS.
#[derive(Args)]
struct Shown {
    #[arg(long, value_name = "file", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    #[arg(long, value_name = "file", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

/// How a person uses the client.
#[derive(Args)]
struct Person {
    #[arg(long, value_name = "text")]
    name_prompt: Option<String>,
    #[arg(long, value_name = "arguments", allow_hyphen_values = true)]
    name_arg: Option<String>,
    #[arg(long, value_name = "text", default_value = "salir", hide_default_value = true)]
    quit: String,
    #[arg(long)]
    pipe: bool,
}

/// Why there is no verdict: what to say, and the exit code.
struct Stop(u8, Words);

fn main() -> ExitCode {
    let Arguments { command, common } = cli::parse();
    match check(command, common.lang) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(Stop(code, why)) => {
            // Standard error may be closed; the exit code still tells.
            let _ = writeln!(io::stderr(), "charla-check: {}", why.in_language(common.lang));
            ExitCode::from(code)
        }
    }
}

fn check(command: Command, language: Language) -> Result<bool, Stop> {
    let corpus = Corpus::embedded().map_err(|error| Stop(USAGE, error.to_string().into()))?;
    match command {
        Command::Server(server) => server.options.check(&corpus, &corpus.items, &server.plan()?, language),
        Command::Client(client) => client.options.check(&corpus, &corpus.clients, &client.plan()?, language),
        Command::Class(class) => class.check(&corpus, language),
        Command::Load(load) => load.check(language),
        Command::List { clause } => list(&corpus, clause),
        Command::Explain { case } => explain(&corpus, &case),
    }
}

impl Server {
    fn plan(&self) -> Result<Plan<Program>, Stop> {
        let tls = self.tls.words();
        let (program, name, again) = if let Some(address) = &self.address {
            (
                Program::At(resolve(address)?, host(&self.tls, address)?),
                address.clone(),
                format!("charla-check server {tls}{address} --filter {{case}}"),
            )
        } else {
            let name = shell_words::join(&self.command);
            let again = format!("charla-check server {tls}--filter {{case}} -- {name}");
            let template = Template { words: self.command.clone(), folder: None };
            (Program::Started(template, host(&self.tls, STARTED_HOST)?), name, again)
        };
        self.options.plan(program, name, again)
    }
}

impl ClientUnderTest {
    fn plan(&self) -> Result<Plan<Client>, Stop> {
        let name = shell_words::join(&self.command);
        let again = ["charla-check client", &self.shown.words(), &self.person.words(), "--filter {case} --", &name];
        let again = again.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let client = Client { tls: self.shown.config()?, ..self.person.at(&self.command, None)? };
        self.options.plan(client, name, again)
    }
}

impl Shown {
    /// What is spoken to the client, if it is to speak TLS.
    fn config(&self) -> Result<Option<Arc<ServerConfig>>, Stop> {
        let Some((certificate, key)) = self.tls_cert.clone().zip(self.tls_key.clone()) else { return Ok(None) };
        let files = ServerFiles { identity: Identity { certificate, key }, client_ca: None };
        files.config().map(Some).map_err(|error| Stop(USAGE, error.words()))
    }

    /// The options that say so, for the command that repeats a case.
    fn words(&self) -> String {
        let files = self.tls_cert.iter().zip(&self.tls_key);
        let quoted = |file: &Path| shell_words::quote(&file.to_string_lossy()).into_owned();
        files
            .map(|(certificate, key)| format!("--tls-cert {} --tls-key {}", quoted(certificate), quoted(key)))
            .collect()
    }
}

impl Person {
    /// The client that is started by these words, in this folder.
    fn at(&self, words: &[String], folder: Option<&Path>) -> Result<Client, Stop> {
        let more = match &self.name_arg {
            Some(words) => split(words)?,
            None => Vec::new(),
        };
        Ok(Client {
            program: Template { words: [words, &more].concat(), folder: folder.map(Path::to_owned) },
            name_prompt: self.name_prompt.clone(),
            quit: Some(self.quit.clone()).filter(|quit| quit != "^D"),
            piped: self.pipe,
            tls: None,
        })
    }

    /// The options that say so, for the command that repeats a case.
    fn words(&self) -> String {
        let mut words = Vec::new();
        let quit = Some(&self.quit).filter(|quit| *quit != "salir");
        for (option, value) in
            [("--name-prompt", self.name_prompt.as_ref()), ("--name-arg", self.name_arg.as_ref()), ("--quit", quit)]
        {
            words.extend(value.map(|value| format!("{option} {}", shell_words::quote(value))));
        }
        words.extend(self.pipe.then(|| "--pipe".to_owned()));
        words.join(" ")
    }
}

/// The words of a command line, of which there is at least one.
fn split(command: &str) -> Result<Vec<String>, Stop> {
    let words = shell_words::split(command).ok().filter(|words| !words.is_empty());
    words.ok_or_else(|| Stop(USAGE, Words::new("check-no-program", [("command", command.into())])))
}

fn selected<'a, A>(all: &'a [Item<A>], selection: &Selection) -> Result<Vec<&'a Item<A>>, Stop> {
    let items = selection.of(all);
    if !items.is_empty() {
        return Ok(items);
    }
    // What is asked for may be there, but only over TLS.
    let is_there = !Selection { without_tls: false, ..selection.clone() }.of(all).is_empty();
    let why = if is_there { Words::new("check-only-over-tls", []) } else { Words::new("check-none-selected", []) };
    Err(Stop(USAGE, why))
}

fn resolve(address: &str) -> Result<SocketAddr, Stop> {
    let mut found: Vec<_> = match address.to_socket_addrs() {
        Ok(found) => found.collect(),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            return Err(no_place(address));
        }
        Err(error) => {
            let reason = error.to_string().into();
            return Err(Stop(
                UNREACHED,
                Words::new("check-not-found", [("address", address.into()), ("reason", reason)]),
            ));
        }
    };
    found.sort_by_key(SocketAddr::is_ipv6);
    let none = || Words::new("check-no-address", [("address", address.into())]);
    found.first().copied().ok_or_else(|| Stop(UNREACHED, none()))
}

fn no_place(address: &str) -> Stop {
    Stop(USAGE, Words::new("check-no-place", [("address", address.into())]))
}

/// Who the server at this address has to be, if TLS is spoken to it.
fn host(tls: &ClientTls, address: &str) -> Result<Option<Host>, Stop> {
    let Some(files) = tls.files() else { return Ok(None) };
    let place = Address::over_tls(address).map_err(|_| no_place(address))?;
    let host = files.config().and_then(|config| Host::new(config, place.host()));
    host.map(Some).map_err(|error: SetupError| Stop(USAGE, error.words()))
}

fn put(file: &Path, text: &str) -> Result<(), Stop> {
    fs::write(file, text).map_err(|error| cannot_write(file, &error))
}

fn cannot_write(file: &Path, error: &io::Error) -> Stop {
    let (file, reason) = (file.display().to_string().into(), error.to_string().into());
    Stop(USAGE, Words::new("check-cannot-write", [("file", file), ("reason", reason)]))
}

fn cannot_read(file: &Path, error: &io::Error) -> Stop {
    let (file, reason) = (file.display().to_string().into(), error.to_string().into());
    Stop(USAGE, Words::new("check-cannot-read", [("file", file), ("reason", reason)]))
}

fn list(corpus: &Corpus, clauses: Vec<String>) -> Result<bool, Stop> {
    let selection = Selection { clauses, ..Selection::default() };
    let servers = selection.of(&corpus.items).into_iter().map(|item| ("server", &item.case.id, &item.case.clauses));
    let clients = selection.of(&corpus.clients).into_iter().map(|item| ("client", &item.case.id, &item.case.clauses));
    let rows: Vec<_> = servers.chain(clients).collect();
    if rows.is_empty() {
        return Err(Stop(USAGE, Words::new("check-none-proves", [])));
    }
    for (of, id, clauses) in rows {
        print(&format!("{of}  {id}  {}\n", clauses.join(" ")));
    }
    Ok(true)
}

fn explain(corpus: &Corpus, id: &str) -> Result<bool, Stop> {
    let told = find(&corpus.items, id).or_else(|| find(&corpus.clients, id));
    let (title, clauses, source) =
        told.ok_or_else(|| Stop(USAGE, Words::new("check-no-such-case", [("case", id.into())])))?;
    let by_id = corpus.by_id();
    print(&format!("{title}\n\n"));
    for clause in clauses.iter().filter_map(|id| by_id.get(id.as_str())) {
        print(&format!("[{}] {}\n", clause.id, clause.text));
    }
    print(&format!("\n{}\n", source.trim_end()));
    Ok(true)
}

fn find<'a, A>(items: &'a [Item<A>], id: &str) -> Option<(&'a str, &'a [String], &'a str)> {
    let item = items.iter().find(|item| item.case.id == id)?;
    Some((&item.case.title, &item.case.clauses, &item.source))
}

/// Whoever reads the output may have gone; the exit code still tells.
fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
}

/// Whatever was started ends when we are interrupted.
fn end_with_us() -> Result<(), Stop> {
    process::adopt_orphans();
    let failed = |error: io::Error| Words::new("check-no-signals", [("reason", error.to_string().into())]);
    listen_for_the_end().map_err(|error| Stop(USAGE, failed(error)))
}

fn listen_for_the_end() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    std::thread::spawn(move || {
        let number = runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => 2,
                _ = terminate.recv() => 15,
            }
        });
        process::end_all();
        std::process::exit(128 + number);
    });
    Ok(())
}
