//! Those who never come into the room.

use std::io;
use std::net::SocketAddr;

use fastrand::Rng;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;

use super::line::Line;
use super::tally::Tally;
use super::{DEADLINE, Result};

/// What somebody sends who then sends no more, and the code that it deserves.
struct Opening {
    bytes: Vec<u8>,
    then_end: bool,
    code: &'static str,
}

/// Comes, sends what gets nobody in, and hears how it is sent away. The name `present` is in the room.
pub(super) async fn visit(address: SocketAddr, tally: &Tally, rng: &mut Rng, present: &str) -> Result<()> {
    let opening = Opening::draw(rng, present);
    tally.come();
    let heard = timeout(DEADLINE, opening.play(address)).await.map_err(|_| "no BYE".to_owned());
    let heard = heard.and_then(|heard| heard.map_err(|error| error.to_string()));
    match &heard {
        Ok(heard) if is_bye(heard, opening.code) => {
            tally.end(opening.code);
            Ok(())
        }
        _ => Err(format!(
            "{:?} deserves BYE {}, and got {heard:?}",
            opening.bytes.escape_ascii().to_string(),
            opening.code
        )),
    }
}

/// Whether one line, and nothing else, says this code.
fn is_bye(heard: &[u8], code: &str) -> bool {
    let line = heard.strip_prefix(b"BYE ").and_then(|rest| rest.strip_prefix(code.as_bytes()));
    line.is_some_and(|rest| {
        matches!(rest, [b'\n'] | [b' ', .., b'\n']) && memchr::memchr(b'\n', rest) == Some(rest.len() - 1)
    })
}

impl Opening {
    fn draw(rng: &mut Rng, present: &str) -> Opening {
        let of = |bytes: &[u8], code| Opening { bytes: bytes.to_vec(), then_end: false, code };
        match rng.u8(0..16) {
            0 => of(b"MSG hola\n", "bad-state"),
            1 => of(b"GRITA hola\n", "bad-line"),
            2 => of(b"GET / HTTP/1.1\r\nHost: charla\r\n\r\n", "bad-line"),
            // The beginning of a hello of TLS.
            3 => of(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "bad-line"),
            4 => of(&garbage(rng), "bad-line"),
            5 => of(b"NAME \xff\n", "bad-line"),
            6 => of(&[b'x'; 1063], "too-long"),
            7 => of(b"NAME Ana Mar\xc3\xada\n", "name-invalid"),
            8 => of("NAME Ana\u{200b}\n".as_bytes(), "name-invalid"),
            9 => of(format!("NAME {}\n", present.to_uppercase()).as_bytes(), "name-taken"),
            // In Cyrillic.
            10 => of(format!("NAME {}\n", present.replace('a', "\u{430}")).as_bytes(), "name-taken"),
            11 => of(b"BYE\nGRITA\n", "quit"),
            12 => Opening { then_end: true, ..of(b"NAME Ana", "quit") },
            13 => of(b"", "timeout"),
            14 => of(b"\n\r\n\n", "timeout"),
            _ => of(b"NAME Ana", "timeout"),
        }
    }

    async fn play(&self, address: SocketAddr) -> io::Result<Vec<u8>> {
        let mut line = Line::connect(address).await?;
        line.blurt(&self.bytes).await?;
        if self.then_end {
            line.end()?;
        }
        let mut heard = Vec::new();
        line.read_to_end(&mut heard).await?;
        Ok(heard)
    }
}

/// A line that no verb begins like, and whatever comes after it.
fn garbage(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend((0..rng.usize(..500)).map(|_| rng.u8(..)));
    bytes.push(b'\n');
    bytes
}
