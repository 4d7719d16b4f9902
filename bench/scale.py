"""How time and memory grow with the number of tickets: `python -m bench.scale`.

Every step is a process of its own, from its start to its end: a whole sync from a stand-in tool that answers at once,
a sync that finds no change, all metrics with the matrix, the command `matrix`, every export. Lakes are made by
`bench.synthetic`; with --folder they are kept for the next time. `--write-docs` puts the figures into docs/size.md.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from bench import figures, synthetic
from bench.machine import machine, pace
from bench.sync import PEERS, run, tool
from itss_bridge.bridge import Bridge
from itss_bridge.contracts import Engine
from itss_bridge.metrics import Asked, DuckEngine, measure_all, months_before

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
_KEPT = Path(__file__).with_name("scale.json")

Told = dict[str, Any]
"""One lap: step, tickets, seconds on the wall, cpu seconds, peak in megabytes; load and pace of the machine before."""


class OneEngine(Bridge):
    """A bridge that reads the evidence once for all that is asked of it."""

    @cached_property
    def _engine(self) -> DuckEngine:
        calendar = self.catalogue.calendars[self.workspace.calendar]
        return DuckEngine(self.lake, synthetic.NOW, calendar, tuple(self.catalogue.metrics.values()))

    @contextmanager
    def engine(self, *_asked: object, **_options: object) -> Iterator[Engine]:
        """Always the same engine."""
        yield self._engine


def judge(root: Path) -> Mapping[str, float]:
    """The report (every rule, all findings, the matrix), then the metrics that no rule asks; what was done."""
    bridge = OneEngine(root)
    report = bridge.report(synthetic.NOW)
    asked = {m.metric for m in report.assessment.measurements}
    start = months_before(synthetic.NOW, 12)
    others = [
        Asked(metric, start, synthetic.NOW, [dict.fromkeys(metric.parameters, "1")])
        for metric in bridge.catalogue.metrics.values()
        if metric.id not in asked
    ]
    with bridge.engine() as engine:
        measure_all(others, engine)
        engine.close()
    return {"metrics": len(bridge.catalogue.metrics), "rows": len(report.rows)}


def export(root: Path) -> Mapping[str, float]:
    """Seconds that each format takes once the report is there; one that lacks a program here is left out."""
    bridge, took = Bridge(root), {}
    report = bridge.report(synthetic.NOW)
    for suffix, kind in sorted(bridge.plugins.exporters.items()):
        started = time.perf_counter()
        try:
            kind().export(report, "zh")
        except Exception as error:  # noqa: BLE001 - whatever it lacks, the others are to be measured
            print(f"  {suffix} is left out: {error}", file=sys.stderr)
            continue
        took[suffix] = round(time.perf_counter() - started, 3)
    return took


_INSIDE = {"all metrics + matrix": judge, "every export": export}
"""Steps that run a function of this module in a process of its own."""


def laps(root: Path, tickets: int, steps: Sequence[str], rounds: int) -> Iterator[Told]:
    """Each step over the lake at *root*, as often as asked; what a step says of itself stands in `said`."""
    as_of = synthetic.NOW.isoformat()
    commands = {
        **{step: ["-m", "bench.scale", "--inside", step, str(root)] for step in _INSIDE},
        "matrix": ["-m", "itss_bridge", "matrix", "--json", "--as-of", as_of, "-w", str(root)],
    }
    for step in (step for step in commands if step in steps):
        for _ in range(rounds):
            yield _lap(step, tickets, commands[step], root / "said")


def syncs(tickets: int, steps: Sequence[str]) -> Iterator[Told]:
    """A whole sync of as many incidents from a tool that answers at once, and one more that finds no change."""
    with tool("servicenow", tickets, 0.0) as at, tempfile.TemporaryDirectory(prefix="bench-") as place:
        command = PEERS["ours"].command("servicenow", at.origin, Path(place))
        for step in ("sync", "no-change sync"):
            if step in steps:
                yield _lap(step, tickets, command, Path(place) / "said")


def _lap(step: str, tickets: int, command: Sequence[str], output: Path) -> Told:
    before = {"load": round(os.getloadavg()[0], 1), "pace": round(pace(), 2)}
    told = run([sys.executable, *command], output)
    shown = {"seconds": round(told["seconds"], 2), "cpu": round(told["cpu"], 2), "peak": round(told["peak"])}
    lap: Told = {"step": step, "tickets": tickets, **shown, **before}
    if step in _INSIDE:
        lap["said"] = json.loads(output.read_text("utf-8").splitlines()[-1])
    print(f"  {lap}", file=sys.stderr)
    return lap


def sizes(root: Path, tickets: int) -> Told:
    """Bytes that the lake takes on disk, by stream, and how many rows are in it."""
    streams = {
        stream: sum(file.stat().st_size for file in (root / "evidence" / stream).rglob("*") if file.is_file())
        for stream in synthetic.counts(tickets)
    }
    rows = sum(count + -(-count // synthetic.CHANGED_LATER) for count in synthetic.counts(tickets).values())
    return {"tickets": tickets, "bytes": sum(streams.values()), "rows": rows, "streams": streams}


def measured(given: argparse.Namespace, place: Path) -> Told:
    """All that was asked for, the smallest size first."""
    found: Told = machine() | {"laps": [], "lakes": []}
    for tickets in sorted(given.tickets):
        if tickets <= given.sync_up_to and {"sync", "no-change sync"} & {*given.steps}:
            found["laps"] += syncs(tickets, given.steps)
        root = place / str(tickets)
        if not (root / "itss-bridge.toml").exists():
            print(f"  making a lake of {tickets:,} tickets", file=sys.stderr)
            synthetic.build(root, tickets, given.calendar)
            os.sync()  # or the first laps would share the disk with what is still being written
        found["lakes"].append(sizes(root, tickets))
        found["laps"] += laps(root, tickets, given.steps, given.rounds)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; or only print, or write into the docs, what was measured before."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--tickets", type=int, nargs="*", default=SIZES, help="none: measure nothing")
    parser.add_argument("--steps", nargs="+", choices=figures.STEPS, default=figures.STEPS)
    parser.add_argument("--rounds", type=int, default=3, help="how often each step is run; the median counts")
    parser.add_argument("--sync-up-to", type=int, default=1_000_000, help="the stand-in holds all rows in memory")
    parser.add_argument("--calendar", default="", help="measure business time by this calendar")
    parser.add_argument("--folder", type=Path, help="keep the lakes here, and use them again")
    parser.add_argument("--json", type=Path, default=None, metavar="FILE", help="write the laps there, too")
    parser.add_argument("--add-to", type=Path, metavar="FILE", help="keep the laps that stand there already, too")
    parser.add_argument("--write-docs", action="store_true", help=f"into {figures.PAGE.name} and {_KEPT.name}")
    parser.add_argument("--inside", nargs=2, metavar=("STEP", "ROOT"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.inside:
        step, root = given.inside
        print(json.dumps(_INSIDE[step](Path(root))))
        return
    with ExitStack() as stack:
        place = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        found = measured(given, place)
    if given.add_to:
        found = figures.together(json.loads(given.add_to.read_text("utf-8")), found)
    _tell(given, found)


def _tell(given: argparse.Namespace, found: Told) -> None:
    text = json.dumps(found, indent=1) + "\n"
    for path in filter(None, (given.json, _KEPT if given.write_docs else None)):
        path.write_text(text, "utf-8")
    print(figures.measured(found))
    print(figures.planned(found))
    if given.write_docs:
        figures.write(figures.grown(found))


if __name__ == "__main__":
    main()
