"""Where the organisation stands in the state machine of a life cycle, and what comes next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from itss_bridge.catalogue.lifecycle import LifeCycle, Move, Rule, State
from itss_bridge.lifecycle.conditions import Entry
from itss_bridge.lifecycle.days import not_after, not_before
from itss_bridge.lifecycle.kept import Kept
from itss_bridge.lifecycle.known import Known, confirmed
from itss_bridge.lifecycle.register import Certificate, Statement
from itss_bridge.model import Text
from itss_bridge.wording import STREAM

TOPIC = "lifecycle-state"
_WITH_CERTIFICATE = {"certified", "surveillance-1", "surveillance-2", "suspended"}


@dataclass(frozen=True, slots=True)
class Step:
    """One way on: to *target*, by *actor*, when its condition holds; no earlier than *start*, no later than *end*.

    A day is None where no rule sets one. *certain* is False where it rests on an unconfirmed rule.
    """

    target: State
    actor: Text
    when: Text
    start: date | None
    end: date | None
    rules: tuple[str, ...]
    notes: tuple[Text, ...]
    certain: bool


@dataclass(frozen=True, slots=True)
class Position:
    """A state that the organisation is in, and by which evidence; *state* is None where it is not known."""

    cycle: LifeCycle
    state: State | None
    since: date | None
    basis: Literal["certificate", "statement", "none"]
    note: Text
    steps: tuple[Step, ...] = ()


def positions(cycle: LifeCycle, known: Known, entries: Mapping[int, Entry]) -> tuple[Position, ...]:
    """By the certificate and, beside or in place of it, by what the organisation states on `lifecycle-state`."""
    certificate = known.certificate(cycle.framework)
    found = [*_by_certificate(cycle, certificate, known), *_by_statement(cycle, certificate, known)]
    if not found:
        found = [Position(cycle, None, None, "none", _nothing(known))]
    return tuple(_with_steps(position, certificate, known, entries) for position in found)


def _nothing(known: Known) -> Text:
    reasons = {s: known.obstacles[s] for s in ("certificate", "attestation") if s in known.obstacles}
    en = [
        f"No certificate stands, and no state is stated on “{TOPIC}”.",
        *(f"{s}: {r.en}." for s, r in reasons.items()),
    ]
    zh = [f"无有效证书，也未就“{TOPIC}”声明所处阶段。", *(f"{STREAM[s].zh}：{r.zh}。" for s, r in reasons.items())]
    return Text(" ".join(en), "".join(zh))


def _by_certificate(cycle: LifeCycle, certificate: Certificate | None, known: Known) -> Iterator[Position]:
    if certificate is None or "certificate" in known.obstacles:
        return
    name, since = _state_of(certificate)
    state = _state(cycle, name)
    if state is not None:
        note = Text(f"By the certificate {certificate.ref}.", f"依据证书 {certificate.ref}。")
        yield Position(cycle, state, since, "certificate", note)


def _state_of(certificate: Certificate) -> tuple[str, date | None]:
    """The state that a standing certificate shows; since when a suspension lasts is not registered."""
    if certificate.status == "suspended":
        return "suspended", None
    done = [day for day in certificate.surveillances if certificate.awarded and day > certificate.awarded]
    if not done:
        return "certified", certificate.awarded
    return f"surveillance-{min(len(done), 2)}", done[min(len(done), 2) - 1]


def _by_statement(cycle: LifeCycle, certificate: Certificate | None, known: Known) -> Iterator[Position]:
    """What the organisation states, unless a later award has overtaken it, or it says what the certificate shows."""
    topic = TOPIC if cycle.id == "itss" else f"{TOPIC}-{cycle.id}"
    stated = known.statements.get(topic)
    if stated is None or not stated.holds or stated.expired(known.today) or "attestation" in known.obstacles:
        return
    state = _state(cycle, stated.text)
    if state is None:
        note = Text(f"“{stated.text}” is no state of {cycle.id}.", f"“{stated.text}”不是 {cycle.id} 生命周期中的阶段。")
        yield Position(cycle, None, stated.on, "statement", note)
    elif not _overtaken(stated, state, certificate):
        yield Position(cycle, state, stated.on, "statement", _said(stated, state, certificate))


def _overtaken(stated: Statement, state: State, certificate: Certificate | None) -> bool:
    if certificate is None:
        return False
    awarded = certificate.awarded
    return state.id == _state_of(certificate)[0] or bool(awarded and stated.on and stated.on < awarded)


def _said(stated: Statement, state: State, certificate: Certificate | None) -> Text:
    note = Text(f"Stated by the organisation ({stated.id}).", f"依据组织声明（{stated.id}）。")
    if certificate is not None and state.id in _WITH_CERTIFICATE:
        en = " The certificate register says otherwise: one of them is to be put right."
        return Text(note.en + en, f"{note.zh}与证书台账不一致，须核实更正。")
    return note


def _state(cycle: LifeCycle, name: str) -> State | None:
    """A state by its id, or by its title in either language."""
    wanted = name.strip().lower()
    return next((s for s in cycle.states if wanted in {s.id, s.title.en.lower(), s.title.zh}), None)


def _with_steps(
    position: Position, certificate: Certificate | None, known: Known, entries: Mapping[int, Entry]
) -> Position:
    if position.state is None:
        return position
    cycle = position.cycle
    moves = [move for move in cycle.moves if move.source == position.state.id]
    steps = tuple(_step(move, position, certificate, known, entries) for move in moves)
    return Position(cycle, position.state, position.since, position.basis, position.note, steps)


def _step(
    move: Move, position: Position, certificate: Certificate | None, known: Known, entries: Mapping[int, Entry]
) -> Step:
    cycle = position.cycle
    level = (known.held or 5) - 1 if move.source == "certified" else known.target or known.held
    rules = [r for r in cycle.rules if r.id in move.rules and (not r.levels or level in r.levels)]
    spans = [_span(rule, position, certificate, known, entries) for rule in rules]
    starts, ends = [s for s, _ in spans if s], [e for _, e in spans if e]
    return Step(
        target=next(state for state in cycle.states if state.id == move.target),
        actor=next(role.title for role in cycle.roles if role.id == move.actor),
        when=move.when,
        start=max(starts, default=None),
        end=min(ends, default=None),
        rules=tuple(f"{cycle.id}/{rule.id}" for rule in rules),
        notes=tuple(rule.title for rule in rules),
        certain=all(confirmed(rule.origin) for rule in rules),
    )


def _span(
    rule: Rule, position: Position, certificate: Certificate | None, known: Known, entries: Mapping[int, Entry]
) -> tuple[date | None, date | None]:
    """From when and until when a rule lets a step happen; None where it sets no day, or that it counts from is open."""
    since, months = position.since, rule.quantity.values[0] if rule.quantity else 0
    stated = known.statements.get("system-in-operation-since")
    began = stated.on if stated and stated.holds else None
    ways: dict[str, tuple[date | None, date | None]] = {
        "upgrade": (entries[rule.levels[0]].earliest if rule.levels and rule.levels[0] in entries else None, None),
        "rectification": (None, not_after(since, months) if since and _in_months(rule) else None),
        "downgrade": (not_before(since, months) if since else None, None),
        "trial": (not_before(began, months) if began else None, None),
    }
    if rule.subject in ways or certificate is None or certificate.awarded is None:
        return ways.get(rule.subject, (None, None))
    return _span_of_certificate(rule, Kept(certificate, position.cycle, known), certificate.awarded, position)


def _in_months(rule: Rule) -> bool:
    return rule.quantity is not None and rule.quantity.unit == "months"


def _span_of_certificate(rule: Rule, kept: Kept, awarded: date, position: Position) -> tuple[date | None, date | None]:
    if not _in_months(rule) or rule.quantity is None:
        return None, None
    months = rule.quantity.values
    if rule.subject == "surveillance":
        return not_after(awarded, months[0]), not_after(awarded, months[-1])
    if rule.subject == "re-assessment" and kept.end:
        return not_after(kept.end, -months[0]), kept.end
    if rule.subject == "late-surveillance":
        return _late(kept, awarded, months[0], position)
    return None, None


def _late(kept: Kept, awarded: date, months: int, position: Position) -> tuple[date | None, date | None]:
    """A certificate may be suspended once a window is over, and is cancelled some months later."""
    windows = sorted(
        r.quantity.values for r in kept.rules("surveillance") if r.quantity and r.quantity.operator == "between"
    )
    done = len(kept.certificate.surveillances)
    if done >= len(windows):
        return None, None
    over = not_after(awarded, windows[done][-1])
    if position.state is not None and position.state.id == "suspended":
        return None, not_after(over, months)
    return over, None
