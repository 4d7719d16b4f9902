"""How long all metrics and the matrix take over a lake of synthetic tickets: `python -m bench.assess`.

It makes a workspace of 1,000,000 tickets and an SLA cycle for each incident through the real lake (minutes; with
`--folder` it is kept for the next time), then judges it in a process of its own and prints seconds and peak memory.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from itertools import chain, islice
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from itss_bridge.bridge import Bridge
from itss_bridge.contracts import Engine, Record
from itss_bridge.data import schema, stream_names
from itss_bridge.evidence import Lake
from itss_bridge.evidence.ledger import SourceMark
from itss_bridge.evidence.rows import Stored, StreamRows
from itss_bridge.metrics import DuckEngine, measure, months_before

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SHARES = {"incident": 0.6, "request": 0.25, "change": 0.1, "problem": 0.04, "release": 0.01}
"""How many of all tickets are of which kind; a hundredth as many configuration items, documents … stand beside them."""

A_COMMIT = 20_000
SECOND_VERSIONS = 10
"""Every so manyth record changed later, and is held in two versions."""

_SPAN = timedelta(days=3 * 365)
_SETTINGS = """\
[workspace]
organisation = "bench"
target = "itss-level-1"
{calendar}
[sources.desk]
connector = "files"
"""


def build(root: Path, tickets: int, calendar: str) -> None:
    """A workspace whose streams all stand as complete."""
    chosen = f'calendar = "{calendar}"\n' if calendar else ""
    (root / "itss-bridge.toml").write_text(_SETTINGS.format(calendar=chosen), "utf-8")
    lake, chance = Lake(root / "evidence"), random.Random(7)
    counts = {stream: int(tickets * share) for stream, share in SHARES.items()}
    counts |= {"sla": counts["incident"], "configuration_item": tickets // 100}
    for stream in stream_names():
        rows = _versions(stream, counts.get(stream, tickets // 10_000), chance)
        while piece := list(islice(rows, A_COMMIT)):
            _append(lake, stream, piece)
        _append(lake, stream, [])


def _append(lake: Lake, stream: str, rows: list[Stored]) -> None:
    at = NOW - timedelta(days=1)
    lake.table(stream).append(rows, run="bench", at=at, source="desk", mark=SourceMark("complete", at, None, 0, at))


def _versions(stream: str, count: int, chance: random.Random) -> Iterator[Stored]:
    for number in chain(range(count), range(0, count, SECOND_VERSIONS)):
        yield StreamRows.of(stream).stored("desk", _record(stream, number, chance), str)


def _record(stream: str, number: int, chance: random.Random) -> Record:
    key = f"{number:032x}"
    data = _content(number, chance)
    kept = {name: data[name] for name in _fitting(stream)}
    url = f"https://desk.example/{stream}.do?sys_id={key}"
    return Record(key, f"{stream[:3].upper()}{number:07}", url, data["opened_at"], kept)


@cache
def _fitting(stream: str) -> tuple[str, ...]:
    """The fields that the stream takes as they are made here: the same word means other things in other streams."""
    chance, rules = random.Random(1), schema(f"streams/{stream}")["properties"]
    samples = [_content(number, chance) for number in range(300)]
    checks = {name: Draft202012Validator(rules[name]) for name in samples[0] if name in rules}
    return tuple(name for name, check in checks.items() if all(check.is_valid(_shown(one[name])) for one in samples))


def _shown(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _content(number: int, chance: random.Random) -> dict[str, Any]:
    opened = NOW - _SPAN * chance.random()
    ended = opened + timedelta(hours=chance.expovariate(1 / 30))
    return {
        "task": f"{number:032x}",
        "task_ref": f"INC{number:07}",
        "task_kind": "incident",
        "stage": "completed",
        "opened_at": opened,
        "started_at": opened,
        "acknowledged_at": opened + timedelta(minutes=chance.expovariate(1 / 40)),
        "resolved_at": ended,
        "ended_at": ended,
        "closed_at": ended + timedelta(days=3),
        "state": chance.choices(["closed", "resolved", "active", "cancelled"], [80, 10, 8, 2])[0],
        "tool_state": str(chance.randint(1, 8)),
        "priority": chance.randint(1, 5),
        "category": f"category {chance.randint(1, 50)}",
        "service": f"{chance.randint(1, 200):032x}",
        "group": f"{chance.randint(1, 90):032x}",
        "assignee": f"{chance.getrandbits(64):016x}",
        "requester": f"{chance.getrandbits(64):016x}",
        "labels": [f"label-{chance.randint(1, 30)}"],
        "history": [
            {"at": f"2025-01-0{step}T00:00:00Z", "field": "state", "from": "new", "to": "active"}
            for step in range(1, 5)
        ],
        "channel": "phone",
        "waiting_seconds": chance.choice([None, 0, 600.0]),
        "reopen_count": int(chance.random() < 0.02),
        "reassignment_count": chance.randint(0, 4),
        "knowledge": chance.random() < 0.3,
        "resolution_code": "solved",
        "breached": chance.random() < 0.1,
        "target": chance.choice(["resolution", "response"]),
        "approval": "approved",
        "outcome": chance.choice(["successful", "unsuccessful"]),
        "type": chance.choice(["standard", "normal", "emergency"]),
        "configuration_items": [f"{chance.randint(1, 10_000):032x}"],
    }


class OneEngine(Bridge):
    """A bridge that reads the evidence once for all that is asked of it."""

    @cached_property
    def _engine(self) -> DuckEngine:
        calendar = self.catalogue.calendars[self.workspace.calendar]
        return DuckEngine(self.lake, NOW, calendar, tuple(self.catalogue.metrics.values()))

    @contextmanager
    def engine(self, *_asked: object, **_options: object) -> Iterator[Engine]:
        """Always the same engine."""
        yield self._engine


def judge(root: Path) -> Mapping[str, float]:
    """Seconds for the report (every rule, all findings, the matrix) and for the metrics that no rule asks."""
    started = time.perf_counter()
    bridge = OneEngine(root)
    report = bridge.report(NOW)
    reported = time.perf_counter()
    asked = {m.metric for m in report.assessment.measurements}
    for metric in bridge.catalogue.metrics.values():
        if metric.id not in asked:
            with bridge.engine() as engine:
                measure(metric, engine, months_before(NOW, 12), NOW, dict.fromkeys(metric.parameters, "1"))
    ended = time.perf_counter()
    return {
        "report": round(reported - started, 2),
        "other metrics": round(ended - reported, 2),
        "processor": round(time.process_time(), 2),
        "metrics": len(bridge.catalogue.metrics),
        "rows of the matrix": len(report.rows),
    }


def main() -> None:
    """Build what is missing, then judge in a child process."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tickets", type=int, default=1_000_000)
    options.add_argument("--calendar", default="", help="measure business time by this calendar")
    options.add_argument("--folder", type=Path, help="keep the workspace here, and use it again")
    options.add_argument("--judge", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.judge:
        print(json.dumps(judge(chosen.judge)))
        return
    with ExitStack() as stack:
        root = chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if not (root / "itss-bridge.toml").exists():
            root.mkdir(parents=True, exist_ok=True)
            build(root, chosen.tickets, chosen.calendar)
        said = root / "judged.json"
        command = [sys.executable, "-m", "bench.assess", "--judge", str(root)]
        child = [sys.executable, "-m", "bench.child", str(said), *command]
        how = json.loads(subprocess.run(child, check=True, capture_output=True, text=True).stdout)
        print(said.read_text("utf-8").strip())
        print(f"{how['seconds']:.2f} s in all, {how['peak']:.0f} MB at most, exit code {how['code']}")


if __name__ == "__main__":
    main()
