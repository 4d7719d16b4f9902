"""What changed between two reports, and why: by evidence, by what was asked, or by what people decided.

It compares documents, as `assess --json` prints and `export x.json` writes them, so that two moments of one workspace
and two files from different years are compared alike. A cause is named only where the documents show it; what they
cannot show, whether the query behind a number was changed, is said once for all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeAlias

from itss_bridge.model import (
    Cause,
    ChangedCheck,
    ChangedFinding,
    ChangedLevel,
    ChangedRule,
    Changes,
    Json,
    Same,
    Side,
    Status,
    Text,
    Verdict,
)

JsonObject: TypeAlias = dict[str, Json]

_QUERIES = Text(
    "The reports do not show that both were asked alike: a query behind a number may have changed as well.",
    "两份报告无法证明评估依据完全一致：数值背后的查询可能也有变化。",
)
_PRESENT = Text(
    "Both moments are judged by the present catalogue, scope and signatures: evidence, dated judgements, time differ.",
    "两个时点均按现行评估依据、范围和签署判定，差异只来自证据、注明日期的人工判定和时间推移。",
)


@dataclass(frozen=True)
class _Pair:
    """Two documents to compare."""

    old: JsonObject
    new: JsonObject

    @cached_property
    def findings(self) -> dict[str, tuple[JsonObject | None, JsonObject | None]]:
        """Both findings of each requirement, None where a document has none."""
        before, after = _findings(self.old), _findings(self.new)
        return {name: (before.get(name), after.get(name)) for name in {**before, **after}}

    @cached_property
    def catalogue(self) -> Same:
        return _same(self.old.get("catalogue"), self.new.get("catalogue"))

    @cached_property
    def evidence(self) -> Same:
        return _same(_heads(self.old), _heads(self.new))


def changes(old: JsonObject, new: JsonObject, *, one_workspace: bool = False) -> Changes:
    """All that differs from *old* to *new*.

    Args:
        old: the earlier report.
        new: the later one.
        one_workspace: both were made just now from one workspace, for two moments.
    """
    pair = _Pair(old, new)
    notes = [*([_PRESENT] if one_workspace else []), *([_QUERIES] if pair.catalogue != "same" else [])]
    return Changes(
        since=datetime.fromisoformat(old["as_of"]),
        until=datetime.fromisoformat(new["as_of"]),
        catalogue=pair.catalogue,
        evidence=pair.evidence,
        reached_before=_reached(old),
        reached_after=_reached(new),
        levels=tuple(_levels(old, new)),
        findings=tuple(_finding(pair, name) for name in pair.findings if _differs(*pair.findings[name])),
        notes=tuple(notes),
    )


def _findings(document: JsonObject) -> dict[str, JsonObject]:
    return {f["requirement"]: f for framework in document["frameworks"].values() for f in framework["findings"]}


def _same(old: Json, new: Json) -> Same:
    if not old or not new:
        return "unknown"
    return "same" if old == new else "changed"


def _heads(document: JsonObject) -> list[list[str]]:
    return sorted([s["source"], s["stream"], s["head"], s["state"]] for s in document.get("streams", ()))


def _reached(document: JsonObject) -> int | None:
    return min((int(n) for n, level in document["levels"].items() if level["state"] == "conforming"), default=None)


def _machine(finding: JsonObject) -> str:
    """What was measured, whatever a person decided."""
    return str(finding.get("measured") or finding["status"])


def _differs(old: JsonObject | None, new: JsonObject | None) -> bool:
    if old is None or new is None:
        return True
    return bool(old["status"] != new["status"] or _machine(old) != _machine(new))


def _finding(pair: _Pair, name: str) -> ChangedFinding:
    old, new = pair.findings[name]
    known = new or old or {}
    return ChangedFinding(
        requirement=name,
        clause=known["clause"],
        title=Text(**known["title"]),
        before=_side(old),
        after=_side(new),
        causes=tuple(sorted(_causes(pair, name))) or ("unknown",),
        checks=() if old is None or new is None else tuple(_checks(old, new)),
        by=() if old is None or new is None else tuple(_by(pair, old, new)),
    )


def _side(finding: JsonObject | None) -> Side | None:
    if finding is None:
        return None
    measured = finding.get("measured")
    return Side(Status(finding["status"]), Status(measured) if measured else None, finding["basis"])


def _causes(pair: _Pair, name: str) -> set[Cause]:
    """Every cause that the two findings show."""
    old, new = pair.findings[name]
    if old is None or new is None:
        return {"catalogue"}
    found: set[Cause] = set()
    if old.get("judgement") != new.get("judgement") or (old["basis"] == "judgement") != (new["basis"] == "judgement"):
        found.add("judgement")
    if _machine(old) != _machine(new):
        found |= _measured(pair, old, new)
    return found


def _measured(pair: _Pair, old: JsonObject, new: JsonObject) -> set[Cause]:
    """Why the machine's own status differs."""
    if "not-applicable" in {_machine(old), _machine(new)}:
        return {"scope"}
    found: set[Cause] = set()
    if _asked(old) != _asked(new) or _mapped(old, "relationship") != _mapped(new, "relationship"):
        found.add("catalogue")
    elif _mapped(old, "review") != _mapped(new, "review"):
        found.add("review")
    if any(_checks(old, new)):
        found.add("time" if pair.evidence == "same" else "evidence")
    for source in _by(pair, old, new):
        found |= _causes(pair, source)
    return found


