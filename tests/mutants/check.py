#!/usr/bin/env python3
"""Checks the checker: does charla-check find each mutant, by the clause that it breaks?

    python3 tests/mutants/check.py CHARLA_CHECK [--write] [MUTANT…]

A mutant is found when a case of the *expected clause* ends with the *expected verdict*, not
when something somewhere goes wrong. The conforming servers have to pass every case. What
comes out is compared with `matrix.txt` beside this file, or written there (`--write`).
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SESSIONS = HERE.parent.parent / "fixtures" / "sessions"
sys.path.insert(0, str(HERE))
import server  # noqa: E402  (it stands beside this file)

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
    "SLOW-5": "a LEAVE that waited looks like one that came slowly",
    "SLOW-13": "who does not read for 10 s cannot see when it ended",
}


def play(check: str, arguments: list[str], command: list[str]) -> tuple[int, dict]:
    """The exit code and the report of one run."""
    done = subprocess.run([check, "server", *arguments, "--json", "-", "--", *command], capture_output=True, text=True, timeout=600)
    return done.returncode, json.loads(done.stdout) if done.stdout else {"cases": []}


def verdict_on(check: str, name: str) -> str:
    """What is said of the clause that this mutant breaks."""
    bug = server.BUGS[name]
    command = [sys.executable, str(HERE / "server.py"), "--bug", name, "{port}"]
    code, report = play(check, ["--clause", bug.clause, "--timeout-scale", SCALE, "--jobs", "2"], command)
    if code == 3:
        return "unreached"
    verdicts = {case["verdict"] for case in report["cases"]}
    return bug.verdict if bug.verdict in verdicts else "+".join(sorted(verdicts))


def conforming(check: str) -> list[str]:
    """What does not pass, of a server without a bug."""
    skip = [word for case in optional() for word in ("--skip", case)]
    _, report = play(check, ["--jobs", "4", *skip], [sys.executable, str(HERE / "server.py"), "{port}"])
    return [f"{case['id']}: {case['verdict']}" for case in report["cases"] if case["verdict"] != "pass"]


def optional() -> list[str]:
    """The cases that take their time, for things that a server need not have."""
    return sorted(file.stem for file in SESSIONS.glob("*.chat") if "\nlevel: MAY\n" in file.read_text(encoding="utf-8"))


def disagreements(check: str) -> list[str]:
    """Where fixtures/run.py, which plays the sessions as they are written, says otherwise."""
    cases = sorted({file.stem for file in SESSIONS.glob("*.chat")} - set(optional()))
    found = compare("the conforming server", cases, [], [sys.executable, str(HERE / "server.py"), "{port}"])
    for name in COMPARED:
        command = [sys.executable, str(HERE / "server.py"), "--bug", name, "{port}"]
        _, report = play(check, ["--clause", server.BUGS[name].clause, "--timeout-scale", SCALE], command)
        sessions = [case for case in report["cases"] if (SESSIONS / f"{case['id']}.chat").exists()]
        fails = [case["id"] for case in sessions if case["failure"] and case["failure"]["cut"] == "as-written"]
        found += compare(name, [case["id"] for case in sessions], fails, command)
    return found


def compare(name: str, cases: list[str], fails: list[str], command: list[str]) -> list[str]:
    """What fixtures/run.py says of these cases, where it is not that just those fail."""
    runner = [sys.executable, str(HERE / "../../fixtures/run.py"), *cases, "--", *command]
    said = subprocess.run(runner, capture_output=True, text=True, timeout=600).stdout.splitlines()
    verdicts = dict(line.split(":")[0].split(" ")[1::-1] for line in said[:-1])
    return [
        f"{name}: fixtures/run.py says {verdicts.get(case)} of {case}"
        for case in cases
        if verdicts.get(case) != ("fail" if case in fails else "pass")
    ]


def without_mutant() -> list[str]:
    """Clauses that a server must keep, and that no mutant breaks."""
    spec = (HERE / "../../SPEC.md").read_text(encoding="utf-8")
    must = re.findall(r"^- \*\*\[([A-Z]+-\d+)\]\*\* A (?:server|sender|receiver)\b.* MUST\b", spec, re.MULTILINE)
    broken = {bug.clause for bug in server.BUGS.values()}
    return [clause for clause in must if clause not in broken and clause not in WITHOUT_MUTANT]


def matrix(check: str, names: list[str]) -> str:
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        verdicts = pool.map(lambda name: verdict_on(check, name), names)
        rows = zip(names, verdicts)
        return "".join(f"{name:28} {server.BUGS[name].clause:9} {verdict}\n" for name, verdict in rows)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("check", metavar="CHARLA_CHECK")
    arguments.add_argument("--write", action="store_true", help="write matrix.txt anew")
    arguments.add_argument("mutants", nargs="*", metavar="MUTANT")
    given = arguments.parse_args()
    names = given.mutants or list(server.BUGS)
    found = matrix(given.check, names)
    print(found, end="")
    faults = [f"{row}  (not found)" for row in found.splitlines() if row.split()[2] != server.BUGS[row.split()[0]].verdict]
    if not given.mutants:
        snapshot = HERE / "matrix.txt"
        if given.write:
            snapshot.write_text(found, encoding="utf-8")
        if snapshot.read_text(encoding="utf-8") != found:
            faults.append("matrix.txt says otherwise; see what has changed, then run with --write")
        faults += [f"{clause} has no mutant" for clause in without_mutant()]
        faults += [f"the conforming server: {fault}" for fault in conforming(given.check)]
        faults += disagreements(given.check)
    for fault in faults:
        print(f"FAULT: {fault}")
    print(f"{len(names) - sum('not found' in fault for fault in faults)} of {len(names)} mutants found")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
