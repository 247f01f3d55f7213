//! [`Client`]: the session of [`client_session`](crate::proto::client_session)
//! on a stream.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use futures_core::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Ending, Event, JoinError, SayError};
use crate::proto::client_session::{Answer, Farewell, Joined, Joining, News, Receipt};
use crate::proto::{Cut, LineCutter, Name, Text, encode};

/// How much is read at once.
const CHUNK: usize = 256 * 1024;

thread_local! {
    /// A read lands here: what is whole in it is told where it lies, and a client has a
    /// buffer of its own only for what is left over.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A connection that joins, or has joined, a room.
///
/// [`connect`](super::connect) gives one that is in the room. The events come from
/// [`event`](Client::event), or from the client as a [`Stream`] that ends with the
/// connection; [`ending`](Client::ending) then says how.
///
/// Nothing is read and nothing is written but while one of the two is awaited. So await
/// them all the time, as in a loop with `select!` ([CLIENT-13]); and to read no more for a
/// while is to let TCP hold back the server, who bears it for some seconds ([SLOW-8]).
///
/// ```
/// # use charla::server::{Options, Server, bind};
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// # let listener = bind("127.0.0.1", 0).await?.remove(0);
/// # let address = &listener.local_addr()?.to_string();
/// # tokio::spawn(Server::new(Options::default()).listen(listener).run(std::future::pending()));
/// use charla::client::{Event, connect};
/// use futures_util::StreamExt;
///
/// let mut ana = connect(address, "Ana").await?;
/// let mut luis = connect(address, "Luis").await?;
/// luis.say("Ana: ¿estás?")?;
/// luis.close().await;
///
/// while let Some(event) = ana.next().await {
///     match event {
///         Event::Msg { name, text } if text.starts_with("Ana: ") => {
///             ana.say(&format!("{name}: sí"))?;
///         }
///         Event::Leave(_) => ana.leave(),
///         _ => {}
///     }
/// }
/// assert_eq!(ana.waiting(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// With those in the room, as far as they were told by events.
    Joined(Joined, Vec<String>),
    /// It ended before it was in the room.
    Refused,
}

/// What a line tells: an [`Event`], borrowed.
enum Told<'a> {
    Joined,
    News(News<'a>),
}

impl<S> Client<S> {
    /// Asks to join under this name, over any stream, such as TLS ([CLIENT-1]);
    /// [`Event::Joined`] is the server's yes, and [`welcome`](Client::welcome) waits for it.
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

    /// Says a text of 1 to 1024 bytes (SPEC.md, "Texts"). It is in the room when its
    /// receipt comes, as an [`Event::Receipt`] with what this returns (SPEC.md, "Order
    /// and receipts").
    ///
    /// It only puts the text in line, however many wait there: who says much looks at
    /// [`waiting`](Client::waiting) before the next.
    ///
    /// # Errors
    /// Why it was not said; nothing else has changed.
    pub fn say(&mut self, text: &str) -> Result<Receipt, SayError> {
        if self.left || self.ending.is_some() {
            return Err(SayError::Left);
        }
        let Session::Joined(joined, _) = &mut self.session else { return Err(SayError::NotIn) };
        let text = Text::new(text).map_err(SayError::BadText)?;
        Ok(joined.say(text, &mut self.output))
    }

