#!/usr/bin/env python3
"""Checks the checker: does charla-check find each mutant, by the clause that it breaks?

    python3 tests/mutants/check.py CHARLA_CHECK [--write] [MUTANT…]

A mutant is found when a case of the *expected clause* ends with the *expected verdict*, not
when something somewhere goes wrong. What conforms has to pass every case: `server.py` and
`client.py` without a mistake, `server_asyncio.py` in each of its variants, `client_asyncio.py`.
What comes out of the mutants is compared with `matrix.txt` beside this file, or written there
(`--write`).
"""

import argparse
import concurrent.futures
import contextlib
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import NamedTuple, TextIO

HERE = pathlib.Path(__file__).resolve().parent
SESSIONS = HERE.parent.parent / "fixtures" / "sessions"
sys.path.insert(0, str(HERE))
import client  # noqa: E402  (they stand beside this file)
import server  # noqa: E402
import server_asyncio  # noqa: E402

# How much shorter than usual everything is waited for. Mutants that hang take all of it.
SCALE = "0.2"

# On these the second runner, fixtures/run.py, is to say the same of each case of the clause.
COMPARED = [
    "splitlines", "strips-texts", "casefold", "sorted-roster", "lower-case-verbs", "text-of-1025-bytes",
    "name-with-space", "escapes-html", "acts-on-half-a-line", "history", "leave-twice", "line-limit-1062",
]  # fmt: skip

# Clauses that a server must keep and that have no mutant, each with the reason.
WITHOUT_MUTANT = {
    "LEAVE-9": "a case cannot stop a server",
    "LEAVE-10": "a case cannot stop a server",
    "LEAVE-11": "a case cannot stop a server",
    "BYE-12": "the bound is the server's choice, and may be large",
    "BYE-13": "a client cannot choose when a line is half written",
    "LIMIT-6": "the time to give a name and the size of the log are the server's choice",
    "SLOW-5": "a LEAVE that waited looks like one that came slowly",
    "SLOW-13": "who does not read for 10 s cannot see when it ended",
    "TLS-2": "a case is played at the port that it is given",
}

# The certificate of a `localhost`, whom it trusts itself, and its key.
LOCALHOST = str(HERE / "localhost.pem")

# Clauses about the stream: above it TLS is not to be seen, so the rest is asked over TCP alone.
OF_THE_STREAM = r"^- \*\*\[((?:TLS|LINE|LEAVE|BYE)-\d+)\]"

# What a variant is asked besides `pass`: it does not do what is only recommended.
ALSO = {"crlf": "warn"}
# It says nothing at an address, where a server listens already: it is started for these cases.
STARTED = {"slow-start": ["--filter", "two-", "--jobs", "8"]}

# 3 MB for each of two readers, five times.
LONG = "nobody-loses-a-line-by-one-who-does-not-read"


class Kind(NamedTuple):
    """What is checked: the mode of charla-check, the program of the mutants, and their table."""

    mode: str
    program: str
    bugs: dict[str, server.Bug] | dict[str, client.Bug]
    arguments: list[str]
    # Whose clauses these are, in SPEC.md, and those that no mutant breaks.
    whose: str
    without_mutant: dict[str, str]
    # What charla-check and the program are told that are to speak TLS.
    check_tls: list[str]
    program_tls: list[str]

    def command(self, *options: str) -> list[str]:
        return [sys.executable, str(HERE / self.program), *options, *self.arguments]


SERVERS = Kind(
    "server", "server.py", server.BUGS, ["{port}"], "server|sender|receiver", WITHOUT_MUTANT,
    ["--tls", "--tls-ca", LOCALHOST], ["--tls", LOCALHOST],
)  # fmt: skip
CLIENTS = Kind(
    "client", "client.py", client.BUGS, ["{host}", "{port}"], "client|sender|receiver", {},
    ["--tls-cert", LOCALHOST, "--tls-key", LOCALHOST], ["--tls-ca", LOCALHOST],
)  # fmt: skip
KINDS = [SERVERS, CLIENTS]


def play(check: str, mode: str, arguments: list[str], target: list[str]) -> tuple[int, list[dict]]:
    """The exit code and the cases of one run; the target is an address, or `--` and a command."""
    command = [check, mode, *arguments, "--json", "-", *target]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    return done.returncode, json.loads(done.stdout)["cases"] if done.stdout else []


