"""The first sheet and the last: what this is, how far to trust it, and how to read it."""

from itss_bridge.exporters.reading import Reading
from itss_bridge.exporters.xlsx.sheet import Book, Sheet
from itss_bridge.model import Status
from itss_bridge.wording import (
    HEAD,
    LEVEL,
    LEVEL_STATE,
    PHRASE,
    READING,
    RELATIONSHIP,
    SHEET,
    STATUS,
    STATUS_MEANING,
    STREAM_STATE,
    SYMBOL,
    phrase,
    stream,
)

_LAST = 7
_STREAM_HEADS = ("source_system", "stream", "state", "expected", "seen", "collected", "reason", "head")


def cover(book: Book, reading: Reading) -> None:
    """Organisation, completeness of each stream, levels, counts, legend and boxes to sign."""
    sheet = book.sheet("cover")
    row = _masthead(sheet, reading)
    row = _streams(sheet, reading, row + 1)
    row = _levels(sheet, reading, row + 1)
    row = _counts(sheet, reading, row + 1)
    row = _legend(sheet, row + 1)
    _sign_off(sheet, row + 1)
    sheet.widths(least=13, most=24, limits={6: 44, _LAST: 44})
    sheet.raw.set_first_sheet()
    sheet.raw.activate()


def how_to_read(book: Book, reading: Reading) -> None:
    """What the words and signs mean, the report's own notes, and which texts were cut."""
    sheet = book.sheet("reading")
    row = _section(sheet, 0, SHEET["reading"][book.language], last=2)
    for text in (*READING, *reading.report.notes, PHRASE["decision"]):
        sheet.merged(row, 0, 2, book.words(text), "paragraph")
        sheet.raw.set_row(row, 46)
        row += 1
    row = _section(sheet, row + 1, f"{HEAD['relationship'][book.language]}", last=2)
    for relationship, words in RELATIONSHIP.items():
        sheet.text(row, 0, SYMBOL[relationship], "strong")
        sheet.text(row, 1, words.zh)
        sheet.text(row, 2, words.en)
        row += 1
    row = _section(sheet, row + 1, HEAD["edition"][book.language], last=2)
    for framework in reading.ordered:
        sheet.text(row, 0, framework.id, "strong")
        sheet.text(row, 1, framework.title[book.language])
        sheet.text(row, 2, reading.editions(framework))
        row += 1
    if book.cut:
        sheet.merged(row + 1, 0, 2, PHRASE["cut"][book.language].format(digest=f"n = {book.cut}"), "paragraph")
    sheet.widths(least=18, most=60)


def _section(sheet: Sheet, row: int, title: str, last: int = _LAST) -> int:
    for column in range(1, last + 1):
        sheet.blank(row, column, "section")
    sheet.text(row, 0, title, "section", wide=False)
    sheet.raw.set_row(row, 24)
    return row + 1


def _masthead(sheet: Sheet, reading: Reading) -> int:
    report, book = reading.report, sheet.book
    sheet.merged(0, 0, _LAST, report.organisation, "organisation")
    sheet.raw.set_row(0, 42)
    sheet.merged(1, 0, _LAST, book.words(PHRASE["bridge"]).replace("\n", " · "), "subtitle")
    target = LEVEL.get(report.target or 0, PHRASE["no_target"])
    facts = (
        ("as_of", f"{reading.minute(report.as_of)} ({report.time_zone})"),
        ("target", target[book.language]),
        ("version", f"itss-bridge {report.version}"),
    )
    for row, (name, value) in enumerate(facts, start=3):
        sheet.text(row, 0, book.words(HEAD[name]).replace("\n", " "), "label", wide=False)
        sheet.merged(row, 1, _LAST, value, "fact")
    sheet.merged(6, 0, _LAST, book.words(PHRASE["decision"]), "paragraph")
    sheet.raw.set_row(6, 32)
    return 7


def _streams(sheet: Sheet, reading: Reading, row: int) -> int:
    """The completeness strip; a stream that is not complete gets a red band above the table."""
    book, streams = sheet.book, reading.report.streams
    row = _section(sheet, row, PHRASE["sources"][book.language])
    short = len(reading.unfinished)
    name = "alarm_lead" if short else "all_complete" if streams else "alarm_none"
    sheet.merged(row, 0, _LAST, book.words(phrase(name, n=short, all=len(streams))), _mood(short, len(streams)))
    sheet.raw.set_row(row, 36)
    sheet.heads(row + 1, _STREAM_HEADS)
    row += 2
    for state in streams:
        sheet.text(row, 0, state.source)
        sheet.text(row, 1, stream(state.stream)[book.language])
        sheet.text(row, 2, STREAM_STATE[state.state][book.language], state.state)
        sheet.number(row, 3, state.expected, "whole")
        sheet.number(row, 4, state.seen, "whole")
        sheet.moment(row, 5, reading.local(state.collected_at) if state.collected_at else None)
        sheet.text(row, 6, state.reason)
        sheet.text(row, 7, state.head, "digest")
        row += 1
    return row


def _mood(short: int, all_streams: int) -> str:
    return "alarm" if short or not all_streams else "calm"


def _levels(sheet: Sheet, reading: Reading, row: int) -> int:
    book = sheet.book
    row = _section(sheet, row, PHRASE["levels"][book.language])
    sheet.merged(row, 0, _LAST, book.words(PHRASE["levels_lead"]), "paragraph")
    sheet.raw.set_row(row, 32)
    for level, outcome in sorted(reading.report.assessment.levels.items(), reverse=True):
        row += 1
        ending = f" ({PHRASE['lowest'][book.language]})" if level == max(LEVEL) else ""
        sheet.merged(row, 0, 1, f"{LEVEL[level][book.language]}{ending}", "strong")
        sheet.text(row, 2, LEVEL_STATE[outcome.status][book.language], outcome.status.value)
        sheet.merged(row, 3, _LAST, outcome.reason[book.language], "text")
    return row + 1


def _counts(sheet: Sheet, reading: Reading, row: int) -> int:
    book = sheet.book
    row = _section(sheet, row, PHRASE["overview"][book.language])
    sheet.merged(row, 0, 1, book.words(HEAD["framework"]), "head")
    for column, status in enumerate(Status, start=2):
        sheet.status(row, column, status)
    sheet.raw.set_row(row, 30)
    for framework in reading.ordered:
        row += 1
        sheet.merged(row, 0, 1, framework.title[book.language], "strong")
        for column, count in enumerate(reading.report.counts(framework.id).values(), start=2):
            sheet.number(row, column, count, "whole")
    return row + 1


def _legend(sheet: Sheet, row: int) -> int:
    book = sheet.book
    row = _section(sheet, row, PHRASE["legend"][book.language])
    for status in Status:
        sheet.status(row, 0, status, book.words(STATUS[status]))
        sheet.merged(row, 1, _LAST, book.words(STATUS_MEANING[status]), "text")
        sheet.raw.set_row(row, 32)
        row += 1
    return row


def _sign_off(sheet: Sheet, row: int) -> None:
    book = sheet.book
    row = _section(sheet, row, PHRASE["sign_off"][book.language])
    for name in ("preparer", "reviewer", "approver"):
        sheet.text(row, 0, book.words(HEAD[name]), "strong")
        for first, field in ((1, "name"), (3, "sign"), (6, "date")):
            sheet.text(row, first, book.words(HEAD[field]), "faint")
            if field == "sign":
                sheet.merged(row, first + 1, first + 2, "", "sign")
            else:
                sheet.blank(row, first + 1, "sign")
        sheet.raw.set_row(row, 34)
        row += 1
