"""The first sheet: whose report this is, how far to trust it, what it says in short, and boxes to sign."""

from itss_bridge.exporters.reading import Reading
from itss_bridge.exporters.xlsx.basis import basis_digest
from itss_bridge.exporters.xlsx.sheet import Book, Cell, Sheet, status, status_words, within
from itss_bridge.model import Status
from itss_bridge.wording import (
    HEAD,
    LEVEL,
    LEVEL_STATE,
    PHRASE,
    SHEET,
    STATUS,
    STATUS_MEANING,
    STREAM_STATE,
    as_reason,
    phrase,
    stream,
)
from itss_bridge.wording.workbook import BOOK

_WIDTHS = (36, 15, 15, 15, 15, 15, 15, 15)
_LAST = len(_WIDTHS) - 1
_UNFINISHED = ("source_system", "stream", "state", "expected", "seen", "reason")


def cover(book: Book, reading: Reading) -> None:
    """Organisation, completeness, levels, counts, boxes to sign, digest, legend and contents."""
    sheet = book.sheet("cover", _WIDTHS)
    row = _masthead(sheet, reading)
    row = _completeness(sheet, reading, row + 1)
    row = _levels(sheet, reading, row + 1)
    row = _counts(sheet, reading, row + 1)
    row = _sign_off(sheet, row + 1)
    row = _digest(sheet, reading, row + 1)
    row = _legend(sheet, row + 1)
    _contents(sheet, row + 1)
    sheet.raw.set_first_sheet()
    sheet.raw.activate()


def _masthead(sheet: Sheet, reading: Reading) -> int:
    report, book = reading.report, sheet.book
    sheet.merged(0, 0, _LAST, Cell(report.organisation, "organisation"))
    sheet.height(0, 42)
    sheet.merged(1, 0, _LAST, Cell(book.line(PHRASE["bridge"]), "subtitle"))
    sheet.height(1, 22)
    reached = report.assessment.reached
    facts = (
        ("as_of", f"{reading.minute(report.as_of)} ({report.time_zone})"),
        ("scope", " · ".join(f.title[book.language] for f in reading.ordered)),
        ("target", LEVEL.get(report.target or 0, PHRASE["no_target"])[book.language]),
        ("reached", LEVEL.get(reached or 0, BOOK["reached_none"])[book.language]),
        ("version", f"itss-bridge {report.version}"),
    )
    for row, (name, value) in enumerate(facts, start=2):
        sheet.write(row, 0, Cell(book.line(HEAD[name]), "label"))
        lines = sheet.merged(row, 1, _LAST, Cell(value, "fact"))
        sheet.height(row, max(20, 14 * lines))
    return sheet.paragraph(2 + len(facts), _LAST, book.words(PHRASE["decision"]))


def _completeness(sheet: Sheet, reading: Reading, row: int) -> int:
    """One line on all streams; those that are not complete are named below it."""
    book, streams, unfinished = sheet.book, reading.report.streams, reading.unfinished
    row = sheet.section(row, _LAST, book.line(PHRASE["sources"]))
    name = "alarm_lead" if unfinished else "all_complete" if streams else "alarm_none"
    mood = "calm" if streams and not unfinished else "alarm"
    row = sheet.paragraph(row, _LAST, book.words(phrase(name, n=len(unfinished), all=len(streams))), mood)
    if unfinished:
        sheet.heads(row, _UNFINISHED)
        sheet.merged(row, 5, _LAST, Cell(book.words(HEAD["reason"]), "head"))
        row += 1
    for state in unfinished:
        words = stream(state.stream)[book.language], status_of(state.state, book.language)
        sheet.row(row, [state.source, *words, Cell(state.expected, "whole"), Cell(state.seen, "whole")])
        lines = sheet.merged(row, 5, _LAST, as_reason(state.reason)[book.language])
        sheet.height(row, 14 * lines + 4)
        row += 1
    return row


def status_of(state: str, language: str) -> Cell:
    """How far a stream is to be trusted, on its colour."""
    return Cell(STREAM_STATE[state][language], state)


def _levels(sheet: Sheet, reading: Reading, row: int) -> int:
    book = sheet.book
    row = sheet.section(row, _LAST, book.line(PHRASE["levels"]))
    row = sheet.paragraph(row, _LAST, book.words(PHRASE["levels_lead"]))
    for level, outcome in sorted(reading.report.assessment.levels.items(), reverse=True):
        ending = f" ({PHRASE['lowest'][book.language]})" if level == max(LEVEL) else ""
        sheet.write(row, 0, Cell(f"{LEVEL[level][book.language]}{ending}", "strong"))
        sheet.write(row, 1, status(outcome.status, LEVEL_STATE[outcome.status][book.language]))
        lines = sheet.merged(row, 2, _LAST, book.words(outcome.reason))
        sheet.height(row, 14 * lines + 4)
        row += 1
    return row


def _counts(sheet: Sheet, reading: Reading, row: int) -> int:
    book = sheet.book
    row = sheet.section(row, _LAST, book.line(PHRASE["overview"]))
    heads = [status_words(found, book) for found in Status]
    sheet.row(row, [Cell(book.line(HEAD["framework"]), "head"), *heads], least=20)
    for framework in reading.ordered:
        row += 1
        counts = reading.report.counts(framework.id).values()
        sheet.row(row, [Cell(framework.title[book.language], "strong"), *(Cell(n, "whole") for n in counts)])
    return row + 1


def _sign_off(sheet: Sheet, row: int) -> int:
    book = sheet.book
    row = sheet.section(row, _LAST, book.line(PHRASE["sign_off"]))
    for name in ("preparer", "reviewer", "approver"):
        sheet.write(row, 0, Cell(book.line(HEAD[name]), "strong"))
        for first, field in ((1, "name"), (3, "sign"), (6, "date")):
            sheet.write(row, first, Cell(book.line(HEAD[field]), "faint"))
            sheet.merged(row, first + 1, first + 1 + (field == "sign"), Cell("", "sign"))
        sheet.height(row, 34)
        row += 1
    return row


def _digest(sheet: Sheet, reading: Reading, row: int) -> int:
    """One line that stands for all chain heads and all that was asked."""
    row = sheet.section(row, _LAST, sheet.book.line(BOOK["digest"]))
    sheet.merged(row, 0, _LAST, Cell(f"sha256:{basis_digest(reading.report)}", "plain_digest"))
    sheet.height(row, 20)
    note = BOOK["digest_note"][sheet.book.language].format(catalogue=reading.report.catalogue[:16] or "—")
    return sheet.paragraph(row + 1, _LAST, note)


def _legend(sheet: Sheet, row: int) -> int:
    book = sheet.book
    row = sheet.section(row, _LAST, book.line(PHRASE["legend"]))
    for found in Status:
        sheet.write(row, 0, status(found, book.words(STATUS[found])))
        lines = sheet.merged(row, 1, _LAST, book.words(STATUS_MEANING[found]))
        sheet.height(row, 14 * max(lines, 1 + book.both) + 4)
        row += 1
    return row


def _contents(sheet: Sheet, row: int) -> None:
    """Links to all other sheets, four a row."""
    book = sheet.book
    row = sheet.section(row, _LAST, book.line(BOOK["contents"]))
    others = [text for name, text in SHEET.items() if name != "cover"]
    for n, text in enumerate(others):
        place = within(text[book.language], 0)
        sheet.write(row + n // 4, 2 * (n % 4), Cell(book.line(text), "contents", place))
