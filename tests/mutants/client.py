#!/usr/bin/env python3
"""A conforming Charla client with threads, and the mistakes that one can make in it.

    python3 tests/mutants/client.py [--bug NAME] [--tls-ca FILE] HOST PORT

Without a bug it keeps every clause of SPEC.md that binds a client. Each bug breaks the
clause that the table says, and `charla-check` must find it there. One thread reads what
is typed, one writes what waits to be said, and the main thread reads from the server.
Each waits for its own side only. The terminal stays as it is: it echoes what is typed.
With `--tls-ca` it speaks TLS, and trusts the authorities of that file alone.
"""

import argparse
import collections
import os
import re
import select
import signal
import socket
import ssl
import sys
import termios
import threading
import time
import traceback
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

import tls


class Bug(NamedTuple):
    clause: str
    verdict: str
    what: str


BUGS = {
    # Lines
    "splitlines": Bug("LINE-2", "crash", "splitlines(): U+2028, VT, FF and U+0085 end a line too"),
    "cr-ends-a-line": Bug("LINE-2", "crash", "a CR alone ends a line"),
    "keeps-cr": Bug("LINE-3", "hang", "the CR before the LF belongs to the line"),
    "strips-all-crs": Bug("LINE-3", "warn", r"rstrip('\r'): drops every CR at the end"),
    "sends-crlf": Bug("LINE-4", "warn", "ends its lines with CR LF"),
    "one-recv-is-one-line": Bug("LINE-5", "hang", "takes what one recv() gives for one line"),
    "first-line-of-a-recv": Bug("LINE-5", "hang", "of what one recv() gives only the first line is read"),
    "decodes-each-recv": Bug("LINE-5", "crash", "decodes what recv() gives, also half a character"),
    "decodes-each-recv-anyhow": Bug("LINE-5", "hang", "errors='ignore' drops the halves of characters"),
    "empty-line-is-an-end": Bug("LINE-6", "crash", "an empty line is taken for the end of the stream"),
    "empty-line-crashes": Bug("LINE-6", "crash", "split()[0] of an empty line"),
    "acts-on-half-a-line": Bug("LINE-7", "warn", "acts on a last line without LF"),
    "sends-long-lines": Bug("LINE-8", "fail", "nothing that is typed is too long"),
    "sends-latin-1": Bug("LINE-12", "fail", "writes in Latin-1"),
    # Grammar
    "split-at-spaces": Bug("GRAM-3", "warn", "split(): several spaces are one"),
    "lower-case-verbs": Bug("GRAM-5", "crash", "upper() on the verb"),
    "startswith": Bug("GRAM-5", "crash", "startswith('BYE'): a verb may go on"),
    "strips-lines": Bug("GRAM-5", "crash", "strip() on the line that came: spaces in front of a verb are no matter"),
    # NAME and JOIN
    "no-name": Bug("CLIENT-1", "hang", "sends its first text and no NAME"),
    "bare-name": Bug("CLIENT-1", "fail", "sends the name without a verb"),
    "text-before-name": Bug("CLIENT-1", "fail", "says hello before it gives its name"),
    "name-twice": Bug("CLIENT-1", "fail", "gives its name again when it is in the room"),
    "waits-for-a-greeting": Bug("CLIENT-1", "hang", "sends nothing before the server has said something"),
    "first-join-is-own": Bug("CLIENT-2", "warn", "the first JOIN is its own"),
    "join-without-case": Bug("CLIENT-2", "warn", "a JOIN of its own name in other capitals is its own"),
    "in-at-once": Bug("CLIENT-2", "warn", "it is in the room when it has sent NAME"),
    "roster-as-welcome": Bug("CLIENT-3", "warn", "whoever is there already has just joined"),
    "newest-receipt": Bug("CLIENT-4", "warn", "an echo is the receipt of the newest text"),
    "any-receipt": Bug("CLIENT-4", "warn", "whatever is said is the receipt of the oldest text"),
    "receipt-without-case": Bug("CLIENT-4", "warn", "what the own name in other capitals says is a receipt"),
    # What is sent
    "name-with-space": Bug("CLIENT-5", "fail", "sends a name with spaces inside"),
    "name-of-33-bytes": Bug("CLIENT-5", "fail", "the limit of a name is 33"),
    "name-in-characters": Bug("CLIENT-5", "fail", "the limit of a name counts characters"),
    "name-with-controls": Bug("CLIENT-5", "fail", "sends a name with control characters"),
    "empty-name": Bug("CLIENT-5", "fail", "sends an empty name"),
    "text-of-1025-bytes": Bug("CLIENT-6", "fail", "the limit of a text is 1025"),
    "text-of-a-whole-line": Bug("CLIENT-6", "fail", "the limit of a text is 1061, less the verb"),
    "text-in-characters": Bug("CLIENT-6", "fail", "the limit of a text counts characters"),
    "cuts-long-texts": Bug("CLIENT-6", "fail", "says the first 1024 bytes of a long text, and that is all"),
    "cuts-characters": Bug("CLIENT-7", "fail", "cuts a long text after 1024 bytes"),
    "drops-cut-characters": Bug("CLIENT-7", "fail", "errors='ignore' drops the characters where it cuts"),
    "cuts-clusters": Bug("CLIENT-8", "warn", "cuts a long text between characters that are one on the screen"),
    "sends-tabs": Bug("CLIENT-9", "fail", "sends a TAB as it is"),
    "sends-escapes": Bug("CLIENT-9", "fail", "the arrow keys are sent as they are"),
    "sends-c1": Bug("CLIENT-9", "fail", "only what is below U+0020 is a control character"),
    "drops-fast-lines": Bug("CLIENT-10", "hang", "what is typed less than a second after the last text is dropped"),
    "strips-typed": Bug("CLIENT-10", "warn", "strip() on what is typed"),
    "sends-empty-texts": Bug("CLIENT-21", "fail", "an empty line is a text"),
    # Leaving
    "no-bye": Bug("CLIENT-11", "fail", "closes without BYE"),
    "salir-is-a-text": Bug("CLIENT-11", "fail", "says salir"),
    "lower-case-bye": Bug("CLIENT-11", "fail", "sends bye"),
    "bye-with-a-field": Bug("CLIENT-11", "fail", "says goodbye in the BYE"),
    "text-after-bye": Bug("CLIENT-11", "fail", "BYE, then a last text"),
    "bye-for-bye": Bug("CLIENT-11", "fail", "answers the server's BYE with another"),
    "eof-traceback": Bug("CLIENT-11", "fail", "EOFError at Ctrl-D"),
    "eof-ends-the-thread": Bug("CLIENT-11", "hang", "at the end of the input the thread that reads it ends, and nobody leaves"),
    "closes-after-bye": Bug("CLIENT-12", "fail", "closes when it has sent BYE"),
    # What comes
    "blocked-in-input": Bug("CLIENT-13", "hang", "reads when something was typed"),
    "unknown-verb-crashes": Bug("CLIENT-14", "crash", "KeyError: the table of verbs"),
    "unknown-verb-ends-thread": Bug("CLIENT-14", "hang", "an exception ends the thread that reads, and nobody else"),
    "unknown-verb-is-the-end": Bug("CLIENT-14", "crash", "leaves when it does not understand the server"),
    "first-line-decides": Bug("CLIENT-14", "crash", "what does not begin with JOIN is a refusal, as long as it has no JOIN"),
    "unknown-code-crashes": Bug("CLIENT-15", "warn", "KeyError: the table of codes"),
    "shows-before-join": Bug("CLIENT-16", "warn", "shows what is said before its own JOIN"),
    "leave-before-join-crashes": Bug("CLIENT-16", "crash", "remove() from the list of those who are there"),
    "msg-is-a-welcome": Bug("CLIENT-16", "warn", "it is in the room when something is said there"),
    "line-limit": Bug("CLIENT-17", "crash", "ValueError: a line of more than 1061 bytes"),
    "line-limit-64k": Bug("CLIENT-17", "crash", "asyncio's limit: a line of more than 64 KiB"),
    "long-line-is-the-end": Bug("CLIENT-17", "crash", "leaves when a line is too long"),
    "cuts-long-lines": Bug("CLIENT-17", "crash", "readline(1062): the rest of a long line is a line of its own"),
    "invalid-utf-8-crashes": Bug("CLIENT-18", "crash", "UnicodeDecodeError"),
    "replaces-invalid-utf-8": Bug("CLIENT-18", "fail", "errors='replace': what is not UTF-8 is read all the same"),
    "missing-fields-crash": Bug("CLIENT-18", "crash", "ValueError: not enough values to unpack"),
    "bye-without-code": Bug("CLIENT-18", "fail", "a BYE without a code is a BYE"),
    "reset-crashes": Bug("CLIENT-19", "warn", "ConnectionResetError"),
    "recv-for-ever": Bug("CLIENT-19", "warn", "after the end of the stream it reads on, again and again"),
    "formats-texts": Bug("CLIENT-19", "crash", "a text is a format"),
    "ascii-names": Bug("CLIENT-20", "warn", "passes over names that are not ASCII"),
    "isprintable": Bug("CLIENT-20", "warn", "passes over names and texts that are not isprintable()"),
    "name-limit": Bug("CLIENT-20", "warn", "passes over names of more than 32 bytes"),
    # On the screen
    "shows-own-twice": Bug("SCREEN-1", "warn", "shows an own text when it is typed and when its receipt comes"),
    "never-shows-own": Bug("SCREEN-1", "warn", "takes the echo away, and shows no own text"),
    "cuts-shown-texts": Bug("SCREEN-2", "warn", "shows eighty characters of a text"),
    "texts-without-names": Bug("SCREEN-2", "warn", "shows what is said, and not by whom"),
    "raw-texts": Bug("SCREEN-3", "warn", "a text goes to the terminal as it is"),
    "raw-bye": Bug("SCREEN-3", "warn", "the human text of a BYE goes to the terminal as it is"),
    "raw-c1": Bug("SCREEN-3", "warn", "only what is below U+0020 is kept from the terminal"),
    "no-joins": Bug("SCREEN-4", "warn", "does not show who joins"),
    "no-leaves": Bug("SCREEN-4", "warn", "does not show who leaves"),
    "roster-as-news": Bug("SCREEN-5", "warn", "shows the roster as people who join, after the welcome"),
    "silent-at-bye": Bug("SCREEN-6", "warn", "ends without a word at a BYE"),
    "silent-at-the-end": Bug("SCREEN-6", "warn", "ends without a word at the end of the stream"),
    "silent-about-texts": Bug("SCREEN-7", "warn", "does not say which texts have no receipt"),
    "waits-after-bye": Bug("SCREEN-8", "warn", "does not end after a BYE before something is typed"),
    "waits-after-the-end": Bug("SCREEN-8", "warn", "does not end after the end of the stream before something is typed"),
    # Over TLS
    "no-alpn": Bug("TLS-6", "warn", "names no application protocol"),
    "two-alpns": Bug("TLS-6", "warn", "names http/1.1 too"),
    "waits-for-fin": Bug("TLS-7", "hang", "only the end of the connection is an end of the stream"),
    "no-close-notify": Bug("TLS-8", "fail", "shutdown() on the socket under TLS"),
    "cert-none": Bug("TLS-9", "fail", "verify_mode = CERT_NONE: any certificate is good"),
    "any-host": Bug("TLS-9", "fail", "check_hostname = False: a certificate is good for any host"),
}

