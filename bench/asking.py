"""What every peer asks for, so that all of them fetch the same."""

COLUMNS = (
    "sys_id", "sys_updated_on", "number", "state", "priority", "category", "subcategory", "business_service",
    "assignment_group", "assigned_to", "opened_at", "closed_at", "caller_id", "resolved_at", "impact", "urgency",
    "contact_type", "reopen_count", "reassignment_count", "made_sla", "knowledge", "problem_id", "rfc", "caused_by",
    "cmdb_ci", "close_code", "major_incident_state",
)  # fmt: skip
"""The columns of `incident` that the connector reads."""

FIELDS = (
    "assignee", "components", "created", "customfield_10040", "customfield_10041", "issuelinks", "issuetype", "labels",
    "priority", "reporter", "resolution", "resolutiondate", "status", "updated",
)  # fmt: skip
"""The fields of a service request, likewise."""

HISTORY = ("status", "resolution", "priority", "assignee")
"""The fields whose changelog is read."""

USER, SECRET = "bridge", "playground"
JQL = "project = OPS"
IN_FLIGHT, ROWS_A_PAGE, ISSUES_A_PAGE, ISSUES_A_LOG, IDS_A_PAGE = 8, 1000, 100, 400, 5000
