"""The history of all 24,918 recorded incidents, month by month and by priority, against the file alone."""

import csv
import gzip
import json
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from itss_bridge.bridge import Bridge
from itss_bridge.catalogue.calendars import business_seconds
from itss_bridge.metrics import DuckEngine, measure, split
from itss_bridge_playground.playground import Playground

pytestmark = pytest.mark.slow

END_OF_LOG = datetime(2017, 3, 1, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
AS_OF = datetime(2017, 3, 1, 1, tzinfo=UTC)
MONTHS = 14
Row = dict[str, str]
Key = tuple[str, int | None]


def quiet(source: str, stream: str, read: int, expected: int | None) -> None: ...


@pytest.fixture(scope="module")
def rows(shared: Path) -> list[Row]:
    """Each incident as its last event left it."""
    final: dict[str, Row] = {}
    for part in sorted((shared / "data/uci_incident_event_log").glob("*.csv.gz")):
        with gzip.open(part, "rt", encoding="utf-8", newline="") as file:
            final |= {row["number"]: row for row in csv.DictReader(file)}
    return list(final.values())


@pytest.fixture(scope="module")
def root(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("history")
    with pytest.MonkeyPatch.context() as patch, Playground(END_OF_LOG, "full", shared) as playground:
        patch.setenv("PLAYGROUND_PASSWORD", "playground")
        patch.setenv("PLAYGROUND_TOKEN", "playground")
        (root / "itss-bridge.toml").write_text(playground.workspace_toml(), "utf-8")
        Bridge(root).sync(quiet, ["servicenow"])
        yield root


@pytest.fixture
def history(root: Path, bridge_command) -> Callable[[str], list[dict]]:
    """The months of a metric as the command line tells them, with their parts by priority."""

    def run(metric: str) -> list[dict]:
        arguments = ("-w", root, "--as-of", AS_OF.isoformat(), "--months", MONTHS, "--by", "priority", "--json")
        document = json.loads(bridge_command("metric", "history", metric, *arguments).out)
        assert document["time_zone"] == str(ZONE)
        return document["months"]

    return run


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)


def finished(row: Row) -> datetime:
    return moment(row["resolved_at"] if row["resolved_at"] != "?" else row["closed_at"])


def month_of(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%Y-%m")


def grouped(rows: list[Row], at: Callable[[Row], datetime]) -> dict[Key, list[Row]]:
    """By month and priority; the whole month under the priority None."""
    found: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        month = month_of(at(row))
        found[month, int(row["priority"][0])].append(row)
        found[month, None].append(row)
    return found


def told(months: list[dict]) -> dict[Key, dict]:
    """The same shape from the command line; what is empty is left out."""
    whole = {(month["month"], None): month for month in months if month["n"]}
    return whole | {(m["month"], p["part"]): p for m in months for p in m["parts"] if p["n"]}


def hours(row: Row) -> float:
    return (moment(row["resolved_at"]) - moment(row["opened_at"])).total_seconds() / 3600


def test_the_months_of_sla_achievement_are_those_of_the_file(rows: list[Row], history) -> None:
    expected = grouped(rows, finished)
    found = told(history("kpi-sla"))

    assert {key: part["n"] for key, part in found.items()} == {key: len(group) for key, group in expected.items()}
    for key, group in expected.items():
        kept = sum(row["made_sla"] == "true" for row in group)
        assert (found[key]["numerator"], found[key]["value"]) == (kept, pytest.approx(100 * kept / len(group)))


def test_the_months_of_resolve_times_are_those_of_the_file(rows: list[Row], history) -> None:
    expected = grouped([row for row in rows if row["resolved_at"] != "?"], finished)
    found = told(history("kpi-mttr"))

    assert {key: part["n"] for key, part in found.items()} == {key: len(group) for key, group in expected.items()}
    for key, group in expected.items():
        times = [hours(row) for row in group]
        assert found[key]["value"] == pytest.approx(statistics.fmean(times))
        assert found[key]["median"] == pytest.approx(statistics.median(times))


def test_the_months_of_reopening_are_those_of_the_file(rows: list[Row], history) -> None:
    expected = grouped(rows, finished)
    found = told(history("kpi-reopen"))

    assert {key: (part["numerator"], part["n"]) for key, part in found.items()} == {
        key: (sum(int(row["reopen_count"]) > 0 for row in group), len(group)) for key, group in expected.items()
    }


@pytest.mark.parametrize("metric", ["kpi-sla", "kpi-mttr", "kpi-reopen"])
def test_all_months_together_are_all_incidents(rows: list[Row], history, metric: str) -> None:
    months = history(metric)

    assert sum(month["n"] + sum(month["excluded"].values()) for month in months) == len(rows) == 24_918
    assert all(month["n"] == sum(part["n"] for part in month["parts"]) for month in months)


def test_resolve_times_in_chinese_working_hours_are_what_plain_python_counts(rows: list[Row], root: Path) -> None:
    bridge = Bridge(root)
    china = bridge.catalogue.calendars["china"]
    expected: defaultdict[int, list[float]] = defaultdict(list)
    for row in rows:
        if row["resolved_at"] != "?":
            seconds = business_seconds(china, moment(row["opened_at"]), moment(row["resolved_at"]))
            expected[int(row["priority"][0])].append(seconds / 3600)

    engine = DuckEngine(bridge.lake, AS_OF, china)
    try:
        whole = measure(bridge.catalogue.metrics["kpi-mttr"], engine, None, AS_OF, {})
        parts = split(bridge.catalogue.metrics["kpi-mttr"], engine, None, AS_OF, {}, "priority")
    finally:
        engine.close()

    everything = [time for times in expected.values() for time in times]
    assert (whole.n, whole.calendar) == (len(everything), "china")
    assert whole.value == pytest.approx(statistics.fmean(everything))
    assert whole.spread["median"] == pytest.approx(statistics.median(everything))
    assert {part: (found.n, pytest.approx(found.value)) for part, found in parts.items()} == {
        part: (len(times), statistics.fmean(times)) for part, times in expected.items()
    }
