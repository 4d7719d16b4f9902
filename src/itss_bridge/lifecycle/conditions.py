"""Conditions for applying: since when each is fulfilled, or the earliest day on which it can be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from itss_bridge import wording
from itss_bridge.lifecycle.days import not_before
from itss_bridge.lifecycle.known import Known, confirmed
from itss_bridge.messages import say
from itss_bridge.model import Check, Condition, Text, Verdict

LEVELS = (4, 3, 2, 1)
_Outcome: TypeAlias = tuple[Literal["fulfilled", "waiting", "action", "unknown"], date | None, Text]
_CERTIFICATE, _STATED, _EITHER = "certificate-months", "attested-months", "business-or-certificate"


@dataclass(frozen=True, slots=True)
class Entry:
    """When a level can be applied for: *earliest* is None while a condition is unknown, *least* is sure even then.

    *binding* is the condition that decides: the unknown one, else the latest.
    """

    level: int
    earliest: date | None
    least: date
    conditions: tuple[Condition, ...]
    binding: Condition | None

    @property
    def open(self) -> bool:
        """Whether every condition is fulfilled."""
        return all(condition.state == "fulfilled" for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class _Route:
    """One way to fulfil a condition by time: *months* since a day, None where it is not known.

    *bound* marks a day on which it could begin at the earliest, and no sooner; nobody knows when it will.
    """

    months: int
    since: date | None
    note: Text
    bound: bool = False

    @property
    def on(self) -> date | None:
        return None if self.since is None else not_before(self.since, self.months)


def entries(known: Known) -> dict[int, Entry]:
    """For each level, 4 to 1, when it can be applied for by the binding rule packs."""
    found: dict[int, Entry] = {}
    for level in LEVELS:
        rules = _asked(known, level)
        if rules:
            found[level] = _entry(level, [_condition(rule, known, found) for rule in rules], known.today)
    return found


def _asked(known: Known, level: int) -> list[Check]:
    """The level's own rules, and of lower levels what does not count time: each level has its own times."""
    rules = [rule for pack in known.packs for rule in pack.rules if rule.level is not None and rule.level >= level]
    return [rule for rule in rules if rule.level == level or not _counts_time(rule, known)]


def _counts_time(rule: Check, known: Known) -> bool:
    return rule.metric in {_CERTIFICATE, _STATED, _EITHER} or rule.id in known.since


def _entry(level: int, conditions: Sequence[Condition], today: date) -> Entry:
    days = [c.on for c in conditions if c.on is not None]
    fulfilled = all(c.state == "fulfilled" for c in conditions)
    # what is not fulfilled today can be applied for today at the earliest, whatever else began long ago
    least = max([*days, *([] if fulfilled and days else [today])])
    unknown = next((c for c in conditions if c.state == "unknown"), None)
    latest = max((c for c in conditions if c.on == least), key=lambda c: c.state == "waiting", default=None)
    action = next((c for c in conditions if c.state == "action"), None)
    return Entry(level, None if unknown else least, least, tuple(conditions), unknown or latest or action)


def _condition(rule: Check, known: Known, below: dict[int, Entry]) -> Condition:
    routes = list(_routes(rule, known, below))
    state, on, note = _by_time(routes, known.today) if routes else _by_verdict(rule, known)
    return Condition(rule.id, rule.title, state, on, note, confirmed(rule.origin), rule.origin)


def _routes(rule: Check, known: Known, below: dict[int, Entry]) -> Iterator[_Route]:
    """The ways that a rule leaves open; none when it does not count months since a day."""
    given, criterion = rule.arguments, rule.criterion
    months = int(criterion.threshold or 0)
    if rule.metric == _EITHER:
        yield _stated(known, given["topic"], int(given["business_months"]))
        yield _held(known, given["scheme"], given["level"], int(given["certificate_months"]), below)
    elif criterion.operator != ">=":
        return
    elif rule.metric == _STATED:
        yield _stated(known, given["topic"], months)
    elif rule.metric == _CERTIFICATE:
        yield _held(known, given["scheme"], given["level"], months, below)
    elif rule.id in known.since:
        since = known.since[rule.id]
        yield _Route(months, since, Text(f"Counted from the first record of {since}.", f"自首条记录日 {since} 起算。"))


