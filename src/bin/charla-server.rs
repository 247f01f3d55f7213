//! `charla-server`: the reference server. Arguments, tracing, one call.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use charla::server::{self, Console, Options};
use clap::{ArgAction, Parser};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

const HELP: &str = "\
{about}

Uso: charla-server [OPCIONES]

Opciones:
{options}{after-help}";

/// Sirve un chat de Charla: una sala para todos los que se conectan.
#[derive(Parser)]
#[command(version, help_template = HELP, disable_help_flag = true, disable_version_flag = true)]
#[command(after_help = "\
La salida es la transcripción de la sala; los diagnósticos van a la salida de errores.
SIGINT (Ctrl-C) y SIGTERM cierran la sala: cada uno recibe lo dicho antes y su despedida.

Termina con 0 tras cerrar, 1 si no se puede escuchar, 2 por mal uso.")]
struct Arguments {
    /// Dónde escuchar (localhost:65434); se puede repetir; el puerto 0 toma uno libre
    #[arg(long, value_name = "HOST:PUERTO", default_value = "localhost:65434", hide_default_value = true)]
    listen: Vec<Place>,
    /// Cuántas conexiones se admiten a la vez (10000)
    #[arg(long, value_name = "N", default_value_t = Options::default().max_connections, hide_default_value = true)]
    max_connections: usize,
    /// Cuánto tiene un cliente para decir su nombre (30)
    #[arg(long, value_name = "SEGUNDOS", default_value = "30", hide_default_value = true, value_parser = seconds)]
    name_timeout: Duration,
    /// Cuánto pueden los lectores lentos retener la sala, de 0 a 30 (5)
    #[arg(long, value_name = "SEGUNDOS", default_value = "5", hide_default_value = true, value_parser = patience)]
    patience: Duration,
    /// Qué diagnósticos se dan: error, warn, info, debug, trace o un filtro de tracing (warn)
    #[arg(long, value_name = "FILTRO", env = "CHARLA_LOG", default_value = "warn", hide_default_value = true)]
    log: EnvFilter,
    /// Muestra esta ayuda
    #[arg(short, long, action = ArgAction::Help)]
    help: Option<bool>,
    /// Muestra la versión
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}

/// `HOST:PORT`, an IPv6 address in brackets.
#[derive(Clone, Debug)]
struct Place {
    host: String,
    port: u16,
}

impl FromStr for Place {
    type Err = String;

    fn from_str(given: &str) -> Result<Place, String> {
        let (host, port) = given.rsplit_once(':').ok_or("falta el puerto: se espera HOST:PUERTO")?;
        let port = port.parse().map_err(|_| format!("«{port}» no es un puerto (de 0 a 65535)"))?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        match bare {
            None if host.contains(':') => Err(format!("una dirección IPv6 va entre corchetes: [{host}]:{port}")),
            None if host.is_empty() => Err("falta el host: se espera HOST:PUERTO".to_owned()),
            _ => Ok(Place { host: bare.unwrap_or(host).to_owned(), port }),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { host, port } = self;
        if host.contains(':') { write!(f, "[{host}]:{port}") } else { write!(f, "{host}:{port}") }
    }
}

/// A duration in seconds, fractions allowed.
fn seconds(given: &str) -> Result<Duration, String> {
    let seconds: f64 = given.parse().map_err(|_| "se espera un número de segundos".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "se espera un número de segundos, de 0 en adelante".to_owned())
}

/// The patience that SPEC.md allows: from nought to 30 s.
fn patience(given: &str) -> Result<Duration, String> {
    seconds(given).and_then(|patience| {
        if patience > Duration::from_secs(30) { Err("son 30 segundos como mucho".to_owned()) } else { Ok(patience) }
    })
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_log(&arguments);
    match serve(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed too; the exit code still tells.
            let _ = writeln!(io::stderr(), "charla-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start_log(arguments: &Arguments) {
    let colours = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(arguments.log.clone()).with_ansi(colours).with_writer(io::stderr).init();
}

#[tokio::main]
async fn serve(arguments: Arguments) -> Result<(), String> {
    let (mut listeners, mut listening) = (Vec::new(), Vec::new());
    for mut place in arguments.listen {
        let bound = server::bind(&place.host, place.port).await.map_err(|error| cannot_listen(&place, &error))?;
        place.port = bound.first().and_then(|first| first.local_addr().ok()).map_or(place.port, |first| first.port());
        listeners.extend(bound);
        listening.push(place.to_string());
    }
    let shutdown = stop_signal().map_err(|error| format!("no se pueden atender las señales: {error}"))?;
    let console = Console::new(io::stdout(), listening);
    let options = Options {
        max_connections: arguments.max_connections,
        name_timeout: arguments.name_timeout,
        patience: arguments.patience,
        ..Options::default()
    };
    server::run(listeners, options, console, shutdown).await;
    Ok(())
}

fn cannot_listen(place: &Place, error: &io::Error) -> String {
    let way_out = match error.kind() {
        io::ErrorKind::AddrInUse => "el puerto está ocupado: ciérralo o elige otro con --listen HOST:PUERTO",
        io::ErrorKind::AddrNotAvailable => "esta máquina no tiene esa dirección: elige otra con --listen HOST:PUERTO",
        io::ErrorKind::PermissionDenied => "falta permiso: elige un puerto desde 1024 con --listen HOST:PUERTO",
        _ => "comprueba el host y el puerto de --listen HOST:PUERTO",
    };
    format!("no se puede escuchar en {place} ({error}); {way_out}")
}

/// Ready at the first SIGINT or SIGTERM.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
