//! Connections over streams in memory, their time moved by hand: what on a real network
//! would take tens of seconds, or depend on what the system buffers.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{Instant, advance};

use super::*;
use crate::proto::{Name, Text};

/// What a client's stream takes before it is read: so little that all else waits here.
const BUFFER: usize = 64;

struct Hall {
    shared: Arc<Shared>,
}

/// A client, and the task that serves it.
struct Client {
    stream: DuplexStream,
    served: JoinHandle<()>,
}

impl Hall {
    fn new(lingerers: usize) -> Hall {
        Hall::with(lingerers, Options::default())
    }

    fn with(lingerers: usize, options: Options) -> Hall {
        let hub = Arc::new(Hub::new(&options));
        tokio::spawn(watch_patience(Arc::clone(&hub)));
        Hall { shared: Arc::new(Shared { hub, lingerers: Semaphore::new(lingerers), options }) }
    }

    fn connect(&self) -> Client {
        self.connect_with(BUFFER)
    }

    fn connect_with(&self, buffer: usize) -> Client {
        let (stream, far) = duplex(buffer);
        let seat = self.shared.hub.seat(([127, 0, 0, 1], 54321).into()).unwrap();
        Client { stream, served: tokio::spawn(serve(far, seat, Arc::clone(&self.shared))) }
    }

    async fn join(&self, name: &str) -> Client {
        let mut client = self.connect();
        client.send(&format!("NAME {name}\n")).await;
        while client.line().await != format!("JOIN {name}") {}
        client
    }
}

impl Client {
    async fn send(&mut self, bytes: &str) {
        self.stream.write_all(bytes.as_bytes()).await.unwrap();
    }

    async fn expect(&mut self, bytes: &str) {
        let mut read = vec![0; bytes.len()];
        self.stream.read_exact(&mut read).await.unwrap();
        assert_eq!(String::from_utf8(read).unwrap(), bytes);
    }

    async fn line(&mut self) -> String {
        let mut line = Vec::new();
        while line.last() != Some(&b'\n') {
            line.push(self.stream.read_u8().await.unwrap());
        }
        String::from_utf8(line).unwrap().trim_end().to_owned()
    }

    /// All that still comes.
    async fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.stream.read_to_string(&mut rest).await.unwrap();
        rest
    }
}

/// Lets every task go on as far as it can without the time going on.
async fn settle() {
    for _ in 0..100 {
        yield_now().await;
    }
}

