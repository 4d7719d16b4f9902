"""Organisations from tests/organisations, collected at one fixed moment by the real files connector and engine."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from itss_bridge.bridge import Bridge
from itss_bridge.model import Report
from itss_bridge.outcomes import StreamOutcome
from itss_bridge.sync import SourceRun, sync_source

ORGANISATIONS = Path(__file__).parent / "organisations"
COLLECTED = datetime(2026, 3, 30, 12, tzinfo=UTC)
DAY = "2026-03-31"


def copied(name: str, folder: Path) -> Path:
    """The organisation's workspace, to be changed and collected at will."""
    return Path(shutil.copytree(ORGANISATIONS / name, folder / name))


def collect(root: Path, at: datetime = COLLECTED) -> dict[str, StreamOutcome]:
    """Sync the workspace's files as if it were *at*; fails the test when a stream is not complete."""
    bridge = Bridge(root)
    connector = bridge.connector(bridge.workspace.sources["files"])
    job = SourceRun("files", connector, "run", str, lambda _: at, lambda *_: None, 1, accept_removals=True)
    outcomes = sync_source(job, bridge.lake)
    assert {outcome.state for outcome in outcomes.values()} == {"complete"}, outcomes
    return outcomes


def report(root: Path, day: str = DAY) -> Report:
    """The report at the end of *day*."""
    bridge = Bridge(root)
    return bridge.report(bridge.workspace.moment(day))
