"""An OSCAL mapping-collection read back into crosswalks: ours as they were written, others where nothing gets lost."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Literal

from itss_bridge.errors import UsageError
from itss_bridge.exporters.oscal.mapping import KIND
from itss_bridge.exporters.oscal.parts import NS, JsonObject, statement, token
from itss_bridge.forms import Form
from itss_bridge.messages import say
from itss_bridge.model import Crosswalk, Json, Origin, Relationship, Text, Unmapped
from itss_bridge.model import Mapping as Row

_STRONGEST = 10
_SMALL = re.compile("[0-9]{1,2}")


def crosswalks(
    content: Json, requirements: Collection[str], *, where: str = "", strength: int | None = None
) -> tuple[Crosswalk, ...]:
    """The crosswalks of a parsed mapping-collection, rows and reasons in its order.

    Args:
        content: what the JSON file holds.
        requirements: ids that may be meant; an `id-ref` names one as the catalog does (`itss-prc-inc-a`).
        where: the file, for messages and as the origin of what is read.
        strength: 1 to 10, for rows of others that tell none of their own.

    Raises:
        UsageError: it is no mapping-collection, it names what nobody knows, or a row says more than a crosswalk can
            hold (qualifiers, several controls on a side that cannot be taken apart).
    """
    known = {name: i for i in requirements for name in (token(i), statement(i))}
    read = _Reader(known, where, strength)
    return tuple(read.crosswalk(mapping) for mapping in _mappings(content, where))


class _Reader:
    def __init__(self, known: Mapping[str, str], where: str, strength: int | None) -> None:
        self.known = known
        self.where = where
        self.strength = strength

    def crosswalk(self, mapping: Json) -> Crosswalk:
        """One crosswalk: its rows say which two frameworks it joins."""
        origin = Origin(tuple(_all(mapping, "source")), _one(mapping, "confidence"), self.where)
        rows = tuple(row for entry in mapping["maps"] for row in self.rows(entry, origin))
        joined = dict.fromkeys((_framework(row.source), _framework(row.target)) for row in rows)
        if len(joined) > 1:
            pairs = ", ".join(f"{source} to {target}" for source, target in joined)
            raise UsageError(
                say("one mapping joins {pairs}", pairs=pairs), where=self.where, fix=say("make a mapping of each")
            )
        ((source, target),) = joined
        title = Text(_one(mapping, "title", "en"), _one(mapping, "title", "zh"))
        name = _one(mapping, "crosswalk") or f"{source}-{target}"
        return Crosswalk(name, source, target, title, rows, tuple(self.unmapped(mapping)), origin)

    def rows(self, entry: Json, origin: Origin) -> Iterator[Row]:
        """The rows that a map stands for, each a pair."""
        relationship = self.relationship(entry)
        sources, targets = ([self.named(item["id-ref"]) for item in entry[side]] for side in ("sources", "targets"))
        self.refuse_what_gets_lost(entry, relationship, len(sources), len(targets))
        for source in sources:
            for target in targets:
                yield Row(
                    source=source,
                    target=target,
                    relationship=relationship,
                    strength=self.strength_of(entry, source, target),
                    rationale=_rationale(entry),
                    review=_review(entry),
                    reviewer=_one(entry, "reviewer"),
                    reviewed_on=_one(entry, "reviewed-on"),
                    origin=origin,
                )

    def relationship(self, entry: Json) -> Relationship:
        """What is said of source and target; NIST's two words for the same set are one here."""
        word = entry["relationship"]
        try:
            return Relationship.EQUAL if word == "equivalent-to" else Relationship(word)
        except ValueError:
            raise UsageError(
                say("there is no relationship {word!r}", word=word),
                where=self.where,
                fix=say("one of {names}", names=", ".join(Relationship)),
            ) from None

    def named(self, name: str) -> str:
        """The requirement that a control id stands for."""
        if name not in self.known:
            raise UsageError(
                say("there is no requirement {name!r}", name=name),
                where=self.where,
                fix=say("ids are those of the catalog that `export x.catalog.oscal.json` writes"),
            )
        return self.known[name]

    def refuse_what_gets_lost(self, entry: Json, relationship: Relationship, sources: int, targets: int) -> None:
        """Only what is true of each pair by itself may be taken apart: a set inside one, one around a set."""
        apart = {Relationship.SUBSET: targets, Relationship.SUPERSET: sources}.get(relationship, sources * targets)
        if apart != 1:
            raise UsageError(
                say(
                    "{sources} sources {relationship} {targets} targets cannot be said pair by pair",
                    sources=sources,
                    relationship=relationship,
                    targets=targets,
                ),
                where=self.where,
                fix=say("map one control to one control"),
            )
        if entry.get("qualifiers"):
            raise UsageError(
                say("a crosswalk has no room for qualifiers"), where=self.where, fix=say("say it in the rationale")
            )

    def strength_of(self, entry: Json, source: str, target: str) -> int:
        """The row's own strength, else the one given for rows without."""
        told = _one(entry, "strm-strength")
        strength = int(told) if _SMALL.fullmatch(told) else self.strength
        if strength is None or not 1 <= strength <= _STRONGEST:
            raise UsageError(
                say(
                    "{source} → {target}: no strength from 1 to {_STRONGEST}",
                    source=source,
                    target=target,
                    _STRONGEST=_STRONGEST,
                ),
                where=self.where,
                fix=say("give the property strm-strength, or a strength for all rows"),
            )
        return strength

    def unmapped(self, mapping: Json) -> Iterator[Unmapped]:
        """What is left out: in the order of the reasons, then what gap summaries name without any."""
        reasons: dict[str, dict[str, str]] = {}
        for each in _props(mapping, "unmapped"):
            reasons.setdefault(each.get("group", ""), {})[each.get("class", "")] = each["value"]
        for name in self.gaps(mapping):
            reasons.setdefault(name, {})
        for name, told in reasons.items():
            yield Unmapped(self.named(name), Text(told.get("en", ""), told.get("zh", "")))

    def gaps(self, mapping: Json) -> Iterator[str]:
        """Control ids that the gap summaries name."""
        for side in ("source-gap-summary", "target-gap-summary"):
            for chosen in mapping.get(side, {}).get("unmapped-controls", ()):
                yield from chosen.get("with-ids", ())


