"""The report as JSON: one stable document, and the parts of it that the command line prints."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar

from itss_bridge.contracts import Exporter
from itss_bridge.model import (
    Cell,
    CheckResult,
    Criterion,
    Finding,
    Framework,
    Item,
    Json,
    Measurement,
    Metric,
    PackOutcome,
    Report,
    Row,
    StreamState,
    Support,
    Text,
    Verdict,
)

JsonObject = dict[str, Json]
_EXACT = 2**53


class JsonExporter(Exporter):
    """Everything a report says, for machines: keys sorted, UTF-8, times in UTC."""

    name: ClassVar[str] = "json"
    suffix: ClassVar[str] = ".json"

    def export(self, report: Report, language: str) -> bytes:  # noqa: ARG002 - both languages are in the document
        """The whole report; its shape is `schemas/cli/report.json`."""
        return dumps(report_json(report))


def dumps(document: Json) -> bytes:
    """One document as bytes: keys sorted, indented by two, UTF-8, a line end at the end."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False)
    return f"{text}\n".encode(errors="replace")


def report_json(report: Report) -> JsonObject:
    """The whole report; its shape is `schemas/cli/report.json`."""
    measurements = [
        measurement_json(m, report.metrics.get(m.metric)) | {"failing": [_item(i) for i in m.failing]}
        for m in report.assessment.measurements
    ]
    return {
        **assessment_json(report),
        "organisation": report.organisation,
        "version": report.version,
        "time_zone": report.time_zone,
        "target": report.target,
        "streams": [_stream(s) for s in report.streams],
        "matrix": matrix_json(report),
        "metrics": measurements,
        "notes": [_text(n) for n in report.notes],
    }


def assessment_json(report: Report) -> JsonObject:
    """What `assess --json` prints: findings by framework, and the levels; its shape is `schemas/cli/assess.json`."""
    return {
        "as_of": moment(report.as_of),
        "frameworks": {f.id: _framework(report, f) for f in report.frameworks},
        "levels": levels_json(report),
    }


def levels_json(report: Report) -> JsonObject:
    """The levels by number, each with its rule packs, rule by rule."""
    return {
        str(level): {"state": outcome.status.value, "packs": {p.pack.id: _pack(p) for p in outcome.packs}}
        for level, outcome in sorted(report.assessment.levels.items(), reverse=True)
    }


def matrix_json(report: Report) -> JsonObject:
    """What `matrix --json` prints: one row per requirement; its shape is `schemas/cli/matrix.json`."""
    return {"rows": [_row(r) for r in report.rows]}


def measurement_json(measurement: Measurement, metric: Metric | None = None) -> JsonObject:
    """What `metric show --json` prints; its shape is `schemas/cli/metric.json`.

    *value* is null where there is no data, and *unknown* says why nothing may be concluded (empty otherwise).
    """
    return {
        "id": measurement.metric,
        "arguments": dict(measurement.arguments),
        "value": _number(measurement.value),
        "unit": measurement.unit or (metric.unit if metric else ""),
        "n": measurement.n,
        "numerator": _number(measurement.numerator),
        "denominator": measurement.denominator,
        "excluded": dict(measurement.excluded),
        **_window(measurement),
        **{name: _number(measurement.spread.get(name)) for name in ("mean", "median", "p90")},
        "unknown": measurement.unknown,
    }


def needed(criterion: Criterion) -> str:
    """A criterion in one short text for scripts: `>= 90`, `measured (n >= 1)`."""
    if criterion.operator == "measured":
        least = Decimal(1) if criterion.threshold is None else criterion.threshold
        return f"measured (n >= {_decimal(least)})"
    return f"{criterion.operator} {'?' if criterion.threshold is None else _decimal(criterion.threshold)}"


def moment(when: datetime | None) -> str | None:
    """A moment in UTC: `2016-06-01T00:00:00Z`."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z") if when else None


def _framework(report: Report, framework: Framework) -> JsonObject:
    clauses = {r.id: (framework.clause(r), r.title) for r in framework.requirements}
    return {
        "title": _text(framework.title),
        "editions": [{"id": e.id, "name": _text(e.name), "status": e.status} for e in framework.editions],
        "counts": {status.value: n for status, n in report.counts(framework.id).items()},
        "findings": [_finding(f, *clauses[f.requirement]) for f in report.findings(framework.id)],
    }


def _finding(finding: Finding, clause: str | None, title: Text) -> JsonObject:
    return {
        "requirement": finding.requirement,
        "clause": clause,
        "title": _text(title),
        "status": finding.status.value,
        "basis": finding.basis,
        "evidence": finding.evidence,
        "reason": _text(finding.reason),
        "checks": [_check(result) for result in finding.checks],
        "supports": [_support(support) for support in finding.supports],
    }


def _check(result: CheckResult) -> JsonObject:
    measured = result.measurement
    return {
        "id": result.check.id,
        "verdict": result.verdict.value,
        "value": _value(result),
        "needed": needed(result.check.criterion),
        "n": measured.n if measured else 0,
        "numerator": _number(measured.numerator) if measured else None,
        "denominator": measured.denominator if measured else 0,
        "window": _window(measured) if measured else None,
        "reason": result.reason,
        "source": list(result.check.origin.source),
        "confidence": result.check.origin.confidence,
    }


def _support(support: Support) -> JsonObject:
    mapping = support.mapping
    return {
        "source": mapping.source,
        "target": mapping.target,
        "relationship": mapping.relationship.value,
        "strength": mapping.strength,
        "review": mapping.review,
        "rationale": _text(mapping.rationale),
        "requirement": support.requirement,
        "status": support.status.value,
        "contributes": support.contributes.value,
    }


def _pack(outcome: PackOutcome) -> JsonObject:
    verdicts = [rule.verdict for rule in outcome.rules]
    return {
        "authority": outcome.pack.authority,
        **{verdict.value: verdicts.count(verdict) for verdict in Verdict},
        "rules": [_rule(rule) for rule in outcome.rules],
    }


def _rule(result: CheckResult) -> JsonObject:
    return {
        "id": result.check.id,
        "state": result.verdict.value,
        "value": _value(result),
        "needed": needed(result.check.criterion),
        "source": list(result.check.origin.source),
        "confidence": result.check.origin.confidence,
    }


def _row(row: Row) -> JsonObject:
    return {
        "requirement": row.requirement,
        "clause": row.clause,
        "status": row.status.value,
        "cells": {framework: [_cell(c) for c in cells] for framework, cells in row.cells.items()},
        "evidence": row.evidence,
    }


def _cell(cell: Cell) -> JsonObject:
    return {
        "requirement": cell.requirement,
        "relationship": cell.relationship.value,
        "status": cell.status.value,
    }


def _stream(state: StreamState) -> JsonObject:
    return {
        "source": state.source,
        "stream": state.stream,
        "state": state.state,
        "expected": state.expected,
        "seen": state.seen,
        "collected_at": moment(state.collected_at),
        "head": state.head,
        "reason": state.reason,
    }


def _item(item: Item) -> JsonObject:
    return {
        "id": item.id,
        "ref": item.ref,
        "url": item.url,
        "value": _number(item.value),
        "at": moment(item.at),
    }


def _window(measurement: Measurement) -> Mapping[str, str | None]:
    return {"from": moment(measurement.start), "to": moment(measurement.end)}


def _value(result: CheckResult) -> float | None:
    return _number(result.measurement.value) if result.measurement else None


def _number(value: float | None) -> float | None:
    """JSON has no infinity and no NaN; whole numbers stay whole."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if float(value).is_integer() and abs(value) < _EXACT else value


def _decimal(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _text(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}
