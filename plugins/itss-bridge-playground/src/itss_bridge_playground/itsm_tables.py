"""The playground's ServiceNow tables as of a moment: incidents as recorded, what they refer to made up around them.

`incident` is the recording. `task_sla`, `sys_audit` and `metric_instance` are derived from it. `problem`,
`change_request` and `cmdb_ci` have one row for each id that the recording names; what the recording does not say about
them is synthetic, from a seed, and dated so that nothing refers to a row before it exists. The other tables are
synthetic throughout.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import chain, pairwise
from threading import RLock

from itss_bridge_playground import further_tables
from itss_bridge_playground.audit_trail import HOLD, metric_instance, state, sys_audit
from itss_bridge_playground.encoded_query import Column, Table
from itss_bridge_playground.surroundings import changes, configuration_items, epoch, identity, problems, rows_at
from itss_bridge_playground.uci import Event, IncidentLog, stamp

ACCOUNT = "bridge"
TIME_ZONE = "Asia/Shanghai"
SLA_NAME = "Incident resolution"

_PEOPLE = ("caller_id", "opened_by", "assigned_to", "resolved_by")
_CHANNELS = {"Self service": "self-service", "Direct opening": "direct-opening"}

# name, or name:kind, or name>referenced table; a plain name is a string
_TASK = """
    sys_id:GUID number sys_class_name:sys_class_name active:boolean state:integer priority:integer impact:integer
    urgency:integer category subcategory short_description opened_at:glide_date_time closed_at:glide_date_time
    sys_created_on:glide_date_time sys_created_by sys_updated_on:glide_date_time sys_updated_by sys_mod_count:integer
    opened_by>sys_user assigned_to>sys_user assignment_group>sys_user_group cmdb_ci>cmdb_ci knowledge:boolean
    made_sla:boolean reassignment_count:integer contact_type"""
_NEVER_FILLED = """
    activity_due:due_date additional_assignee_list approval_history business_duration:glide_duration
    business_service>cmdb_ci_service calendar_duration:glide_duration close_notes closed_by>sys_user comments
    comments_and_work_notes company>core_company correlation_display correlation_id delivery_plan delivery_task
    description due_date:glide_date_time escalation:integer expected_start:glide_date_time follow_up:glide_date_time
    group_list order:integer parent>task rejection_goto sla_due:due_date sys_domain>sys_user_group sys_domain_path
    sys_tags time_worked:timer upon_approval upon_reject user_input watch_list wf_activity work_notes
    work_notes_list"""
_SYSTEM = " sys_created_on:glide_date_time sys_updated_on:glide_date_time sys_mod_count:integer"
COLUMNS = {
    "incident": _TASK
    + """ incident_state:integer hold_reason:integer reopen_count:integer resolved_at:glide_date_time
    resolved_by>sys_user close_code caller_id>sys_user location>cmn_location problem_id>problem rfc>change_request
    caused_by>change_request notify:integer severity:integer u_symptom u_priority_confirmation:boolean vendor"""
    + _NEVER_FILLED
    + """ approval approval_set:glide_date_time business_stc:integer calendar_stc:integer child_incidents:integer
    parent_incident>incident work_start:glide_date_time work_end:glide_date_time""",
    "problem": _TASK
    + " known_error:boolean workaround cause_notes fix_notes resolved_at:glide_date_time reopen_count:integer"
    + _NEVER_FILLED
    + " approval approval_set:glide_date_time location>cmn_location work_start:glide_date_time"
    " work_end:glide_date_time",
    "change_request": _TASK
    + """ type risk:integer approval approval_set:glide_date_time start_date:glide_date_time
    end_date:glide_date_time work_start:glide_date_time work_end:glide_date_time close_code backout_plan
    review_date:glide_date requested_by>sys_user"""
    + _NEVER_FILLED,
    "task_sla": """sys_id:GUID task>task sla>contract_sla stage has_breached:boolean active:boolean
    start_time:glide_date_time end_time:glide_date_time duration:glide_duration business_duration:glide_duration
    pause_duration:glide_duration business_pause_duration:glide_duration sys_created_on:glide_date_time
    sys_updated_on:glide_date_time sys_mod_count:integer sla.name sla.target task.number
    task.sys_class_name task.priority:integer planned_end_time:glide_date_time percentage:decimal
    business_percentage:decimal""",
    "cmdb_ci": """sys_id:GUID name sys_class_name:sys_class_name install_status:integer operational_status:integer
    environment owned_by>sys_user managed_by>sys_user support_group>sys_user_group last_discovered:glide_date_time
    sys_created_on:glide_date_time sys_updated_on:glide_date_time sys_mod_count:integer""",
    "sys_user": """sys_id:GUID user_name name time_zone active:boolean sys_created_on:glide_date_time
    sys_updated_on:glide_date_time sys_mod_count:integer""",
    "sys_user_has_role": "sys_id:GUID user>sys_user role>sys_user_role role.name inherited:boolean state" + _SYSTEM,
    "kb_knowledge": """sys_id:GUID number short_description workflow_state meta author>sys_user published:glide_date
    kb_knowledge_base>kb_knowledge_base kb_knowledge_base.title active:boolean valid_to:glide_date text:html"""
    + _SYSTEM,
    "sc_req_item": _TASK
    + """ approval approval_set:glide_date_time cat_item>sc_cat_item cat_item.name request>sc_request
    request.requested_for>sys_user"""
    + _NEVER_FILLED,
    "rm_release": _TASK
    + """ release_type start_date:glide_date_time end_date:glide_date_time work_start:glide_date_time
    work_end:glide_date_time approval u_outcome u_tested:boolean u_cmdb_updated:boolean u_backout_plan"""
    + _NEVER_FILLED,
    "asmt_assessment_instance": """sys_id:GUID number state metric_type>asmt_metric_type
    metric_type.evaluation_method user>sys_user user.company>core_company due_date:glide_date
    taken_on:glide_date_time"""
    + _SYSTEM,
    "asmt_metric_result": "sys_id:GUID instance>asmt_assessment_instance metric>asmt_metric actual_value:decimal"
    + _SYSTEM,
    "cmdb_rel_ci": "sys_id:GUID parent>cmdb_ci child>cmdb_ci type>cmdb_rel_type" + _SYSTEM,
    "cmdb_ci_outage": """sys_id:GUID cmdb_ci>cmdb_ci cmdb_ci.name type begin:glide_date_time end:glide_date_time
    duration:glide_duration task_number>task short_description"""
    + _SYSTEM,
    "u_service_project": """sys_id:GUID u_contract u_customer u_amount:decimal u_phase:integer u_start:glide_date
    u_end:glide_date u_accepted:glide_date_time u_remote:boolean"""
    + _SYSTEM,
    "sys_audit": """sys_id:GUID tablename documentkey fieldname oldvalue newvalue user
    sys_created_on:glide_date_time sys_updated_on:glide_date_time""",
    "metric_instance": """sys_id:GUID definition>metric_definition definition.type table field id field_value value
    start:glide_date_time end:glide_date_time duration:glide_duration calculation_complete:boolean
    sys_created_on:glide_date_time sys_updated_on:glide_date_time""",
    "sys_db_object": """sys_id:GUID name label super_class>sys_db_object super_class.name
    super_class.super_class.name super_class.super_class.super_class.name"""
    + _SYSTEM,
    "sys_dictionary": "sys_id:GUID name element internal_type reference" + _SYSTEM,
}
PARENTS = {
    **dict.fromkeys(("incident", "problem", "change_request", "sc_req_item"), "task"),
    "rm_release": "planned_task",
    "planned_task": "task",
    "cmdb_ci": "cmdb",
}
"""The table that each extends; a column is described once, at the table that brings it in."""


ACCOUNT_ID = identity("sys_user", ACCOUNT)


def columns_of(table: str) -> dict[str, Column]:
    """The declared columns of a table, in the order of its rows."""
    declared = (_column(word) for word in COLUMNS[table].split())
    return {column.name: column for column in declared}


def _column(word: str) -> Column:
    if ">" in word:
        name, reference = word.split(">")
        return Column(name, "reference", reference)
    name, _, kind = word.partition(":")
    return Column(name, kind or "string")


def build(name: str, rows: Iterable[dict[str, str]]) -> Table:
    """A table; cells that a row does not give are empty."""
    columns = columns_of(name)
    return Table(name, columns, [tuple([row.get(column, "") for column in columns]) for row in rows])


class Tables(Mapping[str, Table]):
    """All tables of one moment, each made when first asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], Iterable[dict[str, str]]]]) -> None:
        self._makers = makers
        self._made: dict[str, Table] = {}
        self._lock = RLock()

    def __getitem__(self, name: str) -> Table:
        with self._lock:
            if name not in self._made:
                self._made[name] = build(name, self._makers[name]())
            return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


