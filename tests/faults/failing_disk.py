"""Run with failing_disk.c preloaded: sync while the disk fails at its Nth change, sync again, and say what is held.

`python failing_disk.py TEMPLATE SCRATCH once|ever-after` goes through all N and prints one JSON line for each.
"""

import ctypes
import json
import shutil
import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from itss_bridge.bridge import Bridge, as_problem
from itss_bridge.evidence.read import records
from itss_bridge.plugins import Plugins

EVER = datetime(2100, 1, 1, tzinfo=UTC)
SHIM = ctypes.CDLL(None)


def quiet(source: str, stream: str, read: int, expected: int | None) -> None: ...


def failed_sync(root: Path, plugins: Plugins, number: int, *, ever_after: bool) -> tuple[str, int]:
    """How it ended, and how many changes of the disk there were."""
    SHIM.disk_fails(str(root).encode(), number, int(ever_after))
    try:
        _, outcomes = Bridge(root, plugins).sync(quiet)
        ended = "+".join(sorted({outcome.state for streams in outcomes.values() for outcome in streams.values()}))
    except Exception as error:
        if as_problem(error) is None:
            raise
        ended = "refused"
    finally:
        changes = SHIM.disk_mended()
    return ended, changes


def held(bridge: Bridge, stream: str) -> list[str]:
    """The digests of all that is held, doubled ones twice."""
    return sorted(row["digest"] for row in records(bridge.lake, stream, EVER, ["id", "digest"]))


def main(template: Path, scratch: Path, mode: str) -> None:
    plugins = Plugins()
    for number in count(1):
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.copytree(template, scratch)
        ended, changes = failed_sync(scratch, plugins, number, ever_after=mode == "ever-after")
        bridge = Bridge(scratch, plugins)
        _, outcomes = bridge.sync(quiet)
        states = sorted({outcome.state for streams in outcomes.values() for outcome in streams.values()})
        damage = [f"{one.where}: {one.what}" for one in bridge.lake.verify()]
        found = {stream: held(bridge, stream) for stream in bridge.lake.streams()}
        line = {"number": number, "ended": ended, "states": states, "damage": damage, "held": found}
        sys.stdout.write(json.dumps(line) + "\n")
        if changes < number:  # all of the sync was over before it could fail
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
