"""The past of tickets, from sys_audit or metric_instance: what changed, when it was taken up, how long it waited.

A trail that does not lead without a gap from the ticket's beginning to what it says now tells nothing but itself: its
entries are kept as history, the times that would be computed from it stay unknown. Rows of the past are cleaned away at
some instances, and some tables were not audited from the start: a ticket that is older than the oldest row of its
table, and was not new when its trail begins, has a beginning that nobody knows.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from threading import Lock
from typing import ClassVar, NamedTuple

from itss_bridge.data import schema
from itss_bridge.errors import SourceUnavailable
from itss_bridge.messages import say
from itss_bridge.model import Json
from itss_bridge_servicenow.companions import Companion, related
from itss_bridge_servicenow.mapping import cell, moment, text
from itss_bridge_servicenow.options import Options
from itss_bridge_servicenow.table_api import TableApi, result

_GROUP, _PERSON = "assignment_group", "assigned_to"
_FIELDS = {_GROUP: "group", _PERSON: "assignee"}
_NEVER = "9999"
_SAME_MOMENT = 60
"""Seconds by which the first stretch of a metric may begin after its ticket."""


class Change(NamedTuple):
    """One column's change; *at* as ServiceNow writes it, in UTC."""

    at: str
    column: str
    before: str
    after: str


class Trail(NamedTuple):
    """All changes of one ticket that its tool kept, oldest first, and whether they begin where the ticket begins."""

    changes: Sequence[Change]
    whole: bool

    def of(self, column: str) -> list[Change]:
        """Those of one column."""
        return [change for change in self.changes if change.column == column]


