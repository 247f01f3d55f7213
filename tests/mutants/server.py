#!/usr/bin/env python3
"""A conforming Charla server with threads, and the mistakes that one can make in it.

    python3 tests/mutants/server.py [--bug NAME] [--tls FILE] PORT

Without a bug it keeps every clause of SPEC.md. Each bug breaks the clause that the
table says, and `charla-check` must find it there. Each connection has two threads:
one reads and acts, one writes what waits in the connection's queue. One lock holds
the room together, so the order in which it is taken is the log. The file of `--tls` has a
certificate and its key.
"""

import argparse
import collections
import os
import re
import signal
import socket
import ssl
import struct
import sys
import threading
import time
import unicodedata
from typing import NamedTuple

import tls


class Bug(NamedTuple):
    clause: str
    verdict: str
    what: str


BUGS = {
    # Lines
    "wrong-port": Bug("LINE-1", "unreached", "listens on another port than the one asked for"),
    "splitlines": Bug("LINE-2", "fail", "splitlines(): U+2028, VT, FF and U+0085 end a line too"),
    "cr-ends-a-line": Bug("LINE-2", "fail", "a CR alone ends a line"),
    "keeps-cr": Bug("LINE-3", "fail", "the CR before the LF belongs to the line"),
    "strips-all-crs": Bug("GRAM-4", "fail", r"rstrip('\r'): drops every CR at the end"),
    "one-recv-is-one-line": Bug("LINE-5", "fail", "takes what one recv() gives for one line"),
    "decodes-each-recv": Bug("LINE-5", "fail", "decodes what recv() gives, also half a character"),
    "shared-buffer": Bug("LINE-5", "fail", "one buffer for the halves of everybody's lines"),
    "refuses-empty-lines": Bug("LINE-6", "fail", "an empty line is a bad line"),
    "empty-line-is-an-end": Bug("LINE-6", "fail", "an empty line is taken for the end of the stream"),
    "acts-on-half-a-line": Bug("LINE-7", "fail", "acts on a last line without LF"),
    "quotes-the-line-back": Bug("LINE-8", "fail", "the BYE repeats the refused line, however long"),
    "line-limit-1060": Bug("LINE-9", "fail", "a line of 1061 bytes is too long"),
    "line-limit-1062": Bug("LINE-9", "fail", "a line of 1062 bytes is not too long"),
    "counts-the-cr": Bug("LINE-9", "fail", "the CR before the LF counts as part of the line"),
    "buffer-of-64k": Bug("LINE-10", "hang", "refuses a line without LF only after 64 KiB"),
    "waits-for-lf": Bug("SEC-2", "hang", "keeps a line without LF, however long"),
    "sends-latin-1": Bug("LINE-12", "fail", "writes in Latin-1"),
    # Grammar
    "help-line": Bug("GRAM-1", "fail", "sends a line of help with a verb of its own after the welcome"),
    "ignores-unknown-verbs": Bug("GRAM-2", "hang", "a line with an unknown verb is ignored"),
    "accepts-empty-fields": Bug("GRAM-2", "fail", "MSG without a text says nothing, and that is said"),
    "bye-with-a-field": Bug("GRAM-2", "fail", "BYE may have a field"),
    "startswith": Bug("GRAM-2", "fail", "a verb needs no space behind it"),
    "strips-lines": Bug("GRAM-2", "fail", "strip() on the line: spaces in front are no matter"),
    "utf-8-sig": Bug("GRAM-2", "fail", "a byte order mark in front is dropped"),
    "replaces-invalid-utf8": Bug("GRAM-2", "fail", "errors='replace': what is not UTF-8 becomes U+FFFD"),
    "split-at-spaces": Bug("GRAM-3", "fail", "split(): several spaces are one"),
    "lower-case-verbs": Bug("GRAM-5", "fail", "upper() on the verb"),
    # Names
    "name-with-space": Bug("NAME-1", "fail", "a name may have spaces inside"),
    "strips-names": Bug("NAME-1", "fail", "strip() on the name"),
    "name-with-zwsp": Bug("NAME-1", "fail", "a name may have characters of category Cf"),
    "name-with-nbsp": Bug("NAME-1", "fail", "of all spaces only U+0020 is kept out of names"),
    "name-with-controls": Bug("NAME-1", "fail", "a name may have control characters"),
    "name-with-fillers": Bug("NAME-2", "fail", "looks at general categories only"),
    "name-of-33-bytes": Bug("NAME-3", "fail", "the limit of a name is 33"),
    "name-in-characters": Bug("NAME-3", "fail", "the limit of a name counts characters"),
    "name-of-31-bytes": Bug("NAME-4", "fail", "the limit of a name is 31"),
    "ascii-names": Bug("NAME-4", "fail", "names are ASCII"),
    "alnum-names": Bug("NAME-4", "fail", "isalnum(): no punctuation in a name"),
    "each-fold-a-name": Bug("NAME-4", "fail", "what is folded has to be a name before it is stable too"),
    "composes-names": Bug("NAME-6", "fail", "sends the name in NFC"),
    "sends-the-key": Bug("NAME-6", "fail", "sends the key in place of the name"),
    "compares-bytes": Bug("NAME-7", "fail", "names are the same when their bytes are"),
    "lower-only": Bug("NAME-7", "fail", "lower() without NFKC"),
    "casefold": Bug("NAME-7", "fail", "casefold(): ß is ss"),
    "nfc": Bug("NAME-7", "fail", "NFC in place of NFKC"),
    "folds-once": Bug("NAME-7", "fail", "one fold is enough"),
    "drops-accents": Bug("NAME-7", "fail", "names that differ by an accent are the same"),
    "key-unchecked": Bug("NAME-8", "fail", "the key may be no name"),
    "ascii-lower": Bug("NAME-9", "fail", "lower() on bytes: only A to Z have a lower case"),
    # Texts
    "text-with-tab": Bug("TEXT-1", "fail", "a text may have a TAB"),
    "text-with-c1": Bug("TEXT-1", "fail", "only what is below U+0020 is a control character"),
    "text-of-1025-bytes": Bug("TEXT-2", "fail", "the limit of a text is 1025"),
    "text-in-characters": Bug("TEXT-2", "fail", "the limit of a text counts characters"),
    "cuts-long-texts": Bug("TEXT-2", "fail", "says the first 1024 bytes of a text that is too long"),
    "text-of-1023-bytes": Bug("TEXT-3", "fail", "the limit of a text is 1023"),
    "refuses-blank-texts": Bug("TEXT-3", "fail", "a text of spaces is empty"),
    "strips-texts": Bug("TEXT-4", "fail", "strip() on the text"),
    "composes-texts": Bug("TEXT-4", "fail", "passes on texts in NFC"),
    "printable-only": Bug("TEXT-4", "fail", "isprintable(): joiners and separators are dropped"),
    "escapes-html": Bug("TEXT-3", "fail", "& < > in texts become entities"),
    # The room
    "greets": Bug("ROOM-1", "fail", "says something before there is a NAME"),
    "tells-everybody-connected": Bug("ROOM-1", "fail", "events go to those without a name too"),
    "sorted-roster": Bug("ROOM-2", "fail", "the roster is sorted"),
    "no-roster": Bug("ROOM-2", "fail", "a newcomer is not told who is there"),
    "own-join-first": Bug("ROOM-3", "fail", "the welcome comes before the roster"),
    "no-welcome": Bug("ROOM-3", "hang", "a newcomer does not get its own JOIN"),
    "own-join-twice": Bug("ROOM-4", "fail", "the roster is taken when the newcomer is in it already"),
    "history": Bug("ROOM-4", "fail", "a newcomer gets the last lines that were said"),
    "event-twice": Bug("ROOM-5", "fail", "a text comes to everybody twice"),
    "join-to-the-first-only": Bug("ROOM-5", "hang", "only the first in the room hears who joins"),
    "own-echo-first": Bug("ROOM-6", "fail", "one's own echo overtakes what others said before"),
    "drops-repeats": Bug("ROOM-7", "hang", "the same text twice in a row is said once"),
    "no-echo": Bug("ROOM-8", "hang", "the others get a text, its sender does not"),
    "reorders-lines": Bug("ROOM-9", "fail", "of the lines that one recv() gives the last is acted on first"),
    "own-echo-late": Bug("ROOM-10", "fail", "the echo comes after the answers to it"),
    "delivers-on-input": Bug("ROOM-11", "hang", "events wait until their reader sends something"),
    "drops-pipelined": Bug("ROOM-12", "hang", "of what one recv() gives only the first line is acted on"),
    # Leaving
    "no-leave-on-reset": Bug("LEAVE-1", "hang", "a reset ends the thread and tells nobody"),
    "no-leave-on-refusal": Bug("LEAVE-1", "fail", "one who is refused does not leave the room"),
    "leave-twice": Bug("LEAVE-1", "fail", "LEAVE at the BYE, and again when the connection closes"),
    "leave-at-close": Bug("LEAVE-2", "hang", "the LEAVE waits until the leaver has closed"),
    "leave-after-join": Bug("LEAVE-3", "fail", "the name is free before the LEAVE is told"),
    "leave-to-the-leaver": Bug("LEAVE-4", "fail", "the leaver gets its own LEAVE"),
    "no-answer-to-bye": Bug("LEAVE-5", "fail", "BYE is answered by the end of the stream alone"),
    "frees-name-late": Bug("LEAVE-6", "fail", "the name is free some time after the BYE"),
    "keeps-name-for-ever": Bug("LEAVE-6", "fail", "the name is never free again"),
    "eof-ignored": Bug("LEAVE-7", "hang", "the end of the stream ends the thread, and that is all"),
    "eof-without-bye": Bug("LEAVE-7", "fail", "the end of the stream is not answered"),
    "leave-of-nobody": Bug("LEAVE-8", "fail", "LEAVE None, for one who never joined"),
    # Refusals
    "error-for-bye": Bug("BYE-1", "fail", "ERROR code in place of BYE code"),
    "refuses-and-goes-on": Bug("BYE-8", "fail", "a refusal does not end the connection"),
    "text-before-code": Bug("BYE-1", "fail", "the human text stands before the code"),
    "closes-without-bye": Bug("BYE-1", "fail", "a bad line ends the connection without a word"),
    "says-bye-twice": Bug("BYE-2", "fail", "BYE when it is decided, and again at the end"),
    "name-taken-accepted": Bug("BYE-3", "fail", "two may have the same name"),
    "numbers-names": Bug("BYE-3", "fail", "who asks for a name that is taken becomes Ana2"),
    "anonymous": Bug("BYE-4", "fail", "who has no name speaks as anonymous"),
    "renames": Bug("BYE-5", "fail", "a second NAME gives another name"),
    "same-name-again": Bug("BYE-5", "hang", "a second NAME with the same name is no matter"),
    "acts-after-ending": Bug("BYE-6", "fail", "what was received with the BYE is acted on as well"),
    "field-before-state": Bug("BYE-7", "fail", "the field is checked before the state"),
    "grammar-before-length": Bug("BYE-7", "fail", "the grammar is checked before the length of the line"),
    "length-before-grammar": Bug("BYE-7", "fail", "the length of a text is checked before its characters"),
    "taken-before-valid": Bug("BYE-7", "fail", "whether a name is taken is checked before its characters"),
    "no-end-of-stream": Bug("BYE-8", "hang", "after BYE it waits for the client to close"),
    "closes-at-once": Bug("BYE-9", "fail", "close() with input unread: the reset overtakes the BYE"),
    "bye-overtakes": Bug("BYE-14", "fail", "a BYE throws away what waited to be written"),
    "code-of-its-own": Bug("EXT-1", "fail", "BYE bye"),
    # Slow readers and hostile bytes
    "backlog-of-100": Bug("SLOW-2", "fail", "one who is a hundred lines behind is put out"),
    "backlog-drops": Bug("SLOW-10", "hang", "one who is a hundred lines behind misses the rest"),
    "sendall-under-the-lock": Bug("SLOW-3", "hang", "sendall() by the sender's thread: one who does not read blocks all"),
    "drops-when-slow": Bug("SLOW-3", "hang", "while one is slow, what others say is dropped"),
    "all-put-out": Bug("SLOW-11", "fail", "when one is too slow, all are put out"),
    "drops-fast-lines": Bug("SLOW-12", "hang", "more than 100 lines at once are dropped"),
    "dies-of-bytes": Bug("SEC-1", "crash", "an exception in one thread ends the program"),
    "dies-of-a-reset": Bug("SEC-1", "crash", "a connection that is reset ends the program"),
    # Over TLS
    "tls-1.1": Bug("TLS-3", "fail", "speaks TLS 1.1 too"),
    "wants-alpn": Bug("TLS-4", "fail", "refuses a client that names no application protocol"),
    "any-alpn": Bug("TLS-5", "warn", "does not look which application protocols a client names"),
    "close-for-close-notify": Bug("TLS-7", "fail", "closes at a close_notify, as TLS 1.2 says"),
    "waits-for-fin": Bug("TLS-7", "hang", "only the end of the connection is an end of the stream"),
    "unexpected-eof": Bug("TLS-7", "fail", "OP_IGNORE_UNEXPECTED_EOF: a connection that is cut off has ended well"),
    "no-close-notify": Bug("TLS-8", "fail", "shutdown() on the socket under TLS"),
}

