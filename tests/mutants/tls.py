"""TLS over a socket, for `server.py` and `client.py`: one thread reads, another writes.

`ssl.SSLSocket` is not for two threads at a time, and does not end one side alone. So what comes
is put into a session, and what it gives is sent: the session is locked for moments, and never
while the socket is waited for.
"""

import socket
import ssl
import threading

PROTOCOL = "charla.1"
HANDSHAKE = 10
COMPUTING = threading.Semaphore(2)


class Tunnel:
    """What `socket.socket` is without TLS, as far as it is needed."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, hello: bytes = b"", host: str | None = None) -> None:
        """Shakes hands: with a client that has said this hello, or with this host."""
        self.sock = sock
        self.lock = threading.Lock()
        self.sending = threading.Lock()
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.session = context.wrap_bio(self.incoming, self.outgoing, server_side=host is None, server_hostname=host)
        # What was not sent yet of what goes over the wire.
        self.sealed = b""
        self.has_ended = False
        self.incoming.write(hello)
        self.shake_hands()
        # What came behind the handshake.
        self.opened = self.open_all()

    def shake_hands(self) -> None:
        while True:
            try:
                with COMPUTING:
                    return self.session.do_handshake()
            except ssl.SSLWantReadError:
                pass
            finally:
                self.sock.sendall(self.outgoing.read())
            self.take(self.sock.recv(65536))

    def take(self, sealed: bytes) -> None:
        if sealed:
            self.incoming.write(sealed)
        else:
            self.incoming.write_eof()

    def open_all(self) -> bytes:
        """All that can be read now. An end of the connection without close_notify is an error."""
        opened = b""
        try:
            while data := self.session.read(65536):
                opened += data
            self.has_ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.has_ended = True
        return opened

    def recv(self, size: int) -> bytes:
        """Nothing at the end of the stream, which is a close_notify."""
        while not self.opened and not self.has_ended:
            sealed = self.sock.recv(size)
            with self.lock:
                self.take(sealed)
                self.opened = self.open_all()
        opened, self.opened = self.opened, b""
        return opened

    def send(self, data: bytes) -> int:
        """Sends all of it. Where that was not to be done in time, the same call goes on with it."""
        with self.sending:
            if not self.sealed:
                self.seal(data)
            self.flush()
        return len(data)

    sendall = send

    def seal(self, data: bytes) -> None:
        with self.lock:
            while data:
                data = data[self.session.write(data) :]
            self.sealed = self.outgoing.read()

    def flush(self) -> None:
        while self.sealed:
            self.sealed = self.sealed[self.sock.send(self.sealed) :]

    def shutdown(self, how: int) -> None:
        """The sending side ends with a close_notify, unless something cannot be sent that comes before it."""
        if how == socket.SHUT_WR and self.sending.acquire(timeout=1):
            self.seal_end()
            self.flush()
            self.sending.release()
        self.sock.shutdown(how)

    def seal_end(self) -> None:
        with self.lock:
            try:
                self.session.unwrap()
            except ssl.SSLWantReadError:
                pass  # for the end of the other side
            self.sealed += self.outgoing.read()

    def close(self) -> None:
        self.sock.close()


def hello_of(sock: socket.socket) -> bytes:
    """What a client says first: a record of TLS, or something that is none."""
    hello = b""
    while len(hello) < 5 or hello[0] == 22 and len(hello) < 5 + int.from_bytes(hello[3:5], "big"):
        data = sock.recv(65536)
        if not data:
            raise ConnectionAbortedError("the client has gone")
        hello += data
    return hello


def protocols_in(hello: bytes) -> list[bytes]:
    """The application protocols (ALPN) that a client names: Python's ssl does not tell."""
    _, rest = counted(hello[43:], 1)  # behind the headers, the version and the random bytes: a session
    _, rest = counted(rest, 2)  # suites
    _, rest = counted(rest, 1)  # compressions
    extensions, _ = counted(rest, 2)
    names, found = b"", []
    while extensions:
        kind = extensions[:2]
        extension, extensions = counted(extensions[2:], 2)
        if kind == b"\x00\x10":
            names, _ = counted(extension, 2)
    while names:
        name, names = counted(names, 1)
        found.append(name)
    return found


def counted(data: bytes, size: int) -> tuple[bytes, bytes]:
    """A field behind its length, which has so many bytes, and what follows it."""
    end = size + int.from_bytes(data[:size], "big")
    return data[size:end], data[end:]
