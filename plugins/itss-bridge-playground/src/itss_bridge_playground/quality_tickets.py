"""Where people of the stand-in tools work on nonconformities: a Jira project and a ServiceNow table that take writes.

Everything else of the playground is read-only; these two take what a publisher sends, and nothing more.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import md5
from typing import Any

from itss_bridge_playground.clock import Clock
from itss_bridge_playground.encoded_query import Column, Table
from itss_bridge_playground.jira_view import View
from itss_bridge_playground.server import Answer, Request
from itss_bridge_playground.uci import stamp

Json = Any
PROJECT, ISSUE_TYPES = "QMS", ("Task", "不符合项")
TABLE = "u_improvement"
FIRST_ID = 90_000
TO_DO, IN_PROGRESS, DONE = "1", "3", "10006"
_ISSUE = re.compile(r"issue/(?P<id>\d+)")
_BY_LABEL = re.compile(
    r"""(?i)^\(?\s*project\s*=\s*"?(?P<project>\w+)"?\s+and\s+labels\s+in\s*\((?P<labels>[^)]*)\)\s*\)?"""
    r"""(?:\s+and\s+created\s*>=\s*\S+(?:\s\S+")?)?(?:\s+order\s+by\s+.*)?$"""
)
_LONGEST_SUMMARY = 255
_FIELDS = {"project", "issuetype", "summary", "description", "labels", "duedate"}


@dataclass(slots=True)
class Task:
    """One issue of the project QMS."""

    number: int
    fields: dict[str, Json]
    created: datetime
    status: str = TO_DO
    edits: list[datetime] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(FIRST_ID + self.number)

    @property
    def key(self) -> str:
        return f"{PROJECT}-{self.number}"


class QualityProject:
    """The Jira project QMS. While *unindexed* is on, search does not show what was made since: its index lags."""

    def __init__(self, clock: Clock, *, documents: bool) -> None:
        """*documents*: descriptions are Atlassian's documents, as version 3 of the interface wants them."""
        self.clock = clock
        self.tasks: list[Task] = []
        self.unindexed = False
        self._documents = documents

    def answer(self, path: str, request: Request, view: View) -> Answer | None:
        """The answer to what concerns this project; None for everything else. *path* is below `/rest/api/N/`."""
        body = _object(request)
        if request.method == "PUT" and (asked := _ISSUE.fullmatch(path)):
            return self._change(asked["id"], body.get("fields") or {})
        if request.method != "POST":
            return None
        match path:
            case "issue":
                return self._create(body.get("fields") or {}, view)
            case "issue/bulkfetch":
                return self._fetch(body, view)
            case "search" | "search/jql":
                return self._search(body, view, paged=path == "search")
        return None

    def work(self, key: str, status: str) -> None:
        """Somebody moves the issue; *status* is a status id of the site."""
        next(task for task in self.tasks if task.key == key).status = status

    def delete(self, key: str) -> None:
        """Somebody deletes it."""
        self.tasks = [task for task in self.tasks if task.key != key]

    def _create(self, fields: Mapping[str, Json], view: View) -> Answer:
        errors = self._errors(fields)
        if (fields.get("project") or {}).get("key") != PROJECT:
            errors["project"] = "valid project is required"
        if (fields.get("issuetype") or {}).get("name") not in ISSUE_TYPES:
            errors["issuetype"] = "Specify a valid issue type"
        if not fields.get("summary"):
            errors["summary"] = "You must specify a summary of the issue."
        if errors:
            return Answer(400, {"errorMessages": [], "errors": errors})
        task = Task(max((t.number for t in self.tasks), default=0) + 1, dict(fields), self.clock.now)
        self.tasks.append(task)
        return Answer(201, {"id": task.id, "key": task.key, "self": view.link("issue", task.id)})

    def _change(self, identity: str, fields: Mapping[str, Json]) -> Answer:
        task = next((task for task in self.tasks if task.id == identity), None)
        if task is None:
            missing = "Issue does not exist or you do not have permission to see it."
            return Answer(404, {"errorMessages": [missing], "errors": {}})
        if errors := self._errors(fields):
            return Answer(400, {"errorMessages": [], "errors": errors})
        task.fields |= fields
        task.edits.append(self.clock.now)
        return Answer(204)

    def _errors(self, fields: Mapping[str, Json]) -> dict[str, str]:
        errors = {
            name: f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
            for name in fields
            if name not in _FIELDS
        }
        if not isinstance(fields.get("description", {} if self._documents else ""), dict if self._documents else str):
            errors["description"] = "Operation value must be " + (
                "an Atlassian Document (see the Atlassian Document Format)" if self._documents else "a string"
            )
        if len(str(fields.get("summary", ""))) > _LONGEST_SUMMARY or "\n" in str(fields.get("summary", "")):
            errors["summary"] = "The summary must be one line of less than 255 characters."
        return errors

    def _search(self, body: Mapping[str, Json], view: View, *, paged: bool) -> Answer | None:
        jql = str(body.get("jql", ""))
        if named := re.fullmatch(r"id in \((?P<ids>[^)]*)\)", jql):
            return self._named([one.strip() for one in named["ids"].split(",")], body, view)
        asked = _BY_LABEL.match(jql)
        if asked is None or asked["project"] != PROJECT:
            return None
        labels = {one.strip().strip("\"'") for one in asked["labels"].split(",")}
        found = [] if self.unindexed else [t for t in self.tasks if labels & set(t.fields.get("labels") or ())]
        return self._shown(found, body, view, paged=paged)

    def _named(self, ids: Sequence[str], body: Mapping[str, Json], view: View) -> Answer | None:
        found = [task for task in self.tasks if task.id in ids]
        asked_here = any(one.isdigit() and int(one) > FIRST_ID for one in ids)
        return self._shown(found, body, view, paged=True) if asked_here else None

    def _shown(self, found: Sequence[Task], body: Mapping[str, Json], view: View, *, paged: bool) -> Answer:
        beans = [self._bean(task, body.get("fields") or ["id"], view) for task in found]
        ends = (
            {"startAt": body.get("startAt", 0), "maxResults": 1000, "total": len(found)} if paged else {"isLast": True}
        )
        return Answer(body={"issues": beans[body.get("startAt", 0) :]} | ends)

    def _fetch(self, body: Mapping[str, Json], view: View) -> Answer | None:
        ids = [str(one) for one in body.get("issueIdsOrKeys") or ()]
        if not any(one.isdigit() and int(one) > FIRST_ID for one in ids):
            return None
        beans = [self._bean(task, body.get("fields") or (), view) for task in self.tasks if task.id in ids]
        return Answer(body={"issues": beans, "issueErrors": []})

    def _bean(self, task: Task, wanted: Sequence[str], view: View) -> dict[str, Json]:
        known = task.fields | {"status": view.status(task.status), "created": view.instant(task.created)}
        shown = {name: known.get(name) for name in wanted if name in known}
        return {"id": task.id, "key": task.key, "self": view.link("issue", task.id), "fields": shown}


def _object(request: Request) -> dict[str, Json]:
    """The body where it is an object; empty otherwise, for whoever else is asked to judge."""
    try:
        body = request.json() if request.body else {}
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


_COLUMNS = """sys_id:GUID number state:integer active:boolean short_description description due_date:glide_date_time
    correlation_id correlation_display sys_created_on:glide_date_time sys_updated_on:glide_date_time"""


class ImprovementTable:
    """The ServiceNow table `u_improvement`, which extends task."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        columns = [Column(*name.partition(":")[::2]) for name in _COLUMNS.split()]
        self._columns = {column.name: Column(column.name, column.kind or "string") for column in columns}
        self._rows: dict[str, dict[str, str]] = {}

    @property
    def table(self) -> Table:
        """The rows as they stand now."""
        rows = [tuple(row.get(name, "") for name in self._columns) for row in self._rows.values()]
        return Table(TABLE, dict(self._columns), rows)

    def written(self, sys_id: str | None, request: Request) -> Mapping[str, str] | None:
        """The row after a POST (no *sys_id*) or a PATCH; None when there is no such row."""
        given = {name: str(value) for name, value in request.json().items() if name in self._columns}
        now = stamp(self.clock.now)
        if sys_id is None:
            number = len(self._rows) + 1
            sys_id = md5(f"{TABLE}{number}".encode(), usedforsecurity=False).hexdigest()
            born = {"sys_id": sys_id, "number": f"IMP{number:07}", "state": "1", "active": "true"}
            self._rows[sys_id] = born | {"sys_created_on": now}
        elif sys_id not in self._rows:
            return None
        self._rows[sys_id] |= given | {"sys_updated_on": now}
        return self._rows[sys_id]

    def work(self, number: str, state: str, *, active: bool) -> None:
        """Somebody moves the row on."""
        row = next(row for row in self._rows.values() if row["number"] == number)
        row |= {"state": state, "active": "true" if active else "false"}
