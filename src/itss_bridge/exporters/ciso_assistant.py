"""Libraries for CISO Assistant: the frameworks as one, the crosswalks as another that depends on it."""

from collections.abc import Iterator
from datetime import UTC
from typing import ClassVar

import yaml

from itss_bridge.contracts import Exporter
from itss_bridge.errors import UsageError
from itss_bridge.exporters.foreign import plain
from itss_bridge.messages import say
from itss_bridge.model import Crosswalk, Framework, Json, Mapping, Relationship, Report, Requirement, Text
from itss_bridge.wording import LANGUAGES, REVIEW, other

JsonObject = dict[str, Json]

FRAMEWORKS = "itss-bridge-frameworks"
MAPPINGS = "itss-bridge-mappings"
NAME = Text("ITSS and ISO standards, paraphrased", "ITSS 与 ISO 标准要求（自编释义）")
MAPPING_NAME = Text("Crosswalks of ITSS and ISO standards", "ITSS 与 ISO 标准对照")
COPYRIGHT = Text(
    "Own titles and paraphrases, Apache-2.0; no text of any standard.",
    "标题与释义均为自行编写，Apache-2.0；不含任何标准原文。",
)
LEFT_OUT = Text(
    "{n} rows that touch a requirement which is not assessed itself are left out.", "涉及非评估节点的 {n} 行未列入。"
)
RELATIONSHIP = {
    Relationship.EQUAL: "equal",
    Relationship.SUBSET: "subset",
    Relationship.SUPERSET: "superset",
    Relationship.INTERSECTS: "intersect",
    Relationship.NONE: "not_related",
}


class CisoMappingExporter(Exporter):
    """Crosswalks as requirement mapping sets; the library of the frameworks is to be loaded first."""

    name: ClassVar[str] = "ciso-mapping"
    suffix: ClassVar[str] = ".mapping.ciso.yaml"
    title: ClassVar[Text] = Text(
        "CISO Assistant library of the crosswalks; load the frameworks first", "CISO Assistant 对照库，请先加载标准库"
    )

    def export(self, report: Report, language: str) -> bytes:
        """One library; UsageError when no crosswalk joins requirements that are assessed themselves."""
        sets = [found for walk in report.crosswalks if (found := _mapping_set(walk, report, language))]
        if not sets:
            raise UsageError(
                say("there is no mapping to write"),
                cause=say("the catalogue's crosswalks have no rows"),
                fix=say("choose two frameworks that a crosswalk joins"),
            )
        depends = {"dependencies": [_urn("library", FRAMEWORKS)]}
        library = _library(MAPPINGS, MAPPING_NAME, report, language)
        return _dumped(library | depends | {"objects": {"requirement_mapping_sets": sets}})


class CisoFrameworkExporter(Exporter):
    """Frameworks with their requirement nodes, in both languages."""

    name: ClassVar[str] = "ciso-framework"
    suffix: ClassVar[str] = ".framework.ciso.yaml"
    title: ClassVar[Text] = Text("CISO Assistant library of the frameworks", "CISO Assistant 标准库")

    def export(self, report: Report, language: str) -> bytes:
        """One library with all frameworks; *language* is its own, the other one stands under `translations`."""
        frameworks = [_framework(framework, language) for framework in report.frameworks]
        library = _library(FRAMEWORKS, NAME, report, language)
        return _dumped(library | {"objects": {"frameworks": frameworks}})


class CisoExporter(CisoFrameworkExporter):
    """What plain `.ciso.yaml` means: the frameworks."""

    name: ClassVar[str] = "ciso"
    suffix: ClassVar[str] = ".ciso.yaml"


def _dumped(library: JsonObject) -> bytes:
    text = yaml.safe_dump(library, allow_unicode=True, sort_keys=False, width=120)
    return text.encode()


def _urn(kind: str, *names: str) -> str:
    return ":".join(["urn:itss-bridge:risk", kind, *names]).lower()


