"""A workspace with as many tickets as asked for, made column by column and written through the real lake.

Ids, sizes of texts, numbers of distinct services and groups, a history on every incident and shares of states are like
those of a real tool; the figures that metrics make of them mean nothing. The digest of a row is not that of its
content (that alone would take longer than all the rest), so `verify` has nothing to say about such a lake.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from itss_bridge.data import stream_names
from itss_bridge.evidence import Lake
from itss_bridge.evidence.ledger import SourceMark
from itss_bridge.evidence.rows import StreamRows

if TYPE_CHECKING:
    import pyarrow as pa

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SHARES = {"incident": 0.6, "request": 0.25, "change": 0.1, "problem": 0.04, "release": 0.01}
"""How many of all tickets are of which kind. Each incident has an SLA cycle, too."""

A_COMMIT = 20_000
"""Rows a commit, as many as a sync writes."""

CHANGED_LATER = 10
"""Every so manyth record is held in two versions: as it was while open, and as it is."""

_AT_ONCE = 500_000
_FEW = 40
_SETTINGS = """\
[workspace]
organisation = "bench"
target = "itss-level-1"
{calendar}
[sources.desk]
connector = "files"
"""

_MACROS = (
    # a number in [0, 1) of its own for each record and purpose
    "CREATE MACRO u(n, salt) AS (hash(n, salt) % 1000003) / 1000003.0",
    "CREATE MACRO whole(n, salt, top) AS 1 + CAST(hash(n, salt) % top AS BIGINT)",
    "CREATE MACRO key(kind, n) AS md5(concat(kind, ':', n))",
    "CREATE MACRO hours(number) AS to_microseconds(CAST(number * 3600000000 AS BIGINT))",
    """CREATE MACRO event(moment, field, old, new) AS concat(
        '{"at":"', strftime(moment, '%Y-%m-%dT%H:%M:%SZ'), '","field":"', field,
        '","from":"', old, '","to":"', new, '"}')""",
)
_ROWS = """
SELECT *, opened + hours(-ln(1 - u(n, 'lasted')) * 30) AS ended, key('group', whole(n, 'group', 90)) AS team,
       CASE WHEN early THEN 'active' WHEN u(n, 'state') < 0.8 THEN 'closed' WHEN u(n, 'state') < 0.9 THEN 'resolved'
            WHEN u(n, 'state') < 0.98 THEN 'active' ELSE 'cancelled' END AS state
FROM (SELECT n, $every = 1 AND n % {later} = 0 AS early,
             $now::TIMESTAMPTZ - hours(u(n, 'opened') * 3 * 365 * 24) AS opened
      FROM (SELECT i * $every AS n FROM range($first, $last) AS r(i)))
