"""How a fleet grows with its workers: `python -m bench.fleet` judges copies of one workspace on each executor.

Each lap is one run of `itss_bridge.fleet.run`. Its pace is taken between the first results of all workers and the
last one, so that what a worker pays once (starting, importing, reading the catalogue) stands apart, in `first`.
What an executor costs is told by a deed that costs next to nothing, `plan` of a workspace with one small file.
`--write-docs` keeps the laps in fleet.json and puts the figures into docs/size.md.
"""

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench import figures
from bench.machine import machine, pace
from bench.synthetic import build
from itss_bridge.contracts import Allowed
from itss_bridge.executors import Dask, Processes, Threads
from itss_bridge.executors.processes import ONE_THREAD
from itss_bridge.fleet import Done, Task, open_fleet, run

FACTORIES = {"threads": Threads(), "processes": Processes(), "dask": Dask()}
DAY = "2099-12-31"
"""After everything that is collected."""
_TOML = '[workspace]\norganisation = "bench"\n[sources.files]\nconnector = "files"\n'
_KEPT = Path(__file__).with_name("fleet.json")


@dataclass
class Clock:
    """When each result came, in seconds after the start."""

    began: float = field(default_factory=time.perf_counter)
    times: list[float] = field(default_factory=list)

    def __call__(self, done: Done) -> None:
        """Told of one result; a workspace that fails makes the figures worthless."""
        assert done.exit_code == 0, done.error
        self.times.append(time.perf_counter() - self.began)

    def each(self, workers: int) -> float | None:
        """Seconds a workspace once every worker has done two; None for too few."""
        warm = 2 * workers
        count = len(self.times) - warm
        return (self.times[-1] - self.times[warm - 1]) / count if count >= warm else None


@dataclass(frozen=True)
class Lap:
    """One run over *workspaces* of *tickets* each; all times in seconds, *each* None where there were too few."""

    deed: str
    tickets: int
    executor: str
    workers: int
    workspaces: int
    seconds: float
    first: float
    each: float | None
    cpu: float
    pace: float


def _cpu() -> float:
    """Processor seconds of this process and of all that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def lap(folder: Path, deed: Any, tickets: int, executor: str, workers: int, count: int) -> Lap:
    """Do the deed to the first *count* workspaces."""
    now = pace()
    members = open_fleet(folder).members[:count]
    tasks = [Task(m.workspace, str(m.root), deed, as_of=DAY) for m in members]
    clock, before = Clock(), _cpu()
    run(tasks, FACTORIES[executor], {"workers": str(workers)}, Allowed(8), clock)
    took, cpu = time.perf_counter() - clock.began, _cpu() - before
    found = Lap(deed, tickets, executor, workers, count, took, clock.times[0], clock.each(workers), cpu, now)
    print(f"  {found}", file=sys.stderr)
    return found


def copies(folder: Path, count: int, tickets: int) -> Path:
    """*count* workspaces of *tickets* each, or with one answer; the evidence is linked, since it is only read."""
    first = folder / "org-0000"
    if not first.exists():
        if tickets:
            first.mkdir(parents=True)
            build(first, tickets)
        else:
            small(folder, 1)
            lap(folder, "sync", 0, "threads", 1, 1)
    for root in _missing(folder, count):
        shutil.copytree(first, root, copy_function=os.link)
    return folder


def small(folder: Path, count: int) -> Path:
    """*count* workspaces with one answer each."""
    for root in _missing(folder, count):
        (root / "attestations").mkdir(parents=True)
        (root / "itss-bridge.toml").write_text(_TOML, "utf-8")
        (root / "attestations" / "survey.csv").write_text("id,score\n1,80\n", "utf-8")
    return folder


def _missing(folder: Path, count: int) -> list[Path]:
    """Those of *count* workspaces that an earlier run has not left there."""
    return [root for number in range(count) if not (root := folder / f"org-{number:04}").exists()]


def planning(place: Path, given: argparse.Namespace) -> Iterator[Lap]:
    """Plan some small workspaces on each executor in turn, one worker each."""
    folder = small(place / "small", given.small)
    for _ in range(given.rounds):
        for executor in given.executors:
            yield lap(folder, "plan", 0, executor, 1, given.small)


def judging(place: Path, given: argparse.Namespace) -> Iterator[Lap]:
    """Judge 1, 10, … workspaces on each executor with 1, 2, … workers in turn."""
    for tickets in given.tickets:
        sizes = [size for size in given.sizes if size * tickets <= given.most]
        folder = copies(place / f"of-{tickets}", max(sizes), tickets)
        for size in sizes:
            for executor in given.executors:
                for _ in range(given.rounds if size <= given.often else 1):
                    yield from (lap(folder, "judge", tickets, executor, number, size) for number in given.workers)


def measured(given: argparse.Namespace) -> dict[str, Any]:
    """Machine and laps, after building what is missing."""
    # one thread a task everywhere: who has all cores to himself must not look better for it
    os.environ.update(ONE_THREAD)
    with ExitStack() as stack:
        place = given.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        laps = [*(planning(place, given) if given.small else ()), *judging(place, given)]
    return machine() | {"laps": [asdict(one) for one in laps]}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, and write them into the docs if asked."""
    options = argparse.ArgumentParser(prog="python -m bench.fleet", description=__doc__)
    options.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100, 1000])
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    options.add_argument("--executors", nargs="+", choices=list(FACTORIES), default=list(FACTORIES))
    options.add_argument(
        "--tickets", type=int, nargs="+", default=[0, 2000], help="a workspace; 0: one answer and nothing else"
    )
    options.add_argument("--most", type=int, default=200_000, help="leave out fleets of more tickets than this")
    options.add_argument("--small", type=int, default=200, help="workspaces to plan; 0 leaves it out")
    options.add_argument("--rounds", type=int, default=2, help="how often; the fastest counts")
    options.add_argument("--often", type=int, default=50, help="fleets of more workspaces than this run once")
    options.add_argument("--folder", type=Path, help="keep the workspaces here, and use them again")
    options.add_argument("--write-docs", action="store_true", help="into docs/size.md and fleet.json")
    given = options.parse_args(arguments)
    found = measured(given)
    print(figures.fleets(found))
    if given.write_docs:
        _KEPT.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
        figures.write({"fleets": figures.fleets(found)})


if __name__ == "__main__":
    main()
