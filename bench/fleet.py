"""How a fleet grows with its workers: `python -m bench.fleet` judges copies of one workspace on each executor.

Each row is one run of `itss_bridge.fleet.run`. Its pace is taken between the first results of all workers and the
last one, so that what a worker pays once (starting, importing, reading the catalogue) stands apart, in `first`.
`overhead` compares executors by a deed that costs next to nothing, `plan` of a workspace with one small file.
"""

import argparse
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.synthetic import build
from itss_bridge.contracts import Allowed
from itss_bridge.executors import Dask, Processes, Threads
from itss_bridge.executors.processes import ONE_THREAD
from itss_bridge.fleet import Done, Task, open_fleet, run

FACTORIES = {"threads": Threads(), "processes": Processes(), "dask": Dask()}
DAY = "2099-12-31"
"""After everything that is collected."""
_TOML = '[workspace]\norganisation = "bench"\n[sources.files]\nconnector = "files"\n'


@dataclass
class Clock:
    """When each result came, in seconds after the start."""

    began: float = field(default_factory=time.perf_counter)
    times: list[float] = field(default_factory=list)

    def __call__(self, done: Done) -> None:
        """Told of one result; a workspace that fails makes the figures worthless."""
        assert done.exit_code == 0, done.error
        self.times.append(time.perf_counter() - self.began)

    def pace(self, workers: int) -> float | None:
        """Seconds a workspace once every worker has done one; None for too few."""
        warm = 2 * workers
        count = len(self.times) - warm
        return (self.times[-1] - self.times[warm - 1]) / count if count >= warm else None


@dataclass(frozen=True)
class Lap:
    """One run."""

    executor: str
    workers: int
    workspaces: int
    seconds: float
    first: float
    pace: float | None
    cpu: float


def _cpu() -> float:
    """Processor seconds of this process and of all that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def lap(folder: Path, deed: Any, executor: str, workers: int, count: int) -> Lap:
    """Do the deed to the first *count* workspaces."""
    members = open_fleet(folder).members[:count]
    tasks = [Task(m.workspace, str(m.root), deed, as_of=DAY) for m in members]
    clock, before = Clock(), _cpu()
    run(tasks, FACTORIES[executor], {"workers": str(workers)}, Allowed(8), clock)
    seconds = time.perf_counter() - clock.began
    return Lap(executor, workers, count, seconds, clock.times[0], clock.pace(workers), _cpu() - before)


def copies(folder: Path, count: int, tickets: int) -> Path:
    """*count* workspaces of *tickets* each, or with one answer; the evidence is linked, since it is only read."""
    first = folder / "org-0000"
    if not first.exists():
        if tickets:
            first.mkdir(parents=True)
            build(first, tickets)
        else:
            small(folder, 1)
            lap(folder, "sync", "threads", 1, 1)
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


def overhead(folder: Path, count: int, executors: Iterable[str], rounds: int) -> None:
    """Milliseconds a workspace that an executor adds to threads, one worker each, the best of some rounds."""
    found = {name: min(lap(folder, "plan", name, 1, count).pace or 0 for _ in range(rounds)) for name in executors}
    base = found["threads"]
    print(f"\nplan of {count} small workspaces, one worker, best of {rounds}\n")
    print("| executor | ms a workspace | over threads |\n|---|---|---|")
    for name, pace in found.items():
        print(f"| {name} | {1000 * pace:.1f} | {1000 * (pace - base):+.1f} |", flush=True)


def growth(folder: Path, sizes: Sequence[int], workers: Sequence[int], executors: Iterable[str], rounds: int) -> None:
    """Judge 1, 10, … workspaces on each executor with 1, 2, … workers in turn; of some rounds the fastest counts."""
    print(f"\njudging, best of {rounds}\n")
    print("| executor | workers | workspaces | seconds | cpu | first | ms a workspace | speed-up |")
    print("|---|---|---|---|---|---|---|---|")
    for executor in executors:
        for count in sizes:
            laps = [lap(folder, "judge", executor, number, count) for _ in range(rounds) for number in workers]
            best = {number: min((one for one in laps if one.workers == number), key=_slowness) for number in workers}
            for found in best.values():
                print(_row(found, best[min(workers)]), flush=True)


def _slowness(found: Lap) -> float:
    return found.pace or found.seconds


def _row(found: Lap, alone: Lap) -> str:
    pace = f"{1000 * found.pace:.0f}" if found.pace else "–"
    gained = f"{alone.pace / found.pace:.2f}" if alone.pace and found.pace else "–"
    about = f"| {found.executor} | {found.workers} | {found.workspaces} | {found.seconds:.1f} | {found.cpu:.1f} "
    return f"{about}| {found.first:.1f} | {pace} | {gained} |"


def main() -> None:
    """Build what is missing, then print both tables."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100, 1000])
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    options.add_argument("--executors", nargs="+", choices=list(FACTORIES), default=list(FACTORIES))
    options.add_argument("--tickets", type=int, default=2000, help="a workspace; 0: one answer and nothing else")
    options.add_argument("--small", type=int, default=200, help="workspaces for the overhead; 0 leaves it out")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--folder", type=Path, help="keep the workspaces here, and use them again")
    chosen = options.parse_args()
    # one thread a task everywhere: who has all cores to himself must not look better for it
    os.environ.update(ONE_THREAD)
    with ExitStack() as stack:
        root = chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if chosen.small:
            place = root / "small"
            names = ["threads", *(name for name in chosen.executors if name != "threads")]
            overhead(small(place, chosen.small), chosen.small, names, chosen.rounds)
        place = root / "large"
        found = copies(place, max(chosen.sizes), chosen.tickets)
        growth(found, chosen.sizes, chosen.workers, chosen.executors, chosen.rounds)


if __name__ == "__main__":
    main()
