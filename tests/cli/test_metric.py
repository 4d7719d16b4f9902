"""`metric show --by` and `metric history` over a small file of incidents, collected at the end of May and of June."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from itss_bridge.bridge import Bridge
from itss_bridge.data import schema
from itss_bridge.sync import SourceRun, sync_source

WORKSPACE = """
[workspace]
organisation = "晨星信息"
time_zone = "Asia/Shanghai"
[sources.files]
connector = "files"
"""
HEADER = "id,state,priority,service,opened_at,resolved_at,reopen_count,changed_at\n"
MAY = """\
A,closed,1,邮件,2026-04-30T23:00:00+08:00,2026-05-01T00:00:00+08:00,0,2026-05-01T00:00:00+08:00
B,closed,2,邮件,2026-05-04T09:00:00+08:00,2026-05-04T12:00:00+08:00,1,2026-05-04T12:00:00+08:00
C,closed,,网络,2026-05-20T09:00:00+08:00,2026-05-20T14:00:00+08:00,0,2026-05-20T14:00:00+08:00
"""
LATER = """\
D,closed,2,网络,2026-05-30T09:00:00+08:00,2026-06-01T00:00:00+08:00,0,2026-06-01T00:00:00+08:00
E,closed,1,网络,2026-05-31T21:00:00+08:00,2026-05-31T23:00:00+08:00,0,2026-06-02T00:00:00+08:00
"""
END_OF_MAY, END_OF_JUNE = datetime(2026, 5, 31, 15, tzinfo=UTC), datetime(2026, 6, 30, 15, tzinfo=UTC)


def _collect(root: Path, incidents: str, at: datetime) -> None:
    (root / "attestations" / "incident.csv").write_text(HEADER + incidents, "utf-8")
    bridge = Bridge(root)
    connector = bridge.connector(bridge.workspace.sources["files"])
    sync_source(SourceRun("files", connector, "run", str, lambda _: at, lambda *_: None, 1), bridge.lake)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("organisation")
    (root / "itss-bridge.toml").write_text(WORKSPACE, "utf-8")
    (root / "attestations").mkdir()
    _collect(root, MAY, END_OF_MAY)
    _collect(root, MAY + LATER, END_OF_JUNE)
    return root


@pytest.fixture
def shown(bridge_command, root):
    def run(*arguments: object, shape: str = "metric") -> dict:
        ran = bridge_command("metric", *arguments, "-w", root, "--as-of", "2026-06-30", "--json")
        assert ran.code == 0, ran.err
        document = json.loads(ran.out)
        Draft202012Validator(schema(f"cli/{shape}")).validate(document)
        return document

    return run


def test_a_measurement_is_shown_part_by_part(shown) -> None:
    document = shown("show", "kpi-mttr", "--by", "priority")

    assert (document["n"], document["value"], document["calendar"]) == (5, 10, "around-the-clock")
    assert [(part["part"], part["n"], part["value"]) for part in document["parts"]] == [
        (1, 2, 1.5),
        (2, 2, 21),
        (None, 1, 5),
    ]


def test_parts_by_service(shown) -> None:
    parts = shown("show", "kpi-reopen", "--by", "service")["parts"]

    assert {part["part"]: (part["numerator"], part["n"]) for part in parts} == {"网络": (0, 3), "邮件": (1, 2)}


def test_a_month_begins_in_the_workspace_s_zone_and_belongs_to_one_month_only(shown) -> None:
    document = shown("history", "kpi-mttr", "--months", "3", shape="metric-history")

    assert [(m["month"], m["n"], m["value"]) for m in document["months"]] == [
        ("2026-04", 0, None),
        ("2026-05", 4, 2.75),
        ("2026-06", 1, 39),
    ]
    assert (document["months"][1]["from"], document["months"][1]["to"]) == (
        "2026-04-30T16:00:00Z",
        "2026-05-31T16:00:00Z",
    )
    assert all(month["whole"] for month in document["months"])
    assert (document["calendar"], document["time_zone"], document["as_known"]) == (
        "around-the-clock",
        "Asia/Shanghai",
        False,
    )


def test_as_known_shows_each_month_as_its_end_saw_it(shown) -> None:
    months = shown("history", "kpi-mttr", "--months", "3", "--as-known", shape="metric-history")["months"]

    assert [(m["n"], m["value"]) for m in months] == [(0, None), (3, 3), (1, 39)]
    assert [m["unknown"] for m in months] == ["incident: no source gives it", "", ""]


def test_months_have_parts_too(shown) -> None:
    may = shown("history", "kpi-mttr", "--months", "2", "--by", "priority", shape="metric-history")["months"][0]

    assert [(part["part"], part["n"]) for part in may["parts"]] == [(1, 2), (2, 1), (None, 1)]


def test_the_running_month_says_that_it_is_not_over(bridge_command, root) -> None:
    ran = bridge_command(
        "metric", "history", "kpi-mttr", "-w", root, "--as-of", "2026-06-10", "--months", "1", "--json"
    )

    (june,) = json.loads(ran.out)["months"]
    assert (june["month"], june["whole"], june["to"]) == ("2026-06", False, "2026-06-10T16:00:00Z")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ["月份", "优先级", "合计", "未填写", "指标值"]),
        ("en", ["Month", "Priority", "all", "not given", "Value"]),
    ],
)
def test_the_table_speaks_the_language_asked_for(bridge_command, root, language: str, words: list[str]) -> None:
    arguments = ("-w", root, "--as-of", "2026-06-30", "--by", "priority", "--lang", language)

    history = bridge_command("metric", "history", "kpi-mttr", "--months", "3", *arguments)
    once = bridge_command("metric", "show", "kpi-mttr", "--population", *arguments)

    assert (history.code, once.code) == (0, 0)
    assert all(word in history.out for word in words)
    assert words[1] in once.out


def test_what_cannot_be_split_says_what_can(bridge_command, root) -> None:
    ran = bridge_command("metric", "show", "incidents-recorded", "-w", root, "--by", "service", "--as-of", "2026-06-30")

    assert ran.code == 2
    assert "incidents-recorded cannot be split by service" in ran.err


def test_a_history_of_which_nothing_can_be_concluded_ends_with_five(bridge_command, root) -> None:
    ran = bridge_command("metric", "history", "kpi-sla", "-w", root, "--json")

    assert ran.code == 5
    assert {month["unknown"] for month in json.loads(ran.out)["months"]} == {"sla: no source gives it"}


@pytest.mark.parametrize("command", ["show", "history"])
def test_the_help_shows_an_example(bridge_command, command: str) -> None:
    assert f"Example: itss-bridge metric {command}" in " ".join(bridge_command("metric", command, "--help").out.split())


def test_the_workspace_s_calendar_measures_business_time(bridge_command, root: Path, tmp_path: Path) -> None:
    for name in ("evidence", "attestations"):
        (tmp_path / name).symlink_to(root / name)
    chosen = WORKSPACE.replace("[sources.files]", 'calendar = "china"\n[sources.files]')
    (tmp_path / "itss-bridge.toml").write_text(chosen, "utf-8")

    ran = bridge_command("metric", "show", "kpi-mttr", "-w", tmp_path, "--as-of", "2026-06-30", "--json")

    document = json.loads(ran.out)
    assert (document["calendar"], document["n"]) == ("china", 5)
    assert document["value"] < 10


def test_a_calendar_that_does_not_exist_is_refused_by_its_name(bridge_command, tmp_path: Path) -> None:
    chosen = WORKSPACE.replace("[sources.files]", 'calendar = "chnia"\n[sources.files]')
    (tmp_path / "itss-bridge.toml").write_text(chosen, "utf-8")

    ran = bridge_command("metric", "list", "-w", tmp_path)

    assert ran.code == 2
    assert "workspace.calendar: there is no 'chnia'" in ran.err
