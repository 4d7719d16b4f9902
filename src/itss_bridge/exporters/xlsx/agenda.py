"""The sheets about time: every date ahead, and what changed since an earlier moment."""

from itss_bridge.exporters.reading import Reading
from itss_bridge.exporters.xlsx.findings import verdict_cell
from itss_bridge.exporters.xlsx.sheet import Book, Cell, Sheet, Shown, status, status_words
from itss_bridge.exporters.xlsx.table import Column, Table
from itss_bridge.model import ChangedFinding, Changes, Milestone, Side, Status, Verdict
from itss_bridge.wording import CAUSE, HEAD, LEVEL, LEVEL_STATE, PHRASE, STATUS, number
from itss_bridge.wording.workbook import BOOK, MILESTONE_STATE, SAME

_CALENDAR = (
    Column("on", 12),
    Column("until", 12),
    Column("state", 11),
    Column("milestone", 40),
    Column("certain", 11),
    Column("framework", 18),
    Column("note", 70),
    Column("source", 18),
    Column("confidence", 24),
)
_WIDTHS = (14, 16, 34, 14, 14, 30, 48)
_LAST = len(_WIDTHS) - 1
_CHANGED = ("clause", "requirement", "title", "before", "after", "because", "by")
_STATES = {"ahead": "centred", "open": "partial", "overdue": "nonconforming", "missing": "undetermined"}


def calendar(book: Book, reading: Reading) -> None:
    """Every date of certificates, applications and audits; a date that is to be confirmed says so."""
    table = Table(book, "calendar", _CALENDAR)
    for milestone in reading.report.calendar:
        table.add(_milestone(milestone, book))
    table.close(keep=4)


def _milestone(milestone: Milestone, book: Book) -> list[Shown]:
    language = book.language
    certainty = "certain" if milestone.certain else "calendar_note"
    return [
        Cell(milestone.on),
        Cell(milestone.until),
        Cell(MILESTONE_STATE[milestone.state][language], _STATES[milestone.state]),
        Cell(milestone.title[language], "strong"),
        Cell(BOOK[certainty][language], "centred" if milestone.certain else "faint"),
        Cell(", ".join(milestone.frameworks).upper(), "small"),
        milestone.note[language],
        Cell(", ".join(milestone.origin.source), "small"),
        Cell(milestone.origin.confidence, "small"),
    ]


def changes(book: Book, reading: Reading) -> None:
    """What changed since an earlier moment; how to ask for it where nobody did.

    The sheet is always there: the list of sheets is the same in every workbook, and nobody takes silence for calm.
    """
    sheet, found = book.sheet("changes", _WIDTHS), reading.report.changes
    if found is None:
        sheet.paragraph(0, _LAST, book.words(BOOK["not_asked"]))
        return
    span = BOOK["since"][book.language].format(since=reading.minute(found.since), until=reading.minute(found.until))
    sheet.merged(0, 0, _LAST, Cell(span, "title"))
    sheet.height(0, 30)
    row = _basis(sheet, found, 1)
    for note in found.notes:
        row = sheet.paragraph(row, _LAST, book.words(note))
    row = _levels(sheet, found, row + 1)
    _findings(sheet, reading, found, row + 1)


def _basis(sheet: Sheet, found: Changes, row: int) -> int:
    """Whether evidence and catalogue differ, and the level reached at both ends."""
    language = sheet.book.language
    levels = [LEVEL.get(n or 0, BOOK["reached_none"])[language] for n in (found.reached_before, found.reached_after)]
    facts = (
        (PHRASE["sources"], SAME[found.evidence][language]),
        (BOOK["asked"], SAME[found.catalogue][language]),
        (HEAD["reached"], " → ".join(levels)),
    )
    for title, value in facts:
        sheet.merged(row, 0, 1, Cell(sheet.book.line(title), "label"))
        sheet.merged(row, 2, _LAST, Cell(value, "fact"))
        sheet.height(row, 18)
        row += 1
    return row


def _levels(sheet: Sheet, found: Changes, row: int) -> int:
    """Levels whose state or rules differ, rule by rule."""
    book = sheet.book
    row = sheet.section(row, _LAST, book.line(PHRASE["levels"]))
    if not found.levels:
        return sheet.paragraph(row, _LAST, book.line(BOOK["no_changes"]))
    for level in found.levels:
        states = [_level_state(state, book) for state in (level.before, level.after)]
        sheet.row(row, [Cell(LEVEL[level.level][book.language], "strong"), None, None, *states])
        row += 1
        for rule in level.rules:
            verdicts = [_verdict(verdict, book) for verdict in (rule.before, rule.after)]
            sheet.row(row, [None, None, Cell(rule.id, "small"), *verdicts])
            row += 1
    return row


def _level_state(found: Status | None, book: Book) -> Cell:
    return status(found, LEVEL_STATE[found][book.language]) if found else Cell("—", "centred")


def _verdict(found: Verdict | None, book: Book) -> Cell:
    return verdict_cell(found, book) if found else Cell("—", "centred")


def _findings(sheet: Sheet, reading: Reading, found: Changes, row: int) -> None:
    """Requirements whose status differs, from what to what, and why."""
    book = sheet.book
    row = sheet.section(row, _LAST, book.line(PHRASE["requirements"]))
    if not found.findings:
        sheet.paragraph(row, _LAST, book.line(BOOK["no_changes"]))
        return
    sheet.heads(row, _CHANGED)
    for line, one in enumerate(found.findings, start=row + 1):
        sheet.row(line, _changed(one, reading, book))
    sheet.raw.autofilter(row, 0, row + len(found.findings), _LAST)


def _changed(one: ChangedFinding, reading: Reading, book: Book) -> list[Shown]:
    return [
        Cell(one.clause or reading.clause(one.requirement) or "—", "strong"),
        Cell(one.requirement, "small"),
        book.words(one.title),
        _side(one.before, book),
        _side(one.after, book),
        "\n".join(CAUSE[cause][book.language] for cause in one.causes),
        _through(one),
    ]


def _side(side: Side | None, book: Book) -> Cell:
    if side is None:
        return Cell("—", "centred")
    if side.measured is None:
        return status_words(side.status, book)
    measured = STATUS[side.measured][book.language]
    return status(side.status, f"{STATUS[side.status][book.language]}\n({HEAD['machine'][book.language]}: {measured})")


def _through(one: ChangedFinding) -> str:
    """The checks, with their values at both ends, or the requirements that brought the change."""
    values = [f"{c.id}: {_value(c.value_before)} → {_value(c.value_after)} ({c.needed})" for c in one.checks]
    return "\n".join(values or one.by)


def _value(value: float | None) -> str:
    return "—" if value is None else number(value)
