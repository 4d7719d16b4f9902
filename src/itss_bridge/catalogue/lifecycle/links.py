"""What in a life cycle does not hang together."""

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import chain

from itss_bridge.catalogue.lifecycle.shapes import LifeCycle, Quantity
from itss_bridge.data import stream_names


def problems(found: LifeCycle, requirements: Collection[str] | None = None) -> list[str]:
    """What doesn't hang together, one sentence each with file and line; empty when all is well.

    Args:
        found: the life cycle to look at.
        requirements: ids of all requirements there are; `None` leaves references to them unchecked.
    """
    return [
        *_doubled(found),
        *_lost_states(found),
        *_lost_moves(found),
        *_lost_steps(found),
        *_lost_rules(found),
        *_lost_materials(found, requirements),
    ]


def _doubled(found: LifeCycle) -> Iterator[str]:
    names = chain(
        (("role", role.id) for role in found.roles),
        (("process", process.id) for process in found.processes),
        (("state", state.id) for state in found.states),
        (("transition", f"{move.source} → {move.target}") for move in found.moves),
        (("rule", rule.id) for rule in found.rules),
        (("deadline", deadline.id) for deadline in found.deadlines),
        (("checklist", checklist.id) for checklist in found.checklists),
        (("material", item.id) for item in found.materials),
    )
    for what, name in (named for named, times in Counter(names).items() if times > 1):
        yield f"{found.origin.where}: the {what} {name!r} is declared twice"


def _lost_states(found: LifeCycle) -> Iterator[str]:
    reached = reachable(found)
    for state in found.states:
        if state.id not in reached:
            yield f"{state.origin.where}: the state {state.id!r} cannot be reached from {found.states[0].id!r}"


def reachable(found: LifeCycle) -> frozenset[str]:
    """Ids of the states that can be reached from the first one, itself included."""
    reached: set[str] = set()
    ahead = [found.states[0].id] if found.states else []
    while ahead:
        here = ahead.pop()
        if here not in reached:
            reached.add(here)
            ahead += [move.target for move in found.moves if move.source == here]
    return frozenset(reached)


def _lost_moves(found: LifeCycle) -> Iterator[str]:
    for move in found.moves:
        where = move.origin.where
        yield from _unknown({move.source, move.target}, [state.id for state in found.states], "state", where)
        yield from _unknown({move.actor}, [role.id for role in found.roles], "role", where)
        yield from _unknown(move.rules, [rule.id for rule in found.rules], "rule", where)


def _lost_steps(found: LifeCycle) -> Iterator[str]:
    states = {state.id for state in found.states}
    for process in found.processes:
        for step in process.steps:
            yield from _unknown(step.states, states, "state", step.origin.where)
        back = process.back
        if back and not 1 <= back.target < back.source <= len(process.steps):
            yield f"{process.origin.where}: {process.id!r} cannot go back from step {back.source} to {back.target}"


def _lost_rules(found: LifeCycle) -> Iterator[str]:
    standing = {rule.id for rule in found.rules if not rule.varies}
    for rule in found.rules:
        if rule.varies:
            yield from _unknown({rule.varies}, standing, "rule to go by", rule.origin.where)
        yield from _odd(rule.quantity, rule.origin.where)


def _lost_materials(found: LifeCycle, requirements: Collection[str] | None) -> Iterator[str]:
    roles = {role.id for role in found.roles}
    for item in found.materials:
        where = item.origin.where
        yield from _unknown({item.owner}, roles, "role", where)
        yield from _unknown(item.streams, stream_names(), "stream", where)
        yield from _odd(item.quantity, where)
        if requirements is not None:
            yield from _unknown(item.requirements, requirements, "requirement", where)


def _odd(quantity: Quantity | None, where: str) -> Iterator[str]:
    """A quantity with too few or too many values, or with values out of order."""
    if quantity is None:
        return
    n, least = len(quantity.values), {"between": 2, "either": 2}.get(quantity.operator, 1)
    if n < least or (n > least and quantity.operator != "either"):
        yield f"{where}: {quantity.operator!r} takes {least} value(s), not {n}"
    elif list(quantity.values) != sorted(set(quantity.values)):
        yield f"{where}: the values {list(quantity.values)} must rise"


def _unknown(names: Collection[str], known: Collection[str], what: str, where: str) -> Iterator[str]:
    for name in sorted(set(names) - set(known)):
        yield f"{where}: there is no {what} {name!r}"
