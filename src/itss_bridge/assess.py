"""Judge: catalogue, measurements and a moment in, findings and levels out. No clock, no network, no store under it.

Four rules hold everywhere. Unknown is never conforming. A check beats a projection. A projection says no more than
its weakest link: only a reviewed mapping whose source asks all that the target asks carries *conforming* across. A
person's judgement decides one requirement and is shown beside what was measured; it lifts no other one and no level.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from itss_bridge.catalogue import Catalogue
from itss_bridge.catalogue.algebra import carries_conformity, inverted
from itss_bridge.messages import say
from itss_bridge.model import (
    Assessment,
    Check,
    CheckResult,
    Finding,
    Judgement,
    LevelOutcome,
    Measurement,
    Origin,
    PackOutcome,
    Relationship,
    Requirement,
    RulePack,
    Status,
    Support,
    Text,
    Verdict,
)
from itss_bridge.model import (
    Mapping as Row,
)

LEVELS = (4, 3, 2, 1)
MATURITY = "itss-maturity"

_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
}
_NOTHING_CHECKED = Text(
    "No check speaks to it at this level, and no mapping brings evidence.",
    "本级别没有针对该条款的检查项，也没有映射带来证据。",
)
_BY_CHECKS = {
    Status.CONFORMING: Text("Every check is met.", "全部检查项均满足。"),
    Status.PARTIAL: Text("Some checks are met, some are not.", "部分检查项满足，部分不满足。"),
    Status.NONCONFORMING: Text("No check is met.", "没有检查项满足。"),
    Status.UNDETERMINED: Text("At least one check lacks evidence.", "至少一项检查缺少证据。"),
}
_BY_MAPPINGS = {
    Status.CONFORMING: Text(
        "A conforming requirement that asks at least as much carries it, by a reviewed mapping.",
        "经评审的映射表明，要求不低于本条的条款已符合。",
    ),
    Status.PARTIAL: Text("Mapped requirements support it in part.", "映射条款提供了部分支持。"),
    Status.NONCONFORMING: Text("A requirement contained in it does not conform.", "包含于本条的条款不符合。"),
    Status.UNDETERMINED: Text("What is mapped to it says nothing certain about it.", "映射条款尚不能得出结论。"),
}
_LEAST_FIRST = (Status.NOT_APPLICABLE, Status.NONCONFORMING, Status.UNDETERMINED, Status.PARTIAL, Status.CONFORMING)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms to judge: the level aimed at, the packs to show, those that decide, what is out of scope.

    *judgements* are people's own words that stand at the moment, by requirement.
    """

    target: int | None
    packs: Sequence[str]
    binding: Sequence[str]
    not_applicable: Mapping[str, str]
    judgements: Mapping[str, Judgement] = field(default_factory=dict)

    @property
    def outside(self) -> frozenset[str]:
        """Requirements that do not apply: declared in the scope, or judged so."""
        judged = (name for name, j in self.judgements.items() if j.status is Status.NOT_APPLICABLE)
        return frozenset(self.not_applicable) | frozenset(judged)


def assess(catalogue: Catalogue, measurements: Mapping[str, Measurement], terms: Terms, as_of: datetime) -> Assessment:
    """Findings for every assessable requirement, and the four levels.

    Args:
        catalogue: what is asked.
        measurements: what was measured, by the id of the check or rule it was measured for.
        terms: on what terms to judge.
        as_of: the moment the measurements speak of.
    """
    results = {rule.id: judge(rule, measurements.get(rule.id)) for rule in catalogue.rules}
    findings = _findings(catalogue, results, terms)
    levels = _levels(catalogue, results, terms)
    distinct = {(m.metric, tuple(sorted(m.arguments.items())), m.start, m.end): m for m in measurements.values()}
    reached = [level for level, outcome in levels.items() if outcome.status is Status.CONFORMING]
    return Assessment(as_of, findings, levels, tuple(distinct.values()), min(reached, default=None))


def judge(check: Check, measured: Measurement | None) -> CheckResult:
    """One check against its measurement; undetermined where there is nothing to judge by."""
    if measured is None or measured.unknown:
        reason = measured.unknown if measured else say("not measured")
        return CheckResult(check, Verdict.UNDETERMINED, measured, reason)
    criterion = check.criterion
    counted = criterion.operator == "measured"
    nothing = not measured.n if counted else measured.value is None
    if nothing:
        return CheckResult(check, Verdict.UNDETERMINED, measured, say("no data in the window"))
    value = Decimal(measured.n) if counted else Decimal(repr(measured.value))
    least = Decimal(1) if criterion.threshold is None else criterion.threshold
    fits = measured.value is not None and _COMPARE[">=" if counted else criterion.operator](value, least)
    return CheckResult(check, _met(fits), measured, "", _distance(criterion.operator, value, least))


