"""Rows into SQLite, on disk when the process ends: incidents column by column, issues as JSON text."""

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.asking import COLUMNS

FILE = "peer.sqlite"


def keep_incidents(folder: Path, pages: Iterable[list[dict[str, str]]]) -> None:
    """One transaction, the cheapest there is."""
    with closing(sqlite3.connect(folder / FILE)) as database, database:
        database.execute(f"CREATE TABLE incident ({', '.join(f'{name} TEXT' for name in COLUMNS)})")
        insert = f"INSERT INTO incident VALUES ({', '.join('?' * len(COLUMNS))})"
        for rows in pages:
            database.executemany(insert, [[row[name] for name in COLUMNS] for row in rows])


def keep_issues(folder: Path, pages: Iterable[list[tuple[dict[str, Any], Any]]]) -> None:
    """Likewise; each issue comes with its changelog."""
    with closing(sqlite3.connect(folder / FILE)) as database, database:
        database.execute("CREATE TABLE issue (id TEXT, key TEXT, updated TEXT, fields TEXT, changelog TEXT)")
        for issues in pages:
            rows = [
                (one["id"], one["key"], one["fields"]["updated"], json.dumps(one["fields"]), json.dumps(log))
                for one, log in issues
            ]
            database.executemany("INSERT INTO issue VALUES (?, ?, ?, ?, ?)", rows)