NAME_LIMIT, TEXT_LIMIT, LINE_LIMIT = 32, 1024, 1061
# Of a line that comes. What is longer is passed over; a conforming server sends none.
LONGEST = 65536
LEAVING = {"salir", "exit", "quit"}
ASK, PROMPT = "Ingresa tu nombre: ", "Tú: "
REASONS = {
    "quit": "el servidor se ha despedido",
    "name-invalid": "el nombre no es válido",
    "name-taken": "el nombre ya está en uso",
    "bad-line": "el servidor no entiende lo enviado",
    "bad-state": "el servidor no esperaba lo enviado",
    "too-long": "lo enviado es demasiado largo",
    "timeout": "el nombre no llegó a tiempo",
    "too-slow": "este cliente leía demasiado despacio",
    "full": "el servidor está lleno",
    "shutdown": "el servidor se ha detenido",
}


def bug(name: str) -> bool:
    assert name in BUGS, name
    return options.bug == name


class Ending(Exception):
    """The end of the connection: the code of the BYE, or none, and why."""

    def __init__(self, code: str | None, why: str) -> None:
        self.code = code
        self.why = why

    def fate(self) -> str:
        """What became of a text without a receipt."""
        return "no dicho" if self.code in REASONS and self.code != "too-slow" else "no se sabe si se dijo"