NAME_LIMIT, TEXT_LIMIT, LINE_LIMIT = 32, 1024, 1061
# Half of it is a thousand of the longest lines. The patience is nought: who fills it is put out.
LOG_BYTES = 2 * 1024 * (LINE_LIMIT + 1)
LINGER = STALL = 10
LINGERERS = 1000
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# An alert of TLS.
NO_APPLICATION_PROTOCOL = b"\x15\x03\x03\x00\x02\x02\x78"
# How long a bug that comes too late, or does so for others, takes.
LATE = 0.1


def bug(name: str) -> bool:
    assert name in BUGS, name
    return options.bug == name


class Refusal(Exception):
    """Its argument is the code."""


def refuse_if(wrong: object, code: str) -> None:
    if wrong:
        raise Refusal(code)


def is_control(c: str) -> bool:
    if bug("text-with-tab") and c == "\t":
        return False
    return c < " " if bug("text-with-c1") else unicodedata.category(c) == "Cc"


def key_of(name: str) -> str:
    """The form of a name that is compared."""
    if bug("compares-bytes"):
        return name
    if bug("ascii-lower"):
        return name.encode().lower().decode()
    if bug("drops-accents"):
        name = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    for _ in range(4):
        folded = name.casefold() if bug("casefold") else name.lower()
        if not bug("lower-only"):
            folded = unicodedata.normalize("NFC" if bug("nfc") else "NFKC", folded)
        if bug("each-fold-a-name") and not is_name(folded):
            break
        if folded == name or bug("folds-once"):
            return folded
        name = folded
    raise Refusal("name-invalid")


