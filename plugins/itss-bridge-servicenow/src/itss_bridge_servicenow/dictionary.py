"""Whether the tables and columns that we mean exist: an instance passes over what it does not know, without a word."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from itss_bridge.errors import AccessDenied, UsageError
from itss_bridge.messages import say
from itss_bridge_servicenow.table_api import BY_ID, TableApi

_PAGE = 10_000
_LEVELS = tuple("super_class." * level + "name" for level in range(4))
_EXTENDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("incident", "problem", "change_request", "sc_req_item"), ("task",)),
    "rm_release": ("planned_task", "task"),
    "cmdb_ci": ("cmdb",),
}
"""What the tables we know extend: sys_dictionary describes a column at the table that brought it in."""

_KNOWN = frozenset({
    "task_sla", "kb_knowledge", "asmt_assessment_instance", "asmt_metric_result", "cmdb_rel_ci", "sys_audit",
    "metric_instance", "cmdb_ci_outage",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Need:
    """A column that a stream cannot do without; *named* when it stands in the configuration."""

    stream: str
    table: str
    column: str
    named: bool


def unreadable(api: TableApi, needs: Iterable[Need]) -> dict[str, str]:
    """Stream → why it cannot be read; one request for all tables, one more when there are tables of your own.

    An account that may not read sys_dictionary gets no verdict on what every instance has, since each row that comes
    is checked as well; for tables and columns of your own it is the reason.

    Raises:
        UsageError: a table or column that the configuration names does not exist.
    """
    wanted = [need for need in needs if not need.column.startswith("sys_")]
    if not wanted:
        return {}
    try:
        lineages = _lineages(api, {need.table for need in wanted})
        described = _described(api, wanted, lineages)
    except AccessDenied as error:
        described, lineages, cause = None, {}, error.what
    else:
        cause = say("access rules hide rows of it")
    return dict(_judged(wanted, lineages, described, cause))


def _judged(
    needs: Iterable[Need], lineages: Mapping[str, tuple[str, ...]], described: set[tuple[str, str]] | None, cause: str
) -> Iterator[tuple[str, str]]:
    for need in needs:
        column = need.column.partition(".")[0]
        if described is None:
            if need.named:
                name = f"{need.table}.{need.column}"
                yield (
                    need.stream,
                    say("sys_dictionary cannot tell whether {name} exists: {cause}", name=name, cause=cause),
                )
        elif not any((table, column) in described for table in lineages[need.table]):
            if need.named:
                raise UsageError(
                    say("the instance has no column {column} in {table}", column=need.column, table=need.table),
                    where=f"streams.{need.stream}",
                    cause=say("it would pass over the column without a word"),
                    fix=say("correct it; the columns of {table} stand in sys_dictionary", table=need.table),
                )
            yield (
                need.stream,
                say("the instance has no column {column} in {table}", column=need.column, table=need.table),
            )


def _described(
    api: TableApi, needs: Iterable[Need], lineages: Mapping[str, tuple[str, ...]]
) -> set[tuple[str, str]] | None:
    """The (table, column)s that exist of those needed; None when access rules hide rows."""
    tables = sorted({table for lineage in lineages.values() for table in lineage})
    columns = sorted({need.column.partition(".")[0] for need in needs})
    query = f"nameIN{','.join(tables)}^elementIN{','.join(columns)}^{BY_ID}"
    pages = list(api.walk("sys_dictionary", query, ("sys_id", "name", "element"), _PAGE))
    found = {(row.get("name", ""), row.get("element", "")) for rows, _ in pages for row in rows}
    return None if any(hidden for _, hidden in pages) else found


def _lineages(api: TableApi, tables: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Each table with those it extends; a table of your own is looked up, and must be there."""
    known = {table: (table, *_EXTENDS.get(table, ())) for table in tables}
    own = sorted(known.keys() - _EXTENDS.keys() - _KNOWN)
    if own:
        query = f"nameIN{','.join(own)}^{BY_ID}"
        for rows, _ in api.walk("sys_db_object", query, ("sys_id", *_LEVELS), _PAGE):
            known |= {row["name"]: tuple(row[level] for level in _LEVELS if row.get(level)) for row in rows}
    return known
