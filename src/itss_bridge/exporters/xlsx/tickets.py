"""The evidence sheet: each check with its number, and under it the items that were not met, with their links."""

from itss_bridge.exporters.reading import Entry, Reading, measured_value, unit_of
from itss_bridge.exporters.xlsx.sheet import Book, Sheet
from itss_bridge.exporters.xlsx.tables import Places
from itss_bridge.model import Item, Status, Verdict
from itss_bridge.wording import LEVEL, VERDICT, VERDICT_STATUS, needed

_HEADS = (
    "check", "title", "requirement", "verdict", "measured", "needed", "n", "numerator", "denominator", "window", "item",
    "value", "at", "reason", "source", "confidence",
)  # fmt: skip


def evidence(book: Book, reading: Reading, places: Places) -> None:
    """One row per check, then one per failing item, grouped so that items fold away."""
    sheet = book.sheet("evidence")
    columns = sheet.heads(0, _HEADS)
    last = 0
    for key, entry in reading.entries.items():
        last = places[key]
        _check(sheet, reading, last, entry)
        for item in entry.result.measurement.failing if entry.result.measurement else ():
            last += 1
            _item(sheet, reading, last, entry, item)
    sheet.raw.outline_settings(visible=True, symbols_below=False, symbols_right=False)
    sheet.table(0, last, columns, keep=2)
    sheet.widths(most=32, limits={2: 26, 10: 40, 13: 40})


def _check(sheet: Sheet, reading: Reading, row: int, entry: Entry) -> None:
    language, result = sheet.book.language, entry.result
    measured, origin = result.measurement, result.check.origin
    sheet.text(row, 0, entry.key, "strong")
    sheet.text(row, 1, result.check.title[language], "strong")
    sheet.text(row, 2, _speaks_to(entry, reading, language), "faint")
    sheet.status(row, 3, VERDICT_STATUS[result.verdict], VERDICT[result.verdict][language])
    sheet.text(row, 4, measured_value(result)[language], "strong")
    sheet.text(row, 5, needed(result.check.criterion, unit_of(result))[language])
    sheet.number(row, 6, measured.n if measured else None, "whole")
    sheet.number(row, 7, measured.numerator if measured else None)
    sheet.number(row, 8, measured.denominator if measured else None, "whole")
    sheet.text(row, 9, reading.window(measured))
    for column in (10, 11, 12):
        sheet.blank(row, column)
    sheet.text(row, 13, result.reason)
    sheet.text(row, 14, ", ".join(origin.source), "faint")
    sheet.text(row, 15, origin.confidence, "faint")


def _speaks_to(entry: Entry, reading: Reading, language: str) -> str:
    levels = [LEVEL[level][language] for level in dict.fromkeys(entry.levels)]
    return "\n".join([reading.number(name) for name in entry.requirements] + levels)


def _item(sheet: Sheet, reading: Reading, row: int, entry: Entry, item: Item) -> None:
    language = sheet.book.language
    sheet.text(row, 0, entry.key, "faint")
    sheet.text(row, 1, entry.result.check.title[language], "faint")
    sheet.status(row, 3, Status.NONCONFORMING, VERDICT[Verdict.NOT_MET][language])
    for column in (2, *range(4, 10), 13, 14, 15):
        sheet.blank(row, column)
    sheet.url(row, 10, item.url, item.ref or item.id)
    sheet.number(row, 11, item.value)
    sheet.moment(row, 12, reading.local(item.at) if item.at else None)
    sheet.raw.set_row(row, None, None, {"level": 1})
