"""Where one person occurs in the evidence, by pseudonym: what an organisation must be able to say when asked."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from itss_bridge.evidence.lake import Lake
from itss_bridge.evidence.query import connect, listed


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One field of one source's stream that names the person, in how many records, and in how many versions of them.

    *refs* are all of those records as people call them, sorted.
    """

    source: str
    stream: str
    field: str
    records: int
    versions: int
    refs: tuple[str, ...]


def occurrences(lake: Lake, pseudonyms: Mapping[str, str]) -> Iterator[Occurrence]:
    """Every field that holds a source's pseudonym for the person, in all versions ever kept, old ones too."""
    with closing(connect(lake.root, lake.bounds)) as database:
        database.execute("CREATE TABLE person (source VARCHAR, pseudonym VARCHAR)")
        for pair in pseudonyms.items():
            database.execute("INSERT INTO person VALUES (?, ?)", pair)
        for stream in lake.streams():
            table = lake.table(stream)
            if not (files := table.files()):
                continue
            rows = f"read_parquet([{listed(files)}], union_by_name = true)"
            there = {row[0] for row in database.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()}  # noqa: S608 - our own names
            for field in sorted(table.rows.people & there):
                found = database.execute(_FOUND.format(field=field, rows=rows)).fetchall()
                yield from (
                    Occurrence(source, stream, field, records, versions, tuple(refs))
                    for source, records, versions, refs in found
                )


_FOUND = """
    SELECT source, count(DISTINCT id), count(*), list_sort(list(DISTINCT ref)) FROM {rows} JOIN person USING (source)
    WHERE "{field}" = pseudonym GROUP BY source ORDER BY source
"""
