"""The best loop over pages that the client libraries offer: pysnow by offset, atlassian-python-api by page token."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.asking import COLUMNS, FIELDS, ISSUES_A_PAGE, JQL, ROWS_A_PAGE, SECRET, USER
from bench.peers.store import keep_incidents, keep_issues


def incidents(origin: str) -> Iterator[list[dict[str, str]]]:
    """Until an empty page comes."""
    import pysnow

    host = origin.removeprefix("http://")
    client = pysnow.Client(host=host, user=USER, password=SECRET, use_ssl=False)
    table = client.resource(api_path="/table/incident")
    table.parameters.exclude_reference_link = True
    offset = 0
    while rows := table.get(query="ORDERBYsys_id", fields=list(COLUMNS), limit=ROWS_A_PAGE, offset=offset).all():
        yield rows
        offset += ROWS_A_PAGE


def issues(origin: str) -> Iterator[list[tuple[dict[str, Any], Any]]]:
    """Until the last page says so; the changelog comes with the issue."""
    from atlassian.jira import JiraCloud

    jira = JiraCloud(origin, username=USER, password=SECRET)
    token = None
    while True:
        answer = jira.enhanced_jql(JQL, list(FIELDS), nextPageToken=token, limit=ISSUES_A_PAGE, expand="changelog")
        yield [(one, one["changelog"]["histories"]) for one in answer["issues"]]
        if answer["isLast"]:
            return
        token = answer["nextPageToken"]


if __name__ == "__main__":
    shape, origin, folder = sys.argv[1:]
    if shape == "servicenow":
        keep_incidents(Path(folder), incidents(origin))
    else:
        keep_issues(Path(folder), issues(origin))
