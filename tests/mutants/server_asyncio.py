#!/usr/bin/env python3
"""A conforming Charla server of another build: asyncio, one log, and a cursor for each reader.

    python3 tests/mutants/server_asyncio.py [--variant NAME] PORT

It keeps each clause of SPEC.md, and of what a server MAY do it does the most, so that it differs
from `server.py` wherever it can. Each variant is another choice that SPEC.md leaves open: to
`charla-check` all of them have to be right. Nothing here waits, so nothing needs a lock: what one
call does to the room is done before the next begins.
"""

import argparse
import asyncio
import collections
import contextlib
import itertools
import re
import signal
import sys
import unicodedata
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass
class Choices:
    line_end: bytes = b"\n"
    has_texts: bool = True
    screams: int = 0  # in a text, which is as long as it may be then
    keep_alive: float = 3  # seconds between two empty lines
    patience: float = 1
    log_lines: float = 2048
    start_after: float = 0
    single_bytes: int = 0  # of what a connection gets, so many are written one by one


class Variant(NamedTuple):
    clause: str
    what: str
    choices: dict[str, Any]


VARIANTS = {
    "crlf": Variant("LINE-4", "ends its lines with CR LF, against a SHOULD", {"line_end": b"\r\n"}),
    "slow-start": Variant("LINE-1", "listens only after 1.5 s", {"start_after": 1.5}),
    "no-texts": Variant("BYE-16", "no human text follows a code", {"has_texts": False}),
    "long-texts": Variant("BYE-16", "the human texts are as long as they may be", {"screams": 200}),
    "keep-alive": Variant("LINE-6", "sends empty lines all the time", {"keep_alive": 0.002}),
    "patient": Variant("SLOW-7", "waits 4 s for one who does not read", {"patience": 4}),
    "impatient": Variant("SLOW-7", "puts out at once who does not read", {"patience": 0}),
    "endless-log": Variant("SLOW-1", "keeps all of the log, against a SHOULD", {"log_lines": float("inf")}),
    "byte-by-byte": Variant("LINE-5", "writes its first bytes one by one", {"single_bytes": 4096}),
}
NAME_LIMIT, TEXT_LIMIT, LINE_LIMIT = 32, 1024, 1061
READ_BYTES, PAUSE = 16384, 0.0005  # who sends as much at once is read again after a pause
NAME_TIME, LINGER, STALL, TICK = 5, 10, 10, 0.5
CONNECTIONS, LINGERERS = 1000, 500
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


class Refusal(Exception):
    """Its argument is the code."""


def refuse_if(wrong: object, code: str) -> None:
    if wrong:
        raise Refusal(code)


def is_name(name: str) -> bool:
    """Characters that this version of Unicode does not know are refused as well."""
    categories = {unicodedata.category(c) for c in name}
    is_visible = categories.isdisjoint({"Cc", "Cf", "Zs", "Zl", "Zp", "Cn"}) and not INVISIBLE.search(name)
    return 1 <= len(name.encode()) <= NAME_LIMIT and is_visible


def key_of(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name.lower())
    for _ in range(3):
        before, folded = folded, unicodedata.normalize("NFKC", folded.lower())
        if folded == before:
            return folded
    raise Refusal("name-invalid")


def parse(line: bytes) -> tuple[str, str]:
    """The verb and the field, by the grammar alone."""
    try:
        verb, space, field = line.decode().partition(" ")
    except UnicodeDecodeError:
        raise Refusal("bad-line") from None
    has_field = {"NAME": True, "MSG": True, "BYE": False}.get(verb)
    refuse_if(has_field is None or line.endswith(b"\r"), "bad-line")
    refuse_if(not field if has_field else space, "bad-line")
    refuse_if(verb == "MSG" and CONTROL.search(field), "bad-line")
    return verb, field


def bye(code: str) -> bytes:
    text = f" ¡Adiós! 👋 El código {code} lo explica. {'😱' * choices.screams}"
    text = text.ljust(len(text) + TEXT_LIMIT + 1 - len(text.encode()), "!") if choices.screams else text
    return f"BYE {code}{text if choices.has_texts else ''}".encode() + choices.line_end


