//! [`Client`]: the session of [`client_session`](crate::proto::client_session)
//! on a stream.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::proto::client_session::{Answer, Farewell, Fate, Joined, Joining, News};
use crate::proto::{Cut, LineCutter, Name, Text, encode};

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

thread_local! {
    /// A read lands here: what is whole in it is told where it lies, and a client has a
    /// buffer of its own only for what is left over.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A connection that joins, or has joined, a room.
#[derive(Debug)]
pub struct Client<S> {
    stream: S,
    session: Session,
    cutter: LineCutter,
    /// Read from the stream and not told yet.
    input: BytesMut,
    /// Lines for the server that the stream has not taken yet.
    output: BytesMut,
    /// `BYE` was put in line: nothing may follow it.
    left: bool,
    /// The stream takes nothing any more. What the server still sends, its `BYE`
    /// above all, is worth reading nevertheless.
    broken: bool,
    ending: Option<Ending>,
}

#[derive(Debug)]
enum Session {
    Joining(Joining),
    Joined(Joined),
    /// It ended before it was in the room.
    Refused,
}

/// What a line tells: an [`Event`], borrowed.
enum Told<'a> {
    /// The welcome, with the roster.
    Joined(Vec<String>),
    News(News<'a>),
}

/// What the server told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// One is in the room, with these, who were there before, in the order in
    /// which they joined.
    Joined {
        /// The names; like every text here they may hold anything but a space or
        /// a control character, and are to be [made safe](crate::safe::safe).
        roster: Vec<String>,
    },
    /// Someone came.
    Join(String),
    /// Someone left.
    Leave(String),
    /// Someone else said something.
    Msg {
        /// Who.
        name: String,
        /// What.
        text: String,
    },
    /// One's own oldest text without a receipt is in the room, here.
    Receipt(String),
}

/// How the connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By the server's `BYE`.
    Bye(Farewell),
    /// By an end of stream without one.
    EndOfStream,
    /// By an error of the stream, a reset for one.
    Broken(io::ErrorKind),
}

impl Ending {
    /// What became of the texts that have no receipt (SPEC.md, "Receipts at the end").
    #[must_use]
    pub fn fate(&self) -> Fate {
        match self {
            Ending::Bye(farewell) => farewell.fate(),
            Ending::EndOfStream | Ending::Broken(_) => Fate::Unknown,
        }
    }
}

impl<S> Client<S> {
    /// Asks to join under this name; [`Event::Joined`] is the server's yes.
    pub fn join(stream: S, name: Name) -> Client<S> {
        let mut output = BytesMut::new();
        let session = Session::Joining(Joining::ask(name, &mut output));
        Client {
            stream,
            session,
            cutter: LineCutter::default(),
            input: BytesMut::new(),
            output,
            left: false,
            broken: false,
            ending: None,
        }
    }

    /// Says a text. It is `false`, and nothing is said, as long as one is not in
    /// the room, and after [`leave`](Client::leave) or the end.
    #[must_use]
    pub fn say(&mut self, text: Text<'_>) -> bool {
        let open = !self.left && self.ending.is_none();
        match &mut self.session {
            Session::Joined(joined) if open => {
                joined.say(text, &mut self.output);
                true
            }
            _ => false,
        }
    }

    /// Leaves, after all that was said. The server's `BYE` is the answer; events
    /// come up to it.
    pub fn leave(&mut self) {
        if !std::mem::replace(&mut self.left, true) {
            encode::bye_request(&mut self.output);
        }
    }

