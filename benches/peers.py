#!/usr/bin/env python3
"""How Charla and other servers bear what does them harm: docs/comparison.md has what came of it.

    python3 benches/peers.py charla 'target/release/charla-server --patience 0'
    python3 benches/peers.py ngircd ngircd
    python3 benches/peers.py nats nats-server

It starts the program afresh for each question, on loopback, with the limits that it has by itself (where they would keep
the crowd out that asks, they are lifted), and asks it all with the same client. It needs Linux, as it reads in /proc how
much memory and how many sockets the server has. All that it sends is bounded, and so is the time, four minutes a server.
"""

import argparse
import asyncio
import contextlib
import json
import pathlib
import re
import resource
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator

HOST = "127.0.0.1"
TEXT = 400  # bytes of each text: a line of IRC has 512 at most
EVERY = 0.5  # seconds between two texts of one talker
MIB = 1 << 20


class Charla:
    command = ["--listen", f"{HOST}:{{port}}"]
    at_a_limit = [*command, "--limit-loopback"]
    joined, hello = b"JOIN %s\n", b"NAME %s\n"
    endless = b"NAME "

    def config(self, port: int, limited: bool) -> str:
        return ""

    def say(self, text: bytes) -> bytes:
        return b"MSG %s\n" % text


class Ngircd:
    command = at_a_limit = ["--nodaemon", "--config", "{config}"]
    joined, hello = b" 366 %s ", b"NICK %s\r\nUSER u 0 * :u\r\nJOIN #room\r\n"
    endless = b"NICK "

    def config(self, port: int, limited: bool) -> str:
        lift = "" if limited else "[Limits]\nMaxConnectionsIP = 0\nMaxPenaltyTime = 0\n"
        names = f"[Global]\nName = irc.example.net\nInfo = peers\nPorts = {port}\nListen = {HOST}\nMotdPhrase = hi\n"
        return f"{names}{lift}[Options]\nDNS = no\nIdent = no\nPAM = no\n"

    def say(self, text: bytes) -> bytes:
        return b"PRIVMSG #room :%s\r\n" % text


class Nats:
    command = at_a_limit = ["--addr", HOST, "--port", "{port}"]
    joined, hello = b"PONG", b'CONNECT {"verbose":false,"name":"%s"}\r\nSUB room 1\r\nPING\r\n'
    endless = b"SUB "

    def config(self, port: int, limited: bool) -> str:
        return ""

    def say(self, text: bytes) -> bytes:
        return b"PUB room %d\r\n%s\r\n" % (len(text), text)


PEERS = {"charla": Charla(), "ngircd": Ngircd(), "nats": Nats()}


class Server:
    """A program that serves."""

    def __init__(self, peer: Charla | Ngircd | Nats, process: subprocess.Popen[bytes], port: int) -> None:
        self.peer, self.process, self.port = peer, process, port
        self.proc = pathlib.Path(f"/proc/{process.pid}")

    def memory(self) -> float:
        """Resident, in MiB."""
        return int(re.findall(r"VmRSS:\s+(\d+)", (self.proc / "status").read_text())[0]) / 1024

    def sockets(self) -> int:
        found = 0
        for file in (self.proc / "fd").iterdir():
            with contextlib.suppress(OSError):
                found += str(file.readlink()).startswith("socket:")
        return found


class Member(asyncio.Protocol):
    """One connection, that reads."""

    def __init__(self, welcome: bytes) -> None:
        self.welcome, self.tail, self.delays = welcome, b"", list[float]()
        self.times, self.said = False, 0
        self.ended: float | None = None
        self.is_in = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if not self.is_in.done():
            self.tail += data
            if self.welcome in self.tail:
                self.is_in.set_result(None)
        elif self.times:
            now, data = time.monotonic_ns(), self.tail + data
            self.tail = data[data.rfind(b"\n") + 1 :]
            whole = data[: len(data) - len(self.tail)]
            self.delays += [(now - int(said)) / 1e6 for said in re.findall(rb"said=(\d+);", whole)]

    def connection_lost(self, error: Exception | None) -> None:
        self.ended = time.monotonic()
        if not self.is_in.done():
            self.is_in.set_result(None)


