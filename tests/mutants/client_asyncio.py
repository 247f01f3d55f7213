#!/usr/bin/env python3
"""A second conforming Charla client, as unlike client.py as SPEC.md allows.

    python3 tests/mutants/client_asyncio.py HOST PORT --name NAME

One event loop; a thread only hands over the bytes that are typed. It connects before
anything else and has no prompt. It draws what is typed itself, wipes it at Enter, and
shows it where its receipt comes. What cannot be sent as it is typed is refused, and
that is told. It says its first text without waiting for its welcome, and the next when
the one before has its receipt. It passes over lines that are longer than a server of
version 1 sends, and leaves, at `/quit`, after its last receipt.
A case that this client fails, and client.py passes, is not fair.
"""

import argparse
import asyncio
import collections
import os
import re
import signal
import sys
import termios
import threading
import time
import unicodedata

NAME, TEXT, LINE = 32, 1024, 1061
SAID_NOT = {"quit", "name-invalid", "name-taken", "bad-line", "bad-state", "too-long", "timeout", "full", "shutdown"}
# How long the end of the stream may take after a BYE.
LINGER = 1
CONTROL = re.compile("[\0-\x1f\x7f-\x9f]")
DANGEROUS = re.compile("[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    return DANGEROUS.sub(lambda found: f"<{ord(found[0]):04X}>", text)


def why_no_name(name: str) -> str | None:
    if not name:
        return "it is empty"
    if CONTROL.search(name) or " " in name:
        return "it has a space or a control character"
    length = len(name.encode(errors="surrogateescape"))
    if length > NAME:
        return f"it has {length} bytes, and {NAME} are the most"
    return "it is not UTF-8" if re.search("[\ud800-\udfff]", name) else None


def why_no_text(line: bytes) -> str | None:
    if len(line) > TEXT:
        return f"it has {len(line)} bytes, and {TEXT} are the most"
    try:
        return "it has a control character" if CONTROL.search(line.decode()) else None
    except UnicodeDecodeError:
        return "it is not UTF-8"


class Lines:
    """Bytes become lines of at most so many bytes; longer ones are left out."""

    def __init__(self) -> None:
        self.bytes = bytearray()
        self.is_too_long = False

    def feed(self, data: bytes) -> list[bytes]:
        found = []
        for part in re.findall(rb"[^\n]*\n|[^\n]+", data):
            if not self.is_too_long:
                self.bytes += part
            self.is_too_long |= len(self.bytes) > LINE + len("\r\n")
            if part.endswith(b"\n"):
                line = self.bytes.removesuffix(b"\n").removesuffix(b"\r")
                if not self.is_too_long and len(line) <= LINE:
                    found.append(bytes(line))
                self.bytes.clear()
                self.is_too_long = False
        return found


class Page:
    """Standard output. On a terminal the line that is being typed stands below everything."""

    def __init__(self) -> None:
        self.is_terminal = os.isatty(0) and os.isatty(1)
        self.typing = ""
        self.settings = termios.tcgetattr(0) if self.is_terminal else None
        if self.settings is not None:
            keys = termios.tcgetattr(0)
            keys[3] &= ~(termios.ICANON | termios.ECHO)
            termios.tcsetattr(0, termios.TCSADRAIN, keys)

    def close(self) -> None:
        self.draw("")
        if self.settings is not None:
            termios.tcsetattr(0, termios.TCSADRAIN, self.settings)

    def tell(self, words: str) -> None:
        self.out(f"[{time.strftime('%H:%M:%S')}] {words}\n")

    def draw(self, typing: str) -> None:
        """Its end, as much as has its place in one row."""
        if self.is_terminal:
            room, tail = os.get_terminal_size(1).columns or 80, ""
            for c in reversed(typing):
                room -= 2 if unicodedata.east_asian_width(c) in "WF" else 1
                if room < 1:
                    break
                tail = c + tail
            self.typing = visible(tail)
            self.out("")

    def out(self, words: str) -> None:
        if self.is_terminal:
            words = f"\r\x1b[2K{words}{self.typing}"
        sys.stdout.write(words)
        sys.stdout.flush()


class Chat:
    def __init__(self, name: str, page: Page) -> None:
        self.name = name
        self.page = page
        self.typed = b""
        self.roster: list[str] | None = []
        # Texts without a receipt, and how many of them are sent: one at a time.
        self.waiting: collections.deque[str] = collections.deque()
        self.sent = 0
        self.wants_to_leave = False
        self.has_left = False
        self.is_over = False
        self.writer: asyncio.StreamWriter

    # What is typed.

    def hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        """The thread that reads the input. Its loop may be gone before it is."""
        try:
            while data := os.read(0, 4096):
                loop.call_soon_threadsafe(self.take_keys if self.page.is_terminal else self.take_input, data)
            loop.call_soon_threadsafe(self.take_end)
        except (OSError, RuntimeError):
            pass

    def take_keys(self, keys: bytes) -> None:
        for key in re.findall(rb"[^\x00-\x1f\x7f]+|.", keys, re.DOTALL):
            if key == b"\n":
                line, self.typed = self.typed, b""
                self.take_line(line)
            elif key == b"\x04":
                if not self.typed:
                    self.leave()
            elif key == b"\x15":
                self.typed = b""
            elif key in (b"\x7f", b"\x08"):
                self.typed = self.typed.decode(errors="surrogateescape")[:-1].encode(errors="surrogateescape")
            else:
                self.typed += key
        self.page.draw(self.typed.decode(errors="replace"))

    def take_input(self, data: bytes) -> None:
        *lines, self.typed = (self.typed + data).split(b"\n")
        for line in lines:
            self.take_line(line)

    def take_end(self) -> None:
        self.take_input(b"\n" if self.typed else b"")
        self.leave()

    def take_line(self, line: bytes) -> None:
        if line == b"/quit":
            self.leave()
        elif (self.wants_to_leave or self.is_over) and line:
            self.page.tell(f"not sent any more: {visible(line.decode(errors='replace'))}")
        elif (why := why_no_text(line)) is not None:
            self.page.tell(f"not sent, {why}: {visible(line.decode(errors='replace'))}")
        elif line:
            self.waiting.append(line.decode())
            self.send_texts(1)

    def leave(self) -> None:
        """Asked once it waits for the last receipt; asked again, or before the welcome, for nothing."""
        if self.wants_to_leave or not self.waiting or self.roster is not None:
            self.send_texts(len(self.waiting))
            self.say_bye()
        self.wants_to_leave = True

    def say_bye(self) -> None:
        if not self.has_left and not self.is_over:
            self.has_left = True
            self.send(b"BYE")
            self.writer.write_eof()

    def send_texts(self, most: int) -> None:
        while not self.has_left and not self.is_over and self.sent < min(most, len(self.waiting)):
            self.send(f"MSG {self.waiting[self.sent]}".encode())
            self.sent += 1

    def send(self, line: bytes) -> None:
        if not self.writer.is_closing():
            self.writer.write(line + b"\n")

    # What comes.

    def take(self, line: bytes) -> tuple[str, str] | None:
        """Acts on a line. Of a BYE it gives the code and the text."""
        try:
            words = line.decode()
        except UnicodeDecodeError:
            return None
        if found := re.fullmatch("(JOIN|LEAVE) ([^ \0-\x1f\x7f-\x9f]+)", words):
            self.take_event(*found.groups())
        elif found := re.fullmatch("MSG ([^ \0-\x1f\x7f-\x9f]+) (.+)", words, re.DOTALL):
            self.take_text(*found.groups())
        elif found := re.fullmatch("BYE ([a-z0-9-]{1,32})(?: (.+))?", words, re.DOTALL):
            return found[1], found[2] or ""
        return None

    def take_event(self, verb: str, name: str) -> None:
        if self.roster is None:
            self.page.tell(f"{visible(name)} {'joined' if verb == 'JOIN' else 'left'}")
        elif verb == "JOIN" and name == self.name:
            others = ", ".join(map(visible, self.roster)) or "nobody"
            self.roster = None
            self.page.tell(f"you are in; here already: {others}")
        elif verb == "JOIN":
            self.roster.append(name)

    def take_text(self, name: str, text: str) -> None:
        if self.roster is not None:
            return
        self.page.tell(f"<{visible(name)}> {visible(text)}")
        if name == self.name and self.waiting:
            self.waiting.popleft()
            self.sent = max(0, self.sent - 1)
            self.send_texts(1)
            if self.wants_to_leave and not self.waiting:
                self.say_bye()

    async def listen(self, reader: asyncio.StreamReader) -> tuple[str, str]:
        """Until the end: the code of the BYE, or none, and in words why."""
        lines = Lines()
        try:
            while data := await reader.read(10000):
                for line in lines.feed(data):
                    if bye := self.take(line):
                        return bye
                # Or nothing that is typed has its turn while much comes.
                await asyncio.sleep(0)
        except OSError as error:
            return "", f"the connection broke: {error.strerror}"
        return "", "the server closed the connection without BYE"

    async def visit(self, host: str, port: int) -> int:
        try:
            reader, self.writer = await asyncio.open_connection(host, port)
        except OSError as error:
            self.page.tell(f"cannot connect to {host}:{port}: {error.strerror}")
            return 1
        self.page.tell("connected")
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self.leave)
        why = why_no_name(self.name)
        if why is not None:
            self.page.tell(f"this is no name, {why}: {visible(self.name)}")
            self.say_bye()
        else:
            self.send(b"NAME " + self.name.encode())
            threading.Thread(target=self.hand_over, args=[loop], daemon=True).start()
        code, words = await self.listen(reader)
        went_well = self.has_left and code == "quit" and not self.waiting and why is None
        if not went_well:
            self.page.tell(f"this is the end: {code} {visible(words)}")
        for place, text in enumerate(self.waiting):
            is_unsaid = code in SAID_NOT or place >= self.sent
            self.page.tell(f"this {'was not said' if is_unsaid else 'may have been said'}: {visible(text)}")
        # What is still handed over is told, line by line.
        self.is_over = True
        await asyncio.sleep(0)
        if not self.page.is_terminal and not self.wants_to_leave:
            self.page.tell("not sent: the rest of the input")
        if self.typed:
            self.page.tell(f"not sent: {visible(self.typed.decode(errors='replace'))}")
        try:
            async with asyncio.timeout(LINGER):
                while code and await reader.read(10000):
                    pass
        except (OSError, TimeoutError):
            pass
        self.writer.close()
        return 0 if went_well else 1


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("host")
    arguments.add_argument("port", type=int)
    arguments.add_argument("--name", required=True)
    options = arguments.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    page = Page()
    try:
        return asyncio.run(Chat(options.name, page).visit(options.host, options.port))
    finally:
        page.close()


if __name__ == "__main__":
    sys.exit(main())