class Room:
    def __init__(self) -> None:
        self.log: collections.deque[bytes] = collections.deque()
        self.begin = 0  # the number of the first line that is still kept
        self.members: dict[str, Connection] = {}  # by their keys, in the order in which they joined
        self.connections: set[Connection] = set()
        self.is_full = False
        self.patience: asyncio.TimerHandle | None = None
        self.will_write = False

    @property
    def end(self) -> int:
        return self.begin + len(self.log)

    def tell(self, event: str) -> None:
        self.log.append(event.encode() + choices.line_end)
        self.write_soon()

    def write_soon(self) -> None:
        """What is told in one turn of the loop is written together."""
        if not self.will_write:
            self.will_write = True
            asyncio.get_running_loop().call_soon(self.write)

    def write(self) -> None:
        self.will_write = False
        for connection in list(self.connections):
            connection.write_all()
        first_needed = min((c.cursor for c in self.connections if c.holds()), default=self.end)
        while self.begin < first_needed:
            self.log.popleft()
            self.begin += 1
        most = max((c.holds() for c in self.connections), default=0)
        if not self.is_full and most >= choices.log_lines:
            self.is_full = True
            self.patience = asyncio.get_running_loop().call_later(choices.patience, self.put_out)
        elif self.is_full and most <= choices.log_lines / 2:
            self.is_full = False
            self.patience.cancel()
            for connection in list(self.connections):
                connection.act_on_input()

    def put_out(self) -> None:
        """The patience is over. A leaver's BYE would say that it has got everything, so it gets none."""
        for connection in [c for c in self.connections if c.holds() > choices.log_lines / 2]:
            connection.end("too-slow") if connection.code is None else connection.transport.abort()
        self.write_soon()