    /// Whether [`leave`](Client::leave) was called.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.left
    }

    /// Whether [`Event::Joined`] has come.
    #[must_use]
    pub fn is_in(&self) -> bool {
        matches!(self.session, Session::Joined(_))
    }

    /// The texts said that have no receipt, in their order.
    pub fn unreceipted(&self) -> impl Iterator<Item = &str> {
        let joined = if let Session::Joined(joined) = &self.session { Some(joined) } else { None };
        joined.into_iter().flat_map(Joined::unreceipted)
    }

    /// How many texts have no receipt.
    #[must_use]
    pub fn waiting(&self) -> usize {
        if let Session::Joined(joined) = &self.session { joined.unreceipted().len() } else { 0 }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// The next event, in the order of the log. It may be dropped and called
    /// again: nothing is lost.
    ///
    /// # Errors
    /// The ending, from then on every time.
    pub async fn event(&mut self) -> Result<Event, Ending> {
        loop {
            let mut event = None;
            let mut take = |told: Told<'_>| {
                event = Some(Event::of(told));
                ControlFlow::Break(())
            };
            poll_fn(|cx| self.poll_told(cx, &mut take)).await?;
            if let Some(event) = event {
                return Ok(event);
            }
        }
    }

    /// Reads once, and tells all that came, in the order of the log: what
    /// [`event`](Client::event) gives one by one, without a copy of it. For one who is in the
    /// room; before, nothing is told. It may be dropped and called again: nothing is lost.
    ///
    /// # Errors
    /// The ending, from then on every time.
    pub async fn hear(&mut self, mut tell: impl FnMut(News<'_>)) -> Result<(), Ending> {
        let mut take = |told: Told<'_>| {
            if let Told::News(news) = told {
                tell(news);
            }
            ControlFlow::Continue(())
        };
        poll_fn(|cx| self.poll_told(cx, &mut take)).await
    }

    /// Tells what lines say, those kept or else those of one read, until `take` has enough.
    fn poll_told(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut impl FnMut(Told<'_>) -> ControlFlow<()>,
    ) -> Poll<Result<(), Ending>> {
        if let Some(ending) = &self.ending {
            return Poll::Ready(Err(ending.clone()));
        }
        let told = if self.input.is_empty() { ready!(self.exchange(cx, take)) } else { self.tell_kept(take) };
        self.ending = told.as_ref().err().cloned();
        Poll::Ready(told)
    }

    fn tell_kept(&mut self, take: &mut impl FnMut(Told<'_>) -> ControlFlow<()>) -> Result<(), Ending> {
        let mut input = std::mem::take(&mut self.input);
        let mut rest = input.as_ref();
        let told = self.tell(&mut rest, take);
        let used = input.len() - rest.len();
        input.advance(used);
        self.input = input;
        told
    }

    /// Tells what the lines at the front of `rest` say.
    fn tell(&mut self, rest: &mut &[u8], take: &mut impl FnMut(Told<'_>) -> ControlFlow<()>) -> Result<(), Ending> {
        while let Some(cut) = self.cutter.next(rest) {
            // A line over the limit is one of those that mean nothing.
            let told = if let Cut::Line(line) = cut { self.session.line(line) } else { None };
            if let Some(told) = told
                && take(told?).is_break()
            {
                break;
            }
        }
        Ok(())
    }

    /// Writes what the stream takes, and tells what it has.
    fn exchange(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut impl FnMut(Told<'_>) -> ControlFlow<()>,
    ) -> Poll<Result<(), Ending>> {
        self.broken = self.broken || self.send(cx).is_err();
        if self.broken {
            self.output.clear();
        }
        // Taken out, so that whoever is told may use another client.
        let mut scratch = SCRATCH.take();
        scratch.resize(CHUNK, 0);
        let told = self.receive(cx, &mut scratch, take);
        SCRATCH.set(scratch);
        told
    }

    fn send(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while !self.output.is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.output)? {
                Poll::Ready(0) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(taken) => self.output.advance(taken),
                Poll::Pending => return Ok(()),
            }
        }
        // It need not be ready: it is called again before every read.
        let _ = Pin::new(&mut self.stream).poll_flush(cx)?;
        Ok(())
    }

    fn receive(
        &mut self,
        cx: &mut Context<'_>,
        scratch: &mut [u8],
        take: &mut impl FnMut(Told<'_>) -> ControlFlow<()>,
    ) -> Poll<Result<(), Ending>> {
        let mut chunk = ReadBuf::new(scratch);
        Poll::Ready(match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut chunk)) {
            Err(error) => Err(Ending::Broken(error.kind())),
            Ok(()) if chunk.filled().is_empty() => Err(Ending::EndOfStream),
            Ok(()) => {
                let mut rest = chunk.filled();
                let told = self.tell(&mut rest, take);
                self.input.extend_from_slice(rest);
                told
            }
        })
    }
}