class Instance:
    """Every table of the stand-in instance, at any moment."""

    def __init__(self, log: IncidentLog, seed: int) -> None:
        self.log = log
        items = configuration_items(log, seed)
        self._steps = {
            "problem": problems(log, seed),
            "change_request": changes(log, seed),
            "cmdb_ci": items,
            "cmdb_ci_outage": further_tables.outages(items, seed),
            "cmdb_rel_ci": further_tables.relations(items, seed),
            "sc_req_item": further_tables.requests(seed),
            "rm_release": further_tables.releases(seed),
            "kb_knowledge": further_tables.articles(seed),
            "asmt_assessment_instance": further_tables.surveys(seed),
            "asmt_metric_result": further_tables.answers(seed),
            "u_service_project": further_tables.projects(seed),
        }

    def tables(self, moment: datetime) -> Tables:
        """All tables as they stand at *moment*."""
        text, now = stamp(moment), int(moment.timestamp())
        shown = [events for history in self.log.histories if (events := history.until(text))]
        return Tables(
            {name: partial(rows_at, steps, now) for name, steps in self._steps.items()}
            | {
                "incident": lambda: map(incident, shown),
                "task_sla": lambda: map(task_sla, shown),
                "sys_audit": lambda: chain.from_iterable(map(sys_audit, shown)),
                "metric_instance": lambda: chain.from_iterable(map(metric_instance, shown)),
                "sys_user": lambda: [_account()],
                "sys_db_object": _hierarchy,
                "sys_dictionary": _dictionary,
            }
        )


