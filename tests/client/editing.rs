//! A visit at a terminal: the name, the prompt, what is typed and what arrives.

use crate::common::script::{Peer, Script, client};
use crate::common::terminal::Terminal;

/// Ana, joined, with the prompt on her screen.
pub(crate) fn ana(script: &Script) -> (Terminal, Peer) {
    let terminal = Terminal::start(script.client(&["--name", "Ana"]));
    let peer = script.join("Ana");
    terminal.wait_for(|screen| screen == "Bienvenido al chat, Ana!\nTú:");
    (terminal, peer)
}

/// [UI-4] [UI-6] [UI-7] [CLIENT-1] The name is asked for before connecting, and
/// loses the spaces around it.
#[test]
fn the_name_is_asked_for_before_connecting() {
    let script = Script::new();
    let mut terminal = Terminal::start(script.client(&[]));
    terminal.wait_for(|screen| screen == "Ingresa tu nombre:");
    assert!(script.is_unvisited());
    terminal.type_("  Ana \r");
    let _peer = script.join("Ana");
    terminal.wait_for(|screen| screen == "Ingresa tu nombre:   Ana\nBienvenido al chat, Ana!\nTú:");
}

/// [UI-7] [UI-8] [UI-9] [UI-12] [SCREEN-1] [SCREEN-2] [SCREEN-4] What remains on
/// the screen of Ana is the transcript of the documentation.
#[test]
fn the_screen_that_remains_is_the_transcript() {
    let script = Script::new();
    let mut terminal = Terminal::start(script.client(&[]));
    terminal.wait_for_text("Ingresa tu nombre:");
    terminal.type_("Ana\r");
    let mut peer = script.join("Ana");
    terminal.wait_for_text("Bienvenido al chat, Ana!\nTú:");
    peer.send("JOIN Carlos\n");
    terminal.wait_for_text(">>> Carlos se ha unido al chat\nTú:");
    terminal.type_("Hola a todos!\r");
    peer.echo("Ana", "Hola a todos!");
    peer.send("MSG Carlos Hola Ana, ¿cómo estás?\n");
    terminal.wait_for_text("Carlos: Hola Ana, ¿cómo estás?\nTú:");
    terminal.type_("Muy bien, gracias!\r");
    peer.echo("Ana", "Muy bien, gracias!");
    terminal.wait_for_text("gracias!\nTú:");
    terminal.type_("\u{4}");
    peer.expect_leaving();
    let (code, screen) = terminal.wait_exit();
    assert_eq!(
        screen,
        "Ingresa tu nombre: Ana\nBienvenido al chat, Ana!\n>>> Carlos se ha unido al chat\nTú: Hola a todos!\n\
         Carlos: Hola Ana, ¿cómo estás?\nTú: Muy bien, gracias!"
    );
    assert_eq!(code, 0);
    assert!(terminal.is_usable());
    // The cursor stands where a shell's prompt goes on.
    assert_eq!(terminal.cursor(), (6, 0));
}

/// [UI-5] A name that is taken or invalid is asked for again, with the reason, on
/// a new connection; also the one of `--name`.
#[test]
fn a_refused_name_is_asked_for_again() {
    let script = Script::new();
    let mut terminal = Terminal::start(script.client(&["--name", "Ana"]));
    let mut first = script.accept();
    first.expect("NAME Ana");
    first.send("BYE name-taken ya hay una\u{1b}[2J\n");
    let screen = terminal.wait_for_text("Ingresa tu nombre:");
    let told = screen.replace("\n  ", " ");
    assert!(told.starts_with(
        "No se puede entrar como «Ana»: el nombre, u otro que se le parece, ya está en uso (name-taken: ya hay una"
    ));
    assert!(terminal.output().contains("ya hay una\u{fffd}[2J)"));
    terminal.type_("Eva\r");
    let mut second = script.accept();
    second.expect("NAME Eva");
    second.send("BYE name-invalid\n");
    terminal.wait_for_text("el nombre no es válido (name-invalid)");
    terminal.type_("Luis\r");
    let _third = script.join("Luis");
    terminal.wait_for_text("Bienvenido al chat, Luis!\nTú:");
}

