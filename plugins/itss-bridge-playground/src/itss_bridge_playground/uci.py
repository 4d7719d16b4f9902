"""A recorded year of a real ServiceNow incident table, as it stood at any moment.

The recording is the UCI "Incident management process enriched event log" (Amaral, Fantinato, Peres 2018,
CC BY 4.0): one row per update of an incident. Its quirks are undone here, once, so that a replay shows only what the
tool could have known: `?` becomes an empty value, times (no zone recorded) are declared UTC, and final values that
the recording wrote back on early rows are blanked until the row's own state has reached them.
"""

import csv
import gzip
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, Self

PARTS = "incident_event_log.part*.csv.gz"
SAMPLE = "incident_sample.csv.gz"
UNKNOWN = "?"


class Event(NamedTuple):
    """One recorded row; times are `YYYY-MM-DD HH:MM:SS` in UTC, unknown values are empty."""

    number: str
    incident_state: str
    active: str
    reassignment_count: str
    reopen_count: str
    sys_mod_count: str
    made_sla: str
    caller_id: str
    opened_by: str
    opened_at: str
    sys_created_by: str
    sys_created_at: str
    sys_updated_by: str
    sys_updated_at: str
    contact_type: str
    location: str
    category: str
    subcategory: str
    u_symptom: str
    cmdb_ci: str
    impact: str
    urgency: str
    priority: str
    assignment_group: str
    assigned_to: str
    knowledge: str
    u_priority_confirmation: str
    notify: str
    problem_id: str
    rfc: str
    vendor: str
    caused_by: str
    closed_code: str
    resolved_by: str
    resolved_at: str
    closed_at: str


REFERENCES = ("problem_id", "rfc", "caused_by", "cmdb_ci")
_AT = {name: position for position, name in enumerate(Event._fields)}
_STATE, _UPDATED, _RESOLVED, _CLOSED = (
    _AT[name] for name in ("incident_state", "sys_updated_at", "resolved_at", "closed_at")
)
_TIMES = tuple(_AT[name] for name in ("opened_at", "sys_created_at", "sys_updated_at", "resolved_at", "closed_at"))
_WRITTEN_BACK = tuple(_AT[name] for name in ("closed_code", "resolved_by", "resolved_at", "closed_at"))


class _Times(dict[str, str]):
    """`29/2/2016 01:16` → `2016-02-29 01:16:00`, each distinct text once."""

    def __missing__(self, text: str) -> str:
        day, clock = text.split(" ")
        d, m, y = day.split("/")
        self[text] = iso = f"{y}-{m:0>2}-{d:0>2} {clock}:00"
        return iso


class History(NamedTuple):
    """One incident: the rows that were ever the newest, at the strictly rising *times* they appeared."""

    times: tuple[str, ...]
    events: tuple[Event, ...]

    def until(self, moment: str) -> tuple[Event, ...]:
        """The rows up to *moment*; the last one is what the tool shows then, none means not yet created."""
        return self.events[: bisect_right(self.times, moment)]

    @classmethod
    def of(cls, rows: Iterable[Event]) -> Self:
        """From rows in file order: the last row at or before a moment counts, so a later row hides later times."""
        shown: list[Event] = []
        for event in reversed(list(rows)):
            if not shown or event.sys_updated_at < shown[-1].sys_updated_at:
                shown.append(event)
        shown.reverse()
        return cls(tuple(e.sys_updated_at for e in shown), tuple(shown))


class IncidentLog:
    """All recorded incidents, in the order of the recording."""

    def __init__(self, rows: Iterable[list[str]]) -> None:
        """*rows* are the cells of the recording, header left out, rows of one incident together."""
        self._first: dict[str, dict[str, Event]] = {column: {} for column in REFERENCES}
        grouped = groupby(self._noting_references(_clean(rows)), key=itemgetter(0))
        self.histories = tuple(History.of(events) for _, events in grouped)

    def __len__(self) -> int:
        return len(self.histories)

    def _noting_references(self, events: Iterable[Event]) -> Iterator[Event]:
        columns = [(_AT[column], first) for column, first in self._first.items()]
        for event in events:
            for column, first in columns:
                name = event[column]
                if name and (name not in first or event.sys_updated_at < first[name].sys_updated_at):
                    first[name] = event
            yield event

    def first_naming(self, column: str) -> dict[str, Event]:
        """For every id in one of the `REFERENCES` columns, the earliest row that names it; sorted by id."""
        return dict(sorted(self._first[column].items()))

    @classmethod
    def sample(cls) -> Self:
        """The packaged 2,000 incidents, picked to look like all of them."""
        return cls(_cells([files("itss_bridge_playground") / "data" / SAMPLE]))

    @classmethod
    def full(cls, folder: Path) -> Self:
        """All 24,918 incidents from the four parts in *folder*; FileNotFoundError when there are none."""
        parts = sorted(folder.glob(PARTS))
        if not parts:
            raise FileNotFoundError(f"no {PARTS} in {folder}")
        return cls(_cells(parts))

    def as_of(self, moment: datetime) -> Iterator[Event]:
        """Each incident that exists at *moment*, as its last row at or before it shows it."""
        text = stamp(moment)
        return (rows[-1] for history in self.histories if (rows := history.until(text)))


def stamp(moment: datetime) -> str:
    """An aware time as ServiceNow writes it: `YYYY-MM-DD HH:MM:SS`, UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _cells(parts: Iterable[object]) -> Iterator[list[str]]:
    for part in parts:
        with part.open("rb") as packed, gzip.open(packed, "rt", encoding="utf-8", newline="") as text:  # type: ignore[attr-defined]
            reader = csv.reader(text)
            if tuple(next(reader)) != Event._fields:
                raise ValueError(f"{part} is not the UCI incident event log: its columns differ")
            yield from reader


def _clean(rows: Iterable[list[str]]) -> Iterator[Event]:
    pool = {UNKNOWN: ""}  # the same few texts occur a million times: keep each once
    times = _Times({"": ""})
    for row in rows:
        cells = list(map(pool.setdefault, row, row))
        for column in _TIMES:
            cells[column] = times[cells[column]]
        _blank(cells)
        yield Event._make(cells)


def _blank(cells: list[str]) -> None:
    """Take away what the recording knew later than the tool: judged by the row alone, so that a row never changes."""
    settled = cells[_STATE] in ("Resolved", "Closed") and cells[_RESOLVED] <= cells[_UPDATED]
    if not settled:
        for column in _WRITTEN_BACK:
            cells[column] = ""
    elif cells[_STATE] != "Closed" or cells[_CLOSED] > cells[_UPDATED]:
        cells[_CLOSED] = ""
