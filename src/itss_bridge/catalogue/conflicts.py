"""Where rule packs contradict each other: computed from the rules themselves, never typed.

A rule is read as a demand: one or more routes, each a limit on one subject (a metric with the arguments that say what
is measured). Rules of one level speak to the same question when they share a subject, or when their subjects
are known to be counted from different days for the same purpose. Packs whose demands on a question differ disagree.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from itss_bridge.errors import UsageError
from itss_bridge.messages import say
from itss_bridge.model import Check, Metric, RulePack, Text
from itss_bridge.wording import LEVEL, quantity

Subject: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""A metric, and those of its arguments that say what is measured."""

_AMOUNTS = frozenset(
    {"minimum_amount", "minimum_months", "business_months", "certificate_months", "number", "other_number"}
)
"""Arguments that say how much, so that rules which differ in them alone are about the same subject."""

_ENTRY, _OPERATION = "entry", "operation"
_COUNTED_FROM = {
    ("attested-months", "service-business-since"): _ENTRY,
    ("attested-months", "legal-registration-since"): _ENTRY,
    ("certificate-months", "itss"): _ENTRY,
    ("attested-months", "system-in-operation-since"): _OPERATION,
    ("incident-records-months", ""): _OPERATION,
}
"""Months that packs count from different days to settle one question: who may apply, how long the system has run."""

_ROUTES = {
    "business-or-certificate": (
        ("attested-months", {"topic": "topic"}, "business_months"),
        ("certificate-months", {"scheme": "scheme", "level": "level"}, "certificate_months"),
    ),
    "attested-alternative": (
        ("attested-number", {"topic": "topic"}, "number"),
        ("attested-number", {"topic": "other_topic"}, "other_number"),
    ),
}
"""Metrics that count open routes: what each route measures, and the argument that says how much is needed."""

_SIGN = {">=": "≥", ">": ">", "<=": "≤", "<": "<", "==": "=", "measured": "n ≥"}


@dataclass(frozen=True, slots=True)
class Conflict:
    """One question at one level on which packs disagree.

    *rules* are all rules that speak to it, also those of packs that agree with each other. *decides* are those of
    binding packs among them, empty when none binds. *exclusive* says that nobody can meet all of them at once.
    """

    level: int
    metrics: tuple[str, ...]
    rules: tuple[Check, ...]
    decides: tuple[Check, ...]
    exclusive: bool
    statement: Text


@dataclass(frozen=True, slots=True)
class _Limit:
    operator: str
    threshold: Decimal
    months: int | None = None
    amounts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Demand:
    """Routes, of which *needed* must be open; most rules have one."""

    routes: frozenset[tuple[Subject, _Limit]]
    needed: int = 1

    @property
    def leaves_choice(self) -> bool:
        return self.needed < len(self.routes)


@dataclass(frozen=True, slots=True)
class _Voice:
    """One rule of one pack."""

    pack: RulePack
    rule: Check
    demand: _Demand

    @property
    def questions(self) -> frozenset[object]:
        return frozenset(_question(subject) for subject, _ in self.demand.routes)


def conflicts(
    packs: Iterable[RulePack], metrics: Mapping[str, Metric] | None = None, binding: Collection[str] | None = None
) -> list[Conflict]:
    """All conflicts between *packs*, from level 4 to level 1.

    Args:
        packs: the packs to compare; a pack given twice is one.
        metrics: for the units in the statements; without them numbers stand alone.
        binding: ids of the packs that decide; `None` means the official ones.

    Raises:
        UsageError: a rule gives words where a number is needed.
    """
    shelf = {pack.id: pack for pack in packs}
    decisive = {pack.id for pack in shelf.values() if pack.authority == "official"} if binding is None else set(binding)
    voices = [_Voice(pack, rule, _demand(rule)) for pack in shelf.values() for rule in pack.rules]
    return [
        _conflict(level, voices_of_one, decisive, metrics or {})
        for level in sorted({rule.level for pack in shelf.values() for rule in pack.rules if rule.level}, reverse=True)
        for voices_of_one in _questions([voice for voice in voices if voice.rule.level == level])
        if len(set(_positions(voices_of_one).values())) > 1
    ]


