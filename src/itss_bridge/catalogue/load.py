"""Read every folder shaped like `mappings/` and resolve it into one catalogue, or say which line is wrong."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import chain
from typing import Any

from itss_bridge.catalogue import parse
from itss_bridge.catalogue.calendars import Calendar, calendar
from itss_bridge.catalogue.lifecycle import LifeCycle, lifecycle, problems
from itss_bridge.catalogue.yaml import Document, read
from itss_bridge.contracts import CatalogueFolder
from itss_bridge.data import folder, stream_names
from itss_bridge.errors import UsageError
from itss_bridge.messages import say
from itss_bridge.model import Check, Crosswalk, Framework, Metric, Requirement, RulePack

KINDS = {
    "frameworks": "framework",
    "crosswalks": "crosswalk",
    "metrics": "metric",
    "checks": "checks",
    "levels": "levels",
    "calendars": "calendar",
    "lifecycle": "lifecycle",
}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that is declared, by id, in the order of files and lines."""

    frameworks: dict[str, Framework] = field(default_factory=dict)
    crosswalks: dict[str, Crosswalk] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)
    packs: dict[str, RulePack] = field(default_factory=dict)
    calendars: dict[str, Calendar] = field(default_factory=dict)
    lifecycles: dict[str, LifeCycle] = field(default_factory=dict)

    @property
    def requirements(self) -> dict[str, Requirement]:
        """Every requirement of every framework."""
        return {r.id: r for f in self.frameworks.values() for r in f.requirements}

    @property
    def rules(self) -> tuple[Check, ...]:
        """Everything that is measured against a criterion: checks and the rules of all packs."""
        return (*self.checks.values(), *chain.from_iterable(p.rules for p in self.packs.values()))


def limited(catalogue: Catalogue, frameworks: Collection[str]) -> Catalogue:
    """The catalogue with *frameworks* alone, and what is declared about them; all of it when none is named."""
    if not frameworks:
        return catalogue
    kept = {name: f for name, f in catalogue.frameworks.items() if name in frameworks}
    requirements = {r.id for f in kept.values() for r in f.requirements}
    return replace(
        catalogue,
        frameworks=kept,
        crosswalks={n: c for n, c in catalogue.crosswalks.items() if c.source in kept and c.target in kept},
        checks={name: c for name, c in catalogue.checks.items() if not requirements.isdisjoint(c.requirements)},
    )


def load(folders: Sequence[CatalogueFolder] | None = None) -> Catalogue:
    """The catalogue of *folders* (the shipped one when None).

    Raises:
        UsageError: a file is malformed, an id stands twice, or something refers to an id that does not exist.
    """
    places = [CatalogueFolder(folder("mappings"), "itss-bridge")] if folders is None else folders
    catalogue = Catalogue()
    for kind, schema in KINDS.items():
        for document in _documents(places, kind, schema):
            _add(catalogue, kind, document)
    _resolve(catalogue)
    return catalogue


def _documents(places: Iterable[CatalogueFolder], kind: str, schema: str) -> Iterable[Document]:
    for place in places:
        for path in sorted((place.path / kind).glob("*.yaml")):
            yield read(path, schema)


def _add(catalogue: Catalogue, kind: str, document: Document) -> None:
    shelves: dict[str, tuple[dict[str, Any], Callable[[Document], Any]]] = {
        "frameworks": (catalogue.frameworks, parse.framework),
        "crosswalks": (catalogue.crosswalks, parse.crosswalk),
        "metrics": (catalogue.metrics, parse.metric),
        "checks": (catalogue.checks, parse.checks),
        "levels": (catalogue.packs, parse.pack),
        "calendars": (catalogue.calendars, calendar),
        "lifecycle": (catalogue.lifecycles, lifecycle),
    }
    shelf, parsed = shelves[kind]
    found = parsed(document)
    for thing in found if isinstance(found, tuple) else (found,):
        _put(shelf, thing)


