"""The portfolio: the same bytes in whatever order answers come, nobody left out, nothing unknown counted as fine."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.fleet.fleets import DAY

from itss_bridge.data import schema
from itss_bridge.fleet import Fleet, Portfolio, portfolio
from itss_bridge.fleet.exporters.document import document
from itss_bridge.fleet.shared_gaps import shared_gaps
from itss_bridge.fleet.told import OpenGap, Short
from itss_bridge.model import Status, Text, Verdict


def test_every_member_has_a_row_what_is_wrong_stands_first(fleet: Fleet, found: Portfolio) -> None:
    assert {o.workspace for o in found.organisations} == {m.workspace for m in fleet.members}
    states = {o.workspace: o.state for o in found.organisations}
    assert [o.workspace for o in found.organisations[:3]] == ["south/broken", "none", "华东/never"]
    assert Counter(states.values()) == {"failed": 1, "incomplete": 2, "complete": 6}


def test_a_workspace_that_fails_is_told_with_its_error_and_its_code(found: Portfolio) -> None:
    (broken,) = found.of("failed")
    assert (broken.exit_code, broken.standing, broken.name) == (2, None, "south/broken")
    assert broken.error["what"] == "the workspace file is not TOML"
    assert all("south/broken" in b.unknown for b in found.benchmarks)


def test_a_source_that_was_never_read_is_not_complete(found: Portfolio) -> None:
    (never,) = (o for o in found.organisations if o.workspace == "华东/never")
    assert never.standing
    assert never.standing.short == (Short("files", "", "never", ""),)
    assert never.framework("itss")
    assert never.framework("itss").assessed == 0


def test_totals_are_the_sums_of_rows(found: Portfolio) -> None:
    (itss,) = found.frameworks
    told = [o.framework("itss") for o in found.organisations if o.standing]
    assert itss.organisations == len(told) == 8
    for status in Status:
        assert itss.counts[status] == sum(counts.counts[status] for counts in told)
    for total in found.levels:
        assert total.reached == sum(1 for o in found.organisations if o.reached and o.reached <= total.level)
        assert sum(total.states.values()) == 8
    assert {name: len(of) for name, of in found.groups} == {"south": 4, "华东": 4, "": 1}


def test_each_kpi_counts_every_organisation_once(found: Portfolio) -> None:
    assert len(found.benchmarks) == 45
    for b in found.benchmarks:
        names = [*(p.workspace for p in b.places), *b.unknown, *b.no_data]
        assert sorted(names) == sorted(o.workspace for o in found.organisations)
    known = {b.metric: len(b.places) for b in found.benchmarks}
    assert known["kpi-csat"] == 6
    assert known["kpi-sla"] == 0


def test_a_shared_gap_is_the_gap_of_those_who_have_it(found: Portfolio) -> None:
    for gap in found.gaps:
        key = (gap.metric, tuple(sorted(gap.arguments.items())))
        mine = {
            o.workspace: own
            for o in found.organisations
            if o.standing
            for own in o.standing.gaps
            if (own.metric, own.arguments) == key
        }
        assert set(gap.not_met) == {w for w, own in mine.items() if own.verdict is Verdict.NOT_MET}
        assert set(gap.undetermined) == {w for w, own in mine.items() if own.verdict is Verdict.UNDETERMINED}
        assert gap.effort == sum(own.effort for own in mine.values())
        assert dict(gap.holds) == dict(Counter(level for own in mine.values() for level in own.levels))
    order = [gap.organisations for gap in found.gaps]
    assert order == sorted(order, reverse=True)
    assert [gap.rank for gap in found.gaps] == list(range(1, len(found.gaps) + 1))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms())
def test_the_order_of_answers_makes_no_difference(found: Portfolio, chance) -> None:
    rows = list(found.organisations)
    chance.shuffle(rows)
    assert document(portfolio(found.name, DAY, rows), "zh") == document(found, "zh")


def test_the_document_fits_its_schema_and_has_its_keys_sorted(found: Portfolio) -> None:
    text = document(found, "en").decode()
    shown = json.loads(text)
    Draft202012Validator(schema("cli/fleet-portfolio")).validate(shown)
    assert text == json.dumps(shown, ensure_ascii=False, sort_keys=True, indent=2) + "\n"
    assert shown["completeness"] == {
        "organisations": 9,
        "complete": 6,
        "incomplete": ["none", "华东/never"],
        "failed": ["south/broken"],
    }
    assert shown["organisations"]["south/broken"]["levels"] == {}


def test_other_releases_among_the_workers_are_named(found: Portfolio) -> None:
    rows = list(found.organisations)
    assert rows[-1].standing
    rows[-1] = replace(rows[-1], standing=replace(rows[-1].standing, version="0.0.9"))
    assert portfolio("x", DAY, rows).releases == ("0.0.9", found.version)


GAP = OpenGap(
    "document-approved", (("label", "x"),), "a", Text("a", "甲"), Verdict.NOT_MET, (4,), ("itss",), 2, 5, True
)


@pytest.mark.parametrize("checks", [("a", "b", "b"), ("b", "a", "b"), ("b", "b", "a")])
def test_one_gap_by_several_checks_is_called_by_the_most_common_one(checks: tuple[str, ...]) -> None:
    (shared,) = shared_gaps({f"w{n}": [replace(GAP, check=check)] for n, check in enumerate(checks)})
    assert (shared.check, shared.organisations, shared.assumed, shared.opens) == ("b", 3, 3, 6)
