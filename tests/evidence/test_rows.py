"""Records into rows and back."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge.contracts import Record
from itss_bridge.data import schema, stream_names
from itss_bridge.errors import SourceUnavailable
from itss_bridge.evidence.rows import StreamRows

NOW = datetime(2026, 3, 31, 16, tzinfo=UTC)
ROWS = StreamRows.of("incident")


def record(**data) -> Record:
    return Record("7f3a", "INC0010023", "https://acme.example/7f3a", NOW, data)


def stored(**data):
    return ROWS.stored("servicenow", record(**data), lambda person: f"P-{person}")


def test_people_are_stored_by_pseudonym_only() -> None:
    assert stored(assignee="u1", requester="u2").content == {"assignee": "P-u1", "requester": "P-u2"}


def test_a_time_is_kept_in_utc_whatever_its_zone() -> None:
    beijing = datetime(2026, 4, 1, tzinfo=timezone(timedelta(hours=8)))
    assert stored(opened_at=beijing).digest == stored(opened_at="2026-03-31T16:00:00Z").digest


def test_null_and_absent_are_the_same() -> None:
    assert stored(category=None).digest == stored().digest


@pytest.mark.parametrize(
    ("field", "value", "cause"),
    [
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
    ],
)
def test_a_wrong_field_is_named_with_its_record(field: str, value, cause: str) -> None:
    with pytest.raises(SourceUnavailable, match="INC0010023") as caught:
        stored(**{field: value})
    assert field in caught.value.what
    assert cause in caught.value.cause


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "state": st.sampled_from(["new", "closed"]),
            "priority": st.integers(1, 5),
            "category": st.text(),
            "waiting_seconds": st.floats(0, 1e9, allow_nan=False),
            "opened_at": st.datetimes(timezones=st.just(UTC)),
            "labels": st.lists(st.text()),
            "knowledge": st.booleans(),
            "history": st.lists(st.fixed_dictionaries({"at": st.just("x"), "field": st.text()})),
        },
    )
)
def test_what_is_read_back_has_the_digest_of_what_was_stored(data: dict) -> None:
    kept = stored(**data)
    row = ROWS.table([kept], at=NOW, run="r", batch=0).to_pylist()[0]
    assert ROWS.back(row) == kept


def test_every_stream_has_columns_for_every_property() -> None:
    for stream in stream_names():
        assert set(StreamRows.of(stream).columns) == set(schema(f"streams/{stream}")["properties"])
