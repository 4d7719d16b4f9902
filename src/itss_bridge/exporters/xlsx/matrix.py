"""The conformance matrix: one row per requirement, groups of columns per framework and level, ways down to evidence."""

from collections.abc import Iterator, Mapping

from itss_bridge.exporters.reading import Reading, most_cautious, tally
from itss_bridge.exporters.xlsx.sheet import Book, Cell, Shown, status, status_words, within
from itss_bridge.exporters.xlsx.table import Column, Table
from itss_bridge.model import Cell as Reached
from itss_bridge.model import Finding, Framework, Judgement, Relationship, Row, Status, Verdict
from itss_bridge.wording import LEVEL, PHRASE, RELATIONSHIP, SHEET, STATUS, SYMBOL, VERDICT, VERDICT_STATUS, element
from itss_bridge.wording.workbook import BOOK

Places = Mapping[str, int]

JUDGED = (
    Column("judged", 13, "judgement.status", "status"),
    Column("judged_reason", 30, "judgement.reason", "text"),
    Column("judged_role", 14, "judgement.role", "role"),
    Column("expires", 13, "judgement.expires", "day"),
)
_LEAD = (
    Column("framework", 11),
    Column("element", 10),
    Column("clause", 12),
    Column("requirement", 13, "requirement"),
    Column("title", 30),
    Column("status", 12, colours="status"),
    Column("evidence", 9),
)
_GROUP = (Column("clauses", 10), Column("relationship", 13), Column("status", 12), Column("evidence", 9))
_WORST = (Verdict.NOT_MET, Verdict.UNDETERMINED, Verdict.MET)


def matrix(book: Book, reading: Reading, places: Places) -> None:
    """One row per requirement of the report's matrix."""
    frameworks, levels = others(reading), sorted(LEVEL, reverse=True)
    asked = _asked(reading)
    wide = 10 if book.language == "zh" else 13
    columns = (
        *_LEAD,
        *(Column("verdict", wide, colours="verdict") for _ in levels),
        *(_GROUP * len(frameworks)),
        *JUDGED,
    )
    groups = [
        (book.line(PHRASE["matrix"]), len(_LEAD)),
        *((LEVEL[level][book.language].split(" · ")[0], 1) for level in levels),
        *((framework.title[book.language], len(_GROUP)) for framework in frameworks),
        (book.line(BOOK["yours"]), len(JUDGED)),
    ]
    table = Table(book, "matrix", columns, groups)
    for row in reading.report.rows:
        finding = reading.report.assessment.findings[row.requirement]
        verdicts = [_verdict(asked.get((row.requirement, level), ()), book) for level in levels]
        cells = [cell for f in frameworks for cell in _group(book, reading, places, row, f)]
        table.add([*_lead(book, reading, places, row), *verdicts, *cells, *judged(finding.judgement, book)])
    table.close(keep=5, printed=len(columns) - len(JUDGED))


def judged(judgement: Judgement | None, book: Book) -> tuple[Shown, ...]:
    """What a role has said of a requirement, in cells to be filled."""
    if judgement is None:
        return None, None, None, None
    return STATUS[judgement.status][book.language], judgement.reason, judgement.role, judgement.expires


def others(reading: Reading) -> list[Framework]:
    """The frameworks that at least one row is related to."""
    related = {
        name
        for row in reading.report.rows
        for name, cells in row.cells.items()
        if any(cell.relationship is not Relationship.NONE for cell in cells)
    }
    return [f for f in reading.ordered if f.id in related]


def evidence_link(reading: Reading, places: Places, owner: str, count: int, book: Book) -> Cell:
    """How much evidence there is, leading to the first check behind it; a number alone where nothing was checked."""
    key = reading.entry_of(owner)
    if not key:
        return Cell(count, "whole")
    return Cell(f"{count:,}", "jump", within(SHEET["evidence"][book.language], places[key]))


def _lead(book: Book, reading: Reading, places: Places, row: Row) -> tuple[Shown, ...]:
    requirement = reading.requirements[row.requirement]
    return (
        Cell(requirement.framework.upper(), "faint"),
        element(requirement.element)[book.language],
        Cell(row.clause, "strong") if row.clause else Cell(PHRASE["absent"][book.language], "faint"),
        Cell(row.requirement, "small"),
        book.words(requirement.title),
        status_words(row.status, book),
        evidence_link(reading, places, row.requirement, row.evidence, book),
    )


def _asked(reading: Reading) -> dict[tuple[str, int], list[Verdict]]:
    """The verdicts of all rules that decide a level, by the requirement that they speak to and the level."""
    found: dict[tuple[str, int], list[Verdict]] = {}
    for rule in reading.rules:
        for name in rule.result.check.requirements if rule.pack.binding else ():
            found.setdefault((name, rule.level), []).append(rule.result.verdict)
    return found


def _verdict(verdicts: "list[Verdict] | tuple[()]", book: Book) -> Cell:
    """The worst of them; empty where the level asks nothing of the requirement."""
    if not verdicts:
        return Cell("", "text")
    worst = min(verdicts, key=_WORST.index)
    return status(VERDICT_STATUS[worst], VERDICT[worst][book.language])


def _group(book: Book, reading: Reading, places: Places, row: Row, framework: Framework) -> Iterator[Shown]:
    """Clauses, relationships, status and evidence of one other framework."""
    language, cells = book.language, row.cells.get(framework.id, ())
    if not cells:
        own = reading.requirements[row.requirement].framework == framework.id
        yield from (Cell("" if own else PHRASE["none_mapped"][language], "faint"), *[Cell("", "text")] * 3)
        return
    yield "\n".join(reading.number(cell.requirement) for cell in cells)
    yield "\n".join(f"{SYMBOL[c.relationship]} {RELATIONSHIP[c.relationship][language]}" for c in cells)
    related = [cell for cell in cells if cell.relationship is not Relationship.NONE]
    yield _mixed([cell.status for cell in related], language)
    yield _reached(book, reading, places, related)


def _mixed(statuses: list[Status], language: str) -> Cell:
    """`部分符合` where all agree, else `不符合 ×1` and so on, on the colour of the most cautious."""
    if not statuses:
        return Cell("—", "faint")
    counted = tally(statuses)
    if len(counted) == 1:
        return status(counted[0][0], STATUS[counted[0][0]][language])
    lines = "\n".join(f"{STATUS[found][language]} ×{n}" for found, n in counted)
    return status(most_cautious(statuses), lines)


def _reached(book: Book, reading: Reading, places: Places, related: list[Reached]) -> Cell:
    """The evidence under the clauses of a group; it leads to the first check that one of them rests on."""
    found = [reading.report.assessment.findings[cell.requirement] for cell in related]
    owner = next((name for finding in found for name in _bearers(finding) if reading.entry_of(name)), "")
    return evidence_link(reading, places, owner, sum(finding.evidence for finding in found), book)


def _bearers(finding: Finding) -> Iterator[str]:
    """The requirements whose checks a finding rests on: itself first, then those that support it."""
    yield finding.requirement
    yield from (support.requirement for support in finding.supports)
