"""The recorded incidents show at every moment what the tool knew then, and in the end what was published."""

import csv
import gzip
import json
import os
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge_playground.data import make_sample
from itss_bridge_playground.uci import SAMPLE, Event, History, IncidentLog, stamp

ROOT = Path(__file__).parents[3]
SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED", ROOT.parent / "shared"))
FOLDER = SHARED / "data" / "uci_incident_event_log"
DATA = Path(make_sample.__file__).parent
START, END = datetime(2016, 2, 28, tzinfo=UTC), datetime(2017, 2, 18, 15, tzinfo=UTC)
SPAN = st.datetimes(START.replace(tzinfo=None), END.replace(tzinfo=None)).map(lambda moment: moment.replace(tzinfo=UTC))

needs_shared = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the full recording is not at {FOLDER}")


@pytest.fixture(scope="module")
def sample() -> IncidentLog:
    return IncidentLog.sample()


@pytest.fixture(scope="module")
def full() -> IncidentLog:
    return IncidentLog.full(FOLDER)


@pytest.fixture(scope="module")
def facts() -> dict:
    return json.loads((FOLDER / "facts.json").read_text())


def hours(event: Event) -> float:
    ends = datetime.fromisoformat(event.resolved_at), datetime.fromisoformat(event.opened_at)
    return (ends[0] - ends[1]).total_seconds() / 3600


@needs_shared
def test_the_end_of_the_full_recording_has_the_published_totals(full, facts):
    final = list(full.as_of(END))
    assert len(final) == facts["incidents"] == 24_918
    assert sum(e.made_sla == "true" for e in final) == facts["incidents_final_made_sla_true"] == 15_803
    assert (
        sum(e.resolved_at != "" for e in final) == 23_362 == facts["incidents"] - facts["incidents_resolved_at_missing"]
    )
    assert sum(int(e.reopen_count) > 0 for e in final) == facts["incidents_reopened_final_reopen_count_gt0"] == 275
    assert sum(e.knowledge == "true" for e in final) == facts["incidents_knowledge_true_final"]
    assert Counter(e.priority for e in final) == facts["final_priority"]
    assert median(hours(e) for e in final if e.resolved_at) == pytest.approx(facts["median_hours_opened_to_resolved"])


@needs_shared
def test_the_last_row_of_every_incident_is_shown_in_the_end_as_it_was_recorded(full):
    recorded: dict[str, dict[str, str]] = {}
    for part in sorted(FOLDER.glob("*.csv.gz")):
        with gzip.open(part, "rt", newline="") as text:
            recorded |= {row["number"]: row for row in csv.DictReader(text)}

    def told(text: str) -> str:
        return "" if text == "?" else text

    for event in full.as_of(END):
        row = recorded[event.number]
        assert [event.closed_code, event.resolved_by, event.cmdb_ci] == [
            told(row[name]) for name in ("closed_code", "resolved_by", "cmdb_ci")
        ]
        for shown, raw in ((event.closed_at, row["closed_at"]), (event.resolved_at, row["resolved_at"])):
            assert shown == (stamp(datetime.strptime(raw, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)) if told(raw) else "")


@needs_shared
def test_every_id_that_the_recording_names_is_remembered(full, facts):
    found = {column: len(full.first_naming(column)) for column in ("problem_id", "rfc", "cmdb_ci", "caused_by")}
    assert found == {column: facts[f"distinct_{column}"] for column in found}


@needs_shared
def test_the_full_recording_loads_within_seconds():
    started = time.perf_counter()
    assert len(IncidentLog.full(FOLDER)) == 24_918
    assert time.perf_counter() - started < 8  # measured 1.3 s; a busy machine may take its time


@needs_shared
def test_the_packaged_sample_is_drawn_from_the_full_recording_byte_for_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(make_sample, "HERE", tmp_path)
    make_sample.main(FOLDER)
    # Unpacked: Python 3.13 writes another operating system into gzip's header than 3.12 does.
    drawn, packaged = (gzip.decompress((folder / SAMPLE).read_bytes()) for folder in (tmp_path, DATA))
    assert drawn == packaged


@needs_shared
def test_the_sample_looks_like_all_incidents(sample, facts):
    final = list(sample.as_of(END))
    kept = sum(e.made_sla == "true" for e in final) / len(final)
    assert kept == pytest.approx(facts["share_made_sla_true_final_row"], abs=0.01)
    for priority, count in facts["final_priority"].items():
        share = sum(e.priority == priority for e in final) / len(final)
        assert share == pytest.approx(count / facts["incidents"], abs=0.02)


