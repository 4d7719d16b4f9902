"""What a word of this tool means: a requirement, a metric, a check, a pack, a source, a relationship, an exit code.

Each explanation is plain data in both languages; `{"en", "zh"}` wherever people read it. The first keys are always
`kind`, `id` and `title`.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from difflib import get_close_matches
from typing import Any, TypeAlias

from itss_bridge import wording
from itss_bridge.assess import contribution
from itss_bridge.catalogue import Catalogue
from itss_bridge.catalogue.algebra import inverted
from itss_bridge.catalogue.conflicts import conflicts
from itss_bridge.catalogue.coverage import tally
from itss_bridge.catalogue.draft import Source
from itss_bridge.errors import UsageError
from itss_bridge.explain.dated import Dated
from itss_bridge.explain.dated import explained as dated_explained
from itss_bridge.explain.dated import shelf as dated
from itss_bridge.explain.glossary import Meant, fields
from itss_bridge.explain.glossary import shelf as words
from itss_bridge.explain.words import EXIT, MEANING
from itss_bridge.messages import say
from itss_bridge.model import Check, Crosswalk, Framework, Metric, Relationship, Requirement, RulePack, Status
from itss_bridge.model import Mapping as Row

Explanation: TypeAlias = dict[str, Any]
_NEAR = 3


def explain(
    words: str, catalogue: Catalogue, sources: Sequence[Source] = (), binding: Collection[str] | None = None
) -> Explanation:
    """What *words* means: an id, a framework and a clause number, or a word of this tool.

    *binding* are the packs that decide where rules disagree; None means the official ones.

    Raises:
        UsageError: nothing is called so; the fix names what is nearest.
    """
    shelf = _shelf(catalogue, sources)
    name = " ".join(words.split())
    # an id of the calendar names the rule first, then what it was applied to
    for candidate in (name, name.lower(), name.upper(), name.partition("@")[0]):
        if candidate in shelf:
            thing = _single(candidate, shelf[candidate], catalogue)
            return _explained(thing, catalogue) | _disagreement(thing, catalogue, binding)
    near = get_close_matches(name, shelf, n=_NEAR, cutoff=0.5) or _with_number(name, shelf)
    raise UsageError(
        say("nothing here is called {name!r}", name=name),
        fix=say("did you mean {names}?", names=" or ".join(map(repr, near)))
        if near
        else say("try itss:prc-inc-a, kpi-sla or exit-5"),
    )


def _single(name: str, thing: object, catalogue: Catalogue) -> object:
    """What one name means; parts of a standard use the same numbers, and then the number alone means nothing."""
    if not isinstance(thing, list):
        return thing
    if len(thing) == 1:
        return thing[0]
    frameworks = catalogue.frameworks
    exact = [
        f"{e} {n}" for r in thing for e, n in r.clauses.items() if n and name == f"{frameworks[r.framework].id} {n}"
    ]
    raise UsageError(
        say("{name!r} is the number of several requirements: {names}", name=name, names=", ".join(r.id for r in thing)),
        fix=say("name the edition too: {names}", names=" or ".join(map(repr, dict.fromkeys(exact))) or "or the id"),
    )


def _with_number(name: str, shelf: Mapping[str, object]) -> list[str]:
    """A bare number belongs to a framework: `8.6.1` to `iso20000-1 8.6.1`."""
    return [known for known in shelf if known.endswith(f" {name}")][:_NEAR]


def _shelf(catalogue: Catalogue, sources: Sequence[Source]) -> dict[str, object]:
    """Everything that can be explained, by every name it goes by; ids win over clause numbers and words."""
    shelf: dict[str, object] = {**words(), **dated(catalogue), **{f"exit-{code}": code for code in EXIT}}
    shelf |= {status.value: status for status in Status} | {wording.STATUS[s].zh: s for s in Status}
    shelf |= {r.value: r for r in Relationship} | {wording.SYMBOL[r]: r for r in Relationship}
    shelf |= {source.id: source for source in sources}
    shelf |= {name: same for f in catalogue.frameworks.values() for name, same in _clauses(f).items()}
    for things in (catalogue.packs, catalogue.metrics, catalogue.crosswalks, catalogue.frameworks):
        shelf |= things
    return shelf | {rule.id: rule for rule in catalogue.rules} | catalogue.requirements


def _clauses(framework: Framework) -> dict[str, list[Requirement]]:
    """All requirements that go by `FRAMEWORK NUMBER` or `EDITION NUMBER`."""
    found: dict[str, list[Requirement]] = {}
    for requirement in framework.requirements:
        for edition, number in requirement.clauses.items():
            for prefix in (framework.id, edition) if number is not None else ():
                same = found.setdefault(f"{prefix} {number}", [])
                same += [requirement] if requirement not in same else []
    return found


def _explained(thing: object, catalogue: Catalogue) -> Explanation:
    return _WAYS[type(thing)](thing, catalogue)


def _disagreement(thing: object, catalogue: Catalogue, binding: Collection[str] | None) -> Explanation:
    """Where packs disagree about a rule or a metric: each rule with its source, side by side, and which decides."""
    if not isinstance(thing, Check | Metric):
        return {}
    pack_of = {rule.id: pack.id for pack in catalogue.packs.values() for rule in pack.rules}
    sides = [
        {
            "pack": pack_of[rule.id],
            **_criterion(rule, catalogue),
            "decides": rule in conflict.decides,
            "exclusive": conflict.exclusive,
        }
        for conflict in conflicts(catalogue.packs.values(), catalogue.metrics, binding)
        if (thing in conflict.rules if isinstance(thing, Check) else thing.id in conflict.metrics)
        for rule in conflict.rules
    ]
    return {"disagreement": sides} if sides else {}


def _relationship(relationship: Relationship, _: Catalogue) -> Explanation:
    title, meaning = asdict(wording.RELATIONSHIP[relationship]), asdict(MEANING[relationship])
    return _entry("relationship", relationship.value, title, symbol=wording.SYMBOL[relationship], meaning=meaning)


def _status(status: Status, _: Catalogue) -> Explanation:
    title, meaning = asdict(wording.STATUS[status]), asdict(wording.STATUS_MEANING[status])
    return _entry("status", status.value, title, meaning=meaning)


def _exit(code: int, _: Catalogue) -> Explanation:
    page = EXIT[code]
    told = {name: asdict(text) for name, text in page._asdict().items() if text}
    return _entry("exit code", f"exit-{code}", told.pop("title"), **told)


def _meant(meant: Meant, catalogue: Catalogue) -> Explanation:
    """A word of the tool; a level with its rules, a stream with its fields and who measures it."""
    told = {name: asdict(text) for name in ("meaning", "cause", "fix") if (text := getattr(meant, name))}
    rules = [
        rule for pack in catalogue.packs.values() for rule in pack.rules if meant.level and rule.level == meant.level
    ]
    return _entry(
        meant.kind,
        meant.id,
        asdict(meant.title),
        **told,
        fields=fields(meant.stream) if meant.stream else None,
        metrics=[
            {"id": metric.id, "title": asdict(metric.title)}
            for metric in catalogue.metrics.values()
            if meant.stream in metric.streams
        ],
        rules=[_criterion(rule, catalogue) for rule in rules],
    )


def _entry(kind: str, name: str, title: Mapping[str, str], **facts: Any) -> Explanation:
    """An explanation without what is not there."""
    filled = {key: value for key, value in facts.items() if value not in (None, "", (), [])}
    return {"kind": kind, "id": name, "title": dict(title), **filled}


def _requirement(r: Requirement, catalogue: Catalogue) -> Explanation:
    framework = catalogue.frameworks[r.framework]
    checks = [c for c in catalogue.checks.values() if r.id in c.requirements]
    return _entry(
        "requirement",
        r.id,
        asdict(r.title),
        framework=asdict(framework.title),
        parent=r.parent,
        element=asdict(wording.element(r.element)),
        assessable=r.assessable,
        clauses=[
            {"edition": asdict(e.name), "clause": r.clauses.get(e.id)} for e in framework.editions if e.id in r.clauses
        ],
        intent=asdict(r.intent),
        note=asdict(r.note) if r.note else None,
        source=list(r.origin.source),
        confidence=r.origin.confidence,
        changes=list(_changes(r, framework)),
        documents=[{"id": d.id, "kind": d.kind, "title": asdict(d.title)} for d in r.documents],
        children=[_named(child, framework) for child in framework.requirements if child.parent == r.id],
        mappings=[_mapping(row, catalogue) for row in _rows_from(r.id, catalogue)],
        unmapped=[
            {"crosswalk": crosswalk.id, "reason": asdict(left_out.reason)}
            for crosswalk in catalogue.crosswalks.values()
            for left_out in crosswalk.unmapped
            if left_out.requirement == r.id
        ],
        checks=[_criterion(check, catalogue) for check in sorted(checks, key=lambda c: -(c.level or 0))],
    )


def _changes(r: Requirement, framework: Framework) -> Iterator[Explanation]:
    """What happens to it from one edition to the next."""
    for transition in framework.transitions:
        for row in transition.changes:
            if row.requirement == r.id:
                yield {
                    "from": transition.before,
                    "to": transition.after,
                    "change": row.change,
                    "note": asdict(row.note),
                }


def _named(r: Requirement, framework: Framework) -> Explanation:
    return {"id": r.id, "clause": framework.clause(r), "title": asdict(r.title)}


def _rows_from(name: str, catalogue: Catalogue) -> Iterator[Row]:
    """All mappings of one requirement, read from it."""
    for crosswalk in catalogue.crosswalks.values():
        for row in crosswalk.mappings:
            if row.source == name:
                yield row
            elif row.target == name:
                yield inverted(row)


def _mapping(row: Row, catalogue: Catalogue) -> Explanation:
    other = catalogue.requirements[row.target]
    return {
        "relationship": row.relationship.value,
        "symbol": wording.SYMBOL[row.relationship],
        "requirement": other.id,
        "clause": catalogue.frameworks[other.framework].clause(other),
        "title": asdict(other.title),
        "strength": row.strength,
        "review": row.review,
        "brings": _brought(row),
        "rationale": asdict(row.rationale),
    }


def _brought(row: Row) -> str | None:
    """What the other end brings to this one when it conforms; nothing where the row says that they share nothing."""
    if row.relationship is Relationship.NONE:
        return None
    return contribution(inverted(row), Status.CONFORMING).value


def _criterion(check: Check, catalogue: Catalogue) -> Explanation:
    unit = catalogue.metrics[check.metric].unit
    return {
        "level": check.level,
        "id": check.id,
        "title": asdict(check.title),
        "needed": asdict(wording.needed(check.criterion, unit)),
        "source": list(check.origin.source),
        "confidence": check.origin.confidence,
    }


def _metric(metric: Metric, catalogue: Catalogue) -> Explanation:
    return _entry(
        "metric",
        metric.id,
        asdict(metric.title),
        definition=asdict(metric.definition),
        unit=metric.unit,
        better=asdict(wording.BETTER[metric.better]),
        summary=metric.summary,
        window=metric.window,
        streams=list(metric.streams),
        parameters=list(metric.parameters),
        sql=metric.origin.where,
        source=list(metric.origin.source),
        confidence=metric.origin.confidence,
        used_by=[_criterion(rule, catalogue) for rule in catalogue.rules if rule.metric == metric.id],
    )


def _check(check: Check, catalogue: Catalogue) -> Explanation:
    pack = next((p for p in catalogue.packs.values() if check in p.rules), None)
    requirements = [catalogue.requirements[name] for name in check.requirements]
    return _entry(
        "rule" if pack else "check",
        check.id,
        asdict(check.title),
        pack=pack.id if pack else None,
        authority=asdict(wording.AUTHORITY[pack.authority]) if pack else None,
        level=asdict(wording.LEVEL[check.level]) if check.level else None,
        metric=check.metric,
        arguments=", ".join(f"{name} = {value}" for name, value in check.arguments.items()),
        needed=asdict(wording.needed(check.criterion, catalogue.metrics[check.metric].unit)),
        source=list(check.origin.source),
        confidence=check.origin.confidence,
        requirements=[_named(r, catalogue.frameworks[r.framework]) for r in requirements],
    )


def _pack(pack: RulePack, catalogue: Catalogue) -> Explanation:
    return _entry(
        "pack",
        pack.id,
        asdict(pack.title),
        authority=asdict(wording.AUTHORITY[pack.authority]),
        dated=pack.dated,
        source=list(pack.origin.source),
        confidence=pack.origin.confidence,
        rules=[_criterion(rule, catalogue) for rule in pack.rules],
    )


def _crosswalk(crosswalk: Crosswalk, _: Catalogue) -> Explanation:
    signatures = dict.fromkeys((m.reviewer, m.reviewed_on) for m in crosswalk.mappings if m.review == "reviewed")
    return _entry(
        "crosswalk",
        crosswalk.id,
        asdict(crosswalk.title),
        rows=len(crosswalk.mappings),
        reviewed=[{"reviewer": reviewer, "date": date} for reviewer, date in signatures],
        source=list(crosswalk.origin.source),
        confidence=crosswalk.origin.confidence,
        relationships=[
            {"symbol": wording.SYMBOL[r], "relationship": r.value, "title": asdict(wording.RELATIONSHIP[r]), "rows": n}
            for r, n in tally(crosswalk).items()
        ],
        unmapped=[{"requirement": u.requirement, "reason": asdict(u.reason)} for u in crosswalk.unmapped],
    )


def _framework(framework: Framework, _: Catalogue) -> Explanation:
    return _entry(
        "framework",
        framework.id,
        asdict(framework.title),
        assessable=sum(r.assessable for r in framework.requirements),
        note=asdict(framework.note) if framework.note else None,
        source=list(framework.origin.source),
        confidence=framework.origin.confidence,
        editions=[
            {"edition": asdict(e.name), "state": e.status, "numbers": _numbers(framework, e.id)}
            for e in framework.editions
        ],
        requirements=[_named(r, framework) for r in framework.requirements if r.parent is None],
    )


def _numbers(framework: Framework, edition: str) -> str:
    """How many clause numbers of an edition are confirmed, of those that belong to it."""
    belonging = [r.clauses[edition] for r in framework.requirements if edition in r.clauses]
    return f"{sum(number is not None for number in belonging)}/{len(belonging)}"


def _source(source: Source, catalogue: Catalogue) -> Explanation:
    cited = {
        "requirements": sum(source.id in r.origin.source for r in catalogue.requirements.values()),
        "crosswalks": sum(source.id in c.origin.source for c in catalogue.crosswalks.values()),
        "metrics": sum(source.id in m.origin.source for m in catalogue.metrics.values()),
        "rules": sum(source.id in r.origin.source for r in catalogue.rules),
    }
    return _entry(
        "source",
        source.id,
        {"en": source.title, "zh": source.title},
        authority=source.authority,
        address=source.address,
        note=source.note,
        cited=", ".join(f"{kind} {n}" for kind, n in cited.items() if n),
    )


_WAYS: Mapping[type, Callable[[Any, Catalogue], Explanation]] = {
    Requirement: _requirement,
    Metric: _metric,
    Check: _check,
    Crosswalk: _crosswalk,
    RulePack: _pack,
    Framework: _framework,
    Source: _source,
    Dated: dated_explained,
    Relationship: _relationship,
    Status: _status,
    Meant: _meant,
    int: _exit,
}
