//! What was typed before, in this visit and in earlier ones.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::common::script::{Peer, Script};
use crate::common::state_home;
use crate::common::terminal::Terminal;

/// Ana, joined, with this folder for what is kept.
fn ana(script: &Script, state: &Path, args: &[&str]) -> (Terminal, Peer) {
    let mut command = script.client(args);
    command.args(["--name", "Ana"]).env("XDG_STATE_HOME", state);
    let terminal = Terminal::start(command);
    let peer = script.join("Ana");
    terminal.wait_for_text("Tú:");
    (terminal, peer)
}

fn leave(mut terminal: Terminal, peer: Peer) {
    terminal.type_("\u{3}\u{3}");
    peer.expect_leaving();
    assert_eq!(terminal.wait_exit().0, 0);
}

const UP: &str = "\u{1b}[A";

#[test]
fn what_was_said_comes_back_in_the_next_visit() {
    let (script, state) = (Script::new(), state_home());
    let (mut terminal, mut peer) = ana(&script, &state, &[]);
    terminal.type_("uno\r\u{1b}[200~dos\rtres \\n\u{1b}[201~\r");
    for text in ["uno", "dos", "tres \\n"] {
        peer.echo("Ana", text);
    }
    leave(terminal, peer);
    let (mut terminal, mut peer) = ana(&script, &state, &[]);
    terminal.type_(&format!("{UP}\r"));
    for text in ["dos", "tres \\n"] {
        peer.echo("Ana", text);
    }
    // The lines of a paste are one entry, whose rows the cursor goes through.
    terminal.type_(&format!("{UP}{UP}{UP}\r"));
    peer.echo("Ana", "uno");
    leave(terminal, peer);
}

#[test]
fn the_history_is_for_its_owner_and_has_no_name() {
    let (script, state) = (Script::new(), state_home());
    let mut command = script.client(&[]);
    command.env("XDG_STATE_HOME", &state);
    let mut terminal = Terminal::start(command);
    terminal.wait_for_text("Ingresa tu nombre:");
    terminal.type_("Ana\r");
    let mut peer = script.join("Ana");
    terminal.wait_for_text("Tú:");
    terminal.type_("hola\r");
    peer.echo("Ana", "hola");
    leave(terminal, peer);
    let file = state.join("charla/history");
    assert_eq!(fs::read_to_string(&file).unwrap(), "#V2\nhola\n");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn nothing_is_kept_where_it_is_not_wanted() {
    let (script, state) = (Script::new(), state_home());
    let (mut terminal, mut peer) = ana(&script, &state, &["--no-history"]);
    terminal.type_(&format!("uno\r{UP}\r"));
    peer.echo("Ana", "uno");
    peer.echo("Ana", "uno");
    leave(terminal, peer);
    assert!(!state.exists());
}

/// It costs the past, and nothing that is said now.
#[test]
fn a_history_that_cannot_be_read_is_told_once_and_left_alone() {
    let (script, state) = (Script::new(), state_home());
    let file = state.join("charla/history");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, b"#V2\nuno\n\xff\n").unwrap();
    let (mut terminal, mut peer) = ana(&script, &state, &[]);
    terminal.wait_for_text("No se puede leer el historial");
    terminal.type_("dos\rtres\r");
    peer.echo("Ana", "dos");
    peer.echo("Ana", "tres");
    leave(terminal, peer);
    assert_eq!(fs::read(&file).unwrap(), b"#V2\nuno\n\xff\n");
}

#[test]
fn a_history_that_cannot_be_written_is_told_once() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script, Path::new("/proc"), &[]);
    terminal.type_(&format!("dos\r{UP}\r"));
    peer.echo("Ana", "dos");
    peer.echo("Ana", "dos");
    terminal.wait_for_text("No se puede guardar el historial en /proc/charla/history: ");
    leave(terminal, peer);
}

/// The keys of vi: `b` and `x` are commands behind Escape, and letters before it.
#[test]
fn a_line_can_be_edited_with_the_keys_of_vi() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script, &state_home(), &["--vi"]);
    terminal.type_("bx y");
    terminal.wait_for_text("Tú: bx y");
    terminal.type_("\u{1b}bx\r");
    peer.echo("Ana", "bx ");
    leave(terminal, peer);
}

/// Without it they are those of Emacs.
#[test]
fn a_line_can_be_edited_with_the_keys_of_emacs() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script, &state_home(), &[]);
    terminal.type_("dos uno\u{1}\u{4}\u{4}\u{4}\u{4}\u{5} tres\u{17}cuatro\r");
    peer.echo("Ana", "uno cuatro");
    leave(terminal, peer);
}
