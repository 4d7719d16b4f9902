"""Rules on ids: each stands once, leads somewhere, and the tree of requirements is a tree."""

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from itss_bridge.catalogue.draft import Draft
from itss_bridge.catalogue.lifecycle import problems
from itss_bridge.data import stream_names
from itss_bridge.messages import say
from itss_bridge.model import Check, DocumentedInformation, Metric, Requirement

Found = Iterator[tuple[str, str, str]]

_NAMED = {
    "frameworks": "framework",
    "crosswalks": "crosswalk",
    "metrics": "metric",
    "levels": "pack",
    "calendars": "calendar",
    "lifecycle": "lifecycle",
}


def requirements(draft: Draft) -> dict[str, Requirement]:
    """Requirements by id; of doubles the first."""
    found: dict[str, Requirement] = {}
    for framework in draft.frameworks:
        for requirement in framework.requirements:
            found.setdefault(requirement.id, requirement)
    return found


def suggestion(name: str, shelf: Iterable[str]) -> str:
    """What was probably meant."""
    near = get_close_matches(name, list(shelf), n=1)
    return say("did you mean {near!r}?", near=near[0]) if near else say("correct the id, or declare what it names")


def doubled(draft: Draft) -> Found:
    """An id that stands twice: load() would refuse it, and nobody could say which one is meant."""
    shelves: tuple[Iterable[tuple[str, str]], ...] = (
        ((f.id, f.origin.where) for f in draft.frameworks),
        ((r.id, r.origin.where) for f in draft.frameworks for r in f.requirements),
        ((c.id, c.origin.where) for c in draft.crosswalks),
        ((m.id, m.origin.where) for m in draft.metrics),
        ((r.id, r.origin.where) for r in draft.rules),
        ((p.id, p.origin.where) for p in draft.packs),
        ((c.id, c.origin.where) for c in draft.calendars),
        ((c.id, c.origin.where) for c in draft.lifecycles),
        ((s.id, s.where) for s in draft.sources),
    )
    for shelf in shelves:
        seen: dict[str, str] = {}
        for name, where in shelf:
            if name in seen:
                yield (
                    where,
                    say("{name!r} is declared twice, first at {seen}", name=name, seen=seen[name]),
                    say("rename one of them, or remove it"),
                )
            seen.setdefault(name, where)


def contradicting_documents(draft: Draft) -> Found:
    """One document may serve many requirements, under one kind and one title."""
    seen: dict[str, DocumentedInformation] = {}
    for framework in draft.frameworks:
        for document in (d for r in framework.requirements for d in r.documents):
            first = seen.setdefault(document.id, document)
            if (first.kind, first.title) != (document.kind, document.title):
                what = say("{id!r} is something else at {where}", id=document.id, where=first.origin.where)
                yield document.origin.where, what, say("give one of them another id, or both the same kind and title")


_WHAT = {"requirement": say("requirement"), "framework": say("framework")}


def dangling(draft: Draft) -> Found:
    """An id that leads nowhere."""
    if "frameworks" in draft.broken:
        return
    known: dict[str, Collection[str]] = {
        "requirement": requirements(draft),
        "framework": {framework.id for framework in draft.frameworks},
    }
    for what, name, where in _references(draft):
        if name not in known[what]:
            yield where, say("there is no {what} {name!r}", what=_WHAT[what], name=name), suggestion(name, known[what])
    yield from _editions(draft)


def _references(draft: Draft) -> Found:
    for framework in draft.frameworks:
        for requirement in framework.requirements:
            if requirement.parent is not None:
                yield "requirement", requirement.parent, requirement.origin.where
        for transition in framework.transitions:
            yield from (("requirement", c.requirement, c.origin.where) for c in transition.changes)
    for crosswalk in draft.crosswalks:
        yield "framework", crosswalk.source, crosswalk.origin.where
        yield "framework", crosswalk.target, crosswalk.origin.where
        for row in crosswalk.mappings:
            yield "requirement", row.source, row.origin.where
            yield "requirement", row.target, row.origin.where
        yield from (("requirement", left_out.requirement, crosswalk.origin.where) for left_out in crosswalk.unmapped)
    for check in draft.checks:
        yield from (("requirement", name, check.origin.where) for name in check.requirements)


def _editions(draft: Draft) -> Found:
    """Clause numbers and transitions speak of editions that the framework declares."""
    for framework in draft.frameworks:
        editions = {edition.id for edition in framework.editions}
        named = [(name, r.origin.where) for r in framework.requirements for name in r.clauses]
        named += [(name, framework.origin.where) for t in framework.transitions for name in (t.before, t.after)]
        for name, where in named:
            if name not in editions:
                yield (
                    where,
                    say("framework {id} has no edition {name!r}", id=framework.id, name=name),
                    suggestion(name, editions),
                )