def has_good_characters(name: str) -> bool:
    bad = {"Cc", "Cf", "Zs", "Zl", "Zp"}
    if bug("name-with-zwsp"):
        bad -= {"Cf"}
    if bug("name-with-controls"):
        bad -= {"Cc"}
    if bug("name-with-nbsp") or bug("name-with-space"):
        bad -= {"Zs", "Zl", "Zp"}
    if bug("name-with-nbsp") and " " in name:
        return False
    if bug("ascii-names") and not name.isascii() or bug("alnum-names") and not name.isalnum():
        return False
    return not any(unicodedata.category(c) in bad for c in name) and (
        bug("name-with-fillers") or not INVISIBLE.search(name)
    )


def is_name(name: str) -> bool:
    limit = NAME_LIMIT + bug("name-of-33-bytes") - bug("name-of-31-bytes")
    length = len(name) if bug("name-in-characters") else len(name.encode())
    return 1 <= length <= limit and has_good_characters(name)


def parse(line: bytes) -> tuple[str, str]:
    """The verb and the field of a line, by the grammar alone."""
    try:
        text = line.decode("utf-8-sig" if bug("utf-8-sig") else "utf-8")
    except UnicodeDecodeError:
        if bug("dies-of-bytes"):
            os._exit(1)
        if not bug("replaces-invalid-utf8"):
            raise Refusal("bad-line") from None
        text = line.decode(errors="replace")
    if bug("strips-lines"):
        text = text.strip(" ")
    verb, space, field = text.partition(" ")
    if bug("split-at-spaces"):
        verb, field = (text.split() or [""])[0], " ".join(text.split()[1:])
    if bug("lower-case-verbs"):
        verb = verb.upper()
    if bug("startswith") and (glued := re.match("(NAME|MSG|BYE)([^ ].*)", text)):
        verb, field = glued[1], glued[2]
    refuse_if(text.endswith("\r") and not bug("keeps-cr"), "bad-line")
    if bug("length-before-grammar") and verb == "MSG":
        refuse_if(len(field.encode()) > TEXT_LIMIT, "too-long")
    if verb == "BYE":
        refuse_if((space or field) and not bug("bye-with-a-field"), "bad-line")
    elif verb in ("NAME", "MSG"):
        refuse_if(not field and not bug("accepts-empty-fields"), "bad-line")
        refuse_if(verb == "MSG" and any(map(is_control, field)), "bad-line")
    else:
        raise Refusal("bad-line")
    return verb, field


