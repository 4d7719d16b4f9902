"""The stand-in Jira's content: one service provider's changes, problems, requests and incidents as seeded histories."""

import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from itss_bridge_playground.jql import FIRST_ID

PROJECT = {"id": "10000", "key": "OPS", "name": "晨星信息运维服务", "projectTypeKey": "service_desk"}
FIRST_DAY, LAST_DAY = datetime(2015, 6, 1, tzinfo=UTC), datetime(2016, 12, 20, tzinfo=UTC)
TYPES = {"Change": "10101", "Problem": "10102", "服务请求": "10103", "Incident": "10104"}
TYPE_SYNONYMS = {"service request": "服务请求"}
"""Issue types carry an untranslated name beside the shown one; JQL takes either."""

STATUSES: Mapping[str, tuple[str, str]] = {
    "1": ("Open", "new"),
    "3": ("In Progress", "indeterminate"),
    "10001": ("待评估", "new"),
    "10002": ("待审批", "indeterminate"),
    "10003": ("已排期", "indeterminate"),
    "10004": ("实施中", "indeterminate"),
    "10005": ("待评审", "indeterminate"),
    "10006": ("已关闭", "done"),
    "10007": ("已取消", "done"),
    "10008": ("调查中", "indeterminate"),
    "10009": ("Known Error", "indeterminate"),
    "10010": ("已解决", "done"),
    "10011": ("Waiting for support", "new"),
    "10012": ("Waiting for customer", "indeterminate"),
}
CATEGORIES = {"new": (2, "待办", "blue-gray"), "indeterminate": (4, "正在进行", "yellow"), "done": (3, "完成", "green")}
PRIORITIES = {"1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest"}
RESOLUTIONS = {"10000": "完成", "10001": "已取消", "10002": "Cannot Reproduce"}
LINK_TYPES = {
    "10010": {"id": "10010", "name": "Problem/Incident", "inward": "is caused by", "outward": "causes"},
    "10011": {"id": "10011", "name": "Relates", "inward": "relates to", "outward": "relates to"},
}

CHANGE_TYPE, CHANGE_RISK, PLANNED_START, PLANNED_END = (f"customfield_1001{n}" for n in range(4))
OUTCOME, BACKOUT, ROOT_CAUSE, WORKAROUND = (f"customfield_1002{n}" for n in range(4))
TIME_TO_RESOLUTION, TIME_TO_RESPONSE = "customfield_10030", "customfield_10031"
APPROVALS, SATISFACTION, ASSETS = "customfield_10040", "customfield_10041", "customfield_10042"
_SELECT = "com.atlassian.jira.plugin.system.customfieldtypes:select"
_TEXT = "com.atlassian.jira.plugin.system.customfieldtypes:textarea"
_INSTANT = "com.atlassian.jira.plugin.system.customfieldtypes:datetime"
SLA = "com.atlassian.servicedesk:sd-sla-field"
CUSTOM_FIELDS: Mapping[str, tuple[str, str, str]] = {
    CHANGE_TYPE: ("Change type", "option", _SELECT),
    CHANGE_RISK: ("Change risk", "option", _SELECT),
    PLANNED_START: ("Change start date", "datetime", _INSTANT),
    PLANNED_END: ("Change completion date", "datetime", _INSTANT),
    OUTCOME: ("变更结果", "option", _SELECT),
    BACKOUT: ("Backout plan", "string", _TEXT),
    ROOT_CAUSE: ("Root cause", "string", _TEXT),
    WORKAROUND: ("Workaround", "string", _TEXT),
    TIME_TO_RESOLUTION: ("Time to resolution", "sd-servicelevelagreement", SLA),
    TIME_TO_RESPONSE: ("Time to first response", "sd-servicelevelagreement", SLA),
    APPROVALS: ("Approvals", "sd-approvals", "com.atlassian.servicedesk.approvals-plugin:sd-approvals"),
    SATISFACTION: ("满意度", "sd-feedback", "com.atlassian.servicedesk:sd-request-feedback"),
    ASSETS: ("受影响的配置项", "array", "com.atlassian.jira.plugins.cmdb:cmdb-object-cftype"),
}
SYSTEM_FIELDS: Mapping[str, tuple[str, str]] = {
    "summary": ("摘要", "string"),
    "status": ("状态", "status"),
    "issuetype": ("问题类型", "issuetype"),
    "priority": ("优先级", "priority"),
    "resolution": ("解决结果", "resolution"),
    "resolutiondate": ("已解决", "datetime"),
    "assignee": ("经办人", "user"),
    "reporter": ("报告人", "user"),
    "created": ("创建日期", "datetime"),
    "updated": ("已更新", "datetime"),
    "labels": ("标签", "array"),
    "components": ("模块", "array"),
    "issuelinks": ("链接的问题", "array"),
    "project": ("项目", "project"),
}
LOGGED = {"status", "resolution", "priority", "assignee", CHANGE_TYPE, OUTCOME, ROOT_CAUSE, WORKAROUND}
"""What the changelog keeps; approvals, SLA clocks and links leave no trace in it."""