def _distance(operator_: str, value: Decimal, needed: Decimal) -> Decimal:
    """From what is needed to the value, negative where something is missing."""
    if operator_ == "==":
        return -abs(value - needed)
    return needed - value if operator_ in {"<=", "<"} else value - needed


def _met(fits: bool) -> Verdict:  # noqa: FBT001 - it is the verdict itself
    return Verdict.MET if fits else Verdict.NOT_MET


def combined(verdicts: Iterable[Verdict]) -> Status:
    """One status from many verdicts: met and failed is partial, and what is unknown is never counted as met."""
    seen = set(verdicts)
    if Verdict.NOT_MET in seen:
        return Status.PARTIAL if Verdict.MET in seen else Status.NONCONFORMING
    return Status.CONFORMING if seen == {Verdict.MET} else Status.UNDETERMINED


def _asked_higher(catalogue: Catalogue, target: int | None) -> dict[str, int]:
    """Requirements that only levels above the target ask for, with the first such level."""
    lowest = target or LEVELS[0]
    first: dict[str, int] = {}
    for check in catalogue.checks.values():
        for requirement in check.requirements:
            first[requirement] = max(first.get(requirement, 0), check.level or LEVELS[0])
    return {requirement: level for requirement, level in first.items() if level < lowest}


def _findings(catalogue: Catalogue, results: Mapping[str, CheckResult], terms: Terms) -> dict[str, Finding]:
    asked = _asked(catalogue, results, terms.target)
    higher = _asked_higher(catalogue, terms.target)
    assessable = [r for r in catalogue.requirements.values() if r.assessable]
    direct = {r.id: _direct(r, asked.get(r.id, ()), terms, higher.get(r.id)) for r in assessable}
    rows = _rows_by_target(catalogue)
    measured = {r.id: _with_supports(direct[r.id], rows.get(r.id, ()), direct, terms) for r in assessable}
    return {name: _judged(finding, terms.judgements.get(name)) for name, finding in measured.items()}


def _judged(finding: Finding, judgement: Judgement | None) -> Finding:
    """A person's word on it, with what was measured kept beside."""
    if judgement is None:
        return finding
    reason = Text(f"{judgement.role}: {judgement.reason}", f"{judgement.role}：{judgement.reason}")
    return replace(
        finding,
        status=judgement.status,
        basis="judgement",
        reason=reason,
        measured=finding.status,
        judgement=judgement,
    )


def _asked(
    catalogue: Catalogue, results: Mapping[str, CheckResult], target: int | None
) -> dict[str, tuple[CheckResult, ...]]:
    """Results by requirement, of the checks that the target level asks for (level 4 is the lowest)."""
    lowest = target or LEVELS[0]
    found: dict[str, tuple[CheckResult, ...]] = {}
    for check in catalogue.checks.values():
        if check.level is None or check.level >= lowest:
            for requirement in check.requirements:
                found[requirement] = (*found.get(requirement, ()), results[check.id])
    return found


def _direct(requirement: Requirement, results: Sequence[CheckResult], terms: Terms, higher: int | None) -> Finding:
    justification = terms.not_applicable.get(requirement.id)
    if justification:
        return Finding(requirement.id, Status.NOT_APPLICABLE, "scope", (), (), 0, Text(justification, justification))
    if higher:
        reason = Text(f"Only level {higher} and above ask for it.", f"自{'一二三四'[higher - 1]}级起方有要求。")
        return Finding(requirement.id, Status.NOT_APPLICABLE, "scope", (), (), 0, reason)
    if not results:
        return Finding(requirement.id, Status.UNDETERMINED, "none", (), (), 0, _NOTHING_CHECKED)
    status = combined(r.verdict for r in results)
    return Finding(requirement.id, status, "checks", tuple(results), (), _evidence(results), _BY_CHECKS[status])


def _evidence(results: Sequence[CheckResult]) -> int:
    """How many records stand behind the results; a population used twice counts once."""
    looked_at = {
        (m.metric, tuple(sorted(m.arguments.items())), m.start): m.items for r in results if (m := r.measurement)
    }
    return sum(looked_at.values())


def _rows_by_target(catalogue: Catalogue) -> dict[str, list[Row]]:
    """All mappings by the requirement they lead to, read in both directions."""
    found: dict[str, list[Row]] = {}
    for crosswalk in catalogue.crosswalks.values():
        for row in crosswalk.mappings:
            found.setdefault(row.target, []).append(row)
            found.setdefault(row.source, []).append(inverted(row))
    return found