def _stated(known: Known, topic: str, months: int) -> _Route:
    if "attestation" in known.obstacles:
        return _unread("attestation", known.obstacles["attestation"], months)
    statement = known.statements.get(topic)
    if statement is None:
        return _lacking(months, f"“{topic}” is not stated.", f"未就“{topic}”作出声明。")
    if not statement.holds:
        en, zh = f"“{topic}” does not hold today: it can begin today.", f"“{topic}”目前不成立：最早自今日起算。"
        return _Route(months, known.today, Text(en, zh), bound=True)
    if statement.expired(known.today):
        en = f"The statement on “{topic}” ended on {statement.expires}: state it again."
        return _lacking(months, en, f"“{topic}”的声明已于 {statement.expires} 失效，须重新声明。")
    if statement.on is None:
        return _lacking(months, f"The statement on “{topic}” names no date.", f"“{topic}”的声明未写明日期。")
    en, zh = f"Counted from {statement.on}, as stated.", f"自声明日期 {statement.on} 起算。"
    return _Route(months, statement.on, Text(en, zh))


def _held(known: Known, scheme: str, level: str, months: int, below: dict[int, Entry]) -> _Route:
    if "certificate" in known.obstacles:
        return _unread("certificate", known.obstacles["certificate"], months)
    fitting = [c for c in known.certificates if c.scheme == scheme and level in {"", c.level}]
    held = [c for c in fitting if c.in_force(known.today)]
    name = f"{scheme} {level}".strip()
    dated = min((c for c in held if c.awarded), key=lambda c: (c.awarded or date.max, c.id), default=None)
    if dated:
        en = f"Counted from {dated.awarded}, the award of {dated.ref}."
        zh = f"自 {dated.ref} 颁证日 {dated.awarded} 起算。"
        return _Route(months, dated.awarded, _ending(Text(en, zh), dated.awarded, dated.expires, months))
    if held:
        return _lacking(months, f"{held[0].ref} has no date of award.", f"{held[0].ref} 未登记颁证日期。")
    return _Route(months, _award(known, scheme, level, below), _not_held(name), bound=True)


def _award(known: Known, scheme: str, level: str, below: dict[int, Entry]) -> date:
    """The earliest day on which a certificate that is not held could be awarded: a lower bound, never a forecast."""
    if scheme == "itss" and level.isdigit() and int(level) in below:
        return max(known.today, below[int(level)].least)
    return known.today


def _not_held(name: str) -> Text:
    en = (
        f"No valid certificate {name}: counted as if it were awarded on the first possible day; the way from "
        "application to certificate comes on top."
    )
    return Text(en, f"目前无有效的 {name} 证书：按最早可能获证之日起算，从申报到获证所需时间另计。")


def _ending(note: Text, since: date | None, expires: date | None, months: int) -> Text:
    """A certificate that ends before the wait does has to be renewed without a gap."""
    if since is None or expires is None or not_before(since, months) < expires:
        return note
    en = f" It ends on {expires}, before that: re-assessment must follow without a gap."
    return Text(note.en + en, f"{note.zh}证书 {expires} 到期早于该日，须通过复评无间断延续。")


def _unread(stream: str, reason: Text, months: int) -> _Route:
    en = f"The stream {stream} cannot be relied on: {reason.en}."
    return _lacking(months, en, f"{wording.STREAM[stream].zh}数据不可依据：{reason.zh}。")


def _lacking(months: int, en: str, zh: str) -> _Route:
    return _Route(months, None, Text(en, zh))


def _by_time(routes: Sequence[_Route], today: date) -> _Outcome:
    """The route that opens first. Beside one that nobody knows, a mere bound says nothing."""
    unknown = next((route for route in routes if route.since is None), None)
    open_at = [(route.on, place) for place, route in enumerate(routes) if route.on and not (unknown and route.bound)]
    if not open_at:
        return "unknown", None, (unknown or routes[0]).note
    on, place = min(open_at)
    return "fulfilled" if on <= today else "waiting", on, routes[place].note


def _by_verdict(rule: Check, known: Known) -> _Outcome:
    result = known.results.get(rule.id)
    if result is None or result.verdict is Verdict.UNDETERMINED:
        reason = wording.as_reason(result.reason if result else say("not measured"))
        return "unknown", None, Text(f"Evidence is missing: {reason.en}.", f"证据不足：{reason.zh}。")
    if result.verdict is Verdict.MET:
        return "fulfilled", None, Text("Fulfilled by today's evidence.", "按目前证据已满足。")
    return "action", None, Text("Not fulfilled: it takes action, not time.", "未满足：须采取措施，等待无效。")
