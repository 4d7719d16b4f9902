"""Nonconformities and gaps as an OSCAL plan of action and milestones."""

from collections.abc import Iterator
from datetime import date, datetime, time
from itertools import chain
from zoneinfo import ZoneInfo

from itss_bridge.exporters.foreign import link
from itss_bridge.exporters.oscal.parts import JsonObject, document, filled, identity, markup, prop, props, second, stamp
from itss_bridge.exporters.oscal.results import evidence, observation, observation_uuid
from itss_bridge.exporters.reading import Reading, measured_value
from itss_bridge.model import CheckResult, Gap, Nonconformity, Text
from itss_bridge.wording import GRADE, PROGRESS, VERDICT, needed

KIND = "plan-of-action-and-milestones"
TITLE = Text("Nonconformities and gaps of {organisation}", "{organisation} 不符合项与差距整改计划")
NOTHING_OPEN = Text("No nonconformity and no gap is known.", "未登记不符合项，亦未发现差距。")
CORRECTION = Text("Correction", "纠正")
CORRECTIVE_ACTION = Text("Corrective action", "纠正措施")
RISK_STATUS = {"open": "open", "correcting": "remediating", "corrected": "remediating", "closed": "closed"}
_UUID_IS_ID = "http://ietf.org/rfc/rfc4122"


def plan(reading: Reading, language: str) -> JsonObject:
    """The plan: tracked nonconformities first, then gaps by rank; each with what was observed."""
    report = reading.report
    title = Text(*(TITLE[name].format(organisation=report.organisation) for name in ("en", "zh")))
    tracked = report.nonconformities
    items = [
        *(_tracked_item(reading, each, language) for each in tracked),
        *(_gap_item(reading, gap, language) for gap in report.gaps),
    ]
    content = {
        "system-id": {"identifier-type": _UUID_IS_ID, "id": identity("organisation", report.organisation)},
        "observations": [*_observed(reading, language), *(_failing(reading, n, language) for n in tracked)],
        "risks": [_risk(reading, each, language) for each in tracked],
        "poam-items": items or [_nothing_open(reading, language)],
    }
    return document(KIND, title, report, language, content)


def _nothing_open(reading: Reading, language: str) -> JsonObject:
    """OSCAL knows no empty plan: one item that says so, and is marked as none."""
    return {
        "uuid": identity("item", reading.report.organisation, "nothing"),
        "title": markup(NOTHING_OPEN[language]),
        "description": markup(NOTHING_OPEN[language]),
        "props": [prop("kind", "nothing-open"), *second("title", NOTHING_OPEN, language)],
    }


def _results(gap: Gap) -> Iterator[CheckResult]:
    yield gap.result
    yield from gap.also


def _keys(reading: Reading, gap: Gap) -> list[str]:
    return list(dict.fromkeys(reading.key(result, "gap") for result in _results(gap)))


def _observed(reading: Reading, language: str) -> Iterator[JsonObject]:
    for key in dict.fromkeys(chain.from_iterable(_keys(reading, gap) for gap in reading.report.gaps)):
        yield observation(reading, reading.entries[key], language)


def _gap_item(reading: Reading, gap: Gap, language: str) -> JsonObject:
    check = gap.result.check
    return {
        "uuid": identity("item", reading.report.organisation, "gap", check.id),
        "title": markup(check.title[language]),
        "description": markup(_missing(gap)[language]),
        "props": [*second("title", check.title, language), *_about_gap(reading, gap)],
        "related-observations": [{"observation-uuid": observation_uuid(reading, key)} for key in _keys(reading, gap)],
    }


def _missing(gap: Gap) -> Text:
    """What is there, out of how many, and what is asked for."""
    result, measured = gap.result, gap.result.measurement
    asked = needed(result.check.criterion, measured.unit if measured else "")
    there, size = measured_value(result), measured.n if measured else 0
    return Text(
        *(f"{VERDICT[result.verdict][name]}: {there[name]} (n = {size}); {asked[name]}" for name in ("en", "zh"))
    )


def _about_gap(reading: Reading, gap: Gap) -> list[JsonObject]:
    tracked = {each.subject: each.id for each in reading.report.nonconformities}
    action = gap.action
    return props(
        ("kind", "gap"),
        ("rank", gap.rank),
        ("check", gap.result.check.id),
        ("verdict", gap.result.verdict.value),
        ("nonconformity", tracked.get(gap.result.check.id)),
        *(("requirement", name) for name in gap.requirements),
        *(("reaches", name) for name in gap.reaches),
        *(("framework", name) for name in gap.frameworks),
        *(("level", level) for level in gap.levels),
        ("opens", gap.opens),
        ("binding", "yes" if gap.binding else "no"),
        ("effort-days", gap.effort),
        ("effort-assumed", "yes" if gap.assumed else "no"),
        ("earliest", gap.earliest),
        ("owner", action.owner if action else None),
        ("due", action.due if action else None),
        ("next-action", action.next_action if action else None),
    )


