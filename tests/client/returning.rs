//! [SCREEN-8] The filter that comes back: when it does, and what it says again.

use std::thread;
use std::time::Duration;

use crate::common::script::{Filter, Script};

fn ana(script: &Script) -> Filter {
    Filter::start(script.client(&["--name", "Ana", "--reconnect"]))
}

/// Said of a text whose fate is known: it was not said, so it is said again, in its order.
#[test]
fn after_a_shutdown_what_was_not_said_is_said_again() {
    let script = Script::new();
    let mut filter = ana(&script);
    filter.input("uno\ndos\ntres\n");
    filter.end_input();
    let mut first = script.join("Ana");
    first.echo("Ana", "uno");
    first.expect("MSG dos");
    first.expect("MSG tres");
    first.send("BYE shutdown\n");
    first.expect_end();
    let mut second = script.join("Ana");
    second.echo("Ana", "dos");
    second.echo("Ana", "tres");
    second.expect_leaving();
    let left = filter.finish();
    assert_eq!(left.out, "Bienvenido al chat, Ana!\nTú: uno\nBienvenido al chat, Ana!\nTú: dos\nTú: tres\n");
    let told: Vec<_> = left.err.lines().collect();
    assert!(
        told.len() == 2 && told[0].contains("(shutdown)") && told[1].starts_with("Nuevo intento en 0."),
        "{left:?}"
    );
    assert_eq!(left.code, 0);
}

/// [SCREEN-7] What may have been said is named and never sent twice.
#[test]
fn after_a_break_what_may_have_been_said_is_named_and_not_said_again() {
    for reset in [false, true] {
        let script = Script::new();
        let mut filter = ana(&script);
        filter.input("uno\n");
        let mut first = script.join("Ana");
        first.expect("MSG uno");
        if reset {
            first.reset();
        } else {
            first.close();
        }
        let mut second = script.join("Ana");
        filter.input("dos\n");
        filter.end_input();
        second.echo("Ana", "dos");
        second.expect_leaving();
        let left = filter.finish();
        assert_eq!(left.err.matches("no se sabe si se entregó: uno\n").count(), 1, "{left:?}");
        assert!(!left.err.contains("sin entregar"), "{left:?}");
        assert_eq!(left.code, 1);
    }
}

/// After a broken connection the server may still hold the name: that passes.
#[test]
fn ones_own_ghost_is_waited_for() {
    let script = Script::new();
    let mut filter = ana(&script);
    script.join("Ana").close();
    for refusal in ["name-taken", "full", "name-taken"] {
        let mut refused = script.accept();
        refused.expect("NAME Ana");
        refused.send(&format!("BYE {refusal}\n"));
        refused.expect_end();
    }
    let mut back = script.join("Ana");
    filter.input("hola\nsalir\n");
    back.echo("Ana", "hola");
    back.expect_leaving();
    let left = filter.finish();
    assert_eq!(left.err.matches("Nuevo intento en").count(), 4, "{left:?}");
    assert_eq!(left.code, 0);
}

/// What would end in the same way again ends it, and so does a first refusal.
#[test]
fn some_endings_are_the_end() {
    for code in ["too-slow", "bad-line", "quit", "de-mas-tarde"] {
        let script = Script::new();
        let filter = ana(&script);
        script.join("Ana").send(&format!("BYE {code}\n"));
        let left = filter.finish();
        assert!(left.err.contains(&format!("({code})")) && !left.err.contains("Nuevo intento"), "{left:?}");
        assert_eq!(left.code, 1);
    }
    let script = Script::new();
    let filter = ana(&script);
    let mut refused = script.accept();
    refused.expect("NAME Ana");
    refused.send("BYE full\n");
    assert_eq!(filter.finish().code, 1);
}

/// A signal ends the waiting, whenever it comes.
#[test]
fn a_signal_ends_the_attempts() {
    let script = Script::new();
    let filter = ana(&script);
    script.join("Ana").close();
    script.accept().send("BYE full\n");
    filter.terminate();
    let end = thread::spawn(|| filter.finish());
    while !end.is_finished() {
        if let Some(mut peer) = script.accept_within(Duration::from_millis(20)) {
            peer.send("BYE full\n");
        }
    }
    assert_eq!(end.join().unwrap().code, 0);
}
