"""Log lines: each one valid by its schema, flat, and as bad as what it tells of."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from jsonschema import Draft202012Validator
from tests.exporters.payloads import PAYLOADS
from tests.exporters.steering import steered

from itss_bridge.data import schema
from itss_bridge.exporters.foreign import plain
from itss_bridge.exporters.log_lines import LogLinesExporter
from itss_bridge.model import Milestone, Origin, Report, Status, Text

LINE = Draft202012Validator(schema("cli/log-line"), format_checker=Draft202012Validator.FORMAT_CHECKER)


def events(report: Report, language: str = "zh") -> list[dict]:
    content = LogLinesExporter().export(report, language).decode()
    assert content.endswith("\n")
    return [json.loads(line) for line in content.removesuffix("\n").split("\n")]


@pytest.fixture(scope="module")
def full(report: Report) -> Report:
    day = Milestone(
        "itss/audit@1", "audit", date(2016, 5, 1), None, Text("Audit", "审核"), Text("", ""), (), (), certain=False,
        origin=Origin(), state="overdue",
    )  # fmt: skip
    return replace(steered(report), calendar=(day, replace(day, id="x", on=None, state="missing")))


@pytest.mark.parametrize("which", ["full", "infested"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_line_is_what_its_schema_says(request: pytest.FixtureRequest, which: str, language: str) -> None:
    for event in events(request.getfixturevalue(which), language):
        assert not [error.message for error in LINE.iter_errors(event)], event


def test_the_schema_refuses_what_is_not_flat_or_lacks_a_key(full: Report) -> None:
    for kind in {e["event"]: e for e in events(full)}.values():
        assert LINE.is_valid(kind)
        assert not LINE.is_valid(kind | {"extra": {"nested": 1}})
        assert not LINE.is_valid(kind | {"event": "other"})
        assert not LINE.is_valid({k: v for k, v in kind.items() if k != list(kind)[-1]})


def test_there_is_one_line_for_each_thing(full: Report) -> None:
    found = events(full)
    assert Counter(e["event"] for e in found) == {
        "stream": len(full.streams),
        "level": 4,
        "finding": sum(len(full.findings(f.id)) for f in full.frameworks),
        "gap": len(full.gaps),
        "nonconformity": 4,
        "milestone": 2,
    }
    assert max(Counter((e["event"], e["id"]) for e in found).values()) == 1
    assert {e["ts"] for e in found} == {"2016-05-31T16:00:00Z"}


def test_severity_follows_the_status(full: Report) -> None:
    by_status = {(e["event"], e["status"]): e["severity"] for e in events(full)}
    assert by_status["finding", Status.CONFORMING] == "info"
    assert by_status["finding", Status.UNDETERMINED] == "warning", "unknown is not fine, and not a failure"
    assert by_status["finding", Status.NONCONFORMING] == "error"
    assert by_status["stream", "complete"] == "info"
    assert by_status["stream", "incomplete"] == by_status["stream", "failed"] == "error"
    assert by_status["nonconformity", "closed"] == "info"
    assert (by_status["milestone", "overdue"], by_status["milestone", "missing"]) == ("error", "warning")
    levels = {e["level"]: e["severity"] for e in events(full) if e["event"] == "level"}
    assert levels == {4: "info", 3: "error", 2: "info", 1: "info"}, "level 3 is the target"


def test_a_gap_without_a_value_says_null(full: Report) -> None:
    gaps = [e for e in events(full) if e["event"] == "gap"]
    unknown = [e for e in gaps if e["status"] == "undetermined"]
    assert unknown
    assert {(e["value"], e["n"]) for e in unknown} == {(None, 0)}
    assert all(e["n"] > 0 and e["denominator"] > 0 for e in gaps if e["status"] == "not_met")


def test_keys_are_the_same_in_both_languages_and_messages_are_not(full: Report) -> None:
    zh, en = events(full, "zh"), events(full, "en")
    assert [list(e) for e in zh] == [list(e) for e in en]
    assert [e["id"] for e in zh] == [e["id"] for e in en]
    assert zh[-1]["message"] == "审核"
    assert en[-1]["message"] == "Audit"


def test_a_line_break_of_a_stranger_makes_no_new_line(infested: Report) -> None:
    found = events(steered(infested))
    assert len(found) == len(events(steered(infested), "en"))
    assert {e["source"] for e in found if e["event"] == "stream"} == {
        plain(p) for p in PAYLOADS[: len(infested.streams)]
    }
