"""What an id of the calendar or of a life cycle means: a rule, a date for everybody, a state, a kind of date."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from itss_bridge import wording
from itss_bridge.catalogue import Catalogue
from itss_bridge.catalogue.lifecycle import Deadline, LifeCycle, Move, Rule, State
from itss_bridge.model import Text

_UNIT = {
    "months": Text("months", "个月"),
    "days": Text("days", "天"),
    "working-days": Text("working days", "个工作日"),
    "percent": Text("%", "%"),
    "persons": Text("persons", "人"),
    "person-days": Text("person-days", "人日"),
    "projects": Text("projects", "个项目"),
    "failures": Text("failures", "次"),
    "times-a-year": Text("times a year", "次/年"),
    "documents": Text("documents", "份"),
    "stages": Text("stages", "个阶段"),
    "years": Text("years", "年"),
}
_KINDS = {
    "visit": Text("A day agreed with the body, from the register", "与机构约定的评审日期（证书台账）"),
    "certificate": Text("Dates of a certificate that cannot be told", "无法推算的证书日期"),
}
_JOINT = {
    "joint/internal-audit": Text("Joint internal audit of all systems", "多体系联合内部审核"),
    "joint/management-review": Text("Joint management review of all systems", "多体系联合管理评审"),
}


@dataclass(frozen=True, slots=True)
class Dated:
    """One thing of a life cycle, by the name it goes by."""

    name: str
    cycle: LifeCycle
    thing: Rule | Deadline | State | Text
    levels: tuple[int, ...] = ()


def shelf(catalogue: Catalogue) -> dict[str, Dated]:
    """Everything of all life cycles by name: `itss/surveillance-1`, `itss/application-3`, a state, a move."""
    found: dict[str, Dated] = {}
    for cycle in catalogue.lifecycles.values():
        for state in cycle.states:
            found |= {name: Dated(state.id, cycle, state) for name in (state.id, state.title.zh)}
        states = {state.id: state for state in cycle.states}
        for move in cycle.moves:
            found[f"{cycle.id}/{move.source}.{move.target}"] = Dated(move.source, cycle, states[move.source])
        things: list[Rule | Deadline] = [*cycle.rules, *cycle.deadlines]
        for thing in things:
            found[f"{cycle.id}/{thing.id}"] = Dated(f"{cycle.id}/{thing.id}", cycle, thing)
        found |= {f"{cycle.id}/{kind}": Dated(f"{cycle.id}/{kind}", cycle, title) for kind, title in _KINDS.items()}
        if any(rule.subject == "management-review" for rule in cycle.rules):
            found |= {name: Dated(name, cycle, title) for name, title in _JOINT.items()}
    if "itss" in catalogue.lifecycles:
        found |= {dated.name: dated for dated in _applications(catalogue.lifecycles["itss"])}
    return found


def _applications(cycle: LifeCycle) -> Iterator[Dated]:
    for level, name in wording.LEVEL.items():
        title = Text(
            f"Earliest application for ITSS {name.en[0].lower()}{name.en[1:]}", f"ITSS {name.zh}：最早可申报日"
        )
        yield Dated(f"itss/application-{level}", cycle, title, (level,))


def explained(dated: Dated, catalogue: Catalogue) -> dict[str, Any]:
    """Plain data in both languages, without what is not there."""
    thing = dated.thing
    if isinstance(thing, State):
        facts = _state(thing, dated.cycle)
    elif isinstance(thing, Text):
        facts = _kind(dated, catalogue)
    else:
        facts = _rule(thing)
    title = thing if isinstance(thing, Text) else thing.title
    head = {"kind": "state" if isinstance(thing, State) else "date", "id": dated.name, "title": asdict(title)}
    return {**head, **{key: value for key, value in facts.items() if value not in (None, "", [], ())}}


def _rule(thing: Rule | Deadline) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if isinstance(thing, Deadline):
        facts |= {"date": str(thing.on), "edition": thing.edition}
    else:
        facts |= {"needed": _needed(thing), "level": ", ".join(map(str, thing.levels)), "varies": thing.varies}
    origin = thing.origin
    note = asdict(thing.note) if thing.note else None
    return {**facts, "note": note, "source": list(origin.source), "confidence": origin.confidence}


def _needed(rule: Rule) -> dict[str, str] | None:
    if rule.quantity is None:
        return None
    numbers = {"between": "–", "either": " / "}.get(rule.quantity.operator, "").join(map(str, rule.quantity.values))
    sign = {">=": "≥ ", "<=": "≤ "}.get(rule.quantity.operator, "")
    unit = _UNIT[rule.quantity.unit]
    return {"en": f"{sign}{numbers} {unit.en}", "zh": f"{sign}{numbers} {unit.zh}"}


def _state(state: State, cycle: LifeCycle) -> dict[str, Any]:
    return {
        "meaning": asdict(state.meaning),
        "source": list(state.origin.source),
        "confidence": state.origin.confidence,
        "moves": [_move(move, cycle) for move in cycle.moves if move.source == state.id],
    }


def _move(move: Move, cycle: LifeCycle) -> dict[str, Any]:
    target = next(state for state in cycle.states if state.id == move.target)
    actor = next(role.title for role in cycle.roles if role.id == move.actor)
    rules = [f"{cycle.id}/{name}" for name in move.rules]
    return {
        "state": target.id,
        "title": asdict(target.title),
        "actor": asdict(actor),
        "when": asdict(move.when),
        "rules": rules,
    }


def _kind(dated: Dated, catalogue: Catalogue) -> dict[str, Any]:
    """Of a date that several rules make: those rules."""
    if dated.levels:
        rules = [rule for pack in catalogue.packs.values() for rule in pack.rules if rule.level in dated.levels]
        return {"rules": [{"id": r.id, "title": asdict(r.title), "source": list(r.origin.source)} for r in rules]}
    if dated.name in _JOINT:
        subjects = {"internal-audit", "management-review", "preparation"}
        chosen = [rule for rule in dated.cycle.rules if rule.subject in subjects]
        return {
            "rules": [
                {"id": f"{dated.cycle.id}/{r.id}", "title": asdict(r.title), "source": list(r.origin.source)}
                for r in chosen
            ]
        }
    return {}
