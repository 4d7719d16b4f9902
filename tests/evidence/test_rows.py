"""Records into rows and back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itss_bridge.columns import Columns
from itss_bridge.contracts import Record
from itss_bridge.data import schema, stream_names
from itss_bridge.errors import SourceUnavailable
from itss_bridge.evidence.rows import StreamRows

NOW = datetime(2026, 3, 31, 16, tzinfo=UTC)
ROWS = StreamRows.of("incident")


def record(**data) -> Record:
    return Record("7f3a", "INC0010023", "https://acme.example/7f3a", NOW, data)


def pseudonym(person: str) -> str:
    return f"P-{person}"


def stored(**data):
    return ROWS.stored("servicenow", record(**data), pseudonym)


def test_people_are_stored_by_pseudonym_only() -> None:
    assert stored(assignee="u1", requester="u2").content == {"assignee": "P-u1", "requester": "P-u2"}


def test_a_time_is_kept_in_utc_whatever_its_zone() -> None:
    beijing = datetime(2026, 4, 1, tzinfo=timezone(timedelta(hours=8)))
    assert stored(opened_at=beijing).digest == stored(opened_at="2026-03-31T16:00:00Z").digest


def test_null_and_absent_are_the_same() -> None:
    assert stored(category=None).digest == stored().digest


WRONG = [
    ("state", "geschlossen", "none of"),
    ("priority", 9, "outside"),
    ("priority", "3", "not a whole number"),
    ("priority", True, "not a whole number"),
    ("opened_at", "2026-03-31T16:00:00", "with its zone"),
    ("opened_at", "yesterday", "isoformat"),
    ("made_sla", "true", "neither"),
    ("labels", "one,two", "not a list"),
    ("category", 5, "not text"),
    ("colour", "red", "no such field"),
]


@pytest.mark.parametrize(("field", "value", "cause"), WRONG)
def test_a_wrong_field_is_named_with_its_record(field: str, value, cause: str) -> None:
    with pytest.raises(SourceUnavailable, match="INC0010023") as caught:
        stored(**{field: value})
    assert field in caught.value.what
    assert cause in caught.value.cause


DATA = st.fixed_dictionaries(
    {},
    optional={
        "state": st.sampled_from(["new", "closed", None]),
        "priority": st.integers(1, 5) | st.none(),
        "category": st.text() | st.none(),
        "assignee": st.text(),
        "waiting_seconds": st.floats(0, 1e9, allow_nan=False) | st.integers(0, 9),
        "opened_at": st.datetimes(timezones=st.just(UTC)) | st.just("2026-03-31T16:00:00+08:00"),
        "labels": st.lists(st.text()),
        "knowledge": st.booleans(),
        "history": st.lists(st.fixed_dictionaries({"at": st.just("x"), "field": st.text()})),
    },
)


def committed(batch: pa.Table) -> list[dict]:
    return ROWS.committed(batch, at=NOW, run="r", number=0).to_pylist()


@given(DATA)
@settings(deadline=None)
def test_what_is_read_back_has_the_digest_of_what_was_stored(data: dict) -> None:
    kept = stored(**data)
    (row,) = committed(ROWS.together([kept]))
    assert ROWS.back(row) == kept


@given(st.lists(DATA, max_size=5))
@settings(deadline=None)
def test_side_by_side_every_record_is_kept_as_it_is_alone(contents: list[dict]) -> None:
    records = [replace(record(**data), id=str(n)) for n, data in enumerate(contents)]
    alone = ROWS.together([ROWS.stored("servicenow", one, pseudonym) for one in records])
    assert ROWS.batch("servicenow", records, pseudonym).equals(alone)


@given(DATA)
@settings(deadline=None)
def test_columns_give_the_records_that_they_were_made_of(data: dict) -> None:
    records = [record(**data), record(category="x")]
    columns = Columns.of(records)
    assert [{k: v for k, v in one.data.items() if v is not None} for one in columns] == [
        {k: v for k, v in one.data.items() if v is not None} for one in records
    ]
    assert (columns[-1].id, len(columns[:1]), Columns.of(columns)) == ("7f3a", 1, columns)


@given(DATA)
@settings(deadline=None)
def test_digests_computed_from_what_is_read_are_those_that_were_kept(data: dict) -> None:
    rows = [ROWS.stored("servicenow", one, pseudonym) for one in (record(**data), record(category="网络"))]
    table = ROWS.committed(ROWS.together([*rows, ROWS.gone(rows[0])]), at=NOW, run="run", number=1)
    assert list(ROWS.digests(table)) == table["digest"].to_pylist()
    assert list(ROWS.digests(table)) == [ROWS.back(row).digest for row in table.to_pylist()]


ODD = {
    "a whole number among decimals": {"waiting_seconds": [1, 2.5]},
    "times in several zones": {"opened_at": ["2026-03-31T16:00:00Z", "2026-04-01T00:00:00+08:00"]},
    "times as text and as moments": {"opened_at": ["2026-03-31T16:00:00Z", NOW]},
    "times with more digits than are kept": {"opened_at": ["2026-03-31T16:00:00.123456789Z", None]},
    "a compact time": {"opened_at": ["20260331T160000Z", None]},
    "half a character": {"category": ["\ud800", "whole"]},
    "lists of another kind": {"labels": [("a", "b"), ["c"]]},
    "a field that is null in all": {"no such field": [None, None]},
}


@pytest.mark.parametrize("fields", ODD.values(), ids=ODD)
def test_what_is_unusual_is_kept_side_by_side_as_it_is_alone(fields: dict) -> None:
    pairs = [{name: values[n] for name, values in fields.items()} for n in range(2)]
    records = [record(**data) for data in pairs]
    alone = ROWS.together([ROWS.stored("servicenow", one, pseudonym) for one in records])
    assert ROWS.batch("servicenow", records, pseudonym).equals(alone)


@pytest.mark.parametrize(("field", "value", "cause"), WRONG)
def test_among_many_the_record_that_is_wrong_is_named(field: str, value, cause: str) -> None:
    records = [replace(record(category="fine"), ref=f"INC{n}") for n in range(5)]
    records[3] = replace(record(**{field: value}), ref="INC3")
    with pytest.raises(SourceUnavailable, match="INC3") as caught:
        ROWS.batch("servicenow", records, pseudonym)
    assert cause in caught.value.cause


def test_a_digest_is_what_it_was_in_the_first_release() -> None:
    """Lakes outlive releases: this digest may never change."""
    batch = ROWS.batch("servicenow", [record(state="new", labels=["vip"], opened_at="2026-03-31T16:00:00Z")], pseudonym)
    assert batch["digest"].to_pylist() == ["d29b586ae78b0bcc103908803a06eea5f6c6e8610d4bd2e3a61bdcfe5466bab1"]


def test_every_stream_has_columns_for_every_property() -> None:
    for stream in stream_names():
        assert set(StreamRows.of(stream).columns) == set(schema(f"streams/{stream}")["properties"])
