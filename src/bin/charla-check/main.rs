//! `charla-check`: says whether a server conforms to SPEC.md, and if not, where.

mod class;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use charla::check::corpus::{Corpus, Item, Selection};
use charla::check::program::{Program, Template};
use charla::check::report::{html, json, junit, tap, text};
use charla::check::result::Run;
use charla::check::run::Plan;
use charla::check::{known, process, watch};
use clap::{ArgAction, Args, Parser, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

/// The exit codes, beside 0 and 1: bad usage, and nothing to check.
const USAGE: u8 = 2;
const UNREACHED: u8 = 3;

/// How long a program may take until it listens.
const START: Duration = Duration::from_secs(10);

/// Comprueba si un servidor de Charla cumple SPEC.md, y si no, qué regla incumple.
#[derive(Parser)]
#[command(version, disable_help_flag = true, disable_version_flag = true, disable_help_subcommand = true)]
#[command(after_help = "\
Termina con 0 si cumple, 1 si no, 2 por mal uso o un filtro sin casos, 3 si no se pudo llegar al programa.")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Muestra esta ayuda
    #[arg(short, long, global = true, action = ArgAction::Help)]
    help: Option<bool>,
    /// Muestra la versión
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}

#[derive(Subcommand)]
enum Command {
    /// Juega los casos contra un servidor que ya corre, o uno que se inicia para cada caso
    Server(Box<Server>),
    /// Comprueba cada subcarpeta de una carpeta, una entrega en cada una
    Class(Box<class::Class>),
    /// Enumera los casos
    List {
        /// Solo los que prueban esta regla, por ejemplo ROOM-3
        #[arg(long, value_name = "REGLA")]
        clause: Vec<String>,
    },
    /// Muestra un caso: sus reglas y sus pasos
    Explain {
        /// El nombre del caso
        case: String,
    },
}

#[derive(Args)]
struct Server {
    /// HOST:PUERTO de un servidor que corre
    #[arg(value_name = "HOST:PUERTO", required_unless_present = "command", conflicts_with = "command")]
    address: Option<String>,
    /// Cómo iniciar el servidor; {host} y {port} dicen dónde debe escuchar
    #[arg(last = true, value_name = "PROGRAMA")]
    command: Vec<String>,
    /// Solo estos casos: un nombre o parte de él; se puede repetir
    #[arg(long, value_name = "CASO")]
    filter: Vec<String>,
    /// Estos casos no; se puede repetir
    #[arg(long, value_name = "CASO")]
    skip: Vec<String>,
    /// Solo los casos de esta regla; se puede repetir
    #[arg(long, value_name = "REGLA")]
    clause: Vec<String>,
    /// Cuántos casos a la vez (4), si el servidor se inicia aquí
    #[arg(long, value_name = "N", default_value_t = 4, hide_default_value = true)]
    jobs: usize,
    /// Por cuánto se multiplica toda espera (1)
    #[arg(long, value_name = "N", default_value_t = 1.0, hide_default_value = true, value_parser = scale)]
    timeout_scale: f64,
    /// Lista de casos que se sabe que fallan: «caso  # razón» en cada línea
    #[arg(long, value_name = "FICHERO")]
    known_failing: Option<PathBuf>,
    /// También una recomendación (SHOULD) incumplida es un fallo
    #[arg(long)]
    strict: bool,
    /// Repite cuando cambia un fichero de esta carpeta
    #[arg(long)]
    watch: bool,
    /// Escribe el resultado como JSON («-»: en la salida, y nada más)
    #[arg(long, value_name = "FICHERO")]
    json: Option<PathBuf>,
    /// Escribe el informe como una página HTML
    #[arg(long, value_name = "FICHERO")]
    report: Option<PathBuf>,
    /// Escribe el resultado como XML de `JUnit`
    #[arg(long, value_name = "FICHERO")]
    junit: Option<PathBuf>,
    /// Escribe el resultado como TAP
    #[arg(long, value_name = "FICHERO")]
    tap: Option<PathBuf>,
}

