//! What the threads of a server share, model checked: `loom` runs each test in every order in
//! which its threads can take turns, up to a number of preemptions, and finds who waits for ever.
//!
//! The modules here are the server's own, built once more over loom's lock in the place of the one of
//! [`sync`](super::sync). So real connections run here, each in a thread, on streams in memory.
//! Time stands still; patience is nought.

#![allow(clippy::duplicate_mod, reason = "the same code over another lock")]
#![allow(dead_code, reason = "the models use a part of it")]

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use loom::future::block_on;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Options, rates, roster, seats, stats};
use crate::proto::{Code, Name, Text};
use crate::room::{Confusables, MIN_KEPT, Standing};
use connection::{Connection, Ending};
use hub::{Hub, Seat, Written};

/// loom's threads take turns on one thread of the system, so what is a thread's own there must be
/// made anew for each use here.
macro_rules! thread_local {
    ($($(#[$doc:meta])* static $name:ident: RefCell<$of:ty> = $new:expr;)*) => {
        $($(#[$doc])* static $name: super::Anew<$of> = super::Anew(|| $new);)*
    };
}

struct Anew<T>(fn() -> RefCell<T>);

impl<T> Anew<T> {
    fn with_borrow_mut<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        f(self.0().get_mut())
    }
}

#[path = "connection.rs"]
mod connection;
#[path = "hub.rs"]
mod hub;
#[path = "wakers.rs"]
mod wakers;

mod sync {
    use loom::sync::atomic::{AtomicBool, Ordering};
    pub(super) use loom::sync::{Mutex, MutexGuard};

    /// That of tokio, before each use of which another thread may have its turn.
    #[derive(Debug)]
    pub(super) struct Notify {
        notify: tokio::sync::Notify,
        turn: AtomicBool,
    }

    impl Notify {
        pub(super) fn new() -> Notify {
            Notify { notify: tokio::sync::Notify::new(), turn: AtomicBool::new(false) }
        }

        pub(super) fn notify_one(&self) {
            self.turn.swap(true, Ordering::SeqCst);
            self.notify.notify_one();
        }

        pub(super) async fn notified(&self) {
            self.turn.swap(true, Ordering::SeqCst);
            self.notify.notified().await;
        }
    }
}

/// With one more, it takes ten times as long.
const PREEMPTIONS: usize = 2;

/// What a connection has on its stack, in words.
const STACK: usize = 32 * 1024;

/// Runs a model in every order. What it does itself is done before its threads begin.
fn check(model: impl Fn() + Send + Sync + 'static) {
    // Connections make timers, which never end here.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let _context = runtime.enter();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    let model = Arc::new(model);
    builder.check(move || {
        let model = Arc::clone(&model);
        spawn(move || model()).join().unwrap();
    });
}

fn spawn<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> loom::thread::JoinHandle<T> {
    loom::thread::Builder::new().stack_size(STACK).spawn(f).unwrap()
}

fn hub() -> Arc<Hub> {
    Arc::new(Hub::new(&Options { patience: Duration::ZERO, confusables: Confusables::Allow, ..Options::default() }))
}

/// So many bytes of the log.
fn written(of_log: usize) -> Written {
    Written { bytes: of_log, of_log }
}

fn seat(hub: &Arc<Hub>) -> Seat {
    hub.seat(([127, 0, 0, 1], 54321).into()).unwrap()
}

/// One who is in the room, without a connection.
fn joined(hub: &Arc<Hub>, name: &str) -> Seat {
    let mut seat = seat(hub);
    seat.act(|floor| floor.join(&Name::new(name).unwrap())).unwrap();
    seat
}

/// A client whose server writes to it: it answers what it has heard.
struct Client {
    /// What it sends, one after the other, each as soon as it has heard what stands before; nothing is a reset.
    answers: &'static [(&'static str, &'static str)],
    heard: String,
}

impl AsyncRead for Client {
    /// Nobody is to be woken: what it hears comes from the task that reads it.
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.answers {
            [(heard, ""), ..] if self.heard.contains(heard) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            [(heard, answer), rest @ ..] if self.heard.contains(heard) => {
                buf.put_slice(answer.as_bytes());
                self.answers = rest;
                Poll::Ready(Ok(()))
            }
            _ => Poll::Pending,
        }
    }
}

impl AsyncWrite for Client {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.heard.push_str(std::str::from_utf8(bytes).unwrap());
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Serves a client to its end; gives how it ended and what was written to it.
fn serve(seat: Seat, answers: &'static [(&'static str, &'static str)]) -> (Ending, String) {
    let client = Client { answers, heard: String::new() };
    let mut connection = Connection::new(client, seat, Duration::from_secs(30));
    let ending = block_on(connection.serve());
    let (client, _) = connection.close(ending);
    (ending, client.heard)
}

/// [ROOM-5], [ROOM-11]: who has found nothing to read is woken by what comes.
#[test]
fn who_waits_hears_what_comes() {
    check(|| {
        let hub = hub();
        let (ana, luis) = (seat(&hub), seat(&hub));
        let ana = spawn(|| serve(ana, &[("", "NAME Ana\n"), ("LEAVE Luis", "BYE\n")]));
        let luis = spawn(|| serve(luis, &[("", "NAME Luis\n"), ("JOIN Ana", "MSG hola\nBYE\n")]));
        let (ending, heard) = ana.join().unwrap();
        assert_eq!(ending, Ending::Bye(Code::Quit));
        assert!(heard.ends_with("MSG Luis hola\nLEAVE Luis\n"), "{heard}");
        let (ending, heard) = luis.join().unwrap();
        assert_eq!(ending, Ending::Bye(Code::Quit));
        assert!(heard.ends_with("MSG Luis hola\n"), "{heard}");
    });
}

/// [LEAVE-1], [LEAVE-2]: a connection that goes while others come leaves nobody waiting.
#[test]
fn a_reset_leaves_nobody_waiting() {
    check(|| {
        let hub = hub();
        let (ana, luis) = (seat(&hub), seat(&hub));
        let ana = spawn(|| serve(ana, &[("", "NAME Ana\n"), ("LEAVE Luis", "BYE\n")]));
        let luis = spawn(|| serve(luis, &[("", "NAME Luis\n"), ("JOIN Ana", "")]));
        // Whose slot may be the one that Luis gives up.
        let (nameless, _) = serve(seat(&hub), &[("", "BYE\n")]);
        assert_eq!(nameless, Ending::Bye(Code::Quit));
        assert_eq!(luis.join().unwrap().0, Ending::Broken);
        assert_eq!(ana.join().unwrap().0, Ending::Bye(Code::Quit));
    });
}

/// [SLOW-3], [SLOW-9]: whether patience ends or the slow one reads first, who had to wait is heard.
#[test]
fn the_end_of_a_congestion_is_not_missed() {
    check(|| {
        let hub = hub();
        let (slow, ana) = (joined(&hub, "slow"), seat(&hub));
        let unread = fill(&hub);
        let ana = spawn(|| serve(ana, &[("", "NAME Ana\n"), ("JOIN Ana", "MSG hola\n"), ("MSG Ana hola", "BYE\n")]));
        let patience = spawn(move || {
            block_on(hub.congestion.notified());
            hub.expire();
            hub.deadline()
        });
        let read = slow.look(&Context::from_waker(Waker::noop()), written(unread), &mut Vec::new());
        let (_, heard) = ana.join().unwrap();
        assert_eq!(heard.contains("LEAVE slow") || !heard.contains("JOIN slow"), read.standing == Standing::TooSlow);
        assert_eq!(patience.join().unwrap(), None);
    });
}

/// Says so much that the log is full; gives its bytes, from after the first `JOIN`.
fn fill(hub: &Arc<Hub>) -> usize {
    let mut eva = joined(hub, "Eva");
    let text = "x".repeat(1000);
    let line = "MSG Eva \n".len() + text.len();
    let lines = MIN_KEPT / line + 1;
    let text = Text::new(&text).unwrap();
    eva.act(|floor| (0..lines).for_each(|_| floor.say(text)));
    // It read as it spoke, and goes: one who is not slow.
    eva.look(&Context::from_waker(Waker::noop()), written("JOIN Eva\n".len() + lines * line), &mut Vec::new());
    assert!(hub.deadline().is_some());
    "JOIN slow\nJOIN Eva\n".len() + lines * line
}

/// [LEAVE-9]: the end of the room reaches all, those without a name too.
#[test]
fn the_end_of_the_room_reaches_all() {
    check(|| {
        let hub = hub();
        let (ana, nameless) = (seat(&hub), seat(&hub));
        let ana = spawn(|| serve(ana, &[("", "NAME Ana\n")]));
        let nameless = spawn(|| serve(nameless, &[]));
        hub.close();
        assert_eq!(ana.join().unwrap().0, Ending::Bye(Code::Shutdown));
        assert_eq!(nameless.join().unwrap().0, Ending::Bye(Code::Shutdown));
    });
}

/// The console is one more reader: it gets every line, and the end.
#[test]
fn the_console_misses_nothing() {
    check(|| {
        let hub = hub();
        hub.observe();
        let ana = joined(&hub, "Ana");
        let console = spawn({
            let hub = Arc::clone(&hub);
            move || transcript(&hub)
        });
        let leaving = spawn(move || drop(ana));
        let mut luis = joined(&hub, "Luis");
        luis.act(|floor| floor.say(Text::new("hola").unwrap()));
        leaving.join().unwrap();
        hub.close();
        let mut lines: Vec<_> = console.join().unwrap().lines().map(str::to_owned).collect();
        lines.sort();
        assert_eq!(lines, ["JOIN Ana", "JOIN Luis", "LEAVE Ana", "MSG Luis hola"]);
    });
}

/// All that the console is given until the room is closed.
fn transcript(hub: &Hub) -> String {
    let mut lines = String::new();
    loop {
        match hub.observed() {
            (Some(observed), _) => lines.extend(observed.lines.iter().map(|piece| str::from_utf8(piece).unwrap())),
            (None, true) => return lines,
            (None, false) => block_on(hub.news.notified()),
        }
    }
}
