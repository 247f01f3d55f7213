//! `charla-client`: visits a chat from a terminal, or as a filter.

use std::env;
use std::io::{self, BufReader, IsTerminal, Write};
use std::process::ExitCode;

use charla::client::{Address, pipe, terminal};
use clap::{ArgAction, Parser};

const HELP: &str = "\
{about}

Uso: {usage}

Argumentos:
{positionals}

Opciones:
{options}{after-help}
";

/// Entra en un chat de Charla, desde una terminal o como filtro.
#[derive(Parser)]
#[command(version, disable_help_flag = true, disable_version_flag = true)]
#[command(override_usage = "charla-client [HOST[:PUERTO]] [--name NOMBRE]", help_template = HELP)]
#[command(after_help = "\
Las líneas «salir», «exit» y «quit» salen del chat, y en una terminal también Ctrl-D y Ctrl-C.
Sin terminal, cada línea de la entrada es un mensaje, y la primera el nombre si falta --name:
  printf 'hola\\n' | charla-client --name Ana

Termina con 0 tras salir, 1 si el servidor cortó o no se pudo llegar a él, 2 por mal uso.")]
struct Options {
    #[arg(value_name = "HOST[:PUERTO]", default_value = "localhost:65434", hide_default_value = true)]
    #[arg(help = "Dónde está el servidor: HOST, HOST:PUERTO o [IPV6]:PUERTO [por defecto: localhost:65434]")]
    address: Address,
    /// Con qué nombre entrar; si falta, se pregunta
    #[arg(long, value_name = "NOMBRE")]
    name: Option<String>,
    /// Muestra esta ayuda
    #[arg(short, long, action = ArgAction::Help)]
    help: Option<bool>,
    /// Muestra la versión
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match visit(options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Standard error may be closed too; the exit code still tells.
            let _ = writeln!(
                io::stderr(),
                "No se puede usar la terminal: {error}. Prueba con otra, o con la entrada desde un fichero."
            );
            ExitCode::FAILURE
        }
    }
}

fn visit(Options { address, name, .. }: Options) -> io::Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let well = runtime.block_on(async {
        if is_interactive() {
            terminal::run(&address, name).await
        } else {
            let lines = pipe::lines(BufReader::new(io::stdin()));
            Ok(pipe::run(&address, name, lines, io::stdout(), io::stderr()).await)
        }
    });
    // The resolution of a host may still be under way: nobody waits for it.
    runtime.shutdown_background();
    well
}

/// Whether a person can edit lines here: the terminals named cannot move a cursor.
fn is_interactive() -> bool {
    let able = !env::var("TERM").is_ok_and(|term| ["dumb", "cons25", "emacs"].contains(&term.as_str()));
    able && io::stdin().is_terminal() && io::stdout().is_terminal()
}
