use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::*;
use crate::check::play::log::Event;
use crate::lang::Language;

/// A server on a free port that does this with each connection, for as long as the test runs.
fn serve(each: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let each = Arc::new(each);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let each = Arc::clone(&each);
            thread::spawn(move || each(stream));
        }
    });
    address
}

/// Who is in the room of the mini server.
type Room = Mutex<Vec<(String, TcpStream)>>;

/// A server of the well-behaved half of the protocol.
fn mini_server() -> SocketAddr {
    let room = Room::default();
    serve(move |stream| converse(&room, &stream))
}

fn converse(room: &Room, stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    let mut name = None;
    let code = loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line).unwrap_or(0) == 0 || !line.ends_with(b"\n") {
            break "quit";
        }
        let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        match (line.split_once(' '), &name) {
            (None, _) if line == "BYE" => break "quit",
            (None, _) if line.is_empty() => {}
            (Some(("NAME", given)), None) if join(room, given, stream) => name = Some(given.to_owned()),
            (Some(("NAME", _)), None) => break "name-taken",
            (Some(("MSG", text)), Some(name)) => tell(&room.lock().unwrap(), &format!("MSG {name} {text}\n")),
            (Some(("MSG" | "NAME", _)), _) => break "bad-state",
            _ => break "bad-line",
        }
    };
    if let Some(name) = name {
        let mut room = room.lock().unwrap();
        room.retain(|(other, _)| *other != name);
        tell(&room, &format!("LEAVE {name}\n"));
    }
    let _ = (&*stream).write_all(format!("BYE {code} hasta luego\r\n").as_bytes());
    let _ = stream.shutdown(Shutdown::Write);
    let _ = io::copy(&mut reader, &mut io::sink());
}

fn join(room: &Room, name: &str, mut stream: &TcpStream) -> bool {
    let mut room = room.lock().unwrap();
    if room.iter().any(|(other, _)| *other == name) {
        return false;
    }
    for (other, _) in room.iter() {
        let _ = stream.write_all(format!("JOIN {other}\n").as_bytes());
    }
    room.push((name.to_owned(), stream.try_clone().unwrap()));
    tell(&room, &format!("JOIN {name}\n"));
    true
}

fn tell(room: &[(String, TcpStream)], line: &str) {
    for (_, stream) in room {
        let _ = (&*stream).write_all(line.as_bytes());
    }
}

/// A server that sends this, whatever comes, and ends its side.
fn scripted(says: &'static [u8]) -> SocketAddr {
    serve(move |mut stream| {
        let _ = stream.write_all(says);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = io::copy(&mut stream, &mut io::sink());
    })
}

fn case(steps: &str) -> Case {
    Case::parse("test", &format!("title: t\nclauses: T-1\n\n{steps}")).unwrap()
}

fn patient() -> Options {
    Options::default()
}

/// For plays in which nothing comes: it is not waited for long.
fn impatient() -> Options {
    Options { within: Duration::from_secs(1), ..Options::default() }
}

fn play_scripted(says: &'static [u8], steps: &str) -> (Verdict, String) {
    let outcome = play(&case(steps), scripted(says), &patient());
    (outcome.verdict, outcome.failure.map(|failure| received(&failure)).unwrap_or_default())
}

fn received(failure: &Failure) -> String {
    failure.received.in_language(Language::English)
}

fn visits() -> Case {
    case(
        r#"
Ana> NAME Ana
Ana< JOIN Ana
Carlos>> "NAME Carlos\r\nMSG \u{F1}\(o*1000)\n\n"
Carlos< JOIN Ana
Carlos< JOIN Carlos
Ana< JOIN Carlos
Ana< "MSG Carlos ñ\(o*1000)"
Carlos< "MSG Carlos ñ\(o*1000)"
Ana> MSG uno
Ana> MSG dos
Carlos> MSG tres
Ana<1 MSG Ana uno
Ana<2 MSG Carlos tres
Ana<1 MSG Ana dos
Carlos<= Ana
Ana! LEAVE *
Ana>*100 MSG fence
Ana<*100 MSG Ana fence
Carlos<*100 MSG Ana fence
Carlos> <end>
Carlos< BYE quit
Carlos< <end>
Ana< LEAVE Carlos
Carlos2> NAME Carlos
Carlos2< JOIN Ana
Carlos2< JOIN Carlos
Ana< JOIN Carlos
Carlos2| <stall>
Ana> MSG ciao
Ana< MSG Ana ciao
Carlos2| <resume>
Carlos2< MSG Ana ciao
Carlos2> <reset>
Ana< LEAVE Carlos
Eva> NAME Ana
Eva< BYE name-taken
Eva< <end>
Leo> BYE
Leo< <gone>
"#,
    )
}