/// [UI-5] [CLIENT-5] A name that no server would take is not even tried.
#[test]
fn what_is_no_name_is_not_sent() {
    let script = Script::new();
    let mut terminal = Terminal::start(script.client(&["--name", ""]));
    for (name, reason) in
        [("dos nombres", "tiene espacios"), (&"ñ".repeat(17), "tiene 34 bytes"), ("a\u{200b}", "U+200B"), ("", "vacío")]
    {
        terminal.wait_for(|screen| screen.ends_with("Ingresa tu nombre:"));
        terminal.type_(&format!("{name}\r"));
        terminal.wait_for_text(reason);
    }
    assert!(script.is_unvisited());
}

/// [UI-11] [UI-12] [CLIENT-11] [CLIENT-12] The words and the keys that leave do so
/// with `BYE`, and what comes before the answer is still shown.
#[test]
fn words_and_keys_leave() {
    for keys in ["salir\r", " exit \r", "quit\r", "\u{3}", "\u{4}"] {
        let script = Script::new();
        let (mut terminal, mut peer) = ana(&script);
        terminal.type_(keys);
        peer.expect("BYE");
        peer.send("MSG Luis espera\nBYE quit\n");
        peer.expect_end();
        let (code, screen) = terminal.wait_exit();
        let typed = keys.trim_end().trim_matches(char::is_control);
        let prompt = if typed.is_empty() { String::new() } else { format!("Tú: {typed}\n") };
        assert_eq!(screen, format!("Bienvenido al chat, Ana!\n{prompt}Luis: espera"), "{keys:?}");
        assert_eq!((code, terminal.unusable()), (0, vec![]), "{keys:?}");
    }
}

/// [UI-12] Ctrl-C clears what is typed, says how to leave, and leaves on an empty line.
/// Of that nothing remains on the screen.
#[test]
fn ctrl_c_clears_the_line_and_then_leaves() {
    let script = Script::new();
    let (mut terminal, peer) = ana(&script);
    terminal.type_("a medias, y más larga que una sola fila de ochenta columnas, para que sean dos filas\u{1b}[D\u{3}");
    terminal.wait_for(|screen| screen == "Bienvenido al chat, Ana!\nTú: (Ctrl-C otra vez, o salir)");
    assert_eq!(terminal.cursor(), (1, 4));
    terminal.type_("o");
    terminal.wait_for(|screen| screen == "Bienvenido al chat, Ana!\nTú: o");
    terminal.type_("\u{3}\u{3}");
    peer.expect_leaving();
    let (code, screen) = terminal.wait_exit();
    assert_eq!((code, screen.as_str()), (0, "Bienvenido al chat, Ana!"));
}

/// What Ctrl-C has cleared can be had back by the key that brings back what was cut.
#[test]
fn a_cleared_line_can_be_had_back() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.type_("por error\u{3}\u{19}\r");
    peer.echo("Ana", "por error");
}

/// [UI-11] At the prompt for the name one leaves without having connected.
#[test]
fn words_and_keys_leave_at_the_prompt_for_the_name() {
    for keys in ["salir\r", " exit \r", "quit\r", "\u{3}", "\u{4}"] {
        let script = Script::new();
        let mut terminal = Terminal::start(script.client(&[]));
        terminal.wait_for_text("Ingresa tu nombre:");
        terminal.type_(keys);
        assert_eq!((terminal.wait_exit().0, terminal.unusable()), (0, vec![]), "{keys:?}");
        assert!(script.is_unvisited());
    }
}

/// [CLIENT-11] Ctrl-C leaves while the server has not answered yet, too.
#[test]
fn a_server_that_does_not_answer_can_be_left() {
    let script = Script::new();
    let mut terminal = Terminal::start(script.client(&[]));
    terminal.wait_for_text("Ingresa tu nombre:");
    terminal.type_("Ana\r");
    let mut peer = script.accept();
    peer.expect("NAME Ana");
    terminal.type_("\u{3}");
    peer.expect_leaving();
    assert_eq!((terminal.wait_exit().0, terminal.unusable()), (0, vec![]));
}

