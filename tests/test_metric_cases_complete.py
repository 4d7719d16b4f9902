"""The case tables leave nothing out: each metric shows every kind of case, or says why one makes no sense for it.

`shows` of a case names what it is there for; it is held against the case's own rows, so that it cannot merely be claimed.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

import pytest
import yaml
from tests.test_metric_cases import CASES, METRICS, moment

pytestmark = pytest.mark.content

KINDS = ("normal", "exclusion", "missing", "reopened", "edge", "business-time", "empty")
"""In the order in which an auditor meets them: what counts, what does not, where it begins and ends, nothing at all."""

REOPENABLE = {"incident", "request", "problem"}
TIMED = {"kpi-mttr", "kpi-mtta", "kpi-prb-mttr", "kpi-backlog"}
Case = Mapping[str, Any]

every_metric = pytest.mark.parametrize("name", METRICS)


@cache
def content(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load((CASES / f"{name}.yaml").read_text("utf-8"))
    return found


def asked(name: str) -> set[str]:
    """Kinds that make sense: only tickets are opened again, only lengths of time know a calendar."""
    senseless = set() if REOPENABLE & set(METRICS[name].streams) else {"reopened"}
    return set(KINDS) - senseless - (set() if name in TIMED else {"business-time"})


def rows(case: Case) -> Iterator[Mapping[str, Any]]:
    return (row for stream in case["streams"].values() for row in stream)


def moments(case: Case) -> set[datetime]:
    """All times in the rows, those inside histories too."""
    values = [value for row in rows(case) for value in row.values()]
    values += [step["at"] for row in rows(case) for step in row.get("history") or ()]
    return {found for value in values if (found := _moment(value))}


def _moment(value: Any) -> datetime | None:
    try:
        return moment(value) if isinstance(value, str | date) else None
    except ValueError:
        return None


@every_metric
def test_every_kind_is_shown_or_it_is_said_why_not(name: str) -> None:
    shown = {kind for case in content(name)["cases"] for kind in case["shows"]}
    without = content(name).get("without", {})

    assert shown <= asked(name)
    assert asked(name) - shown == set(without)
    assert all(without.values())


@every_metric
def test_the_kinds_come_in_one_order(name: str) -> None:
    cases = content(name)["cases"]

    assert all(list(case["shows"]) == sorted(case["shows"], key=KINDS.index) for case in cases)
    firsts = [KINDS.index(case["shows"][0]) for case in cases]
    assert firsts == sorted(firsts)


@every_metric
def test_a_name_is_a_sentence(name: str) -> None:
    for case in content(name)["cases"]:
        assert len(case["name"].split()) >= 3
        assert case["name"][0].islower()
        assert not case["name"].endswith(".")


@every_metric
def test_a_case_shows_what_it_says(name: str) -> None:
    for case in content(name)["cases"]:
        for kind in case["shows"]:
            assert SHOWN[kind](case), f"{case['name']}: {kind}"


@every_metric
def test_the_last_moment_of_the_window_is_shown_and_the_first_where_there_is_one(name: str) -> None:
    edges = [case for case in content(name)["cases"] if "edge" in case["shows"]]

    assert any(moment(case["period"]["to"]) in moments(case) for case in edges)
    if METRICS[name].window != "snapshot":
        assert any("from" in case["period"] and moment(case["period"]["from"]) in moments(case) for case in edges)


def _edge(case: Case) -> bool:
    """Exactly at an end of the window, or, for what is counted by days, less than a day before it."""
    ends = {moment(end) for end in case["period"].values()}
    return any(0 <= (end - at).total_seconds() < 86_400 for end in ends for at in moments(case))


def _missing(case: Case) -> bool:
    """A field that is not there is written down as null, for the reader."""
    return any(None in row.values() for row in rows(case))


def _reopened(case: Case) -> bool:
    working = {"new", "active", "waiting"}
    done = ("resolved_at", "closed_at")
    return any(
        row.get("reopen_count") or (row.get("state") in working and any(row.get(name) for name in done))
        for row in rows(case)
    )


SHOWN = {
    "normal": lambda case: case["denominator"] > 0,
    "exclusion": lambda case: any(isinstance(said, str) for said in case["population"].values()),
    "missing": _missing,
    "reopened": _reopened,
    "edge": _edge,
    "business-time": lambda case: "calendar" in case,
    "empty": lambda case: case["denominator"] == 0,
}
