"""Whether the calendar knows the years that are needed."""

from datetime import UTC, datetime
from pathlib import Path

from itss_bridge.bridge import Bridge
from itss_bridge.doctor import calendars
from itss_bridge.sync import SourceRun, sync_source

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def bridge(root: Path, calendar: str) -> Bridge:
    text = f'[workspace]\norganisation = "x"\ncalendar = "{calendar}"\n[sources.files]\nconnector = "files"\n'
    (root / "itss-bridge.toml").write_text(text, "utf-8")
    (root / "attestations").mkdir(exist_ok=True)
    return Bridge(root)


def years(opened: Bridge) -> range:
    published = opened.catalogue.calendars["china"].years
    assert published
    return range(min(published), max(published) + 1)


def test_a_week_that_always_holds_covers_every_year(tmp_path: Path) -> None:
    assert [one.state for one in calendars.covered(bridge(tmp_path, "monday-friday"), NOW)] == ["ok"]


def test_the_next_twelve_months_are_needed(tmp_path: Path) -> None:
    opened = bridge(tmp_path, "china")
    last = years(opened)[-1]
    within, beyond = datetime(last - 1, 12, 1, tzinfo=UTC), datetime(last, 2, 1, tzinfo=UTC)
    assert [one.state for one in calendars.covered(opened, within)] == ["ok"]
    (warned,) = calendars.covered(opened, beyond)
    assert (warned.state, str(last + 1) in warned.what) == ("warning", True)
    assert "undetermined" in warned.cause


def test_the_years_of_the_evidence_are_needed(tmp_path: Path) -> None:
    opened = bridge(tmp_path, "china")
    first = years(opened)[0]
    (tmp_path / "attestations" / "incident.csv").write_text(
        f"id,opened_at,state\nINC1,{first - 2}-07-01T08:00:00+08:00,closed\n", "utf-8"
    )
    connector = opened.connector(opened.workspace.sources["files"])
    job = SourceRun("files", connector, "run", str, lambda _: NOW, lambda *_: None, 1, accept_removals=True)
    assert sync_source(job, opened.lake)["incident"].state == "complete"
    warned = [one for one in calendars.covered(opened, datetime(first, 6, 1, tzinfo=UTC)) if one.state == "warning"]
    assert all(str(year) in warned[0].what for year in (first - 2, first - 1))
