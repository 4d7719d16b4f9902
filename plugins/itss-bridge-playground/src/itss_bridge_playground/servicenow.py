"""A stand-in ServiceNow instance: Table API and Aggregate API over the recorded incidents and what they refer to.

What an integration account may do: GET answers, one table takes rows, everything else is refused the way access rules
refuse.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from threading import Lock
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from itss_bridge_playground.clock import Clock
from itss_bridge_playground.encoded_query import Column, Row, Table
from itss_bridge_playground.itsm_tables import ACCOUNT, ACCOUNT_ID, TIME_ZONE, Instance, Tables, build, role
from itss_bridge_playground.oauth import SERVICENOW_LIFE, TokenDesk, servicenow_token
from itss_bridge_playground.quality_tickets import TABLE as IMPROVEMENTS
from itss_bridge_playground.quality_tickets import ImprovementTable
from itss_bridge_playground.server import Answer, Request
from itss_bridge_playground.surroundings import display_name
from itss_bridge_playground.uci import IncidentLog

PASSWORD = "playground"  # noqa: S105 - the playground's own, documented
STREAMS = {
    "incident": "incident",
    "sla": "task_sla",
    "problem": "problem",
    "change": "change_request",
    "configuration_item": "cmdb_ci",
}
"""The canonical stream behind each table that is read unless something else is asked for: what `truth()` tells."""

FURTHER_STREAMS = {
    "request": "sc_req_item",
    "release": "rm_release",
    "document": "kb_knowledge",
    "survey": "asmt_assessment_instance",
    "outage": "cmdb_ci_outage",
}
"""The same for tables that are read when asked for; see `truth_of`."""

_CREDENTIALS = {
    "Basic " + b64encode(f"{ACCOUNT}:{PASSWORD}".encode()).decode(),
    f"Bearer {PASSWORD}",
}
_PATH = re.compile(r"/api/now(?:/v[12])?/(?P<api>table|stats)/(?P<table>\w+)(?:/(?P<sys_id>[^/]+))?/?")
_SLOW_ROWS = 500
_DENIED = {
    "dictionary-denied": ("sys_dictionary", "sys_db_object"),
    "history-denied": ("sys_audit", "metric_instance"),
    "roles-denied": ("sys_user_has_role",),
}
_DEFAULT_LIMIT = 10_000


class ServiceNow:
    """The instance; `quirks` are its own ways to go wrong, off until switched on.

    `hidden-rows`: access rules take about one row in sixteen out of a page after it was cut and counted.
    `filter-ignored`: conditions are dropped, as the vendor does with a query that names an unknown column.
    `slow-pages`: a page of more than 500 rows is cancelled half way, with rows, an error and status 200.
    `error-beside-result`: every list comes with an error beside its rows.
    `dictionary-denied`, `history-denied`: the account may not read sys_dictionary and sys_db_object, or sys_audit and
    metric_instance.
    `roles-denied`: nor sys_user_has_role.
    `read-only`: the account has the role that refuses every write, and every write is refused.
    """

    name = "servicenow"

    def __init__(self, clock: Clock, log: IncidentLog, seed: int = 7) -> None:
        self.clock = clock
        self.desk = TokenDesk(clock, SERVICENOW_LIFE)
        own = ("hidden-rows", "filter-ignored", "slow-pages", "error-beside-result", "read-only")
        self.quirks = dict.fromkeys((*own, *_DENIED), False)
        self._instance = Instance(log, seed)
        self.improvements = ImprovementTable(clock)
        self._lock = Lock()
        self._moment = clock.now
        self._tables = self._instance.tables(self._moment)

    def tables(self) -> Tables:
        """All tables now; made once per moment."""
        with self._lock:
            if self._moment != self.clock.now:
                self._moment = self.clock.now
                self._tables = self._instance.tables(self._moment)
            return self._tables

    def truth(self) -> dict[str, dict[str, datetime]]:
        """For every stream: sys_id → when it was last updated, access rules aside."""
        tables = self.tables()
        return {stream: dict(_updates(tables[name])) for stream, name in STREAMS.items()}

    def truth_of(self, table: str) -> dict[str, datetime]:
        """The same for any one table."""
        return dict(_updates(self.tables()[table]))

    def answer(self, request: Request, origin: str) -> Answer:
        """The vendor's answer to one request."""
        if request.path == "/oauth_token.do":
            return servicenow_token(self.desk, request)
        authorization = request.headers.get("authorization", "")
        if authorization not in _CREDENTIALS and not self.desk.admits(authorization):
            answer = _refusal(401, "User Not Authenticated", "Required to provide Auth information")
            answer.headers["WWW-Authenticate"] = 'BASIC realm="Service-now"'
            return answer
        path = _PATH.fullmatch(request.path)
        if request.method != "GET":
            return self._write(path, request, origin)
        if path is None:
            return _refusal(400, f"Requested URI does not represent any resource: {request.path}", None)
        return self._read(path["table"], path, request, origin)

    def _write(self, path: re.Match[str] | None, request: Request, origin: str) -> Answer:
        """Rows of one table may be made and changed; everywhere else access rules refuse it."""
        way = (request.method, bool(path and path["sys_id"]))
        if (
            self.quirks["read-only"]
            or path is None
            or path["table"] != IMPROVEMENTS
            or way not in {("POST", False), ("PATCH", True)}
        ):
            return _refusal(403, "Operation Failed", "ACL Exception: write denied due to security constraints")
        row = self.improvements.written(path["sys_id"], request)
        if row is None:
            return _refusal(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
        answer = _one(self.improvements.table, row["sys_id"], request, origin)
        answer.status = 201 if request.method == "POST" else 200
        return answer

    def _read(self, name: str, path: re.Match[str], request: Request, origin: str) -> Answer:
        table = self._table(name)
        if table is None:
            return _refusal(404, f"Invalid table {name}", None)
        if any(self.quirks[quirk] for quirk, denied in _DENIED.items() if name in denied):
            return _refusal(403, "User Not Authorized", "Failed API level ACL Validation")
        if path["api"] == "stats":
            return self._stats(table, request)
        return _one(table, path["sys_id"], request, origin) if path["sys_id"] else self._list(table, request, origin)

    def _table(self, name: str) -> Table | None:
        if name == "sys_user_has_role":
            return build(name, map(role, ("sn_incident_read", "snc_read_only" if self.quirks["read-only"] else "itil")))
        return self.improvements.table if name == IMPROVEMENTS else self.tables().get(name)

    def _query(self, request: Request) -> str:
        text = request.value("sysparm_query")
        if self.quirks["filter-ignored"]:
            text = "^".join(part for part in text.split("^") if part.startswith("ORDERBY"))
        text = text.replace("javascript:gs.getUserID()", ACCOUNT_ID)
        return text.replace("javascript:gs.getUserName()", ACCOUNT)

    def _list(self, table: Table, request: Request, origin: str) -> Answer:
        rows = table.select(self._query(request))
        limit = _whole(request.value("sysparm_limit"), _DEFAULT_LIMIT)
        offset = _whole(request.value("sysparm_offset"), 0)
        page = rows[offset : offset + limit]
        if self.quirks["hidden-rows"]:
            page = [row for row in page if not table.cell(row, "sys_id").endswith("7")]
        body = {"result": _render(table, page, request, origin)}
        answer = Answer(body=body, headers=_paging(request, origin, len(rows), limit, offset))
        return self._spoilt(answer)

    def _spoilt(self, answer: Answer) -> Answer:
        rows = answer.body["result"]
        if self.quirks["slow-pages"] and len(rows) > _SLOW_ROWS:
            answer.body = {"result": rows[: len(rows) // 2]} | _error(
                "Transaction cancelled: maximum execution time exceeded", "Check logs for error trace"
            )
        elif self.quirks["error-beside-result"]:
            answer.body |= _error("Operation Failed", "An internal error occurred")
        return answer

    def _stats(self, table: Table, request: Request) -> Answer:
        rows = table.select(self._query(request))
        counting = _true(request.value("sysparm_count"))
        columns = [name for name in request.value("sysparm_group_by").split(",") if name in table.columns]
        if not columns:
            return Answer(body={"result": {"stats": {"count": str(len(rows))} if counting else {}}})
        key: Callable[[Row], Any] = itemgetter(*[table.position[name] for name in columns])
        return Answer(body={"result": [
            _group(table, columns, list(members), counting=counting)
            for _, members in groupby(sorted(rows, key=key), key=key)
        ]})  # fmt: skip


def _group(table: Table, columns: Sequence[str], members: list[Row], *, counting: bool) -> dict[str, object]:
    fields = [{"value": table.cell(members[0], name), "field": name} for name in columns]
    return {"stats": {"count": str(len(members))} if counting else {}, "groupby_fields": fields}


def _updates(table: Table) -> Iterator[tuple[str, datetime]]:
    key, at = table.position["sys_id"], table.position["sys_updated_on"]
    return ((row[key], datetime.fromisoformat(row[at]).replace(tzinfo=UTC)) for row in table.rows)


def _error(message: str, detail: str | None) -> dict[str, object]:
    return {"error": {"message": message, "detail": detail}, "status": "failure"}


def _refusal(status: int, message: str, detail: str | None) -> Answer:
    return Answer(status=status, body=_error(message, detail))


def _whole(text: str, default: int) -> int:
    return int(text) if text.isdecimal() else default


def _true(text: str) -> bool:
    return text.lower() == "true"


def _one(table: Table, sys_id: str, request: Request, origin: str) -> Answer:
    rows = table.select(f"sys_id={sys_id}")
    if not rows:
        return _refusal(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
    return Answer(body={"result": _render(table, rows, request, origin)[0]})


def _paging(request: Request, origin: str, total: int, limit: int, offset: int) -> dict[str, str]:
    """X-Total-Count and the Link header, each unless it was asked to be left out."""
    counted = not _true(request.value("sysparm_no_count"))
    headers = {"X-Total-Count": str(total)} if counted else {}
    if limit and not _true(request.value("sysparm_suppress_pagination_header")):
        last = max(0, (total - 1) // limit * limit)
        pages = {"first": 0, "prev": offset - limit, "next": offset + limit, "last": last}
        if offset == 0:
            del pages["prev"]
        if offset + limit >= total:
            del pages["next"]
        headers["Link"] = ",".join(f'<{_link(request, origin, at)}>;rel="{rel}"' for rel, at in pages.items())
    return headers


def _link(request: Request, origin: str, offset: int) -> str:
    parameters = {name: values[-1] for name, values in request.query.items()} | {"sysparm_offset": max(0, offset)}
    return f"{origin}{request.path}?{urlencode(parameters)}"


def _render(table: Table, rows: Sequence[Row], request: Request, origin: str) -> list[dict[str, object]]:
    """Rows as the API writes them: asked-for columns (unknown ones ignored), raw or displayed, references linked."""
    asked = [name for name in request.value("sysparm_fields").split(",") if name in table.columns]
    names = asked or [name for name in table.columns if "." not in name]
    shown = request.value("sysparm_display_value").lower()
    links = not _true(request.value("sysparm_exclude_reference_link"))
    if shown not in ("true", "all") and not (links and any(table.columns[name].reference for name in names)):
        places = [table.position[name] for name in names]
        return [dict(zip(names, [row[place] for place in places], strict=True)) for row in rows]
    columns = [(table.columns[name], table.position[name]) for name in names]
    base = f"{origin}/api/now/table" if links else ""
    return [{column.name: _cell(column, row[place], shown, base) for column, place in columns} for row in rows]


def _cell(column: Column, value: str, shown: str, base: str) -> object:
    """One value: text, or the documented object for a reference (`link`) or for `sysparm_display_value=all`."""
    link = {"link": f"{base}/{column.reference}/{value}"} if base and column.reference and value else {}
    if shown == "all":
        return {"display_value": _display(column, value), "value": value} | link
    if shown == "true":
        return {"display_value": _display(column, value)} | link if link else _display(column, value)
    return {**link, "value": value} if link else value


_CHOICES = {
    "priority": {"1": "1 - Critical", "2": "2 - High", "3": "3 - Moderate", "4": "4 - Low", "5": "5 - Planning"},
    "impact": {"1": "1 - High", "2": "2 - Medium", "3": "3 - Low"},
    "urgency": {"1": "1 - High", "2": "2 - Medium", "3": "3 - Low"},
    "incident_state": {"1": "New", "2": "In Progress", "3": "On Hold", "6": "Resolved", "7": "Closed", "8": "Canceled"},
}


def _display(column: Column, value: str) -> str:
    """What a person with our account sees: labels, names, and times in the account's own zone."""
    if column.reference:
        return display_name(value)
    if column.kind == "glide_date_time" and value:
        utc = datetime.fromisoformat(value).replace(tzinfo=UTC)
        return utc.astimezone(ZoneInfo(TIME_ZONE)).strftime("%Y-%m-%d %H:%M:%S")
    if column.kind == "glide_duration" and value:
        return str(datetime.fromisoformat(value) - datetime(1970, 1, 1))  # noqa: DTZ001
    return _CHOICES.get(column.name, {}).get(value, value)
