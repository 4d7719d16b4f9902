"""What a changelog tells: state, time of resolution, reopenings. By status ids and categories, never by names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from itss_bridge.errors import SourceUnavailable
from itss_bridge.messages import say
from itss_bridge_jira.reading import moment

Json = Any
DEFAULT_STATES = {"new": "new", "indeterminate": "active", "done": "closed"}


@dataclass(frozen=True, slots=True)
class Change:
    """One field's change; *before* and *after* are ids, the texts are what people saw."""

    at: datetime
    field: str
    before: str | None
    after: str | None
    before_text: str | None
    after_text: str | None

    def entry(self) -> dict[str, Json]:
        """As the schema's `history` has it. Whom a ticket moved between is nobody's business: only that it did."""
        ends = (None, None) if self.field == "assignee" else (self.before_text, self.after_text)
        return {"at": self.at.isoformat(), "field": self.field, "from": ends[0], "to": ends[1]}


def changes(histories: Iterable[Json]) -> list[Change]:
    """All changes of one issue, oldest first; SourceUnavailable when one has no readable time."""
    return sorted((change for entry in histories for change in _changes(entry)), key=lambda change: change.at)


def _changes(entry: Json) -> Iterator[Change]:
    at = moment(entry.get("created"))
    if at is None:
        what = say("a changelog entry of Jira has no readable time: {moment!r}", moment=entry.get("created"))
        raise SourceUnavailable(what, where="changelog", fix=say("report it with the entry's id to the connector"))
    for item in entry.get("items") or ():
        name = item.get("fieldId") or item.get("field")
        ends = (item.get("from"), item.get("to"), item.get("fromString"), item.get("toString"))
        yield Change(at, name, *ends)


@dataclass(frozen=True, slots=True)
class Workflow:
    """A site's statuses as the configuration reads them: id → category, id → canonical state, ids that wait."""

    categories: Mapping[str, str]
    states: Mapping[str, str]
    waiting: frozenset[str] | None

    def state(self, status: str, *, cancelled: bool, stream: str) -> str | None:
        """The canonical state; None where only the category is known and says too little."""
        category = self.categories.get(status, "")
        if status in self.states:
            return self.states[status]
        if cancelled and category == "done":
            return "cancelled"
        if stream == "change" and category == "indeterminate":
            return None
        if self.waiting and status in self.waiting:
            return "waiting"
        return DEFAULT_STATES.get(category)

    def told(self, moves: list[Change], *, settled: bool, resolved: str | None) -> dict[str, Json]:
        """Times and counts out of the status changes; unknown where a status is no longer known to the site.

        Args:
            moves: changes of the field `status`, oldest first.
            settled: the ticket stands in a final state.
            resolved: Jira's own resolution date, for tickets that came without history.
        """
        ends = [(move, self.categories.get(move.before or ""), self.categories.get(move.after or "")) for move in moves]
        if any(None in pair for _move, *pair in ends):
            return dict.fromkeys(("acknowledged_at", "resolved_at", "closed_at", "reopen_count"))
        started = [move.at for move, before, _after in ends if before == "new"]
        solved = [move.at for move, before, after in ends if after == "done" != before]
        done = ends[-1][2] == "done" if ends else bool(resolved)
        return {
            "acknowledged_at": started[0].isoformat() if started else None,
            "resolved_at": (solved[-1].isoformat() if solved else resolved) if done else None,
            "closed_at": (moves[-1].at.isoformat() if moves else resolved) if done and settled else None,
            "reopen_count": sum(before == "done" != after for _move, before, after in ends),
        }

    def waited(self, moves: list[Change]) -> float | None:
        """Seconds in waiting statuses, finished waits only; None when none are configured."""
        if self.waiting is None:
            return None
        waits = [(into, out) for into, out in pairwise(moves) if into.after in self.waiting]
        return sum((out.at - into.at).total_seconds() for into, out in waits)

    def work(self, moves: list[Change]) -> dict[str, Json]:
        """When a change's work began, ended, was reviewed: known where the configuration names those states."""
        into = [(move.at, self.states.get(move.after or "")) for move in moves]
        out = [(move.at, self.states.get(move.before or "")) for move in moves]
        began = [at for at, state in into if state == "implement"]
        ended = [at for at, state in out if state == "implement"]
        finished = bool(began) and len(ended) >= len(began)
        closed = bool(into) and into[-1][1] == "closed"
        judged = closed and "review" in self.states.values()
        return {
            "started_at": began[0].isoformat() if began else None,
            "ended_at": ended[-1].isoformat() if finished else None,
            "review_done": any(state == "review" for _at, state in out) if judged else None,
        }
