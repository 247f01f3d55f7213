use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;
use crate::client::Fate;
use crate::proto::TextError;

fn client(capacity: usize) -> (Client<DuplexStream>, DuplexStream) {
    let (ours, theirs) = duplex(capacity);
    (Client::join(ours, Name::new("Ana").unwrap()), theirs)
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test);
}

#[test]
fn events_come_in_the_order_of_the_log_and_end_with_the_bye() {
    run(async {
        let (mut ana, mut server) = client(1 << 16);
        server.write_all(b"JOIN Luis\nJOIN Ana\nMSG Luis a\nMSG Ana b\nLEAVE Luis\nBYE quit\nJOIN x\n").await.unwrap();
        assert_eq!(ana.say("b"), Err(SayError::NotIn));
        assert_eq!(ana.event().await, Ok(Event::Joined));
        let receipt = ana.say("b").unwrap();
        assert_eq!(ana.event().await, Ok(Event::Msg { name: "Luis".to_owned(), text: "a".to_owned() }));
        assert_eq!(ana.event().await, Ok(Event::Receipt { receipt, text: "b".to_owned() }));
        assert_eq!(ana.event().await, Ok(Event::Leave("Luis".to_owned())));
        for _ in 0..2 {
            assert!(matches!(ana.event().await, Err(Ending::Bye(farewell)) if farewell.code == "quit"));
        }
        assert_eq!(ana.say("c"), Err(SayError::Left));
    });
}

/// [CLIENT-5]
#[test]
fn what_is_no_text_is_not_said() {
    run(async {
        let (mut ana, mut server) = client(1 << 16);
        server.write_all(b"JOIN Ana\n").await.unwrap();
        ana.welcome().await.unwrap();
        assert_eq!(ana.say(""), Err(SayError::BadText(TextError::Empty)));
        assert_eq!(ana.say("a\nBYE"), Err(SayError::BadText(TextError::Control('\n'))));
        assert_eq!(ana.waiting(), 0);
        server.shutdown().await.unwrap();
        ana.event().await.unwrap_err();
        drop(ana);
        let mut sent = String::new();
        server.read_to_string(&mut sent).await.unwrap();
        assert_eq!(sent, "NAME Ana\n");
    });
}

/// [TLS-8]: though it is kept; over TLS to drop it would cut it off.
#[test]
fn its_own_side_ends_with_the_connection() {
    run(async {
        let (mut ana, mut server) = client(1 << 16);
        server.write_all(b"JOIN Ana\nBYE shutdown\n").await.unwrap();
        ana.welcome().await.unwrap();
        ana.event().await.unwrap_err();
        let mut sent = String::new();
        server.read_to_string(&mut sent).await.unwrap();
        assert_eq!(sent, "NAME Ana\n");
        assert!(ana.ending().is_some());
    });
}

/// [CLIENT-3]
#[test]
fn the_roster_is_who_is_there_now() {
    run(async {
        let (mut ana, mut server) = client(1 << 16);
        server.write_all(b"JOIN Luis\nJOIN Eva\nJOIN Ana\nJOIN Leo\nLEAVE Luis\nLEAVE Nadie\n").await.unwrap();
        assert!(ana.roster().is_empty());
        for roster in [
            &["Luis", "Eva", "Ana"][..],
            &["Luis", "Eva", "Ana", "Leo"],
            &["Eva", "Ana", "Leo"],
            &["Eva", "Ana", "Leo"],
        ] {
            ana.event().await.unwrap();
            assert_eq!(ana.roster(), roster);
        }
    });
}

#[test]
fn the_stream_ends_with_the_connection() {
    run(async {
        let (mut ana, mut server) = client(1 << 16);
        server.write_all(b"JOIN Ana\nJOIN Luis\nBYE shutdown\n").await.unwrap();
        let events: Vec<_> = (&mut ana).collect().await;
        assert_eq!(events, [Event::Joined, Event::Join("Luis".to_owned())]);
        assert_eq!(ana.next().await, None);
        assert!(matches!(ana.ending(), Some(Ending::Bye(farewell)) if farewell.code == "shutdown"));
    });
}

#[test]
fn a_welcome_that_does_not_come_is_an_error() {
    run(async {
        let (mut ana, mut server) = client(1 << 16);
        server.write_all(b"JOIN Luis\nBYE name-taken ya hay una\n").await.unwrap();
        let error = ana.welcome().await.unwrap_err();
        assert!(error.is_about_the_name());
        assert_eq!(error.to_string(), "not in the room: the server ended the connection with BYE name-taken");
        assert!(ana.roster().is_empty());
    });
}

