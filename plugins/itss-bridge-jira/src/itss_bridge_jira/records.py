"""Issues and their changelogs as records of a stream."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from itss_bridge.contracts import Record
from itss_bridge.errors import SourceUnavailable
from itss_bridge.messages import say
from itss_bridge_jira import reading
from itss_bridge_jira.fields import CANCELLED, CAUSED_BY, KINDS, MENDED_BY, RULES, SLA_FIELD, TARGETS, locate
from itss_bridge_jira.history import Change, Workflow, changes

Json = Any
ALWAYS = ("status", "resolution", "resolutiondate", "created", "updated", "issuelinks", "issuetype")
SLA_ALWAYS = ("updated", "issuetype", "priority")


@dataclass(frozen=True, slots=True)
class Site:
    """What a site calls things: its fields and statuses, as `/field` and `/status` list them."""

    url: str
    fields: Sequence[Json]
    statuses: Sequence[Json]


class Mapper:
    """Turns one stream's issues into records, by the tables of `fields` and the stream's own configuration."""

    def __init__(self, site: Site, stream: str, config: Mapping[str, Any], waiting: Sequence[str] | None) -> None:
        self.site = site
        self.stream = stream
        self._values = {name: _folded(words) for name, words in config.get("values", {}).items()}
        self._located = locate(stream, site.fields, config.get("fields", {}))
        rules, own = RULES[stream], self._values
        self._readers = [
            (name, field, rules[name].read, {**rules[name].words, **own.get(name, {})})
            for name, field in self._located.items()
        ]
        self._cancelled = {**CANCELLED, **self._values.get("resolution", {})}
        self._kinds = {**KINDS, **self._values.get("task_kind", {})}
        self._workflow = _workflow(site.statuses, self._values.get("state", {}), waiting)
        self._clocks = [one for one in site.fields if (one.get("schema") or {}).get("custom") == SLA_FIELD]

    @property
    def asks_each(self) -> bool:
        """Whether clocks have to be asked for request by request: Jira shows this account no SLA field."""
        return self.stream == "sla" and not self._clocks

    def wanted(self, *, titles: bool) -> list[str]:
        """The Jira fields to ask for."""
        if self.stream == "sla":
            return [*SLA_ALWAYS, *(one["id"] for one in self._clocks)]
        located = {field for name, field in self._located.items() if titles or name != "title"}
        return sorted(located | set(ALWAYS))

    def records(self, issue: Json, beside: Sequence[Json]) -> Iterator[Record]:
        """One record per issue, or per SLA cycle of it.

        Args:
            issue: as Jira shows it, with the `wanted` fields.
            beside: its changelog entries; for SLA cycles the clocks that were asked for one by one.
        """
        fields = issue.get("fields")
        changed = reading.moment(fields.get("updated")) if isinstance(fields, dict) else None
        if changed is None:
            raise SourceUnavailable(
                say("{issue} has no readable update time", issue=issue.get("key")), where="fields.updated"
            )
        if self.stream == "sla":
            yield from self._cycles(issue, changed, beside)
        else:
            yield self._record(issue, str(issue["id"]), changed, self._task(issue["fields"], changes(beside)))

    def _record(self, issue: Json, identity: str, changed: datetime, data: Mapping[str, Json]) -> Record:
        key = str(issue["key"])
        return Record(identity, key, f"{self.site.url}/browse/{key}", changed, data)

    def _task(self, fields: Json, past: list[Change]) -> dict[str, Json]:
        moves = [change for change in past if change.field == "status"]
        cancelled = bool(reading.word(fields.get("resolution"), self._cancelled))
        status = str((fields.get("status") or {}).get("id"))
        state = self._workflow.state(status, cancelled=cancelled, stream=self.stream)
        resolved = reading.instant(fields.get("resolutiondate"), {})
        told = self._workflow.told(moves, settled=state in {"closed", "cancelled"}, resolved=resolved)
        told["history"] = [change.entry() for change in past]
        told["state"] = state
        told |= self._read(fields) | self._linked(fields.get("issuelinks") or ())
        return {name: told.get(name) for name in KEPT[self.stream]} | self._special(past, moves, told)

    def _read(self, fields: Json) -> dict[str, Json]:
        return {name: read(fields.get(field), words) for name, field, read, words in self._readers}

    def _special(self, past: list[Change], moves: list[Change], told: Mapping[str, Json]) -> dict[str, Json]:
        if self.stream == "change":
            work = self._workflow.work(moves)
            return {name: value if told.get(name) is None else told[name] for name, value in work.items()}
        if self.stream == "incident":
            handed = sum(change.field == "assignee" and change.before is not None for change in past)
            return {"waiting_seconds": self._workflow.waited(moves), "reassignment_count": handed}
        return {}

    def _linked(self, links: Sequence[Json]) -> dict[str, Json]:
        ends = [(wording, other, self._kind(other)) for link in links for wording, other in _ends(link)]
        found: dict[str, Json] = {"links": [other["key"] for _wording, other, _kind in ends]}
        found["incidents"] = [other["key"] for _wording, other, kind in ends if kind == "incident"]
        for wording, other, kind in ends:
            if kind == "problem":
                found.setdefault("problem", str(other["id"]))
            if kind == "change" and wording in CAUSED_BY:
                found.setdefault("caused_by", str(other["id"]))
            if kind == "change" and wording in MENDED_BY:
                found.setdefault("change", str(other["id"]))
        return found

    def _kind(self, issue: Json) -> str | None:
        kind: str | None = reading.word((issue.get("fields") or {}).get("issuetype"), self._kinds)
        return kind

    def _cycles(self, issue: Json, changed: datetime, asked: Sequence[Json]) -> Iterator[Record]:
        shown = [(one["id"], one["name"], issue["fields"].get(one["id"]) or {}) for one in self._clocks]
        for clock, name, value in shown or [(_identity(one), str(one.get("name", "")), one) for one in asked]:
            ongoing = value.get("ongoingCycle")
            for index, cycle in enumerate([*value.get("completedCycles", ()), *([ongoing] if ongoing else [])]):
                data = self._cycle(issue, name, cycle, running=cycle is ongoing)
                yield self._record(issue, f"{issue['id']}:{clock}:{index}", changed, data)

    def _cycle(self, issue: Json, name: str, cycle: Json, *, running: bool) -> dict[str, Json]:
        breached = cycle.get("breached")
        elapsed = (cycle.get("elapsedTime") or {}).get("millis")
        return {
            "task": str(issue["id"]),
            "task_ref": issue["key"],
            "task_kind": self._kind(issue),
            "definition": name,
            "target": {**TARGETS, **self._values.get("target", {})}.get(name.casefold(), "other"),
            "stage": ("paused" if cycle.get("paused") else "in-progress") if running else "completed",
            # a running clock may pass its goal without the issue changing: only what cannot change again is kept
            "breached": breached if breached or not running else None,
            "priority": reading.rank(issue["fields"].get("priority"), self._values.get("priority", {})),
            "started_at": reading.instant(cycle.get("startTime"), {}),
            "ended_at": reading.instant(cycle.get("stopTime"), {}),
            "due_at": None if cycle.get("paused") else reading.instant(cycle.get("breachTime"), {}),
            "business_elapsed_seconds": elapsed / 1000 if isinstance(elapsed, int) and not running else None,
        }


_TOLD = ("state", "resolved_at", "closed_at", "links", "history")
KEPT: Mapping[str, tuple[str, ...]] = {
    "incident": (
        *RULES["incident"], *_TOLD, "acknowledged_at", "reopen_count", "problem", "change", "caused_by"
    ),
    "request": (*RULES["request"], *_TOLD, "acknowledged_at", "reopen_count"),
    "problem": (*RULES["problem"], *_TOLD, "reopen_count", "incidents"),
    "change": (*RULES["change"], *_TOLD),
}  # fmt: skip


def _identity(clock: Json) -> str:
    """The id of a clock that was asked for by itself; older answers have it in the address only."""
    identity = str(clock.get("id") or str((clock.get("_links") or {}).get("self", "")).rpartition("/")[2])
    if not identity:
        raise SourceUnavailable(say("an SLA clock of Jira has neither id nor address"), where="servicedeskapi")
    return identity


def _ends(link: Json) -> Iterator[tuple[str, Json]]:
    """How this issue stands to the other one, in the link type's words, and the other one."""
    for side in ("inward", "outward"):
        if other := link.get(f"{side}Issue"):
            yield str((link.get("type") or {}).get(side, "")).casefold(), other


def _folded(words: Mapping[str, Json]) -> dict[str, Json]:
    return {str(word).casefold(): value for word, value in words.items()}


def _workflow(statuses: Sequence[Json], states: Mapping[str, str], waiting: Sequence[str] | None) -> Workflow:
    """Statuses may be configured by name or by id; inside only ids count."""
    names = {str(one["id"]): {str(one["id"]), str(one.get("name", "")).casefold()} for one in statuses}
    pauses = {word.casefold() for word in waiting or ()}
    return Workflow(
        {str(one["id"]): str((one.get("statusCategory") or {}).get("key")) for one in statuses},
        {identity: states[word] for identity, words in names.items() for word in words if word in states},
        None if waiting is None else frozenset(identity for identity, words in names.items() if words & pauses),
    )