# Characters.


def is_control(c: str) -> bool:
    return unicodedata.category(c) == "Cc"


def safe(text: str) -> str:
    """Nothing in it moves a cursor, or changes the direction of what follows."""
    dangerous = "[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
    if bug("raw-c1"):
        dangerous = "[\0-\x1f\x7f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
    return text if bug("raw-texts") else re.sub(dangerous, "\ufffd", text)


EXTEND = "[\u200c\u200d\u0e33\u0eb3\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
PREPEND = "[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]"
PICTURES = "[\u203c\u2049\u2139\u2194-\u2199\u21a9\u21aa\u25fb-\u25fe\u3030\u303d\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"
VIRAMAS = "\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d"


def hangul(c: str) -> str:
    """Which part of a syllable it is: L, V, T, LV or LVT."""
    if "\uac00" <= c <= "\ud7a3":
        return "LVT" if (ord(c) - 0xAC00) % 28 else "LV"
    parts = {"L": "[\u1100-\u115f\ua960-\ua97c]", "V": "[\u1160-\u11a7\ud7b0-\ud7c6]", "T": "[\u11a8-\u11ff\ud7cb-\ud7fb]"}
    return next((part for part, characters in parts.items() if re.match(characters, c)), "")


def is_flag_letter(c: str) -> bool:
    return "\U0001f1e6" <= c <= "\U0001f1ff"


