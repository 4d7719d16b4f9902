"""An assessment as OSCAL assessment-results: findings on requirements, observations with every number's population."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from itss_bridge.exporters.foreign import link
from itss_bridge.exporters.oscal.parts import (
    JsonObject,
    catalog_urn,
    document,
    figure,
    filled,
    identity,
    markup,
    prop,
    props,
    resource,
    second,
    stamp,
    statement,
    token,
)
from itss_bridge.exporters.reading import Entry, Reading, measured_value
from itss_bridge.exporters.values import needed
from itss_bridge.model import Finding, Framework, Item, LevelOutcome, Measurement, Status, StreamState, Support, Text
from itss_bridge.wording import LEVEL, LEVEL_STATE, PHRASE, STATUS, STREAM_STATE, VERDICT, as_reason, other, stream

KIND = "assessment-results"
TITLE = Text("Conformance of {organisation}", "{organisation} 符合性评估结果")
PLAN = Text(
    "The catalogue of checks stands for an assessment plan; there is no other.",
    "以检查项目录作为评估计划，未另行编制。",
)
METHOD = {"ticket-metric": "TEST", "document": "EXAMINE", "record": "EXAMINE", "attestation": "EXAMINE"}
REASON = {Status.CONFORMING: "pass", Status.NONCONFORMING: "fail"}


def results(reading: Reading, language: str) -> JsonObject:
    """The assessment-results of the report's moment."""
    report = reading.report
    plan = identity("resource", report.organisation, "plan")
    title = Text(*(TITLE[name].format(organisation=report.organisation) for name in ("en", "zh")))
    content = {
        "import-ap": {"href": f"#{plan}"},
        "results": [_result(reading, title, language)],
        "back-matter": {"resources": [resource(plan, PLAN, catalog_urn(report, language), language)]},
    }
    return document(KIND, title, report, language, content)


def _result(reading: Reading, title: Text, language: str) -> JsonObject:
    report = reading.report
    measured = [observation(reading, entry, language) for entry in reading.entries.values()]
    return filled(
        {
            "uuid": identity("result", report.organisation, stamp(report.as_of)),
            "title": markup(title[language]),
            "description": markup(PHRASE["decision"][language]),
            "start": stamp(report.as_of),
            "end": stamp(report.as_of),
            "props": [*second("title", title, language), *_summary(reading)],
            "remarks": " ".join(markup(note[language]) for note in report.notes),
            "reviewed-controls": {"control-selections": _selections(reading.ordered, language)},
            "observations": [*_streams(reading, language), *measured],
            "findings": [finding(reading, f, language) for found in reading.findings.values() for f in found],
        }
    )


def _summary(reading: Reading) -> Iterator[JsonObject]:
    """Levels and counts: each count beside the number of requirements that it is out of."""
    report = reading.report
    yield from props(("target-level", report.target), ("level-reached", report.assessment.reached))
    for level, outcome in sorted(report.assessment.levels.items(), reverse=True):
        yield _level(level, outcome)
    for framework in reading.ordered:
        counts = report.counts(framework.id)
        for status, count in counts.items():
            told = f"{count} of {sum(counts.values())}"
            yield prop(f"count-{status.value}", told, group=token(framework.id))


def _level(level: int, outcome: LevelOutcome) -> JsonObject:
    said = f"{LEVEL[level].en} / {LEVEL[level].zh}: {LEVEL_STATE[outcome.status].en} / {LEVEL_STATE[outcome.status].zh}"
    return prop(f"level-{level}", outcome.status.value, remarks=markup(said))


def _selections(frameworks: Iterable[Framework], language: str) -> list[JsonObject]:
    """The requirements that were assessed, framework by framework."""
    found = []
    for framework in frameworks:
        chosen = [{"control-id": token(r.id)} for r in framework.requirements if r.assessable]
        if chosen:
            found.append({"description": markup(framework.title[language]), "include-controls": chosen})
    return found or [{"include-all": {}}]


def _streams(reading: Reading, language: str) -> Iterator[JsonObject]:
    """One observation for each stream of each source: how far it may be trusted."""
    for state in reading.report.streams:
        yield _stream(state, reading, language)


def _stream(state: StreamState, reading: Reading, language: str) -> JsonObject:
    report = reading.report
    label = Text(
        *(f"{stream(state.stream)[name]} · {state.source}: {STREAM_STATE[state.state][name]}" for name in ("en", "zh"))
    )
    about = props(
        ("stream", state.stream),
        ("source", state.source),
        ("state", state.state),
        ("seen", state.seen),
        ("expected", state.expected),
        ("head", state.head),
        ("reason", state.reason),
    )
    reason = as_reason(state.reason)
    return {
        "uuid": identity("stream", report.organisation, state.source, state.stream),
        "title": markup(label[language]),
        "description": markup(f"{label[language]} ({state.seen}/{_or_dash(state.expected)}) {reason[language]}"),
        "props": [*second("title", label, language), *about],
        "methods": ["EXAMINE"],
        "collected": stamp(state.collected_at or report.as_of),
    }


