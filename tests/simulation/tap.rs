//! The client's end of a connection: beside what the client sends and hears, what people do behind its back.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::wire::Wire;

/// What the client reads from and writes to.
pub(super) struct Tap {
    wire: Option<Wire>,
    control: Rc<RefCell<Control>>,
}

/// What goes on beside it.
#[derive(Default)]
pub(super) struct Control {
    /// To be sent between two lines of the client.
    pub(super) insert: Vec<u8>,
    /// Whether the stream is to be ended.
    pub(super) end: bool,
    /// All that the client has read.
    pub(super) heard: Vec<u8>,
    /// Where the client leaves its end when it has done with it.
    pub(super) left: Option<Wire>,
}

impl Tap {
    pub(super) fn new(wire: Wire) -> (Tap, Rc<RefCell<Control>>) {
        let control = Rc::default();
        (Tap { wire: Some(wire), control: Rc::clone(&control) }, control)
    }

    fn wire(&mut self) -> Pin<&mut Wire> {
        Pin::new(self.wire.as_mut().unwrap())
    }
}

impl AsyncRead for Tap {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(self.wire().poll_read(cx, buf))?;
        self.control.borrow_mut().heard.extend(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tap {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.wire().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let control = Rc::clone(&self.control);
        let Control { insert, end, .. } = &mut *control.borrow_mut();
        while !insert.is_empty() {
            let taken = ready!(self.wire().poll_write(cx, insert))?;
            insert.drain(..taken);
        }
        if *end {
            ready!(self.wire().poll_shutdown(cx))?;
            *end = false;
        }
        self.wire().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.wire().poll_shutdown(cx)
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.control.borrow_mut().left = self.wire.take();
    }
}