class History(Companion):
    """Adds `history`, and where the stream has them `acknowledged_at`, `waiting_seconds`, `reassignment_count`."""

    columns: ClassVar[tuple[str, ...]] = ("sys_created_on", _GROUP, _PERSON)

    def __init__(self, api: TableApi, options: Options) -> None:
        self._api = api
        self._table = options.mapped.table
        self._states = options.mapped.states
        self._state = options.mapped.column("state")
        self._by = options.acknowledged_by
        self._new = frozenset(value for value, state in self._states.items() if state == "new")
        self._fields = frozenset(schema(f"streams/{options.stream}")["properties"])
        self._lock = Lock()
        self._oldest: str | None = None
        self._from_audit = options.history == "sys_audit"
        self.tables = {"sys_audit": _AUDIT} if self._from_audit else {"metric_instance": _METRIC}

    def of(self, rows: Sequence[Mapping[str, str]]) -> Mapping[str, Mapping[str, Json]]:
        """The past of the tickets of one page: one request for a hundred of them, more when they have much of it."""
        keys = [row["sys_id"] for row in rows]
        trails = self._audited(keys, rows) if self._from_audit else self._measured(keys, rows)
        return {row["sys_id"]: self._told(row, trails[row["sys_id"]]) for row in rows}

    def _audited(self, keys: Sequence[str], rows: Sequence[Mapping[str, str]]) -> dict[str, Trail]:
        query = f"tablename={self._table}^fieldnameIN{','.join((self._state, *_FIELDS))}"
        found: dict[str, list[Change]] = defaultdict(list)
        for row in related(self._api, "sys_audit", query, "documentkey", keys, _AUDIT):
            self._refuse_stranger(row["tablename"], row["fieldname"], {self._state, *_FIELDS})
            change = Change(_time(row, "sys_created_on"), row["fieldname"], row["oldvalue"], row["newvalue"])
            found[row["documentkey"]].append(change)
        oldest = self._oldest_audit()
        trails = {}
        for row in rows:
            changes = tuple(_in_order(found[row["sys_id"]]))
            trails[row["sys_id"]] = Trail(changes, whole=oldest <= str(cell(row, "sys_created_on", str)))
        return trails

    def _oldest_audit(self) -> str:
        """Since when the table is audited, as far as rows are left: one request a run; after all time when unknown."""
        with self._lock:
            if self._oldest is None:
                self._oldest = self._ask_for_oldest()
            return self._oldest

    def _ask_for_oldest(self) -> str:
        query = f"tablename={self._table}^ORDERBYsys_created_on"
        try:
            rows = result(self._api.page("sys_audit", query, ("tablename", "sys_created_on"), limit=1))
        except SourceUnavailable:
            return _NEVER  # the table can be huge, and sorting it take longer than the instance allows
        own = [row["sys_created_on"] for row in rows if row.get("tablename") == self._table]
        return own[0] if own else _NEVER

    def _measured(self, keys: Sequence[str], rows: Sequence[Mapping[str, str]]) -> dict[str, Trail]:
        columns = {column: column for column in (self._state, *_FIELDS)}
        if self._table == "incident":
            # the base system measures incident_state, which always equals state; a metric on state itself goes first
            columns = {"incident_state": self._state, **columns}
        query = f"table={self._table}^fieldIN{','.join(columns)}^definition.type=field_value_duration"
        found: dict[str, dict[str, list[Stretch]]] = defaultdict(lambda: defaultdict(list))
        for row in related(self._api, "metric_instance", query, "id", keys, _METRIC):
            self._refuse_stranger(row["table"], row["field"], columns)
            end = _time(row, "end") if row["end"] else ""
            found[row["id"]][row["field"]].append(Stretch(_time(row, "start"), end, row["field_value"]))
        return {row["sys_id"]: _joined(_by_column(found[row["sys_id"]], columns), self._state, row) for row in rows}

    def _refuse_stranger(self, table: str, column: str, asked: Iterable[str]) -> None:
        if table != self._table or column not in asked:
            what = say("the history of {table}: rows come that were not asked for", table=self._table)
            raise SourceUnavailable(what, cause=say("the instance ignored a part of the query"))

    def _told(self, row: Mapping[str, str], trail: Trail) -> dict[str, Json]:
        told: dict[str, Json] = {"history": [self._entry(change) for change in trail.changes]}
        if "acknowledged_at" in self._fields:
            told["acknowledged_at"] = self._acknowledged(row, trail)
        if "waiting_seconds" in self._fields:
            told["waiting_seconds"] = self._waited(row, trail)
        if "reassignment_count" in self._fields and not cell(row, "reassignment_count", text):
            moves = self._kept(row, _GROUP, trail)
            told["reassignment_count"] = sum(bool(a.value) for a, _ in pairwise(moves)) if moves else None
        return told

    def _entry(self, change: Change) -> dict[str, Json]:
        """As the schema's `history` has it. Whom a ticket moved between is nobody's business: only that it did."""
        field = "state" if change.column == self._state else _FIELDS[change.column]
        words = self._states if field == "state" else {}
        ends = [None if field == "assignee" else words.get(end, end) or None for end in (change.before, change.after)]
        return {"at": moment(change.at), "field": field, "from": ends[0], "to": ends[1]}

    def _acknowledged(self, row: Mapping[str, str], trail: Trail) -> Json:
        """When the ticket first stood in a state that is known and not new, or first had a person, as configured."""
        moments = []
        for basis in self._by:
            said = self._kept(row, self._state if basis == "state" else _PERSON, trail)
            if said is None:
                return None
            taken = self._left_new(said) if basis == "state" else next((one.since for one in said if one.value), "")
            if taken is None:
                return None
            moments.append(taken)
        return moment(min(filter(None, moments), default=""))

    def _kept(self, row: Mapping[str, str], column: str, trail: Trail) -> list["Kept"] | None:
        return kept(row, column, trail, self._new if column == self._state else ())

    def _left_new(self, said: Sequence["Kept"]) -> str | None:
        """The time; empty when it is new still, None when a state came before whose meaning is not known."""
        for since, value in said:
            state = self._states.get(value)
            if state != "new":
                return since if state else None
        return ""

    def _waited(self, row: Mapping[str, str], trail: Trail) -> Json:
        """Seconds on hold, ended waits only; None when a state is of unknown meaning, or the trail has gaps."""
        said = self._kept(row, self._state, trail)
        if said is None or any(one.value not in self._states for one in said):
            return None
        waits = [(a, b) for a, b in pairwise(said) if self._states[a.value] == "waiting"]
        return sum(_seconds(a.since, b.since) for a, b in waits)