def incident(shown: Sequence[Event]) -> dict[str, str]:
    """One incident row from its recorded rows so far."""
    event = shown[-1]
    row = event._asdict()
    row["state"] = state(event)
    row |= {
        "sys_id": identity("incident", event.number),
        "sys_class_name": "incident",
        "incident_state": row["state"],
        "hold_reason": HOLD.get(event.incident_state, ""),
        "contact_type": _CHANNELS.get(event.contact_type, event.contact_type.lower()),
        "short_description": f"{event.u_symptom or 'Unknown symptom'}: {event.category or 'no category'}",
        "sys_created_on": event.sys_created_at or shown[0].sys_updated_at,
        "sys_updated_on": event.sys_updated_at,
        "close_code": event.closed_code,
        "notify": "2" if event.notify == "Send Email" else "1",
        "severity": "3",
        "approval": "not requested",
        "problem_id": identity("problem", event.problem_id),
        "rfc": identity("change_request", event.rfc),
        "caused_by": identity("change_request", event.caused_by),
        "cmdb_ci": identity("cmdb_ci", event.cmdb_ci),
        "assignment_group": identity("sys_user_group", event.assignment_group),
        "location": identity("cmn_location", event.location),
    }
    row |= {name: row[name][:1] for name in ("priority", "impact", "urgency")}
    return row | {name: identity("sys_user", row[name]) for name in _PEOPLE}


