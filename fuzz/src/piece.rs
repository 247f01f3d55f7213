//! Bytes as pieces, with [`CUT`] between them, and a play for several clients made of pieces.
//!
//! A length in front of each would make nonsense of all that follows a byte put in or taken out.

/// What stands between two pieces: a byte that UTF-8 does not have. (There are others for
/// what is to be no UTF-8.)
pub const CUT: u8 = 0xff;

/// How many clients there are at a time.
pub const CLIENTS: usize = 4;

/// What the steps of one play send at most, in bytes: enough to fill the log.
const MOST: usize = 3 << 20;

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act<'a> {
    /// Opens a connection, in the place of the one that it had.
    Connect,
    /// Sends these bytes so many times.
    Send(&'a [u8], usize),
    /// Ends its sending side.
    End,
    /// Breaks the connection.
    Break,
    /// Reads so many bytes at most, where reading does not go by itself.
    Read(usize),
    /// Nobody does anything for so long that whoever keeps the others waiting is too late.
    Pass,
}

/// The pieces of an input.
pub fn pieces(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    data.split(|&b| b == CUT)
}

/// The steps of an input: a piece begins with a byte that says who does what, and how often.
pub fn steps(data: &[u8]) -> impl Iterator<Item = (usize, Act<'_>)> {
    let mut left = MOST;
    pieces(data).filter_map(|piece| piece.split_first()).map(move |(&tag, bytes)| {
        let times = 4usize.pow(u32::from(tag / 32));
        let act = match tag / 4 % 8 {
            0 => Act::Connect,
            1 => Act::End,
            2 => Act::Break,
            3 => Act::Pass,
            4 => Act::Read(bytes.len() * times),
            _ => {
                let times = times.min(left / bytes.len().max(1));
                left -= times * bytes.len();
                Act::Send(bytes, times)
            }
        };
        (usize::from(tag) % CLIENTS, act)
    })
}

/// The piece that [`steps`] reads as this, with its end. What is repeated is so as often as the next power of four.
pub fn step(who: usize, act: Act<'_>) -> Vec<u8> {
    let (kind, bytes, times) = match act {
        Act::Connect => (0, &[][..], 1),
        Act::End => (1, &[][..], 1),
        Act::Break => (2, &[][..], 1),
        Act::Pass => (3, &[][..], 1),
        Act::Read(most) => (4, &b"."[..], most),
        Act::Send(bytes, times) => (5, bytes, times),
    };
    let power = (0..7).find(|&power| 4usize.pow(power) >= times).unwrap_or(7);
    let tag = who % CLIENTS + 4 * kind + 32 * power as usize;
    [&[u8::try_from(tag).unwrap()], bytes, &[CUT]].concat()
}
