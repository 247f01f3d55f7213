//! A peer: a plain TCP connection to a server, as a test holds it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use super::DEADLINE;

/// One connection. Its reads fail loudly at the deadline.
pub struct Peer {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Peer {
    pub fn connect(address: SocketAddr) -> Peer {
        Peer::over(TcpStream::connect(address).expect("the server accepts"))
    }

    pub fn over(stream: TcpStream) -> Peer {
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        Peer { stream, reader }
    }

    /// Connects, joins, and reads up to its own `JOIN`.
    pub fn join(address: SocketAddr, name: &str) -> Peer {
        let mut peer = Peer::connect(address);
        peer.send(&format!("NAME {name}"));
        peer.skip_to(&format!("JOIN {name}"));
        peer
    }

    pub fn address(&self) -> SocketAddr {
        self.stream.local_addr().unwrap()
    }

    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub fn send(&mut self, line: &str) {
        self.send_bytes(format!("{line}\n").as_bytes());
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server reads");
    }

    /// The next line, without its LF; `None` at a clean end of stream.
    pub fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        self.reader.read_until(b'\n', &mut line).expect("a line or a clean end");
        let line = String::from_utf8(line).unwrap();
        (!line.is_empty()).then(|| line.strip_suffix('\n').expect("a whole line").to_owned())
    }

    #[track_caller]
    pub fn expect(&mut self, line: &str) {
        assert_eq!(self.line().as_deref(), Some(line));
    }

    /// The last line, then a clean end.
    #[track_caller]
    pub fn expect_last(&mut self, line: &str) {
        self.expect(line);
        assert_eq!(self.line(), None);
    }

    /// Reads past other lines up to this one.
    #[track_caller]
    pub fn skip_to(&mut self, line: &str) {
        loop {
            let next = self.line().unwrap_or_else(|| panic!("the stream ended before {line:?}"));
            if next == line {
                return;
            }
        }
    }

    /// Says something and reads up to its receipt: what was ordered before has come then.
    /// Gives the lines in between.
    #[track_caller]
    pub fn fence(&mut self, name: &str) -> Vec<String> {
        self.send("MSG fence");
        let receipt = format!("MSG {name} fence");
        let mut before = Vec::new();
        loop {
            match self.line().expect("the receipt") {
                line if line == receipt => return before,
                line => before.push(line),
            }
        }
    }

    /// All that still comes, up to a clean end or a reset.
    pub fn rest(mut self) -> (Vec<u8>, std::io::Result<()>) {
        let mut rest = Vec::new();
        let end = self.reader.read_to_end(&mut rest).map(drop);
        (rest, end)
    }

    /// Ends the sending side.
    pub fn half_close(&self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// Ends the connection by a reset.
    pub fn reset(self) {
        socket2::SockRef::from(&self.stream).set_linger(Some(std::time::Duration::ZERO)).unwrap();
    }

    /// A small window and short segments, so that a peer that does not read is felt early.
    pub fn connect_narrow(address: SocketAddr) -> Peer {
        let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        socket.set_tcp_mss(536).unwrap();
        socket.connect(&address.into()).unwrap();
        Peer::over(socket.into())
    }
}
