"""What is a nonconformity, how grave, how far it has come, and when it may be closed: pure functions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from itss_bridge.errors import GateNotMet
from itss_bridge.messages import say
from itss_bridge.model import (
    Assessment,
    Check,
    CheckResult,
    Grade,
    Nonconformity,
    Progress,
    Status,
    Text,
    Verdict,
)
from itss_bridge.nonconformities.register import FOLDER, Closing, Entry
from itss_bridge.wording import as_reason, needed, quantity

DUE_DAYS: Mapping[Grade, int] = {"major": 30, "minor": 90}
"""Days to correct by, unless the workspace says otherwise: our choice, no standard's."""

_RECORDED: Sequence[Grade] = ("major", "minor")
"""Grades that are not closed without a cause and an action on record."""


def results(assessment: Assessment) -> dict[str, CheckResult]:
    """Every check and rule that was judged, by its id."""
    found = {result.check.id: result for finding in assessment.findings.values() for result in finding.checks}
    for outcome in assessment.levels.values():
        found |= {result.check.id: result for pack in outcome.packs for result in pack.rules}
    return found


def same(check: Check) -> tuple[object, ...]:
    """What makes two checks fail for the same reason: the same number against the same bar."""
    bar = check.criterion
    return (check.metric, tuple(sorted(check.arguments.items())), bar.operator, bar.threshold, bar.months)


@dataclass(frozen=True, slots=True)
class Failure:
    """Checks that fail together: *subject* stands for all, *requirements* are those of every one."""

    subject: CheckResult
    checks: tuple[str, ...]
    requirements: tuple[str, ...]
    grade: Grade


def failures(assessment: Assessment, target: int | None) -> tuple[Failure, ...]:
    """What is not met and asked for: by the requirements, and by the rules up to the *target* level.

    A failure is *major* where a requirement meets nothing that is asked of it, or where a binding rule of a level up
    to the target is not met; *minor* where the rest is met; an *observation* where only an advisory pack asks for it.
    What lacks evidence is a gap, not a nonconformity. The grades are our choice, no standard's.
    """
    binding, advisory = _rules_not_met(assessment, target or 4)
    asked = {
        result.check.id: result
        for finding in assessment.findings.values()
        for result in finding.checks
        if result.verdict is Verdict.NOT_MET
    }
    groups: dict[tuple[object, ...], list[CheckResult]] = {}
    for result in ({**advisory, **binding, **asked}).values():
        groups.setdefault(same(result.check), []).append(result)
    return tuple(sorted((_failure(g, assessment, binding, asked) for g in groups.values()), key=_by_weight))


def _by_weight(failure: Failure) -> tuple[int, str]:
    return ("major", "minor", "observation").index(failure.grade), failure.subject.check.id


def _rules_not_met(assessment: Assessment, target: int) -> tuple[dict[str, CheckResult], dict[str, CheckResult]]:
    """Rules that are not met at the levels up to *target*: of binding packs, of the others."""
    found: tuple[dict[str, CheckResult], dict[str, CheckResult]] = ({}, {})
    for level, outcome in assessment.levels.items():
        for pack in outcome.packs if level >= target else ():
            shelf = found[0 if pack.binding else 1]
            shelf.update({rule.check.id: rule for rule in pack.rules if rule.verdict is Verdict.NOT_MET})
    return found


def _failure(
    group: Sequence[CheckResult],
    assessment: Assessment,
    binding: Collection[str],
    asked: Collection[str],
) -> Failure:
    ids = tuple(sorted(result.check.id for result in group))
    requirements = tuple(dict.fromkeys(r for result in group for r in result.check.requirements))
    statuses = {assessment.findings[r].status for r in requirements if r in assessment.findings}
    grade: Grade = "observation"
    if set(ids) & set(binding) or (set(ids) & set(asked) and Status.NONCONFORMING in statuses):
        grade = "major"
    elif set(ids) & set(asked):
        grade = "minor"
    subject = min(group, key=lambda result: (result.check.id not in asked, result.check.id))
    return Failure(subject, ids, requirements, grade)


def drafted(
    found: Iterable[Failure], entries: Sequence[Entry], day: date, days: Mapping[Grade, int] = DUE_DAYS
) -> tuple[Entry, ...]:
    """New entries for failures that no open entry speaks of, numbered on within the year of *day*."""
    spoken_of = {entry.subject for entry in entries if entry.closed is None}
    number = max((int(e.id.rpartition("-")[2]) for e in entries if e.id.startswith(f"NC-{day.year}-")), default=0)
    new: list[Entry] = []
    for failure in found:
        if spoken_of.isdisjoint(failure.checks):
            number += 1
            due = day + timedelta(days=days[failure.grade]) if failure.grade in days else None
            new.append(Entry(f"NC-{day.year}-{number:03}", failure.subject.check.id, failure.grade, day, due))
    return tuple(new)


