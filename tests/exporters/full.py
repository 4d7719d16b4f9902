"""A report with every part that a workbook shows, sixty rows each, and the same with a payload in every text of a row."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date, timedelta
from itertools import cycle, islice
from typing import Any

from tests.exporters.payloads import PAYLOADS
from tests.exporters.steering import steered
from tests.sample_report import AS_OF, ORIGIN, sample_report

from itss_bridge.model import (
    Action,
    ChangedCheck,
    ChangedFinding,
    ChangedLevel,
    ChangedRule,
    Changes,
    DocumentedInformation,
    DocumentRow,
    Item,
    Judgement,
    MaterialRow,
    Milestone,
    Report,
    Side,
    Status,
    Text,
    Verdict,
)

DAY = date(2016, 6, 1)
ACTION = Action("", "事件经理", DAY, 3, "修订并报批")
SHEETS = ("gaps", "nonconformities", "calendar", "documents", "materials", "streams", "orphans")
FREE = {
    "reason", "owner", "next_action", "role", "unknown", "unit", "reviewer", "ref", "url", "root_cause", "correction",
    "corrective_action", "effectiveness", "confidence", "needed", "stream", "head",
}  # fmt: skip
"""Fields that a stranger's or a person's own words stand in."""


def full_report() -> Report:
    """The sample, with gaps, nonconformities, dates, documents, materials, changes and judgements."""
    report = steered(sample_report(checks=80))
    item = Item("7", "QP-07 事件管理程序", "https://acme.example/wiki/7", None, met=True, excluded=None, at=AS_OF)
    title, reason = Text("Incident procedure", "事件管理程序"), Text("1 document.", "1 份文件。")
    information = DocumentedInformation("incident-procedure", "document", title, ORIGIN)
    first = report.rows[0].requirement
    milestone = Milestone(
        id="itss/x", kind="surveillance", on=DAY, until=DAY + timedelta(30), title=title, note=reason,
        frameworks=("itss",), rules=("itss/x",), certain=False, origin=ORIGIN,
    )  # fmt: skip
    material = MaterialRow(
        id="m", checklist=title, levels=(3,), title=title, owner=title, evidence="document", requirements=(first,),
        state="missing", found=(item,), reason=reason, note=reason, origin=ORIGIN,
    )  # fmt: skip
    return replace(
        report,
        catalogue="c" * 64,
        gaps=tuple(replace(gap, rank=n, action=ACTION) for n, gap in enumerate(islice(cycle(report.gaps), 60), 1)),
        nonconformities=tuple(replace(n, failing=(item,)) for n in islice(cycle(report.nonconformities[1:]), 60)),
        calendar=(milestone,) * 60,
        documents=(DocumentRow(first, information, "current", (item,), reason),) * 60,
        orphans=(item,) * 60,
        materials=(material,) * 60,
        streams=tuple(islice(cycle(report.streams), 60)),
        changes=_changes(report),
        assessment=replace(report.assessment, findings=_judged(report)),
    )


def _judged(report: Report) -> dict[str, Any]:
    """Every finding is judged by a role."""
    found = dict(report.assessment.findings)
    for name in list(found):
        said = Judgement(name, Status.PARTIAL, "已见原件", "内审员", DAY, DAY + timedelta(90), "")
        finding = found[name]
        found[name] = replace(finding, status=said.status, measured=finding.status, judgement=said, basis="judgement")
    return found


def _changes(report: Report) -> Changes:
    side = Side(Status.PARTIAL, None, "checks")
    check = ChangedCheck("a", ">= 1", Verdict.NOT_MET, Verdict.MET, 0.0, 1.0)
    changed = tuple(
        ChangedFinding(row.requirement, row.clause, Text("x", "甲"), side, side, ("evidence",), (check,), ())
        for row in islice(cycle(report.rows), 60)
    )
    level = ChangedLevel(4, Status.PARTIAL, Status.CONFORMING, (ChangedRule("r", Verdict.NOT_MET, Verdict.MET),))
    return Changes(AS_OF - timedelta(30), AS_OF, "same", "changed", None, 4, (level,), changed, (Text("n", "注"),))


def infested_everywhere() -> Report:
    """The full report; the text fields of one row all hold the same payload, those of the next row the next one."""
    report = full_report()
    parts = {name: _rows(getattr(report, name)) for name in SHEETS}
    texts = cycle(PAYLOADS)
    by_row = dict(zip((row.requirement for row in report.rows), cycle(PAYLOADS), strict=False))
    return replace(
        report,
        **parts,
        organisation=PAYLOADS[1],
        notes=tuple(Text(p, p) for p in PAYLOADS),
        frameworks=tuple(
            replace(f, title=Text(PAYLOADS[0], PAYLOADS[0]), requirements=_titled(f.requirements, by_row))
            for f in report.frameworks
        ),
        crosswalks=tuple(replace(w, title=Text(next(texts), PAYLOADS[2]), mappings=_rows(w.mappings)) for w in report.crosswalks),
        changes=replace(report.changes, findings=_rows(report.changes.findings)),
        metrics={name: replace(m, title=Text(PAYLOADS[4], PAYLOADS[4])) for name, m in report.metrics.items()},
        assessment=replace(
            report.assessment,
            findings={name: _finding(f, by_row.get(name, PAYLOADS[9]), texts) for name, f in report.assessment.findings.items()},
            measurements=_rows(tuple(islice(cycle(report.assessment.measurements), 60))),
            levels={n: _spoilt(level, PAYLOADS[n]) for n, level in report.assessment.levels.items()},
        ),
    )  # fmt: skip


def _titled(requirements: tuple[Any, ...], by_row: Mapping[str, str]) -> tuple[Any, ...]:
    payloads = (by_row.get(r.id, PAYLOADS[9]) for r in requirements)
    return tuple(replace(r, title=Text(p, p)) for r, p in zip(requirements, payloads, strict=True))


def _finding(finding: Any, payload: str, texts: Iterator[str]) -> Any:
    """Each check of a finding has a payload of its own."""
    item = Item("7", "INC7", "", None, met=False, excluded=None, at=AS_OF)
    failing = (replace(c, measurement=replace(c.measurement, failing=(item,))) for c in finding.checks)
    checks = tuple(_spoilt(check, next(texts)) for check in failing)
    return replace(_spoilt(finding, payload), checks=checks)


def _rows(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(_spoilt(value, payload) for value, payload in zip(values, cycle(PAYLOADS), strict=False))


def _spoilt(value: Any, payload: str) -> Any:
    """The same, with *payload* in every text that a stranger or a person could write."""
    if isinstance(value, Text):
        return Text(payload, payload)
    if isinstance(value, tuple):
        return tuple(_spoilt(part, payload) for part in value)
    if not is_dataclass(value):
        return value
    return replace(value, **dict(_changed(value, payload)))


def _changed(value: Any, payload: str) -> Iterator[tuple[str, Any]]:
    for field in fields(value):
        part = getattr(value, field.name)
        if isinstance(part, str):
            own = field.name in FREE or (field.name, type(value).__name__) in {
                ("state", "Ticket"),
                ("source", "StreamState"),
            }
            yield field.name, payload if own else part
        elif field.name in {"arguments", "excluded"} and isinstance(part, Mapping):
            yield field.name, {payload: 1} if field.name == "excluded" else {"x": payload}
        elif field.name == "source" and isinstance(part, tuple):
            yield field.name, (payload,)
        else:
            yield field.name, _spoilt(part, payload)