def foreign(draft: Draft) -> Found:
    """An id that belongs to another framework than the one it stands under."""
    for framework in draft.frameworks:
        for requirement in framework.requirements:
            if not requirement.id.startswith(f"{framework.id}:"):
                fix = say("begin it with {id}:", id=framework.id)
                yield (
                    requirement.origin.where,
                    say("{id} stands in framework {framework}", id=requirement.id, framework=framework.id),
                    fix,
                )
    for crosswalk in draft.crosswalks:
        for row in crosswalk.mappings:
            for end, side in ((row.source, crosswalk.source), (row.target, crosswalk.target)):
                if not end.startswith(f"{side}:"):
                    fix = say("swap source and target, or move the row to its own crosswalk")
                    yield row.origin.where, say("{end} is not of framework {side}", end=end, side=side), fix


def misnamed(draft: Draft) -> Found:
    """A file that is not found under the id of what it declares."""
    for kind, key in _NAMED.items():
        for document in draft.documents[kind]:
            name = document.content[key]
            if document.path.stem != name:
                yield (
                    document.where((key,)),
                    say("{file} declares {name!r}", file=document.path.name, name=name),
                    say("call the file {name}.yaml", name=name),
                )


def unknown_metrics(draft: Draft) -> Found:
    """A check or rule of a metric that is not there."""
    metrics = {metric.id for metric in draft.metrics}
    for rule in draft.rules:
        if rule.metric not in metrics and "metrics" not in draft.broken:
            yield (
                rule.origin.where,
                say("{id}: there is no metric {metric!r}", id=rule.id, metric=rule.metric),
                suggestion(rule.metric, metrics),
            )


def unknown_streams(draft: Draft) -> Found:
    """A metric over a stream that has no schema."""
    for metric in draft.metrics:
        for stream in metric.streams:
            if stream not in stream_names():
                what = say("{id}: there is no stream {stream!r}", id=metric.id, stream=stream)
                yield metric.origin.where, what, suggestion(stream, stream_names())


def wrong_arguments(draft: Draft) -> Found:
    """`with` names exactly the metric's parameters."""
    metrics = {metric.id: metric for metric in draft.metrics}
    for rule in draft.rules:
        metric = metrics.get(rule.metric)
        if metric and set(metric.parameters) != set(rule.arguments):
            yield rule.origin.where, _mismatch(rule, metric), say("name exactly the metric's parameters under `with`")


def _mismatch(rule: Check, metric: Metric) -> str:
    given, taken = ", ".join(sorted(rule.arguments)) or "nothing", ", ".join(sorted(metric.parameters)) or "nothing"
    return say(
        "{id} gives {given}, but metric {metric} takes {taken}", id=rule.id, given=given, metric=metric.id, taken=taken
    )


def cycles(draft: Draft) -> Found:
    """A requirement that is its own ancestor."""
    tree = requirements(draft)
    for requirement in tree.values():
        seen: set[str] = set()
        above = requirement.parent
        while above in tree and above not in seen:
            seen.add(above)
            above = tree[above].parent
        if requirement.id in seen:
            yield requirement.origin.where, say("{id} is its own ancestor", id=requirement.id), say("correct `parent`")


def assessable_parents(draft: Draft) -> Found:
    """Only leaves are assessed: what has children groups them."""
    parents = {r.parent for r in requirements(draft).values()}
    for requirement in requirements(draft).values():
        if requirement.assessable and requirement.id in parents:
            fix = say("set assessable: false, or give the children another parent")
            yield requirement.origin.where, say("{id} is assessable and has children", id=requirement.id), fix


def unassessable_leaves(draft: Draft) -> Found:
    """A leaf that is not assessed says why."""
    parents = {r.parent for r in requirements(draft).values()}
    for requirement in requirements(draft).values():
        if not requirement.assessable and requirement.id not in parents and requirement.note is None:
            fix = say("set assessable: true, or say in a note why nobody assesses it")
            yield requirement.origin.where, say("{id} has no children and is not assessable", id=requirement.id), fix


def checks_on_groups(draft: Draft) -> Found:
    """A check speaks to what is assessed."""
    tree = requirements(draft)
    for check in draft.checks:
        for name in check.requirements:
            if name in tree and not tree[name].assessable:
                yield (
                    check.origin.where,
                    say("{id} speaks to {name}, which is not assessable", id=check.id, name=name),
                    say("name its children"),
                )


def loose_life_cycles(draft: Draft) -> Found:
    """A life cycle hangs together: its states are reached, its rules, roles and requirements exist."""
    known = None if "frameworks" in draft.broken else requirements(draft)
    for cycle in draft.lifecycles:
        for problem in problems(cycle, known):
            where, _, what = problem.partition(": ")
            yield where, what, say("correct the name, or declare what it names")