class Connection(asyncio.BufferedProtocol):
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.loop = transport, asyncio.get_running_loop()
        self.buffer = bytearray(READ_BYTES)
        self.input = bytearray()
        self.key = self.name = self.code = None
        self.roster: list[bytes] = []
        self.cursor = self.until = 0  # of the log: what it gets next, and where that ends for a leaver
        self.is_paused = self.rests = self.input_ended = self.is_over = False
        self.single_bytes = choices.single_bytes
        self.since, self.left = self.loop.time(), 0
        room.connections.add(self)
        if len(room.connections) > CONNECTIONS:
            self.end("full")

    # What comes in.

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.buffer

    def buffer_updated(self, size: int) -> None:
        if self.code is not None:
            return  # it lingers: what comes is thrown away
        self.input += self.buffer[:size]
        self.act_on_input()
        self.rests = size == READ_BYTES
        if self.rests:
            self.loop.call_later(PAUSE, self.wake)
        self.read_if_it_may()

    def wake(self) -> None:
        self.rests = False
        self.read_if_it_may()

    def eof_received(self) -> bool:
        self.input_ended = True
        self.act_on_input()
        if self.is_over:
            self.transport.close()
        return True  # its other direction is still open

    def read_if_it_may(self) -> None:
        """One who does not take its own lines is not read, nor one whose lines have to wait."""
        waits = room.is_full and b"\n" in self.input or self.holds() > choices.log_lines / 2 or self.rests
        waits = waits and self.code is None
        self.transport.pause_reading() if waits else self.transport.resume_reading()

    def act_on_input(self) -> None:
        while self.code is None and (end := self.input.find(b"\n")) >= 0:
            if room.is_full and self.input.startswith((b"MSG ", b"NAME ")):
                break
            line = bytes(self.input[:end])
            del self.input[: end + 1]
            try:
                self.act(line.removesuffix(b"\r"))
            except Refusal as refusal:
                self.end(refusal.args[0])
        else:
            # A CR at the end might belong to the end of the line, so it does not count yet.
            if len(self.input.removesuffix(b"\r")) > LINE_LIMIT:
                self.end("too-long")
            elif self.input_ended:
                self.end("quit")
        self.read_if_it_may()

    def act(self, line: bytes) -> None:
        refuse_if(len(line) > LINE_LIMIT, "too-long")
        if not line:
            return
        verb, field = parse(line)
        if verb == "BYE":
            self.end("quit")
        elif verb == "NAME":
            refuse_if(self.name is not None, "bad-state")
            refuse_if(not is_name(field) or not is_name(key_of(field)), "name-invalid")
            refuse_if(key_of(field) in room.members, "name-taken")
            self.name, self.key, self.cursor = field, key_of(field), room.end
            self.roster = [f"JOIN {other.name}".encode() + choices.line_end for other in room.members.values()]
            room.members[self.key] = self
            room.tell(f"JOIN {field}")
        else:
            refuse_if(self.name is None, "bad-state")
            refuse_if(len(field.encode()) > TEXT_LIMIT, "too-long")
            room.tell(f"MSG {self.name} {field}")

    # What goes out.

    def holds(self) -> int:
        """How many lines of the log are still to be written to it."""
        return (room.end if self.code is None else self.until) - self.cursor if self.name else 0

    def write_all(self) -> None:
        while not self.is_paused and not self.is_over:
            lines, self.roster = self.roster, []
            if not lines and (count := min(self.holds(), 64)):
                lines = list(itertools.islice(room.log, self.cursor - room.begin, self.cursor - room.begin + count))
                self.cursor += count
            if not lines and self.code is not None:
                return self.say_bye()
            if not lines:
                break
            self.write(b"".join(lines))
        self.read_if_it_may()

    def write(self, data: bytes) -> None:
        singly, rest = data[: self.single_bytes], data[self.single_bytes :]
        self.single_bytes -= len(singly)
        for piece in [*(bytes([byte]) for byte in singly), rest]:
            if piece and not self.transport.is_closing():
                self.transport.write(piece)

    def pause_writing(self) -> None:
        self.is_paused = True

    def resume_writing(self) -> None:
        self.is_paused = False
        room.write_soon()

    # Its end.

    def end(self, code: str) -> None:
        """Decides the ending, unless there is one."""
        if self.code is not None:
            return
        self.code, self.until = code, room.end
        if code == "too-slow":
            self.roster, self.cursor = [], self.until
        if self.name is not None:
            del room.members[self.key]
            if code != "shutdown":
                room.tell(f"LEAVE {self.name}")
        room.write_soon()
        self.since = self.loop.time()

    def say_bye(self) -> None:
        self.is_over = True
        self.write(bye(self.code))
        with contextlib.suppress(OSError):  # a reset came meanwhile
            self.transport.write_eof()
        if self.input_ended or sum(c.is_over for c in room.connections) > LINGERERS:
            self.transport.close()
        else:
            self.transport.resume_reading()
            self.loop.call_later(LINGER, self.transport.abort)

    def connection_lost(self, error: Exception | None) -> None:
        room.connections.discard(self)
        self.end("quit")  # if it was reset; nobody reads that BYE
        room.write_soon()

    def tick(self, now: float) -> None:
        left = len(self.roster) + self.holds() + self.transport.get_write_buffer_size()
        if self.code is None:
            if self.name is None and now - self.since > NAME_TIME and b"\n" not in self.input:
                self.end("timeout")
        elif left != self.left:
            self.since, self.left = now, left
        elif left and now - self.since > STALL:
            self.transport.abort()

    def keep_alive(self) -> None:
        if self.code is None and not (self.roster or self.holds() or self.transport.get_write_buffer_size()):
            self.write(choices.line_end)


async def each(seconds: float, what: Any) -> None:
    while True:
        await asyncio.sleep(seconds)
        for connection in list(room.connections):
            what(connection)


async def main(port: int) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    await asyncio.sleep(choices.start_after)
    server = await loop.create_server(Connection, "127.0.0.1", port, backlog=128)
    tasks = [
        asyncio.create_task(each(choices.keep_alive, Connection.keep_alive)),
        asyncio.create_task(each(TICK, lambda connection: connection.tick(loop.time()))),
    ]
    await stop.wait()
    server.close()
    for connection in list(room.connections):
        connection.end("shutdown")
    until = loop.time() + 1.5
    while room.connections and loop.time() < until:
        await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--variant", choices=VARIANTS, metavar="NAME", help=", ".join(VARIANTS))
    arguments.add_argument("port", type=int)
    given = arguments.parse_args()
    choices = Choices(**VARIANTS[given.variant].choices if given.variant else {})
    room = Room()
    sys.exit(asyncio.run(main(given.port)))