/// [LIMIT-1], [LIMIT-2]
#[tokio::test(start_paused = true)]
async fn who_gives_no_name_is_refused_after_30_s_whatever_else_it_sends() {
    let mut client = Hall::new(1).connect();
    settle().await;
    let start = Instant::now();
    for _ in 0..29 {
        client.send("\n").await;
        advance(Duration::from_secs(1)).await;
    }
    client.send("NAM").await;
    assert_eq!(client.rest().await, "BYE timeout\n");
    assert!((30.0..30.1).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
}

/// A room whose people may say ten lines at once and ten a second.
fn hall_with_rates() -> Hall {
    Hall::with(1, Options { lines_per_second: 10, burst: Duration::from_secs(1), ..Options::default() })
}

/// Lines that say numbers, and their receipts.
fn numbers(range: std::ops::Range<usize>) -> (String, String) {
    (range.clone().map(|n| format!("MSG {n}\n")).collect(), range.map(|n| format!("MSG Ana {n}\n")).collect())
}

/// [SLOW-12], [SLOW-14]
#[tokio::test(start_paused = true)]
async fn who_sends_too_fast_is_read_later_and_nothing_is_dropped() {
    let hall = hall_with_rates();
    let mut ana = hall.connect_with(4096);
    ana.send("NAME Ana\n").await;
    ana.expect("JOIN Ana\n").await;
    advance(Duration::from_secs(10)).await;
    let start = Instant::now();
    let (said, heard) = numbers(0..30);
    ana.send(&(said + "BYE\n")).await;
    ana.expect(&heard).await;
    assert_eq!(ana.rest().await, "BYE quit\n");
    assert!((2.1..2.2).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
}

/// [SLOW-14], [SLOW-16]: the others speak meanwhile, and it hears them.
#[tokio::test(start_paused = true)]
async fn who_is_not_read_is_still_written_to() {
    let hall = hall_with_rates();
    let mut ana = hall.connect_with(4096);
    ana.send("NAME Ana\n").await;
    ana.expect("JOIN Ana\n").await;
    let start = Instant::now();
    ana.send(&numbers(0..100).0).await;
    ana.expect(&numbers(0..9).1).await;
    let mut carlos = hall.join("Carlos").await;
    carlos.send("MSG hola\n").await;
    carlos.expect("MSG Carlos hola\n").await;
    ana.expect("JOIN Carlos\nMSG Carlos hola\n").await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    ana.expect(&numbers(9..100).1).await;
}

/// [LIMIT-1], [LIMIT-2]: its lines wait, the clock does not.
#[tokio::test(start_paused = true)]
async fn who_sends_too_fast_without_a_name_is_refused_in_time() {
    let hall = hall_with_rates();
    let mut client = hall.connect_with(4096);
    let start = Instant::now();
    client.send(&"\n".repeat(1000)).await;
    assert_eq!(client.rest().await, "BYE timeout\n");
    assert!((30.0..30.1).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
}

/// What one that sends too fast has sent waits on its side, but for one read.
#[tokio::test(start_paused = true)]
async fn a_flood_is_not_read_ahead() {
    let hall = hall_with_rates();
    let mut client = hall.connect_with(1024);
    let mut sent = 0;
    while sent < 10 * rates::READ
        && let Ok(n) = timeout(Duration::ZERO, client.stream.write(&[b'\n'; 1024])).await
    {
        sent += n.unwrap();
        settle().await;
    }
    assert!(sent <= rates::READ + 2 * 1024, "{sent}");
}

#[tokio::test(start_paused = true)]
async fn at_the_end_of_the_room_nobody_waits_for_who_sends_too_fast() {
    let hall = hall_with_rates();
    let mut ana = hall.connect_with(4096);
    ana.send(&format!("NAME Ana\n{}", numbers(0..100).0)).await;
    ana.expect(&format!("JOIN Ana\n{}", numbers(0..9).1)).await;
    let start = Instant::now();
    hall.shared.hub.close();
    assert_eq!(ana.rest().await, "BYE shutdown\n");
    assert_eq!(start.elapsed(), Duration::ZERO);
}

/// A listener that brings what it is told.
struct Script(std::vec::IntoIter<io::Result<DuplexStream>>);

impl Listener for Script {
    type Stream = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, std::net::SocketAddr)> {
        match self.0.next() {
            Some(accepted) => accepted.map(|stream| (stream, ([127, 0, 0, 1], 54321).into())),
            None => std::future::pending().await,
        }
    }
}

/// It tries again, not at once, and not for what is the matter with one connection only.
#[tokio::test(start_paused = true)]
async fn a_door_that_cannot_accept_goes_on_later() {
    let (stream, _client) = duplex(BUFFER);
    let no_files = || Err(io::Error::other("no open file is left"));
    let aborted = Err(io::ErrorKind::ConnectionAborted.into());
    let mut door = Door::new(Script(vec![no_files(), no_files(), no_files(), aborted, Ok(stream)].into_iter()));
    let start = Instant::now();
    door.next().await;
    assert_eq!(start.elapsed(), Duration::from_millis(300));
}

/// What the task of a client who stays takes. With more than this, the runtime would give it 512 bytes
/// instead of 384.
#[test]
fn a_connection_is_small() {
    let shared = Shared {
        hub: Arc::new(Hub::new(&Options::default())),
        lingerers: Semaphore::new(1),
        options: Options::default(),
    };
    let seat = shared.hub.seat(([127, 0, 0, 1], 54321).into()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    stream.set_nonblocking(true).unwrap();
    let stream = tokio::net::TcpStream::from_std(stream).unwrap();
    let size = size_of_val(&serve(stream, seat, Arc::new(shared)));
    assert!(size <= 280, "{size}");
}

/// [BYE-10], [BYE-11]: one who stays silent after its `BYE` is closed after 10 s.
#[tokio::test(start_paused = true)]
async fn the_linger_ends_after_10_s() {
    let mut client = Hall::new(1).connect();
    let start = Instant::now();
    client.send("GRITA\n").await;
    assert_eq!(client.rest().await, "BYE bad-line\n");
    client.served.await.unwrap();
    assert!((10.0..10.1).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
}

/// [BYE-9], [BYE-10]: one who goes on sending is read for 1 MiB and 1 s at least.
#[tokio::test(start_paused = true)]
async fn the_linger_takes_a_mebibyte_and_a_second() {
    let mut client = Hall::new(1).connect_with(4096);
    let start = Instant::now();
    client.send("GRITA\n").await;
    let mut sent = 0;
    while client.stream.write_all(&[b'x'; 1024]).await.is_ok() {
        sent += 1024;
        advance(Duration::from_millis(2)).await;
    }
    assert!(sent >= 1024 * 1024 && start.elapsed() >= Duration::from_secs(1), "{sent} {:?}", start.elapsed());
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    client.served.await.unwrap();
}

/// [BYE-12], [BYE-15]: beyond the bound the `BYE` is tried, and the connection closed at once.
#[tokio::test(start_paused = true)]
async fn lingerers_are_bounded() {
    let hall = Hall::new(1);
    let (mut first, mut second) = (hall.connect(), hall.connect());
    first.send("GRITA\n").await;
    assert_eq!(first.rest().await, "BYE bad-line\n");
    let start = Instant::now();
    second.send("GRITA\n").await;
    assert_eq!(second.rest().await, "BYE bad-line\n");
    second.served.await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}

/// [SLOW-13]: while it takes something, if only a little, it is not cut off.
#[tokio::test(start_paused = true)]
async fn a_leaver_that_takes_nothing_is_closed_after_10_s() {
    let hall = Hall::new(1);
    let mut ana = hall.join("Ana").await;
    let mut carlos = hall.join("Carlos").await;
    ana.expect("JOIN Carlos\n").await;
    for _ in 0..10 {
        ana.send(&format!("MSG {}\n", "x".repeat(60))).await;
        ana.expect(&format!("MSG Ana {}\n", "x".repeat(60))).await;
    }
    carlos.send("BYE\n").await;
    ana.expect("LEAVE Carlos\n").await;
    for _ in 0..5 {
        advance(Duration::from_secs(9)).await;
        carlos.expect(&format!("MSG Ana {}\n", "x".repeat(60))).await;
        settle().await;
    }
    let start = Instant::now();
    carlos.served.await.unwrap();
    assert!((10.0..20.1).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
    let mut rest = String::new();
    carlos.stream.read_to_string(&mut rest).await.unwrap();
    assert!(!rest.contains("BYE"), "{rest}");
}

/// [SLOW-6], [SLOW-8], [SLOW-9], [BYE-13]: one clock; at its end all who hold more than half go.
#[tokio::test(start_paused = true)]
async fn the_room_waits_for_slow_readers_5_s_and_no_longer() {
    let hall = Hall::with(10, Options { lines_per_second: 0, bytes_per_second: 0, ..Options::default() });
    let mut ana = hall.join("Ana").await;
    let mut slow = hall.join("slow").await;
    let mut gone = hall.join("gone").await;
    ana.expect("JOIN slow\nJOIN gone\n").await;
    let text = "x".repeat(1000);
    let fill = async |ana: &mut Client, lines: usize| {
        for _ in 0..lines {
            ana.send(&format!("MSG {text}\n")).await;
            ana.expect(&format!("MSG Ana {text}\n")).await;
        }
    };
    fill(&mut ana, 1500).await;
    gone.send("BYE\n").await;
    ana.expect("LEAVE gone\n").await;
    let start = Instant::now();
    // The log is full before these are said: the last of them wait until patience ends.
    let mut writer = tokio::io::split(ana.stream);
    let lines = 3000;
    let said = format!("MSG {text}\n").repeat(lines);
    tokio::spawn(async move {
        writer.1.write_all(said.as_bytes()).await.unwrap();
        writer.1
    });
    let mut heard = vec![0; lines * (text.len() + 9) + "LEAVE slow\n".len()];
    writer.0.read_exact(&mut heard).await.unwrap();
    assert!((5.0..5.1).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
    let heard = String::from_utf8(heard).unwrap();
    assert!(heard.contains("\nLEAVE slow\n"));
    // A whole line or none before the reason; and no `BYE` for one who had left.
    let rest = slow.rest().await;
    assert!(
        rest.ends_with(&format!("{text}\nBYE too-slow\n")) || rest.ends_with("JOIN gone\nBYE too-slow\n"),
        "{rest}"
    );
    (&mut gone.served).await.unwrap();
    assert!(!gone.rest().await.contains("BYE"));
}

/// [LIMIT-6], [SLOW-3]: it came in time, though the log was full until it would be late.
#[tokio::test(start_paused = true)]
async fn a_name_that_waits_for_a_full_log_is_not_late() {
    let hall = Hall::new(1);
    let mut ana = hall.join("Ana").await;
    let _slow = hall.join("slow").await;
    ana.expect("JOIN slow\n").await;
    let (mut late, mut silent) = (hall.connect(), hall.connect());
    settle().await;
    advance(Duration::from_secs(28)).await;
    let text = "x".repeat(1000);
    while hall.shared.hub.deadline().is_none() {
        ana.send(&format!("MSG {text}\n")).await;
        ana.expect(&format!("MSG Ana {text}\n")).await;
    }
    let start = Instant::now();
    late.send("NAME late\n").await;
    late.expect("JOIN Ana\nJOIN late\n").await;
    assert!((5.0..5.1).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
    assert_eq!(silent.rest().await, "BYE timeout\n");
    assert!((5.0..5.1).contains(&start.elapsed().as_secs_f64()), "{:?}", start.elapsed());
}

/// A stream after each of whose writes something happens, before the writer can tell of it.
struct AfterWrite<F> {
    stream: DuplexStream,
    then: F,
}

impl<F: Unpin> AsyncRead for AfterWrite<F> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<F: FnMut() + Unpin> AsyncWrite for AfterWrite<F> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes));
        (self.then)();
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// [BYE-13]: patience ends on another thread, right between a write and its report.
#[tokio::test(start_paused = true)]
async fn who_is_put_out_while_a_line_is_half_written_gets_its_rest() {
    let options = Options { patience: Duration::ZERO, ..Options::default() };
    let hub = Arc::new(Hub::new(&options));
    let shared = Shared { hub: Arc::clone(&hub), lingerers: Semaphore::new(1), options };
    let (mut stream, far) = duplex(BUFFER);
    let patience = Arc::clone(&hub);
    let far = AfterWrite { stream: far, then: move || patience.expire() };
    let peer = ([127, 0, 0, 1], 54321).into();
    let served = tokio::spawn(serve(far, hub.seat(peer).unwrap(), Arc::new(shared)));
    stream.write_all(b"NAME slow\n").await.unwrap();
    let mut slow = Client { stream, served };
    slow.expect("JOIN slow\n").await;
    let mut ana = hub.seat(peer).unwrap();
    ana.act(|floor| floor.join(&Name::new("Ana").unwrap())).unwrap();
    let text = "x".repeat(1000);
    while hub.deadline().is_none() {
        ana.act(|floor| floor.say(Text::new(&text).unwrap()));
    }
    assert_eq!(slow.rest().await, format!("JOIN Ana\nMSG Ana {text}\nBYE too-slow\n"));
}

/// [LEAVE-13], [BYE-14]: after the shutdown nothing more is said, and all gets written.
#[tokio::test(start_paused = true)]
async fn at_the_end_of_the_room_each_gets_what_came_before() {
    let hall = Hall::new(10);
    let mut ana = hall.join("Ana").await;
    let mut carlos = hall.join("Carlos").await;
    let mut nameless = hall.connect();
    for n in 0..100 {
        ana.send(&format!("MSG {n}\n")).await;
        while ana.line().await != format!("MSG Ana {n}") {}
    }
    settle().await;
    hall.shared.hub.close();
    ana.send("MSG tarde\n").await;
    let rest = carlos.rest().await;
    assert!(rest.starts_with("MSG Ana 0\n") && rest.ends_with("MSG Ana 99\nBYE shutdown\n"), "{rest}");
    assert!(ana.rest().await.ends_with("BYE shutdown\n"));
    assert_eq!(nameless.rest().await, "BYE shutdown\n");
}
