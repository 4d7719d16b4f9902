"""Which Jira field feeds which canonical field: tables, and how they are matched with a site's own fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from itss_bridge.errors import UsageError
from itss_bridge.messages import say
from itss_bridge_jira import reading
from itss_bridge_jira.reading import Reader, Words

Json = Any
SLA_FIELD = "com.atlassian.servicedesk:sd-sla-field"
_APPROVALS = ("com.atlassian.servicedesk.approvals-plugin:sd-approvals",)
_FEEDBACK = ("com.atlassian.servicedesk:sd-request-feedback",)
_ASSETS = (
    "com.atlassian.jira.plugins.cmdb:cmdb-object-cftype",
    "com.riadalabs.jira.plugins.insight:rlabs-customfield-default-object",
)

YES_NO: Words = {"yes": True, "true": True, "是": True, "no": False, "false": False, "否": False}
CHANGE_TYPES: Words = {
    "standard": "standard", "标准": "standard", "标准变更": "standard",
    "normal": "normal", "一般": "normal", "常规": "normal", "一般变更": "normal", "常规变更": "normal",
    "emergency": "emergency", "紧急": "emergency", "紧急变更": "emergency",
}  # fmt: skip
OUTCOMES: Words = {
    "successful": "successful", "成功": "successful",
    "successful with issues": "successful-with-issues", "部分成功": "successful-with-issues",
    "unsuccessful": "unsuccessful", "failed": "unsuccessful", "失败": "unsuccessful", "不成功": "unsuccessful",
    "rolled back": "rolled-back", "backed out": "rolled-back", "已回退": "rolled-back", "回退": "rolled-back",
}  # fmt: skip
KINDS: Words = {
    "incident": "incident", "[system] incident": "incident", "事件": "incident", "故障": "incident",
    "problem": "problem", "[system] problem": "problem", "问题": "problem",
    "change": "change", "[system] change": "change", "变更": "change",
    "service request": "request", "[system] service request": "request", "服务请求": "request",
}  # fmt: skip
TARGETS: Words = {
    "time to first response": "response", "首次响应时间": "response", "响应时间": "response",
    "time to resolution": "resolution", "解决时间": "resolution", "处理时间": "resolution",
}  # fmt: skip
CANCELLED: Words = {"cancelled": True, "canceled": True, "已取消": True}
CAUSED_BY = frozenset({"is caused by", "由其引起", "起因于"})
MENDED_BY = frozenset({"is fixed by", "is resolved by", "解决于", "由其解决"})


@dataclass(frozen=True, slots=True)
class Rule:
    """How a canonical field is found on a site (a system field's *id*, else *schemas*, else *names*) and read."""

    read: Reader
    id: str = ""
    schemas: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    words: Words = field(default_factory=dict)


_TASK: Mapping[str, Rule] = {
    "tool_state": Rule(reading.text, id="status"),
    "title": Rule(reading.text, id="summary"),
    "priority": Rule(reading.rank, id="priority"),
    "category": Rule(reading.text, id="components"),
    "subcategory": Rule(reading.text),
    "service": Rule(reading.text),
    "group": Rule(reading.text),
    "assignee": Rule(reading.account, id="assignee"),
    "requester": Rule(reading.account, id="reporter"),
    "opened_at": Rule(reading.instant, id="created"),
    "labels": Rule(reading.texts, id="labels"),
}
_APPROVED: Mapping[str, Rule] = {"approval": Rule(reading.approval, schemas=_APPROVALS)}
RULES: Mapping[str, Mapping[str, Rule]] = {
    "incident": {
        **_TASK,
        "impact": Rule(reading.word),
        "urgency": Rule(reading.word),
        "channel": Rule(reading.text),
        "knowledge": Rule(reading.filled),
        "configuration_items": Rule(reading.objects, schemas=_ASSETS),
        "resolution_code": Rule(reading.text, id="resolution"),
        "major": Rule(reading.word, names=("major incident", "重大事件"), words=YES_NO),
        "automated": Rule(reading.word, words=YES_NO),
    },
    "request": {
        **_TASK,
        **_APPROVED,
        "channel": Rule(reading.text),
        "satisfaction": Rule(reading.rating, schemas=_FEEDBACK),
    },
    "problem": {
        **_TASK,
        "root_cause_known": Rule(reading.filled, names=("root cause", "根本原因", "根因")),
        "known_error": Rule(reading.word, names=("known error", "已知错误"), words=YES_NO),
        "workaround": Rule(reading.filled, names=("workaround", "临时措施", "变通办法")),
    },
    "change": {
        **_TASK,
        **_APPROVED,
        "approved_at": Rule(reading.approved_at, schemas=_APPROVALS),
        "type": Rule(reading.word, names=("change type", "变更类型"), words=CHANGE_TYPES),
        "risk": Rule(reading.text, names=("change risk", "变更风险")),
        "impact": Rule(reading.word),
        "planned_start_at": Rule(reading.instant, names=("change start date", "planned start", "计划开始时间")),
        "planned_end_at": Rule(reading.instant, names=("change completion date", "planned end", "计划结束时间")),
        "started_at": Rule(reading.instant, names=("actual start", "实际开始时间")),
        "ended_at": Rule(reading.instant, names=("actual end", "实际结束时间")),
        "outcome": Rule(reading.word, names=("change outcome", "变更结果"), words=OUTCOMES),
        "backout_plan": Rule(reading.filled, names=("backout plan", "回退方案")),
        "review_done": Rule(reading.filled, names=("post-implementation review", "实施后评审")),
        "configuration_items": Rule(reading.objects, schemas=_ASSETS),
    },
    "sla": {},
}


def locate(stream: str, details: Sequence[Json], own: Mapping[str, str]) -> dict[str, str]:
    """Canonical field → Jira field id, for those that the site has; *own* are the organisation's choices.

    Raises:
        UsageError: a chosen field does not exist, or a name fits several fields.
    """
    rules = RULES[stream]
    if unknown := sorted(set(own) - set(rules)):
        what = say("{stream} has no field {unknown!r} to be filled", stream=stream, unknown=unknown[0])
        raise UsageError(
            what, where=f"streams.{stream}.fields", fix=say("choose among: {names}", names=", ".join(rules))
        )
    found = {}
    for name, rule in rules.items():
        chosen = _chosen(own[name], details) if own.get(name) else _fitting(rule, details)
        if len(chosen) > 1 and not (name in own and own[name] == ""):
            raise UsageError(
                say(
                    "{count} Jira fields could be {name!r}: {names}",
                    count=len(chosen),
                    name=name,
                    names=", ".join(map(str, chosen)),
                ),
                where=f"streams.{stream}.fields",
                fix=say('choose one: fields.{name} = "{chosen}", or leave it out with ""', name=name, chosen=chosen[0]),
            )
        if chosen and own.get(name) != "":
            found[name] = chosen[0]
    return found


def _chosen(wanted: str, details: Sequence[Json]) -> list[str]:
    found = [one["id"] for one in details if wanted == one["id"]] or _named((wanted.casefold(),), details)
    if not found:
        fix = say("name a field as Jira shows it, or give its id; the account must be allowed to see it")
        raise UsageError(say("Jira has no field {wanted!r}", wanted=wanted), where="streams.*.fields", fix=fix)
    return found


def _fitting(rule: Rule, details: Sequence[Json]) -> list[str]:
    if rule.id:
        return [rule.id]
    if rule.schemas:
        return [one["id"] for one in details if (one.get("schema") or {}).get("custom") in rule.schemas]
    return _named(rule.names, details)


def _named(names: Sequence[str], details: Sequence[Json]) -> list[str]:
    """Fields with one of these names; a field of one team's project gives way to one of the whole site."""
    named = [one for one in details if str(one.get("name", "")).casefold() in names]
    return [one["id"] for one in named if "scope" not in one] or [one["id"] for one in named]
