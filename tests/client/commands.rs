//! What is for the client and not for the room: commands, and the key Tab.

use crate::common::script::Script;
use crate::editing::ana;

/// Who is there is told, oneself among them, and nobody else hears of it.
#[test]
fn who_is_there_is_told() {
    let script = Script::new();
    let mut terminal = crate::common::terminal::Terminal::start(script.client(&["--name", "Ana"]));
    let mut peer = script.accept();
    peer.expect("NAME Ana");
    peer.send("JOIN Eva\nJOIN Luis\nJOIN Ana\nJOIN Leo\nLEAVE Luis\n");
    terminal.wait_for_text("Luis ha salido del chat\nTú:");
    terminal.type_("/quien\r");
    terminal.wait_for_text("Tú: /quien\nEn la sala, 3: Eva, Ana (tú), Leo\nTú:");
    terminal.type_("hola\r");
    peer.echo("Ana", "hola");
}

/// The help names every command.
#[test]
fn help_is_told() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.type_("/ayuda\r");
    let screen = terminal.wait_for_text("las flechas traen lo ya escrito.\nTú:");
    for command in ["\n/quien ", "\n/salir ", "\n/ayuda ", "\n//texto "] {
        assert!(screen.contains(command), "{screen}");
    }
    terminal.type_("/salir \r");
    peer.expect("BYE");
    peer.send("BYE quit\n");
    assert_eq!(terminal.wait_exit().0, 0);
}

/// [UI-17] What begins with one slash is never said; with two, it is said with one.
#[test]
fn a_text_that_begins_with_a_slash_is_typed_with_two() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.type_("/quienes \r");
    terminal.wait_for_text("Tú: /quienes\n/quienes no es una orden, y no se ha dicho.");
    terminal.type_("//quien\r");
    peer.echo("Ana", "/quien");
    terminal.wait_for_text("\nTú: /quien\nTú:");
}

/// [UI-17] In a paste of several lines they are all texts.
#[test]
fn what_is_pasted_in_several_lines_is_no_command() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.type_("\u{1b}[200~/quien\r// nota\u{1b}[201~\r");
    peer.echo("Ana", "/quien");
    peer.echo("Ana", "// nota");
    terminal.wait_for_text("Tú: /quien\nTú: // nota\nTú:");
}

/// Tab: names as one addresses someone, or bare; who spoke last first; and commands.
#[test]
fn tab_completes_names_and_commands() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    peer.send("JOIN Carlos\nJOIN Carla\nMSG Carlos hola\nMSG Carla hola\nMSG Carlos ¿y Ana?\n");
    terminal.wait_for_text("¿y Ana?\nTú:");
    terminal.type_("car\t");
    terminal.wait_for_text("\nTú: Carlos:");
    terminal.type_("\t");
    terminal.wait_for_text("\nTú: Carla:");
    peer.send("MSG Carla mientras tanto\n");
    terminal.wait_for_text("Carla: mientras tanto\nTú: Carla:");
    terminal.type_("y carl\t!\r");
    peer.echo("Ana", "Carla: y Carla!");
    terminal.type_("/qui\t\r");
    terminal.wait_for_text("En la sala, 3: Ana (tú), Carlos, Carla");
    peer.send("LEAVE Carla\n");
    terminal.wait_for_text("Carla ha salido del chat\nTú:");
    terminal.type_("carl\tx\r");
    peer.echo("Ana", "Carlos: x");
}