def _framework(requirement_id: str) -> str:
    return requirement_id.partition(":")[0]


def _rationale(entry: Json) -> Text:
    """Both languages where they are told; remarks of others, in whatever language they are, stand for English."""
    return Text(_one(entry, "rationale", "en") or entry.get("remarks", ""), _one(entry, "rationale", "zh"))


def _review(entry: Json) -> Literal["proposed", "reviewed"]:
    """Nothing counts as reviewed that does not say by whom and when."""
    signed = _one(entry, "review") == "reviewed" and _one(entry, "reviewer") and _one(entry, "reviewed-on")
    return "reviewed" if signed else "proposed"


def _props(thing: Json, name: str) -> list[JsonObject]:
    return [each for each in thing.get("props", ()) if (each.get("ns"), each["name"]) == (NS, name)]


def _all(thing: Json, name: str) -> list[str]:
    return [each["value"] for each in _props(thing, name)]


def _one(thing: Json, name: str, language: str = "") -> str:
    """The value of one property of ours, empty where it stands nowhere."""
    return next((each["value"] for each in _props(thing, name) if each.get("class", "") == language), "")


def _mappings(content: Json, where: str) -> list[Json]:
    """All mappings, once it is sure that everything that is read of them has the shape that OSCAL gives it."""
    misfit = Form(_SHAPE).misfit(content)
    if misfit is not None:
        raise UsageError(
            say("{names}: {message}", names=misfit.place or "the file", message=misfit.message[:200]),
            where=where,
            cause=say("it is no OSCAL mapping-collection"),
            fix=say("check it with an OSCAL validator"),
        )
    found = content[KIND]["mappings"]
    return found if isinstance(found, list) else [found]


_WORD = {"type": "string"}
_PROPS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": dict.fromkeys(("name", "ns", "value", "class", "group"), _WORD),
        "required": ["name", "value"],
    },
}
_ITEMS = {
    "type": "array",
    "minItems": 1,
    "items": {"type": "object", "properties": {"id-ref": _WORD}, "required": ["id-ref"]},
}
_MAP = {
    "type": "object",
    "properties": {"relationship": _WORD, "sources": _ITEMS, "targets": _ITEMS, "props": _PROPS, "remarks": _WORD},
    "required": ["relationship", "sources", "targets"],
}
_GAPS = {
    "type": "object",
    "properties": {
        "unmapped-controls": {
            "type": "array",
            "items": {"type": "object", "properties": {"with-ids": {"type": "array", "items": _WORD}}},
        }
    },
}
_MAPPING = {
    "type": "object",
    "properties": {
        "maps": {"type": "array", "minItems": 1, "items": _MAP},
        "props": _PROPS,
        "source-gap-summary": _GAPS,
        "target-gap-summary": _GAPS,
    },
    "required": ["maps"],
}
_SHAPE = {
    "type": "object",
    "properties": {
        KIND: {
            "type": "object",
            "properties": {
                "mappings": {"if": {"type": "array"}, "then": {"minItems": 1, "items": _MAPPING}, "else": _MAPPING}
            },
            "required": ["mappings"],
        }
    },
    "required": [KIND],
}
