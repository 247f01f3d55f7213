//! What a server may send that a client must bear, and what it must not show.

use crate::common::script::{Filter, Script};
use crate::common::terminal::Terminal;
use crate::editing::ana;

/// [CLIENT-2] [CLIENT-3] [CLIENT-16] [SCREEN-5] [UI-7] Before the own `JOIN`, in
/// the same bytes, there is only the roster, which is not news.
#[test]
fn nothing_is_news_before_the_own_join() {
    let script = Script::new();
    let terminal = Terminal::start(script.client(&["--name", "Ana"]));
    let mut peer = script.accept();
    peer.expect("NAME Ana");
    peer.send("JOIN Luis\nMSG Luis antes\nLEAVE Luis\nJOIN ana\nMSG Ana antes\nJOIN Ana\nMSG Luis ahora\n");
    terminal.wait_for(|screen| screen == "Bienvenido al chat, Ana!\nLuis: ahora\nTú:");
}

/// [CLIENT-14] [CLIENT-17] [CLIENT-18] [CLIENT-19] Lines that are unknown, empty,
/// too long or unreadable mean nothing, before and after the own `JOIN`.
#[test]
fn lines_that_mean_nothing_are_passed_over() {
    let noise = [
        &b"\n\r\nTOPIC x\nmsg a b\nJOIN\nJOIN \nLEAVE\nMSG\nMSG Luis\nMSG Luis \nBYE\nBYE \nBYE QUIT\n MSG Luis a\n"[..],
        b"MSG Luis \xff\xfe\n\xc3\nJOIN \x1b[2J\n\0\n\x1b]0;x\x07\n",
        b"MSG Luis ",
        &vec![b'x'; 3_000_000],
        b"\n",
    ]
    .concat();
    let script = Script::new();
    let mut filter = Filter::start(script.client(&["--name", "Ana"]));
    let mut peer = script.accept();
    peer.send_bytes(&noise);
    peer.send("JOIN Ana\n");
    peer.send_bytes(&noise);
    peer.send("MSG Luis fin\r\n");
    assert_eq!(filter.line(), "Bienvenido al chat, Ana!");
    assert_eq!(filter.line(), "Luis: fin");
    filter.end_input();
    peer.expect("NAME Ana");
    peer.expect_leaving();
    assert_eq!(filter.finish().code, 0);
}

/// [CLIENT-19] However the bytes are cut: here one at a time.
#[test]
fn bytes_may_come_one_at_a_time() {
    let script = Script::new();
    let mut filter = Filter::start(script.client(&["--name", "Ana"]));
    let mut peer = script.accept();
    for byte in "JOIN Ana\r\nMSG Luis ¿qué tal?\r\n".bytes() {
        peer.send_bytes(&[byte]);
    }
    assert_eq!(filter.line(), "Bienvenido al chat, Ana!");
    assert_eq!(filter.line(), "Luis: ¿qué tal?");
}

/// [SCREEN-3] [SCREEN-9] [CLIENT-20] Control characters never reach the terminal as they
/// are, and nothing else reorders or breaks a line there.
#[test]
fn nothing_from_the_network_acts_on_the_terminal() {
    let script = Script::new();
    let (terminal, mut peer) = ana(&script);
    peer.send("MSG Luis a\u{1b}[2J\u{1b}]0;t\u{7}b\u{8}\rc\u{9b}31m\u{85}\td\n");
    peer.send("MSG Luis x\u{202e}y\u{2028}z\u{2066}\n");
    peer.send("JOIN n\u{202e}x\nLEAVE \u{1f600}nombre-que-esta-version-no-admite-por-largo\u{200b}\n");
    terminal.wait_for_text("por-largo\u{200b}» ha salido del chat\nTú:");
    let (raw, r) = (terminal.output(), "\u{fffd}");
    let shown = [format!("Luis: a{r}[2J{r}]0;t{r}b{r}{r}c{r}31m{r}{r}d"), format!("Luis: x{r}y{r}z{r}")];
    for line in shown.iter().chain([&format!(">>> «n{r}x» se ha unido al chat")]) {
        assert!(raw.contains(&format!("\n{line}\r\n")), "{line} in {raw:?}");
    }
    for bad in ["\u{1b}[2J", "\u{1b}]", "\u{7}", "\u{8}", "\u{9b}", "\u{85}", "\t", "\u{202e}", "\u{2028}", "\u{2066}"]
    {
        assert!(!raw.contains(bad), "{bad:?} in {raw:?}");
    }
}

/// [SCREEN-3] In pipe mode, too, where the reader may be a terminal.
#[test]
fn nothing_from_the_network_acts_through_the_filter() {
    let script = Script::new();
    let mut filter = Filter::start(script.client(&["--name", "Ana"]));
    let mut peer = script.join("Ana");
    peer.send("MSG Luis a\u{1b}[2J\rb\nBYE full c\u{1b}[2J\n");
    filter.line();
    assert_eq!(filter.line(), "Luis: a\u{fffd}[2J\u{fffd}b");
    let left = filter.finish();
    assert!(left.err.contains("(full: c\u{fffd}[2J)"), "{left:?}");
}

/// [CLIENT-4] [SCREEN-1] Receipts of equal texts count in their order, and are no
/// news to who typed them.
#[test]
fn receipts_count_in_their_order() {
    let script = Script::new();
    let (mut terminal, mut peer) = ana(&script);
    terminal.type_("a\ra\rb\r");
    for text in ["a", "a", "b"] {
        peer.expect(&format!("MSG {text}"));
    }
    peer.send("MSG Ana a\nMSG Luis a\nMSG Ana a\nBYE shutdown\n");
    let (code, screen) = terminal.wait_exit();
    assert_eq!(screen.matches("Tú: a").count(), 2, "{screen}");
    assert_eq!(screen.matches("entregar").count(), 1, "{screen}");
    assert!(screen.ends_with("sin entregar: b"), "{screen}");
    assert_eq!(code, 1);
}

/// [CLIENT-13] A server that sends much before it reads anything, while much is
/// being said: neither waits for the other.
#[test]
fn reading_goes_on_while_writing() {
    let script = Script::new();
    let text = "x".repeat(1000);
    let mut filter = Filter::start(script.client(&["--name", "Ana"]));
    filter.input_all(format!("{text}\n").repeat(200));
    let server = std::thread::spawn(move || {
        let mut peer = script.join("Ana");
        peer.send(&format!("MSG Luis {text}\n").repeat(20_000));
        for _ in 0..200 {
            peer.echo("Ana", &text);
        }
        peer.expect_leaving();
    });
    let left = filter.finish();
    server.join().unwrap();
    assert_eq!((left.code, left.out.lines().count()), (0, 20_201));
}
