//! `docs/session.svg` is what README.md shows: the screen of Ana, in a room of the real
//! server with real clients. It is generated:
//!
//! ```sh
//! CHARLA_UPDATE=1 cargo test --test picture
//! ```
#![cfg(feature = "cli")]

mod common;

use std::fmt::Write;
use std::fs;
use std::path::Path;

use vt100::{Cell, Color, Screen};

use common::script::client;
use common::server::Server;
use common::terminal::Terminal;

const ROWS: u16 = 13;
const COLUMNS: u16 = 72;

/// A cell, the margin and the size of the letters, in pixels.
const WIDTH: u16 = 9;
const HEIGHT: u16 = 20;
const MARGIN: u16 = 16;
const LETTERS: u16 = 15;

const PAPER: &str = "#101216";
const INK: &str = "#d6d9df";

fn join(server: &Server, name: &str) -> Terminal {
    let terminal = Terminal::start(client(&[&server.address.to_string(), "--name", name, "--color", "always"]));
    terminal.resize(ROWS, COLUMNS);
    terminal.wait_for_text("Tú:");
    terminal
}

/// What Ana sees at the end, with a line half typed.
fn session() -> Screen {
    let server = Server::start();
    let mut ana = join(&server, "Ana");
    let mut carlos = join(&server, "Carlos");
    ana.wait_for_text(">>> Carlos se ha unido al chat");
    carlos.type_("Hola Ana, ¿cómo estás?\r");
    ana.wait_for_text("cómo estás?\nTú:");
    ana.type_("Car\t");
    ana.wait_for_text("Tú: Carlos:");
    ana.type_("muy bien, gracias!\r");
    let mut eva = join(&server, "Eva");
    ana.wait_for_text(">>> Eva se ha unido al chat");
    eva.type_("¡Buenas! ¿Quién trae hoy el pan?\r");
    ana.wait_for_text("el pan?\nTú:");
    carlos.type_("Yo lo traje ayer, así que hoy le toca a Ana, y que esta vez no se olvide del de nueces.\r");
    ana.wait_for_text("nueces.\nTú:");
    ana.type_("/quien\r");
    ana.wait_for_text("En la sala");
    let _tu = join(&server, "Tú");
    ana.wait_for_text("se ha unido al chat\nTú:");
    eva.type_("Ese no eres tú, Ana, ¿verdad?\r");
    ana.wait_for_text("¿verdad?\nTú:");
    ana.type_("ev\t");
    ana.wait_for_text("Tú: Eva:");
    ana.type_("no, por eso va entre comillas");
    ana.wait_for_typed("entre comillas");
    ana.emulated()
}

/// The look of a cell: its colour, and whether it is bold.
fn look(cell: &Cell) -> (String, bool) {
    let color = match cell.fgcolor() {
        Color::Default => INK.to_owned(),
        Color::Idx(index @ 16..232) => {
            let [red, green, blue] = [36, 6, 1].map(|weight| level((index - 16) / weight % 6));
            format!("#{red:02x}{green:02x}{blue:02x}")
        }
        other => panic!("the client uses no {other:?}"),
    };
    (color, cell.bold())
}

/// A level of the colour cube of 256-colour terminals.
fn level(step: u8) -> u8 {
    if step == 0 { 0 } else { 55 + 40 * step }
}

/// Neighbours that look the same, from one column to another.
struct Run {
    from: u16,
    to: u16,
    look: (String, bool),
    text: String,
}

/// A row as runs; spaces between them are in none.
fn runs(screen: &Screen, row: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for column in 0..COLUMNS {
        let cell = screen.cell(row, column).unwrap();
        let (text, look) = (cell.contents(), look(cell));
        match runs.last_mut() {
            Some(run) if run.look == look => {
                run.text.push_str(if cell.has_contents() { text } else { " " });
                run.to = column + 1;
            }
            _ => runs.push(Run { from: column, to: column + 1, look, text: text.to_owned() }),
        }
    }
    runs.into_iter().filter_map(trimmed).collect()
}

/// The run without the spaces around it, if anything else is in it.
fn trimmed(run: Run) -> Option<Run> {
    let text = run.text.trim();
    let spaces = |text: &str| u16::try_from(text.chars().take_while(|&c| c == ' ').count()).unwrap();
    let behind = spaces(&run.text.chars().rev().collect::<String>());
    let (from, to) = (run.from + spaces(&run.text), run.to - behind);
    (!text.is_empty()).then(|| Run { from, to, text: text.to_owned(), ..run })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A run is as wide as its cells, whatever the font.
fn drawn(run: &Run, row: u16) -> String {
    let (x, y) = (MARGIN + run.from * WIDTH, MARGIN + row * HEIGHT + LETTERS);
    let width = (run.to - run.from) * WIDTH;
    let (color, bold) = &run.look;
    let weight = if *bold { r#" font-weight="bold""# } else { "" };
    format!(r#"<text x="{x}" y="{y}" textLength="{width}" fill="{color}"{weight}>{}</text>"#, escaped(&run.text))
}

fn svg(screen: &Screen) -> String {
    let (width, height) = (COLUMNS * WIDTH + 2 * MARGIN, ROWS * HEIGHT + 2 * MARGIN);
    let (row, column) = screen.cursor_position();
    let (x, y) = (MARGIN + column * WIDTH, MARGIN + row * HEIGHT);
    let rows = screen.rows(0, COLUMNS).map(|row| row.trim_end().to_owned()).collect::<Vec<_>>().join("\n");
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-labelledby="title screen">
<title id="title">charla-client at a terminal</title>
<desc id="screen">{}</desc>
<rect width="{width}" height="{height}" rx="8" fill="{PAPER}"/>
<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" fill="{INK}"/>
<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="{LETTERS}">
"#,
        escaped(rows.trim_end())
    );
    for row in 0..ROWS {
        for run in runs(screen, row) {
            writeln!(svg, "{}", drawn(&run, row)).unwrap();
        }
    }
    svg + "</g>\n</svg>\n"
}

#[test]
fn the_picture_is_in_step() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/session.svg");
    let now = svg(&session());
    if std::env::var_os("CHARLA_UPDATE").is_some() {
        fs::write(&file, &now).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == now, "docs/session.svg is behind: CHARLA_UPDATE=1 cargo test --test picture");
}