def verdict_on(check: str, kind: Kind, name: str) -> str:
    """What is said of the clause that this mutant breaks."""
    bug = kind.bugs[name]
    arguments = ["--clause", bug.clause, "--timeout-scale", SCALE, "--jobs", "2"]
    is_over_tls = bug.clause.startswith("TLS-")
    check_tls, program_tls = (kind.check_tls, kind.program_tls) if is_over_tls else ([], [])
    command = kind.command("--bug", name, *program_tls)
    code, cases = play(check, kind.mode, [*arguments, *check_tls], ["--", *command])
    if code == 3:
        return "unreached"
    verdicts = {case["verdict"] for case in cases}
    return bug.verdict if bug.verdict in verdicts else "+".join(sorted(verdicts))


def conforming(check: str, kind: Kind) -> list[str]:
    """What does not pass, of the program without a bug, over TCP and over TLS."""
    arguments = ["--jobs", "4", *(word for case in optional() for word in ("--skip", case))]
    _, cases = play(check, kind.mode, arguments, ["--", *kind.command()])
    chosen = [word for clause in re.findall(OF_THE_STREAM, spec(), re.MULTILINE) for word in ("--clause", clause)]
    over_tls = [*arguments, *kind.check_tls, *chosen]
    _, cases_over_tls = play(check, kind.mode, over_tls, ["--", *kind.command(*kind.program_tls)])
    return faults_in(kind.program, cases) + faults_in(f"{kind.program} over TLS", cases_over_tls)


def other_clients(check: str) -> list[str]:
    """What does not pass, of conforming clients that are used in another way."""
    other = CLIENTS._replace(program="client_asyncio.py")
    ways = {
        "client.py between pipes": ["--pipe", "--", *CLIENTS.command()],
        "client_asyncio.py": ["--name-arg", "--name {name}", "--quit", "/quit", "--", *other.command()],
    }
    return sum((faults_in(name, play(check, "client", ["--jobs", "4"], way)[1]) for name, way in ways.items()), [])


def faults_in(name: str, cases: list[dict], also: str = "pass") -> list[str]:
    """What a conforming program is not to be told."""
    may = {"MAY": {"pass", "absent"}}
    wrong = [case for case in cases if case["verdict"] not in may.get(case["level"], {"pass", also})]
    return [f"{name}: {case['verdict']} of {case['id']}" for case in wrong] or [f"{name}: no case"] * (not cases)


def variant(check: str, name: str) -> list[str]:
    """What does not pass, of this variant of the other conforming server; one without a name is itself.

    It is played at an address, one room for all cases, so that not each case starts it.
    """
    command = [sys.executable, str(HERE / "server_asyncio.py"), *(["--variant", name] if name else [])]
    title, also = f"server_asyncio.py {name}".strip(), ALSO.get(name, "pass")
    if name in STARTED:
        return faults_in(title, play(check, "server", STARTED[name], ["--", *command, "{port}"])[1], also)
    # What takes its time is asked where it may come out otherwise.
    is_slow = not name or server_asyncio.VARIANTS[name].clause.startswith("SLOW-")
    skipped = (optional() if name else []) + ([] if is_slow else [LONG])
    skip = [word for case in skipped for word in ("--skip", case)]
    with tempfile.TemporaryFile("w+") as errors:
        with running(command, errors) as address:
            _, cases = play(check, "server", skip, [address])
        errors.seek(0)
        said = errors.read()
    return faults_in(title, cases, also) + [f"{title} printed {said[-300:]!r}"] * bool(said)


