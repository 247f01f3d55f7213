#!/usr/bin/env python3
"""What a room of many listeners needs: reckons the tables of docs/scaling.md.

    python3 docs/scaling.py            prints them
    python3 docs/scaling.py --update   writes them into the page
    python3 docs/scaling.py --check    fails when the page has others, or the formula is wrong where its result is known
"""

import math
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path

PAGE = Path(__file__).with_name("scaling.md")

# Lines on the wire, for names of 8 bytes and texts of 64.
MSG = len("MSG ") + 8 + 1 + 64 + 1
JOIN = len("JOIN ") + 8 + 1
LEAVE = len("LEAVE ") + 8 + 1

# What Ethernet, IP and TCP add to a write.
HEADERS = 66

# The defaults of charla-server.
JOURNAL_BYTES = 1 << 30
MAX_LAG = 1_087_488
PATIENCE = 5
LEASE = 15
BEATS = 5
STATE_EVERY = 30
STATE_LARGE = 1 << 20


@dataclass(frozen=True)
class Measured:
    """By `cargo bench --bench cluster`; times are of CPU on one core of its machine, in seconds, sizes in bytes."""

    # A line to one listener, in a write of its own; and each byte of a write that has many.
    write: float = 5.4e-6
    byte: float = 0.57e-9
    # From a record to its acknowledgement by a majority of three.
    acknowledged: float = 0.63e-3
    # Records a second that three replicas took, of sixteen in flight.
    records: float = 14_500
    # What a record adds to its lines on the way to each node.
    record: float = 130
    # For each one in the room: to tell the state, and its size; the memory of each node.
    tell: float = 0.5e-6
    state: float = 38
    person: float = 338
    # On every node, whenever somebody leaves or joins, anywhere.
    leave: float = 7.6e-6
    join: float = 2e-6
    # Memory of a node for each of its own connections, and for itself: docs/performance.md.
    connection: float = 1200
    program: float = 7e6


@dataclass(frozen=True)
class Machine:
    """What one node has, and how much of it may be in use when nothing extraordinary happens."""

    cores: int = 4
    share: float = 0.5
    # Bytes a second.
    network: float = 10e9 / 8
    # How long after another's a listener may hear a line, in seconds.
    delay: float = 0.25


@dataclass(frozen=True)
class Room:
    listeners: float
    # How long one stays, in seconds, and how much all together say a second.
    stay: float = 3600
    messages: float = 10

    @property
    def joins(self):
        """A second; as many leave."""
        return self.listeners / self.stay

    @property
    def lines(self):
        """What each listener gets, a second."""
        return self.messages + 2 * self.joins

    @property
    def bytes(self):
        """The same in bytes."""
        return self.messages * MSG + self.joins * (JOIN + LEAVE)

    @property
    def deliveries(self):
        return self.lines * self.listeners


