"""The management review's inputs, and minutes to fill in."""

from collections.abc import Sequence
from datetime import date

from itss_bridge.exporters.markdown import document, escaped, table
from itss_bridge.exporters.reading import Reading
from itss_bridge.exporters.review.parts import evidence, filled, heads, nonconformities, notes, titled
from itss_bridge.exporters.review.words import word
from itss_bridge.model import Decision, Measurement, Report, Status
from itss_bridge.wording import DOCUMENT_STATE, LEVEL, LEVEL_STATE, STATUS, as_reason, number, quantity

CUSTOMERS = frozenset({"kpi-csat", "kpi-csat-n", "kpi-nps", "kpi-renew"})
GAPS_SHOWN, EMPTY_LINES = 10, 5


def management_review(report: Report, decisions: Sequence[Decision], language: str, day: date) -> str:
    """Inputs part by part, then minutes; Markdown."""
    parts = {
        "decisions": _decisions(decisions, language, day),
        "evidence": evidence(report, language),
        "readiness": _readiness(report, language),
        "levels": _levels(report, language),
        "customers": _measured(report, language, customers=True),
        "performance": _measured(report, language, customers=False),
        "nonconformities": nonconformities(report, language, day),
        "gaps": _gaps(report, language),
        "documents": _documents(report, language),
        "dates": _dates(report, language),
        "notes": notes(report, language),
        "minutes": _minutes(language),
    }
    return document(
        titled("management_title", report, language), [(word(name, language), body) for name, body in parts.items()]
    )


def _decisions(decisions: Sequence[Decision], language: str, day: date) -> str:
    rows = [
        [
            one.id,
            str(one.review),
            escaped(one.decision),
            escaped(one.owner),
            str(one.due or "–"),
            word(one.state(day), language),
        ]
        for one in decisions
        if one.review <= day
    ]
    return filled(rows, language, "id", "date", "decision", "owner", "due", "state")


def _readiness(report: Report, language: str) -> str:
    head = [word("framework", language), *(STATUS[status][language] for status in Status)]
    return table(
        head,
        [
            [escaped(framework.title[language]), *(str(report.counts(framework.id)[status]) for status in Status)]
            for framework in report.frameworks
        ],
    )


def _levels(report: Report, language: str) -> str:
    rows = [
        [LEVEL[level][language], LEVEL_STATE[outcome.status][language], escaped(outcome.reason[language])]
        for level, outcome in sorted(report.assessment.levels.items(), reverse=True)
    ]
    return filled(rows, language, "level", "state", "reason")


def _measured(report: Report, language: str, *, customers: bool) -> str:
    reading = Reading(report)
    rows = [
        [
            escaped(report.metrics[m.metric].title[language]),
            _value(m, language),
            number(m.n),
            reading.window(m),
        ]
        for m in report.assessment.measurements
        if m.metric.startswith("kpi-") and (m.metric in CUSTOMERS) is customers
    ]
    return filled(sorted(rows), language, "metric", "value", "n", "window")


def _value(measured: Measurement, language: str) -> str:
    if measured.unknown:
        return escaped(as_reason(measured.unknown)[language])
    return quantity(measured.value, measured.unit)[language]


def _gaps(report: Report, language: str) -> str:
    rows = [
        [
            escaped(gap.result.check.title[language]),
            str(gap.opens),
            escaped(gap.action.owner) if gap.action else "",
            str(gap.action.due or "") if gap.action else "",
            escaped(gap.action.next_action) if gap.action else "",
        ]
        for gap in report.gaps[:GAPS_SHOWN]
    ]
    return filled(rows, language, "title", "opens", "owner", "due", "next")


def _documents(report: Report, language: str) -> str:
    reading = Reading(report)
    rows = [
        [
            reading.number(row.requirement),
            escaped(row.information.title[language]),
            DOCUMENT_STATE[row.state][language],
            escaped(row.reason[language]),
        ]
        for row in report.documents
        if row.state != "current"
    ]
    return filled(rows, language, "clause", "document", "state", "reason")


def _dates(report: Report, language: str) -> str:
    rows = [[str(one.on or "–"), escaped(one.title[language]), escaped(one.note[language])] for one in report.calendar]
    return filled(rows, language, "date", "title", "reason")


def _minutes(language: str) -> str:
    lines = [f"{word(name, language)} ____" for name in ("held_on", "attendees", "conclusion")]
    empty = table(heads(language, "id", "decision", "owner", "due"), [["", "", "", ""]] * EMPTY_LINES)
    return "\n\n".join([*lines, empty])
