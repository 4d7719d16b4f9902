"""The sheets that people steer by: gaps with what is planned, nonconformities, documents, materials."""

from collections.abc import Sequence

from itss_bridge.exporters.reading import Reading, measured_value, unit_of
from itss_bridge.exporters.xlsx.findings import verdict_cell
from itss_bridge.exporters.xlsx.matrix import Places
from itss_bridge.exporters.xlsx.sheet import Book, Cell, Shown, within
from itss_bridge.exporters.xlsx.table import Column, Table
from itss_bridge.model import Gap, Item, Nonconformity
from itss_bridge.shortfall import distance, next_step
from itss_bridge.wording import DOCUMENT_STATE, GRADE, LEVEL, PHRASE, PROGRESS, SHEET, needed
from itss_bridge.wording.workbook import BOOK

_GAPS = (
    Column("rank", 6),
    Column("check", 17, "check"),
    Column("title", 26),
    Column("requirement", 12),
    Column("levels_held", 9),
    Column("verdict", 11, colours="verdict"),
    Column("measured", 11),
    Column("needed", 17),
    Column("n", 9),
    Column("distance", 14),
    Column("opens", 7),
    Column("counted", 9),
    Column("earliest", 11),
    Column("suggested", 30),
    Column("owner", 12, "action.owner", "role"),
    Column("due", 11, "action.due", "day"),
    Column("effort", 11, "action.effort", "days"),
    Column("next_action", 30, "action.next_action", "text"),
)
_NONCONFORMITIES = (
    Column("id", 13),
    Column("grade", 12),
    Column("progress", 14),
    Column("title", 30),
    Column("requirement", 16),
    Column("opened", 12),
    Column("due", 12),
    Column("owner", 14),
    Column("ticket", 16),
    Column("root_cause", 26),
    Column("correction", 26),
    Column("corrective_action", 26),
    Column("effectiveness", 22),
    Column("reason", 30),
    Column("failing", 26),
)
_DOCUMENTS = (
    Column("framework", 12),
    Column("clause", 13),
    Column("requirement", 16),
    Column("document", 34),
    Column("kind", 8),
    Column("state", 14),
    Column("found", 38),
    Column("at", 17),
    Column("reason", 38),
    Column("source", 14),
)
_MATERIALS = (
    Column("checklist", 26),
    Column("title", 34),
    Column("provider", 18),
    Column("state", 14),
    Column("found", 36),
    Column("reason", 34),
    Column("note", 26),
    Column("requirement", 16),
    Column("source", 14),
    Column("confidence", 16),
)
_GOOD = {"current": "conforming", "approved": "partial", "present": "partial", "missing": "nonconforming"}
_PRESSING = {"open": "nonconforming", "correcting": "partial", "corrected": "undetermined", "closed": "conforming"}


def gaps(book: Book, reading: Reading, places: Places) -> None:
    """What is not met, what to close first at the top; the last columns are for people."""
    table = Table(book, "gaps", _GAPS)
    for gap in reading.report.gaps:
        table.add(_gap(book, reading, gap, places))
    table.close(keep=3)


def _gap(book: Book, reading: Reading, gap: Gap, places: Places) -> list[Shown]:
    language, result, action = book.language, gap.result, gap.action
    levels = [LEVEL[level][language].split(" · ")[0] for level in gap.levels]
    count = f"{result.measurement.n:,}" if result.measurement else "—"
    place = places.get(result.check.id)
    return [
        gap.rank,
        Cell(result.check.id, "small"),
        result.check.title[language],
        Cell("\n".join(reading.number(name) for name in gap.requirements), "small"),
        "\n".join(levels),
        verdict_cell(result.verdict, book),
        measured_value(result)[language],
        needed(result.check.criterion, unit_of(result))[language],
        Cell(count, "jump", within(SHEET["evidence"][language], place)) if place else count,
        distance(result)[language],
        gap.opens,
        BOOK["assumed"][language].format(n=gap.effort) if gap.assumed else gap.effort,
        Cell(gap.earliest),
        next_step(result)[language],
        action.owner if action else None,
        action.due if action else None,
        action.effort if action else None,
        action.next_action if action else None,
    ]


def nonconformities(book: Book, reading: Reading) -> None:
    """The register: what fails and is tracked until it is measured as met again."""
    table = Table(book, "nonconformities", _NONCONFORMITIES)
    for one in reading.report.nonconformities:
        table.add(_nonconformity(book, reading, one))
    table.close(keep=1)


def _nonconformity(book: Book, reading: Reading, one: Nonconformity) -> list[Shown]:
    language, ticket = book.language, one.ticket
    return [
        Cell(one.id, "strong"),
        GRADE[one.grade][language],
        Cell(PROGRESS[one.progress][language], _PRESSING[one.progress]),
        one.title[language],
        Cell("\n".join(reading.number(name) for name in one.requirements), "small"),
        one.opened,
        Cell(one.due),
        one.owner,
        Cell(f"{ticket.ref} {ticket.state}", "", ticket.url) if ticket else "",
        one.root_cause,
        one.correction,
        one.corrective_action,
        one.effectiveness,
        one.reason[language],
        _named(one.failing),
    ]


def _named(items: Sequence[Item], most: int = 3) -> str:
    """The first items by the names that people give them."""
    names = [item.ref or item.id for item in items[:most]]
    return "\n".join([*names, *(["…"] if len(items) > most else [])])


def documents(book: Book, reading: Reading) -> None:
    """What is to be documented against what there is; documents that nothing asks for stand at the end."""
    table, language = Table(book, "documents", _DOCUMENTS), book.language
    for row in reading.report.documents:
        table.add(
            [
                Cell(row.requirement.partition(":")[0].upper(), "faint"),
                reading.clause(row.requirement) or PHRASE["absent"][language],
                Cell(row.requirement, "small"),
                book.words(row.information.title),
                BOOK[f"kind_{row.information.kind}"][language],
                _state(row.state, language),
                *_found(reading, row.found),
                row.reason[language],
                Cell(", ".join(row.information.origin.source), "small"),
            ]
        )
    for item in reading.report.orphans:
        nothing = [Cell("—", "faint")] * 3
        table.add([*nothing, "", "", Cell(BOOK["orphan"][language], "faint"), *_found(reading, [item])])
    table.close(keep=4)


def _state(state: str, language: str) -> Cell:
    return Cell(DOCUMENT_STATE[state][language], _GOOD.get(state, "undetermined"))


def _found(reading: Reading, items: Sequence[Item]) -> tuple[Shown, Shown]:
    """The first document with its link, how many more there are, and its day."""
    if not items:
        return Cell("", "text"), Cell("", "text")
    first = items[0]
    more = f" (+{len(items) - 1})" if len(items) > 1 else ""
    shown = Cell(f"{first.ref or first.id}{more}", "", first.url)
    return shown, Cell(reading.local(first.at) if first.at else None)


def materials(book: Book, reading: Reading) -> None:
    """What is to be handed in, who provides it, and where it is."""
    table, language = Table(book, "materials", _MATERIALS), book.language
    for row in reading.report.materials:
        table.add(
            [
                Cell(row.checklist[language], "faint"),
                Cell(book.words(row.title), "strong"),
                row.owner[language],
                _state(row.state, language),
                _found(reading, row.found)[0],
                row.reason[language],
                row.note[language] if row.note else "",
                Cell("\n".join(reading.number(name) for name in row.requirements), "small"),
                Cell(", ".join(row.origin.source), "small"),
                Cell(row.origin.confidence, "small"),
            ]
        )
    table.close(keep=2)
