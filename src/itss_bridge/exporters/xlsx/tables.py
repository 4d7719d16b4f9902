"""The sheets that are tables: matrix, findings, metrics, levels and crosswalk."""

from collections.abc import Mapping

from itss_bridge.exporters.reading import Reading, Rule, measured_state, measured_value, most_cautious, tally, unit_of
from itss_bridge.exporters.xlsx.sheet import Book, Sheet
from itss_bridge.model import (
    CheckResult,
    Crosswalk,
    Finding,
    Framework,
    Measurement,
    Relationship,
    Row,
    Status,
    Unmapped,
)
from itss_bridge.model import (
    Mapping as Mapped,
)
from itss_bridge.wording import (
    AUTHORITY,
    BASIS,
    BETTER,
    LEVEL,
    MEASURED,
    PHRASE,
    RELATIONSHIP,
    REVIEW,
    SHEET,
    STATUS,
    SYMBOL,
    VERDICT,
    VERDICT_STATUS,
    element,
    needed,
    other,
    unit,
)

Places = Mapping[str, int]

_MATRIX = ("framework", "element", "clause", "requirement", "title", "title_other", "status", "evidence")
_NARROW = {0: 16, 3: 18, 4: 28, 5: 34, 6: 16}  # what is frozen must leave room to scroll
_FINDINGS = (*_MATRIX, "basis", "reason", "checks")
_METRICS = (
    "id", "title", "arguments", "state", "value", "unit", "n", "numerator", "denominator", "excluded",
    "from", "to", "mean", "median", "p90", "better", "reason",
)  # fmt: skip
_LEVELS = (
    "level", "pack", "authority", "binding", "rule", "title", "needed", "measured", "verdict", "n", "window", "reason",
    "source", "confidence",
)  # fmt: skip
_CROSSWALK = (
    "crosswalk", "source_requirement", "clause", "title", "source_status", "relationship", "target_requirement",
    "clause", "title", "target_status", "strength", "review", "reviewer", "reviewed_on", "rationale",
)  # fmt: skip


def evidence_rows(reading: Reading) -> dict[str, int]:
    """The row of each check on the evidence sheet, known before anything is written."""
    places: dict[str, int] = {}
    row = 1
    for key, entry in reading.entries.items():
        places[key] = row
        row += 1 + (len(entry.result.measurement.failing) if entry.result.measurement else 0)
    return places


def matrix(book: Book, reading: Reading, places: Places) -> None:
    """One row per requirement, a pair of columns for each other framework, and the way down to the evidence."""
    sheet = book.sheet("matrix")
    frameworks = _others(reading)
    after = sheet.heads(1, _MATRIX)
    sheet.merged(0, 0, after - 1, book.words(PHRASE["matrix"]).replace("\n", " · "), "group")
    for n, framework in enumerate(frameworks):
        first = after + 2 * n
        sheet.merged(0, first, first + 1, framework.title[book.language], "group")
        sheet.heads(1, ("clauses", "status"), first=first)
    sheet.raw.set_row(0, 22)
    for number, row in enumerate(reading.report.rows, start=2):
        _requirement(sheet, reading, number, row.requirement, row.status)
        _evidence_count(sheet, reading, number, row.requirement, row.evidence, places)
        for n, framework in enumerate(frameworks):
            _cells(sheet, reading, number, after + 2 * n, row, framework)
    sheet.table(1, len(reading.report.rows) + 1, after + 2 * len(frameworks), keep=5)
    sheet.widths(limits=_NARROW)


def findings(book: Book, reading: Reading, places: Places) -> None:
    """Every assessable requirement of every framework, with what its status rests on."""
    sheet = book.sheet("findings")
    columns = sheet.heads(0, _FINDINGS)
    found = [f for of_framework in reading.findings.values() for f in of_framework]
    for row, finding in enumerate(found, start=1):
        _requirement(sheet, reading, row, finding.requirement, finding.status)
        _evidence_count(sheet, reading, row, finding.requirement, finding.evidence, places)
        sheet.text(row, 8, BASIS[finding.basis][book.language])
        sheet.text(row, 9, book.words(finding.reason))
        sheet.text(row, 10, _summary(book, reading, finding))
    sheet.table(0, len(found), columns, keep=5)
    sheet.widths(limits=_NARROW | {9: 40, 10: 56})


