//! The end of a connection: `BYE`, then the lingering close.
//!
//! A bare close would reset the connection of a client that is still sending, and the
//! reset may overtake the `BYE`. So the server shuts down its writing side, then reads
//! and throws away what still comes (SPEC.md, "Refusals"; RFC 9112, section 9.6, tells
//! the same of HTTP). Those who linger have no seat any more, and are bounded in number
//! and in time.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::connection::STALL;
use crate::proto::{Code, encode};

/// A client that goes on sending is read at least this long and this far.
const LINGER_AT_LEAST: (Duration, u64) = (Duration::from_secs(1), 1024 * 1024);

/// After this the connection is closed for good.
const LINGER_AT_MOST: Duration = Duration::from_secs(10);

/// The `BYE` line of this code.
pub(super) fn bye(code: Code) -> Bytes {
    let mut line = BytesMut::new();
    encode::bye_event(code, &mut line);
    line.freeze()
}

/// Writes the last words and closes, so that the client reads them and then a clean end
/// of stream. Where too many linger already, the words are tried once.
pub(super) async fn farewell<S>(mut stream: S, last_words: Bytes, lingerers: &Semaphore)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Ok(_place) = lingerers.try_acquire() else {
        let _ = timeout(Duration::ZERO, stream.write(&last_words)).await;
        return;
    };
    let said = async {
        stream.write_all(&last_words).await?;
        stream.shutdown().await
    };
    if let Ok(Ok(())) = timeout(STALL, said).await {
        let _ = timeout(LINGER_AT_MOST, read_away(&mut stream)).await;
    }
}

/// Reads until the end of the stream, or until there was enough of it.
pub(super) async fn read_away(stream: &mut (impl AsyncRead + Unpin)) {
    let (since, mut read) = (Instant::now(), 0);
    while let Ok(n @ 1..) = poll_fn(|cx| poll_away(stream, cx)).await {
        read += n as u64;
        if since.elapsed() >= LINGER_AT_LEAST.0 && read >= LINGER_AT_LEAST.1 {
            break;
        }
    }
}

/// Reads once; gives how many bytes came. They land on the stack: one of the lingerer's own would be
/// most of what it holds, and all linger at once who leave at once.
fn poll_away(stream: &mut (impl AsyncRead + Unpin), cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
    let mut scratch = [0; 4096];
    let mut chunk = ReadBuf::new(&mut scratch);
    ready!(Pin::new(stream).poll_read(cx, &mut chunk))?;
    Poll::Ready(Ok(chunk.filled().len()))
}
