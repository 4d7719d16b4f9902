"""Table API and Aggregate API through pysnow's client on the guarded session; paging and its proofs are ours.

A `Resource` of pysnow keeps the parameters of its last request, so each request gets one of its own. pysnow's readers
take rows that come with an error for all rows, so the envelope is judged here.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import pysnow
from requests import Response

from itss_bridge.errors import SourceUnavailable
from itss_bridge.messages import say
from itss_bridge.transport import GuardedSession

Rows = list[dict[str, str]]
LEAST_PAGE = 50
MOST_ALIKE = 200
"""So many pages in a row may be alike, which access rules have emptied, say; more have no end."""

BY_ID = str(pysnow.QueryBuilder().field("sys_id").order_ascending())
"""The order that no update changes."""

_TOO_SLOW = "maximum execution time exceeded"
_RAW = {
    "sysparm_display_value": "false",
    "sysparm_exclude_reference_link": "true",
    "sysparm_suppress_pagination_header": "true",
}


class TableApi:
    """Asks one instance; may be used from many threads."""

    def __init__(self, url: str, http: GuardedSession) -> None:
        ours = dict(http.headers)
        host = url.partition("://")[2].rstrip("/")
        self._client = pysnow.Client(host=host, use_ssl=url.startswith("https://"), session=http)
        http.headers.clear()  # pysnow puts its own name and a Content-Type on every request
        http.headers.update(ours)
        self._http = http

    def count(self, table: str, query: str) -> int:
        """How many rows *query* has, access rules aside."""
        resource = self._client.resource(api_path=f"/stats/{table}")
        where = f"{self._client.base_url}{resource.path}"
        answer = self._http.get(where, params={"sysparm_count": "true", "sysparm_query": query})
        try:
            return int(result(answer)["stats"]["count"])
        except (KeyError, TypeError, ValueError):
            raise SourceUnavailable(say("{table}: the Aggregate API gave no count", table=table), where=where) from None

    def page(self, table: str, query: str, columns: Sequence[str], limit: int, offset: int = 0) -> Response:
        """One page as it came, raw values, references as plain sys_ids."""
        resource = self._client.resource(api_path=f"/table/{table}")
        resource.parameters.add_custom(_RAW)
        answer = resource.get(query=query, fields=list(columns), limit=limit, offset=offset)
        response: Response = answer._response  # noqa: SLF001 - pysnow's own readers pass over errors beside rows
        return response

    def walk(self, table: str, query: str, columns: Sequence[str], size: int) -> Iterator[tuple[Rows, int]]:
        """All pages of a query that sorts by something which does not change, each with the number of rows not shown.

        The end is where the server's own count says, never a short page: limits apply before access rules. A page
        that takes the server too long is asked for again at half the size. When the count falls, rows have moved up:
        as many are read again.
        """
        offset, total = 0, None
        before, alike = None, 0
        while total is None or offset < total:
            answer = self._page_in_time(table, query, columns, size, offset)
            if answer is None:
                size = max(LEAST_PAGE, size // 2)
                continue
            rows, counted = answer
            fallen = 0 if total is None else total - counted
            total = counted
            if fallen > 0:
                offset = max(0, offset - fallen)
                continue
            alike = alike + 1 if rows == before else 0
            if alike > MOST_ALIKE:
                raise _circle(table)
            before = rows
            yield rows, max(0, min(size, total - offset) - len(rows))
            offset += size

    def _page_in_time(
        self, table: str, query: str, columns: Sequence[str], size: int, offset: int
    ) -> tuple[Rows, int] | None:
        """Rows and total; None when the server gave up and a smaller page may help."""
        try:
            response = self.page(table, query, columns, size, offset)
            return _rows(response), _total(response, table)
        except SourceUnavailable as error:
            if _TOO_SLOW in error.what.lower() and size > LEAST_PAGE:
                return None
            raise


def _circle(table: str) -> SourceUnavailable:
    return SourceUnavailable(
        say("{table}: {pages} pages in a row are alike", table=table, pages=MOST_ALIKE),
        cause=say("access rules hide all of their rows, or the instance counts rows that it does not have"),
        fix=say("give the account read access to the table's rows; raise page_size if it is small"),
    )


def _rows(response: Response) -> Rows:
    rows = result(response)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceUnavailable(say("the answer is not a list of rows"), where=response.url.partition("?")[0])
    return rows


def _total(response: Response, table: str) -> int:
    total = response.headers.get("X-Total-Count", "")
    if not total.isdecimal():
        raise SourceUnavailable(
            say("{table}: the answer does not say how many rows there are", table=table),
            where=response.url.partition("?")[0],
            cause=say("X-Total-Count is missing: a proxy removes it, or the instance does not count"),
            fix=say("let the header through; without it nobody can tell a short page from the last one"),
        )
    return int(total)


def result(response: Response) -> Any:
    """What stands under `result` of an answer; an error beside it makes it worthless, whatever the status."""
    body, where = response.json(), response.url.partition("?")[0]
    error = body.get("error") if isinstance(body, dict) else None
    if error:
        said = error.get("message", error) if isinstance(error, dict) else error
        raise SourceUnavailable(
            say("the instance reports an error beside its rows: {said}", said=said),
            where=where,
            cause=say("the rows are not all there"),
            fix=say("try again; lower page_size if it lasts"),
        )
    if not isinstance(body, dict) or "result" not in body:
        raise SourceUnavailable(
            say("the answer has no result"), where=where, cause=say("this is not ServiceNow's interface")
        )
    return body["result"]
