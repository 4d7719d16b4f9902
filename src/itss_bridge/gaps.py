"""What stands between the organisation and its standards, ranked by what closing it opens against what it costs.

A pure function of the assessment, the crosswalks and what the organisation has planned. Checks that fail for the same
reason, one metric with the same arguments, are one gap: a document, a rate, a statement may hold back many clauses.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import TypeAlias

from itss_bridge.assess import LEVELS, contribution
from itss_bridge.catalogue.algebra import inverted
from itss_bridge.model import (
    Action,
    Assessment,
    CheckResult,
    Crosswalk,
    Finding,
    Gap,
    Quarter,
    Relationship,
    Status,
    Verdict,
)
from itss_bridge.model import (
    Mapping as Row,
)

ASSUMED_DAYS = 5
"""Person-days that a gap counts with where nobody has said: a guess of ours, always shown as one."""

ASSUMED_CAPACITY = 60
"""Person-days a quarter where nobody has said: one person, all the time."""

_SETTLED = frozenset({Status.CONFORMING, Status.NOT_APPLICABLE})
_MONTHS = 12
_Open: TypeAlias = "dict[str, _Rule]"


@dataclass(frozen=True, slots=True)
class _Rule:
    """One open check, and the levels that wait for it."""

    result: CheckResult
    levels: tuple[int, ...] = ()

    @property
    def reason(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Checks with the same one are closed by the same deed."""
        return self.result.check.metric, tuple(sorted(self.result.check.arguments.items()))

    @property
    def leads(self) -> tuple[bool, bool, Fraction, int, str]:
        """Order within a gap: what decides before what stands beside, what fails before what is unknown, most first."""
        check, beside = self.result.check, not self.levels and not self.result.check.requirements
        distance = Fraction(self.result.distance or 0)
        return beside, self.result.verdict is not Verdict.NOT_MET, distance, -(check.level or 0), check.id


def gaps(
    assessment: Assessment,
    crosswalks: Iterable[Crosswalk],
    actions: Mapping[str, Action],
    target: int | None,
    level: int | None = None,
) -> tuple[Gap, ...]:
    """All gaps, the one to close first at the front.

    Args:
        assessment: what was found.
        crosswalks: by which mappings a requirement reaches others.
        actions: what is planned, by check.
        target: the level aimed at; what only higher ones ask is no gap.
        level: only what stands between here and this level.
    """
    groups: dict[object, list[_Rule]] = {}
    for rule in _open(assessment, target, level).values():
        groups.setdefault(rule.reason, []).append(rule)
    rows = _rows_from(crosswalks)
    found = [_gap(sorted(g, key=lambda r: r.leads), assessment, rows, actions) for g in groups.values()]
    waited_for = sorted((gap for gap in found if _matters(gap)), key=_order)
    return tuple(replace(gap, rank=rank) for rank, gap in enumerate(waited_for, 1))


def _open(assessment: Assessment, target: int | None, level: int | None) -> _Open:
    """Every check that is not met or not known, by id, with the levels that it holds back."""
    lowest = level or target or LEVELS[0]
    found: _Open = {}
    if level is None:
        results = [result for finding in assessment.findings.values() for result in finding.checks]
        found |= {r.check.id: _Rule(r) for r in results if r.verdict is not Verdict.MET}
    for number, outcome in assessment.levels.items():
        held = tuple(n for n in LEVELS if lowest <= n <= number)
        for pack in outcome.packs if number >= lowest else ():
            if pack.binding or level is None:
                rules = [r for r in pack.rules if r.verdict is not Verdict.MET]
                found |= {r.check.id: _Rule(r, held if pack.binding else ()) for r in rules}
    return found


def _gap(
    rules: Sequence[_Rule], assessment: Assessment, rows: Mapping[str, Sequence[Row]], actions: Mapping[str, Action]
) -> Gap:
    results = [rule.result for rule in rules]
    requirements = tuple(dict.fromkeys(r for result in results for r in _unsettled(result, assessment.findings)))
    reaches = tuple(dict.fromkeys(r for name in requirements for r in _reached(rows.get(name, ()), assessment)))
    frameworks = tuple(dict.fromkeys(name.split(":")[0] for name in (*requirements, *reaches)))
    levels = tuple(n for n in LEVELS if any(n in rule.levels for rule in rules))
    action = next((actions[r.check.id] for r in results if r.check.id in actions), None)
    earliest = _earliest(results[0], assessment.as_of.date())
    stated = None if action is None else action.effort
    return Gap(
        rank=0,
        result=results[0],
        requirements=requirements,
        reaches=reaches,
        frameworks=frameworks,
        levels=levels,
        opens=_opens(len(requirements) + len(reaches), len(frameworks), len(levels)),
        action=action,
        binding=bool(levels),
        also=tuple(results[1:]),
        effort=stated if stated is not None else 0 if earliest else ASSUMED_DAYS,
        assumed=stated is None,
        earliest=earliest,
    )


