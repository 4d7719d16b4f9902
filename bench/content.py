"""What the stand-in tools hold: the playground's incidents and service requests, as many as asked for."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Any

from bench.asking import COLUMNS, FIELDS, HISTORY
from itss_bridge_playground import jira_issues as site
from itss_bridge_playground.itsm_tables import Instance
from itss_bridge_playground.jira_issues import Issue
from itss_bridge_playground.jira_view import View
from itss_bridge_playground.uci import IncidentLog

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_KIND = "服务请求"
_STEP = timedelta(hours=7, seconds=17)
"""How far apart in time the copies of a recorded incident lie, so that hardly two rows carry the same moments."""


def incidents(records: int) -> Iterator[dict[str, str]]:
    """Rows of `incident` by sys_id: the packaged sample of the recording, copied with ids and times of their own."""
    table = Instance(IncidentLog.sample(), seed=7).tables(datetime(2017, 3, 1, tzinfo=UTC))["incident"]
    sample = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    keys = sorted(hashlib.md5(f"incident {n}".encode(), usedforsecurity=False).hexdigest() for n in range(records))
    for n, key in enumerate(keys):
        copy, place = divmod(n, len(sample))
        row = {name: sample[place].get(name, "") for name in COLUMNS}
        moved = {name: _later(row[name], copy) for name in COLUMNS if name.endswith(("_at", "_on"))}
        yield row | moved | {"sys_id": key, "number": f"INC{n:07}"}


def _later(text: str, copies: int) -> str:
    return f"{datetime.fromisoformat(text) + copies * _STEP:%Y-%m-%d %H:%M:%S}" if text else ""


def issues(records: int) -> Iterator[Issue]:
    """Service requests by id, each with a life of its own."""
    made = (issue for seed in count(1) for issue in site.issues(seed) if issue.kind == _KIND)
    return (replace(issue, number=n) for n, issue in enumerate(islice(made, records), 1))


def shown(issue: Issue) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """One issue as the bulk interfaces give it, and its changelog."""
    view = View("https://acme.atlassian.net", NOW, UTC)
    return view.issue(issue, set(FIELDS)), list(view.histories(issue, HISTORY))
