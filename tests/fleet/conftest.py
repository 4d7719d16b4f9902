"""One small fleet, synced once for all tests that only read it."""

from pathlib import Path

import pytest
from tests.fleet.fleets import ALLOWED, Plain, fleet_of, judged, tasks, workspace

from itss_bridge.fleet import Fleet, Portfolio, open_fleet, run


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six organisations, one with a broken file, one whose source was never read, one without any source."""
    root = fleet_of(tmp_path_factory.mktemp("集团"), 6)
    done = run(tasks(open_fleet(root), "sync"), Plain(), {}, ALLOWED)
    assert {d.exit_code for d in done} == {0}, done
    (root / "south" / "broken").mkdir()
    (root / "south" / "broken" / "itss-bridge.toml").write_text("[workspace\n", "utf-8")
    workspace(root / "华东" / "never", "从未采集")
    workspace(root / "none", "无数据源", "")
    return root


@pytest.fixture(scope="session")
def fleet(folder: Path) -> Fleet:
    return open_fleet(folder)


@pytest.fixture(scope="session")
def found(fleet: Fleet) -> Portfolio:
    """The portfolio, put together one workspace after the other."""
    return judged(fleet, Plain())