@contextlib.asynccontextmanager
async def serving(program: list[str], limited: bool = False) -> AsyncIterator[Server]:
    peer = PEERS[program[0]]
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
        config.write(peer.config(port, limited))
        config.flush()
        pathlib.Path(config.name).chmod(0o644)
        words = peer.at_a_limit if limited else peer.command
        words = [word.format(port=port, config=config.name) for word in words]
        process = subprocess.Popen([*program[1:], *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            await listening(port)
            yield Server(peer, process, port)
        finally:
            process.kill()
            process.wait()


async def listening(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(HOST, port)
            writer.close()
            return
        await asyncio.sleep(0.05)
    raise TimeoutError("it does not listen")


async def join(server: Server, name: str) -> Member:
    loop = asyncio.get_running_loop()
    welcome = server.peer.joined.replace(b"%s", name.encode())
    _, member = await loop.create_connection(lambda: Member(welcome), HOST, server.port)
    member.transport.write(server.peer.hello % name.encode())
    await asyncio.wait_for(member.is_in, 20)
    member.tail = b""
    return member


def narrow(server: Server) -> socket.socket:
    """A connection for which the system keeps little on the way: 84 kB, and not 2.8 MB."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    connection.connect((HOST, server.port))
    return connection


async def talk(server: Server, member: Member, after: float, until: float) -> None:
    """Says a text at each of its turns, from its first on."""
    await asyncio.sleep(after)
    while time.monotonic() < until and member.ended is None:
        text = b"said=%d;" % time.monotonic_ns()
        member.transport.write(server.peer.say(text.ljust(TEXT, b"x")))
        member.said += 1
        await asyncio.sleep(EVERY)


def talkers(server: Server, members: list[Member], until: float) -> list[asyncio.Task[None]]:
    turns = (EVERY * n / len(members) for n in range(len(members)))
    return [asyncio.create_task(talk(server, member, turn, until)) for member, turn in zip(members, turns)]


async def delays(listener: Member, talking: list[Member]) -> dict[str, float]:
    """What was said, heard, and how long that took, when the last has had its second."""
    await asyncio.sleep(1)
    said, found = sum(member.said for member in talking), sorted(listener.delays)
    cuts = statistics.quantiles(found, n=100)
    times = {"p50_ms": cuts[49], "p99_ms": cuts[98], "max_ms": found[-1]}
    return {"said": said, "heard": len(found), **{name: round(time, 2) for name, time in times.items()}}


async def stopped_reader(program: list[str]) -> dict:
    """One joins and stops reading while a hundred others talk, for 100 s at most."""
    async with serving(program) as server:
        members = [await join(server, f"u{n}") for n in range(101)]
        listener, talking = members[0], members[1:]
        before = server.sockets()
        stalled = narrow(server)
        stalled.sendall(server.peer.hello % b"stalled")
        start, memory = time.monotonic(), [server.memory()]
        listener.times = True
        tasks = talkers(server, talking, start + 100)
        closed = None
        await asyncio.sleep(1)
        while closed is None and not all(task.done() for task in tasks):
            await asyncio.sleep(0.25)
            memory.append(server.memory())
            if server.sockets() <= before:
                closed = round(time.monotonic() - start, 1)
        for task in tasks:
            task.cancel()
        lost = sum(member.ended is not None for member in members)
        stalled.close()
        return {
            "closed_after_s": closed,
            "others_put_out": lost,
            "memory_mib": round(memory[0], 1),
            "memory_most_mib": round(max(memory), 1),
            **await delays(listener, talking),
        }


async def slow_senders(program: list[str]) -> dict:
    """Two hundred send a byte a second of a first line that never ends, while ten talk, for 40 s."""
    async with serving(program) as server:
        members = [await join(server, f"u{n}") for n in range(11)]
        listener, talking = members[0], members[1:]
        loop, start = asyncio.get_running_loop(), time.monotonic()
        slow = [(await loop.create_connection(lambda: Member(b"?"), HOST, server.port))[1] for _ in range(200)]
        listener.times = True
        tasks = talkers(server, talking, start + 40)
        line = server.peer.endless + b"x" * 40
        for byte in line[:40]:
            for member in slow:
                if member.ended is None:
                    member.transport.write(bytes([byte]))
            await asyncio.sleep(1)
        await asyncio.gather(*tasks)
        ends = sorted(member.ended - start for member in slow if member.ended is not None)
        return {
            "put_out": len(ends),
            "first_after_s": round(ends[0], 1) if ends else None,
            "last_after_s": round(ends[-1], 1) if ends else None,
            "memory_mib": round(server.memory(), 1),
            **await delays(listener, talking),
        }


async def told_first(reader: asyncio.StreamReader) -> str:
    """The first line, but for the one in which nats says who it is."""
    line = await reader.readline()
    return await told_first(reader) if line.startswith(b"INFO ") else line.decode(errors="replace").strip()


async def endless_line(program: list[str]) -> dict:
    """One sends a gibibyte without LF, as fast as it is taken, for 40 s at most."""
    async with serving(program) as server:
        listener = await join(server, "u0")
        reader, writer = await asyncio.open_connection(HOST, server.port)
        start, memory, sent = time.monotonic(), [server.memory()], 0
        answer = asyncio.create_task(told_first(reader))
        ended = False
        try:
            async with asyncio.timeout(40):
                writer.write(server.peer.endless)
                while sent < 1 << 30:
                    writer.write(b"x" * (1 << 16))
                    await writer.drain()
                    sent += 1 << 16
                    if sent % MIB == 0:
                        memory.append(server.memory())
        except TimeoutError:
            pass
        except OSError:
            ended = True
        seconds = time.monotonic() - start
        memory.append(server.memory())
        writer.transport.abort()
        told = (await asyncio.gather(answer, return_exceptions=True))[0]
        return {
            "taken_mib": round(sent / MIB, 1),
            "ended": ended,
            "seconds": round(seconds, 1),
            "told": told if isinstance(told, str) else None,
            "memory_mib": round(memory[0], 1),
            "memory_most_mib": round(max(memory), 1),
            "others_put_out": int(listener.ended is not None),
        }


async def one_address(program: list[str]) -> dict:
    """Three hundred connections come from one address, with the limits that the server has by itself."""
    async with serving(program, limited=True) as server:
        told = dict[str, int]()
        stay = [await asyncio.open_connection(HOST, server.port) for _ in range(300)]
        await asyncio.sleep(2)
        for reader, _ in stay:
            with contextlib.suppress(OSError, TimeoutError):
                if text := await asyncio.wait_for(told_first(reader), 0.01):
                    told[text] = told.get(text, 0) + 1
        return {"served": len(stay) - sum(told.values()), "told": told, "memory_mib": round(server.memory(), 1)}


QUESTIONS = [stopped_reader, slow_senders, endless_line, one_address]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("program", help="its program, and more options")
    parser.add_argument("questions", nargs="*", help="only these", metavar="question")
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    for question in QUESTIONS:
        if not arguments.questions or question.__name__ in arguments.questions:
            answer = asyncio.run(question([arguments.peer, *shlex.split(arguments.program)]))
            print(json.dumps({"server": arguments.peer, "question": question.__name__, **answer}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