def shown(entries: Iterable[Entry], assessment: Assessment, day: date) -> tuple[Nonconformity, ...]:
    """The register as it stood on *day*: later entries left out, later closings not yet done."""
    judged = results(assessment)
    alike: dict[tuple[object, ...], list[CheckResult]] = {}
    for result in judged.values():
        alike.setdefault(same(result.check), []).append(result)
    return tuple(_shown(e, judged.get(e.subject), alike, day) for e in entries if e.opened <= day)


def _shown(
    entry: Entry, result: CheckResult | None, alike: Mapping[tuple[object, ...], Sequence[CheckResult]], day: date
) -> Nonconformity:
    title = entry.title or (result.check.title if result else Text(entry.subject, entry.subject))
    group = alike[same(result.check)] if result else ()
    return Nonconformity(
        id=entry.id,
        subject=entry.subject,
        requirements=tuple(dict.fromkeys(r for one in group for r in one.check.requirements)),
        grade=entry.grade,
        progress=progress(entry, day),
        title=title,
        opened=entry.opened,
        due=entry.due,
        closed=entry.closed.on if entry.closed and entry.closed.on <= day else None,
        owner=entry.owner,
        root_cause=entry.root_cause,
        correction=entry.correction,
        corrective_action=entry.corrective_action,
        effectiveness=entry.effectiveness,
        ticket=entry.ticket,
        failing=result.measurement.failing if result and result.measurement else (),
        reason=_reason(entry, result, day),
    )


def progress(entry: Entry, day: date) -> Progress:
    """Where it stands on *day*. A ticket that is done says corrected, never closed."""
    if entry.closed and entry.closed.on <= day:
        return "closed"
    if (entry.corrected and entry.corrected <= day) or (entry.ticket and entry.ticket.done):
        return "corrected"
    begun = entry.root_cause or entry.correction or entry.corrective_action or entry.ticket
    return "correcting" if begun else "open"


def _reason(entry: Entry, result: CheckResult | None, day: date) -> Text:
    if entry.closed and entry.closed.on <= day:
        said = f"{entry.closed.on}: {entry.closed.measured} ({entry.closed.needed})"
        return Text(f"Closed by a new measurement, {said}.", f"经复测关闭：{said}。")
    if result is None:
        return Text(
            f"No check {entry.subject!r} is judged any more; it cannot be closed by measurement.",
            f"检查项 {entry.subject} 已不再评判，无法通过复测关闭。",
        )
    wanted = needed(result.check.criterion, _unit(result))
    value = _measured(result)
    if result.verdict is Verdict.MET:
        return Text(
            f"Measured as met again: {value.en} ({wanted.en}); may be closed.",
            f"复测已满足：{value.zh}（{wanted.zh}），可以关闭。",
        )
    if result.verdict is Verdict.UNDETERMINED:
        return Text(f"Evidence is lacking: {result.reason}.", f"证据不足，暂不能判定：{as_reason(result.reason).zh}。")
    return Text(f"Still not met: {value.en} ({wanted.en}).", f"仍未满足：{value.zh}（{wanted.zh}）。")


def _unit(result: CheckResult) -> str:
    return result.measurement.unit if result.measurement else ""


def _measured(result: CheckResult) -> Text:
    measured = result.measurement
    return quantity(measured.value if measured else None, _unit(result))


def closing(entry: Entry, judged: Mapping[str, CheckResult], day: date) -> Entry:
    """The entry, closed by what is measured on *day*.

    Raises:
        GateNotMet: the check is not met, or lacks evidence, or (for major and minor ones) the cause or the action
            is not recorded.
    """
    result = judged.get(entry.subject)
    if result is None or result.verdict is not Verdict.MET:
        raise GateNotMet(
            say("{id} stays open: {reason}", id=entry.id, reason=_reason(entry, result, day)),
            where=entry.subject,
            cause=say("a nonconformity is closed by a measurement that is met again, not by a ticket that is done"),
            fix=say("correct what fails, sync, then close it"),
        )
    missing = [key for key in ("root_cause", "corrective_action") if not getattr(entry, key)]
    if entry.grade in _RECORDED and missing:
        raise GateNotMet(
            say("{id} stays open: {names} not recorded", id=entry.id, names=" and ".join(missing)),
            where=f"{FOLDER}/{entry.id}.yaml",
            cause=say("why it happened and what was done against it belongs to the record"),
            fix=say("fill them in, then close it"),
        )
    measured = result.measurement.n if result.measurement else 0
    said = Closing(day, _measured(result).en, needed(result.check.criterion, _unit(result)).en, measured)
    return replace(entry, closed=said)
