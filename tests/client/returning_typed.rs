//! [SCREEN-8] The person at a terminal who comes back: when, and what is said again.

use std::thread;
use std::time::Duration;

use crate::common::script::{Peer, Script};
use crate::common::terminal::Terminal;

/// Ana, joined, who is to come back.
fn ana(script: &Script) -> (Terminal, Peer) {
    let terminal = Terminal::start(script.client(&["--name", "Ana", "--reconnect"]));
    let peer = script.join("Ana");
    terminal.wait_for_text("Bienvenido al chat, Ana!\nTú:");
    (terminal, peer)
}

/// Ana, whose text `uno` has had no receipt when her connection was reset.
fn ana_cut_off(script: &Script) -> Terminal {
    let (mut terminal, mut peer) = ana(script);
    terminal.type_("uno\r");
    peer.expect("MSG uno");
    peer.reset();
    terminal
}

const OFFER: &str = "Bienvenido al chat, Ana!\nno se sabe si se entregó: uno\n¿Decirlo de nuevo? (s/n)\n";

/// The exit code of a client that may still have been on its way, to a full room.
fn exit_while_full(terminal: &Terminal, script: &Script) -> i32 {
    thread::scope(|scope| {
        let exit = scope.spawn(|| terminal.wait_exit().0);
        while !exit.is_finished() {
            if let Some(mut peer) = script.accept_within(Duration::from_millis(20)) {
                peer.send("BYE full\n");
            }
        }
        exit.join().unwrap()
    })
}

/// The lines of a screen, each in one row.
fn unwrapped(screen: &str) -> Vec<String> {
    screen.replace("\n  ", " ").lines().map(str::to_owned).collect()
}

/// Why, and when it tries again; then one is in the room, and nothing is asked.
#[test]
fn after_a_broken_connection_and_a_shutdown_one_comes_back() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.type_("uno\r");
    peer.echo("Ana", "uno");
    peer.send("MSG Luis adiós\n");
    terminal.wait_for_text("Luis: adiós\nTú:");
    peer.reset();
    let mut second = script.join("Ana");
    second.send("MSG Luis hola\nBYE shutdown\n");
    let mut third = script.join("Ana");
    let screen = terminal.wait_for(|screen| screen.matches("Bienvenido").count() == 3);
    let lines = unwrapped(&screen);
    assert!(lines[3].contains("el servidor la cortó") && lines[3].contains("Nuevo intento en 0."), "{screen}");
    assert_eq!(lines[4..6], ["Bienvenido al chat, Ana!", "Luis: hola"], "{screen}");
    assert!(lines[6].contains("(shutdown)") && lines[6].contains("Nuevo intento en "), "{screen}");
    assert!(!screen.contains("de nuevo?"), "{screen}");
    terminal.type_("dos\r");
    third.echo("Ana", "dos");
    terminal.type_("salir\r");
    third.expect_leaving();
    assert_eq!((terminal.wait_exit().0, terminal.unusable()), (0, vec![]));
}

/// [SCREEN-7] What had no receipt is offered, and a yes says it, once.
#[test]
fn a_yes_says_again_what_had_no_receipt() {
    for yes in ["s", "Sí "] {
        let script = Script::new();
        let mut terminal = ana_cut_off(&script);
        let mut back = script.join("Ana");
        terminal.wait_for_text(&format!("{OFFER}Tú:"));
        assert!(back.has_heard_nothing());
        terminal.type_(&format!("{yes}\r"));
        back.echo("Ana", "uno");
        terminal.wait_for_text(&format!("{OFFER}Tú: {}\nTú: uno\nTú:", yes.trim()));
        terminal.type_("dos\r");
        back.echo("Ana", "dos");
        terminal.type_("salir\r");
        back.expect_leaving();
        assert_eq!(terminal.wait_exit().0, 0);
    }
}

