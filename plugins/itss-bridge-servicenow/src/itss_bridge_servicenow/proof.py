"""The proof that the rows that came are the rows that were asked for.

A ServiceNow instance drops parts of a query that it does not understand, without a word: a filter on an unreadable
column then gives the whole table, a sort that is dropped makes paging lose rows.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from itss_bridge.errors import AccessDenied, SourceUnavailable
from itss_bridge.messages import say
from itss_bridge.model import Json
from itss_bridge_servicenow.mapping import moment, text
from itss_bridge_servicenow.records import column


class Proof:
    """What every row of one piece must satisfy, page after page."""

    def __init__(self, table: str, where: Mapping[str, Json], columns: frozenset[str]) -> None:
        """*where* is the piece, *columns* those without which a row tells nothing, or that narrow the table."""
        since = where.get("since")
        self._since = datetime.fromisoformat(since).strftime("%Y-%m-%d %H:%M:%S") if since else ""
        self._from, self._below = where.get("from", ""), where.get("below", "")
        self._columns = columns
        self._table = table
        self._first = ""

    def check(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Raises SourceUnavailable unless these rows were asked for and in order, AccessDenied when columns lack."""
        keys, moments = column(rows, "sys_id", text), column(rows, "sys_updated_on", moment)
        if None in keys or None in moments:
            raise self._wrong(say("rows lack sys_id or sys_updated_on"), say("the account may not read these columns"))
        folded = [str(key).casefold() for key in keys]
        if rows and not self._contains(min(folded), max(folded), min(row["sys_updated_on"] for row in rows)):
            raise self._wrong(say("rows come that were not asked for"), say("the instance ignored a part of the query"))
        if rows and (unknown := self._columns - rows[0].keys()):
            raise AccessDenied(
                say("{table}: there is no column {names}", table=self._table, names=", ".join(sorted(unknown))),
                cause=say("it does not exist, or this account may not read it; the instance passes over both"),
                fix=say("give the account read access to it, or correct the streams of the source"),
            )
        self._check_order(folded)

    def _contains(self, first: str, last: str, oldest: str) -> bool:
        in_range = self._from <= first and (not self._below or last < self._below)
        return in_range and oldest >= self._since

    def _check_order(self, keys: list[str]) -> None:
        # only keys of letters and digits: whatever else there is, databases sort in their own ways
        plain = [key for key in keys if key.isalnum()]
        if plain != sorted(plain) or (keys and keys[0] == self._first):
            raise self._wrong(
                say("rows come out of order or twice"), say("the instance ignored ORDERBY or sysparm_offset")
            )
        self._first = keys[0] if keys else self._first

    def _wrong(self, what: str, cause: str) -> SourceUnavailable:
        fix = say("give the account read access to all columns of the table; check the query of the source's streams")
        return SourceUnavailable(say("{table}: {what}", table=self._table, what=what), cause=cause, fix=fix)
