"""Which checks speak to which requirement at which level: what a catalog leaves open and a profile sets."""

from collections.abc import Iterator

from itss_bridge.exporters.oscal.parts import JsonObject, filled, markup, props, second, token
from itss_bridge.exporters.reading import Reading
from itss_bridge.model import Check, Report

Asked = dict[str, dict[str, Check]]


def asked(report: Report) -> Asked:
    """All checks by requirement and id, those of levels above the target too, in the order of the standards."""
    found: Asked = {}
    for requirement, check in _named(Reading(report)):
        found.setdefault(requirement, {}).setdefault(check.id, check)
    return {r.id: found[r.id] for f in report.frameworks for r in f.requirements if r.id in found}


def _named(reading: Reading) -> Iterator[tuple[str, Check]]:
    for findings in reading.findings.values():
        for finding in findings:
            yield from ((finding.requirement, result.check) for result in finding.checks)
    for outcome in reading.report.assessment.levels.values():
        for pack in outcome.packs:
            for result in (*pack.rules, *pack.waived):
                yield from ((requirement, result.check) for requirement in result.check.requirements)


def at_level(found: Asked, level: int) -> Asked:
    """What *level* asks with all levels below it; a check without a level is asked at every one."""
    kept = {
        requirement: {name: check for name, check in checks.items() if (check.level or level) >= level}
        for requirement, checks in found.items()
    }
    return {requirement: checks for requirement, checks in kept.items() if checks}


def parameter_id(requirement_id: str, check: Check) -> str:
    """The parameter of a control that a check's threshold is set for."""
    return token(f"{requirement_id}_prm_{check.id}")


def parameter(requirement_id: str, check: Check, language: str) -> JsonObject:
    """What is measured, without a threshold: that is for a profile to say."""
    about = props(("check", check.id), ("metric", check.metric), ("level", check.level))
    arguments = props(*(("argument", f"{name}: {value}") for name, value in check.arguments.items()))
    return filled(
        {
            "id": parameter_id(requirement_id, check),
            "props": [*second("title", check.title, language), *about, *arguments],
            "label": markup(check.title[language]),
        }
    )