/// [SCREEN-7] A no leaves it unsaid, and the exit code tells that.
#[test]
fn a_no_leaves_it_unsaid() {
    let script = Script::new();
    let mut terminal = ana_cut_off(&script);
    let mut back = script.join("Ana");
    terminal.wait_for_text(OFFER);
    terminal.type_("n\rdos\r");
    back.echo("Ana", "dos");
    terminal.type_("salir\r");
    back.expect_leaving();
    let (code, screen) = terminal.wait_exit();
    assert!(screen.ends_with(&format!("{OFFER}Tú: n\nTú: dos\nTú: salir")), "{screen}");
    assert_eq!(code, 1);
}

/// Lines that are pasted are texts to the letter.
#[test]
fn a_paste_is_no_answer() {
    let script = Script::new();
    let mut terminal = ana_cut_off(&script);
    let mut back = script.join("Ana");
    terminal.wait_for_text(OFFER);
    terminal.type_("\u{1b}[200~n\ns\ndos\u{1b}[201~\r");
    terminal.wait_for_text("Tú: n\nTú: s\nTú: dos\nTú:");
    assert!(back.has_heard_nothing());
    terminal.type_("s\r");
    for text in ["uno", "n", "s", "dos"] {
        back.echo("Ana", text);
    }
}

/// Anything else waits behind the offer, commands but for that.
#[test]
fn what_is_no_answer_waits_for_one() {
    let script = Script::new();
    let mut terminal = ana_cut_off(&script);
    let mut back = script.join("Ana");
    terminal.wait_for_text(OFFER);
    terminal.type_("/quien\r");
    terminal.wait_for_text("En la sala, 1: Ana (tú)\nTú:");
    terminal.type_("sin prisa\r");
    terminal.wait_for_text("Tú: sin prisa\n¿Decirlo de nuevo? (s/n)\nTú:");
    assert!(back.has_heard_nothing());
    terminal.type_("s\r");
    back.echo("Ana", "uno");
    back.echo("Ana", "sin prisa");
}

/// An offer without an answer is made again after the next break; and what may have been
/// said once is never said to be certainly unsaid.
#[test]
fn an_offer_outlives_further_breaks() {
    let script = Script::new();
    let mut terminal = ana_cut_off(&script);
    let second = script.join("Ana");
    terminal.wait_for_text(OFFER);
    second.close();
    let mut third = script.join("Ana");
    terminal.wait_for(|screen| screen.matches(OFFER).count() == 2);
    terminal.type_("s\rdos\r");
    third.expect("MSG uno");
    third.expect("MSG dos");
    third.send("BYE shutdown\n");
    let fourth = script.join("Ana");
    terminal.wait_for_text("no se sabe si se entregó: uno\nsin entregar: dos\n¿Decirlo de nuevo? (s/n)\nTú:");
    terminal.type_("salir\r");
    fourth.expect_leaving();
    let (code, screen) = terminal.wait_exit();
    let screen = unwrapped(&screen).join("\n");
    assert!(screen.ends_with("cuando quieras.\nno se sabe si se entregó: uno\nsin entregar: dos"), "{screen}");
    assert_eq!(code, 1);
}

/// What is typed while there is no connection is said in its order, once there is one
/// and the offer is answered; what is half typed stays as it is.
#[test]
fn what_is_typed_meanwhile_is_said_afterwards() {
    for cut_off in [false, true] {
        let script = Script::new();
        let mut terminal = if cut_off {
            ana_cut_off(&script)
        } else {
            let (terminal, peer) = ana(&script);
            peer.close();
            terminal
        };
        let mut back = script.accept();
        back.expect("NAME Ana");
        terminal.type_("dos\r/quien\r");
        terminal.wait_for_text("Ahora no estás en la sala.\nTú:");
        terminal.type_("tres\ra medias");
        terminal.wait_for_text("Tú: dos\nTú: /quien\nAhora no estás en la sala.\nTú: tres\nTú: a medias");
        back.send("JOIN Ana\n");
        let above = if cut_off { "(s/n)" } else { "Ana!" };
        terminal.wait_for(|screen| screen.ends_with(&format!("{above}\nTú: a medias")));
        if cut_off {
            terminal.type_("\u{3}s\r");
            back.echo("Ana", "uno");
        }
        back.echo("Ana", "dos");
        back.echo("Ana", "tres");
    }
}