def _unsettled(result: CheckResult, findings: Mapping[str, Finding]) -> Iterator[str]:
    """The requirements that the check speaks to and that wait for it."""
    for name in result.check.requirements:
        if name in findings and findings[name].status not in _SETTLED:
            yield name


def _reached(rows: Sequence[Row], assessment: Assessment) -> Iterator[str]:
    """Where conforming would go from here: requirements without checks of their own that would gain by it."""
    for row in rows:
        there = assessment.findings.get(row.target)
        if there is None or there.basis not in {"mappings", "none"} or there.status in _SETTLED:
            continue
        if there.status is not Status.PARTIAL or contribution(row, Status.CONFORMING) is Status.CONFORMING:
            yield row.target


def _rows_from(crosswalks: Iterable[Crosswalk]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in (row for crosswalk in crosswalks for row in crosswalk.mappings):
        if row.relationship is not Relationship.NONE:
            found.setdefault(row.source, []).append(row)
            found.setdefault(row.target, []).append(inverted(row))
    return found


def _opens(clauses: int, frameworks: int, levels: int) -> int:
    return max(clauses, 1) * max(frameworks, 1) * max(levels, 1) if clauses or levels else 0


def _earliest(result: CheckResult, day: date) -> date | None:
    """When months that are missing will have passed; None where work closes the gap."""
    measured, distance = result.measurement, result.distance
    if measured is None or measured.unit != "months" or distance is None or distance >= 0:
        return None
    year, month = divmod(day.year * _MONTHS + day.month - 1 + int(-distance), _MONTHS)
    return date(year, month + 1, min(day.day, 28))


def _matters(gap: Gap) -> bool:
    """Rules that only stand beside the official ones stay; a failing check that nothing waits for any more does not."""
    return bool(gap.opens) or not any(r.check.requirements for r in (gap.result, *gap.also))


def _order(gap: Gap) -> tuple[bool, Fraction, bool, int, str]:
    worth = Fraction(gap.opens, max(gap.effort, 1))
    unknown = gap.result.verdict is Verdict.UNDETERMINED
    return not gap.opens, -worth, unknown, -max(gap.levels, default=0), gap.result.check.id


def roadmap(found: Sequence[Gap], day: date, capacity: int) -> tuple[Quarter, ...]:
    """The gaps by quarter: those with a due date in its quarter, the others by rank where there is room.

    A gap too large for any quarter gets one that is otherwise empty. What was due before *day* stands in the present
    quarter, among *overdue*. Gaps that open nothing take part only where somebody has planned them.

    Args:
        found: ranked gaps.
        day: the present day.
        capacity: person-days a quarter.
    """
    planned = [gap for gap in found if gap.opens or gap.action]
    quarters: dict[int, list[Gap]] = {}
    for gap in (g for g in planned if _due(g)):
        quarters.setdefault(max(_first(gap, day), _quarter(_due(gap) or day)), []).append(gap)
    for gap in (g for g in planned if not _due(g)):
        index = _first(gap, day)
        while (used := _days(quarters.get(index, ()))) and used + gap.effort > capacity and gap.effort:
            index += 1
        quarters.setdefault(index, []).append(gap)
    last = {n: max(i for i, group in quarters.items() if any(n in g.levels for g in group)) for n in _held(planned)}
    return tuple(_filled(index, quarters[index], capacity, day, last) for index in sorted(quarters))


def _filled(index: int, group: list[Gap], capacity: int, day: date, last: Mapping[int, int]) -> Quarter:
    return Quarter(
        year=index // 4,
        number=index % 4 + 1,
        gaps=tuple(sorted(group, key=lambda gap: gap.rank)),
        days=_days(group),
        capacity=capacity,
        overdue=tuple(gap for gap in group if (due := _due(gap)) and due < day),
        reached=tuple(level for level in LEVELS if last.get(level) == index),
    )


def _held(found: Iterable[Gap]) -> set[int]:
    return {level for gap in found for level in gap.levels}


def _first(gap: Gap, day: date) -> int:
    return _quarter(max(day, gap.earliest or day))


def _days(group: Iterable[Gap]) -> int:
    return sum(gap.effort for gap in group)


def _due(gap: Gap) -> date | None:
    return gap.action.due if gap.action else None


def _quarter(day: date) -> int:
    return day.year * 4 + (day.month - 1) // 3
