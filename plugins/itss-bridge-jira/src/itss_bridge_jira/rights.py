"""What to ask a Jira administrator for, and which of Jira's permissions change something."""

from collections.abc import Iterator, Mapping
from typing import Any

from itss_bridge.contracts import Right
from itss_bridge.model import Text

WRITES = (
    "ADMINISTER", "ADMINISTER_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "DELETE_ISSUES", "TRANSITION_ISSUES",
    "ASSIGN_ISSUES", "LINK_ISSUES", "ADD_COMMENTS", "CREATE_ATTACHMENTS",
)  # fmt: skip
"""Permissions by which an account changes issues, projects or the site; both deployments call them so."""

_PERMISSION = Text("Project permission", "项目权限")
_SCOPE = Text("OAuth scope, or scope of the token", "OAuth 或令牌的授权范围（scope）")


def rights(config: Mapping[str, Any]) -> Iterator[Right]:
    """The least that reading takes; see `Connector.rights`."""
    yield Right(
        _PERMISSION,
        "Browse projects",
        Text(
            "See the issues of the projects that the queries name. Issues the account may not see are absent without "
            "a trace: where projects use issue security, it must be in every level concerned.",
            "查看各查询所涉项目中的事务。账号无权查看的事务不会留下任何痕迹；启用了事务安全级别的项目，须将该账号纳入相关的每个安全级别。",
        ),
    )
    yield from (_data_center() if config.get("deployment") == "data-center" else _cloud())
    if "sla" in config.get("streams", {"sla": {}}):
        purpose = Text(
            "Only where the account is shown no SLA field on issues: each request is then asked for its clocks.",
            "仅当事务上不向该账号显示 SLA 字段时才需要：此时须逐条查询请求的 SLA 计时。",
        )
        yield Right(Text("Role in the service project", "服务项目角色"), "Agent", purpose, ("sla",))


def _cloud() -> Iterator[Right]:
    yield Right(_SCOPE, "read:jira-work", Text("Read issues, their history and fields.", "读取事务、变更历史与字段。"))
    purpose = Text("Read the account's own profile: name and time zone.", "读取账号自身的资料：名称与时区。")
    yield Right(_SCOPE, "read:jira-user", purpose)


def _data_center() -> Iterator[Right]:
    purpose = Text(
        "For an incoming OAuth link; a personal access token needs none.",
        "用于入站 OAuth 应用链接；个人访问令牌无需此项。",
    )
    yield Right(_SCOPE, "READ", purpose)