class Room:
    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.members: list[Connection] = []
        self.connections: set[Connection] = set()
        self.lingerers = 0
        self.said: list[str] = []

    def tell(self, line: str, by: "Connection | None" = None) -> None:
        """One more event of the log; it goes to everybody."""
        readers = list(self.connections if bug("tells-everybody-connected") else self.members)
        if bug("join-to-the-first-only") and line.startswith("JOIN "):
            readers = [reader for reader in readers if reader in (readers[0], by)]
        if bug("drops-when-slow") and line.startswith("MSG ") and any(r.held > LOG_BYTES // 2 for r in readers):
            return
        for reader in readers:
            late = bug("own-echo-first") and reader is not by or bug("own-echo-late") and reader is by
            if bug("no-echo") and reader is by and line.startswith("MSG "):
                continue
            if late and line.startswith("MSG "):
                threading.Timer(LATE, reader.send, [line]).start()
            else:
                reader.send(line)
        if any(reader.held >= LOG_BYTES for reader in readers):
            for reader in readers:
                if reader.held > LOG_BYTES // 2 or bug("all-put-out"):
                    reader.end("too-slow")


class Connection:
    halves = b""  # of everybody, with the bug that has one buffer for all

    def __init__(self, sock: socket.socket | tls.Tunnel) -> None:
        self.sock = sock
        self.name: str | None = None
        self.key: str | None = None
        self.input = b""
        # Whole lines that wait to be written, and how many bytes they have.
        self.queue: collections.deque[bytes] = collections.deque()
        self.held = 0
        self.ended = False
        self.closed = False
        self.changed = threading.Condition(room.lock)
        self.writer = threading.Thread(target=self.write_all, daemon=True)

    # What waits to be written.

    def send(self, line: str) -> None:
        with room.lock:
            if self.ended:
                return
            data = line.encode("latin-1" if bug("sends-latin-1") else "utf-8", errors="replace") + b"\n"
            if bug("sendall-under-the-lock"):
                self.write(data)
                return
            if bug("backlog-drops") and len(self.queue) >= 100:
                return
            self.queue.append(data)
            self.held += len(data)
            if bug("backlog-of-100") and len(self.queue) > 100:
                self.end("too-slow")
            if not bug("delivers-on-input"):
                self.changed.notify()

    def write_all(self) -> None:
        """The thread that writes, until the connection has ended, and lingers then."""
        while True:
            with room.lock:
                while not (self.queue or self.ended):
                    self.changed.wait()
                batch = [self.queue.popleft() for _ in range(min(len(self.queue), 16))]
                self.held -= sum(map(len, batch))
            if not batch:
                break
            if not self.write(b"".join(batch)):
                return self.close()
        with room.lock:
            room.lingerers += 1
            may_linger = room.lingerers <= LINGERERS
        if not (bug("no-end-of-stream") or bug("closes-at-once")):
            self.shut(socket.SHUT_WR)
        with room.lock:
            if may_linger and not bug("closes-at-once"):
                self.changed.wait_for(lambda: self.closed, LINGER)
            room.lingerers -= 1
        self.close()

    def write(self, data: bytes) -> bool:
        """A leaver that takes nothing for as long as `STALL` is lost; the socket has it as its limit."""
        while data:
            try:
                data = data[self.sock.send(data) :]
            except BlockingIOError:
                if self.ended:
                    return False
            except OSError:
                self.lose()
                return False
        return True

    def shut(self, how: int) -> None:
        try:
            (self.sock.sock if bug("no-close-notify") else self.sock).shutdown(how)
        except OSError:
            pass

    def close(self) -> None:
        """It also ends the wait of the thread that reads."""
        if not bug("closes-at-once"):
            self.shut(socket.SHUT_RDWR)

    # What comes in.

    def read_all(self) -> None:
        """The thread that reads; when it is through, the connection is closed."""
        try:
            while data := self.sock.recv(65536):
                if bug("delivers-on-input"):
                    with room.lock:
                        self.changed.notify()
                if not self.ended:
                    self.take(data)
                if self.ended and bug("closes-at-once"):
                    break
            else:
                if bug("waits-for-fin"):
                    while self.sock.sock.recv(65536):
                        pass
                self.take_end()
        except OSError:
            self.lose()
        with room.lock:
            self.closed = True
            self.changed.notify()
            room.connections.discard(self)
            if self.name is not None and bug("leave-twice"):
                room.tell(f"LEAVE {self.name}")
            if self.name is not None and bug("leave-at-close"):
                self.leave()
        self.writer.join()
        self.sock.close()

    def take(self, data: bytes) -> None:
        if bug("decodes-each-recv"):
            data = data.decode(errors="replace").encode()
        if bug("cr-ends-a-line"):
            data = data.replace(b"\r", b"\n")
        if bug("shared-buffer"):
            self.input, Connection.halves = Connection.halves, b""
        self.input += data
        if bug("one-recv-is-one-line"):
            self.input = self.input.rstrip(b"\n") + b"\n"
        *lines, self.input = self.input.split(b"\n")
        if bug("splitlines"):
            lines = [part.encode() for line in lines for part in line.decode(errors="replace").splitlines() or [""]]
        if bug("shared-buffer"):
            Connection.halves, self.input = self.input, b""
        if bug("reorders-lines"):
            lines.reverse()
        if bug("drops-pipelined"):
            lines = lines[:1]
        if bug("drops-fast-lines"):
            lines = lines[:100]
        if bug("bye-overtakes"):
            with room.lock:
                self.take_lines(lines)
        else:
            self.take_lines(lines)
        limit = 65536 if bug("buffer-of-64k") else LINE_LIMIT + 1
        if len(self.input) > limit and not bug("waits-for-lf") and not bug("grammar-before-length"):
            self.end("too-long")

    def take_lines(self, lines: list[bytes]) -> None:
        for line in lines:
            with room.lock:
                if self.ended and not bug("acts-after-ending"):
                    return
                try:
                    self.act(line)
                except Refusal as refusal:
                    if bug("quotes-the-line-back"):
                        self.send(f"BYE {refusal.args[0]} {line.decode(errors='replace')}")
                        self.end("")
                    else:
                        self.end(refusal.args[0])

    def take_end(self) -> None:
        if bug("eof-ignored") and not self.ended:
            threading.Event().wait()
        if bug("acts-on-half-a-line") and self.input:
            self.take(b"\n")
        if bug("close-for-close-notify"):
            with room.lock:
                self.queue.clear()
                return self.end("")
        self.end("" if bug("eof-without-bye") else "quit")

    def act(self, line: bytes) -> None:
        """The checks have the order of the table in SPEC.md."""
        if bug("counts-the-cr"):
            refuse_if(len(line) > LINE_LIMIT, "too-long")
        if bug("strips-all-crs"):
            line = line.rstrip(b"\r")
        elif line.endswith(b"\r") and not bug("keeps-cr"):
            line = line[:-1]
        limit = LINE_LIMIT + bug("line-limit-1062") - bug("line-limit-1060")
        if bug("grammar-before-length"):
            parse(line)
        refuse_if(len(line) > limit and not bug("waits-for-lf"), "too-long")
        if not line:
            refuse_if(bug("refuses-empty-lines"), "bad-line")
            if bug("empty-line-is-an-end"):
                self.end("quit")
            return
        try:
            verb, field = parse(line)
        except Refusal:
            if bug("ignores-unknown-verbs") and not re.match(b"(NAME|MSG|BYE)( |$)", line):
                return
            raise
        if verb == "BYE":
            self.end("" if bug("no-answer-to-bye") else "quit")
        elif verb == "NAME":
            if bug("field-before-state"):
                refuse_if(not is_name(field), "name-invalid")
            if self.name is not None:
                if bug("same-name-again") and field == self.name:
                    return
                refuse_if(not bug("renames"), "bad-state")
                self.leave()
            self.join(field)
        else:
            if bug("field-before-state"):
                refuse_if(len(field.encode()) > TEXT_LIMIT, "too-long")
            refuse_if(self.name is None and not bug("anonymous"), "bad-state")
            self.say(field)

    def join(self, name: str) -> None:
        if bug("strips-names"):
            name = name.strip()
        if bug("taken-before-valid"):
            visible = "".join(c for c in name if unicodedata.category(c) != "Cf")
            refuse_if(key_of(visible) in [member.key for member in room.members], "name-taken")
        refuse_if(not is_name(name), "name-invalid")
        key = key_of(name)
        refuse_if(not is_name(key) and not bug("key-unchecked"), "name-invalid")
        if any(member.key == key for member in room.members):
            if bug("numbers-names"):
                name, key = name + "2", key + "2"
            refuse_if(not bug("name-taken-accepted") and not bug("numbers-names"), "name-taken")
        if bug("composes-names"):
            name = unicodedata.normalize("NFC", name)
        if bug("sends-the-key"):
            name = key
        self.name, self.key = name, key
        if bug("own-join-first"):
            self.send(f"JOIN {name}")
        roster = [member.name for member in room.members]
        if bug("sorted-roster"):
            roster.sort()
        if bug("own-join-twice"):
            roster.append(name)
        for other in roster if not bug("no-roster") else []:
            self.send(f"JOIN {other}")
        if bug("history"):
            for said in room.said[-10:]:
                self.send(said)
        without = bug("own-join-first") or bug("no-welcome")
        if not without:
            room.members.append(self)
        room.tell(f"JOIN {name}", by=self)
        if without:
            room.members.append(self)
        if bug("help-line"):
            self.send("HELP MSG says a text, BYE leaves")

    def say(self, text: str) -> None:
        length = len(text) if bug("text-in-characters") else len(text.encode())
        if bug("cuts-long-texts"):
            text, length = text[:TEXT_LIMIT], 0
        refuse_if(length > TEXT_LIMIT + bug("text-of-1025-bytes") - bug("text-of-1023-bytes"), "too-long")
        refuse_if(bug("refuses-blank-texts") and not text.strip(), "bad-line")
        if bug("strips-texts"):
            text = text.strip()
        if bug("composes-texts"):
            text = unicodedata.normalize("NFC", text)
        if bug("printable-only"):
            text = "".join(c for c in text if c.isprintable())
        if bug("escapes-html"):
            text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        line = f"MSG {'anonymous' if self.name is None else self.name} {text}"
        if bug("drops-repeats") and room.said[-1:] == [line]:
            return
        if bug("history") or bug("drops-repeats"):
            room.said.append(line)
        room.tell(line, by=self)
        if bug("event-twice"):
            room.tell(line, by=self)

    # Its end.

    def leave(self) -> None:
        """What the others see of the end; nothing if it never joined."""
        if self.name is None:
            if bug("leave-of-nobody"):
                room.tell("LEAVE None")
            return
        if bug("frees-name-late") or bug("keeps-name-for-ever"):
            ghost = Connection(self.sock)
            ghost.name, ghost.key, ghost.ended = self.name, self.key, True
            room.members[room.members.index(self)] = ghost
            if bug("frees-name-late"):
                threading.Timer(LATE, room.members.remove, [ghost]).start()
        elif self in room.members:
            room.members.remove(self)
        if bug("leave-after-join"):
            threading.Timer(LATE, room.tell, [f"LEAVE {self.name}"]).start()
        else:
            room.tell(f"LEAVE {self.name}")

    def end(self, code: str) -> None:
        """Decides the ending, unless there is one: `BYE code`, or no `BYE` where there is no code."""
        with room.lock:
            if self.ended:
                return
            refused = code not in ("", "quit", "shutdown")
            if bug("leave-to-the-leaver"):
                self.send(f"LEAVE {self.name}")
            if code == "too-slow" or bug("bye-overtakes"):
                self.queue.clear()
                self.held = 0
            if code == "bad-line" and bug("closes-without-bye"):
                code = ""
            if code:
                bye = f"BYE {code}"
                if bug("error-for-bye") and refused:
                    bye = f"ERROR {code}"
                if bug("text-before-code") and refused:
                    bye = f"BYE Sorry! {code}"
                if bug("code-of-its-own") and not refused:
                    bye = "BYE bye"
                self.queue.append(bye.encode() + b"\n")
                if bug("says-bye-twice"):
                    self.queue.append(b"BYE quit\n")
            if bug("refuses-and-goes-on") and refused:
                self.changed.notify()
                return
            self.ended = True
            if code != "shutdown" and not (bug("no-leave-on-refusal") and refused) and not bug("leave-at-close"):
                self.leave()
            self.changed.notify()

    def lose(self) -> None:
        """The connection was reset."""
        if bug("dies-of-a-reset"):
            os._exit(1)
        if not bug("no-leave-on-reset"):
            self.end("")

    def shake_hands(self, context: ssl.SSLContext) -> None:
        self.sock.settimeout(tls.HANDSHAKE)
        hello = tls.hello_of(self.sock)
        named = tls.protocols_in(hello)
        is_other = tls.PROTOCOL.encode() not in named and (bool(named) or bug("wants-alpn"))
        if is_other and not bug("any-alpn"):
            self.sock.sendall(NO_APPLICATION_PROTOCOL)
            raise ConnectionAbortedError("the client is for another protocol")
        sock = self.sock
        self.sock = tls.Tunnel(sock, context, hello)
        sock.settimeout(None)

    def run(self, context: ssl.SSLContext | None) -> None:
        try:
            if context:
                self.shake_hands(context)
        except OSError:
            with room.lock:
                room.connections.discard(self)
            return self.sock.close()
        self.writer.start()
        if bug("greets"):
            self.send("MSG Server Welcome! Give your NAME, please.")
        self.read_all()


def stop(*_: object) -> None:
    """Everybody gets BYE shutdown, and a second to read it."""
    with room.lock:
        connections = list(room.connections)
        for connection in connections:
            connection.end("shutdown")
    until = time.monotonic() + 1
    for connection in connections:
        with room.lock:
            connection.changed.wait_for(lambda c=connection: c.closed, max(0, until - time.monotonic()))
    os._exit(0)


def security() -> ssl.SSLContext | None:
    if not options.tls:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.tls)
    context.set_alpn_protocols([tls.PROTOCOL])
    if bug("unexpected-eof"):
        context.options |= ssl.OP_IGNORE_UNEXPECTED_EOF
    if bug("tls-1.1"):
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def main() -> None:
    context = security()
    with socket.create_server(("127.0.0.1", options.port + bug("wrong-port")), backlog=128) as listener:
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=stop).start())
        signal.signal(signal.SIGINT, lambda *_: threading.Thread(target=stop).start())
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if not bug("sendall-under-the-lock"):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", STALL, 0))
            if bug("backlog-of-100") or bug("backlog-drops"):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
            connection = Connection(sock)
            with room.lock:
                room.connections.add(connection)
            threading.Thread(target=connection.run, args=[context], daemon=True).start()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--bug", choices=BUGS, metavar="NAME", help=", ".join(BUGS))
    arguments.add_argument("--tls", metavar="FILE", help="speak TLS with this certificate and key")
    arguments.add_argument("port", type=int)
    options = arguments.parse_args()
    sys.setswitchinterval(0.001)
    room = Room()
    main()
