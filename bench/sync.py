"""Race a whole sync against other ways to fetch and keep the same: `python -m bench.sync`.

Every peer is a process of its own, from its start to its end. The stand-in tool answers each request after 50 ms.
"""

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

import duckdb

from bench.asking import IN_FLIGHT, JQL, ROWS_A_PAGE, SECRET, USER
from itss_bridge.evidence import Lake
from itss_bridge.evidence.read import records

RECORDS = {"servicenow": 100_000, "jira": 20_000}
STREAM = {"servicenow": "incident", "jira": "request"}
_ROOT = Path(__file__).parent.parent
_WARM_UP = 200
_END = datetime(2100, 1, 1, tzinfo=UTC)
_WORKSPACE = """\
[workspace]
organisation = "bench"

[sources.tool]
connector = "{shape}"
url = "{origin}"
username = "{user}"
secret = "env:BENCH_SECRET"
in_flight = {in_flight}
{own}
"""
_OWN = {
    "servicenow": f'page_size = {ROWS_A_PAGE}\nread = ["incident"]',
    "jira": f'[sources.tool.streams.request]\njql = "{JQL}"',
}

_BYTECODE = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "bench-bytecode")}
"""Installed programs are compiled once, not at every start; a checkout on a development machine may not be."""

Held = list[tuple[str, datetime]]
"""Every row that a peer kept: its id and the time of its last update."""


@dataclass(frozen=True, slots=True)
class Peer:
    """How a peer is run, which package it needs, and how to read what it kept; *command* is what follows `python`."""

    command: Callable[[str, str, Path], Sequence[str]]
    needs: str
    held: Callable[[str, Path], Held]

    def python(self) -> str:
        """`BENCH_PYTHON_DLT=/venv/bin/python` gives a peer that needs dlt an environment of its own."""
        return os.environ.get(f"BENCH_PYTHON_{self.needs.upper()}", sys.executable)


@dataclass(frozen=True, slots=True)
class Lap:
    """One run of one peer: *peak* is the greatest resident size in megabytes, *exact* every row once and current.

    *seconds* are those on the wall, *cpu* those that the processor worked for it, which a busy machine changes less.
    """

    peer: str
    seconds: float
    cpu: float
    requests: int
    peak: float
    exact: bool


def _ours(shape: str, origin: str, folder: Path) -> Sequence[str]:
    text = _WORKSPACE.format(shape=shape, origin=origin, user=USER, in_flight=IN_FLIGHT, own=_OWN[shape])
    (folder / "itss-bridge.toml").write_text(text, "utf-8")
    return ["-m", "itss_bridge", "sync", "--json", "-w", str(folder)]


def _program(name: str) -> Callable[[str, str, Path], Sequence[str]]:
    return lambda shape, origin, folder: ["-m", f"bench.peers.{name}", shape, origin, str(folder)]


def _in_lake(shape: str, folder: Path) -> Held:
    rows = records(Lake(folder / "evidence"), STREAM[shape], _END, ["id", "changed_at"])
    return [(row["id"], row["changed_at"]) for row in rows]


def _in_sqlite(shape: str, folder: Path) -> Held:
    with closing(sqlite3.connect(folder / "peer.sqlite")) as database:
        return _moments(database.execute(_SELECT[shape].format("")).fetchall())


def _in_duckdb(shape: str, folder: Path) -> Held:
    names = _SELECT[shape].format("kept.").replace("updated FROM", "fields__updated FROM")
    with closing(duckdb.connect(str(folder / "peer.duckdb"), read_only=True)) as database:
        return _moments(database.execute(names).fetchall())


_SELECT = {"servicenow": "SELECT sys_id, sys_updated_on FROM {}incident", "jira": "SELECT id, updated FROM {}issue"}


def _moments(rows: Sequence[tuple[str, Any]]) -> Held:
    read = [(key, at if isinstance(at, datetime) else datetime.fromisoformat(at)) for key, at in rows]
    return [(key, (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)) for key, at in read]


PEERS: Mapping[str, Peer] = {
    "ours": Peer(_ours, "itss_bridge", _in_lake),
    "bare": Peer(_program("bare"), "requests", _in_sqlite),
    "dlt": Peer(_program("dlt_rest"), "dlt", _in_duckdb),
    "library": Peer(_program("library"), "pysnow", _in_sqlite),
}