def _asked(finding: JsonObject) -> dict[str, str]:
    return {check["id"]: check["needed"] for check in finding["checks"]}


def _mapped(finding: JsonObject, key: str) -> dict[tuple[str, str], str]:
    """One property of each mapping by which others reach it; what has checks of its own rests on none."""
    rows = () if finding["checks"] else finding["supports"]
    return {(s["source"], s["target"]): s[key] for s in rows}


def _checks(old: JsonObject, new: JsonObject) -> Iterator[ChangedCheck]:
    """Checks that both ask, whose verdict differs."""
    before = {check["id"]: check for check in old["checks"]}
    for check in new["checks"]:
        was = before.get(check["id"])
        if was is not None and was["verdict"] != check["verdict"]:
            verdicts = Verdict(was["verdict"]), Verdict(check["verdict"])
            yield ChangedCheck(check["id"], check["needed"], *verdicts, was["value"], check["value"])


def _by(pair: _Pair, old: JsonObject, new: JsonObject) -> Iterator[str]:
    """Requirements through whose own change it changed."""
    if old["checks"] or new["checks"]:
        return
    before = {s["requirement"]: s["status"] for s in old["supports"]}
    for support in new["supports"]:
        name = support["requirement"]
        if before.get(name, support["status"]) != support["status"] and pair.findings.get(name) is not None:
            yield name


def _levels(old: JsonObject, new: JsonObject) -> Iterator[ChangedLevel]:
    """Levels in which the state or a rule's state differs, from 4 to 1."""
    for number in sorted(set(old["levels"]) | set(new["levels"]), reverse=True):
        before, after = old["levels"].get(number), new["levels"].get(number)
        rules = tuple(_rules(_states(before), _states(after)))
        states = [None if level is None else Status(level["state"]) for level in (before, after)]
        if rules or states[0] != states[1]:
            yield ChangedLevel(int(number), states[0], states[1], rules)


def _states(level: JsonObject | None) -> dict[str, Verdict]:
    packs = {} if level is None else level["packs"]
    return {rule["id"]: Verdict(rule["state"]) for pack in packs.values() for rule in pack["rules"]}


def _rules(old: Mapping[str, Verdict], new: Mapping[str, Verdict]) -> Iterator[ChangedRule]:
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            yield ChangedRule(name, old.get(name), new.get(name))