impl Session {
    fn line<'a>(&mut self, line: &'a [u8]) -> Option<Result<Told<'a>, Ending>> {
        match self {
            Session::Joined(joined) => Some(joined.line(line)?.map(Told::News).map_err(Ending::Bye)),
            Session::Joining(_) => self.answer(line),
            Session::Refused => None,
        }
    }

    fn answer(&mut self, line: &[u8]) -> Option<Result<Told<'static>, Ending>> {
        let Session::Joining(joining) = std::mem::replace(self, Session::Refused) else { return None };
        match joining.line(line) {
            Answer::NotYet(joining) => {
                *self = Session::Joining(joining);
                None
            }
            Answer::In(joined, roster) => {
                *self = Session::Joined(joined);
                Some(Ok(Told::Joined(roster)))
            }
            Answer::Bye(farewell) => Some(Err(Ending::Bye(farewell))),
        }
    }
}

impl Event {
    fn of(told: Told<'_>) -> Event {
        match told {
            Told::Joined(roster) => Event::Joined { roster },
            Told::News(News::Join(name)) => Event::Join(name.to_owned()),
            Told::News(News::Leave(name)) => Event::Leave(name.to_owned()),
            Told::News(News::Msg { name, text }) => Event::Msg { name: name.to_owned(), text: text.to_owned() },
            Told::News(News::Receipt(text)) => Event::Receipt(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

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
            server
                .write_all(b"JOIN Luis\nJOIN Ana\nMSG Luis a\nMSG Ana b\nLEAVE Luis\nBYE quit\nJOIN x\n")
                .await
                .unwrap();
            assert!(!ana.say(Text::new("b").unwrap()));
            assert_eq!(ana.event().await, Ok(Event::Joined { roster: vec!["Luis".to_owned()] }));
            assert!(ana.say(Text::new("b").unwrap()));
            assert_eq!(ana.event().await, Ok(Event::Msg { name: "Luis".to_owned(), text: "a".to_owned() }));
            assert_eq!(ana.event().await, Ok(Event::Receipt("b".to_owned())));
            assert_eq!(ana.event().await, Ok(Event::Leave("Luis".to_owned())));
            for _ in 0..2 {
                assert!(matches!(ana.event().await, Err(Ending::Bye(farewell)) if farewell.code == "quit"));
            }
            assert!(!ana.say(Text::new("c").unwrap()));
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
            assert!(!ana.say(Text::new("a").unwrap()));
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
            assert!(ana.say(Text::new("c").unwrap()));
            for _ in 0..2 {
                let ending = ana.hear(|news| heard.push(format!("{news:?}"))).await.unwrap_err();
                assert!(matches!(ending, Ending::Bye(farewell) if farewell.code == "quit"));
            }
            assert_eq!(heard, [r#"Msg { name: "Luis", text: "b" }"#, r#"Receipt("c")"#]);
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
                assert!(ana.say(Text::new("un texto").unwrap()));
            }
            let echo = async {
                for _ in 0..1000 {
                    server.write_all(b"MSG Ana un texto\n").await.unwrap();
                }
                server
            };
            let receipts = async {
                for _ in 0..1000 {
                    assert_eq!(ana.event().await, Ok(Event::Receipt("un texto".to_owned())));
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
            assert!(ana.say(Text::new("a").unwrap()));
            server.write_all(b"BYE shutdown\n").await.unwrap();
            drop(server);
            let ending = ana.event().await.unwrap_err();
            assert_eq!(ending.fate(), Fate::NotSaid);
            assert_eq!(ana.unreceipted().collect::<Vec<_>>(), ["a"]);
        });
    }
}