/// [UI-6] [CLIENT-5] [CLIENT-21] Spaces of a text are kept, and an empty line says nothing.
#[test]
fn texts_are_said_as_they_are_typed() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.type_("\r  a  b \r \rc\r");
    for text in ["  a  b ", " ", "c"] {
        peer.echo("Ana", text);
    }
}

/// [CLIENT-9] [CLIENT-10] A typed or pasted tab is a space, another control
/// character U+FFFD.
#[test]
fn control_characters_that_are_typed_are_replaced() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.type_("a\tb\r");
    peer.echo("Ana", "a b");
    terminal.type_("\u{1b}[200~a\tb\u{7}\u{9b}2Jc\u{1b}[201~");
    terminal.wait_for_text("Tú: a b\nTú: a b2Jc");
    assert_eq!(terminal.cursor(), (2, 10));
    terminal.type_("!\r");
    peer.echo("Ana", "a b\u{fffd}\u{fffd}2Jc!");
    terminal.wait_for(|screen| screen.ends_with("\nTú:"));
    assert!(terminal.output().contains("Tú: a b\u{fffd}\u{fffd}2Jc!"));
}

/// [CLIENT-6] [CLIENT-7] [CLIENT-8] A long text is split between characters that
/// belong together.
#[test]
fn a_long_text_is_split() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    let cluster = "e\u{301}";
    terminal.type_(&format!("x{}\r", cluster.repeat(500)));
    peer.echo("Ana", &format!("x{}", cluster.repeat(341)));
    peer.echo("Ana", &cluster.repeat(159));
}

/// [CLIENT-10] What the terminal sends in no known encoding is lost with a word.
#[test]
fn what_is_no_utf8_is_told() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.type_bytes(b"a\xff");
    terminal.wait_for_text("Lo tecleado no era UTF-8 y se ha perdido. Escríbelo de nuevo.\nTú:");
    terminal.type_("a\r");
    peer.echo("Ana", "a");
}

/// [UI-10] [SCREEN-2] A burst of messages leaves the prompt and what is half typed
/// as they are, and comes whole.
#[test]
fn a_burst_leaves_the_prompt_and_the_typed_text_whole() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.type_("a medio escr");
    terminal.wait_for_text("Tú: a medio escr");
    let burst: String = (0..10_000).map(|n| format!("MSG Luis mensaje {n}\n")).collect();
    peer.send(&burst);
    terminal.type_("ibir");
    let screen = terminal.wait_for(|screen| screen.contains("mensaje 9999\n") && screen.contains("escribir"));
    let expected: String = (9977..10_000).map(|n| format!("Luis: mensaje {n}\n")).collect();
    assert_eq!(screen, format!("{expected}Tú: a medio escribir"));
    assert_eq!(terminal.cursor(), (23, 20));
    terminal.type_("\r");
    peer.echo("Ana", "a medio escribir");
    let output = terminal.output();
    let shown = output.lines().filter_map(|line| line.split_once("Luis: mensaje ")).map(|(_, n)| n.trim_end());
    assert!(shown.eq((0..10_000).map(|n| n.to_string())));
}

/// [UI-10] What is typed while messages arrive is neither lost nor mixed.
#[test]
fn lines_typed_into_a_burst_are_said() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    for n in 0..50 {
        peer.send(&format!("MSG Luis {n}\n"));
        terminal.type_(&format!("texto {n}\r"));
    }
    for n in 0..50 {
        peer.echo("Ana", &format!("texto {n}"));
    }
    peer.send("MSG Luis fin\n");
    let screen = terminal.wait_for(|screen| screen.ends_with("Luis: fin\nTú:"));
    assert!(screen.lines().all(|row| row.starts_with("Luis: ") || row.starts_with("Tú:")), "{screen}");
    let output = terminal.output();
    let order: Vec<_> = (0..50).map(|n| output.find(&format!("Luis: {n}\r\n")).expect("every message")).collect();
    assert!(order.is_sorted());
}

