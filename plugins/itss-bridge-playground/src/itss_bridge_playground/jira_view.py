"""The stand-in Jira's issues as its REST API shows them: at one moment, in one account's time zone."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from itss_bridge_playground import jira_issues as site
from itss_bridge_playground.jira_issues import Issue, Link, Step

Json = Any
OPTIONS = {
    "standard": "标准变更",
    "normal": "一般变更",
    "emergency": "紧急变更",
    "successful": "成功",
    "issues": "部分成功",
    "unsuccessful": "失败",
    "rolled-back": "已回退",
}
CLOCKS = {site.TIME_TO_RESOLUTION: site.RESOLUTION_GOAL, site.TIME_TO_RESPONSE: site.RESPONSE_GOAL}
WAITING = "10012"
EPOCH, MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class View:
    """What one account sees at *now*; links in bodies begin with *origin*."""

    origin: str
    now: datetime
    zone: tzinfo

    def issue(self, issue: Issue, wanted: Collection[str] | None) -> dict[str, Json]:
        """An issue bean with the *wanted* fields; None: id, key and self alone are not asked to carry fields."""
        bean: dict[str, Json] = {"expand": "", "id": issue.id, "key": issue.key, "self": self.link("issue", issue.id)}
        if wanted is not None:
            bean["fields"] = self.fields(issue, wanted)
        return bean

    def fields(self, issue: Issue, wanted: Collection[str]) -> dict[str, Json]:
        """The *wanted* fields that exist, empty ones as null, as Jira lists them."""
        values = issue.values(self.now)
        shown = {name: self.value(name, values.get(name)) for name in EVERY_FIELD if name in wanted}
        derived = {**DERIVED, **(CLOCKED if issue.kind in {"服务请求", "Incident"} else {})}
        return shown | {name: show(self, issue) for name, show in derived.items() if name in wanted}

    def histories(self, issue: Issue, wanted: Collection[str] | None) -> Iterator[dict[str, Json]]:
        """The changelog until now, oldest first, with the *wanted* fields (all when None)."""
        before: dict[str, Any] = {}
        for index, step in enumerate(issue.past(self.now)):
            items = [
                self.item(name, before.get(name), value)
                for name, value in step.values.items()
                if index and name in site.LOGGED and value != before.get(name) and (not wanted or name in wanted)
            ]
            before |= step.values
            if items:
                yield self.history(f"{issue.id}{index:03}", step, items)

    def history(self, identity: str, step: Step, items: list[Json]) -> dict[str, Json]:
        return {"id": identity, "author": self.user(step.author), "created": self.instant(step.at), "items": items}

    def item(self, name: str, before: Any, after: Any) -> dict[str, Json]:
        custom = site.CUSTOM_FIELDS.get(name)
        ends = {"from": self.code(name, before), "fromString": self.word(name, before)}
        ends |= {"to": self.code(name, after), "toString": self.word(name, after)}
        kind = {"field": custom[0] if custom else name, "fieldtype": "custom" if custom else "jira", "fieldId": name}
        return kind | {key: text for key, text in ends.items() if text is not None}

    def code(self, name: str, value: Any) -> str | None:
        return value if name in {"status", "resolution", "priority", "assignee"} else None

    def word(self, name: str, value: Any) -> str | None:
        shown = self.value(name, value)
        if isinstance(shown, Mapping):
            return str(next((shown[key] for key in ("displayName", "name", "value") if key in shown), "(text)"))
        return None if shown is None else str(shown)

    def value(self, name: str, value: Any) -> Json:
        """One field's value in Jira's own shape."""
        if name == site.APPROVALS:
            return [self.approval(*value)] if value else []
        if value is None:
            return [] if name in {"labels", site.ASSETS} else None
        return SHAPES.get(name, View.plain)(self, value)

    def plain(self, value: Any) -> Json:
        return self.instant(value) if isinstance(value, datetime) else value

    def option(self, value: str) -> Json:
        return {"self": self.link("customFieldOption", value), "value": OPTIONS.get(value, value), "id": value}

    def text(self, value: bool) -> Json:  # noqa: FBT001 - one signature for every shape
        words = [{"type": "paragraph", "content": [{"type": "text", "text": "见附件记录。"}]}]
        return {"type": "doc", "version": 1, "content": words} if value else None

    def assets(self, value: list[str]) -> Json:
        return [{"workspaceId": "w-1", "id": f"w-1:{number}", "objectId": number} for number in value]

    def components(self, value: list[str]) -> Json:
        return [{"self": self.link("component", name), "id": name, "name": name} for name in value]

    def priority(self, value: str) -> Json:
        return {"self": self.link("priority", value), "name": site.PRIORITIES[value], "id": value}

    def resolution(self, value: str) -> Json:
        return {"self": self.link("resolution", value), "name": site.RESOLUTIONS[value], "id": value}

    def rating(self, value: int) -> Json:
        return {"rating": value}

    def user(self, account: str) -> dict[str, Json]:
        """An account without mail address, as privacy settings have it by default."""
        return {
            "self": f"{self.link('user', '')[:-1]}?accountId={account}",
            "accountId": account,
            "displayName": f"服务台 {account[-4:]}",
            "active": True,
            "timeZone": str(self.zone),
            "accountType": "atlassian",
        }

    def status(self, identity: str) -> dict[str, Json]:
        """One status with its category."""
        name, category = site.STATUSES[identity]
        number, word, colour = site.CATEGORIES[category]
        return {
            "self": self.link("status", identity),
            "description": "",
            "iconUrl": f"{self.origin}/images/icons/statuses/generic.png",
            "name": name,
            "id": identity,
            "statusCategory": {
                "self": self.link("statuscategory", str(number)),
                "id": number,
                "key": category,
                "colorName": colour,
                "name": word,
            },
        }

    def kind(self, name: str) -> dict[str, Json]:
        identity = site.TYPES[name]
        return {"self": self.link("issuetype", identity), "id": identity, "name": name, "subtask": False}

    def joined(self, link: Link) -> dict[str, Json]:
        other = link.other
        values = other.values(self.now)
        stub = self.issue(other, None) | {
            "fields": {
                "summary": values["summary"],
                "status": self.status(values["status"]),
                "priority": self.priority(values["priority"]),
                "issuetype": self.kind(other.kind),
            }
        }
        return {"id": f"{int(link.at.timestamp())}{other.number}", "type": site.LINK_TYPES[link.kind], link.side: stub}

    def approval(self, decision: str, asked: datetime, decided: datetime | None) -> dict[str, Json]:
        done = {"completedDate": self.date(decided)} if decided else {}
        return {
            "id": str(int(asked.timestamp())),
            "name": "变更审批",
            "finalDecision": decision,
            "canAnswerApproval": False,
            "approvers": [],
            "createdDate": self.date(asked),
        } | done

    def clock(self, name: str, issue: Issue) -> dict[str, Json]:
        """The SLA field: one cycle per life between opening (or reopening) and resolution."""
        cycles = list(_cycles(issue.past(self.now), response=name == site.TIME_TO_RESPONSE))
        ended = [self.cycle(CLOCKS[name], *cycle) for cycle in cycles if cycle[1]]
        shown: dict[str, Json] = {"id": name[-2:], "name": site.CUSTOM_FIELDS[name][0], "completedCycles": ended}
        for start, stop, pauses in cycles:
            if stop is None:
                shown["ongoingCycle"] = self.cycle(CLOCKS[name], start, None, pauses)
        return shown

    def cycle(self, goal: timedelta, start: datetime, stop: datetime | None, pauses: list[list[datetime]]) -> Json:
        end = stop or self.now
        paused = sum(((pause[1:] or [end])[0] - pause[0] for pause in pauses), timedelta())
        elapsed = end - start - paused
        shown = {
            "startTime": self.date(start),
            "breachTime": self.date(start + goal + paused),
            "breached": elapsed > goal,
            "goalDuration": _duration(goal),
            "elapsedTime": _duration(elapsed),
            "remainingTime": _duration(goal - elapsed),
        }
        open_pause = bool(pauses) and len(pauses[-1]) == 1
        return shown | ({"stopTime": self.date(stop)} if stop else {"paused": open_pause, "withinCalendarHours": True})

    def date(self, at: datetime) -> dict[str, Json]:
        local = at.astimezone(self.zone)
        return {
            "iso8601": local.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "jira": self.instant(at),
            "friendly": local.strftime("%d/%b/%y %H:%M"),
            "epochMillis": (at - EPOCH) // MILLISECOND,
        }

    def instant(self, at: datetime) -> str:
        """`2016-05-01T08:00:00.123+0800`, in the account's zone."""
        local = at.astimezone(self.zone)
        return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03}{local:%z}"

    def link(self, *parts: str) -> str:
        return "/".join((self.origin, "rest/api/3", *parts))