    /// Leaves, after all that was said ([CLIENT-11]). The server's `BYE` is the answer;
    /// events come up to it ([CLIENT-12]).
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
        matches!(self.session, Session::Joined(..))
    }

    /// Who is in the room, oneself included, in the order in which they joined
    /// (SPEC.md, "Joining"), as of the last event. It is empty before the own `JOIN`, and
    /// for one who [`hear`](Client::hear)s.
    #[must_use]
    pub fn roster(&self) -> &[String] {
        if let Session::Joined(_, roster) = &self.session { roster } else { &[] }
    }

    /// The texts said that have no receipt, in their order. When the connection has ended,
    /// [`Ending::fate`] says what became of them.
    pub fn unreceipted(&self) -> impl Iterator<Item = &str> {
        self.joined().into_iter().flat_map(Joined::unreceipted)
    }

    /// How many texts have no receipt.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.joined().map_or(0, |joined| joined.unreceipted().len())
    }

    /// How the connection ended, if it has.
    #[must_use]
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    fn joined(&self) -> Option<&Joined> {
        if let Session::Joined(joined, _) = &self.session { Some(joined) } else { None }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Waits for the own `JOIN` ([CLIENT-2]). It may be dropped and called again.
    ///
    /// # Errors
    /// The connection ended before; a refusal is one of the endings.
    pub async fn welcome(&mut self) -> Result<(), JoinError> {
        while !self.is_in() {
            self.event().await.map_err(JoinError::Ended)?;
        }
        Ok(())
    }

    /// The next event, in the order of the log (SPEC.md, "Order and receipts"). It may
    /// be dropped and called again: nothing is lost.
    ///
    /// # Errors
    /// The ending, from then on every time.
    pub async fn event(&mut self) -> Result<Event, Ending> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// Reads once, and tells all that came, in the order of the log: what
    /// [`event`](Client::event) gives one by one, without a copy of it, and without the
    /// [`roster`](Client::roster). For one who is in the room; before, nothing is told. It
    /// may be dropped and called again: nothing is lost.
    ///
    /// # Errors
    /// The ending, from then on every time.
    pub async fn hear(&mut self, mut tell: impl FnMut(News<'_>)) -> Result<(), Ending> {
        if let Session::Joined(_, roster) = &mut self.session {
            *roster = Vec::new();
        }
        let mut take = |told: Told<'_>| {
            if let Told::News(news) = told {
                tell(news);
            }
            ControlFlow::Continue(())
        };
        poll_fn(|cx| self.poll_told(cx, &mut take)).await
    }

    /// Leaves, and waits for the server's `BYE`, or the end of the stream without one.
    /// Events that still come are not told.
    ///
    /// A server may take its time; the caller decides how much of it, and may call again:
    ///
    /// ```
    /// # use std::time::Duration;
    /// # async fn close(mut client: charla::client::Client<tokio::net::TcpStream>) {
    /// match tokio::time::timeout(Duration::from_secs(2), client.close()).await {
    ///     Ok(ending) => println!("{ending}; {} texts have no receipt", client.waiting()),
    ///     Err(_) => println!("the server does not answer"),
    /// }
    /// # }
    /// ```
    pub async fn close(&mut self) -> Ending {
        self.leave();
        loop {
            if let Err(ending) = self.hear(|_| {}).await {
                return ending;
            }
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, Ending>> {
        loop {
            let mut event = None;
            let mut take = |told: Told<'_>| {
                event = Some(Event::of(&told));
                ControlFlow::Break(())
            };
            ready!(self.poll_told(cx, &mut take))?;
            if let Some(event) = event {
                self.session.follow(&event);
                return Poll::Ready(Ok(event));
            }
        }
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
        self.write(cx);
        let told = if self.input.is_empty() { ready!(self.read(cx, take)) } else { self.tell_kept(take) };
        self.ending = told.as_ref().err().cloned();
        if self.ending.is_some() {
            // The end of this side is said over TLS too ([TLS-8]); where it cannot be at once, nobody waits for it.
            let _ = Pin::new(&mut self.stream).poll_shutdown(cx);
        }
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
            if let Cut::Line(line) = cut
                && self.session.tell(line, take)?.is_break()
            {
                break;
            }
        }
        Ok(())
    }

    /// Writes what the stream takes.
    fn write(&mut self, cx: &mut Context<'_>) {
        self.broken = self.broken || self.send(cx).is_err();
        if self.broken {
            self.output.clear();
        }
    }

    /// Tells what the stream has.
    fn read(
        &mut self,
        cx: &mut Context<'_>,
        take: &mut impl FnMut(Told<'_>) -> ControlFlow<()>,
    ) -> Poll<Result<(), Ending>> {
        // Taken out, so that whoever is told may use another client.
        let mut scratch = SCRATCH.take();
        if scratch.is_empty() {
            scratch = vec![0; CHUNK];
        }
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
            Err(error) => Err(Ending::of(&error)),
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
    /// Tells what a line says, if anything.
    fn tell(
        &mut self,
        line: &[u8],
        take: &mut impl FnMut(Told<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Ending> {
        let told = match self {
            Session::Joined(joined, _) => joined.line(line).map(|news| news.map(Told::News)),
            Session::Joining(_) => self.answer(line).map(|welcome| welcome.map(|()| Told::Joined)),
            Session::Refused => None,
        };
        match told {
            Some(Ok(told)) => Ok(take(told)),
            Some(Err(farewell)) => Err(Ending::Bye(farewell)),
            None => Ok(ControlFlow::Continue(())),
        }
    }

    /// Whether this line is the welcome, or else the end.
    fn answer(&mut self, line: &[u8]) -> Option<Result<(), Farewell>> {
        let Session::Joining(joining) = std::mem::replace(self, Session::Refused) else { return None };
        match joining.line(line) {
            Answer::NotYet(joining) => {
                *self = Session::Joining(joining);
                None
            }
            Answer::In(joined, mut roster) => {
                roster.push(joined.name().to_string());
                *self = Session::Joined(joined, roster);
                Some(Ok(()))
            }
            Answer::Bye(farewell) => Some(Err(farewell)),
        }
    }

    /// Keeps the roster.
    fn follow(&mut self, event: &Event) {
        let Session::Joined(_, roster) = self else { return };
        match event {
            Event::Join(name) => roster.push(name.clone()),
            Event::Leave(name) => roster.retain(|other| other != name),
            Event::Joined | Event::Msg { .. } | Event::Receipt { .. } => {}
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for Client<S> {
    type Item = Event;

    /// The next event, or `None` after the ending.
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll_event(cx).map(Result::ok)
    }
}

impl Event {
    fn of(told: &Told<'_>) -> Event {
        match *told {
            Told::Joined => Event::Joined,
            Told::News(News::Join(name)) => Event::Join(name.to_owned()),
            Told::News(News::Leave(name)) => Event::Leave(name.to_owned()),
            Told::News(News::Msg { name, text }) => Event::Msg { name: name.to_owned(), text: text.to_owned() },
            Told::News(News::Receipt { receipt, text }) => Event::Receipt { receipt, text: text.to_owned() },
        }
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