def extends(c: str) -> bool:
    return unicodedata.category(c) in ("Mn", "Mc", "Me") or re.match(EXTEND, c) is not None


def belongs(cluster: str, c: str) -> bool:
    """Whether the character belongs to what stands before it: UAX #29, as far as the standard library knows it."""
    last = cluster[-1]
    if extends(c) or re.match(PREPEND, last):
        return True
    if last == "\u200d" and (unicodedata.category(c) == "So" or re.match(PICTURES, c)):
        return True
    if is_flag_letter(c) and is_flag_letter(last):
        return sum(map(is_flag_letter, cluster)) % 2 == 1
    # Conjuncts: a virama, perhaps a joiner, and the next consonant.
    if unicodedata.category(c) == "Lo" and re.search(f"[{VIRAMAS}][\u200c\u200d]*$", cluster):
        return True
    syllables = {"L": {"L", "V", "LV", "LVT"}, "LV": {"V", "T"}, "V": {"V", "T"}, "LVT": {"T"}, "T": {"T"}}
    return hangul(c) in syllables.get(hangul(last), ())


def clusters(text: str) -> Iterator[str]:
    """What a person takes for the characters of a text."""
    cluster = ""
    for c in text:
        if cluster and not belongs(cluster, c):
            yield cluster
            cluster = ""
        cluster += c
    if cluster:
        yield cluster


def length(text: str) -> int:
    return len(text) if bug("text-in-characters") else len(text.encode())


def pieces(text: str) -> list[str]:
    """The text in as many as it takes, cut between clusters, or between characters where one cluster is too long."""
    limit = TEXT_LIMIT + bug("text-of-1025-bytes")
    if bug("text-of-a-whole-line"):
        limit = LINE_LIMIT - len("MSG ")
    if length(text) <= limit or bug("sends-long-lines"):
        return [text]
    if bug("cuts-long-texts"):
        return [text.encode()[:limit].decode(errors="ignore")]
    if bug("cuts-characters") or bug("drops-cut-characters"):
        errors = "surrogateescape" if bug("cuts-characters") else "ignore"
        data = text.encode()
        return [data[at : at + limit].decode(errors=errors) for at in range(0, len(data), limit)]
    found, room = [""], limit
    for cluster in text if bug("cuts-clusters") else clusters(text):
        for part in [cluster] if length(cluster) <= limit else cluster:
            if length(part) > room:
                found.append("")
                room = limit
            found[-1] += part
            room -= length(part)
    return found


def said(line: str) -> list[str]:
    """The texts of a typed line."""
    keep = ""
    if bug("sends-tabs"):
        keep = "\t"
    if bug("sends-escapes"):
        keep = "\x1b"
    if bug("sends-c1"):
        keep = "".join(map(chr, range(0x80, 0xA0)))
    line = line.replace("\t", " ") if "\t" not in keep else line
    line = "".join("\ufffd" if is_control(c) and c not in keep else c for c in line)
    if bug("strips-typed"):
        line = line.strip()
    if not line:
        return [""] if bug("sends-empty-texts") else []
    return pieces(line)


