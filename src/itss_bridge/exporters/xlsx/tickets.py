"""The evidence sheet: each check with its number, and under it the items that were not met, with their links."""

from itss_bridge.exporters.reading import Entry, Reading, measured_value, unit_of
from itss_bridge.exporters.xlsx.findings import verdict_cell
from itss_bridge.exporters.xlsx.matrix import Places
from itss_bridge.exporters.xlsx.sheet import Book, Cell
from itss_bridge.exporters.xlsx.table import Column, Table
from itss_bridge.model import Item, Verdict
from itss_bridge.wording import LEVEL, as_reason, needed
from itss_bridge.wording.workbook import BOOK

_COLUMNS = (
    Column("check", 24),
    Column("title", 30),
    Column("requirement", 22),
    Column("verdict", 11, colours="verdict"),
    Column("item", 34),
    Column("value", 12),
    Column("at", 17),
    Column("measured", 14),
    Column("needed", 22),
    Column("n", 10),
    Column("numerator", 10),
    Column("denominator", 10),
    Column("window", 26),
    Column("reason", 28),
    Column("source", 16),
    Column("confidence", 26),
)


def evidence_rows(reading: Reading) -> dict[str, int]:
    """The row of each check on the evidence sheet, known before anything is written."""
    places: dict[str, int] = {}
    row = 1
    for key, entry in reading.entries.items():
        places[key] = row
        row += 1 + len(_items(entry))
    return places


def evidence(book: Book, reading: Reading, places: Places) -> bool:
    """One row per check, then one per failing item, grouped so that items fold away; whether all links found room."""
    table = Table(book, "evidence", _COLUMNS)
    table.sheet.raw.outline_settings(visible=True, symbols_below=False, symbols_right=False)
    for key, entry in reading.entries.items():
        assert table.next == places[key], "what leads here was told this row"
        _check(table, book, reading, entry)
        lead = Cell(key, "faint"), Cell(entry.result.check.title[book.language], "faint"), Cell("", "text")
        verdict = verdict_cell(Verdict.NOT_MET, book)
        for item in _items(entry):
            table.add([*lead, verdict, *_item(reading, item)], level=1)
    table.close(keep=2)
    return table.sheet.linked_all


def _items(entry: Entry) -> tuple[Item, ...]:
    return entry.result.measurement.failing if entry.result.measurement else ()


def _check(table: Table, book: Book, reading: Reading, entry: Entry) -> None:
    language, result, items = book.language, entry.result, len(_items(entry))
    measured, origin = result.measurement, result.check.origin
    table.add(
        [
            Cell(entry.key, "strong"),
            Cell(result.check.title[language], "strong"),
            Cell(_speaks_to(entry, reading, language), "small"),
            verdict_cell(result.verdict, book),
            Cell(BOOK["listed"][language].format(n=items) if items else "", "faint"),
            Cell("", "text"),
            Cell("", "text"),
            Cell(measured_value(result)[language], "strong"),
            needed(result.check.criterion, unit_of(result))[language],
            Cell(measured.n if measured else None, "whole"),
            Cell(measured.numerator if measured else None),
            Cell(measured.denominator if measured else None, "whole"),
            reading.window(measured),
            as_reason(result.reason)[language],
            Cell(", ".join(origin.source), "small"),
            Cell(origin.confidence, "small"),
        ]
    )


def _speaks_to(entry: Entry, reading: Reading, language: str) -> str:
    levels = [LEVEL[level][language] for level in dict.fromkeys(entry.levels)]
    return "\n".join([reading.number(name) for name in entry.requirements] + levels)


def _item(reading: Reading, item: Item) -> tuple[Cell, ...]:
    shown = Cell(item.ref or item.id, "", item.url)
    return shown, Cell(item.value), Cell(reading.local(item.at) if item.at else None)