def _put(shelf: dict[str, Any], thing: Any) -> None:
    if thing.id in shelf:
        raise UsageError(
            say("{id!r} is declared twice", id=thing.id),
            where=f"{shelf[thing.id].origin.where} and {thing.origin.where}",
            fix=say("rename one of them, or remove it"),
        )
    shelf[thing.id] = thing


def _resolve(catalogue: Catalogue) -> None:
    requirements = catalogue.requirements
    _unique(chain.from_iterable(f.requirements for f in catalogue.frameworks.values()))
    _unique(catalogue.rules)
    for requirement in requirements.values():
        if requirement.parent is not None:
            _known(requirement.parent, requirements, say("requirement"), requirement.origin.where)
    for crosswalk in catalogue.crosswalks.values():
        _resolve_crosswalk(crosswalk, catalogue, requirements)
    for metric in catalogue.metrics.values():
        for stream in metric.streams:
            _known(stream, stream_names(), say("stream"), metric.origin.where)
    for rule in catalogue.rules:
        _resolve_rule(rule, catalogue, requirements)
    for cycle in catalogue.lifecycles.values():
        for problem in problems(cycle, requirements):
            raise UsageError(problem, where=cycle.origin.where, fix=say("correct the name, or declare what it names"))


def _unique(things: Iterable[Requirement | Check]) -> None:
    seen: dict[str, str] = {}
    for thing in things:
        if thing.id in seen:
            raise UsageError(
                say("{id!r} is declared twice", id=thing.id), where=f"{seen[thing.id]} and {thing.origin.where}"
            )
        seen[thing.id] = thing.origin.where


def _resolve_crosswalk(crosswalk: Crosswalk, catalogue: Catalogue, requirements: dict[str, Requirement]) -> None:
    where = crosswalk.origin.where
    _known(crosswalk.source, catalogue.frameworks, say("framework"), where)
    _known(crosswalk.target, catalogue.frameworks, say("framework"), where)
    pairs: dict[tuple[str, str], str] = {}
    for row in crosswalk.mappings:
        for end, side in ((row.source, crosswalk.source), (row.target, crosswalk.target)):
            _known(end, requirements, say("requirement"), row.origin.where)
            if requirements[end].framework != side:
                raise UsageError(say("{end} is not of framework {side}", end=end, side=side), where=row.origin.where)
        if (row.source, row.target) in pairs:
            raise UsageError(
                say("{source} → {target} stands twice", source=row.source, target=row.target),
                where=f"{pairs[row.source, row.target]} and {row.origin.where}",
            )
        pairs[row.source, row.target] = row.origin.where
    for left_out in crosswalk.unmapped:
        _known(left_out.requirement, requirements, say("requirement"), where)


def _resolve_rule(rule: Check, catalogue: Catalogue, requirements: dict[str, Requirement]) -> None:
    where = rule.origin.where
    for requirement in rule.requirements:
        _known(requirement, requirements, say("requirement"), where)
    _known(rule.metric, catalogue.metrics, say("metric"), where)
    declared = set(catalogue.metrics[rule.metric].parameters)
    if declared != set(rule.arguments):
        raise UsageError(
            say(
                "{id}: metric {metric} takes {declared}",
                id=rule.id,
                metric=rule.metric,
                declared=sorted(declared) or "no arguments",
            ),
            where=where,
            cause=say("`with` gives {arguments}", arguments=sorted(rule.arguments) or "none"),
            fix=say("name exactly the metric's parameters under `with`"),
        )


def _known(name: str, shelf: Iterable[str], what: str, where: str) -> None:
    if name in shelf:
        return
    near = get_close_matches(name, list(shelf), n=1)
    raise UsageError(
        say("there is no {what} {name!r}", what=what, name=name),
        where=where,
        fix=say("did you mean {near!r}?", near=near[0])
        if near
        else say("declare the {what}, or correct the id", what=what),
    )