def _with_supports(finding: Finding, rows: Sequence[Row], direct: Mapping[str, Finding], terms: Terms) -> Finding:
    supports = tuple(
        Support(row, row.source, status, contribution(row, status))
        for row in rows
        if row.relationship is not Relationship.NONE
        and (source := direct.get(row.source)) is not None
        and source.basis == "checks"
        and (status := carried(source.status, terms.judgements.get(row.source)))
    )
    if finding.basis != "none" or not supports:
        return replace(finding, supports=supports)
    status = projected(s.contributes for s in supports)
    evidence = sum(direct[s.requirement].evidence for s in supports if s.contributes is not Status.UNDETERMINED)
    return Finding(finding.requirement, status, "mappings", (), supports, evidence, _BY_MAPPINGS[status])


def carried(measured: Status, judgement: Judgement | None) -> Status:
    """What a requirement brings to others: what was measured, unless a person thought less of it.

    A judgement speaks of its own requirement; it may take evidence away from others and never gives them any.
    """
    return measured if judgement is None else min(measured, judgement.status, key=_LEAST_FIRST.index)


def contribution(row: Row, status: Status) -> Status:
    """What a source's status says about the target of one mapping, and no more than that.

    A conforming source carries over when it asks all that the target asks and a reviewer signed the row; otherwise it
    supports. A nonconforming source that the target contains makes the target fail, if signed; else nothing follows.
    """
    if status is Status.CONFORMING:
        return Status.CONFORMING if carries_conformity(row) else Status.PARTIAL
    if status is Status.PARTIAL:
        return Status.PARTIAL
    contained = row.relationship in {Relationship.EQUAL, Relationship.SUBSET}
    if status is Status.NONCONFORMING and contained and row.review == "reviewed":
        return Status.NONCONFORMING
    return Status.UNDETERMINED


def projected(contributions: Iterable[Status]) -> Status:
    """One status from all mappings into a requirement: a failing part forbids conforming, support makes it partial."""
    seen = set(contributions)
    supported = seen & {Status.CONFORMING, Status.PARTIAL}
    if Status.NONCONFORMING in seen:
        return Status.PARTIAL if supported else Status.NONCONFORMING
    if Status.CONFORMING in seen:
        return Status.CONFORMING
    return Status.PARTIAL if supported else Status.UNDETERMINED


def _levels(catalogue: Catalogue, results: Mapping[str, CheckResult], terms: Terms) -> dict[int, LevelOutcome]:
    packs = [_maturity(catalogue), *(catalogue.packs[name] for name in terms.packs if name in catalogue.packs)]
    outcomes: dict[int, LevelOutcome] = {}
    below = Status.CONFORMING
    for level in LEVELS:
        parts = tuple(_part(pack, [results[r.id] for r in pack.rules if r.level == level], terms) for pack in packs)
        outcomes[level] = _level(level, parts, below)
        below = outcomes[level].status
    return outcomes


def _part(pack: RulePack, asked: Sequence[CheckResult], terms: Terms) -> PackOutcome:
    waived = tuple(r for r in asked if r.check.conditional and terms.outside.issuperset(r.check.requirements))
    binding = pack.id == MATURITY or pack.id in terms.binding
    return PackOutcome(pack, binding, tuple(r for r in asked if r not in waived), waived)


def _maturity(catalogue: Catalogue) -> RulePack:
    """The maturity model's expectations as a pack: the checks that carry a level."""
    rules = tuple(check for check in catalogue.checks.values() if check.level is not None)
    title = Text("Expectations of the maturity model, checked clause by clause", "成熟度模型逐条要求的检查项")
    return RulePack(MATURITY, title, "official", "2015", rules, Origin(("ITSS1-2015",), "high"))


def _level(level: int, packs: tuple[PackOutcome, ...], below: Status) -> LevelOutcome:
    verdicts = [rule.verdict for pack in packs if pack.binding for rule in pack.rules]
    own = Status.UNDETERMINED
    if Verdict.NOT_MET in verdicts:
        own = Status.NONCONFORMING
    elif verdicts and Verdict.UNDETERMINED not in verdicts:
        own = Status.CONFORMING
    status = _weaker(own, below)
    failed, unknown = verdicts.count(Verdict.NOT_MET), verdicts.count(Verdict.UNDETERMINED)
    english = f"Of {len(verdicts)} binding rules {failed} are not met and {unknown} lack evidence."
    chinese = f"共 {len(verdicts)} 条约束性规则，{failed} 条不满足，{unknown} 条证据不足。"
    waived = sum(len(pack.waived) for pack in packs if pack.binding)
    if waived:
        english = f"{english} {waived} more are not asked, for what they speak to does not apply here."
        chinese = f"{chinese}另有 {waived} 条因所涉条款声明不适用而不作要求。"
    if status is not own:
        english, chinese = f"{english} A lower level is not reached.", f"{chinese}下一级别尚未达到。"
    return LevelOutcome(level, status, packs, Text(english, chinese))


def _weaker(one: Status, other: Status) -> Status:
    order = (Status.NONCONFORMING, Status.UNDETERMINED, Status.CONFORMING)
    return min(one, other, key=order.index)