class Tool:
    """The stand-in while it runs."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.truth: Held = sorted(_moments(list(self._told("truth").items())))

    @property
    def requests(self) -> int:
        """How many requests it has answered."""
        return int(self._told("requests"))

    def _told(self, what: str) -> Any:
        with urlopen(f"{self.origin}/bench/{what}") as answer:
            return json.load(answer)


@contextmanager
def tool(shape: str, count: int, latency: float) -> Iterator[Tool]:
    """A stand-in in a process of its own, serving when this begins."""
    command = [sys.executable, "-m", "bench.stand_in", shape, str(count), str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as process:
        try:
            assert process.stdout
            yield Tool(process.stdout.readline().strip())
        finally:
            process.terminate()


def lap(name: str, shape: str, at: Tool) -> Lap:
    """Run one peer once, in an empty folder."""
    peer, before = PEERS[name], at.requests
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        folder = Path(place)
        told = run([peer.python(), *peer.command(shape, at.origin, folder)], folder / "output")
        held = sorted(peer.held(shape, folder))
    return Lap(name, told["seconds"], told["cpu"], at.requests - before, told["peak"], held == at.truth)


def run(command: Sequence[str], output: Path) -> dict[str, float]:
    """What `bench.child` tells of it; RuntimeError with what the command said when it failed."""
    environment = os.environ | {"BENCH_SECRET": SECRET, "RUNTIME__DLTHUB_TELEMETRY": "false"} | _BYTECODE
    watched = [sys.executable, "-m", "bench.child", str(output), *command]
    answer = subprocess.run(watched, env=environment, stdout=subprocess.PIPE, check=True, text=True, cwd=_ROOT)
    told: dict[str, float] = json.loads(answer.stdout)
    if told["code"]:
        raise RuntimeError(f"{' '.join(command)} ended with {told['code']}:\n{output.read_text('utf-8')[-2000:]}")
    return told


def race(shape: str, count: int, peers: Sequence[str], rounds: int, latency: float) -> list[Lap]:
    """All laps: every peer once a round, in turn, so that a busy machine troubles all alike.

    A small lap before, which does not count, has everything compiled and in the machine's page cache.
    """
    laps = []
    with tool(shape, _WARM_UP, 0.0) as at:
        for name in peers:
            lap(name, shape, at)
    with tool(shape, count, latency) as at:
        for number in range(rounds):
            for name in peers:
                laps.append(lap(name, shape, at))
                print(
                    f"  {shape} round {number + 1}: {name} {laps[-1].seconds:.2f} s, cpu {laps[-1].cpu:.2f} s",
                    file=sys.stderr,
                )
    return laps


def result(laps: Sequence[Lap]) -> list[dict[str, Any]]:
    """One row a peer: medians over its laps, and its time as a multiple of ours."""
    names = list(dict.fromkeys(one.peer for one in laps))
    taken = {name: median(one.seconds for one in laps if one.peer == name) for name in names}
    rows = []
    for name in names:
        own = [one for one in laps if one.peer == name]
        rows.append({
            "peer": name,
            "seconds": round(taken[name], 2),
            "ratio": round(taken[name] / taken["ours"], 2) if "ours" in taken else None,
            "cpu": round(median(one.cpu for one in own), 2),
            "requests": own[0].requests,
            "peak_mb": round(max(one.peak for one in own)),
            "exact": all(one.exact for one in own),
        })  # fmt: skip
    return rows


def table(title: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as a Markdown table."""
    names = list(rows[0])
    lines = [" | ".join(names), "|".join("---" for _ in names), *(" | ".join(str(r[n]) for n in names) for r in rows)]
    return f"\n{title}\n\n" + "\n".join(f"| {line} |" for line in lines)


def present(wanted: Sequence[str]) -> list[str]:
    """Those of the wanted peers that are installed; the others are named on stderr."""
    found = [name for name in wanted if _there(PEERS[name])]
    for name in set(wanted) - set(found):
        print(f"  {name} is left out: {PEERS[name].needs} is not installed (dependency group bench)", file=sys.stderr)
    return found


def _there(peer: Peer) -> bool:
    asked = [peer.python(), "-c", f"import {peer.needs}"]
    return not subprocess.run(asked, stderr=subprocess.DEVNULL, check=False).returncode


def memory(shape: str, counts: Sequence[int], latency: float) -> list[dict[str, Any]]:
    """Our peak for several sizes."""
    rows = []
    for count in counts:
        (only,) = race(shape, count, ["ours"], 1, latency)
        rows.append({"records": count} | asdict(only) | {"seconds": round(only.seconds, 2), "peak": round(only.peak)})
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each shape; with --json also a file with all of it."""
    parser = argparse.ArgumentParser(prog="python -m bench.sync", description=__doc__)
    parser.add_argument("--shape", choices=list(RECORDS), action="append", help="both unless said")
    parser.add_argument("--records", type=int, help="100,000 incidents or 20,000 issues unless said")
    parser.add_argument("--peers", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=1, help="medians over so many runs")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before each answer")
    parser.add_argument("--memory", type=int, nargs="+", metavar="RECORDS", help="only our peak, for these sizes")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args(arguments)
    found: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": sys.version.split()[0],
    }
    for shape in given.shape or RECORDS:
        count = given.records or RECORDS[shape]
        if given.memory:
            found[shape] = memory(shape, given.memory, given.latency)
        else:
            found[shape] = result(race(shape, count, present(given.peers), given.rounds, given.latency))
        print(table(f"{shape}: {given.memory or count} records, {given.latency * 1000:.0f} ms an answer", found[shape]))
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
