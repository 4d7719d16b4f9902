"""What the judging commands print for scripts; the shapes are `schemas/cli/{assess,gap,roadmap,applicability}.json`."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from itss_bridge.applicability import Statement
from itss_bridge.diagnosis import by_element, by_level
from itss_bridge.exporters.document import assessment_json, moment, needed
from itss_bridge.model import CheckResult, Finding, Gap, LevelOutcome, Quarter, Report, Status, Verdict
from itss_bridge.shortfall import distance, next_step

JsonObject = dict[str, Any]


def assessment_shape(report: Report) -> JsonObject:
    """What `assess --json` prints: the report's own document with distances, judgements and what it rests on."""
    document = assessment_json(report)
    for framework in report.frameworks:
        for finding, shape in zip(
            report.findings(framework.id), document["frameworks"][framework.id]["findings"], strict=True
        ):
            _judge(finding, shape)
    for number, outcome in report.assessment.levels.items():
        _measure(outcome, document["levels"][str(number)])
    return document | {
        "organisation": report.organisation,
        "target": report.target,
        "reached": report.assessment.reached,
        "catalogue": report.catalogue,
        "version": report.version,
        "notes": [asdict(note) for note in report.notes],
        "streams": [{"source": s.source, "stream": s.stream, "state": s.state, "head": s.head} for s in report.streams],
    }


def _judge(finding: Finding, shape: JsonObject) -> None:
    shape["measured"] = finding.measured.value if finding.measured else None
    judgement = finding.judgement
    shape["judgement"] = judgement and {
        "status": judgement.status.value,
        "reason": judgement.reason,
        "role": judgement.role,
        "on": judgement.on.isoformat(),
        "expires": _day(judgement.expires),
    }
    for result, check in zip(finding.checks, shape["checks"], strict=True):
        check["distance"] = _number(result.distance)


def _measure(outcome: LevelOutcome, shape: JsonObject) -> None:
    shape["reason"] = asdict(outcome.reason)
    for pack in outcome.packs:
        part = shape["packs"][pack.pack.id]
        part["binding"], part["waived"] = pack.binding, [result.check.id for result in pack.waived]
        for result, rule in zip(pack.rules, part["rules"], strict=True):
            rule.update(_figures(result))


def _figures(result: CheckResult) -> JsonObject:
    """Everything that an auditor asks about one number, but for the number itself."""
    measured = result.measurement
    return {
        "title": asdict(result.check.title),
        "metric": result.check.metric,
        "arguments": dict(result.check.arguments),
        "unit": measured.unit if measured else "",
        "distance": _number(result.distance),
        "distance_text": asdict(distance(result)),
        "n": measured.n if measured else 0,
        "window": {"from": moment(measured.start), "to": moment(measured.end)} if measured else None,
        "reason": result.reason,
    }


def gap_shape(gap: Gap) -> JsonObject:
    """One gap of `gap --json`."""
    result, measured, action = gap.result, gap.result.measurement, gap.action
    return {
        "rank": gap.rank,
        "id": result.check.id,
        "state": result.verdict.value,
        "value": _number(None if measured is None or measured.value is None else Decimal(repr(measured.value))),
        "needed": needed(result.check.criterion),
        **_figures(result),
        "checks": [r.check.id for r in (result, *gap.also)],
        "level": result.check.level,
        "requirements": list(gap.requirements),
        "reaches": list(gap.reaches),
        "frameworks": list(gap.frameworks),
        "levels": list(gap.levels),
        "opens": gap.opens,
        "binding": gap.binding,
        "effort": gap.effort,
        "effort_assumed": gap.assumed,
        "owner": action.owner if action else "",
        "due": _day(action.due) if action else None,
        "earliest": _day(gap.earliest),
        "next_action": asdict(next_step(result, action)),
        "failing": _failing(result),
        "source": list(result.check.origin.source),
        "confidence": result.check.origin.confidence,
    }


def _failing(result: CheckResult) -> list[JsonObject]:
    items = result.measurement.failing if result.measurement else ()
    return [{"id": i.id, "ref": i.ref, "url": i.url, "value": i.value, "at": moment(i.at)} for i in items]


def roadmap_shape(report: Report, target: int | None, capacity: int, quarters: Iterable[Quarter]) -> JsonObject:
    """What `gap --roadmap --json` prints: the diagnosis, then the gaps by quarter."""
    return {
        "organisation": report.organisation,
        "as_of": moment(report.as_of),
        "reached": report.assessment.reached,
        "target": target,
        "capacity": capacity,
        "levels": {
            str(level): {"state": state.value, **{verdict.value: counts[verdict] for verdict in Verdict}}
            for level, (state, counts) in by_level(report).items()
        },
        "elements": {
            element: {status.value: counts[status] for status in Status}
            for element, counts in by_element(report).items()
        },
        "quarters": [
            {
                "quarter": f"{q.year}-Q{q.number}",
                "days": q.days,
                "capacity": q.capacity,
                "overdue": [gap.result.check.id for gap in q.overdue],
                "reached": list(q.reached),
                "gaps": [gap_shape(gap) for gap in q.gaps],
            }
            for q in quarters
        ],
    }


def statement_shape(line: Statement) -> JsonObject:
    """One line of `matrix --applicability --json`."""
    return asdict(line)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _number(value: Decimal | None) -> int | float | None:
    """Whole numbers stay whole."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)
