"""One internal audit and one management review for all systems: as late as every system allows, so as few as can be.

The round (a management review, and the internal audit that feeds it) is put on the last day that keeps the longest
interval and still lies, by the stated lead, before the first date with a body that the round before is too old for.
Later would break one of them; earlier would serve no date better.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from itss_bridge.catalogue.lifecycle import LifeCycle, Rule
from itss_bridge.lifecycle.days import not_after
from itss_bridge.lifecycle.kept import LEAD, standing
from itss_bridge.lifecycle.known import Known, confirmed
from itss_bridge.model import Milestone, Text

_OUTSIDE = ("papers", "visit", "surveillance", "re-assessment", "application")


@dataclass(frozen=True, slots=True)
class Visit:
    """The next date with a body that one system has to be ready for."""

    framework: str
    on: date
    title: Text


@dataclass(frozen=True, slots=True)
class Round:
    """When both are held; *bound* is what fixed the day, *late* the day on which it was due, if that is over."""

    audit: date
    review: date
    bound: Text
    late: date | None


@dataclass(frozen=True, slots=True)
class _Terms:
    audit: Rule
    review: Rule
    audit_lead: Rule
    review_lead: Rule
    cycle: LifeCycle

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self.audit, self.review, self.audit_lead, self.review_lead


def visits(milestones: Sequence[Milestone], today: date, target: int | None) -> tuple[Visit, ...]:
    """The dates with bodies that lie ahead, by day; an application counts for the level aimed at alone."""
    ahead = [m for m in milestones if m.kind in _OUTSIDE and m.end and m.end >= today]
    ahead = [m for m in ahead if m.kind != "application" or m.id == f"itss/application-{target}"]
    chosen = [m for m in ahead if not _stands_for(m, ahead)]
    found = (Visit(framework, m.end, m.title) for m in chosen for framework in m.frameworks if m.end)
    return tuple(sorted(found, key=lambda v: (v.on, v.framework, v.title.en)))


def _stands_for(milestone: Milestone, ahead: Sequence[Milestone]) -> bool:
    """Whether another date has to be met instead: papers come before their window, an agreed day settles a window."""
    if milestone.kind not in {"surveillance", "re-assessment"}:
        return False
    kinds = {m.kind for m in ahead if m.frameworks == milestone.frameworks}
    return bool(kinds & {"papers", "visit"})


def joint(known: Known, milestones: Sequence[Milestone], frameworks: Sequence[str]) -> Iterator[Milestone]:
    """The next internal audits and management reviews that serve all *frameworks* together."""
    terms = next((t for cycle in known.cycles.values() if (t := _terms(cycle))), None)
    if terms is None:
        return
    ahead = visits(milestones, known.today, known.target)
    reviewed, audited = _last(known.reviews), _last(known.audits)
    if reviewed is None and audited is None and not ahead:
        yield from _untold(known, terms, frameworks)
        return
    found = round_(reviewed, audited, ahead, known.today, _numbers(terms))
    if found is not None:
        missed = {f: m for m in milestones if m.kind == "surveillance" and m.state == "overdue" for f in m.frameworks}
        argued = _argued(found, ahead, frameworks, missed, _numbers(terms))
        yield from _both(known, terms, found, argued, frameworks)


def _last(days: Sequence[date]) -> date | None:
    return days[-1] if days else None


def _terms(cycle: LifeCycle) -> _Terms | None:
    """The rules on both, where a life cycle has them all."""
    found: dict[str, Rule] = {}
    for rule in cycle.rules:
        if rule.quantity and not rule.varies and rule.subject in {"internal-audit", "management-review", "preparation"}:
            found[f"{rule.case.of}-lead" if rule.case else rule.subject] = rule
    names = ("internal-audit", "management-review", "internal-audit-lead", "management-review-lead")
    if not set(names) <= set(found):
        return None
    audit, review, audit_lead, review_lead = (found[name] for name in names)
    return _Terms(audit, review, audit_lead, review_lead, cycle)


def _numbers(terms: _Terms) -> tuple[int, int, int, int]:
    audit, review, audit_lead, review_lead = (rule.quantity.values[0] if rule.quantity else 0 for rule in terms.rules)
    return audit, review, audit_lead, review_lead


def round_(
    reviewed: date | None, audited: date | None, ahead: Sequence[Visit], today: date, months: tuple[int, int, int, int]
) -> Round | None:
    """The next round after the last ones, None where nothing asks for one.

    Args:
        reviewed: day of the last management review.
        audited: day of the last internal audit.
        ahead: dates with bodies.
        today: no round lies before it.
        months: longest time between audits, between reviews; from audit to review, from review to a body's date.
    """
    bounds = list(_bounds(reviewed, audited, ahead, months))
    if not bounds:
        return None
    day, bound = min(bounds, key=lambda pair: pair[0])
    audit = max(today, not_after(day, -months[2]))
    return Round(audit, max(audit, day), bound, day if day < today else None)


def _bounds(
    reviewed: date | None, audited: date | None, ahead: Sequence[Visit], months: tuple[int, int, int, int]
) -> Iterator[tuple[date, Text]]:
    """Days after which the review may not lie, each with its reason."""
    between_audits, between_reviews, audit_lead, review_lead = months
    if reviewed:
        en = f"{_months(between_reviews)} after the management review of {reviewed}"
        yield not_after(reviewed, between_reviews), Text(en, f"距上次管理评审（{reviewed}）满 {between_reviews} 个月")
    if audited:
        en = f"{_months(between_audits)} after the internal audit of {audited}, the review {_months(audit_lead)} later"
        zh = f"距上次内部审核（{audited}）满 {between_audits} 个月，管理评审在其后 {audit_lead} 个月"
        yield not_after(not_after(audited, between_audits), audit_lead), Text(en, zh)
    unserved = (visit for visit in ahead if not _covers(reviewed, visit, between_reviews, review_lead))
    for visit in list(unserved)[:1]:
        en = f"{_months(review_lead)} before {visit.on} ({visit.title.en})"
        zh = f"须早于 {visit.on}（{visit.title.zh}）{review_lead} 个月"
        yield not_after(visit.on, -review_lead), Text(en, zh)


def _covers(reviewed: date | None, visit: Visit, between: int, lead: int) -> bool:
    """Whether a round is recent enough for a date with a body, and early enough."""
    return reviewed is not None and not_after(visit.on, -between) <= reviewed <= not_after(visit.on, -lead)


def _both(known: Known, terms: _Terms, found: Round, argued: Text, frameworks: Sequence[str]) -> Iterator[Milestone]:
    for kind, day, past, rules, name in (
        ("internal-audit", found.audit, _last(known.audits), (terms.audit, terms.audit_lead), _AUDIT),
        ("management-review", found.review, _last(known.reviews), (terms.review, terms.review_lead), _REVIEW),
    ):
        unknown = Text("", "") if past else _unrecorded(name, known.obstacles.get("document"))
        yield Milestone(
            # the same thing is the one after the last on record, whatever day it is put on
            id=f"joint/{kind}@{past or 'first'}",
            kind=kind,
            on=day,
            until=None,
            title=Text(f"Joint {name.en} of all systems", f"多体系联合{name.zh}"),
            note=Text(argued.en + unknown.en, argued.zh + unknown.zh),
            frameworks=tuple(frameworks),
            rules=tuple(f"{terms.cycle.id}/{rule.id}" for rule in rules),
            certain=all(confirmed(rule.origin) for rule in rules),
            origin=rules[0].origin,
            state=standing(day, None, known.today),
            lead=LEAD[kind],
        )


def _unrecorded(name: Text, reason: Text | None) -> Text:
    """That none is on record, and why that may be."""
    en, zh = f" No earlier {name.en} is on record", f"未见此前的{name.zh}记录"
    return (
        Text(f"{en}; documents: {reason.en}.", f"{zh}（文件：{reason.zh}）。") if reason else Text(f"{en}.", f"{zh}。")
    )


def _months(number: int) -> str:
    return "1 month" if number == 1 else f"{number} months"


_AUDIT, _REVIEW = Text("internal audit", "内部审核"), Text("management review", "管理评审")


def _argued(
    found: Round,
    ahead: Sequence[Visit],
    frameworks: Sequence[str],
    missed: Mapping[str, Milestone],
    months: tuple[int, int, int, int],
) -> Text:
    """Why this day, and for which date of each system it counts."""
    parts = [Text(f"Day fixed by: {found.bound.en}.", f"日期取决于：{found.bound.zh}。")]
    if found.late:
        en = f"It was due on {found.late}: hold it at once."
        parts.append(Text(en, f"应于 {found.late} 前完成，已逾期，应立即开展。"))
    following = _following(found, ahead)
    for framework in frameworks:
        parts.append(_served(framework, following.get(framework), found, months))
        if framework in missed:
            end = missed[framework].end
            parts.append(Text(f"Its surveillance is overdue since {end}.", f"其监督自 {end} 起已逾期。"))
    return Text(" ".join(part.en for part in parts), "".join(part.zh for part in parts))


def _served(framework: str, visit: Visit | None, found: Round, months: tuple[int, int, int, int]) -> Text:
    """Whether the round is recent and early enough for the next date of one system."""
    if visit is None:
        return Text(f"{framework}: no date with a body is known.", f"{framework}：暂无已知的外部评审日期。")
    served = _covers(found.review, visit, months[1], months[3])
    en = f"{framework}: {'serves' if served else 'does not serve'} {visit.on} ({visit.title.en})."
    return Text(en, f"{framework}：{'满足' if served else '不满足'} {visit.on}（{visit.title.zh}）。")


def _following(found: Round, ahead: Sequence[Visit]) -> Mapping[str, Visit]:
    """The first date of each system on or after the review."""
    following: dict[str, Visit] = {}
    for visit in ahead:
        if visit.on >= found.review:
            following.setdefault(visit.framework, visit)
    return following


def _untold(known: Known, terms: _Terms, frameworks: Sequence[str]) -> Iterator[Milestone]:
    """Nothing on record and nothing ahead: no date can be told."""
    reason = known.obstacles.get("document", Text("", ""))
    en = f"Neither an earlier one nor a date with a body is known. {reason.en}".strip()
    zh = f"既无以往记录，也无已知的外部评审日期，无法推算。{reason.zh}"
    for kind, rule, name in (("internal-audit", terms.audit, _AUDIT), ("management-review", terms.review, _REVIEW)):
        yield Milestone(
            id=f"joint/{kind}@first",
            kind=kind,
            on=None,
            until=None,
            title=Text(f"Joint {name.en} of all systems", f"多体系联合{name.zh}"),
            note=Text(en, zh),
            frameworks=tuple(frameworks),
            rules=(f"{terms.cycle.id}/{rule.id}",),
            certain=False,
            origin=rule.origin,
            state="missing",
            lead=LEAD[kind],
        )
