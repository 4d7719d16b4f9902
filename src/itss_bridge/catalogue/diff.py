"""What changed between two catalogues: requirements, mappings, checks, rules, metrics, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from itss_bridge.catalogue.draft import Draft, drafted_strictly
from itss_bridge.model import Check, Metric, Requirement
from itss_bridge.model import Mapping as Row

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was added, removed or changed; *fields* has before and after of each field that changed."""

    kind: Literal["requirement", "mapping", "check", "rule", "metric"]
    id: str
    change: Literal["added", "removed", "changed"]
    fields: Mapping[str, tuple[Any, Any]]

    def as_json(self) -> dict[str, Any]:
        """`{"kind", "id", "change", "fields": {NAME: {"before", "after"}}}`."""
        fields = {name: {"before": before, "after": after} for name, (before, after) in self.fields.items()}
        return {"kind": self.kind, "id": self.id, "change": self.change, "fields": fields}


def diff(old: Path, new: Path) -> list[Difference]:
    """From *old* to *new*: two folders shaped like `mappings/`, or two files of one kind.

    Raises:
        UsageError: one of them is neither, or a file of it does not fit its schema.
    """
    before, after = drafted_strictly(old), drafted_strictly(new)
    found: list[Difference] = []
    found += _compared("requirement", _requirements(before), _requirements(after))
    found += _compared("mapping", _mappings(before), _mappings(after))
    found += _compared("check", _checks(before.checks), _checks(after.checks))
    found += _compared("rule", _rules(before), _rules(after))
    return found + _compared("metric", _metrics(before), _metrics(after))


def _compared(kind: Any, before: Mapping[str, Fields], after: Mapping[str, Fields]) -> list[Difference]:
    found: list[Difference] = []
    for name in [*before, *(name for name in after if name not in before)]:
        if name not in after:
            found.append(Difference(kind, name, "removed", {}))
        elif name not in before:
            found.append(Difference(kind, name, "added", {}))
        elif changed := _changed(before[name], after[name]):
            found.append(Difference(kind, name, "changed", changed))
    return found


def _changed(before: Fields, after: Fields) -> dict[str, tuple[Any, Any]]:
    names = dict.fromkeys([*before, *after])
    return {n: (before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n)}


def _requirements(draft: Draft) -> dict[str, Fields]:
    return {r.id: _requirement(r) for framework in draft.frameworks for r in framework.requirements}


def _requirement(r: Requirement) -> Fields:
    clauses = {f"clause {edition}": number for edition, number in r.clauses.items()}
    texts = {"title.en": r.title.en, "title.zh": r.title.zh, "intent.en": r.intent.en, "intent.zh": r.intent.zh}
    place = {"parent": r.parent, "element": r.element, "assessable": r.assessable}
    return {**texts, **place, **clauses, "confidence": r.origin.confidence}


def _mappings(draft: Draft) -> dict[str, Fields]:
    return {f"{row.source} → {row.target}": _mapping(row) for c in draft.crosswalks for row in c.mappings}


def _mapping(row: Row) -> Fields:
    return {
        "relationship": row.relationship.value,
        "strength": row.strength,
        "review": row.review,
        "rationale.en": row.rationale.en,
        "rationale.zh": row.rationale.zh,
    }


def _checks(checks: list[Check]) -> dict[str, Fields]:
    return {check.id: _check(check) for check in checks}


def _rules(draft: Draft) -> dict[str, Fields]:
    return {rule.id: {"authority": pack.authority, **_check(rule)} for pack in draft.packs for rule in pack.rules}


def _check(check: Check) -> Fields:
    threshold = check.criterion.threshold
    return {
        "metric": check.metric,
        "with": dict(check.arguments),
        "operator": check.criterion.operator,
        "threshold": None if threshold is None else str(threshold),
        "months": check.criterion.months,
        "level": check.level,
        "requirements": list(check.requirements),
        "title.en": check.title.en,
        "title.zh": check.title.zh,
        "source": list(check.origin.source),
    }


def _metrics(draft: Draft) -> dict[str, Fields]:
    return {metric.id: _metric(metric) for metric in draft.metrics}


def _metric(metric: Metric) -> Fields:
    return {
        "population": metric.population,
        "summary": metric.summary,
        "unit": metric.unit,
        "better": metric.better,
        "window": metric.window,
        "streams": list(metric.streams),
        "parameters": list(metric.parameters),
        "definition.en": metric.definition.en,
        "definition.zh": metric.definition.zh,
    }