/// [UI-12] While it waits, tries to connect, or waits for the answer, the wish to leave
/// is enough; what was typed in vain is named.
#[test]
fn one_leaves_while_away() {
    for keys in ["salir\r", "\u{3}", "\u{4}"] {
        let script = Script::new();
        let (mut terminal, peer) = ana(&script);
        peer.close();
        let mut refused = script.accept();
        refused.expect("NAME Ana");
        refused.send("BYE full\n");
        terminal.wait_for_text("(full)");
        terminal.type_(keys);
        assert_eq!(exit_while_full(&terminal, &script), 0, "{keys:?}");
        assert!(terminal.is_usable());
    }
    let script = Script::new();
    let mut terminal = ana_cut_off(&script);
    let mut back = script.accept();
    back.expect("NAME Ana");
    terminal.type_("dos\rsalir\r");
    back.expect_leaving();
    let (code, screen) = terminal.wait_exit();
    assert!(screen.ends_with("Tú: salir\nno se sabe si se entregó: uno\nsin entregar: dos"), "{screen}");
    assert_eq!(code, 1);
}

/// [SCREEN-6] An attempt that reaches nobody is told; a signal ends the attempts, too.
#[test]
fn a_signal_leaves_while_nobody_is_there() {
    let script = Script::new();
    let (mut terminal, peer) = ana(&script);
    script.stop();
    peer.close();
    terminal.wait_for_text("nadie escucha ahí");
    terminal.terminate();
    assert_eq!((terminal.wait_exit().0, terminal.unusable()), (0, vec![]));
}

/// After a broken connection the server may still hold the name: that passes.
#[test]
fn ones_own_ghost_is_waited_for() {
    let script = Script::new();
    let (terminal, peer) = ana(&script);
    peer.reset();
    let mut refused = script.accept();
    refused.expect("NAME Ana");
    refused.send("BYE name-taken\n");
    refused.expect_end();
    let _back = script.join("Ana");
    let screen = terminal.wait_for(|screen| screen.matches("Bienvenido").count() == 2);
    let lines = unwrapped(&screen);
    assert!(lines[2].contains("(name-taken)") && lines[2].contains("Nuevo intento en "), "{screen}");
}

/// [SCREEN-6] A name that someone else has by now is the end, with its reason.
#[test]
fn a_name_that_is_refused_afterwards_ends_it() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.type_("uno\r");
    peer.expect("MSG uno");
    peer.send("BYE shutdown\n");
    let mut refused = script.accept();
    refused.expect("NAME Ana");
    terminal.type_("a medias");
    terminal.wait_for_text("Tú: a medias");
    refused.send("BYE name-taken\n");
    let (code, screen) = terminal.wait_exit();
    let lines = unwrapped(&screen);
    assert!(
        lines[3].starts_with(
            "No se puede entrar como «Ana»: el nombre, u otro que se le parece, ya está en uso (name-taken)."
        ),
        "{screen}"
    );
    assert_eq!(lines[4..], ["sin entregar: uno", "Tú: a medias"], "{screen}");
    assert_eq!((code, terminal.unusable()), (1, vec![]));
}

/// What would end in the same way again ends it, and so does a first refusal.
#[test]
fn some_endings_are_the_end() {
    let script = Script::new();
    let (terminal, mut peer) = ana(&script);
    peer.send("BYE too-slow\n");
    let (code, screen) = terminal.wait_exit();
    assert!(screen.contains("(too-slow)") && !screen.contains("Nuevo intento"), "{screen}");
    assert_eq!(code, 1);
    let terminal = Terminal::start(script.client(&["--name", "Ana", "--reconnect"]));
    script.accept().send("BYE full\n");
    assert_eq!(terminal.wait_exit().0, 1);
}