/// [CLIENT-12]
#[test]
fn closing_reads_up_to_the_bye() {
    run(async {
        let (mut ana, mut server) = client(64);
        server.write_all(b"JOIN Ana\n").await.unwrap();
        ana.welcome().await.unwrap();
        ana.say("a").unwrap();
        let room = async {
            server.write_all("MSG Luis un texto\n".repeat(100).as_bytes()).await.unwrap();
            server.write_all(b"MSG Ana a\nBYE quit\n").await.unwrap();
        };
        let (ending, ()) = tokio::join!(ana.close(), room);
        assert!(matches!(ending, Ending::Bye(farewell) if farewell.code == "quit"));
        assert_eq!(ana.waiting(), 0);
    });
}

#[test]
fn nothing_is_said_after_leaving() {
    run(async {
        let (mut ana, mut server) = client(1 << 16);
        server.write_all(b"JOIN Ana\n").await.unwrap();
        ana.event().await.unwrap();
        ana.leave();
        ana.leave();
        assert_eq!(ana.say("a"), Err(SayError::Left));
        server.shutdown().await.unwrap();
        assert_eq!(ana.event().await, Err(Ending::EndOfStream));
        drop(ana);
        let mut sent = String::new();
        server.read_to_string(&mut sent).await.unwrap();
        assert_eq!(sent, "NAME Ana\nBYE\n");
    });
}

#[test]
fn all_of_a_read_is_heard_at_once_and_what_is_left_of_the_welcome_too() {
    run(async {
        let (mut ana, mut server) = client(1 << 16);
        server.write_all(b"JOIN Luis\nJOIN Ana\nMSG Luis a\nLEAVE Luis\nMSG Lu").await.unwrap();
        ana.event().await.unwrap();
        let mut heard = Vec::new();
        ana.hear(|news| heard.push(format!("{news:?}"))).await.unwrap();
        assert_eq!(heard, [r#"Msg { name: "Luis", text: "a" }"#, r#"Leave("Luis")"#]);
        server.write_all(b"is b\nMSG Ana c\nBYE quit\nJOIN x\n").await.unwrap();
        heard.clear();
        ana.say("c").unwrap();
        for _ in 0..2 {
            let ending = ana.hear(|news| heard.push(format!("{news:?}"))).await.unwrap_err();
            assert!(matches!(ending, Ending::Bye(farewell) if farewell.code == "quit"));
        }
        assert_eq!(heard, [r#"Msg { name: "Luis", text: "b" }"#, r#"Receipt { receipt: Receipt(0), text: "c" }"#]);
    });
}

#[test]
fn nothing_is_heard_before_the_welcome() {
    run(async {
        let (mut ana, mut server) = client(1 << 16);
        server.write_all(b"JOIN Luis\nJOIN Ana\n").await.unwrap();
        ana.hear(|news| panic!("{news:?}")).await.unwrap();
        assert!(ana.is_in());
    });
}

/// A server that writes before it reads, over a stream that holds 64 bytes.
#[test]
fn reading_goes_on_while_the_server_does_not_read() {
    run(async {
        let (mut ana, mut server) = client(64);
        server.write_all(b"JOIN Ana\n").await.unwrap();
        ana.event().await.unwrap();
        for _ in 0..1000 {
            ana.say("un texto").unwrap();
        }
        let echo = async {
            for _ in 0..1000 {
                server.write_all(b"MSG Ana un texto\n").await.unwrap();
            }
            server
        };
        let receipts = async {
            for _ in 0..1000 {
                assert!(matches!(ana.event().await, Ok(Event::Receipt { text, .. }) if text == "un texto"));
            }
        };
        let (_server, ()) = tokio::join!(echo, receipts);
        assert_eq!(ana.waiting(), 0);
    });
}

#[test]
fn a_bye_is_read_though_nothing_can_be_written() {
    run(async {
        let (mut ana, mut server) = client(64);
        server.write_all(b"JOIN Ana\n").await.unwrap();
        ana.event().await.unwrap();
        ana.say("a").unwrap();
        server.write_all(b"BYE shutdown\n").await.unwrap();
        drop(server);
        let ending = ana.event().await.unwrap_err();
        assert_eq!(ending.fate(), Fate::NotSaid);
        assert_eq!(ana.unreceipted().collect::<Vec<_>>(), ["a"]);
    });
}
