//! What a person sees: whole screens, colours, and who cannot pass for the interface.

use vt100::Color;

use crate::common::script::{Peer, Script};
use crate::common::terminal::Terminal;

const NARROW: (u16, u16) = (10, 30);

/// Ana, joined, in a window of this size.
fn ana(script: &Script, (rows, columns): (u16, u16), args: &[&str]) -> (Terminal, Peer) {
    let terminal = Terminal::start(script.client(&[&["--name", "Ana"], args].concat()));
    terminal.resize(rows, columns);
    let peer = script.join("Ana");
    terminal.wait_for_text("Tú:");
    (terminal, peer)
}

fn assert_screen(name: &str, screen: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/client");
    settings.set_prepend_module_to_snapshot(false);
    settings.add_filter(r"127\.0\.0\.1:\d+", "localhost:[puerto]");
    settings.bind(|| insta::assert_snapshot!(name, screen));
}

/// What happens in a room, up to a text half typed.
fn live(terminal: &mut Terminal, peer: &mut Peer) -> String {
    peer.send("JOIN Carlos\nMSG Carlos hola\n");
    terminal.wait_for_text("Carlos: hola\nTú:");
    terminal.type_("¿Qué tal, Carlos? ¿Has visto las 漢字 y el 😀 de ayer?\r");
    peer.echo("Ana", "¿Qué tal, Carlos? ¿Has visto las 漢字 y el 😀 de ayer?");
    peer.send(
        "MSG Carlos Sí, Ana: los vi. Te cuento con calma, que es una historia muy larga y no cabe en una fila.\n",
    );
    peer.send("JOIN Tú\nMSG Tú 漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字.\n");
    terminal.wait_for(|screen| screen.ends_with(".\nTú:"));
    terminal.type_("/quien\r");
    terminal.wait_for_text("En la sala");
    terminal.type_("a medio escribi");
    terminal.wait_for_text("Tú: a medio escribi")
}

#[test]
fn a_room_in_a_window_of_80_columns() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script, (24, 80), &[]);
    assert_screen("room-80x24", &live(&mut terminal, &mut peer));
}

#[test]
fn a_room_in_a_window_of_30_columns() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script, NARROW, &[]);
    assert_screen("room-30x10", &live(&mut terminal, &mut peer));
}

#[test]
fn the_end_in_a_window_of_30_columns() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script, NARROW, &[]);
    terminal.type_("uno\ra medias");
    peer.expect("MSG uno");
    terminal.wait_for_text("a medias");
    peer.send("BYE shutdown hasta mañana\n");
    let (code, screen) = terminal.wait_exit();
    // Digits of the port have one width.
    assert_screen("end-30x10", &screen);
    assert_eq!(code, 1);
}

#[test]
fn the_help_in_both_windows() {
    for (size, name) in [((24, 80), "help-80x24"), (NARROW, "help-30x10")] {
        let script = Script::new();
        let (mut terminal, _peer) = ana(&script, size, &[]);
        terminal.type_("/ayuda\r");
        assert_screen(name, &terminal.wait_for(|screen| screen.ends_with("\nTú:") && screen.contains("flechas")));
    }
}

/// [SCREEN-2] No row of a text can be taken for another line: it goes on below itself.
#[test]
fn a_text_cannot_forge_a_line_by_its_length() {
    let script = Script::new();
    let (terminal, mut peer) = ana(&script, (24, 80), &[]);
    peer.send(&format!("MSG Luis {}Carlos: es mentira\n", "a".repeat(74)));
    let screen = terminal.wait_for_text("es mentira");
    assert!(screen.contains(&format!("\nLuis: {}\n      Carlos: es mentira\nTú:", "a".repeat(74))), "{screen}");
}

/// [UI-18] Names that could be taken for the interface are quoted, others are not.
#[test]
fn nobody_passes_for_the_interface() {
    let script = Script::new();
    let (terminal, mut peer) = ana(&script, (24, 80), &[]);
    peer.send("JOIN >>>\nMSG Tú hola\nMSG tÜ hola\nMSG >>> Luis ha salido del chat\nLEAVE Tul\n");
    terminal.wait_for_text(
        ">>> «>>>» se ha unido al chat\n«Tú»: hola\n«tÜ»: hola\n«>>>»: Luis ha salido del chat\n>>> Tul ha salido",
    );
}

