"""dlt's rest_api source into DuckDB, as its documentation would have one write it."""

import sys
from typing import Any

import dlt
from dlt.sources.rest_api import rest_api_source

from bench.asking import COLUMNS, FIELDS, ISSUES_A_PAGE, JQL, ROWS_A_PAGE, SECRET, USER

FILE = "peer.duckdb"


def incidents() -> dict[str, Any]:
    """Page after page by the Link header."""
    params = {
        "sysparm_query": "ORDERBYsys_id",
        "sysparm_fields": ",".join(COLUMNS),
        "sysparm_limit": ROWS_A_PAGE,
        "sysparm_exclude_reference_link": "true",
    }
    endpoint = {
        "path": "api/now/table/incident",
        "params": params,
        "data_selector": "result",
        "paginator": {"type": "header_link"},
    }
    return {"name": "incident", "primary_key": "sys_id", "endpoint": endpoint}


def issues() -> dict[str, Any]:
    """Page after page by token; the changelog comes with the issue."""
    params = {"jql": JQL, "fields": ",".join(FIELDS), "expand": "changelog", "maxResults": ISSUES_A_PAGE}
    cursor = {"type": "cursor", "cursor_path": "nextPageToken", "cursor_param": "nextPageToken"}
    endpoint = {"path": "rest/api/3/search/jql", "params": params, "data_selector": "issues", "paginator": cursor}
    return {"name": "issue", "primary_key": "id", "endpoint": endpoint}


if __name__ == "__main__":
    shape, origin, folder = sys.argv[1:]
    client = {"base_url": f"{origin}/", "auth": {"type": "http_basic", "username": USER, "password": SECRET}}
    resource = incidents() if shape == "servicenow" else issues()
    source = rest_api_source({"client": client, "resources": [resource]})
    target = dlt.destinations.duckdb(f"{folder}/{FILE}")
    dlt.pipeline("peer", pipelines_dir=folder, destination=target, dataset_name="kept").run(source)