def _questions(voices: Sequence[_Voice]) -> list[list[_Voice]]:
    """The voices, those together that speak to one question, directly or through a third."""
    groups: list[list[_Voice]] = []
    for voice in voices:
        near = [group for group in groups if any(voice.questions & other.questions for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([*(other for group in near for other in group), voice])
    return groups


def _positions(voices: Iterable[_Voice]) -> dict[str, frozenset[_Demand]]:
    """What each pack asks on one question: all of its demands."""
    found: dict[str, frozenset[_Demand]] = {}
    for voice in voices:
        found[voice.pack.id] = found.get(voice.pack.id, frozenset()) | {voice.demand}
    return found


def _conflict(level: int, voices: Sequence[_Voice], decisive: set[str], metrics: Mapping[str, Metric]) -> Conflict:
    deciding = [voice for voice in voices if voice.pack.id in decisive]
    return Conflict(
        level=level,
        metrics=tuple(sorted({voice.rule.metric for voice in voices})),
        rules=tuple(voice.rule for voice in voices),
        decides=tuple(voice.rule for voice in deciding),
        exclusive=_exclusive(voices),
        statement=_statement(level, voices, deciding, metrics),
    )


def _demand(rule: Check) -> _Demand:
    given, criterion = rule.arguments, rule.criterion
    if criterion.operator == ">=" and criterion.threshold and rule.metric in _ROUTES:
        routes = frozenset(_route(rule, *told) for told in _ROUTES[rule.metric])
        return _Demand(routes, int(criterion.threshold))
    subject = (rule.metric, tuple(sorted((k, v) for k, v in given.items() if k not in _AMOUNTS)))
    amounts = tuple(sorted((k, v) for k, v in given.items() if k in _AMOUNTS))
    threshold = Decimal(1) if criterion.threshold is None else criterion.threshold
    return _Demand(frozenset({(subject, _Limit(criterion.operator, threshold, criterion.months, amounts))}))


def _route(rule: Check, metric: str, told: Mapping[str, str], least: str) -> tuple[Subject, _Limit]:
    given = rule.arguments
    subject = (metric, tuple(sorted((name, given[key]) for name, key in told.items())))
    if not given[least].isdecimal():
        raise UsageError(
            say("{id}: {least} is {given!r}, not a whole number", id=rule.id, least=least, given=given[least]),
            where=rule.origin.where,
        )
    return subject, _Limit(">=", Decimal(given[least]))


def _question(subject: Subject) -> object:
    metric, arguments = subject
    told = dict(arguments)
    return _COUNTED_FROM.get((metric, told.get("topic", told.get("scheme", ""))), subject)


def _exclusive(voices: Iterable[_Voice]) -> bool:
    """Whether the demands that leave no choice contradict each other, each subject over each window for itself."""
    limits: dict[object, list[_Limit]] = {}
    for voice in voices:
        if not voice.demand.leaves_choice:
            for subject, limit in voice.demand.routes:
                limits.setdefault((subject, limit.months, limit.amounts), []).append(limit)
    return any(_empty(group) for group in limits.values())


def _empty(limits: Sequence[_Limit]) -> bool:
    """Whether no number meets all limits."""
    floors = [(at.threshold, at.operator == ">") for at in limits if at.operator in {">=", ">", "=="}]
    roofs = [(at.threshold, at.operator != "<") for at in limits if at.operator in {"<=", "<", "=="}]
    if not floors or not roofs:
        return False
    (floor, above), (roof, reaches) = max(floors), min(roofs)
    return floor > roof or (floor == roof and (above or not reaches))


def _statement(level: int, voices: Sequence[_Voice], deciding: Sequence[_Voice], metrics: Mapping[str, Metric]) -> Text:
    english = "; ".join(f"“{v.pack.title.en}” asks for: {v.rule.title.en} ({_asked(v, metrics).en})" for v in voices)
    chinese = "；".join(f"《{v.pack.title.zh}》要求：{v.rule.title.zh}（{_asked(v, metrics).zh}）" for v in voices)
    head, decided = LEVEL[level], _decided([voice.pack.title for voice in deciding])
    return Text(f"{head.en}: {english}. {decided.en}", f"{head.zh}：{chinese}。{decided.zh}")


def _decided(titles: Iterable[Text]) -> Text:
    each = list(dict.fromkeys(titles))
    if not each:
        return Text("No binding pack speaks to it.", "具有约束力的规则包均未涉及，不作判定。")
    english, chinese = " and ".join(f"“{title.en}”" for title in each), "".join(f"《{title.zh}》" for title in each)
    return Text(f"Decided by {english}.", f"以{chinese}为准。")


def _asked(voice: _Voice, metrics: Mapping[str, Metric]) -> Text:
    """The limits in figures, routes in a stable order: `≥ 24 months or ≥ 12 months`."""
    told = [_figures(subject, limit, metrics) for subject, limit in sorted(voice.demand.routes, key=repr)]
    link = Text(" or ", " 或 ") if voice.demand.leaves_choice else Text(" and ", " 且 ")
    return Text(link.en.join(text.en for text in told), link.zh.join(text.zh for text in told))


def _figures(subject: Subject, limit: _Limit, metrics: Mapping[str, Metric]) -> Text:
    unit = metrics[subject[0]].unit if subject[0] in metrics else ""
    value = quantity(float(limit.threshold), "" if limit.operator == "measured" else unit)
    extra = "".join(f", {name.replace('_', ' ')} {amount}" for name, amount in limit.amounts)
    window = Text(f", last {limit.months} months", f"，近 {limit.months} 个月") if limit.months else Text("", "")
    sign = _SIGN[limit.operator]
    return Text(f"{sign} {value.en}{extra}{window.en}", f"{sign} {value.zh}{extra}{window.zh}")