def metrics(book: Book, reading: Reading) -> None:
    """Every measurement with the population behind it."""
    sheet = book.sheet("metrics")
    columns = sheet.heads(0, _METRICS)
    for row, measurement in enumerate(reading.report.assessment.measurements, start=1):
        _measurement(sheet, reading, row, measurement)
    sheet.table(0, len(reading.report.assessment.measurements), columns, keep=2)
    sheet.widths(most=34)


def levels(book: Book, reading: Reading, places: Places) -> None:
    """Levels 4 to 1, rule by rule, with the pack that says so and whether it decides."""
    sheet = book.sheet("levels")
    columns = sheet.heads(0, _LEVELS)
    for row, rule in enumerate(reading.rules, start=1):
        _rule(sheet, reading, row, rule)
        sheet.jump(row, 9, _sheet_name(book), places[rule.key], _population(rule.result))
    sheet.table(0, len(reading.rules), columns, keep=1)
    sheet.widths(most=34)


def crosswalk(book: Book, reading: Reading) -> None:
    """Every mapping with its rationale and review, then what each crosswalk leaves out and why."""
    sheet = book.sheet("crosswalk")
    columns = sheet.heads(0, _CROSSWALK)
    row = 0
    for walk in reading.report.crosswalks:
        for mapping in walk.mappings:
            row += 1
            _mapping(sheet, reading, row, walk, mapping)
        for unmapped in walk.unmapped:
            row += 1
            _unmapped(sheet, reading, row, walk, unmapped)
    sheet.table(0, row, columns, keep=2)
    sheet.widths(most=30, limits={14: 56})


def _others(reading: Reading) -> list[Framework]:
    """The frameworks that are another one for at least one row."""
    rows = reading.rows
    return [f for f in reading.ordered if any(own != f.id for own in rows)]


def _sheet_name(book: Book) -> str:
    return SHEET["evidence"][book.language]


def _requirement(sheet: Sheet, reading: Reading, row: int, requirement_id: str, status: Status) -> None:
    language = sheet.book.language
    requirement = reading.requirements[requirement_id]
    sheet.text(row, 0, reading.frameworks[requirement.framework].title[language])
    sheet.text(row, 1, element(requirement.element)[language])
    clause = reading.clause(requirement_id)
    sheet.text(row, 2, clause or PHRASE["absent"][language], "strong" if clause else "faint")
    sheet.text(row, 3, requirement_id, "faint")
    sheet.text(row, 4, requirement.title[language])
    sheet.text(row, 5, requirement.title[other(language)], "faint")
    sheet.status(row, 6, status)


def _evidence_count(sheet: Sheet, reading: Reading, row: int, requirement_id: str, count: int, places: Places) -> None:
    key = reading.entry_of(requirement_id)
    if key:
        sheet.jump(row, 7, _sheet_name(sheet.book), places[key], f"{count:,}")
    else:
        sheet.number(row, 7, count, "whole")


def _cells(sheet: Sheet, reading: Reading, row: int, column: int, line: Row, framework: Framework) -> None:
    language, cells = sheet.book.language, line.cells.get(framework.id, ())
    clauses = [f"{SYMBOL[c.relationship]} {reading.number(c.requirement)}" for c in cells]
    statuses = [c.status for c in cells if c.relationship is not Relationship.NONE]
    own = reading.requirements[line.requirement].framework == framework.id
    nothing = "" if own else PHRASE["none_mapped"][language]
    sheet.text(row, column, "\n".join(clauses) or nothing, "text" if clauses else "faint")
    if statuses:
        sheet.status(row, column + 1, most_cautious(statuses), _mix(statuses, language))
    else:
        sheet.text(row, column + 1, "" if own else "—", "faint")


def _mix(statuses: list[Status], language: str) -> str:
    """`部分符合` where all agree, else `不符合 ×1` and so on, the most cautious first."""
    counted = tally(statuses)
    if len(counted) == 1:
        return STATUS[counted[0][0]][language]
    return "\n".join(f"{STATUS[status][language]} ×{n}" for status, n in counted)


def _summary(book: Book, reading: Reading, finding: Finding) -> str:
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