def _or_dash(number: int | None) -> str:
    return "–" if number is None else str(number)


def observation_uuid(reading: Reading, key: str) -> str:
    """The UUID of a check's observation; it stays the same from report to report."""
    return identity("observation", reading.report.organisation, key)


def observation(reading: Reading, entry: Entry, language: str) -> JsonObject:
    """One check, measured: its number, the population behind it, the items that are not met."""
    result = entry.result
    measured = result.measurement
    about = props(
        ("check", result.check.id),
        ("metric", result.check.metric),
        ("verdict", result.verdict.value),
        ("needed", needed(result.check.criterion)),
        ("reason", result.reason),
        *(("requirement", name) for name in entry.requirements),
        *(("level", level) for level in entry.levels),
        *(("source", source) for source in result.check.origin.source),
        ("confidence", result.check.origin.confidence),
    )
    title = result.check.title
    return filled(
        {
            "uuid": observation_uuid(reading, entry.key),
            "title": markup(title[language]),
            "description": markup(_told(reading, entry, language)),
            "props": [*second("title", title, language), *about, *(_numbers(measured) if measured else ())],
            "methods": [METHOD[result.check.kind]],
            "relevant-evidence": evidence(measured.failing if measured else ()),
            "collected": stamp(measured.end if measured else reading.report.as_of),
        }
    )


def _told(reading: Reading, entry: Entry, language: str) -> str:
    """What was found in one line for people."""
    result, measured = entry.result, entry.result.measurement
    value = f"{VERDICT[result.verdict][language]}: {measured_value(result)[language]}"
    reason = as_reason(result.reason)[language]
    if measured is None:
        return f"{value} {reason}"
    return f"{value} (n = {measured.n}) {reading.window(measured)} {reason}"


def _numbers(measured: Measurement) -> list[JsonObject]:
    """The number and all that it rests on; *population* is every item that was looked at."""
    return props(
        ("value", figure(measured.value)),
        ("unit", measured.unit),
        ("n", measured.n),
        ("numerator", figure(measured.numerator)),
        ("denominator", measured.denominator),
        ("population", measured.items),
        *(("excluded", f"{reason}: {count}") for reason, count in measured.excluded.items()),
        *(("argument", f"{name}: {value}") for name, value in measured.arguments.items()),
        ("window-start", _moment(measured.start)),
        ("window-end", _moment(measured.end)),
        ("unknown", measured.unknown),
        ("calendar", measured.calendar),
    )


def _moment(moment: datetime | None) -> str | None:
    return stamp(moment) if moment else None


def evidence(items: Iterable[Item]) -> list[JsonObject]:
    """Tickets and documents, each with its address where that may be followed."""
    return [
        filled(
            {
                "href": link(item.url),
                "description": markup(item.ref),
                "props": props(("id", item.id), ("value", figure(item.value)), ("at", _moment(item.at))),
            }
        )
        for item in items
    ]


def finding_uuid(reading: Reading, requirement_id: str) -> str:
    """The UUID of a requirement's finding; it stays the same from report to report."""
    return identity("finding", reading.report.organisation, requirement_id)


def finding(reading: Reading, found: Finding, language: str) -> JsonObject:
    """The result for one requirement; OSCAL knows satisfied or not, so our own status stands beside it."""
    title = reading.title(found.requirement)
    about = props(
        ("status", found.status.value),
        ("requirement", found.requirement),
        ("clause", reading.clause(found.requirement)),
        ("basis", found.basis),
        ("evidence", found.evidence),
        ("measured", found.measured),
    )
    keys = dict.fromkeys(reading.key(result, found.requirement) for result in found.checks)
    return filled(
        {
            "uuid": finding_uuid(reading, found.requirement),
            "title": markup(title[language]),
            "description": markup(found.reason[language]),
            "props": [*second("title", title, language), *second("reason", found.reason, language), *about],
            "links": [_support(reading, support) for support in found.supports],
            "target": _target(found, language),
            "related-observations": [{"observation-uuid": observation_uuid(reading, key)} for key in keys],
        }
    )


def _target(found: Finding, language: str) -> JsonObject:
    satisfied = found.status is Status.CONFORMING
    own = STATUS[found.status]
    return {
        "type": "statement-id",
        "target-id": statement(found.requirement),
        "props": props(("status", found.status.value)),
        "status": {
            "state": "satisfied" if satisfied else "not-satisfied",
            "reason": REASON.get(found.status, "other"),
            "remarks": markup(f"{own[language]} / {own[other(language)]}"),
        },
    }


def _support(reading: Reading, support: Support) -> JsonObject:
    """The finding that a mapping carries over, and what it gives."""
    row = support.mapping
    told = f"{row.source} {row.relationship.value} {row.target} ({row.review}): {support.contributes.value}"
    return {"href": f"#{finding_uuid(reading, support.requirement)}", "rel": "supported-by", "text": markup(told)}
