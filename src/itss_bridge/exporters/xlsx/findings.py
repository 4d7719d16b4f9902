"""The sheets that judge: every requirement with what its status rests on, every level rule by rule."""

from itss_bridge.exporters.reading import Reading, Rule, measured_value, unit_of
from itss_bridge.exporters.xlsx.matrix import JUDGED, Places, evidence_link, judged
from itss_bridge.exporters.xlsx.sheet import Book, Cell, status, status_words, within
from itss_bridge.exporters.xlsx.table import Column, Table
from itss_bridge.model import CheckResult, Finding, Verdict
from itss_bridge.shortfall import distance
from itss_bridge.wording import (
    AUTHORITY,
    BASIS,
    LEVEL,
    PHRASE,
    SHEET,
    STATUS,
    SYMBOL,
    VERDICT,
    VERDICT_STATUS,
    as_reason,
    element,
    needed,
)

_FINDINGS = (
    Column("framework", 12),
    Column("element", 10),
    Column("clause", 13),
    Column("requirement", 16, "requirement"),
    Column("title", 28),
    Column("status", 12, colours="status"),
    Column("evidence", 9),
    Column("machine", 12, colours="status"),
    Column("basis", 11),
    Column("reason", 30),
    Column("rests_on", 56),
    *JUDGED,
)
_LEVELS = (
    Column("level", 13),
    Column("pack", 20),
    Column("authority", 8),
    Column("binding", 11),
    Column("rule", 20),
    Column("title", 34),
    Column("needed", 20),
    Column("measured", 13),
    Column("verdict", 11, colours="verdict"),
    Column("n", 9),
    Column("distance", 18),
    Column("window", 26),
    Column("reason", 24),
    Column("source", 16),
    Column("confidence", 26),
)


def findings(book: Book, reading: Reading, places: Places) -> None:
    """Every assessable requirement of every framework."""
    table = Table(book, "findings", _FINDINGS)
    for finding in (f for of_framework in reading.findings.values() for f in of_framework):
        requirement = reading.requirements[finding.requirement]
        clause = reading.clause(finding.requirement)
        table.add(
            [
                Cell(requirement.framework.upper(), "faint"),
                element(requirement.element)[book.language],
                Cell(clause, "strong") if clause else Cell(PHRASE["absent"][book.language], "faint"),
                Cell(finding.requirement, "small"),
                book.words(requirement.title),
                status_words(finding.status, book),
                evidence_link(reading, places, finding.requirement, finding.evidence, book),
                status_words(finding.measured, book) if finding.measured else Cell("", "text"),
                BASIS[finding.basis][book.language],
                book.words(finding.reason),
                _rests_on(book, reading, finding),
                *judged(finding.judgement, book),
            ]
        )
    table.close(keep=5, printed=len(_FINDINGS) - len(JUDGED))


def _rests_on(book: Book, reading: Reading, finding: Finding) -> str:
    """One line per check, then one per supporting mapping."""
    language = book.language
    lines = [_check_line(result, language) for result in finding.checks]
    for support in finding.supports:
        reached = f"{reading.number(support.requirement)} {SYMBOL[support.mapping.relationship]}"
        lines.append(f"{reached} → {STATUS[support.contributes][language]}")
    return "\n".join(lines) or PHRASE["no_checks"][language]


def _check_line(result: CheckResult, language: str) -> str:
    asked = needed(result.check.criterion, unit_of(result))[language]
    verdict, value = VERDICT[result.verdict][language], measured_value(result)[language]
    return f"{verdict} · {result.check.title[language]}: {value} ({asked})"


def verdict_cell(found: Verdict, book: Book) -> Cell:
    """A verdict in words on its colour."""
    return status(VERDICT_STATUS[found], VERDICT[found][book.language])


def levels(book: Book, reading: Reading, places: Places) -> None:
    """Levels 4 to 1, rule by rule, with the pack that says so and whether it decides."""
    table = Table(book, "levels", _LEVELS)
    for rule in reading.rules:
        _rule(table, book, reading, rule, places)
    table.close(keep=1)


def _rule(table: Table, book: Book, reading: Reading, rule: Rule, places: Places) -> None:
    language, result, pack = book.language, rule.result, rule.pack
    population = f"{result.measurement.n:,}" if result.measurement else "—"
    table.add(
        [
            Cell(LEVEL[rule.level][language], "strong"),
            pack.pack.title[language],
            AUTHORITY[pack.pack.authority][language],
            PHRASE["binding_yes" if pack.binding else "binding_no"][language],
            Cell(result.check.id, "small"),
            result.check.title[language],
            needed(result.check.criterion, unit_of(result))[language],
            measured_value(result)[language],
            verdict_cell(result.verdict, book),
            Cell(population, "jump", within(SHEET["evidence"][language], places[rule.key])),
            distance(result)[language],
            reading.window(result.measurement),
            as_reason(result.reason)[language],
            Cell(", ".join(result.check.origin.source), "small"),
            Cell(result.check.origin.confidence, "small"),
        ]
    )
