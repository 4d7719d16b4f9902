"""A report that has something in every part, and the same with texts of strangers in every place they can fill."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from tests.exporters.steering import steered
from tests.sample_report import AS_OF, ORIGIN, sample_report

from itss_bridge.exporters.foreign import link
from itss_bridge.model import (
    ChangedFinding,
    ChangedLevel,
    Changes,
    Condition,
    Criterion,
    DocumentedInformation,
    DocumentRow,
    Judgement,
    MaterialRow,
    Measurement,
    Milestone,
    Report,
    Side,
    Status,
    Text,
    Trend,
    TrendPoint,
)

STRUCTURE = {
    "Action.check", "Cell.requirement", "Cell.review", "ChangedFinding.by", "ChangedFinding.causes",
    "ChangedFinding.requirement", "Changes.catalogue", "Changes.evidence", "Check.id", "Check.kind", "Check.metric",
    "Check.requirements", "Condition.state", "Criterion.operator", "Crosswalk.id", "Crosswalk.source", "Crosswalk.target",
    "DocumentRow.requirement", "DocumentRow.state", "DocumentedInformation.id", "DocumentedInformation.kind", "Edition.id",
    "Edition.status", "Finding.basis", "Finding.requirement", "Framework.group", "Framework.id", "Gap.frameworks",
    "Gap.reaches", "Gap.requirements", "Judgement.requirement", "Mapping.review", "Mapping.source", "Mapping.target",
    "MaterialRow.evidence", "MaterialRow.requirements", "MaterialRow.state", "Measurement.metric", "Metric.better",
    "Metric.id", "Metric.parameters", "Metric.population", "Metric.streams", "Metric.summary", "Metric.window",
    "Milestone.frameworks", "Milestone.kind", "Milestone.state", "Nonconformity.grade", "Nonconformity.progress",
    "Nonconformity.requirements", "Nonconformity.subject", "Report.languages", "Report.time_zone", "Requirement.element",
    "Requirement.framework", "Requirement.id", "Requirement.parent", "Requirement.stages", "Row.requirement",
    "RulePack.authority", "RulePack.id", "Side.basis", "StreamState.state", "Support.requirement", "Trend.metric",
    "Unmapped.requirement",
}  # fmt: skip
"""Fields that only our own code and catalogues with checked ids fill; everything else is text of strangers."""


def everything(**sample: Any) -> Report:
    """The sample report with gaps, nonconformities, judgements, dates, documents, materials, changes and trends."""
    report = steered(sample_report(**sample))
    findings = dict(report.assessment.findings)
    judged = next(f for f in findings.values() if f.status is Status.PARTIAL)
    word = Judgement(
        judged.requirement, Status.CONFORMING, "looked at on site", "quality manager", date(2016, 5, 2), None, ""
    )
    findings[judged.requirement] = replace(
        judged, status=Status.CONFORMING, basis="judgement", measured=Status.PARTIAL, judgement=word
    )
    items = next(m.failing for m in report.assessment.measurements if m.failing)
    return replace(
        report,
        assessment=replace(report.assessment, findings=findings, reached=4),
        notes=(Text("A note.", "一条说明。"),),
        judgements=(word,),
        calendar=_calendar(),
        documents=tuple(
            DocumentRow(judged.requirement, _asked(state), state, items[:1] if state == "current" else (), _text(state))
            for state in ("current", "approved", "present", "missing", "unknown")
        ),
        orphans=items[:3],
        materials=tuple(
            MaterialRow(f"m-{n}", _text(f"list {n // 2}"), (3,), _text("licence"), _text("administration"), "document",
                        (judged.requirement,), "missing", items[:n], _text("why"), _text("note"), ORIGIN)
            for n in range(4)
        ),
        trends=_trends(report),
        changes=_changes(judged.requirement),
    )  # fmt: skip


def _text(name: str) -> Text:
    return Text(name, f"{name}（中）")


def _asked(state: str) -> DocumentedInformation:
    return DocumentedInformation(state, "document", _text(f"document that is {state}"), ORIGIN)


def _calendar() -> tuple[Milestone, ...]:
    conditions = tuple(
        Condition("rule", _text(state), state, date(2016, 7, 1), _text("note"), certain=True, origin=ORIGIN)
        for state in ("fulfilled", "waiting", "action", "unknown")
    )
    return tuple(
        Milestone(state, "surveillance", None if state == "missing" else date(2016, 7, 1), date(2016, 8, 1), _text(state),
                  _text("note"), ("itss",), (), certain=state == "ahead", origin=ORIGIN, state=state, conditions=conditions)
        for state in ("overdue", "open", "ahead", "missing")
    )  # fmt: skip


def _changes(requirement: str) -> Changes:
    before, after = Side(Status.PARTIAL, None, "checks"), Side(Status.CONFORMING, Status.PARTIAL, "judgement")
    found = ChangedFinding(requirement, "5.2 a)", _text("a change"), before, after, ("judgement", "time"), (), ())
    gone = ChangedFinding("itss:gone", None, _text("gone"), before, None, ("catalogue",), (), ())
    levels = (ChangedLevel(4, Status.NONCONFORMING, Status.CONFORMING, ()),)
    return Changes(
        datetime(2016, 5, 1, tzinfo=UTC), AS_OF, "same", "changed", None, 4, levels, (found, gone), (_text("by"),)
    )


def trend(metric: str, values: list[float | None], *checks: Any, unknown: str = "", running: bool = True) -> Trend:
    """A trend of these values; None is a month without data, all of them unknown where *unknown* says why."""
    points = []
    for number, value in enumerate(values):
        start = datetime(2015 + number // 12, number % 12 + 1, 1, tzinfo=UTC)
        measured = Measurement(
            metric, {}, None if unknown else value, "%", 10, 9, 10, {}, start, start, {}, 10, (), unknown
        )
        whole = not (running and number == len(values) - 1)
        points.append(TrendPoint(f"{start:%Y-%m}", start, start, whole, measured))
    return Trend(metric, {"topic": "network"}, tuple(checks), tuple(points))


def _trends(report: Report) -> tuple[Trend, ...]:
    check = next(c.check for f in report.assessment.findings.values() for c in f.checks if c.check.metric == "kpi-sla")
    asked = replace(check, criterion=Criterion(">=", Decimal(90), 6))
    return (
        trend("kpi-sla", [90, None, 92, 93.5, None, None, 88, 89, 90, 91, 92, 93, 94], asked),
        trend("kpi-mttr", [None, None, 5, 4, 3], replace(check, metric="kpi-mttr"), running=False),
        trend("kpi-chg-ok", [1.0] * 13, replace(check, metric="kpi-chg-ok"), unknown="change of jira is incomplete"),
        trend("kpi-csat", [None] * 13, replace(check, metric="kpi-csat")),
    )


def infested(report: Report, fill: Callable[[str], str]) -> Report:
    """The report with `fill(old)` in place of each text that strangers can give; an address through `fill` too."""
    made: dict[int, Any] = {}

    def put(value: Any, name: str) -> Any:
        if name in STRUCTURE or value is None or isinstance(value, Enum | bytes):
            return value
        if isinstance(value, str):
            return fill(value) if value else value
        if isinstance(value, tuple):
            return tuple(put(one, name) for one in value)
        if isinstance(value, Mapping):
            free = name.endswith(".excluded")
            return {(fill(k) if free else k): put(v, name) for k, v in value.items()}
        if not is_dataclass(value):
            return value
        if id(value) not in made:  # one check result stands in several places, and is the same in all of them
            own = type(value).__name__
            made[id(value)] = (
                value,
                type(value)(**{f.name: put(getattr(value, f.name), f"{own}.{f.name}") for f in fields(value)}),
            )
        return made[id(value)][1]

    return put(report, "")


def followed(payload: str) -> bool:
    """Whether a payload is an address that the report links to, as text of strangers in an address may be."""
    return bool(link(payload))
