"""Which request asks for what, and where in an answer the rows are: the little that faults must know of three APIs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag, auto
from typing import Any

from itss_bridge_playground.messages import Answer, Request

Row = dict[str, Any]
Path = tuple[str, ...]


class Part(Flag):
    """What a request is for."""

    WHO = auto()
    """Who am I, and what may I read."""
    COUNT = auto()
    """How many records there are."""
    LIST = auto()
    """One page of a list of records, whole or by id."""
    RECORDS = auto()
    """Records with their fields."""
    HISTORY = auto()
    INDEX = auto()
    """A search whose index may lag."""
    REST = auto()

    DATA = LIST | RECORDS
    EVERY = WHO | COUNT | LIST | RECORDS | HISTORY | INDEX | REST


@dataclass(frozen=True, slots=True)
class Dialect:
    """One tool's words. *rows* is where an answer keeps its records; paths lead to a cell within a row."""

    name: str
    parts: Mapping[str, Part]
    rows: str
    key: str
    ref: str
    updated: Path
    state: Path
    extra: Path
    """A field that the bridge reads and can do without."""
    strange_state: Any
    translated_state: Any

    def part(self, request: Request) -> Part:
        """What *request* is for, by its path."""
        known = [part for path, part in self.parts.items() if path in request.path]
        return known[0] if known else Part.REST


SERVICENOW = Dialect(
    name="servicenow",
    parts={
        "/table/sys_user": Part.WHO,
        "/table/sys_dictionary": Part.WHO,
        "/stats/": Part.COUNT,
        "/table/": Part.DATA,
    },
    rows="result",
    key="sys_id",
    ref="number",
    updated=("sys_updated_on",),
    state=("state",),
    extra=("priority",),
    strange_state="42",
    translated_state="已关闭",
)
JIRA = Dialect(
    name="jira",
    parts={
        "/myself": Part.WHO,
        "/jql/parse": Part.WHO,
        "/search/approximate-count": Part.COUNT,
        "/search/jql": Part.LIST,
        "/issue/bulkfetch": Part.RECORDS,
        "/changelog/bulkfetch": Part.HISTORY,
    },
    rows="issues",
    key="id",
    ref="key",
    updated=("fields", "updated"),
    state=("fields", "status"),
    extra=("fields", "priority"),
    strange_state={"id": "10999", "name": "等待备件", "statusCategory": {"id": 99, "key": "parts", "name": "备件"}},
    translated_state={"id": "10006", "name": "Geschlossen", "statusCategory": {"id": 3, "key": "done"}},
)
CONFLUENCE = Dialect(
    name="confluence",
    parts={
        "/user/current": Part.WHO,
        "/v2/spaces": Part.WHO,
        "/content/search": Part.INDEX,
        "/labels": Part.REST,
        "/v2/pages": Part.DATA,
    },
    rows="results",
    key="id",
    ref="title",
    updated=("version", "createdAt"),
    state=("status",),
    extra=("parentId",),
    strange_state="in-review",
    translated_state="aktuell",
)


def dialect(request: Request) -> Dialect:
    """The tool that a request is meant for."""
    if request.path.startswith("/api/now"):
        return SERVICENOW
    return CONFLUENCE if request.path.startswith("/wiki") else JIRA


def rows_of(request: Request, answer: Answer) -> list[Row]:
    """The records in an answer, to be read or changed in place; none where there are none."""
    found = answer.body.get(dialect(request).rows) if isinstance(answer.body, dict) else None
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def set_rows(request: Request, answer: Answer, rows: list[Row]) -> None:
    """Put other records into an answer that has a list of them."""
    if isinstance(answer.body, dict) and isinstance(answer.body.get(dialect(request).rows), list):
        answer.body[dialect(request).rows] = rows


def holder(row: Row, path: Path) -> Row | None:
    """The object in *row* that has the last step of *path*, or None."""
    for step in path[:-1]:
        inner = row.get(step)
        if not isinstance(inner, dict):
            return None
        row = inner
    return row if path[-1] in row else None