/// A name has its colour wherever it stands, and what mentions one stands out and rings.
#[test]
fn names_have_colours_and_mentions_stand_out() {
    let script = Script::new();
    let (terminal, mut peer) = ana(&script, (24, 80), &["--color", "auto", "--bell"]);
    peer.send("JOIN Luis\nMSG LUIS anagrama\nMSG Carlos hola, ana\n");
    terminal.wait_for_text("hola, ana\nTú:");
    let luis = terminal.style_of("Luis");
    assert!(matches!(luis, (Color::Idx(16..), false)), "{luis:?}");
    assert_eq!(terminal.style_of("LUIS"), luis);
    assert_ne!(terminal.style_of("Carlos"), luis);
    for plain in ["se ha unido", ": anagrama", ": hola", "Tú:"] {
        assert_eq!(terminal.style_of(plain), (Color::Default, false), "{plain}");
    }
    assert_eq!(terminal.style_of("hola, ana"), (Color::Default, true));
    assert_eq!(terminal.output().matches('\u{7}').count(), 1);
}

/// Neither is asked for: no bell, and no colour by any of the ways to say so.
#[test]
fn colours_can_be_switched_off() {
    for (args, no_color, coloured) in [
        (&["--color", "auto"][..], "1", false),
        (&["--color", "never"], "", false),
        (&["--color", "auto"], "", true),
        (&["--color", "always"], "1", true),
    ] {
        let script = Script::new();
        let mut command = script.client(&["--name", "Ana"]);
        command.args(args).env("NO_COLOR", no_color);
        let terminal = Terminal::start(command);
        let mut peer = script.join("Ana");
        peer.send("MSG Luis hola, Ana\n");
        terminal.wait_for_text("Luis: hola, Ana\nTú:");
        assert_eq!(terminal.output().contains("\u{1b}[38;5;"), coloured, "{args:?} {no_color:?}");
        assert!(!terminal.output().contains('\u{7}'));
    }
}

/// Every line has its time, one's own that of when it was sent.
#[test]
fn lines_have_their_times_where_that_is_asked_for() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script, (24, 80), &["--timestamps"]);
    peer.send("MSG Luis hola\nJOIN Eva\n");
    terminal.wait_for_text("Eva se ha unido");
    terminal.type_("uno\r");
    peer.echo("Ana", "uno");
    let screen = terminal.wait_for(|screen| screen.lines().count() == 5);
    let untimed = |row: &str| {
        let (time, line) = row.split_at(6);
        let digits: Vec<_> = time.split([':', ' ']).map(str::parse::<u8>).collect();
        assert!(matches!(digits[..], [Ok(0..24), Ok(0..60), Err(_)]), "{row}");
        line.to_owned()
    };
    let lines: Vec<_> = screen.lines().map(untimed).collect();
    assert_eq!(lines, ["Bienvenido al chat, Ana!", "Luis: hola", ">>> Eva se ha unido al chat", "Tú: uno", "Tú:"]);
}

/// [UI-10] Wide characters and those without a width, and windows that change, keep
/// the line and the cursor right.
#[test]
fn a_line_survives_wide_characters_and_resizes() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script, (24, 80), &[]);
    let text = "漢字 😀 e\u{301} una línea que no cabe en treinta columnas";
    terminal.type_(text);
    terminal.wait_for_text("treinta columnas");
    for (rows, columns) in [(10, 30), (24, 100), (12, 21), (24, 80)] {
        terminal.resize(rows, columns);
        let is_whole = |screen: &str| {
            let in_one_row = screen.lines().any(|row| row == format!("Tú: {text}"));
            screen.replace('\n', "").ends_with(&format!("Tú: {text}")) && in_one_row == (columns >= 80)
        };
        terminal.wait_for(is_whole);
        peer.send(&format!("MSG Luis {columns} columnas\n"));
        let screen = terminal.wait_for(|screen| screen.contains(&format!("Luis: {columns} col")) && is_whole(screen));
        assert_eq!(screen.matches("Tú: ").count(), 1, "{screen}");
    }
    terminal.type_("\u{1}\u{1b}[C\u{4}\u{5}\u{7f}\r");
    peer.echo("Ana", "漢 😀 e\u{301} una línea que no cabe en treinta columna");
}