def complaint(name: str) -> str | None:
    """Why it is no name, as far as a client can tell."""
    if bug("sends-long-lines"):
        return None
    if not name:
        return None if bug("empty-name") else "El nombre está vacío."
    limit = NAME_LIMIT + bug("name-of-33-bytes")
    if (len(name) if bug("name-in-characters") else len(name.encode())) > limit:
        return f"El nombre es demasiado largo: caben {NAME_LIMIT} bytes."
    if " " in name and not bug("name-with-space"):
        return "El nombre no puede tener espacios."
    if any(map(is_control, name)) and not bug("name-with-controls"):
        return "El nombre no puede tener caracteres de control."
    return None


# Input and output.


class Keyboard:
    """Lines of the standard input, a terminal or not."""

    def __init__(self) -> None:
        self.lines: collections.deque[bytes] = collections.deque()
        self.half = b""
        self.ended = False

    def line(self) -> bytes | None:
        """The next line, or none at the end of the input."""
        while not self.lines and not self.ended:
            try:
                data = os.read(0, 65536)
            except OSError:
                data = b""
            if data:
                *lines, self.half = (self.half + data).split(b"\n")
                self.lines += lines
            elif bug("eof-ends-the-thread"):
                threading.Event().wait()
            else:
                self.ended = True
                if self.half:
                    self.lines.append(self.half)
                    self.half = b""
        if self.lines:
            return self.lines.popleft().removesuffix(b"\r")
        if bug("eof-traceback"):
            raise EOFError("EOF when reading a line")
        return None

    def tell_unread(self) -> None:
        """Nothing is lost without a word."""
        if self.lines or self.half or not self.ended and select.select([0], [], [], 0)[0]:
            screen.show("La entrada no se ha leído hasta el final: lo que seguía no se ha dicho.")


class Screen:
    """Standard output: on a terminal a prompt is kept below all that is shown."""

    def __init__(self) -> None:
        self.is_terminal = os.isatty(0) and os.isatty(1)
        self.lock = threading.Lock()
        self.prompt = ""

    def show(self, line: str) -> None:
        self.write(f"{line}\n")

    def ask(self, prompt: str) -> None:
        """Sets the prompt, or takes it away."""
        with self.lock:
            self.prompt = prompt
        self.write("")

    def write(self, lines: str) -> None:
        with self.lock:
            if self.is_terminal:
                lines = f"\r\x1b[K{lines}{self.prompt}"
            sys.stdout.write(lines)
            sys.stdout.flush()

    def hide_echo(self) -> None:
        if self.is_terminal:
            settings = termios.tcgetattr(0)
            settings[3] &= ~termios.ECHO
            termios.tcsetattr(0, termios.TCSANOW, settings)


def typed(keyboard: Keyboard) -> str | None:
    """The next line of input that can be read, or none at its end, or at the wish to leave."""
    while (line := keyboard.line()) is not None:
        try:
            text = line.decode()
        except UnicodeDecodeError:
            screen.show("Lo escrito no era UTF-8 y no se ha enviado.")
            continue
        if text.strip() in LEAVING and not bug("salir-is-a-text"):
            return None
        return text
    return None


def ask_name(keyboard: Keyboard) -> str | None:
    """A name, or none if nobody wants to come in; a pipe cannot be asked again."""
    while True:
        screen.ask(ASK)
        line = typed(keyboard)
        if line is None:
            screen.ask("")
            return None
        name = line.strip(" ")
        problem = complaint(name)
        if problem is None:
            with screen.lock:
                screen.prompt = ""
            return name
        screen.show(problem)
        if not screen.is_terminal:
            keyboard.tell_unread()
            sys.exit(1)


# The connection.