/// Why there is no verdict: what to say, and the exit code.
struct Stop(u8, String);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done =
        Corpus::embedded().map_err(|error| Stop(USAGE, error.to_string())).and_then(|corpus| match arguments.command {
            Command::Server(server) => check(&corpus, &server),
            Command::Class(class) => class.check(&corpus),
            Command::List { clause } => list(&corpus, clause),
            Command::Explain { case } => explain(&corpus, &case),
        });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(Stop(code, why)) => {
            // Standard error may be closed; the exit code still tells.
            let _ = writeln!(io::stderr(), "charla-check: {why}");
            ExitCode::from(code)
        }
    }
}

fn scale(given: &str) -> Result<f64, String> {
    match given.parse::<f64>() {
        Ok(scale) if scale > 0.0 && scale <= 100.0 => Ok(scale),
        _ => Err("se espera un número mayor que 0, hasta 100".to_owned()),
    }
}

/// Whether the server conforms.
fn check(corpus: &Corpus, server: &Server) -> Result<bool, Stop> {
    let plan = plan(server)?;
    let selection =
        Selection { filter: server.filter.clone(), skip: server.skip.clone(), clauses: server.clause.clone() };
    let items = selected(corpus, &selection)?;
    end_with_us()?;
    let mut looks = watch::look(Path::new("."));
    loop {
        let conforms = check_once(corpus, server, &plan, &items);
        if !server.watch {
            return conforms;
        }
        if let Err(Stop(_, why)) = conforms {
            print(&format!("{why}\n"));
        }
        print("\nEsperando a que cambie un fichero… (Ctrl-C termina)\n");
        looks = watch::wait(Path::new("."), looks);
    }
}

fn selected<'a>(corpus: &'a Corpus, selection: &Selection) -> Result<Vec<&'a Item>, Stop> {
    let items = corpus.select(selection);
    if items.is_empty() {
        return Err(Stop(USAGE, "ningún caso corresponde al filtro; «charla-check list» los enumera".to_owned()));
    }
    Ok(items)
}

fn check_once(corpus: &Corpus, server: &Server, plan: &Plan, items: &[&Item]) -> Result<bool, Stop> {
    // One that cannot be reached at all is told once, and not for each case.
    drop(plan.program.ready(START.mul_f64(server.timeout_scale)).map_err(|why| Stop(UNREACHED, why))?);
    let run = played(corpus, server, plan, items);
    write_reports(corpus, server, &run)?;
    if run.is_unreached() {
        return Err(Stop(UNREACHED, "no se pudo llegar al programa en ningún caso".to_owned()));
    }
    Ok(run.conforms())
}

fn plan(server: &Server) -> Result<Plan, Stop> {
    let (program, name, again) = if let Some(address) = &server.address {
        let again = format!("charla-check server {address} --filter {{case}}");
        (Program::At(resolve(address)?), address.clone(), again)
    } else {
        let name = shell_words::join(&server.command);
        let again = format!("charla-check server --filter {{case}} -- {name}");
        (Program::Started(Template { words: server.command.clone(), folder: None }), name, again)
    };
    let known = match &server.known_failing {
        Some(file) => read_known(file)?,
        None => BTreeMap::new(),
    };
    Ok(Plan {
        program,
        jobs: server.jobs,
        timeout_scale: server.timeout_scale,
        known,
        strict: server.strict,
        until: None,
        name,
        again,
    })
}

fn resolve(address: &str) -> Result<SocketAddr, Stop> {
    let mut found: Vec<_> = match address.to_socket_addrs() {
        Ok(found) => found.collect(),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            return Err(Stop(USAGE, format!("«{address}» no es HOST:PUERTO, por ejemplo 127.0.0.1:65434")));
        }
        Err(error) => return Err(Stop(UNREACHED, format!("no se encuentra {address} ({error})"))),
    };
    found.sort_by_key(SocketAddr::is_ipv6);
    found.first().copied().ok_or_else(|| Stop(UNREACHED, format!("{address} no tiene dirección")))
}