EVERY_FIELD = (*site.SYSTEM_FIELDS, *site.CUSTOM_FIELDS)
DERIVED: Mapping[str, Callable[[View, Issue], Json]] = {
    "issuetype": lambda view, issue: view.kind(issue.kind),
    "project": lambda view, _issue: site.PROJECT | {"self": view.link("project", site.PROJECT["id"])},
    "created": lambda view, issue: view.instant(issue.created),
    "updated": lambda view, issue: view.instant(issue.updated(view.now)),
    "issuelinks": lambda view, issue: [view.joined(link) for link in issue.links if link.at <= view.now],
}
CLOCKED: Mapping[str, Callable[[View, Issue], Json]] = {
    site.TIME_TO_RESOLUTION: lambda view, issue: view.clock(site.TIME_TO_RESOLUTION, issue),
    site.TIME_TO_RESPONSE: lambda view, issue: view.clock(site.TIME_TO_RESPONSE, issue),
}
SHAPES: Mapping[str, Callable[[View, Any], Json]] = {
    site.CHANGE_TYPE: View.option,
    site.CHANGE_RISK: View.option,
    site.OUTCOME: View.option,
    site.BACKOUT: View.text,
    site.ROOT_CAUSE: View.text,
    site.WORKAROUND: View.text,
    site.ASSETS: View.assets,
    site.SATISFACTION: View.rating,
    "assignee": View.user,
    "reporter": View.user,
    "status": View.status,
    "priority": View.priority,
    "resolution": View.resolution,
    "components": View.components,
}


def _cycles(steps: list[Step], *, response: bool) -> Iterator[tuple[datetime, datetime | None, list[list[datetime]]]]:
    start: datetime | None = None
    pauses: list[list[datetime]] = []
    for step in (step for step in steps if "status" in step.values):
        status = step.values["status"]
        category = site.STATUSES[status][1]
        stops = category != "new" if response else category == "done"
        if pauses and len(pauses[-1]) == 1:
            pauses[-1].append(step.at)
        if start and stops:
            yield start, step.at, pauses
            start, pauses = None, []
            if response:
                return
        elif not start and not stops:
            start = step.at
        elif status == WAITING:
            pauses.append([step.at])
    if start:
        yield start, None, pauses


def _duration(span: timedelta) -> dict[str, Json]:
    minutes = span // timedelta(minutes=1)
    return {"millis": span // MILLISECOND, "friendly": f"{minutes // 60}h {minutes % 60}m"}
