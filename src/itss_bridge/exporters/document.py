"""The report as JSON: one stable document, and the parts of it that the command line prints."""

import json
from typing import ClassVar

from itss_bridge.contracts import Exporter
from itss_bridge.exporters.changed import changes_json
from itss_bridge.exporters.measured import measurement_json, trend_json
from itss_bridge.exporters.steering import steering_json
from itss_bridge.exporters.values import (
    JsonObject,
    day_json,
    figures_json,
    item_json,
    moment,
    needed,
    number_json,
    text_json,
    window_json,
)
from itss_bridge.model import (
    Cell,
    CheckResult,
    Finding,
    Framework,
    Json,
    Judgement,
    PackOutcome,
    Report,
    Row,
    StreamState,
    Support,
    Text,
    Verdict,
)


class JsonExporter(Exporter):
    """Everything a report says, for machines: keys sorted, UTF-8, times in UTC."""

    name: ClassVar[str] = "json"
    suffix: ClassVar[str] = ".json"
    title: ClassVar[Text] = Text(
        "everything, for programs; `verify --against` takes it", "全部数据，供程序使用，可用于 `verify --against`"
    )
    shows_trends: ClassVar[bool] = True

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
        measurement_json(m, report.metrics.get(m.metric)) | {"failing": [item_json(i) for i in m.failing]}
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
        "notes": [text_json(n) for n in report.notes],
        "reached": report.assessment.reached,
        "catalogue": report.catalogue,
        "trends": [trend_json(trend, report.metrics.get(trend.metric)) for trend in report.trends],
        "changes": changes_json(report.changes) if report.changes else None,
        **steering_json(report),
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
        str(level): {
            "state": outcome.status.value,
            "reason": text_json(outcome.reason),
            "packs": {p.pack.id: _pack(p) for p in outcome.packs},
        }
        for level, outcome in sorted(report.assessment.levels.items(), reverse=True)
    }


def matrix_json(report: Report) -> JsonObject:
    """What `matrix --json` prints: one row per requirement; its shape is `schemas/cli/matrix.json`."""
    return {"rows": [_row(r) for r in report.rows]}


def _framework(report: Report, framework: Framework) -> JsonObject:
    clauses = {r.id: (framework.clause(r), r.title) for r in framework.requirements}
    return {
        "title": text_json(framework.title),
        "editions": [{"id": e.id, "name": text_json(e.name), "status": e.status} for e in framework.editions],
        "counts": {status.value: n for status, n in report.counts(framework.id).items()},
        "findings": [_finding(f, *clauses[f.requirement]) for f in report.findings(framework.id)],
    }


def _finding(finding: Finding, clause: str | None, title: Text) -> JsonObject:
    return {
        "requirement": finding.requirement,
        "clause": clause,
        "title": text_json(title),
        "status": finding.status.value,
        "basis": finding.basis,
        "evidence": finding.evidence,
        "reason": text_json(finding.reason),
        "measured": finding.measured.value if finding.measured else None,
        "judgement": _judgement(finding.judgement) if finding.judgement else None,
        "checks": [_check(result) for result in finding.checks],
        "supports": [_support(support) for support in finding.supports],
    }


def _judgement(judgement: Judgement) -> JsonObject:
    return {
        "status": judgement.status.value,
        "reason": judgement.reason,
        "role": judgement.role,
        "on": day_json(judgement.on),
        "expires": day_json(judgement.expires),
    }


def _check(result: CheckResult) -> JsonObject:
    measured = result.measurement
    return {
        "id": result.check.id,
        "verdict": result.verdict.value,
        "value": _value(result),
        "needed": needed(result.check.criterion),
        "distance": number_json(result.distance),
        "n": measured.n if measured else 0,
        "numerator": number_json(measured.numerator) if measured else None,
        "denominator": measured.denominator if measured else 0,
        "window": window_json(measured) if measured else None,
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
        "rationale": text_json(mapping.rationale),
        "requirement": support.requirement,
        "status": support.status.value,
        "contributes": support.contributes.value,
    }


def _pack(outcome: PackOutcome) -> JsonObject:
    verdicts = [rule.verdict for rule in outcome.rules]
    return {
        "authority": outcome.pack.authority,
        "binding": outcome.binding,
        "waived": [result.check.id for result in outcome.waived],
        **{verdict.value: verdicts.count(verdict) for verdict in Verdict},
        "rules": [_rule(rule) for rule in outcome.rules],
    }


def _rule(result: CheckResult) -> JsonObject:
    return {
        "id": result.check.id,
        "state": result.verdict.value,
        "value": _value(result),
        "needed": needed(result.check.criterion),
        **figures_json(result),
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


def _value(result: CheckResult) -> float | None:
    return number_json(result.measurement.value) if result.measurement else None