COMPONENTS = ("核心网络", "数据库平台", "邮件与协作", "ERP 系统", "桌面终端", "备份与存储")
SUBJECTS = {
    "Change": ("升级补丁", "firewall rule change", "扩容存储卷", "replace core switch", "调整备份策略", "迁移虚拟机"),
    "Problem": ("重复性登录失败", "nightly job overrun", "存储性能抖动", "certificate expiry", "打印队列堵塞"),
    "服务请求": ("开通账号", "申请共享目录权限", "new laptop", "安装办公软件", "重置密码", "VPN access"),
    "Incident": ("系统无法访问", "network outage", "邮件延迟", "ERP 响应缓慢"),
}
RESPONSE_GOAL, RESOLUTION_GOAL = timedelta(hours=4), timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Step:
    """At *at*, *author* set these fields; values are plain: ids for named things, aware datetimes for instants."""

    at: datetime
    author: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """Since *at* the issue is tied to *other*, which stands on the `inwardIssue` or `outwardIssue` side."""

    at: datetime
    kind: str
    side: str
    other: "Issue"


@dataclass(slots=True)
class Issue:
    """One issue with its whole life; what is visible depends on when one looks."""

    kind: str
    created: datetime
    steps: list[Step]
    number: int = 0
    links: list[Link] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(FIRST_ID + self.number)

    @property
    def key(self) -> str:
        return f"{PROJECT['key']}-{self.number}"

    def past(self, now: datetime) -> list[Step]:
        """The steps taken until *now*, the creation first."""
        return [step for step in self.steps if step.at <= now]

    def values(self, now: datetime) -> dict[str, Any]:
        """The fields as of *now*."""
        return {name: value for step in self.past(now) for name, value in step.values.items()}

    def updated(self, now: datetime) -> datetime:
        """The last event until *now*, links included."""
        return max([step.at for step in self.past(now)] + [link.at for link in self.links if link.at <= now])


class _Author:
    """Writes the life of one issue, step by step, with its own moment."""

    def __init__(self, kind: str, created: datetime, rng: random.Random, accounts: list[str], **values: Any) -> None:
        self.rng, self.accounts, self.now = rng, accounts, created
        component = rng.choice(COMPONENTS)
        values |= {
            "summary": f"{component}：{rng.choice(SUBJECTS[kind])}",
            "components": [component],
            "labels": rng.sample(["itss", "月度报告", "vip", "自动化"], rng.randint(0, 2)),
            "reporter": rng.choice(accounts),
            "priority": values.get("priority") or rng.choices("12345", (3, 12, 50, 30, 5))[0],
        }
        self.issue = Issue(kind, created, [Step(created, values["reporter"], values)])

    def after(self, low: float, high: float, **values: Any) -> None:
        """Between *low* and *high* hours later these fields change."""
        self.now += timedelta(milliseconds=int(self.rng.uniform(low, high) * 3_600_000))
        self.issue.steps.append(Step(self.now, self.rng.choice(self.accounts), values))

    def done(self, low: float, high: float, status: str, resolution: str = "10000", **values: Any) -> None:
        """Resolve; Jira sets the resolution date by itself."""
        self.after(low, high, status=status, resolution=resolution, **values)
        self.issue.steps[-1].values["resolutiondate"] = self.now

    def decide(self, decision: str, asked: datetime) -> None:
        """The approval asked for at *asked* is decided with the latest step."""
        self.issue.steps[-1].values[APPROVALS] = (decision, asked, None if decision == "pending" else self.now)

    def chance(self, share: float) -> bool:
        """True in *share* of the cases."""
        return self.rng.random() < share


def accounts(seed: int) -> list[str]:
    """Opaque account ids, the same for the same seed."""
    return [f"712020:{hashlib.sha256(f'{seed}/{n}'.encode()).hexdigest()[:32]}" for n in range(8)]


def issues(seed: int) -> list[Issue]:
    """All issues there will ever be, in the order of their creation: numbered 1 to n without gaps."""
    rng = random.Random(seed)  # noqa: S311 - a repeatable play, not a secret
    people = accounts(seed)
    lives: list[tuple[Callable[[_Author, int], None], str, int]] = [
        (_change, "Change", 120),
        (_problem, "Problem", 60),
        (_request, "服务请求", 250),
        (_incident, "Incident", 20),
    ]
    made = []
    for life, kind, count in lives:
        for n in range(count):
            author = _Author(kind, _moment(rng, n, count), rng, people, status=FIRST_STATUS[kind])
            life(author, n)
            made.append(author.issue)
    made.sort(key=lambda issue: issue.created)
    for number, issue in enumerate(made, 1):
        issue.number = number
    _link(rng, made)
    return made


FIRST_STATUS = {"Change": "10001", "Problem": "1", "服务请求": "10011", "Incident": "10011"}
UNAPPROVED = {38: "late", 62: "never"}
"""Changes whose work began without approval: approved afterwards, or never asked for."""


