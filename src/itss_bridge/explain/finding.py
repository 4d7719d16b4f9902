"""How a requirement or a rule stands in a workspace: its own checks, or the path of mappings that reach it."""

from dataclasses import asdict
from typing import Any

from itss_bridge import wording
from itss_bridge.model import CheckResult, Report, Support, Text
from itss_bridge.shortfall import distance

_OWN_DECIDE = Text(
    "Its own checks decide; what mappings bring stands beside them.", "以自身检查结果为准，映射传递的结果仅供对照。"
)


def found(requirement: str, report: Report) -> dict[str, Any]:
    """What the report found, as further facts of an explanation; nothing where it does not judge the requirement."""
    finding = report.assessment.findings.get(requirement)
    if finding is None:
        return {}
    facts: dict[str, Any] = {"status": asdict(wording.STATUS[finding.status])}
    if finding.measured:
        facts["measured"] = asdict(wording.STATUS[finding.measured])
    if finding.basis == "checks" and finding.supports:
        facts["weight"] = asdict(_OWN_DECIDE)
    return facts | {
        "basis": asdict(wording.BASIS[finding.basis]),
        "reason": asdict(finding.reason),
        "results": [_result(result) for result in finding.checks],
        "path": [_step(support, report) for support in finding.supports],
    }


def measured(rule: str, report: Report) -> dict[str, Any]:
    """What a check or a level rule measured here, as a further fact; nothing where it is not measured."""
    results = {r.check.id: r for level in report.assessment.levels.values() for pack in level.packs for r in pack.rules}
    results |= {r.check.id: r for finding in report.assessment.findings.values() for r in finding.checks}
    return {"results": [_result(results[rule])]} if rule in results else {}


def _result(result: CheckResult) -> dict[str, Any]:
    known = result.measurement
    unit = known.unit if known else ""
    return {
        "id": result.check.id,
        "verdict": asdict(wording.VERDICT[result.verdict]),
        "measured": asdict(wording.quantity(known.value if known else None, unit)),
        "n": known.n if known else 0,
        "needed": asdict(wording.needed(result.check.criterion, unit)),
        "distance": asdict(distance(result)),
    }


def _step(support: Support, report: Report) -> dict[str, Any]:
    """One mapping read towards the requirement: where it starts, how that stands, and what arrives."""
    source = report.requirement(support.requirement)
    return {
        "requirement": source.id,
        "clause": report.framework_of(source.id).clause(source),
        "source_status": asdict(wording.STATUS[support.status]),
        "symbol": wording.SYMBOL[support.mapping.relationship],
        "review": support.mapping.review,
        "contributes": asdict(wording.STATUS[support.contributes]),
    }