def test_the_sample_is_two_thousand_whole_incidents_in_well_under_a_megabyte(sample):
    assert len(sample) == len(list(sample.as_of(END))) == 2_000
    assert (DATA / SAMPLE).stat().st_size < 500_000
    assert {e.incident_state for e in sample.as_of(END)} == {"Closed"}


def test_the_sample_names_its_authors_and_licence():
    text = (DATA / "README.md").read_text("utf-8")
    assert all(word in text for word in ("Amaral", "Fantinato", "Peres", "2018", "CC BY 4.0", "UCI"))


@given(moment=SPAN)
def test_no_moment_shows_anything_that_happened_later(sample, moment):
    now = stamp(moment)
    for event in sample.as_of(moment):
        assert event.sys_updated_at <= now
        assert event.resolved_at <= now
        assert event.closed_at <= now
        if event.incident_state not in ("Resolved", "Closed"):
            assert (event.resolved_at, event.closed_at, event.resolved_by, event.closed_code) == ("", "", "", "")
        if event.incident_state != "Closed":
            assert event.closed_at == ""


@given(moments=st.lists(SPAN, min_size=2, max_size=2).map(sorted))
def test_going_on_in_time_only_adds_incidents_and_changes_only_those_with_a_later_update(sample, moments):
    before, after = ({e.number: e for e in sample.as_of(moment)} for moment in moments)
    assert before.keys() <= after.keys()
    for number, event in before.items():
        assert after[number] == event or after[number].sys_updated_at > stamp(moments[0])


ROW = dict.fromkeys(Event._fields, "")


@given(minutes=st.lists(st.integers(0, 9), min_size=1, max_size=8), now=st.integers(0, 9))
def test_an_incident_shows_its_last_row_in_file_order_that_is_not_in_the_future(minutes, now):
    rows = [
        Event(**ROW | {"sys_updated_at": f"2016-01-01 00:0{m}:00", "sys_mod_count": str(n)})
        for n, m in enumerate(minutes)
    ]
    due = [row for row in rows if row.sys_updated_at <= f"2016-01-01 00:0{now}:00"]
    history = History.of(rows)
    assert history.until(f"2016-01-01 00:0{now}:00")[-1:] == tuple(due[-1:])
    assert all(one < other for one, other in pairwise(history.times))


def test_early_rows_do_not_know_how_it_ended():
    cells = {"number": "INC1", "opened_at": "29/2/2016 01:16", "sys_created_at": "?", "resolved_at": "29/2/2016 11:29",
             "closed_at": "5/3/2016 12:00", "closed_code": "code 5", "resolved_by": "Resolved by 1"}  # fmt: skip
    updates = [("New", "29/2/2016 01:23"), ("Resolved", "29/2/2016 08:53"), ("Resolved", "29/2/2016 11:29"),
               ("Closed", "5/3/2016 12:00")]  # fmt: skip
    rows = [list((ROW | cells | {"incident_state": state, "sys_updated_at": at}).values()) for state, at in updates]
    [history] = IncidentLog(rows).histories
    seen = [(e.incident_state, e.resolved_at, e.closed_at, e.closed_code) for e in history.events]
    assert seen == [
        ("New", "", "", ""),
        ("Resolved", "", "", ""),
        ("Resolved", "2016-02-29 11:29:00", "", "code 5"),
        ("Closed", "2016-02-29 11:29:00", "2016-03-05 12:00:00", "code 5"),
    ]


def test_a_folder_without_the_recording_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="incident_event_log"):
        IncidentLog.full(tmp_path)


def test_a_file_with_other_columns_is_refused(tmp_path):
    (tmp_path / "incident_event_log.part1of4.csv.gz").write_bytes(gzip.compress(b"number,state\nINC1,New\n"))
    with pytest.raises(ValueError, match="columns differ"):
        IncidentLog.full(tmp_path)


@given(
    sizes=st.dictionaries(st.text(max_size=3), st.integers(1, 500), min_size=1, max_size=30), extra=st.integers(0, 200)
)
def test_shares_of_a_sample_add_up_and_leave_no_stratum_out(sizes, extra):
    total = len(sizes) + extra
    share = make_sample.shares(sizes, total)
    assert sum(share.values()) == total
    assert min(share.values()) >= 1
    assert share.keys() == sizes.keys()