def _moment(rng: random.Random, n: int, count: int) -> datetime:
    span = (LAST_DAY - FIRST_DAY) / count
    return FIRST_DAY + timedelta(milliseconds=int((n + rng.random()) * span.total_seconds() * 1000))


def _change(author: _Author, n: int) -> None:
    rng, opened = author.rng, author.now
    kind = "normal" if n in UNAPPROVED else rng.choices(("standard", "normal", "emergency"), (30, 63, 7))[0]
    lead = timedelta(hours=2) if kind == "emergency" else timedelta(hours=rng.randint(60, 200))
    start = (opened + lead).replace(minute=0, second=0, microsecond=0)
    author.issue.steps[0].values.update(
        {
            CHANGE_TYPE: kind,
            CHANGE_RISK: rng.choice(("低", "中", "高")),
            PLANNED_START: start,
            PLANNED_END: start + timedelta(hours=rng.randint(1, 6)),
            BACKOUT: author.chance(0.85),
            ASSETS: [str(rng.randint(1000, 1080)) for _ in range(rng.randint(0, 3))],
            APPROVALS: ("approved", opened, opened) if kind == "standard" else None,
        }
    )
    if not _approved(author, n, kind):
        return
    author.now = max(author.now, start)
    author.after(0, 1, status="10004", assignee=rng.choice(author.accounts))
    if UNAPPROVED.get(n) == "late":
        asked = author.now
        author.after(3, 9)
        author.decide("approved", asked)
    outcome = rng.choices(("successful", "issues", "unsuccessful", "rolled-back"), (86, 6, 5, 3))[0]
    author.after(1, 7, status="10005", **{OUTCOME: outcome})
    author.done(20, 160, "10006")


def _approved(author: _Author, n: int, kind: str) -> bool:
    """The way to approval; False when the change ends here."""
    if n in UNAPPROVED or kind == "standard":
        author.after(1, 20, status="10003")
        return True
    quick = 0.2 if kind == "emergency" else 1.0
    author.after(quick, 24 * quick, status="10002")
    asked = author.now
    author.decide("pending", asked)
    if author.chance(0.06):
        author.done(2, 30, "10007", "10001")
        author.decide("declined", asked)
        return False
    author.after(quick, 30 * quick, status="10003")
    author.decide("approved", asked)
    return True


def _problem(author: _Author, _n: int) -> None:
    rng = author.rng
    author.after(4, 60, status="10008", assignee=rng.choice(author.accounts))
    if author.chance(0.6):
        author.after(10, 200, **{WORKAROUND: True})
    if author.chance(0.8):
        author.after(24, 400, **{ROOT_CAUSE: True})
    if author.chance(0.3):
        author.after(5, 100, status="10009")
    if author.chance(0.8):
        author.done(48, 900, "10010")
        author.after(70, 200, status="10006")


def _request(author: _Author, _n: int) -> None:
    rng = author.rng
    author.after(0.1, 5, status="3", assignee=rng.choice(author.accounts))
    if author.chance(0.1):
        author.after(0.5, 20, priority=rng.choice("1234"))
    if author.chance(0.25):
        author.after(0.5, 10, status="10012")
        author.after(2, 60, status="3")
    if author.chance(0.04):
        author.done(1, 40, "10007", "10001")
        return
    author.done(0.5, 40, "10010")
    if author.chance(0.07):
        author.after(1, 60, status="3", resolution=None, resolutiondate=None)
        author.done(1, 30, "10010")
    author.after(70, 75, status="10006")
    if author.chance(0.4):
        author.after(1, 90, **{SATISFACTION: rng.choices((1, 2, 3, 4, 5), (2, 3, 12, 40, 43))[0]})


def _incident(author: _Author, _n: int) -> None:
    author.after(0.1, 3, status="3", assignee=author.rng.choice(author.accounts))
    author.done(1, 40, "10010", "10002" if author.chance(0.1) else "10000")
    author.after(70, 80, status="10006")


def _link(rng: random.Random, made: list[Issue]) -> None:
    """Incidents hang on an earlier-known problem; every fourth was caused by a change before it."""
    of = {kind: [issue for issue in made if issue.kind == kind] for kind in TYPES}
    for n, incident in enumerate(of["Incident"]):
        at = incident.created + timedelta(hours=2)
        problem = min(of["Problem"], key=lambda issue: abs(issue.created - at))
        _join(max(at, problem.created + timedelta(hours=1)), "10010", problem, incident)
        if n % 4 == 0 and (changes := [c for c in of["Change"] if c.created < incident.created]):
            _join(at, "10010", changes[-1], incident)
    for problem in rng.sample(of["Problem"], 25):
        if changes := [c for c in of["Change"] if c.created > problem.created]:
            _join(changes[0].created + timedelta(hours=1), "10011", changes[0], problem)


def _join(at: datetime, kind: str, cause: Issue, effect: Issue) -> None:
    cause.links.append(Link(at, kind, "outwardIssue", effect))
    effect.links.append(Link(at, kind, "inwardIssue", cause))
