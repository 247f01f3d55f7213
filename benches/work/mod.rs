//! The work that is measured: by time in `room.rs`, by instructions in `counts.rs`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use charla::proto::server_session::{Joined, Opening, Request, Waiting};
use charla::proto::{Cut, LineCutter, Name};
use charla::room::{Confusables, Limits, MIN_KEPT, Reader, Room};

/// Lines that come in one read.
pub(crate) const LINES: usize = 256;

/// A room with some participants, and the session of one of them.
pub(crate) struct Hall {
    room: Room,
    now: Instant,
    readers: Vec<Reader>,
    session: Joined,
    chunk: Vec<u8>,
    pieces: Vec<bytes::Bytes>,
}

impl Hall {
    pub(crate) fn new(participants: usize) -> Hall {
        let now = Instant::now();
        let mut room =
            Room::new(Limits { kept: MIN_KEPT, patience: Duration::from_secs(5), confusables: Confusables::Refuse });
        let readers = (0..participants).map(|n| room.join(&name(n), peer(), now).unwrap().0).collect();
        let Ok(Some(Opening::Join(name))) = Waiting::default().line(b"NAME u0") else { unreachable!() };
        let session = Waiting::default().accepted(name);
        let chunk = format!("MSG {}\n", "x".repeat(64)).repeat(LINES).into_bytes();
        let mut hall = Hall { room, now, readers, session, chunk, pieces: Vec::new() };
        hall.read();
        hall
    }

    /// Cuts, parses, checks and appends [`LINES`] messages of 64 bytes.
    pub(crate) fn say(&mut self) {
        let (mut cutter, mut chunk) = (LineCutter::default(), &self.chunk[..]);
        while let Some(Cut::Line(line)) = cutter.next(&mut chunk) {
            if let Ok(Some(Request::Say(text))) = self.session.line(line) {
                self.room.say(self.readers[0], text, self.now);
            }
        }
    }

    /// Everybody reads all that there is.
    pub(crate) fn read(&mut self) {
        for &reader in &self.readers {
            loop {
                self.room.read(reader, &mut self.pieces);
                let read = self.pieces.drain(..).map(|piece| piece.len()).sum();
                self.room.advance(reader, read, || self.now);
                if read == 0 {
                    break;
                }
            }
        }
    }

    /// Someone comes, is given the roster, and goes.
    pub(crate) fn visit(&mut self) -> usize {
        let (reader, roster) = self.room.join(&name(usize::MAX), peer(), self.now).unwrap();
        self.room.forget(reader, self.now);
        roster.iter().map(bytes::Bytes::len).sum()
    }
}

fn name(n: usize) -> Name {
    Name::new(&format!("u{n}")).unwrap()
}

fn peer() -> SocketAddr {
    ([127, 0, 0, 1], 54321).into()
}