"""
_COLUMNS = {
    "state": "state",
    "tool_state": "CAST(whole(n, 'tool', 8) AS VARCHAR)",
    "priority": "whole(n, 'priority', 5)",
    "category": "concat('category ', whole(n, 'category', 50))",
    "subcategory": "concat('subcategory ', whole(n, 'subcategory', 200))",
    "service": "key('service', whole(n, 'service', 200))",
    "group": "team",
    "assignee": "substr(key('person', whole(n, 'assignee', 900)), 1, 16)",
    "requester": "substr(key('person', whole(n, 'requester', 50000)), 1, 16)",
    "opened_at": "opened",
    "created_at": "opened",
    "started_at": "opened",
    "acknowledged_at": "opened + hours(-ln(1 - u(n, 'seen')) * 0.6)",
    "approved_at": "opened - hours(u(n, 'approved') * 48 - 2)",
    "resolved_at": "CASE WHEN state IN ('resolved', 'closed') THEN ended END",
    "deployed_at": "ended",
    "planned_at": "opened + hours(30)",
    "ended_at": "ended",
    "closed_at": "CASE WHEN state = 'closed' THEN ended + hours(72) END",
    "labels": "CASE WHEN u(n, 'label') < 0.5 THEN [concat('label-', whole(n, 'label', 30))] WHEN u(n, 'label') < 0.52"
    " THEN ['test'] END",
    "channel": "CASE WHEN u(n, 'channel') < 0.3 THEN 'monitoring' ELSE 'phone' END",
    "waiting_seconds": "CASE WHEN u(n, 'wait') < 0.3 THEN 600.0 WHEN u(n, 'wait') < 0.6 THEN 0.0 END",
    "reopen_count": "CAST(u(n, 'reopened') < 0.02 AS BIGINT)",
    "reassignment_count": "whole(n, 'moved', 5) - 1",
    "knowledge": "u(n, 'knowledge') < 0.3",
    "automated": "u(n, 'automated') < 0.1",
    "resolution_code": "CASE WHEN u(n, 'code') < 0.01 THEN 'Duplicate' ELSE 'Solved (Permanently)' END",
    "problem": "CASE WHEN u(n, 'problem') < 0.02 THEN key('problem', whole(n, 'problem', $others)) END",
    "caused_by": "CASE WHEN u(n, 'cause') < 0.005 THEN key('change', whole(n, 'cause', $others)) END",
    "approval": "CASE WHEN u(n, 'approval') < 0.95 THEN 'approved' ELSE 'requested' END",
    "outcome": "CASE WHEN u(n, 'outcome') < 0.93 THEN 'successful' ELSE 'unsuccessful' END",
    "configuration_items": "[key('configuration_item', whole(n, 'item', $others))]",
    "root_cause_known": "u(n, 'cause') < 0.8",
    "known_error": "u(n, 'known') < 0.3",
    "cmdb_updated": "u(n, 'updated') < 0.9",
    "history": "CASE WHEN early THEN NULL ELSE concat('[', event(opened, 'state', 'new', 'active'), ',',"
    " event(opened, 'group', key('group', whole(n, 'before', 90)), team), ',',"
    " event(ended, 'state', 'active', 'resolved'), ',',"
    " event(ended + hours(72), 'state', 'resolved', 'closed'), ']') END",
}
_OF_STREAM: Mapping[str, Mapping[str, str]] = {
    "change": {
        "type": "['standard', 'normal', 'emergency'][whole(n, 'type', 3)]",
        "state": "if(early, 'new', 'closed')",
    },
    "problem": {"incidents": "[concat('INC', printf('%08d', whole(n, 'named', $others)))]"},
    "release": {"type": "'minor'", "state": "if(early, 'planned', 'deployed')"},
    "sla": {
        "task": "key('incident', n)",
        "task_ref": "concat('INC', printf('%08d', n))",
        "task_kind": "'incident'",
        "definition": "concat('Resolution P', whole(n, 'priority', 5))",
        "target": "CASE WHEN u(n, 'target') < 0.7 THEN 'resolution' ELSE 'response' END",
        "stage": "if(early, 'in-progress', 'completed')",
        "breached": "u(n, 'breached') < 0.1",
        "elapsed_seconds": "epoch(ended) - epoch(opened)",
    },
    "configuration_item": {"class": "'server'", "status": "'operational'", "relations": "whole(n, 'relations', 4) - 1"},
    "document": {"status": "'current'", "approved": "u(n, 'approved') < 0.9", "labels": "['knowledge']"},
    "support_group": {"group": "key('group', n)", "line": "whole(n, 'line', 3)"},
    "survey": {"score": "100 * u(n, 'score')", "recommend": "whole(n, 'recommend', 10)", "answered_at": "ended"},
    "person": {"person": "key('person', n)", "core_post": "true", "joined_at": "opened", "training_hours": "40.0"},
    "service_time": {"agreed_hours": "720.0", "target_percent": "99.5", "ended_at": "opened + hours(720)"},
}
_SHARED = (
    "incident",
    "request",
    "change",
    "problem",
    "release",
    "sla",
    "configuration_item",
    "document",
    "support_group",
)
"""Streams that may take the columns above; in the others the same word means other things."""


def build(root: Path, tickets: int, calendar: str = "") -> None:
    """A workspace of *tickets* whose streams all stand as complete, business time by *calendar*."""
    chosen = f'calendar = "{calendar}"\n' if calendar else ""
    root.mkdir(parents=True, exist_ok=True)
    (root / "itss-bridge.toml").write_text(_SETTINGS.format(calendar=chosen), "utf-8")
    lake = Lake(root / "evidence")
    for stream in stream_names():
        for piece in pieces(stream, tickets):
            _append(lake, stream, piece)
        _append(lake, stream, StreamRows.of(stream).together([]))


def counts(tickets: int) -> dict[str, int]:
    """How many records each stream has."""
    own = {stream: int(tickets * share) for stream, share in SHARES.items()}
    own |= {"sla": own["incident"], "configuration_item": max(_FEW, tickets // 100)}
    return {stream: own.get(stream, max(_FEW, tickets // 10_000)) for stream in stream_names()}


def pieces(stream: str, tickets: int) -> "Iterator[pa.Table]":
    """The rows of *stream*, a commit's worth at a time: first versions of all, then what changed later."""
    count = counts(tickets)[stream]
    with closing(duckdb.connect()) as database:
        for macro in _MACROS:
            database.execute(macro)
        database.execute("SET TimeZone = 'UTC'")
        for every, among in ((1, count), (CHANGED_LATER, -(-count // CHANGED_LATER))):
            for first in range(0, among, _AT_ONCE):
                span = {"first": first, "last": min(first + _AT_ONCE, among), "every": every}
                made = database.sql(_select(stream, tickets), params=span | {"now": NOW}).to_arrow_table()
                for offset in range(0, made.num_rows, A_COMMIT):
                    yield _in_shape(stream, made.slice(offset, A_COMMIT))


def _select(stream: str, tickets: int) -> str:
    kinds = StreamRows.of(stream).columns
    told = (_COLUMNS if stream in _SHARED else {}) | _OF_STREAM.get(stream, {})
    columns = {name: told[name] for name in kinds if name in told}
    number = "printf('%08d', n)"
    columns |= {
        "source": "'desk'",
        "id": f"key('{stream}', n)",
        "ref": f"concat('{'INC' if stream == 'incident' else stream[:3].upper()}', {number})",
        "url": f"concat('https://desk.example.com/nav_to.do?uri={stream}.do?sys_id=', key('{stream}', n))",
        "digest": f"sha256(concat('{stream}', n, early))",
        "changed_at": "if(early, opened, ended)",
        "removed": "false",
    }
    listed = ", ".join(f'{made} AS "{name}"' for name, made in columns.items())
    made = f"SELECT {listed} FROM ({_ROWS})".replace("$others", str(max(1, tickets // 100)))
    return made.replace("{later}", str(CHANGED_LATER))


def _in_shape(stream: str, made: "pa.Table") -> "pa.Table":
    import pyarrow as pa

    rows = StreamRows.of(stream)
    shape = rows.together([]).schema
    arrays = [
        made[field.name].cast(field.type) if field.name in made.column_names else pa.nulls(made.num_rows, field.type)
        for field in shape
    ]
    return pa.Table.from_arrays(arrays, schema=shape)


def _append(lake: Lake, stream: str, rows: "pa.Table") -> None:
    at = NOW - timedelta(days=1)
    lake.table(stream).append(rows, run="bench", at=at, source="desk", mark=SourceMark("complete", at, None, 0, at))
