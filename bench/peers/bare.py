"""A bare client: threads, requests, json, SQLite. No typing, no digests, no resuming, no proof."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from bench.asking import (
    COLUMNS,
    FIELDS,
    HISTORY,
    IDS_A_PAGE,
    IN_FLIGHT,
    ISSUES_A_LOG,
    ISSUES_A_PAGE,
    JQL,
    ROWS_A_PAGE,
    SECRET,
    USER,
)
from bench.peers.store import keep_incidents, keep_issues


def session() -> requests.Session:
    """One session with as many connections as requests are in flight."""
    made = requests.Session()
    made.mount("http://", HTTPAdapter(pool_maxsize=IN_FLIGHT))
    made.auth = (USER, SECRET)
    return made


def incidents(origin: str) -> Iterator[list[dict[str, str]]]:
    """Pages by offset, eight at a time."""
    http = session()
    params: dict[str, str | int] = {
        "sysparm_query": "ORDERBYsys_id",
        "sysparm_fields": ",".join(COLUMNS),
        "sysparm_limit": ROWS_A_PAGE,
        "sysparm_exclude_reference_link": "true",
        "sysparm_suppress_pagination_header": "true",
    }

    def page(offset: int) -> requests.Response:
        answer = http.get(f"{origin}/api/now/table/incident", params=params | {"sysparm_offset": offset}, timeout=60)
        answer.raise_for_status()
        return answer

    def rows(offset: int) -> list[dict[str, str]]:
        return list(page(offset).json()["result"])

    first = page(0)
    yield first.json()["result"]
    total = int(first.headers["X-Total-Count"])
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        todo = [pool.submit(rows, offset) for offset in range(ROWS_A_PAGE, total, ROWS_A_PAGE)]
        yield from (done.result() for done in as_completed(todo))


def issues(origin: str) -> Iterator[list[tuple[dict[str, Any], Any]]]:
    """Ids page after page, then issues a hundred and changelogs four hundred a request, eight at a time."""
    http = session()

    def post(path: str, body: dict[str, Any]) -> Any:
        answer = http.post(f"{origin}/rest/api/3/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def ids() -> Iterator[str]:
        body = {"jql": JQL, "fields": ["id"], "maxResults": IDS_A_PAGE}
        while True:
            answer = post("search/jql", body)
            yield from (one["id"] for one in answer["issues"])
            if answer["isLast"]:
                return
            body["nextPageToken"] = answer["nextPageToken"]

    def bulk(keys: list[str]) -> list[tuple[dict[str, Any], Any]]:
        found = []
        for at in range(0, len(keys), ISSUES_A_PAGE):
            some = {"issueIdsOrKeys": keys[at : at + ISSUES_A_PAGE], "fields": FIELDS}
            found += post("issue/bulkfetch", some)["issues"]
        query = {"issueIdsOrKeys": keys, "fieldIds": HISTORY, "maxResults": 10_000}
        logs = {log["issueId"]: log["changeHistories"] for log in post("changelog/bulkfetch", query)["issueChangeLogs"]}
        return [(one, logs.get(one["id"], [])) for one in found]

    keys = list(ids())
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        todo = [pool.submit(bulk, keys[at : at + ISSUES_A_LOG]) for at in range(0, len(keys), ISSUES_A_LOG)]
        yield from (done.result() for done in as_completed(todo))


if __name__ == "__main__":
    shape, origin, folder = sys.argv[1:]
    if shape == "servicenow":
        keep_incidents(Path(folder), incidents(origin))
    else:
        keep_issues(Path(folder), issues(origin))