/// [CLIENT-10] Fifty lines pasted without and with the marks of a paste are fifty
/// messages; where they are known to be pasted, it asks.
#[test]
fn pasted_lines_are_all_said() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    let lines: Vec<_> = (0..50).map(|n| format!("línea pegada {n}")).collect();
    terminal.type_(&format!("{}\r", lines.join("\r")));
    for line in &lines {
        peer.echo("Ana", line);
    }
    terminal.type_(&format!("\u{1b}[200~{}\u{1b}[201~", lines.join("\r")));
    terminal.wait_for(|screen| screen.ends_with("\nlínea pegada 49"));
    terminal.type_("\r");
    terminal.wait_for_text("línea pegada 49 ¿Enviar 50 líneas? (s/n)");
    terminal.type_("s");
    for line in &lines {
        peer.echo("Ana", line);
    }
    let shown: Vec<_> = lines.iter().skip(27).map(|line| format!("Tú: {line}\n")).collect();
    terminal.wait_for(|screen| screen == format!("{}Tú:", shown.concat()));
}

/// Above five lines it asks: anything but a yes leaves them where they are, to be
/// changed or cleared, and messages may come meanwhile.
#[test]
fn a_long_paste_is_asked_about() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.type_("\u{1b}[200~1\r2\r\r3\r4\r5\u{1b}[201~\r");
    for text in ["1", "2", "3", "4", "5"] {
        peer.echo("Ana", text);
    }
    terminal.type_("\u{1b}[200~1\r2\r3\r4\r5\r6\u{1b}[201~\r");
    terminal.wait_for_text("\nTú: 1\n2\n3\n4\n5\n6 ¿Enviar 6 líneas? (s/n)");
    peer.send("MSG Luis hola\n");
    terminal.wait_for_text("\nLuis: hola\nTú: 1\n2\n3\n4\n5\n6 ¿Enviar 6 líneas? (s/n)");
    terminal.type_("n");
    terminal.wait_for(|screen| screen.ends_with("\nTú: 1\n2\n3\n4\n5\n6"));
    terminal.type_("\r\u{1b}[200~s\r7\u{1b}[201~\r");
    terminal.wait_for_text("\n6s\n7 ¿Enviar 7 líneas? (s/n)");
    terminal.type_("\u{3}");
    terminal.wait_for(|screen| screen.ends_with("\n6s\n7"));
    terminal.type_("\u{3}");
    terminal.wait_for(|screen| screen.ends_with("Luis: hola\nTú: (Ctrl-C otra vez, o salir)"));
    terminal.type_("nada\r");
    peer.echo("Ana", "nada");
}

/// [UI-10] In a narrow window a long line is still whole, with what arrives above.
#[test]
fn a_narrow_window_keeps_a_long_line_whole() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.resize(10, 30);
    terminal.type_("una línea que no cabe en una sola fila, 漢字");
    terminal.wait_for_text("Tú: una línea que no cabe en u\nna sola fila, 漢字");
    peer.send("MSG Luis hola\n");
    terminal.wait_for_text("Luis: hola\nTú: una línea que no cabe en u\nna sola fila, 漢字");
}

/// A terminal that cannot move its cursor gets the filter.
#[test]
fn a_dumb_terminal_gets_the_filter() {
    let script = Script::new();
    let mut command = script.client(&[]);
    command.env("TERM", "dumb");
    let mut terminal = Terminal::start(command);
    terminal.type_("Ana\rhola\rsalir\r");
    let mut peer = script.join("Ana");
    peer.echo("Ana", "hola");
    peer.expect_leaving();
    let (code, screen) = terminal.wait_exit();
    // Whatever such a terminal echoes stands before it.
    assert!(screen.ends_with("Bienvenido al chat, Ana!\nTú: hola"), "{screen}");
    assert_eq!(code, 0);
}

/// Nobody there: the reason, after the name.
#[test]
fn a_server_that_is_not_there_is_told() {
    let mut terminal = Terminal::start(client(&["127.0.0.1:1"]));
    terminal.wait_for_text("Ingresa tu nombre:");
    terminal.type_("Ana\r");
    let (code, screen) = terminal.wait_exit();
    assert!(screen.contains("No se puede conectar con 127.0.0.1:1: nadie escucha ahí."), "{screen}");
    assert_eq!((code, terminal.unusable()), (1, vec![]));
}
