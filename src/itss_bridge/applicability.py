"""The statement of applicability: every requirement of a framework, whether it applies, why, how it is met, its status.

It is drawn from the finished report, so that it can say nothing else than the matrix does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from itss_bridge.model import Finding, Report, Status, Text, Verdict
from itss_bridge.wording import RELATIONSHIP, SYMBOL, VERDICT

_INCLUDED = Text("Asked by the framework; no exclusion is declared.", "标准要求，未声明删减。")


@dataclass(frozen=True, slots=True)
class Means:
    """One thing by which a requirement is met, or would be: a check, a mapping, a judgement."""

    kind: Literal["check", "mapping", "judgement"]
    id: str
    title: Text
    state: Text


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of the statement; *measured* is the machine's own status where a judgement decides."""

    requirement: str
    framework: str
    clause: str | None
    title: Text
    applicable: bool
    justification: Text
    means: tuple[Means, ...]
    status: Status
    measured: Status | None


def applicability(report: Report, framework: str = "") -> tuple[Statement, ...]:
    """One line for each assessable requirement, frameworks and requirements in order; of one framework if named."""
    return tuple(
        _statement(report, finding)
        for f in report.frameworks
        if framework in {"", f.id}
        for finding in report.findings(f.id)
    )


def _statement(report: Report, finding: Finding) -> Statement:
    requirement = report.requirement(finding.requirement)
    applicable = finding.status is not Status.NOT_APPLICABLE
    framework = report.framework_of(requirement.id)
    return Statement(
        requirement=requirement.id,
        framework=framework.id,
        clause=framework.clause(requirement),
        title=requirement.title,
        applicable=applicable,
        justification=_INCLUDED if applicable else finding.reason,
        means=tuple(_means(report, finding)) if applicable else (),
        status=finding.status,
        measured=finding.measured,
    )


def _means(report: Report, finding: Finding) -> Iterator[Means]:
    """What decides comes first; mappings only where nothing of its own speaks to it."""
    if finding.judgement:
        since = str(finding.judgement.on)
        yield Means("judgement", finding.judgement.role, finding.reason, Text(f"since {since}", f"自 {since} 起"))
    for result in sorted(finding.checks, key=lambda r: r.verdict is not Verdict.MET):
        yield Means("check", result.check.id, result.check.title, VERDICT[result.verdict])
    for support in finding.supports if not finding.checks else ():
        if support.contributes in {Status.CONFORMING, Status.PARTIAL}:
            relation = RELATIONSHIP[support.mapping.relationship]
            symbol = SYMBOL[support.mapping.relationship]
            state = Text(f"{symbol} {relation.en}", f"{symbol} {relation.zh}")
            yield Means("mapping", support.requirement, report.requirement(support.requirement).title, state)
