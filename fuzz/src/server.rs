//! The whole server, over streams in memory and in a time that moves by itself, against a
//! server with a queue for each.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use charla::room::Confusables;
use charla::server::{Listener, Options, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::piece::{Act, CLIENTS, steps};
use super::reference::room;

/// What one repeated step sends at most, in bytes.
const FLOOD: usize = 64 * 1024;

/// What a stream holds that was written to it and is not read yet, in bytes.
const BUFFER: usize = 4096;

/// The pieces are [steps](crate::piece::steps).
pub fn run(data: &[u8]) {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(play(data));
}

async fn play(data: &[u8]) {
    let (shutdown, stopped) = oneshot::channel();
    let mut hall = Hall::open(async { stopped.await.unwrap() });
    for (n, act) in steps(data) {
        hall.step(n, act).await;
        settle().await;
    }
    hall.expected.shut_down();
    shutdown.send(()).unwrap();
    hall.server.await.unwrap();
    for client in hall.clients.into_iter().flatten() {
        let (heard, expected) = (client.heard.await.unwrap(), hall.expected.sent(client.who));
        assert_eq!(heard.escape_ascii().to_string(), expected.escape_ascii().to_string());
    }
}

/// Without what SPEC.md leaves to the server: to read later who sends much, to refuse more names.
fn options() -> Options {
    Options { lines_per_second: 0, bytes_per_second: 0, confusables: Confusables::Allow, ..Options::default() }
}

struct Hall {
    server: JoinHandle<()>,
    door: mpsc::UnboundedSender<DuplexStream>,
    expected: room::Server,
    clients: [Option<Client>; CLIENTS],
}

struct Client {
    /// Its number in what is expected.
    who: usize,
    stream: WriteHalf<DuplexStream>,
    /// All that it was sent, in the end.
    heard: JoinHandle<Vec<u8>>,
}

impl Hall {
    fn open(shutdown: impl Future<Output = ()> + Send + 'static) -> Hall {
        let (door, arrivals) = mpsc::unbounded_channel();
        let server = tokio::spawn(Server::new(options()).listen(Door(arrivals)).run(shutdown));
        let expected = room::Server::that_minds_other_protocols();
        Hall { server, door, expected, clients: Default::default() }
    }

    async fn step(&mut self, n: usize, act: Act<'_>) {
        match act {
            Act::Connect => {
                self.break_off(n).await;
                self.client(n);
            }
            Act::Break => self.break_off(n).await,
            Act::Send(bytes, times) => self.send(n, &bytes.repeat(times.min(FLOOD / bytes.len().max(1)))).await,
            Act::End => self.end(n).await,
            // Whatever comes is read.
            Act::Read(_) => {}
            Act::Pass => {
                sleep(options().name_timeout).await;
                self.expected.time_out();
            }
        }
    }

    /// The connection of a client, opened where it has none.
    fn client(&mut self, n: usize) -> &mut Client {
        let Hall { door, expected, clients, .. } = self;
        clients[n].get_or_insert_with(|| {
            let (stream, far) = duplex(BUFFER);
            let (heard, stream) = split(stream);
            door.send(far).unwrap();
            Client { who: expected.connect(), stream, heard: tokio::spawn(read(heard)) }
        })
    }

    async fn send(&mut self, n: usize, bytes: &[u8]) {
        let client = self.client(n);
        // After its `BYE` a server need not take all of it.
        let _ = client.stream.write_all(bytes).await;
        let who = client.who;
        self.expected.input(who, bytes);
    }

    async fn end(&mut self, n: usize) {
        let client = self.client(n);
        let _ = client.stream.shutdown().await;
        let who = client.who;
        self.expected.end(who, Some("quit"));
    }

    async fn break_off(&mut self, n: usize) {
        if let Some(client) = self.clients[n].take() {
            client.heard.abort();
            let _ = client.heard.await;
            self.expected.end(client.who, None);
        }
    }
}

/// Where the clients in memory come in.
struct Door(mpsc::UnboundedReceiver<DuplexStream>);

impl Listener for Door {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        match self.0.recv().await {
            Some(stream) => Ok((stream, ([127, 0, 0, 1], 54321).into())),
            None => pending().await,
        }
    }
}

/// Time goes on when nobody has anything to do any more.
async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

async fn read(mut stream: ReadHalf<DuplexStream>) -> Vec<u8> {
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    heard
}
