"""The report as one Markdown page, for a wiki, a merge request or a message: evidence first, matrix last."""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from itss_bridge.contracts import Exporter
from itss_bridge.exporters.markdown import document, escaped, table
from itss_bridge.exporters.reading import Reading, measured_value, unit_of
from itss_bridge.exporters.review.parts import evidence, nonconformities, notes
from itss_bridge.exporters.review.words import word
from itss_bridge.model import Cell, Framework, Gap, PackOutcome, Report, Row, Status, Text, Verdict
from itss_bridge.wording import (
    AUTHORITY,
    HEAD,
    LANGUAGES,
    LEVEL,
    LEVEL_STATE,
    PHRASE,
    STATUS,
    SYMBOL,
    VERDICT,
    needed,
    phrase,
)

NO_VALUE = "–"
TITLE = Text("{report}: {organisation} ({as_of} {moment})", "{report}：{organisation}（{as_of} {moment}）")
MATRIX = Text("{matrix}: {framework}", "{matrix}：{framework}")
TARGET = Text("{level} ({target})", "{level}（{target}）")
WEIGHT = Text("{authority}, {deciding}", "{authority}，{deciding}")


class MarkdownExporter(Exporter):
    """Everything that decides, in tables; items behind a number are in the workbook and the page."""

    name: ClassVar[str] = "markdown"
    suffix: ClassVar[str] = ".md"
    title: ClassVar[Text] = Text(
        "the report as one Markdown page, for a wiki or a message", "Markdown 单页，供 wiki 或消息使用"
    )

    def export(self, report: Report, language: str) -> bytes:
        """The page in *language*."""
        return _page(Reading(report), language if language in LANGUAGES else "zh").encode()


def _page(reading: Reading, language: str) -> str:
    report = reading.report
    parts = {
        PHRASE["sources"][language]: f"{_alarm(reading, language)}\n\n{evidence(report, language)}",
        PHRASE["frameworks"][language]: _counts(reading, language),
        PHRASE["levels"][language]: _levels(report, language),
        PHRASE["gaps"][language]: _gaps(report, language),
        word("nonconformities", language): nonconformities(report, language, reading.local(report.as_of).date()),
    }
    matrix = [
        (_of_framework(framework, language), _matrix(reading, framework, language)) for framework in reading.ordered
    ]
    last = [(word("notes", language), notes(report, language))]
    return document(_title(reading, language), [*parts.items(), *matrix, *last])


def _title(reading: Reading, language: str) -> str:
    report = reading.report
    return TITLE[language].format(
        report=PHRASE["bridge"][language],
        organisation=escaped(report.organisation),
        as_of=HEAD["as_of"][language],
        moment=f"{reading.minute(report.as_of)} {escaped(report.time_zone)}",
    )


def _of_framework(framework: Framework, language: str) -> str:
    return MATRIX[language].format(matrix=PHRASE["matrix"][language], framework=escaped(framework.title[language]))


def _alarm(reading: Reading, language: str) -> str:
    """Incomplete never looks complete: the first line says so."""
    total, short = len(reading.report.streams), len(reading.unfinished)
    if not total:
        return f"**{PHRASE['alarm_none'][language]}**"
    if short:
        return f"**{phrase('alarm_lead', n=short, all=total)[language]}**"
    return phrase("all_complete", all=total)[language]


def _counts(reading: Reading, language: str) -> str:
    rows = []
    for framework in reading.ordered:
        counts = reading.report.counts(framework.id)
        shown = [str(counts[status]) for status in Status]
        rows.append([escaped(framework.title[language]), *shown, str(sum(counts.values()))])
    head = [HEAD["framework"][language], *(STATUS[status][language] for status in Status), "n"]
    return table(head, rows)


def _levels(report: Report, language: str) -> str:
    """Each level with each of its packs: what decides stands beside what is shown for comparison."""
    rows = []
    for level, outcome in sorted(report.assessment.levels.items(), reverse=True):
        named = LEVEL[level][language]
        aimed = TARGET[language].format(level=named, target=PHRASE["here"][language])
        said = [aimed if level == report.target else named, LEVEL_STATE[outcome.status][language]]
        rows += [[*said, *_pack(pack, language)] for pack in outcome.packs] or [[*said, *[NO_VALUE] * 5]]
    return table([*_heads(language, "level", "state", "pack", "authority"), *_verdicts(language)], rows)


def _verdicts(language: str) -> list[str]:
    return [VERDICT[verdict][language] for verdict in Verdict]


def _pack(outcome: PackOutcome, language: str) -> list[str]:
    deciding = PHRASE["binding_yes" if outcome.binding else "binding_no"][language]
    found = [rule.verdict for rule in outcome.rules]
    counts = [f"{found.count(verdict)}/{len(found)}" for verdict in Verdict]
    weight = WEIGHT[language].format(authority=AUTHORITY[outcome.pack.authority][language], deciding=deciding)
    return [escaped(outcome.pack.title[language]), weight, *counts]


def _gaps(report: Report, language: str) -> str:
    rows = [_gap(gap, language) for gap in report.gaps]
    head = ["#", *_heads(language, "check", "verdict", "value", "n", "needed"), word("opens", language)]
    columns = [*head, word("owner", language), word("due", language)]
    return table(columns, rows) if rows else PHRASE["gap_none"][language]


def _gap(gap: Gap, language: str) -> list[str]:
    result, action = gap.result, gap.action
    return [
        str(gap.rank),
        escaped(result.check.title[language]),
        VERDICT[result.verdict][language],
        escaped(measured_value(result)[language]),
        f"{result.measurement.n:,}" if result.measurement else NO_VALUE,
        escaped(needed(result.check.criterion, unit_of(result))[language]),
        str(gap.opens),
        escaped(action.owner) if action else NO_VALUE,
        str(action.due or NO_VALUE) if action else NO_VALUE,
    ]


def _matrix(reading: Reading, framework: Framework, language: str) -> str:
    others = [f for f in reading.ordered if f.id != framework.id]
    head = [*_heads(language, "clause", "title", "status", "evidence"), *(escaped(f.title[language]) for f in others)]
    rows = [_row(reading, row, others, language) for row in reading.rows.get(framework.id, ())]
    return table(head, rows) if rows else ""


def _row(reading: Reading, row: Row, others: Iterable[Framework], language: str) -> list[str]:
    cells = [_cells(reading, row.cells.get(framework.id, ()), language) for framework in others]
    named = [escaped(reading.number(row.requirement)), escaped(reading.title(row.requirement)[language])]
    return [*named, STATUS[row.status][language], f"{row.evidence:,}", *cells]


def _cells(reading: Reading, cells: Sequence[Cell], language: str) -> str:
    shown = [
        f"{SYMBOL[cell.relationship]} {escaped(reading.number(cell.requirement))} {STATUS[cell.status][language]}"
        for cell in cells
    ]
    return "; ".join(shown) or NO_VALUE


def _heads(language: str, *names: str) -> list[str]:
    return [HEAD[name][language] for name in names]