class Client:
    def __init__(self, name: str, sock: socket.socket | tls.Tunnel) -> None:
        self.name = name
        self.sock = sock
        self.changed = threading.Condition()
        self.joined = False
        self.leaving = False
        # Texts that wait to be sent, and those that were sent and have no receipt.
        self.unsent: collections.deque[str] = collections.deque()
        self.unreceipted: collections.deque[str] = collections.deque()
        # The end of what has come, without its LF; whether the line was too long already.
        self.half = b""
        self.too_long = False
        # Only some bugs have a use for these.
        self.roster: list[str] = []
        self.turns = threading.Semaphore(0)
        self.last_text = 0.0

    # What is typed.

    def read_input(self, keyboard: Keyboard) -> None:
        """The thread that reads what is typed, until there is nothing more or it says to leave."""
        while (line := typed(keyboard)) is not None:
            self.turns.release()
            if bug("drops-fast-lines") and time.monotonic() < self.last_text + 1:
                continue
            self.last_text = time.monotonic()
            texts = said(line)
            if bug("shows-own-twice"):
                for text in texts:
                    screen.show(PROMPT + safe(text))
            with self.changed:
                self.unsent += texts
                self.changed.notify()
            if screen.prompt:
                screen.ask(PROMPT)
        self.leave()

    def leave(self) -> None:
        with self.changed:
            self.leaving = True
            self.changed.notify()
        screen.ask("")

    # What is sent.

    def write_all(self) -> None:
        """The thread that writes: the name, the texts once it is in the room, BYE."""
        try:
            self.introduce()
            while (text := self.next_text()) is not None:
                self.send(f"MSG {text}")
            if bug("no-bye"):
                os._exit(0)
            self.send("bye" if bug("lower-case-bye") else "BYE ¡Adiós!" if bug("bye-with-a-field") else "BYE")
            if bug("text-after-bye"):
                self.send("MSG ¡Adiós!")
            if bug("closes-after-bye"):
                os._exit(0)
        except OSError:
            # The thread that reads learns why.
            pass

    def introduce(self) -> None:
        if bug("waits-for-a-greeting"):
            self.sock.recv(1, socket.MSG_PEEK)
        if bug("text-before-name"):
            self.send("MSG ¡Hola!")
        if not bug("no-name"):
            self.send(self.name if bug("bare-name") else f"NAME {self.name}")

    def next_text(self) -> str | None:
        """Waits for it. Who leaves says first what was typed before."""
        with self.changed:
            may_speak = bug("no-name") or bug("in-at-once")
            self.changed.wait_for(lambda: self.leaving or (self.joined or may_speak) and self.unsent)
            if not self.unsent:
                return None
            text = self.unsent.popleft()
            self.unreceipted.append(text)
            return text

    def send(self, line: str) -> None:
        encoding, errors = ("latin-1", "replace") if bug("sends-latin-1") else ("utf-8", "surrogateescape")
        self.sock.sendall(line.encode(encoding, errors) + (b"\r\n" if bug("sends-crlf") else b"\n"))

    # What comes.

    def read_all(self) -> None:
        """Reads until an `Ending`."""
        while True:
            if bug("blocked-in-input") and self.joined:
                while not self.leaving and not self.turns.acquire(timeout=0.1):
                    pass
            try:
                data = self.sock.recv(65536)
            except OSError as error:
                if bug("reset-crashes"):
                    raise
                raise Ending(None, f"se ha roto ({error.strerror})") from None
            if not data:
                if bug("waits-for-fin"):
                    while self.sock.sock.recv(65536):
                        pass
                if bug("recv-for-ever"):
                    time.sleep(0.01)
                    continue
                if bug("acts-on-half-a-line") and self.half:
                    self.take(self.half)
                raise Ending(None, "el servidor la ha cerrado sin despedirse")
            for line in self.cut(data):
                self.take(line)

    def cut(self, data: bytes) -> list[bytes]:
        """The lines that are whole now, without LF."""
        if bug("decodes-each-recv"):
            data.decode()
        if bug("decodes-each-recv-anyhow"):
            data = data.decode(errors="ignore").encode()
        if bug("cr-ends-a-line"):
            data = data.replace(b"\r", b"\n")
        if bug("one-recv-is-one-line"):
            return [data.removesuffix(b"\n")]
        if bug("first-line-of-a-recv"):
            self.half, data = b"", self.half + data.partition(b"\n")[0] + b"\n" * (b"\n" in data)
        *lines, half = (self.half + data).split(b"\n")
        if lines and self.too_long:
            del lines[0]
            self.too_long = False
        if bug("cuts-long-lines"):
            step = LINE_LIMIT + 1
            lines = [line[at : at + step] for line in lines for at in range(0, len(line) or 1, step)]
        if len(half) > LONGEST:
            if bug("line-limit-64k"):
                raise ValueError("Separator is not found, and chunk exceed the limit")
            self.too_long = True
        self.half = b"" if self.too_long else half
        if bug("splitlines"):
            return [part.encode() for line in lines for part in line.decode(errors="replace").splitlines()]
        return lines

    def take(self, line: bytes) -> None:
        """Acts on a line, or passes over it when it has no meaning."""
        if len(line) > LINE_LIMIT:
            if bug("line-limit"):
                raise ValueError("line too long")
            if bug("long-line-is-the-end"):
                raise Ending(None, "el servidor envía líneas demasiado largas")
        if bug("strips-all-crs"):
            line = line.rstrip(b"\r")
        elif not bug("keeps-cr"):
            line = line.removesuffix(b"\r")
        if not line and bug("empty-line-is-an-end"):
            raise Ending(None, "el servidor la ha cerrado sin despedirse")
        if not line and not bug("empty-line-crashes"):
            return
        try:
            text = line.decode()
        except UnicodeDecodeError:
            if bug("invalid-utf-8-crashes"):
                raise
            if not bug("replaces-invalid-utf-8"):
                return
            text = line.decode(errors="replace")
        if bug("strips-lines"):
            text = text.strip()
        if bug("empty-line-crashes"):
            text.split()[0]
        verb, _, rest = text.partition(" ")
        if bug("split-at-spaces"):
            verb, rest = (text.split() or [""])[0], " ".join(text.split()[1:])
        if bug("lower-case-verbs"):
            verb = verb.upper()
        if bug("startswith") and text.startswith("BYE"):
            verb = "BYE"
        self.act(verb, rest)

    def act(self, verb: str, rest: str) -> None:
        first, space, last = rest.partition(" ")
        if bug("missing-fields-crash") and verb == "MSG":
            first, last = rest.split(" ", 1)
        if bug("first-line-decides") and not self.joined and verb != "JOIN":
            raise Ending(verb, f"el servidor responde {safe(verb)}")
        if verb in ("JOIN", "LEAVE"):
            if self.is_name(rest):
                (self.take_join if verb == "JOIN" else self.take_leave)(rest)
        elif verb == "MSG":
            if self.is_name(first) and last and (last.isprintable() or not bug("isprintable")):
                self.take_msg(first, last)
        elif verb == "BYE":
            if bug("bye-without-code") and not rest:
                raise Ending("quit", REASONS["quit"])
            if re.fullmatch("[a-z0-9-]{1,32}", first) and (last or not space):
                self.take_bye(first, last)
        elif bug("unknown-verb-crashes"):
            raise KeyError(verb)
        elif bug("unknown-verb-ends-thread"):
            traceback.print_stack()
            threading.Event().wait()
        elif bug("unknown-verb-is-the-end"):
            raise Ending(None, "el servidor habla otro idioma")

    def is_name(self, name: str) -> bool:
        """More than a server of this version sends; of a later one it is to be readable too."""
        if bug("ascii-names") and not name.isascii() or bug("isprintable") and not name.isprintable():
            return False
        if bug("name-limit") and len(name.encode()) > NAME_LIMIT:
            return False
        return bool(name) and " " not in name and not any(map(is_control, name))

    def is_own(self, name: str, without_case: bool) -> bool:
        return name.lower() == self.name.lower() if without_case else name == self.name

    def take_join(self, name: str) -> None:
        if self.joined:
            self.show_join(name)
            return
        if self.is_own(name, bug("join-without-case")) or bug("first-join-is-own"):
            self.enter()
            return
        self.roster.append(name)
        if bug("roster-as-welcome"):
            self.show_join(name)

    def enter(self) -> None:
        with screen.lock:
            screen.prompt = "" if self.leaving or not screen.is_terminal else PROMPT
        screen.show(f"Bienvenido al chat, {safe(self.name)}!")
        if bug("roster-as-news"):
            for name in self.roster:
                self.show_join(name)
        with self.changed:
            self.joined = True
            self.changed.notify()
        if bug("name-twice"):
            self.send(f"NAME {self.name}")

    def take_leave(self, name: str) -> None:
        if bug("leave-before-join-crashes") and not self.joined:
            self.roster.remove(name)
        if self.joined and not bug("no-leaves"):
            screen.show(f">>> {safe(name)} ha salido del chat")

    def show_join(self, name: str) -> None:
        if not bug("no-joins"):
            screen.show(f">>> {safe(name)} se ha unido al chat")

    def take_msg(self, name: str, text: str) -> None:
        if not self.joined:
            if bug("msg-is-a-welcome"):
                self.enter()
            elif not bug("shows-before-join"):
                return
        if (self.is_own(name, bug("receipt-without-case")) or bug("any-receipt")) and self.take_receipt():
            if not bug("any-receipt") or name == self.name:
                name = ""
        if name:
            if bug("cuts-shown-texts"):
                text = text[:80]
            if bug("formats-texts"):
                text = text.format(name=name)
            screen.show(safe(text) if bug("texts-without-names") else f"{safe(name)}: {safe(text)}")
        elif bug("shows-own-twice") or not screen.is_terminal and not bug("never-shows-own"):
            screen.show(PROMPT + safe(text))

    def take_receipt(self) -> bool:
        """Whether a text was waiting for it."""
        with self.changed:
            if not self.unreceipted:
                return False
            if bug("newest-receipt"):
                self.unreceipted.pop()
            else:
                self.unreceipted.popleft()
            return True

    def take_bye(self, code: str, text: str) -> None:
        if bug("unknown-code-crashes"):
            REASONS[code]
        why = REASONS.get(code, "el servidor da un motivo que este cliente no conoce")
        if bug("bye-for-bye"):
            self.send("BYE")
        words = f"{code}: {text if bug('raw-bye') else safe(text)}" if text else code
        raise Ending(code, f"{why} ({words})")

    # Its end.

    def finish(self, ending: Ending, keyboard: Keyboard) -> int:
        """Says how it ended, and gives the exit code of the program."""
        with self.changed:
            went_well = self.leaving and ending.code == "quit"
            lost = [(ending.fate(), text) for text in self.unreceipted] + [("no dicho", text) for text in self.unsent]
        try:
            (self.sock.sock if bug("no-close-notify") else self.sock).shutdown(socket.SHUT_WR)
        except OSError:
            pass
        if went_well:
            screen.ask("")
        elif not bug("silent-at-bye" if ending.code else "silent-at-the-end"):
            screen.ask("")
            screen.show(f"Fin de la conexión: {ending.why}.")
        for fate, text in lost if not bug("silent-about-texts") else []:
            screen.show(f"{fate}: {safe(text)}")
        if not self.leaving:
            keyboard.tell_unread()
        if bug("waits-after-bye" if ending.code else "waits-after-the-end") and not self.leaving:
            self.sock.close()
            threading.Event().wait()
        return 0 if went_well and not lost else 1

    def visit(self, keyboard: Keyboard) -> int:
        signal.signal(signal.SIGINT, lambda *_: threading.Thread(target=self.interrupt).start())
        threading.Thread(target=self.read_input, args=[keyboard], daemon=True).start()
        threading.Thread(target=self.write_all, daemon=True).start()
        if bug("in-at-once"):
            self.enter()
        try:
            self.read_all()
        except Ending as ending:
            return self.finish(ending, keyboard)

    def interrupt(self) -> None:
        """Ctrl-C leaves; the second does not wait for the server."""
        if self.leaving:
            os._exit(1)
        self.leave()