def task_sla(shown: Sequence[Event]) -> dict[str, str]:
    """The one agreement on an incident: round the clock, stopped while on hold, missed when the recording says so."""
    event = shown[-1]
    finished = event.incident_state in ("Resolved", "Closed")
    end = (event.resolved_at or event.closed_at or event.sys_updated_at) if finished else ""
    paused = sum(
        epoch(after.sys_updated_at) - epoch(before.sys_updated_at)
        for before, after in pairwise(shown)
        if before.incident_state in HOLD
    )
    elapsed = _duration(epoch(end or event.sys_updated_at) - epoch(event.opened_at) - paused)
    return {
        "sys_id": identity("task_sla", event.number),
        "task": identity("incident", event.number),
        "sla": identity("contract_sla", SLA_NAME),
        "stage": "completed" if finished else "paused" if event.incident_state in HOLD else "in_progress",
        "has_breached": "false" if event.made_sla == "true" else "true",
        "active": "false" if finished else "true",
        "start_time": event.opened_at,
        "end_time": end,
        "duration": elapsed,
        "business_duration": elapsed,
        "pause_duration": _duration(paused),
        "business_pause_duration": _duration(paused),
        "sys_created_on": shown[0].sys_updated_at,
        "sys_updated_on": event.sys_updated_at,
        "sys_mod_count": event.sys_mod_count,
        "sla.name": SLA_NAME,
        "sla.target": "resolution",
        "task.number": event.number,
        "task.sys_class_name": "incident",
        "task.priority": event.priority[:1],
    }


def _account() -> dict[str, str]:
    """The account that reads: its own row is all it may see of sys_user."""
    made = "2016-01-04 08:00:00"
    own = {"sys_id": ACCOUNT_ID, "user_name": ACCOUNT, "name": "itss-bridge reader", "time_zone": TIME_ZONE}
    return own | {"active": "true", "sys_created_on": made, "sys_updated_on": made, "sys_mod_count": "0"}


def role(name: str) -> dict[str, str]:
    """One role of the account."""
    keys = {"sys_id": identity("sys_user_has_role", name), "role": identity("sys_user_role", name)}
    return keys | {"user": ACCOUNT_ID, "role.name": name, "inherited": "false", "state": "active"} | _MADE


def _dictionary() -> Iterator[dict[str, str]]:
    """One row for each column, at the topmost table that has it: what a table inherits is described there only."""
    described = {}
    for table in COLUMNS:
        for column in columns_of(table).values():
            if "." not in column.name:
                described[_owner(table, column.name), column.name] = column
    for (table, name), column in described.items():
        cells = {"name": table, "element": name, "internal_type": column.kind, "reference": column.reference}
        yield cells | {"sys_id": identity("sys_dictionary", f"{table}.{name}")} | _MADE


def _owner(table: str, column: str) -> str:
    """The table of the chain that brings a column in; what every task has, or every item, comes from the top."""
    *_, top = lineage(table)
    if top == "task":
        return top if column in _task_columns() else table
    return "cmdb" if top == "cmdb" and column.startswith("sys_") else table


@cache
def _task_columns() -> frozenset[str]:
    return frozenset(_column(word).name for word in (_TASK + _NEVER_FILLED).split())


def lineage(table: str) -> list[str]:
    """A table and those it extends, up to the top."""
    chain_up = [table]
    while chain_up[-1] in PARENTS:
        chain_up.append(PARENTS[chain_up[-1]])
    return chain_up


def _hierarchy() -> Iterator[dict[str, str]]:
    for table in sorted({*COLUMNS, *PARENTS.values()}):
        above = [*lineage(table)[1:], "", "", ""]
        yield {
            "sys_id": identity("sys_db_object", table),
            "name": table,
            "label": table.removeprefix("u_").replace("_", " ").capitalize(),
            "super_class": identity("sys_db_object", above[0]),
            "super_class.name": above[0],
            "super_class.super_class.name": above[1],
            "super_class.super_class.super_class.name": above[2],
        } | _MADE


_MADE = {"sys_created_on": "2015-06-01 00:00:00", "sys_updated_on": "2015-06-01 00:00:00"}


@cache
def _duration(seconds: int) -> str:
    """A length of time as ServiceNow stores it: an offset from 1970."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=max(0, seconds))).strftime("%Y-%m-%d %H:%M:%S")
