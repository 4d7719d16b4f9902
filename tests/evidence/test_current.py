"""Which rows are current: the quick query against the plain reading of what “newest version” means."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from itss_bridge.contracts import Record
from itss_bridge.evidence import Lake
from itss_bridge.evidence.ledger import SourceMark
from itss_bridge.evidence.query import connect
from itss_bridge.evidence.read import current_rows
from itss_bridge.evidence.rows import StreamRows

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
_versions = st.dictionaries(st.integers(0, 5), st.booleans(), max_size=6)
"""What one commit brings: records by number, and whether each is there or gone."""


@settings(max_examples=25, deadline=None)
@given(commits=st.lists(st.tuples(st.sampled_from("ab"), _versions), max_size=6), seen=st.integers(0, 7))
def test_the_newest_version_of_each_record_counts_unless_it_is_gone(tmp_path_factory, commits, seen) -> None:
    lake = Lake(tmp_path_factory.mktemp("lake"))
    expected: dict[tuple[str, str], str] = {}
    for number, (source, records) in enumerate(commits):
        at = BEGINNING + timedelta(days=number)
        rows = [_stored(source, number, record, there=there) for record, there in records.items()]
        lake.table("incident").append(rows, run="r", at=at, source=source, mark=SourceMark("complete", at, None, 0, at))
        if number < seen:
            expected |= {(row.source, row.id): row.ref for row in rows if not row.removed}
            expected = {
                key: ref for key, ref in expected.items() if key not in {(r.source, r.id) for r in rows if r.removed}
            }

    with closing(connect(lake.root)) as database:
        sql = current_rows(lake.table("incident"), {"source", "id", "ref"})
        found = database.execute(sql, {"end": BEGINNING + timedelta(days=seen)}).fetchall()

    assert sorted(found) == sorted((*key, ref) for key, ref in expected.items())


def _stored(source, number, record, *, there):
    rows = StreamRows.of("incident")
    at = BEGINNING + timedelta(days=number)
    stored = rows.stored(source, Record(str(record), f"{record} of {number}", "", at, {"state": "active"}), str)
    return stored if there else rows.gone(stored)