class Kept(NamedTuple):
    """A value, and since when a column kept it."""

    since: str
    value: str


class Stretch(NamedTuple):
    """How long a metric says that a column kept a value; *end* is empty while it lasts."""

    start: str
    end: str
    value: str


_AUDIT = ("tablename", "fieldname", "oldvalue", "newvalue", "sys_created_on")
_METRIC = ("table", "field", "field_value", "start", "end", "definition.type")


def kept(row: Mapping[str, str], column: str, trail: Trail, firsts: Collection[str]) -> list[Kept] | None:
    """What a column said from the ticket's beginning to now; None when the trail has gaps or the column is not given.

    Args:
        row: the ticket; `sys_created_on` is when it began.
        column: one of its columns.
        trail: what changed in it. Some instances write down the insert too, as a change from nothing.
        firsts: values that only stand at the beginning: a trail that starts from one is whole.
    """
    changes, now = trail.of(column), cell(row, column, str)
    created = cell(row, "sys_created_on", text)
    if not isinstance(now, str) or not isinstance(created, str):
        return None
    inserted = bool(changes) and not changes[0].before and changes[0].at <= created
    since, first = created, changes[0].before if changes else now
    if inserted:
        since, first, changes = changes[0].at, changes[0].after, changes[1:]
    said = [Kept(since, first), *(Kept(change.at, change.after) for change in changes)]
    joined = all(change.before == before.value for before, change in zip(said, changes, strict=False))
    begins = trail.whole or inserted or first in firsts
    return said if begins and joined and said[-1].value == now else None


def _by_column(found: Mapping[str, Sequence[Stretch]], columns: Mapping[str, str]) -> dict[str, Sequence[Stretch]]:
    """Stretches of measured fields as those of our columns; of two fields for one column the later one counts."""
    return {column: found[field] for field, column in columns.items() if field in found}


def _joined(stretches: Mapping[str, Sequence[Stretch]], state: str, row: Mapping[str, str]) -> Trail:
    """One ticket's stretches as changes: whole when those of its state begin with the ticket."""
    created = str(cell(row, "sys_created_on", str))
    changes: list[Change] = []
    for column, unsorted in stretches.items():
        found, now = sorted(unsorted), cell(row, column, str)
        begun = [Change(found[0].start, column, "", found[0].value)] if column != state else []
        changes += begun + [change for pair in pairwise(found) for change in _step(column, *pair)]
        # a metric stops with the ticket: the value it has now is the one that followed
        if found[-1].end and isinstance(now, str) and now != found[-1].value:
            changes.append(Change(found[-1].end, column, found[-1].value, now))
    states = sorted(stretches.get(state, ()))
    begins = bool(states) and _seconds(created, states[0].start) <= _SAME_MOMENT
    return Trail(tuple(_in_order(changes)), begins)


def _step(column: str, before: Stretch, after: Stretch) -> Iterator[Change]:
    """From one stretch to the next; what is empty is not measured, so a gap is a time without a value."""
    if before.end == after.start:
        yield Change(after.start, column, before.value, after.value)
    else:
        yield Change(before.end, column, before.value, "")
        yield Change(after.start, column, "", after.value)


def _in_order(changes: Iterable[Change]) -> Iterator[Change]:
    """By time; of several changes of one column in one second, each begins where the one before it ended."""
    left = sorted(changes)
    last: dict[str, str] = {}
    while left:
        tied = [change for change in left if change.at == left[0].at and change.column == left[0].column]
        after = {change.after for change in tied}
        follows = [change for change in tied if change.before == last.get(change.column)]
        begins = [change for change in tied if change.before not in after]
        chosen = (follows or begins or tied)[0]
        left.remove(chosen)
        last[chosen.column] = chosen.after
        yield chosen


def _time(row: Mapping[str, str], column: str) -> str:
    if not moment(row[column]):
        what = say("a row of the history has no readable time: {row!r}", row=row[column])
        raise SourceUnavailable(what, where=column, fix=say("report the row's sys_id to the instance's administrator"))
    return row[column]


def _seconds(start: Json, end: Json) -> float:
    return (datetime.fromisoformat(str(end)) - datetime.fromisoformat(str(start))).total_seconds()