def _node(requirement_id: str) -> str:
    return _urn("req_node", requirement_id)


def _library(name: str, title: Text, report: Report, language: str) -> JsonObject:
    """The head of a library; its version is the day, since CISO Assistant refuses one that does not grow."""
    day = report.as_of.astimezone(UTC).date()
    return {
        "urn": _urn("library", name),
        "locale": language if language in LANGUAGES else "zh",
        "ref_id": name,
        **_said(language, name=title, copyright=COPYRIGHT),
        "version": int(f"{day:%Y%m%d}"),
        "publication_date": day,
        "provider": "itss-bridge",
        "packager": "itss-bridge",
    }


def _said(language: str, **texts: Text) -> JsonObject:
    """Texts in *language*, and under `translations` in the other one as far as there are any."""
    second = other(language)
    translated = {key: plain(text[second]) for key, text in texts.items() if text[second].strip()}
    shown = {key: plain(text[language]) for key, text in texts.items()}
    return shown | ({"translations": {second: translated}} if translated else {})


def _framework(framework: Framework, language: str) -> JsonObject:
    depths: dict[str, int] = {}
    for requirement in framework.requirements:
        depths[requirement.id] = depths.get(requirement.parent or "", 0) + 1
    nodes = [_requirement(r, framework, depths[r.id], language) for r in framework.requirements]
    edition = framework.editions[0].name if framework.editions else Text("", "")
    return {
        "urn": _urn("framework", framework.id),
        "ref_id": framework.id,
        **_said(language, name=framework.title, description=edition),
        "requirement_nodes": nodes,
    }


def _requirement(requirement: Requirement, framework: Framework, depth: int, language: str) -> JsonObject:
    parent = {"parent_urn": _node(requirement.parent)} if requirement.parent else {}
    return {
        "urn": _node(requirement.id),
        **parent,
        "assessable": requirement.assessable,
        "depth": depth,
        "ref_id": framework.clause(requirement) or requirement.id.partition(":")[2],
        **_said(language, name=requirement.title, description=requirement.intent),
    }


def _mapping_set(walk: Crosswalk, report: Report, language: str) -> JsonObject | None:
    """One crosswalk, None where no row of it joins requirements that are assessed themselves."""
    assessed = {r.id for framework in report.frameworks for r in framework.requirements if r.assessable}
    rows = [m for m in walk.mappings if {m.source, m.target} <= assessed]
    if not rows:
        return None
    return {
        "urn": _urn("req_mapping_set", walk.id),
        "ref_id": walk.id,
        **_said(language, name=walk.title, **_left_out(len(walk.mappings) - len(rows))),
        "source_framework_urn": _urn("framework", walk.source),
        "target_framework_urn": _urn("framework", walk.target),
        "requirement_mappings": [_mapping(mapping, language) for mapping in rows],
    }


def _left_out(count: int) -> dict[str, Text]:
    if not count:
        return {}
    return {"description": Text(LEFT_OUT.en.format(n=count), LEFT_OUT.zh.format(n=count))}


def _mapping(mapping: Mapping, language: str) -> JsonObject:
    return {
        "source_requirement_urn": _node(mapping.source),
        "target_requirement_urn": _node(mapping.target),
        "relationship": RELATIONSHIP[mapping.relationship],
        "rationale": "functional",
        "strength_of_relationship": mapping.strength,
        "annotation": "\n".join(_annotation(mapping, language)),
    }


def _annotation(mapping: Mapping, language: str) -> Iterator[str]:
    """Rationale and review state in both languages: rows of a mapping set have no translations."""
    for name in (language, other(language)):
        yield plain(f"[{REVIEW[mapping.review][name]}] {mapping.rationale[name]}")


CISO_EXPORTERS: list[type[Exporter]] = [CisoExporter, CisoFrameworkExporter, CisoMappingExporter]
