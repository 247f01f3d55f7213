//! The server, or the network, ends the visit: what a person is told.

use crate::common::script::Script;
use crate::common::terminal::Terminal;
use crate::editing::ana;

/// The lines that remain on the screen, and the exit code.
fn remains(terminal: &Terminal) -> (i32, Vec<String>) {
    let (code, screen) = terminal.wait_exit();
    assert!(terminal.is_usable());
    (code, screen.lines().map(str::to_owned).collect())
}

/// [SCREEN-6] [SCREEN-7] [SCREEN-8] [SCREEN-3] The server's `BYE`: why, in its
/// words too, what was not said, and what was half typed stays.
#[test]
fn the_servers_bye_is_told_with_what_was_not_said() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.type_("con recibo\r");
    peer.echo("Ana", "con recibo");
    terminal.type_("uno\rdos\ra medias");
    peer.expect("MSG uno");
    peer.expect("MSG dos");
    terminal.wait_for_text("Tú: a medias");
    peer.send("BYE shutdown \u{1b}[31mbuenas noches\n");
    let (code, rows) = remains(&terminal);
    assert_eq!(rows[..4], ["Bienvenido al chat, Ana!", "Tú: con recibo", "Tú: uno", "Tú: dos"]);
    let told = rows[4..].iter().map(|row| row.trim_start()).collect::<Vec<_>>().join(" ");
    assert!(told.starts_with("Fin de la conexión con 127.0.0.1:"), "{told}");
    assert!(told.contains("el servidor se ha detenido (shutdown: [31mbuenas noches)."), "{told}");
    assert!(told.ends_with("sin entregar: uno sin entregar: dos Tú: a medias"), "{told}");
    assert_eq!(code, 1);
    assert!(terminal.output().contains("\u{fffd}[31mbuenas noches)"));
}

/// [SCREEN-6] [SCREEN-7] An end of stream without `BYE`, and a reset: whether a
/// text was said is unknown. The empty prompt is gone.
#[test]
fn an_end_without_bye_leaves_it_unknown() {
    for reset in [false, true] {
        let script = Script::new();
        let (mut terminal, mut peer) = ana(&script);
        terminal.type_("uno\r");
        peer.expect("MSG uno");
        terminal.wait_for_text("Tú: uno\nTú:");
        if reset {
            peer.reset();
        } else {
            peer.close();
        }
        let (code, rows) = remains(&terminal);
        assert_eq!(rows.last().map(String::as_str), Some("no se sabe si se entregó: uno"));
        let reason = if reset { "el servidor la cortó" } else { "sin despedirse" };
        assert!(rows.concat().contains(reason), "{rows:?}");
        assert_eq!(code, 1);
    }
}

/// [SCREEN-7] [CLIENT-15] After `too-slow`, and after a code of a later version,
/// it is unknown too.
#[test]
fn some_codes_leave_it_unknown() {
    for code in ["too-slow", "de-mas-tarde"] {
        let script = Script::new();
        let (mut terminal, mut peer) = ana(&script);
        terminal.type_("uno\r");
        peer.expect("MSG uno");
        peer.send(&format!("BYE {code}\n"));
        let (exit, rows) = remains(&terminal);
        assert!(rows.concat().contains(&format!("({code})")), "{rows:?}");
        assert_eq!((exit, rows.last().map(String::as_str)), (1, Some("no se sabe si se entregó: uno")));
    }
}

/// [SCREEN-7] [CLIENT-10] Also who left by wish is told what was not said: here
/// the lines that were pasted behind the wish, and a text without a receipt.
#[test]
fn who_leaves_is_told_what_was_not_said() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.type_("\u{1b}[200~uno\rsalir\rdos\u{1b}[201~\r");
    peer.expect("MSG uno");
    peer.expect("BYE");
    peer.close();
    let (_, rows) = remains(&terminal);
    assert!(rows.ends_with(&["no se sabe si se entregó: uno".to_owned(), "sin entregar: dos".to_owned()]), "{rows:?}");
}

/// A text that has had no receipt for a while is marked, once, before the end names it.
#[test]
fn a_text_without_a_receipt_is_marked() {
    let script = Script::new();
    let terminal = &mut Terminal::start(script.client(&["--name", "Ana", "--overdue", "1"]));
    let mut peer = script.join("Ana");
    terminal.type_("uno\r");
    peer.echo("Ana", "uno");
    terminal.type_("dos\r");
    peer.expect("MSG dos");
    terminal.wait_for_text("Tú: uno\nTú: dos\nsin recibo todavía: dos\nTú:");
    peer.send("MSG Ana dos\nMSG Luis ahora\n");
    terminal.wait_for_text("todavía: dos\nLuis: ahora\nTú:");
    terminal.type_("tres\r");
    terminal.wait_for_text("sin recibo todavía: tres\nTú:");
    peer.expect("MSG tres");
    peer.close();
    let (_, rows) = remains(terminal);
    assert_eq!(rows.last().map(String::as_str), Some("no se sabe si se entregó: tres"));
    assert_eq!(rows.concat().matches("sin recibo").count(), 2);
}

/// [SCREEN-6] Every code has its reason, before one is in the room, too.
#[test]
fn a_bye_before_the_own_join_is_told() {
    for (code, reason) in [("full", "el servidor está lleno"), ("timeout", "el nombre no llegó a tiempo")] {
        let script = Script::new();
        let terminal = Terminal::start(script.client(&["--name", "Ana"]));
        let mut peer = script.accept();
        peer.send(&format!("BYE {code}\n"));
        let (exit, rows) = remains(&terminal);
        assert!(rows.concat().contains(reason), "{rows:?}");
        assert_eq!(exit, 1);
    }
}

/// [SCREEN-6] [CLIENT-19] The end is told even while the line editor does
/// something else: here it searches what was typed before.
#[test]
fn the_end_is_told_during_a_search() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.type_("uno\r");
    peer.echo("Ana", "uno");
    terminal.type_("\u{12}");
    terminal.wait_for_text("reverse-i-search");
    peer.send("BYE shutdown\n");
    let (code, rows) = remains(&terminal);
    assert!(rows.concat().contains("el servidor se ha detenido (shutdown)."), "{rows:?}");
    assert_eq!(code, 1);
}

/// [CLIENT-11] Who is asked to end by a signal leaves, and what was half typed
/// stays on the screen.
#[test]
fn a_signal_leaves_what_was_half_typed() {
    let script = Script::new();
    let (mut terminal, peer) = ana(&script);
    terminal.type_("a medias");
    terminal.wait_for_text("Tú: a medias");
    terminal.terminate();
    peer.expect_leaving();
    let (code, rows) = remains(&terminal);
    assert_eq!((code, rows.concat().as_str()), (0, "Bienvenido al chat, Ana!Tú: a medias"));
}
