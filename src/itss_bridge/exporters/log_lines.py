"""The report as JSON lines for log shippers: one event a line, flat, with keys that never change."""

import json
from collections.abc import Iterator
from typing import ClassVar

from itss_bridge.contracts import Exporter
from itss_bridge.exporters.foreign import plain
from itss_bridge.exporters.reading import Reading
from itss_bridge.exporters.values import JsonObject, day_json, moment, needed, number_json
from itss_bridge.model import Gap, Milestone, Nonconformity, Report, Status, Text, Verdict
from itss_bridge.wording import as_reason

SEVERITY = {
    Status.CONFORMING: "info",
    Status.NOT_APPLICABLE: "info",
    Status.PARTIAL: "warning",
    Status.UNDETERMINED: "warning",
    Status.NONCONFORMING: "error",
}
GRADE_SEVERITY = {"major": "error", "minor": "warning", "observation": "notice"}


class LogLinesExporter(Exporter):
    """Events are told in the order evidence, levels, findings, gaps, nonconformities, dates."""

    name: ClassVar[str] = "log-lines"
    suffix: ClassVar[str] = ".jsonl"
    title: ClassVar[Text] = Text("one JSON event a line, for log shippers", "逐行 JSON 事件，供日志采集系统使用")

    def export(self, report: Report, language: str) -> bytes:
        """All events; each line's shape is `schemas/cli/log-line.json`, its `message` is in *language*."""
        common = {
            "ts": moment(report.as_of),
            "organisation": plain(report.organisation),
            "version": plain(report.version),
        }
        lines = (json.dumps(common | event, ensure_ascii=False) for event in _events(Reading(report), language))
        return "".join(f"{line}\n" for line in lines).encode(errors="replace")


def _events(reading: Reading, language: str) -> Iterator[JsonObject]:
    yield from _streams(reading.report, language)
    yield from _levels(reading.report, language)
    yield from _findings(reading, language)
    for gap in reading.report.gaps:
        yield _gap(gap, language)
    for one in reading.report.nonconformities:
        yield _nonconformity(one, reading, language)
    for milestone in reading.report.calendar:
        yield _milestone(milestone, language)


def _streams(report: Report, language: str) -> Iterator[JsonObject]:
    for state in report.streams:
        yield {
            "event": "stream",
            "id": plain(f"{state.source}/{state.stream}"),
            "status": state.state,
            "severity": "info" if state.state == "complete" else "error",
            "message": plain(as_reason(state.reason)[language]),
            "source": plain(state.source),
            "stream": plain(state.stream),
            "seen": state.seen,
            "expected": state.expected,
            "collected_at": moment(state.collected_at),
            "head": plain(state.head),
        }


def _levels(report: Report, language: str) -> Iterator[JsonObject]:
    """A level above the target is no trouble, whatever its state."""
    for level, outcome in sorted(report.assessment.levels.items(), reverse=True):
        rules = [rule.verdict for pack in outcome.packs if pack.binding for rule in pack.rules]
        asked = level >= (report.target or 1)
        yield {
            "event": "level",
            "id": f"itss-level-{level}",
            "status": outcome.status.value,
            "severity": SEVERITY[outcome.status] if asked else "info",
            "message": plain(outcome.reason[language]),
            "level": level,
            "target": level == report.target,
            **{f"rules_{verdict.value}": rules.count(verdict) for verdict in Verdict},
        }


def _findings(reading: Reading, language: str) -> Iterator[JsonObject]:
    for framework, found in reading.findings.items():
        for finding in found:
            yield {
                "event": "finding",
                "id": finding.requirement,
                "status": finding.status.value,
                "severity": SEVERITY[finding.status],
                "message": plain(finding.reason[language]),
                "framework": framework,
                "clause": reading.clause(finding.requirement) or None,
                "title": plain(reading.title(finding.requirement)[language]),
                "basis": finding.basis,
                "evidence": finding.evidence,
                "measured": finding.measured.value if finding.measured else None,
            }


def _gap(gap: Gap, language: str) -> JsonObject:
    result, action = gap.result, gap.action
    measured = result.measurement
    return {
        "event": "gap",
        "id": result.check.id,
        "status": result.verdict.value,
        "severity": "error" if gap.binding and result.verdict is Verdict.NOT_MET else "warning",
        "message": plain(result.check.title[language]),
        "rank": gap.rank,
        "metric": result.check.metric,
        "value": number_json(measured.value) if measured else None,
        "n": measured.n if measured else 0,
        "denominator": measured.denominator if measured else 0,
        "needed": needed(result.check.criterion),
        "binding": gap.binding,
        "owner": plain(action.owner) if action else None,
        "due": day_json(action.due) if action else None,
    }


def _nonconformity(one: Nonconformity, reading: Reading, language: str) -> JsonObject:
    closed = one.progress == "closed"
    today = reading.local(reading.report.as_of).date()
    return {
        "event": "nonconformity",
        "id": plain(one.id),
        "status": one.progress,
        "severity": "info" if closed else GRADE_SEVERITY[one.grade],
        "message": plain(one.title[language]),
        "subject": one.subject,
        "grade": one.grade,
        "opened": day_json(one.opened),
        "due": day_json(one.due),
        "closed": day_json(one.closed),
        "overdue": not closed and one.due is not None and one.due < today,
        "owner": plain(one.owner) or None,
        "ticket": plain(one.ticket.ref) if one.ticket else None,
    }


def _milestone(milestone: Milestone, language: str) -> JsonObject:
    return {
        "event": "milestone",
        "id": plain(milestone.id),
        "status": milestone.state,
        "severity": {"overdue": "error", "missing": "warning"}.get(milestone.state, "info"),
        "message": plain(milestone.title[language]),
        "kind": milestone.kind,
        "on": day_json(milestone.on),
        "until": day_json(milestone.until),
        "certain": milestone.certain,
    }
