"""What to ask a ServiceNow administrator for, and what the account's roles let it change."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from itss_bridge.contracts import Right
from itss_bridge.model import Text
from itss_bridge_servicenow.mapping import DEFAULT, STREAMS

READ_ONLY = "snc_read_only"
WRITERS = {
    "admin": "everything on the instance",
    "itil": "incidents, problems, changes and other tickets",
}
"""Roles of the base system that let an account change rows."""

_ROLE = Text("Role", "角色")
_TABLE = Text("Read access to the table", "表的读取权限")
_SETTING = Text("Setting", "设置")
_HISTORY = Text("The past of tickets: changes of state, group and person.", "工单历史：状态、处理组与处理人的变更。")
_BESIDE = {
    "relations": ("cmdb_rel_ci", Text("How many relations an item has.", "配置项的关系数量。")),
    "score": ("asmt_metric_result", Text("Scores of surveys.", "调查评分。")),
}


def rights(config: Mapping[str, Any]) -> Iterator[Right]:
    """The least that reading takes; see `Connector.rights`."""
    purpose = Text("A user of its own that cannot sign in to pages.", "独立账号，不能登录页面。")
    yield Right(_SETTING, "Web service access only", purpose)
    purpose = Text("Refuses every write, whatever other roles allow.", "无论其他角色授予何种权限，一律拒绝写入。")
    yield Right(_ROLE, READ_ONLY, purpose)
    streams: Mapping[str, Mapping[str, Any]] = config.get("streams", {})
    for stream in config.get("read", (*DEFAULT, *(one for one in streams if one not in DEFAULT))):
        yield from _of_stream(stream, streams.get(stream, {}))
    purpose = Text("Its own row: name and time zone.", "仅账号自身一行：名称与时区。")
    yield Right(_TABLE, "sys_user", purpose)
    purpose = Text(
        "Which columns exist; needed with columns, tables, history, relations or scores of your own.",
        "核对字段是否存在；使用自定义字段、自定义表、历史、关系或评分时必需。",
    )
    yield Right(_TABLE, "sys_dictionary, sys_db_object", purpose)
    purpose = Text(
        "Optional: its own rows, so that the doctor can tell whether the account could write.",
        "可选：仅账号自身的行，供 doctor 判断账号是否具有写权限。",
    )
    yield Right(_TABLE, "sys_user_has_role", purpose)
    if "url" not in config or config.get("auth") == "oauth-client-credentials":
        purpose = Text(
            "With OAuth: must be true, and the client needs an OAuth application user, whose rights are what counts.",
            "使用 OAuth 时：须为 true，且客户端须指定 OAuth application user，以该用户的权限为准。",
        )
        yield Right(_SETTING, "glide.oauth.inbound.client.credential.grant_type.enabled", purpose)


def _of_stream(stream: str, own: Mapping[str, Any]) -> Iterator[Right]:
    table = own.get("table") or STREAMS[stream].table
    role = (
        Text(" The role sn_incident_read gives it.", "角色 sn_incident_read 即含此权限。")
        if table == "incident"
        else Text("", "")
    )
    purpose = Text(f"All rows and the columns that are read.{role.en}", f"所有行及所读取的列。{role.zh}")
    yield Right(_TABLE, str(table), purpose, (stream,))
    if table == "task_sla":
        yield Right(_TABLE, "contract_sla", Text("Names of agreements.", "协议名称。"), (stream,))
    if own.get("history"):
        yield Right(_TABLE, str(own["history"]), _HISTORY, (stream,))
    yield from (Right(_TABLE, other, purpose, (stream,)) for key, (other, purpose) in _BESIDE.items() if own.get(key))


def writable(roles: Iterable[str]) -> Mapping[str, str] | None:
    """What an account with these roles could change; None where they do not tell: rules of tables decide."""
    held = set(roles)
    if READ_ONLY in held:
        return {}
    return {role: WRITERS[role] for role in sorted(held & WRITERS.keys())} or None
