"""The crosswalk sheet: every mapping with its rationale and review, and what each crosswalk leaves out and why."""

from itss_bridge.exporters.reading import Reading
from itss_bridge.exporters.xlsx.sheet import Book, Cell, Shown, status_words
from itss_bridge.exporters.xlsx.table import Column, Table
from itss_bridge.model import Crosswalk, Unmapped
from itss_bridge.model import Mapping as Mapped
from itss_bridge.wording import PHRASE, RELATIONSHIP, REVIEW, SYMBOL

_COLUMNS = (
    Column("crosswalk", 20),
    Column("source_requirement", 16),
    Column("clause", 12),
    Column("title", 24),
    Column("source_status", 12, colours="status"),
    Column("relationship", 15),
    Column("target_requirement", 16),
    Column("clause", 10),
    Column("title", 24),
    Column("target_status", 12, colours="status"),
    Column("strength", 8),
    Column("review", 13),
    Column("reviewer", 13),
    Column("reviewed_on", 12),
    Column("rationale", 56),
)


def crosswalk(book: Book, reading: Reading) -> None:
    """All mappings, crosswalk by crosswalk, and after each what it does not map."""
    table = Table(book, "crosswalk", _COLUMNS)
    for walk in reading.report.crosswalks:
        for mapping in walk.mappings:
            table.add(_mapping(book, reading, walk, mapping))
        for unmapped in walk.unmapped:
            table.add(_unmapped(book, reading, walk, unmapped))
    table.close(keep=2)


def _mapping(book: Book, reading: Reading, walk: Crosswalk, mapping: Mapped) -> list[Shown]:
    language = book.language
    words = f"{SYMBOL[mapping.relationship]} {RELATIONSHIP[mapping.relationship][language]}"
    return [
        Cell(walk.title[language], "faint"),
        *_side(book, reading, mapping.source),
        Cell(words, "strong"),
        *_side(book, reading, mapping.target),
        Cell(mapping.strength, "whole"),
        REVIEW[mapping.review][language],
        mapping.reviewer,
        mapping.reviewed_on,
        book.words(mapping.rationale),
    ]


def _unmapped(book: Book, reading: Reading, walk: Crosswalk, unmapped: Unmapped) -> list[Shown]:
    return [
        Cell(walk.title[book.language], "faint"),
        *_side(book, reading, unmapped.requirement),
        Cell(PHRASE["unmapped"][book.language], "strong"),
        *[Cell("—", "faint")] * 8,
        book.words(unmapped.reason),
    ]


def _side(book: Book, reading: Reading, requirement_id: str) -> tuple[Shown, ...]:
    """Id, clause, title and status; a heading has no status of its own."""
    found = reading.status(requirement_id)
    return (
        Cell(requirement_id, "small"),
        reading.clause(requirement_id) or PHRASE["absent"][book.language],
        reading.title(requirement_id)[book.language],
        status_words(found, book) if found else Cell("—", "faint"),
    )