def _measurement(sheet: Sheet, reading: Reading, row: int, measurement: Measurement) -> None:
    language, metric = sheet.book.language, reading.metric(measurement.metric)
    sheet.text(row, 0, measurement.metric, "faint")
    sheet.text(row, 1, metric.title[language] if metric else measurement.metric)
    sheet.text(row, 2, ", ".join(f"{name} = {value}" for name, value in measurement.arguments.items()))
    state = measured_state(measurement)
    sheet.text(row, 3, MEASURED[state][language], "text" if state == "measured" else "undetermined")
    sheet.number(row, 4, measurement.value)
    sheet.text(row, 5, unit(measurement.unit)[language])
    sheet.number(row, 6, measurement.n, "whole")
    sheet.number(row, 7, measurement.numerator)
    sheet.number(row, 8, measurement.denominator, "whole")
    sheet.text(row, 9, "; ".join(f"{why}: {n}" for why, n in measurement.excluded.items()))
    sheet.moment(row, 10, reading.local(measurement.start) if measurement.start else None)
    sheet.moment(row, 11, reading.local(measurement.end))
    for column, name in enumerate(("mean", "median", "p90"), start=12):
        sheet.number(row, column, measurement.spread.get(name))
    sheet.text(row, 15, BETTER[metric.better][language] if metric else "")
    sheet.text(row, 16, measurement.unknown)


def _rule(sheet: Sheet, reading: Reading, row: int, rule: Rule) -> None:
    language, result, pack = sheet.book.language, rule.result, rule.pack
    sheet.text(row, 0, LEVEL[rule.level][language], "strong")
    sheet.text(row, 1, pack.pack.title[language])
    sheet.text(row, 2, AUTHORITY[pack.pack.authority][language])
    sheet.text(row, 3, PHRASE["binding_yes" if pack.binding else "binding_no"][language])
    sheet.text(row, 4, result.check.id, "faint")
    sheet.text(row, 5, result.check.title[language])
    sheet.text(row, 6, needed(result.check.criterion, unit_of(result))[language])
    sheet.text(row, 7, measured_value(result)[language])
    sheet.status(row, 8, VERDICT_STATUS[result.verdict], VERDICT[result.verdict][language])
    sheet.text(row, 10, reading.window(result.measurement))
    sheet.text(row, 11, result.reason)
    sheet.text(row, 12, ", ".join(result.check.origin.source), "faint")
    sheet.text(row, 13, result.check.origin.confidence, "faint")


def _population(rule: CheckResult) -> str:
    return f"{rule.measurement.n:,}" if rule.measurement else "—"


def _mapping(sheet: Sheet, reading: Reading, row: int, walk: Crosswalk, mapping: Mapped) -> None:
    language = sheet.book.language
    sheet.text(row, 0, walk.title[language], "faint")
    _side(sheet, reading, row, 1, mapping.source)
    words = f"{SYMBOL[mapping.relationship]} {RELATIONSHIP[mapping.relationship][language]}"
    sheet.text(row, 5, words, "strong")
    _side(sheet, reading, row, 6, mapping.target)
    sheet.number(row, 10, mapping.strength, "whole")
    sheet.text(row, 11, REVIEW[mapping.review][language])
    sheet.text(row, 12, mapping.reviewer)
    sheet.text(row, 13, mapping.reviewed_on)
    sheet.text(row, 14, sheet.book.words(mapping.rationale))


def _unmapped(sheet: Sheet, reading: Reading, row: int, walk: Crosswalk, unmapped: Unmapped) -> None:
    language = sheet.book.language
    sheet.text(row, 0, walk.title[language], "faint")
    _side(sheet, reading, row, 1, unmapped.requirement)
    sheet.text(row, 5, PHRASE["unmapped"][language], "strong")
    for column in range(6, 14):
        sheet.text(row, column, "—", "faint")
    sheet.text(row, 14, sheet.book.words(unmapped.reason))


def _side(sheet: Sheet, reading: Reading, row: int, column: int, requirement_id: str) -> None:
    """Id, clause, title and status; a heading has no status of its own."""
    language, status = sheet.book.language, reading.status(requirement_id)
    sheet.text(row, column, requirement_id, "faint")
    sheet.text(row, column + 1, reading.clause(requirement_id) or PHRASE["absent"][language])
    sheet.text(row, column + 2, reading.title(requirement_id)[language])
    if status:
        sheet.status(row, column + 3, status)
    else:
        sheet.text(row, column + 3, "—", "faint")
