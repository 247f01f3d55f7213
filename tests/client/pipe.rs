//! The client as a filter.

use std::process::Command;

use crate::common::script::{Filter, Script, client};

/// [UI-13] [UI-14] [UI-15] [UI-16] [UI-9] [UI-7] [UI-8] [CLIENT-11] [CLIENT-12] A whole
/// visit: the first line is the name, the others are said, and it leaves after
/// the last receipt. The output is the transcript in the order of the log.
#[test]
fn a_visit_through_pipes_loses_nothing() {
    let script = Script::new();
    let mut filter = Filter::start(script.client(&[]));
    filter.input_all(" Ana \nhola\n\n  dos  \r\ntres");
    let mut peer = script.accept();
    peer.expect("NAME Ana");
    peer.send("JOIN Luis\nJOIN Ana\n");
    for text in ["hola", "  dos  ", "tres"] {
        peer.expect(&format!("MSG {text}"));
    }
    peer.send("JOIN Eva\nMSG Ana hola\nMSG Luis qué\nMSG Ana   dos  \nLEAVE Luis\nMSG Ana tres\n");
    peer.expect_leaving();
    let left = filter.finish();
    assert_eq!(
        left.out,
        "Bienvenido al chat, Ana!\n>>> Eva se ha unido al chat\nTú: hola\nLuis: qué\nTú:   dos  \n\
         >>> Luis ha salido del chat\nTú: tres\n"
    );
    assert_eq!((left.code, left.err.as_str()), (0, ""));
}

/// [UI-16] Without the last receipt there is no `BYE`: it is the very next line
/// after it, though the input ended long before.
#[test]
fn the_last_receipt_is_waited_for() {
    let script = Script::new();
    let mut filter = Filter::start(script.client(&["--name", "Ana"]));
    filter.input_all("uno\n");
    let mut peer = script.join("Ana");
    peer.expect("MSG uno");
    peer.send("MSG Luis a\n");
    filter.line();
    assert_eq!(filter.line(), "Luis: a");
    peer.send("BYE shutdown\n");
    peer.expect_end();
    let left = filter.finish();
    assert!(left.err.ends_with("Inténtalo más tarde.\nsin entregar: uno\n"), "{left:?}");
    assert_eq!(left.code, 1);
}

/// [UI-11] The words that leave do so in a pipe, after what came before them, and
/// instead of a name.
#[test]
fn words_leave_in_a_pipe() {
    for word in ["salir", " exit", "quit "] {
        let script = Script::new();
        let mut filter = Filter::start(script.client(&["--name", "Ana"]));
        filter.input(format!("uno\n{word}\n"));
        let mut peer = script.join("Ana");
        peer.echo("Ana", "uno");
        peer.expect_leaving();
        assert_eq!(filter.finish().code, 0);
        let mut nameless = Filter::start(script.client(&[]));
        nameless.input(format!("{word}\n"));
        assert_eq!(nameless.finish().code, 0);
        assert!(script.is_unvisited());
    }
}

/// [CLIENT-11] Who has nothing to say leaves even before the own `JOIN`.
#[test]
fn an_empty_input_leaves_at_once() {
    let script = Script::new();
    let mut filter = Filter::start(script.client(&["--name", "Ana"]));
    filter.end_input();
    let mut peer = script.accept();
    peer.expect("NAME Ana");
    peer.expect_leaving();
    assert_eq!(filter.finish().code, 0);
}

/// [UI-13] A name that is refused is told, and so is what is no name.
#[test]
fn a_refused_name_ends_a_filter() {
    let script = Script::new();
    let mut filter = Filter::start(script.client(&[]));
    filter.input("Ana\nhola\n");
    let mut peer = script.accept();
    peer.expect("NAME Ana");
    peer.send("BYE name-taken\n");
    let left = filter.finish();
    assert!(
        left.err.starts_with(
            "No se puede entrar como «Ana»: el nombre, u otro que se le parece, ya está en uso (name-taken)."
        ),
        "{left:?}"
    );
    assert_eq!((left.code, left.out.as_str()), (1, ""));
    let mut filter = Filter::start(script.client(&[]));
    filter.input("dos nombres\n");
    let left = filter.finish();
    assert!(left.err.contains("tiene espacios"), "{left:?}");
    assert_eq!(left.code, 1);
}

/// [CLIENT-6] [CLIENT-7] [CLIENT-9] What is no text becomes one, or several.
#[test]
fn any_input_becomes_texts() {
    let script = Script::new();
    let mut filter = Filter::start(script.client(&["--name", "Ana"]));
    filter.input(b"\xff\xfea\0\tb\rc\n");
    filter.input(format!("{}\n", "ñ".repeat(513)));
    filter.end_input();
    let mut peer = script.join("Ana");
    let r = "\u{fffd}";
    peer.echo("Ana", &format!("{r}{r}a{r} b{r}c"));
    peer.echo("Ana", &"ñ".repeat(512));
    peer.echo("Ana", "ñ");
    peer.expect_leaving();
    assert_eq!(filter.finish().code, 0);
}

