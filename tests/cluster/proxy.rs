//! A link between a `charla-server` and a `nats-server`, which can be cut: a TCP proxy.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::thread;

pub(super) struct Link {
    /// Where one connects to it.
    pub(super) place: SocketAddr,
    shared: Arc<Shared>,
}

/// How a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Whole,
    /// What is sent waits, and so does the news of an end, as where a network is cut that TCP goes on trying. All of it comes
    /// when the link is whole again.
    Held,
    /// Connections are ended, those that are new too.
    Broken,
}

struct Shared {
    to: SocketAddr,
    now: Mutex<Now>,
    changed: Condvar,
}

struct Now {
    state: State,
    /// Both ends of each connection, as long as it is carried.
    ends: Vec<Weak<TcpStream>>,
}

impl Link {
    pub(super) fn new(to: SocketAddr) -> Link {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap();
        let now = Mutex::new(Now { state: State::Whole, ends: Vec::new() });
        let shared = Arc::new(Shared { to, now, changed: Condvar::new() });
        let listening = Arc::clone(&shared);
        // It listens as long as the process lives: after the link's end nothing is carried any more.
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let shared = Arc::clone(&listening);
                // That it cannot be carried is seen at its other end.
                thread::spawn(move || shared.carry(near));
            }
        });
        Link { place, shared }
    }

    pub(super) fn set(&self, state: State) {
        let mut now = self.shared.now.lock().unwrap();
        now.state = state;
        if state == State::Broken {
            now.ends.drain(..).filter_map(|end| end.upgrade()).for_each(|end| end_both_ways(&end));
        }
        self.shared.changed.notify_all();
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.set(State::Broken);
    }
}

impl Shared {
    fn carry(&self, near: TcpStream) -> io::Result<()> {
        self.pass()?;
        let (near, far) = (Arc::new(near), Arc::new(TcpStream::connect(self.to)?));
        self.note([&near, &far])?;
        for end in [&near, &far] {
            end.set_nodelay(true)?;
        }
        thread::scope(|scope| {
            scope.spawn(|| self.pump(&near, &far));
            self.pump(&far, &near);
        });
        Ok(())
    }

    /// Carries what comes one way, up to an end, which ends the other way too.
    fn pump(&self, mut from: &TcpStream, mut to: &TcpStream) {
        let mut buffer = [0; 1 << 14];
        loop {
            let read = from.read(&mut buffer).unwrap_or_default();
            if self.pass().is_err() || read == 0 || to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        end_both_ways(from);
        end_both_ways(to);
    }

    /// Waits while the link is held; an error where it is broken.
    fn pass(&self) -> io::Result<()> {
        let now = self.changed.wait_while(self.now.lock().unwrap(), |now| now.state == State::Held).unwrap();
        if now.state == State::Broken { Err(ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }

    fn note(&self, ends: [&Arc<TcpStream>; 2]) -> io::Result<()> {
        let mut now = self.now.lock().unwrap();
        if now.state == State::Broken {
            return Err(ErrorKind::ConnectionReset.into());
        }
        now.ends.retain(|end| end.strong_count() > 0);
        now.ends.extend(ends.map(Arc::downgrade));
        Ok(())
    }
}

fn end_both_ways(end: &TcpStream) {
    // It may have ended already.
    let _ = end.shutdown(Shutdown::Both);
}
