"""Nonconformities as ServiceNow rows: known by `correlation_id`, the field made for other systems' keys."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pysnow import QueryBuilder

from itss_bridge.contracts import Draft, TicketPublisher
from itss_bridge.model import Ticket
from itss_bridge.transport import GuardedSession
from itss_bridge_servicenow.table_api import BY_ID, TableApi, result

_COLUMNS = ("sys_id", "number", "state", "active", "correlation_id")
_AT_ONCE = 100


class ServiceNowTickets(TicketPublisher):
    """One row per nonconformity in a table that extends `task`; the account needs the right to write there alone."""

    name = "servicenow"
    config_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "table": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "description": "A table that extends task."},
            "due_column": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "default": "due_date"},
        },
        "required": ["table"],
        "additionalProperties": False,
    }
    writes: ClassVar[Sequence[tuple[str, str]]] = (
        ("POST", "/api/now/table/[a-z0-9_]+"),
        ("PATCH", "/api/now/table/[a-z0-9_]+/[0-9a-f]{32}"),
    )

    def __init__(self, config: Mapping[str, Any], http: GuardedSession) -> None:
        super().__init__(config, http)
        self._url = str(config["url"]).rstrip("/")
        self._table: str = config["table"]
        self._api = TableApi(self._url, http)

    def found(self, keys: Sequence[str]) -> Mapping[str, Ticket]:
        """By key; of two with the same key the one with the lower sys_id is taken."""
        found: dict[str, Ticket] = {}
        for row in self._rows("correlation_id", keys):
            found.setdefault(row["correlation_id"], self._ticket(row))
        return found

    def seen(self, ids: Sequence[str]) -> Mapping[str, Ticket]:
        """The rows as they stand now."""
        return {row["sys_id"]: self._ticket(row) for row in self._rows("sys_id", ids)}

    def create(self, draft: Draft) -> Ticket:
        """A new row."""
        row = self._fields(draft) | {"correlation_id": draft.key, "correlation_display": "itss-bridge"}
        return self._written("POST", "", row)

    def change(self, ticket: Ticket, draft: Draft) -> Ticket:
        """New texts and date; state, assignment and notes stay."""
        return self._written("PATCH", f"/{ticket.id}", self._fields(draft))

    def _rows(self, column: str, values: Sequence[str]) -> list[Mapping[str, str]]:
        rows: list[Mapping[str, str]] = []
        for start in range(0, len(values), _AT_ONCE):
            some = values[start : start + _AT_ONCE]
            query = f"{QueryBuilder().field(column).equals(list(some))}^{BY_ID}"
            asked = set(some)
            # an instance ignores a condition it does not understand: what was not asked for is not ours
            for page, _ in self._api.walk(self._table, query, _COLUMNS, _AT_ONCE):
                rows += [row for row in page if row.get(column) in asked]
        return rows

    def _written(self, method: str, path: str, row: Mapping[str, str]) -> Ticket:
        address = f"{self._url}/api/now/table/{self._table}{path}"
        answer = self.http.request(
            method,
            address,
            params={"sysparm_fields": ",".join(_COLUMNS), "sysparm_exclude_reference_link": "true"},
            json=dict(row),
        )
        return self._ticket(result(answer))

    def _fields(self, draft: Draft) -> dict[str, str]:
        due = {self.config.get("due_column", "due_date"): f"{draft.due} 23:59:59"} if draft.due else {}
        return {"short_description": draft.title[:160], "description": draft.body, **due}

    def _ticket(self, row: Mapping[str, str]) -> Ticket:
        url = f"{self._url}/nav_to.do?uri={self._table}.do?sys_id={row['sys_id']}"
        done = str(row.get("active", "")).lower() == "false"
        return Ticket("", row["sys_id"], row.get("number") or row["sys_id"], url, str(row.get("state") or ""), done)