@contextlib.contextmanager
def running(command: list[str], errors: TextIO) -> Iterator[str]:
    """The address of a server that runs; it is asked to stop in the end, and has to."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([*command, str(port)], stderr=errors)
    try:
        until = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < until:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
            time.sleep(0.05)
        yield f"127.0.0.1:{port}"
        process.terminate()
        process.wait(10)
    finally:
        process.kill()


def optional() -> list[str]:
    """The cases that take their time, for things that a server need not have."""
    return sessions_with("level: MAY")


def sessions_with(header: str) -> list[str]:
    """The cases with this beginning of a header."""
    return sorted(file.stem for file in SESSIONS.glob("*.chat") if f"\n{header}" in file.read_text(encoding="utf-8"))


def disagreements(check: str) -> list[str]:
    """Where fixtures/run.py, which plays the sessions as they are written, says otherwise."""
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        return sum(pool.map(lambda name: disagreements_on(check, name), ["", *COMPARED]), [])


def disagreements_on(check: str, name: str) -> list[str]:
    """On this mutant, or, without a name, on the conforming server, which passes all."""
    if not name:
        left_out = {*optional(), *sessions_with("tls: ")}
        cases = sorted({file.stem for file in SESSIONS.glob("*.chat")} - left_out)
        return compare("the conforming server", dict.fromkeys(cases, "pass"), SERVERS.command())
    command = SERVERS.command("--bug", name)
    arguments = ["--clause", server.BUGS[name].clause, "--timeout-scale", SCALE]
    _, played = play(check, SERVERS.mode, arguments, ["--", *command])
    sessions = [case for case in played if (SESSIONS / f"{case['id']}.chat").exists()]
    return compare(name, {case["id"]: as_written(case) for case in sessions}, command)


def as_written(case: dict) -> str:
    """The verdict on a case, its bytes cut in no other way."""
    return "pass" if case["failure"] and case["failure"]["cut"] != "as-written" else case["verdict"]


def compare(name: str, verdicts: dict[str, str], command: list[str]) -> list[str]:
    """What fixtures/run.py says of these cases, where it is not this."""
    runner = [sys.executable, str(HERE / "../../fixtures/run.py"), *verdicts, "--", *command]
    said = subprocess.run(runner, capture_output=True, text=True, timeout=600).stdout.splitlines()
    others = dict(line.split(":")[0].split(" ")[1::-1] for line in said[:-1])
    return [
        f"{name}: fixtures/run.py says {others.get(case)} of {case}, charla-check says {verdict}"
        for case, verdict in verdicts.items()
        if others.get(case) != verdict
    ]


def spec() -> str:
    return (HERE / "../../SPEC.md").read_text(encoding="utf-8")


def without_mutant(kind: Kind) -> list[str]:
    """Clauses that such a program must keep, and that no mutant breaks."""
    must = re.findall(rf"^- \*\*\[([A-Z]+-\d+)\]\*\* A (?:{kind.whose})\b.* MUST\b", spec(), re.MULTILINE)
    broken = {bug.clause for bug in kind.bugs.values()}
    return [f"{clause} has no mutant" for clause in must if clause not in broken and clause not in kind.without_mutant]


def matrix(check: str, names: list[tuple[Kind, str]]) -> str:
    """A line for each mutant: its name, the clause that it breaks, what is said of that."""
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        verdicts = pool.map(lambda mutant: verdict_on(check, *mutant), names)
        rows = zip(names, verdicts)
        return "".join(f"{kind.mode} {name:28} {kind.bugs[name].clause:9} {verdict}\n" for (kind, name), verdict in rows)


def variants(check: str) -> list[str]:
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        return sum(pool.map(lambda name: variant(check, name), ["", *server_asyncio.VARIANTS]), [])


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("check", metavar="CHARLA_CHECK")
    arguments.add_argument("--write", action="store_true", help="write matrix.txt anew")
    arguments.add_argument("mutants", nargs="*", metavar="MUTANT")
    given = arguments.parse_args()
    mutants = [(kind, name) for kind in KINDS for name in kind.bugs if name in (given.mutants or kind.bugs)]
    found = matrix(given.check, mutants)
    print(found, end="", flush=True)
    rows = zip(mutants, found.splitlines())
    missed = [row for (kind, name), row in rows if row.split()[3] != kind.bugs[name].verdict]
    faults = [f"{row}  (not found)" for row in missed]
    faults += [f"{name} is no mutant" for name in given.mutants if name not in [name for _, name in mutants]]
    if not given.mutants:
        snapshot = HERE / "matrix.txt"
        if given.write:
            snapshot.write_text(found, encoding="utf-8")
        if snapshot.read_text(encoding="utf-8") != found:
            faults.append("matrix.txt says otherwise; see what has changed, then run with --write")
        for kind in KINDS:
            faults += without_mutant(kind) + conforming(given.check, kind)
        faults += variants(given.check) + other_clients(given.check) + disagreements(given.check)
    for fault in faults:
        print(f"FAULT: {fault}")
    print(f"{len(mutants) - len(missed)} of {len(mutants)} mutants found")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