/// [CLIENT-10] [CLIENT-13] A producer of 20,000 lines waits for the room and loses
/// nothing, however the server takes its time: here it only answers every
/// hundred lines, and says much itself meanwhile.
#[test]
fn a_fast_producer_waits() {
    const LINES: usize = 20_000;
    let script = Script::new();
    let mut filter = Filter::start(script.client(&["--name", "Ana"]));
    filter.input_all((0..LINES).map(|n| format!("línea {n}\n")).collect::<String>());
    let mut peer = script.join("Ana");
    let server = std::thread::spawn(move || {
        for block in 0..LINES / 100 {
            let lines: Vec<_> = (0..100).map(|n| format!("línea {}", block * 100 + n)).collect();
            for line in &lines {
                peer.expect(&format!("MSG {line}"));
            }
            peer.send(&"MSG Luis ruido\n".repeat(100));
            peer.send(&lines.iter().map(|line| format!("MSG Ana {line}\n")).collect::<String>());
        }
        peer.expect_leaving();
    });
    let left = filter.finish();
    server.join().unwrap();
    let said = left.out.lines().filter_map(|line| line.strip_prefix("Tú: "));
    assert!(said.eq((0..LINES).map(|n| format!("línea {n}"))));
    assert_eq!(left.out.lines().count(), 2 * LINES + 1);
    assert_eq!(left.code, 0);
}

/// [CLIENT-10] A server that takes nothing is not flooded: what was read from the
/// input is bounded, all of it is named when the connection ends, and so is the rest.
#[test]
fn what_a_deaf_server_was_told_is_bounded_and_named() {
    let script = Script::new();
    let mut filter = Filter::start(script.client(&["--name", "Ana"]));
    filter.input_all((0..20_000).map(|n| format!("línea {n}\n")).collect::<String>());
    let mut peer = script.join("Ana");
    for n in 0..128 {
        peer.expect(&format!("MSG línea {n}"));
    }
    peer.close();
    let left = filter.finish();
    let unknown: Vec<_> = left.err.lines().filter_map(|line| line.strip_prefix("no se sabe si se entregó: ")).collect();
    assert_eq!(unknown, (0..128).map(|n| format!("línea {n}")).collect::<Vec<_>>());
    let rest: Vec<_> = left.err.lines().skip(129).collect();
    let (last, read) = rest.split_last().expect("a word about the rest");
    assert_eq!(*last, "La entrada no se leyó hasta el final: lo que seguía no se ha dicho.");
    assert!(read.len() <= 2 && read.iter().zip(128..).all(|(line, n)| *line == format!("sin entregar: línea {n}")));
    assert_eq!(left.code, 1);
}

/// A closed output ends it politely.
#[test]
fn a_closed_output_leaves() {
    let script = Script::new();
    let mut filter = Filter::start(script.client(&["--name", "Ana"]));
    let mut peer = script.join("Ana");
    filter.line();
    filter.close_output();
    // A process that another test is just starting may hold that output a moment longer.
    peer.send_until_it_speaks("MSG Luis a\n");
    peer.expect_leaving();
    let left = filter.finish();
    assert_eq!((left.code, left.err.as_str()), (0, ""));
}

fn run(command: Command) -> (i32, String, String) {
    let left = Filter::start(command).finish();
    (left.code, left.out, left.err)
}

/// What cannot be reached is told in one line: what, why, what to do.
#[test]
fn an_unreachable_server_is_told() {
    let (code, out, err) = run(client(&["127.0.0.1:1", "--name", "Ana"]));
    assert_eq!((code, out.as_str()), (1, ""));
    assert_eq!(
        err,
        "No se puede conectar con 127.0.0.1:1: nadie escucha ahí. \
         Comprueba la dirección y que el servidor esté en marcha.\n"
    );
    let (code, _, err) = run(client(&["no-existe.invalid", "--name", "Ana"]));
    assert!(err.starts_with("No se puede conectar con no-existe.invalid:65434: "), "{err}");
    assert_eq!(code, 1);
}

/// Bad usage is 2, and the help is in Spanish.
#[test]
fn usage_is_told() {
    for args in [&["localhost:puerto"][..], &["--nombre", "Ana"], &["a", "b"], &["[::1"]] {
        let (code, out, err) = run(client(args));
        assert_eq!((code, out.as_str(), err.is_empty()), (2, "", false), "{args:?}");
    }
    let (code, out, _) = run(client(&["--help"]));
    assert!(out.contains("Uso: charla-client [HOST[:PUERTO]] [--name NOMBRE]"), "{out}");
    for english in ["Usage", "Options", "Print", "default"] {
        assert!(!out.contains(english), "{out}");
    }
    assert_eq!(code, 0);
}
