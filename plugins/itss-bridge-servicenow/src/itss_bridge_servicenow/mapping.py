"""Which column of which table becomes which field of which stream, as tables to read.

A column that the instance does not give, or a value that is not what it should be, becomes None: never a guess.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from itss_bridge.model import Json

Convert = Callable[[str], Json]
Field = tuple[str, str, Convert]
"""Our field, their column, and how the text of the one becomes the value of the other."""

_ZERO = datetime(1970, 1, 1)  # noqa: DTZ001 - an offset from 1970, not a moment
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d+)?", re.ASCII)
_LENGTH = len("2016-02-29 01:16:00")


def text(value: str) -> Json:
    """The text; None when empty."""
    return value or None


def moment(value: str) -> Json:
    """`2016-02-29 01:16:00`, which ServiceNow keeps in UTC, as ISO 8601."""
    return f"{value[:10]}T{value[11:]}+00:00" if _time(value) else None


def day(value: str) -> Json:
    """A `glide_date` such as `2016-02-29` as the beginning of that day in UTC; a full time as `moment` reads it."""
    return moment(f"{value} 00:00:00" if len(value) == len("2016-02-29") else value)


def seconds(value: str) -> Json:
    """A length of time: ServiceNow writes it as that long after 1970 began."""
    end = _time(value)
    return (end - _ZERO) / timedelta(seconds=1) if end and end >= _ZERO else None


def flag(value: str) -> Json:
    """`true` or `false`."""
    return {"true": True, "false": False}.get(value)


def filled(value: str) -> Json:
    """Whether anything is written there; what it says stays at the tool."""
    return value != ""


def listed(value: str) -> Json:
    """A single reference as a list."""
    return [value] if value else []


def keywords(value: str) -> Json:
    """The words of a knowledge article, parted by commas; `knowledge` is the label that knowledge is counted by."""
    return list(dict.fromkeys(["knowledge", *filter(None, map(str.strip, re.split("[,;，；]", value)))]))


def whole(least: int, most: int = 2**31) -> Convert:
    """Whole numbers from *least* to *most*."""

    def convert(value: str) -> Json:
        number = int(value) if value.isascii() and value.isdigit() else None
        return number if number is not None and least <= number <= most else None

    return convert


def number(least: float | None, most: float | None, *, length: bool = False) -> Convert:
    """Decimal numbers within bounds; *length* also takes a length of time as seconds."""

    def convert(value: str) -> Json:
        found = float(value) if _DECIMAL.fullmatch(value) else seconds(value) if length else None
        within = isinstance(found, float) and (least is None or found >= least) and (most is None or found <= most)
        return found if within else None

    return convert


def words(value: str) -> Json:
    """A list as ServiceNow keeps it: parted by commas."""
    return [word.strip() for word in value.split(",") if word.strip()]


def one_of(known: Mapping[str, str | bool]) -> Convert:
    """The canonical word for each of the tool's values."""
    return known.get


def cell(row: Mapping[str, Json], column: str, convert: Convert) -> Json:
    """The converted value of one column; None when the instance does not give it, or not as text."""
    value = row.get(column)
    return convert(value) if isinstance(value, str) else None


