"""Frameworks as an OSCAL catalog: our ids, titles and intents, and the clause numbers that are confirmed."""

from itss_bridge.exporters.oscal.asked import Asked, asked, parameter
from itss_bridge.exporters.oscal.parts import (
    CATALOG,
    JsonObject,
    document,
    filled,
    line,
    markup,
    prop,
    props,
    second,
    statement,
    token,
)
from itss_bridge.model import Framework, Report, Requirement, Text

TITLE = Text("Requirements of {organisation}'s frameworks", "{organisation}：各标准要求目录")


def catalog(report: Report, language: str) -> JsonObject:
    """The catalog: one group per framework, controls nested as its requirements are."""
    title = Text(*(TITLE[name].format(organisation=report.organisation) for name in ("en", "zh")))
    checks = asked(report)
    groups = [_group(framework, checks, language) for framework in report.frameworks]
    return document(CATALOG, title, report, language, {"groups": groups})


def _group(framework: Framework, checks: Asked, language: str) -> JsonObject:
    children = _children(framework)
    about = props(("framework", framework.id), *(("edition", edition.id) for edition in framework.editions))
    return filled(
        {
            "id": token(framework.id),
            "class": "framework",
            "title": markup(framework.title[language]),
            "props": [*second("title", framework.title, language), *about],
            "controls": [_control(r, framework, children, checks, language) for r in children.get("", ())],
        }
    )


def _children(framework: Framework) -> dict[str, list[Requirement]]:
    """Requirements by the id of the one they stand in, in the order of the standard."""
    found: dict[str, list[Requirement]] = {}
    for requirement in framework.requirements:
        found.setdefault(requirement.parent or "", []).append(requirement)
    return found


def _control(
    requirement: Requirement,
    framework: Framework,
    children: dict[str, list[Requirement]],
    checks: Asked,
    language: str,
) -> JsonObject:
    inner = children.get(requirement.id, ())
    return filled(
        {
            "id": token(requirement.id),
            "class": "requirement",
            "title": markup(requirement.title[language]),
            "params": [parameter(requirement.id, check, language) for check in checks.get(requirement.id, {}).values()],
            "props": [*second("title", requirement.title, language), *_about(requirement, framework)],
            "parts": [_intent(requirement, language)],
            "controls": [_control(child, framework, children, checks, language) for child in inner],
        }
    )


def _about(requirement: Requirement, framework: Framework) -> list[JsonObject]:
    number = framework.clause(requirement)
    clauses = [prop("clause", clause, token(name)) for name, clause in requirement.clauses.items() if clause]
    told = props(
        ("requirement", requirement.id),
        ("element", requirement.element),
        ("assessable", "yes" if requirement.assessable else "no"),
        *(("source", source) for source in requirement.origin.source),
        ("confidence", requirement.origin.confidence),
    )
    return [*([{"name": "label", "value": line(number)}] if number else []), *clauses, *told]


def _intent(requirement: Requirement, language: str) -> JsonObject:
    return filled(
        {
            "id": statement(requirement.id),
            "name": "statement",
            "props": second("intent", requirement.intent, language),
            "prose": markup(requirement.intent[language]),
        }
    )
