"""Crosswalks as an OSCAL mapping-collection: row by row, with what a reviewer has to know of each."""

from collections.abc import Iterable, Iterator

from itss_bridge.errors import UsageError
from itss_bridge.exporters.oscal.parts import (
    JsonObject,
    both,
    catalog_urn,
    document,
    filled,
    identity,
    markup,
    prop,
    props,
    resource,
    token,
)
from itss_bridge.messages import say
from itss_bridge.model import Crosswalk, Framework, Mapping, Report, Text, Unmapped

KIND = "mapping-collection"
TITLE = Text("Crosswalks between frameworks", "标准对照")
DESCRIPTION = Text(
    "Own judgement on own paraphrases; source relative to target, as in NIST IR 8477. "
    "A row that is proposed waits for the organisation's reviewer.",
    "依据自行编写的释义作出的判断；按 NIST IR 8477，以源条目相对目标条目表述。标为“proposed”的行尚待本组织评审。",
)


def collection(report: Report, language: str) -> JsonObject:
    """The mapping-collection of all crosswalks that have rows.

    Raises:
        UsageError: no crosswalk has any: OSCAL knows no empty collection.
    """
    walks = [walk for walk in report.crosswalks if walk.mappings]
    if not walks:
        raise UsageError(
            say("there is no mapping to write"), cause=say("the catalogue's crosswalks have no rows"), fix=_FIX
        )
    provenance = {
        "method": "human",
        "matching-rationale": "functional",
        "status": _status(mapping for walk in walks for mapping in walk.mappings),
        "mapping-description": markup(DESCRIPTION[language]),
    }
    content = {
        "provenance": provenance,
        "mappings": [_crosswalk(walk, report, language) for walk in walks],
        "back-matter": {"resources": [_resource(f, report, language) for f in report.frameworks]},
    }
    return document(KIND, TITLE, report, language, content)


_FIX = "choose two frameworks that a crosswalk joins"


def _crosswalk(walk: Crosswalk, report: Report, language: str) -> JsonObject:
    sources = (("source", source) for source in walk.origin.source)
    about = props(("crosswalk", walk.id), *sources, ("confidence", walk.origin.confidence))
    gaps = {
        "source-gap-summary": _gaps(walk, walk.source),
        "target-gap-summary": _gaps(walk, walk.target),
    }
    return filled(
        {
            "uuid": identity("mapping", walk.id),
            "status": _status(walk.mappings),
            "mapping-description": markup(walk.title[language]),
            "source-resource": _side(walk.source, report),
            "target-resource": _side(walk.target, report),
            "maps": [_row(mapping, walk) for mapping in walk.mappings],
            "props": [*about, *both("title", walk.title), *_reasons(walk.unmapped)],
            **gaps,
        }
    )


def _row(mapping: Mapping, walk: Crosswalk) -> JsonObject:
    about = props(
        ("strm-strength", mapping.strength),
        ("review", mapping.review),
        ("reviewer", mapping.reviewer),
        ("reviewed-on", mapping.reviewed_on),
    )
    return {
        "uuid": identity("map", walk.id, mapping.source, mapping.target),
        "relationship": mapping.relationship.value,
        "sources": [_item(mapping.source)],
        "targets": [_item(mapping.target)],
        "props": [*about, *both("rationale", mapping.rationale)],
    }


def _item(requirement_id: str) -> JsonObject:
    return {"type": "control", "id-ref": token(requirement_id)}


def _side(framework_id: str, report: Report) -> JsonObject:
    return {
        "type": "catalog",
        "href": f"#{_place(framework_id, report)}",
        "props": [prop("framework", framework_id)],
    }


def _place(framework_id: str, report: Report) -> str:
    return identity("resource", report.organisation, framework_id)


def _resource(framework: Framework, report: Report, language: str) -> JsonObject:
    """The catalog that holds the framework, as a group."""
    group = props(("framework", framework.id), ("group", token(framework.id)))
    return resource(_place(framework.id, report), framework.title, catalog_urn(report, language), language, group)


def _gaps(walk: Crosswalk, framework_id: str) -> JsonObject | None:
    left_out = [token(u.requirement) for u in walk.unmapped if u.requirement.startswith(f"{framework_id}:")]
    if not left_out:
        return None
    return {"uuid": identity("gaps", walk.id, framework_id), "unmapped-controls": [{"with-ids": left_out}]}


def _reasons(unmapped: Iterable[Unmapped]) -> Iterator[JsonObject]:
    """Why a control has no counterpart: a gap summary has no room for it, so *group* names the control."""
    for left_out in unmapped:
        for told in both("unmapped", left_out.reason):
            yield {**told, "group": token(left_out.requirement)}


def _status(mappings: Iterable[Mapping]) -> str:
    return "complete" if all(mapping.review == "reviewed" for mapping in mappings) else "draft"