def _time(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if len(value) == _LENGTH and value[10] == " " else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Mapped:
    """One stream: its table, the columns that people know a record by, its fields, and what narrows the table."""

    table: str
    ref: tuple[str, ...]
    title: str
    states: Mapping[str, str]
    fields: tuple[Field, ...]
    query: str = ""

    def column(self, field: str) -> str:
        """The column that becomes *field*; empty when none does."""
        return next((theirs for ours, theirs, _ in self.fields if ours == field), "")


def _ticket(states: Mapping[str, str]) -> tuple[Field, ...]:
    return (
        ("state", "state", one_of(states)),
        ("tool_state", "state", text),
        ("priority", "priority", whole(1, 5)),
        ("category", "category", text),
        ("subcategory", "subcategory", text),
        ("service", "business_service", text),
        ("group", "assignment_group", text),
        ("assignee", "assigned_to", text),
        ("opened_at", "opened_at", moment),
        ("closed_at", "closed_at", moment),
    )


_INCIDENT_STATES = {"1": "new", "2": "active", "3": "waiting", "6": "resolved", "7": "closed", "8": "cancelled"}
_PROBLEM_STATES = {"101": "new", "102": "active", "103": "active", "104": "active", "106": "resolved", "107": "closed"}
_CHANGE_STATES = {
    "-5": "new",
    "-4": "assess",
    "-3": "authorise",
    "-2": "scheduled",
    "-1": "implement",
    "0": "review",
    "3": "closed",
    "4": "cancelled",
}
# sc_req_item and rm_release: the numbers of the base table; four is "closed incomplete", seven "closed skipped"
_ITEM_STATES = {"-5": "waiting", "1": "new", "2": "active", "3": "closed", "4": "closed", "7": "cancelled"}
_RELEASE_STATES = {"1": "planned", "2": "building", "3": "closed", "7": "cancelled"}
_ARTICLE_STATES = {
    "draft": "draft",
    "review": "draft",
    "published": "current",
    "pending_retirement": "current",
    "retired": "archived",
    "outdated": "archived",
}
_PUBLISHED = {state: status == "current" for state, status in _ARTICLE_STATES.items()}
_STAGES = {"in_progress": "in-progress", "paused": "paused", "completed": "completed", "cancelled": "cancelled"}
_TARGETS = {"response": "response", "resolution": "resolution", "none": "other"}
_KINDS = {
    "incident": "incident",
    "sc_request": "request",
    "sc_req_item": "request",
    "problem": "problem",
    "change_request": "change",
}
_APPROVALS = {
    "not requested": "not-requested",
    "requested": "requested",
    "approved": "approved",
    "rejected": "rejected",
}
_OUTCOMES = {
    "successful": "successful",
    "successful_issues": "successful-with-issues",
    "unsuccessful": "unsuccessful",
}
_INSTALLED = {"1": "operational", "2": "planned", "3": "maintenance", "7": "retired"}

STREAMS: Mapping[str, Mapped] = {
    "incident": Mapped(
        "incident",
        ("number",),
        "short_description",
        _INCIDENT_STATES,
        (
            *_ticket(_INCIDENT_STATES),
            ("requester", "caller_id", text),
            ("resolved_at", "resolved_at", moment),
            ("impact", "impact", whole(1, 3)),
            ("urgency", "urgency", whole(1, 3)),
            ("channel", "contact_type", text),
            ("reopen_count", "reopen_count", whole(0)),
            ("reassignment_count", "reassignment_count", whole(0)),
            ("made_sla", "made_sla", flag),
            ("knowledge", "knowledge", flag),
            ("problem", "problem_id", text),
            ("change", "rfc", text),
            ("caused_by", "caused_by", text),
            ("configuration_items", "cmdb_ci", listed),
            ("resolution_code", "close_code", text),
            ("major", "major_incident_state", one_of({"": False, "accepted": True, "rejected": False})),
        ),
    ),
    "sla": Mapped(
        "task_sla",
        ("task.number", "sla.name"),
        "",
        {},
        (
            ("task", "task", text),
            ("task_ref", "task.number", text),
            ("task_kind", "task.sys_class_name", one_of(_KINDS)),
            ("definition", "sla.name", text),
            ("target", "sla.target", one_of(_TARGETS)),
            ("stage", "stage", one_of(_STAGES)),
            ("breached", "has_breached", flag),
            ("priority", "task.priority", whole(1, 5)),
            ("started_at", "start_time", moment),
            ("ended_at", "end_time", moment),
            ("due_at", "planned_end_time", moment),
            ("elapsed_seconds", "duration", seconds),
            ("business_elapsed_seconds", "business_duration", seconds),
            ("paused_seconds", "pause_duration", seconds),
        ),
    ),
    "problem": Mapped(
        "problem",
        ("number",),
        "short_description",
        _PROBLEM_STATES,
        (
            *_ticket(_PROBLEM_STATES),
            ("requester", "opened_by", text),
            ("resolved_at", "resolved_at", moment),
            ("root_cause_known", "cause_notes", filled),
            ("known_error", "known_error", flag),
            ("workaround", "workaround", filled),
            ("reopen_count", "reopen_count", whole(0)),
        ),
    ),
    "change": Mapped(
        "change_request",
        ("number",),
        "short_description",
        _CHANGE_STATES,
        (
            *_ticket(_CHANGE_STATES),
            ("requester", "requested_by", text),
            ("type", "type", one_of({kind: kind for kind in ("standard", "normal", "emergency")})),
            ("risk", "risk", text),
            ("impact", "impact", whole(1, 3)),
            ("approval", "approval", one_of(_APPROVALS)),
            ("approved_at", "approval_set", moment),
            ("planned_start_at", "start_date", moment),
            ("planned_end_at", "end_date", moment),
            ("started_at", "work_start", moment),
            ("ended_at", "work_end", moment),
            ("outcome", "close_code", one_of(_OUTCOMES)),
            ("backout_plan", "backout_plan", filled),
            ("review_done", "review_date", filled),
            ("configuration_items", "cmdb_ci", listed),
        ),
    ),
    "configuration_item": Mapped(
        "cmdb_ci",
        ("name",),
        "name",
        {},
        (
            ("class", "sys_class_name", text),
            ("status", "install_status", one_of(_INSTALLED)),
            ("environment", "environment", text),
            ("owner", "owned_by", text),
            ("group", "support_group", text),
            ("verified_at", "last_discovered", moment),
            ("created_at", "sys_created_on", moment),
        ),
    ),
    "request": Mapped(
        "sc_req_item",
        ("number",),
        "short_description",
        _ITEM_STATES,
        (
            ("state", "state", one_of(_ITEM_STATES)),
            ("tool_state", "state", text),
            ("priority", "priority", whole(1, 5)),
            ("category", "cat_item.name", text),
            ("service", "business_service", text),
            ("group", "assignment_group", text),
            ("assignee", "assigned_to", text),
            ("requester", "request.requested_for", text),
            ("opened_at", "opened_at", moment),
            ("closed_at", "closed_at", moment),
            ("channel", "contact_type", text),
            ("approval", "approval", one_of(_APPROVALS)),
        ),
    ),
    "release": Mapped(
        "rm_release",
        ("number",),
        "short_description",
        _RELEASE_STATES,
        (
            ("state", "state", one_of(_RELEASE_STATES)),
            ("tool_state", "state", text),
            ("type", "release_type", one_of({kind: kind for kind in ("major", "minor", "emergency")})),
            ("opened_at", "opened_at", moment),
            ("planned_at", "end_date", moment),
            ("deployed_at", "work_end", moment),
        ),
    ),
    "document": Mapped(
        "kb_knowledge",
        ("number",),
        "short_description",
        {},
        (
            ("space", "kb_knowledge_base.title", text),
            ("status", "workflow_state", one_of(_ARTICLE_STATES)),
            ("labels", "meta", keywords),
            ("approved", "workflow_state", one_of(_PUBLISHED)),
            ("approved_at", "published", day),
            ("author", "author", text),
            ("created_at", "sys_created_on", moment),
            ("updated_at", "sys_updated_on", moment),
        ),
    ),
    "survey": Mapped(
        "asmt_assessment_instance",
        ("number",),
        "",
        {},
        (
            ("customer", "user.company", text),
            ("asked_at", "sys_created_on", moment),
            ("answered_at", "taken_on", moment),
        ),
        query="metric_type.evaluation_method=survey",
    ),
    "outage": Mapped(
        "cmdb_ci_outage",
        ("cmdb_ci.name", "begin"),
        "",
        {},
        (
            ("service", "cmdb_ci.name", text),
            ("configuration_item", "cmdb_ci", text),
            ("kind", "type", one_of({kind: kind for kind in ("outage", "degradation", "planned")})),
            ("started_at", "begin", moment),
            ("ended_at", "end", moment),
            ("incident", "task_number", text),
        ),
    ),
}

DEFAULT = ("incident", "sla", "problem", "change", "configuration_item")
"""What is read when nothing else is asked for."""