#[test]
fn a_conforming_server_passes_however_the_bytes_are_cut() {
    let server = mini_server();
    for &cut in Cut::ALL {
        let outcome = play(&visits(), server, &Options { cut, ..patient() });
        assert_eq!(outcome.failure, None, "{}", cut.as_str());
        assert!(outcome.verdict == Verdict::Pass && outcome.crlf && outcome.left_over.is_empty());
    }
}

#[test]
fn the_wire_log_tells_what_happened() {
    let outcome =
        play(&case("Ana>> \"NAME Ana\\nBYE\\n\"\nAna< JOIN Ana\nAna< BYE quit\nAna< <end>"), mini_server(), &patient());
    let events: Vec<_> = outcome.log.into_iter().map(|entry| entry.event).collect();
    let expected = [
        Event::Opened,
        Event::Sent(b"NAME Ana\nBYE\n".to_vec(), 13),
        Event::Received(b"JOIN Ana".to_vec()),
        Event::Received(b"BYE quit hasta luego".to_vec()),
        Event::ReceivedEnd,
    ];
    assert_eq!(events, expected);
}

#[test]
fn a_wrong_line_fails_and_is_shown() {
    let outcome = play(&case("Ana> NAME Ana\nAna< JOIN ana"), scripted(b"JOIN Ana\xff\n"), &patient());
    assert_eq!(outcome.verdict, Verdict::Fail);
    let expected = Failure { step: 1, expected: r#""JOIN ana""#.into(), received: r#""JOIN Ana\xff""#.into() };
    assert_eq!(outcome.failure, Some(expected));
}

#[test]
fn silence_is_a_hang_and_what_was_passed_over_is_named() {
    let server = serve(|mut stream| {
        let _ = stream.write_all(b"\nHELLO\nMSG\n");
        let _ = io::copy(&mut stream, &mut io::sink());
    });
    for steps in ["Ana> BYE\nAna< BYE quit", "Ana> BYE\nAna< <end>", "Ana> BYE\nAna<1 BYE quit"] {
        let outcome = play(&case(steps), server, &impatient());
        assert_eq!(outcome.verdict, Verdict::Hang);
        assert!(received(&outcome.failure.unwrap()).contains(r#""HELLO", "MSG""#));
    }
    assert_eq!(play(&case("Ana> BYE\nAna< <gone>"), server, &impatient()).verdict, Verdict::Hang);
}

#[test]
fn before_a_connection_is_gone_no_forbidden_line_comes() {
    let steps = "Ana> BYE\nAna! BYE quit*\nAna< <gone>";
    assert_eq!(play_scripted(b"BYE quit\n", steps), (Verdict::Fail, r#""BYE quit""#.to_owned()));
    assert_eq!(play_scripted(b"BYE shutdown\n", steps).0, Verdict::Pass);
}

#[test]
fn a_strict_case_passes_over_nothing() {
    let strict = |what: &str| {
        let text = format!("title: t\nclauses: T-1\nstrict: {what}\n\nAna> BYE\nAna< BYE quit");
        play(&Case::parse("t", &text).unwrap(), scripted(b"\nHOLA\nBYE quit\r\n"), &patient())
    };
    assert_eq!(received(&strict("verbs").failure.unwrap()), r#""HOLA""#);
    assert_eq!(received(&strict("line-ends").failure.unwrap()), r#""BYE quit\r""#);
}

#[test]
fn ends_fail_in_their_own_words() {
    let fail = |received: &str| (Verdict::Fail, received.to_owned());
    assert_eq!(play_scripted(b"", "Ana> BYE\nAna< BYE quit"), fail("the end of the stream"));
    assert_eq!(
        play_scripted(b"BYE", "Ana> BYE\nAna< BYE quit"),
        fail(r#"the end of the stream, after "BYE" without an LF"#)
    );
    assert_eq!(play_scripted(b"BYE quit\nBYE quit\n", "Ana> BYE\nAna< BYE quit\nAna< <end>"), fail(r#""BYE quit""#));
    assert_eq!(play_scripted(b"BYE quit\nx", "Ana> BYE\nAna< BYE quit\nAna< <end>").0, Verdict::Fail);
    assert_eq!(play_scripted(b"MSG A 1\nMSG B 1\n", "Ana> BYE\nAna<1 MSG A 1\nAna<2 MSG C 1"), fail(r#""MSG B 1""#));
}

#[test]
fn a_forbidden_line_is_named_but_for_the_one_that_must_come() {
    let (server, says) = (scripted(b"JOIN A\nJOIN B\n"), "Ana> BYE\nAna! JOIN *\nAna< JOIN ");
    let outcome = play(&case(&format!("{says}B")), server, &patient());
    assert!(
        outcome
            .failure
            .unwrap()
            .expected
            .in_language(Language::English)
            .contains(r#"no line that is "JOIN " and any rest"#)
    );
    assert_eq!(play(&case(&format!("{says}A")), server, &patient()).verdict, Verdict::Pass);
}

#[test]
fn strands_mix_in_any_way_and_strand_0_may_be_missing() {
    let steps = "Ana> BYE\nAna<1*2 MSG A 1\nAna<0 LEAVE B\nAna<2 MSG C 1\nAna< BYE quit";
    for says in [&b"MSG C 1\nMSG A 1\nLEAVE B\nMSG A 1\nBYE quit\n"[..], b"MSG A 1\nMSG A 1\nMSG C 1\nBYE quit\n"] {
        assert_eq!(play_scripted(says, steps).0, Verdict::Pass);
    }
    assert_eq!(play_scripted(b"MSG A 1\nMSG C 1\nBYE quit\n", steps).0, Verdict::Fail);
    assert_eq!(play_scripted(b"LEAVE B\nLEAVE B\n", steps).0, Verdict::Fail);
}

#[test]
fn a_bye_keeps_its_form() {
    for says in [&b"BYE quit \n"[..], b"BYE quit a\tb\n", b"BYE quit \xff\n", b"BYE Quit\n"] {
        assert_eq!(play_scripted(says, "Ana> BYE\nAna< BYE quit").0, Verdict::Fail);
    }
    assert_eq!(play_scripted(b"BYE quitter\n", "Ana> BYE\nAna< BYE quit").0, Verdict::Fail);
    assert_eq!(play_scripted("BYE quit adiós\n".as_bytes(), "Ana> BYE\nAna< BYE quit").0, Verdict::Pass);
}

#[test]
fn a_close_while_input_is_unread_is_told_apart_from_a_clean_end() {
    let server = serve(|mut stream| {
        let _ = stream.write_all(b"BYE bad-line\n");
        // Some input is there and stays unread: closing now resets the connection.
        let _ = stream.read_exact(&mut [0]);
    });
    let outcome = play(&case("Ana>*100 MSG x\nAna< BYE bad-line\nAna< <end>"), server, &patient());
    assert_eq!(outcome.verdict, Verdict::Fail);
    assert!(received(&outcome.failure.unwrap()).contains("broken connection"));
}

#[test]
fn a_server_that_does_not_read_is_a_hang() {
    let kept = Mutex::new(Vec::new());
    let server = serve(move |stream| kept.lock().unwrap().push(stream));
    let outcome = play(&case("Ana>>*60000 \"\\(x*1000)\\n\"\nAna< BYE quit"), server, &impatient());
    assert_eq!(outcome.verdict, Verdict::Hang);
    assert!(outcome.failure.unwrap().expected.in_language(Language::English).contains("to read"));
}

#[test]
fn a_flood_is_cut_off() {
    for flood in [&b"x"[..], b"\n", b"JOIN A\n"] {
        let server = serve(move |mut stream| while stream.write_all(&flood.repeat(10_000)).is_ok() {});
        let outcome = play(&case("Ana> NAME Ana\nAna< <gone>"), server, &impatient());
        assert_ne!(outcome.verdict, Verdict::Pass);
        assert!(outcome.log.len() <= 2001);
    }
}

#[test]
fn nobody_there_is_unreached() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(play(&case("Ana> BYE"), nobody, &patient()).verdict, Verdict::Unreached);
}

#[test]
fn names_that_other_cases_left_behind_are_passed_over_and_told() {
    let options = Options { strangers: [b"Eva".to_vec()].into(), ..patient() };
    let says = b"JOIN Eva\nMSG Eva x\nJOIN Ana\nLEAVE Eva\nBYE quit\n";
    let outcome = play(&case("Ana> NAME Ana\nAna< JOIN Ana\nAna< BYE quit\nAna< <end>"), scripted(says), &options);
    assert_eq!((outcome.verdict, outcome.left_over), (Verdict::Pass, [b"Eva".to_vec()].into()));
}