def _tracked_item(reading: Reading, tracked: Nonconformity, language: str) -> JsonObject:
    ticket = tracked.ticket
    href = link(ticket.url) if ticket else ""
    return filled(
        {
            "uuid": identity("item", reading.report.organisation, tracked.id),
            "title": markup(f"{tracked.id} {tracked.title[language]}"),
            "description": markup(f"{GRADE[tracked.grade][language]}: {tracked.reason[language]}"),
            "props": [*second("title", tracked.title, language), *_about(tracked)],
            "links": [{"href": href, "rel": "ticket", "text": markup(ticket.ref)}] if ticket and href else [],
            "related-observations": [{"observation-uuid": _failing_uuid(reading, tracked)}],
            "related-risks": [{"risk-uuid": _risk_uuid(reading, tracked)}],
        }
    )


def _about(tracked: Nonconformity) -> list[JsonObject]:
    ticket = tracked.ticket
    return props(
        ("kind", "nonconformity"),
        ("id", tracked.id),
        ("subject", tracked.subject),
        *(("requirement", name) for name in tracked.requirements),
        ("grade", tracked.grade),
        ("progress", tracked.progress),
        ("opened", tracked.opened),
        ("due", tracked.due),
        ("closed", tracked.closed),
        ("owner", tracked.owner),
        ("root-cause", tracked.root_cause),
        ("effectiveness", tracked.effectiveness),
        ("ticket", f"{ticket.source} {ticket.ref}: {ticket.state}" if ticket else None),
    )


def _failing_uuid(reading: Reading, tracked: Nonconformity) -> str:
    return identity("nonconformity-observation", reading.report.organisation, tracked.id)


def _failing(reading: Reading, tracked: Nonconformity, language: str) -> JsonObject:
    """What a nonconformity rests on: the first items that fail, as they were found."""
    count = len(tracked.failing)
    return filled(
        {
            "uuid": _failing_uuid(reading, tracked),
            "title": markup(f"{tracked.id} {tracked.title[language]}"),
            "description": markup(tracked.reason[language]),
            "props": [
                *second("reason", tracked.reason, language),
                *props(("subject", tracked.subject), ("items-listed", count)),
            ],
            "methods": ["EXAMINE"],
            "relevant-evidence": evidence(tracked.failing),
            "collected": stamp(reading.report.as_of),
        }
    )


def _risk_uuid(reading: Reading, tracked: Nonconformity) -> str:
    return identity("risk", reading.report.organisation, tracked.id)


def _risk(reading: Reading, tracked: Nonconformity, language: str) -> JsonObject:
    """Where OSCAL keeps state, deadline and what is done about it."""
    uuid = _risk_uuid(reading, tracked)
    doings = ((CORRECTION, tracked.correction), (CORRECTIVE_ACTION, tracked.corrective_action))
    return filled(
        {
            "uuid": uuid,
            "title": markup(f"{tracked.id} {tracked.title[language]}"),
            "description": markup(tracked.reason[language]),
            "statement": markup(tracked.root_cause or tracked.reason[language]),
            "props": [*second("title", tracked.title, language), *props(("progress", tracked.progress))],
            "status": RISK_STATUS[tracked.progress],
            "deadline": _end_of(tracked.due, reading.report.time_zone) if tracked.due else None,
            "remediations": [_response(uuid, name, doing, tracked, language) for name, doing in doings if doing],
            "related-observations": [{"observation-uuid": _failing_uuid(reading, tracked)}],
        }
    )


def _response(risk: str, name: Text, doing: str, tracked: Nonconformity, language: str) -> JsonObject:
    done = tracked.progress in {"corrected", "closed"}
    return {
        "uuid": identity("response", risk, name.en),
        "lifecycle": "completed" if done else "planned",
        "title": markup(f"{name[language]} ({PROGRESS[tracked.progress][language]})"),
        "description": markup(doing),
    }


def _end_of(day: date, time_zone: str) -> str:
    """The last second of a day on the organisation's clock."""
    return stamp(datetime.combine(day, time(23, 59, 59), ZoneInfo(time_zone)))