def connect() -> socket.socket | tls.Tunnel:
    sock = socket.create_connection((options.host, options.port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not options.tls_ca:
        return sock
    context = ssl.create_default_context(cafile=options.tls_ca)
    if not bug("no-alpn"):
        context.set_alpn_protocols([tls.PROTOCOL, *(["http/1.1"] if bug("two-alpns") else [])])
    if bug("cert-none") or bug("any-host"):
        context.check_hostname = False
    if bug("cert-none"):
        context.verify_mode = ssl.CERT_NONE
    return tls.Tunnel(sock, context, host=options.host)


def main() -> int:
    keyboard = Keyboard()
    if bug("never-shows-own"):
        screen.hide_echo()
    try:
        name = ask_name(keyboard)
        if name is None:
            return 0
        try:
            sock = connect()
        except OSError as error:
            screen.show(f"No se puede conectar con {options.host}:{options.port}: {error.strerror or error}.")
            return 1
    except KeyboardInterrupt:
        return 0
    return Client(name, sock).visit(keyboard)


def die(error: BaseException) -> None:
    """Whatever was not caught, in whichever thread, ends the program."""
    traceback.print_exception(error)
    os._exit(1)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bug", choices=BUGS, metavar="NAME", help=", ".join(BUGS))
    arguments.add_argument("--tls-ca", metavar="FILE", help="speak TLS with a server that one of these authorities knows")
    arguments.add_argument("host")
    arguments.add_argument("port", type=int)
    options = arguments.parse_args()
    threading.excepthook = lambda args: die(args.exc_value)
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    screen = Screen()
    try:
        code = main()
    except Exception as error:
        die(error)
    # The thread that reads the input may wait in it for ever.
    sys.stdout.flush()
    os._exit(code)