fn read_known(file: &Path) -> Result<BTreeMap<String, String>, Stop> {
    let text = fs::read_to_string(file)
        .map_err(|error| Stop(USAGE, format!("no se puede leer {} ({error})", file.display())))?;
    known::parse(&text).map_err(|what| Stop(USAGE, format!("{}, {what}", file.display())))
}

/// Plays the cases, and tells of each as it is done.
fn played(corpus: &Corpus, server: &Server, plan: &Plan, items: &[&Item]) -> Run {
    // Where JSON is the output, it is all of the output.
    let silent = server.json.as_deref() == Some(Path::new("-"));
    let colours = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let style = text::Style { colours };
    let bar = if silent || !io::stdout().is_terminal() { ProgressBar::hidden() } else { bar(items.len()) };
    let run = plan.run(corpus, items, |case| {
        if !silent {
            bar.suspend(|| print(&format!("{}\n", text::line(case, style))));
        }
        bar.inc(1);
    });
    bar.finish_and_clear();
    if !silent {
        print(&text::summary(&run, style));
    }
    run
}

fn bar(cases: usize) -> ProgressBar {
    // The template is a constant; where it were wrong, the default would do.
    let style =
        ProgressStyle::with_template("{bar:30} {pos}/{len} casos").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(cases as u64).with_style(style)
}

fn write_reports(corpus: &Corpus, server: &Server, run: &Run) -> Result<(), Stop> {
    let write = |file: &Option<PathBuf>, text: &dyn Fn() -> String| match file {
        None => Ok(()),
        Some(file) if file == Path::new("-") => {
            print(&text());
            Ok(())
        }
        Some(file) => put(file, &text()),
    };
    let xml = junit::junit(run).map_err(|error| Stop(USAGE, format!("no se puede hacer el XML: {error}")))?;
    write(&server.json, &|| json::json(run))?;
    write(&server.report, &|| html::page(run, &corpus.clauses))?;
    write(&server.junit, &|| xml.clone())?;
    write(&server.tap, &|| tap::tap(run))
}

fn put(file: &Path, text: &str) -> Result<(), Stop> {
    fs::write(file, text).map_err(|error| cannot_write(file, &error))
}

fn cannot_write(file: &Path, error: &io::Error) -> Stop {
    Stop(USAGE, format!("no se puede escribir {} ({error})", file.display()))
}

fn list(corpus: &Corpus, clauses: Vec<String>) -> Result<bool, Stop> {
    let items = corpus.select(&Selection { clauses, ..Selection::default() });
    if items.is_empty() {
        return Err(Stop(USAGE, "ningún caso prueba esa regla; «charla-check list» enumera todos".to_owned()));
    }
    for item in items {
        print(&format!("{}  {}\n", item.case.id, item.case.clauses.join(" ")));
    }
    Ok(true)
}

fn explain(corpus: &Corpus, id: &str) -> Result<bool, Stop> {
    let unknown = || Stop(USAGE, format!("no hay ningún caso «{id}»; «charla-check list» los enumera"));
    let item = corpus.get(id).ok_or_else(unknown)?;
    let by_id = corpus.by_id();
    print(&format!("{}\n\n", item.case.title));
    for clause in item.case.clauses.iter().filter_map(|id| by_id.get(id.as_str())) {
        print(&format!("[{}] {}\n", clause.id, clause.text));
    }
    print(&format!("\n{}\n", item.source.trim_end()));
    Ok(true)
}

/// Whoever reads the output may have gone; the exit code still tells.
fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
}

/// Whatever was started ends when we are interrupted.
fn end_with_us() -> Result<(), Stop> {
    listen_for_the_end().map_err(|error| Stop(USAGE, format!("no se pueden atender las señales: {error}")))
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