@dataclass(frozen=True)
class Need:
    """What a room needs."""

    room: Room
    machine: Machine = Machine()
    measured: Measured = Measured()

    @property
    def writes(self):
        """To one listener, a second: lines that come closer together than the delay may share one."""
        return min(self.room.lines, 1 / self.machine.delay)

    @property
    def cpu(self):
        """Of one listener, a second: its writes, and their bytes."""
        return self.writes * self.measured.write + self.payload * self.measured.byte

    @property
    def payload(self):
        """Bytes to one listener, a second: what happens, and the roster when it comes, once in its stay."""
        return self.room.bytes + self.room.joins * JOIN

    @property
    def out(self):
        """The same on the network."""
        return self.payload + self.writes * HEADERS

    @property
    def most_a_node(self):
        """Listeners of a node: as many as it bears in every respect."""
        machine, measured = self.machine, self.measured
        cores = machine.cores * machine.share
        return min(
            cores / self.cpu,
            machine.share * machine.network / self.out,
            # All hear a line within the delay.
            cores * machine.delay / measured.write,
            # All of them take half of a full log within the patience, so that nobody is too slow.
            machine.cores * PATIENCE / (MAX_LAG * measured.byte),
            # All of another node's leave and come back, and the log is not full.
            2 * MAX_LAG / (JOIN + LEAVE),
        )

    @property
    def nodes(self):
        return max(2, math.ceil(self.room.listeners / self.most_a_node))

    @property
    def here(self):
        """Listeners of each node."""
        return self.room.listeners / self.nodes

    @property
    def records(self):
        """A second, of all nodes: each has one on its way at a time, and says that it lives."""
        of_lines = min(self.room.lines / self.nodes, 1 / self.measured.acknowledged)
        return self.nodes * (of_lines + BEATS / LEASE)

    @property
    def from_nats(self):
        """Bytes a second to one node: the whole room, once."""
        return self.room.bytes + self.records * self.measured.record

    @property
    def state(self):
        """Bytes of the state that newcomers among the nodes begin with."""
        return self.room.listeners * self.measured.state

    @property
    def state_every(self):
        """Seconds between two of them: a large one less often, and at the latest after an eighth of the journal."""
        return min(STATE_EVERY * (1 + self.state // STATE_LARGE), JOURNAL_BYTES / 8 / self.from_nats)

    @property
    def standstill(self):
        """Seconds for which the node that tells the state does nothing else."""
        return self.room.listeners * self.measured.tell

    @property
    def moving(self):
        """The share of a core that every node needs, under the room's lock, for those who come and go."""
        return self.room.joins * (self.measured.leave + self.measured.join)

    @property
    def ending(self):
        """Seconds for which all others stand still when a node ends: its people leave at one place of the journal."""
        return self.here * self.measured.leave

    @property
    def memory(self):
        """Of a node, without what the kernel keeps for its sockets."""
        return self.measured.program + self.here * self.measured.connection + self.room.listeners * self.measured.person

    @property
    def restart(self):
        """Seconds that a node's end costs the others: its people leave, and come back, each with the whole roster."""
        others = self.nodes - 1
        listeners, newcomers = self.room.listeners / others, self.here / others
        return self.sending(self.here * listeners * (JOIN + LEAVE) + newcomers * self.room.listeners * JOIN)

    @property
    def filling(self):
        """Seconds until all are in, from an empty room: half of the room's square in JOINs, and as much in rosters."""
        return self.sending(self.room.listeners * self.here * JOIN)

    def sending(self, size):
        """Seconds that one node takes for so many bytes, with all that it has."""
        return max(size * self.measured.byte / self.machine.cores, size / self.machine.network)


def largest(fits, most=1e9):
    """The largest room that fits, to three digits; what fits is smaller than what does not."""
    low, high = 1e3, most
    if fits(high):
        return None
    while high / low > 1.0005:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


LIMITS = [
    (
        "`--journal-bytes`: the state is as long as what is read between two of them (1/8)",
        lambda need: need.state < JOURNAL_BYTES / 8,
        "raise it: 4 GiB bear four times as many",
    ),
    (
        "the node that tells the state stands still for half a second",
        lambda need: need.standstill < 0.5,
        "tell it in pieces, or from a node without clients",
    ),
    (
        "NATS takes no more records a second",
        lambda need: need.records < Measured().records,
        "let nodes gather lines for some milliseconds before they publish",
    ),
    (
        "a third of what NATS sends to nodes fills the network of one of its servers",
        lambda need: need.nodes * need.from_nats / 3 < Machine().network,
        "nodes that pass the journal on to others",
    ),
    (
        "a listener gets more than 1 Mbit/s",
        lambda need: need.out * 8 < 1e6,
        "a room that does not tell all of everybody's coming and going: another SPEC.md",
    ),
]


def number(value):
    """With three digits that count."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{round(value, 2 - math.floor(math.log10(abs(value)))):,.{digits}f}"


def table(heads, rows):
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def count(value):
    return f"{value:,.0f}"


FIGURES = [
    ("lines a second, to each listener", lambda need: number(need.room.lines)),
    ("… of which messages", lambda need: number(need.room.messages)),
    ("deliveries a second", lambda need: number(need.room.deliveries)),
    ("bytes a second to each listener, rosters and headers included", lambda need: number(need.out)),
    ("listeners a node, at most", lambda need: number(need.most_a_node)),
    ("**nodes** of 4 cores", lambda need: f"**{count(need.nodes)}**"),
    ("out of a node, Gbit/s", lambda need: number(need.here * need.out * 8e-9)),
    ("out of all, Gbit/s", lambda need: number(need.room.listeners * need.out * 8e-9)),
    ("memory of a node, MB, without the kernel's", lambda need: number(need.memory / 1e6)),
    ("records a second to NATS", lambda need: number(need.records)),
    ("from NATS to each node, Mbit/s", lambda need: number(need.from_nats * 8e-6)),
    ("from NATS to all nodes, Gbit/s", lambda need: number(need.nodes * need.from_nats * 8e-9)),
    ("roster for a newcomer, MB", lambda need: number(need.room.listeners * JOIN / 1e6)),
    ("state, MB, every so many seconds", lambda need: f"{number(need.state / 1e6)}, {number(need.state_every)}"),
    ("standstill while it is told, ms", lambda need: number(need.standstill * 1e3)),
    ("who comes and goes: cores of each node, under the lock", lambda need: number(need.moving)),
    ("a node ends: seconds for which the others stand still", lambda need: number(need.ending)),
    ("a node ends and its people come back: seconds of all other nodes", lambda need: number(need.restart)),
    ("all come at once: seconds until all are in", lambda need: number(need.filling)),
]


def sizes():
    needs = [Need(Room(listeners)) for listeners in (1e5, 1e6, 1e7)]
    heads = ["", *(count(need.room.listeners) for need in needs)]
    return table(heads, [[name, *(tell(need) for need in needs)] for name, tell in FIGURES])


def habits():
    """A million, by how long they stay and how much is said."""
    rows = []
    for stay, name in ((600, "10 minutes"), (3600, "an hour"), (8 * 3600, "8 hours"), (math.inf, "for ever")):
        cells = [Need(Room(1e6, stay=stay, messages=messages)) for messages in (1, 10, 100)]
        rows.append([name, *(f"{count(need.nodes)} ({number(need.out * 8e-3)} kbit/s)" for need in cells)])
    return table(["they stay", "1 message/s", "10 messages/s", "100 messages/s"], rows)


def limits():
    found = [(largest(lambda n, fits=fits: fits(Need(Room(n)))), name, way) for name, fits, way in LIMITS]
    rows = sorted(found, key=lambda row: row[0] or math.inf)
    told = [[number(most) if most else "any", name, way] for most, name, way in rows]
    return table(["up to listeners", "then", "a way on"], told)


def figures():
    measured = Measured()
    moves = f"{number(measured.leave * 1e6)}, {number(measured.join * 1e6)} µs on every node"
    rows = [
        ["a line to one listener, in a write of its own", f"{number(measured.write * 1e9)} ns of CPU"],
        ["a byte, in a write of many lines", f"{number(measured.byte * 1e9)} ns of CPU"],
        ["from a record to its acknowledgement", f"{number(measured.acknowledged * 1e3)} ms"],
        ["records that three servers of NATS take", f"{number(measured.records)} a second"],
        ["what a record adds to its lines on the way to a node", f"{number(measured.record)} bytes"],
        ["the state: for each one in the room", f"{number(measured.tell * 1e9)} ns, {number(measured.state)} bytes"],
        ["a LEAVE, a JOIN of another node", moves],
        ["memory of each node: for each one in the room", f"{number(measured.person)} bytes"],
        ["… and for each connection of its own", f"{number(measured.connection)} bytes"],
    ]
    return table(["measured", ""], rows)


TABLES = {"figures": figures, "sizes": sizes, "habits": habits, "limits": limits}


def filled(page):
    """The page with the tables that are reckoned, each between its two comments."""
    for name, reckon in TABLES.items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- / -->)", re.DOTALL)
        page, found = place.subn(lambda match, text=reckon(): match[1] + text + match[2], page)
        assert found == 1, f"{PAGE.name} has {found} places for the table “{name}”"
    return page


def check():
    # Whole numbers, in which each step can be followed by hand.
    measured = Measured(
        write=1e-5,
        byte=1e-10,
        acknowledged=1e-3,
        records=1e3,
        record=100,
        tell=1e-6,
        state=50,
        leave=1e-6,
        join=1e-7,
        person=100,
        connection=1000,
        program=1e6,
    )
    machine = Machine(cores=2, share=0.5, network=1e9, delay=0.1)
    quiet = Need(Room(100_000, stay=math.inf, messages=1), machine, measured)
    # Two cores half in use are one; a line a second takes 10 µs in a write of its own, and 0.1 ns for each byte.
    same(quiet.cpu, 1e-5 + MSG * 1e-10)
    # All of a node hear a line within 0.1 s where it has 0.1 s / 10 µs of them.
    same(quiet.most_a_node, 10_000.0)
    same(quiet.nodes, 10)
    same(quiet.room.deliveries, 100_000)
    same(quiet.out, MSG + HEADERS)
    # Each node publishes a tenth of a message a second, and a third of a sign of life.
    same(quiet.records, 1 + 10 / 3)
    same(quiet.memory, 1e6 + 10_000 * 1000 + 100_000 * 100)
    busy = replace(quiet, room=Room(100_000, stay=1000, messages=0))
    # 100 come and 100 leave each second: 200 lines in 10 writes, and a thousandth of a roster.
    same((busy.room.lines, busy.writes), (200, 10))
    same((busy.room.bytes, busy.payload), (100 * (JOIN + LEAVE), 100 * (JOIN + LEAVE) + 100 * JOIN))
    same(busy.cpu, 10 * 1e-5 + busy.payload * 1e-10)
    same(busy.most_a_node, 1 / busy.cpu)
    # Where bytes cost more than anything, the patience ends first; where they cost nothing, the log is full.
    dear, cheap = (replace(quiet, measured=replace(measured, byte=byte, write=1e-9)) for byte in (1e-7, 1e-12))
    same((dear.most_a_node, cheap.most_a_node), (2 * 5 / (MAX_LAG * 1e-7), 2 * MAX_LAG / (JOIN + LEAVE)))
    same((busy.state, busy.standstill), (5e6, 0.1))
    # Each of 100 who leave costs 1 µs, who comes a tenth.
    same(busy.moving, 100 * 1.1e-6)
    same(quiet.ending, 10_000 * 1e-6)
    # Five times a large state, so every 150 s.
    same(busy.state_every, 30 * 5)
    # Twice as many come and go twice as often, to twice as many.
    same(replace(busy, room=Room(200_000, stay=1000, messages=0)).room.deliveries / busy.room.deliveries, 4)
    # One of two nodes ends: 1000 leave and come back, each with a roster of 2000, over 1 GB/s.
    two = Need(Room(2000, stay=math.inf), machine, measured)
    same((two.nodes, two.here), (2, 1000))
    same(two.restart, 1000 * 2000 * (LEAVE + JOIN + JOIN) / 1e9)
    same(two.filling, 2000 * 1000 * JOIN / 1e9)
    same(round(largest(lambda n: n < 12_345) / 12_345, 2), 1)
    same(largest(lambda n: True), None)
    same([number(n) for n in (0, 1234, 12.34, 0.01234, 999.9)], ["0", "1,230", "12.3", "0.0123", "1,000"])
    page = PAGE.read_text(encoding="utf-8")
    assert filled(page) == page, f"{PAGE.name} has other tables: python3 docs/scaling.py --update writes them"


def same(found, expected):
    if isinstance(expected, float):
        assert math.isclose(found, expected), f"{found}, not {expected}"
    elif isinstance(expected, tuple):
        for pair in zip(found, expected, strict=True):
            same(*pair)
    else:
        assert found == expected, f"{found}, not {expected}"


def main(arguments):
    match arguments:
        case []:
            print("\n".join(reckon() for reckon in TABLES.values()))
        case ["--update"]:
            PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        case ["--check"]:
            check()
        case _:
            sys.exit(__doc__)


main(sys.argv[1:])
