"""The whole playground: three tools on two loopback ports, the cloud's token endpoint on a third, one clock."""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from itss_bridge_playground.atlassian import Atlassian, AtlassianDataCenter
from itss_bridge_playground.clock import Clock
from itss_bridge_playground.confluence import Confluence
from itss_bridge_playground.confluence_dc import ConfluenceDataCenter
from itss_bridge_playground.jira import Jira
from itss_bridge_playground.jira_dc import JiraDataCenter
from itss_bridge_playground.oauth import DATA_CENTER_PATH, AtlassianIdentity, TokenDesk
from itss_bridge_playground.server import ToolServer
from itss_bridge_playground.servicenow import ServiceNow
from itss_bridge_playground.uci import IncidentLog

LOG_FOLDER = Path("data/uci_incident_event_log")

_WORKSPACE = """\
# The playground's stand-in tools. Their secrets: PLAYGROUND_PASSWORD=playground PLAYGROUND_TOKEN=playground
[workspace]
organisation = "晨星信息"
languages = ["zh", "en"]
time_zone = "Asia/Shanghai"
target = "itss-level-3"
frameworks = ["itss", "iso20000-1", "iso9001"]
rule_packs = ["itss-application-2020", "consultant-002"]
binding = ["itss-application-2020"]
clock = "source"                   # recorded data: time is what the tools say it is

[sources.servicenow]
connector = "servicenow"
url = "{servicenow}"
auth = "basic"
username = "bridge"
secret = "env:PLAYGROUND_PASSWORD"

[sources.jira]
connector = "jira"
{jira}
secret = "env:PLAYGROUND_TOKEN"
waiting = ["Waiting for customer"]
[sources.jira.streams.change]
jql = "project = OPS AND issuetype = Change"
[sources.jira.streams.change.values.state]
"待评估" = "assess"
"待审批" = "authorise"
"已排期" = "scheduled"
"实施中" = "implement"
"待评审" = "review"
"已关闭" = "closed"
"已取消" = "cancelled"
[sources.jira.streams.problem]
jql = "project = OPS AND issuetype = Problem"
[sources.jira.streams.request]
jql = "project = OPS AND issuetype = 服务请求"

[sources.confluence]
connector = "confluence"
{confluence}
secret = "env:PLAYGROUND_TOKEN"
spaces = ["QMS"]
"""

_CLOUD = 'deployment = "cloud"\nurl = "{origin}"\nusername = "bridge@acme.example"'
_DATA_CENTER = 'deployment = "data-center"\nurl = "{origin}{context}"\nauth = "bearer"'


class Playground:
    """ServiceNow on one port, Jira and Confluence on another, serving between `with` and its end.

    Args:
        now: the moment it is there, aware; a naive one is taken as UTC.
        incidents: `sample` (packaged, 2,000) or `full` (24,918, needs *shared*).
        shared: a folder that holds `data/uci_incident_event_log`, or that folder itself.
        seed: of everything that is not recorded.
        ports: of ServiceNow and of Jira with Confluence; 0 picks a free one.
        deployment: how Jira and Confluence are served: as a cloud site, or as Data Center below /jira and /confluence.

    Raises:
        FileNotFoundError: *incidents* is `full` and its files are not there.
        OSError: a port is taken.
    """

    def __init__(
        self,
        now: datetime,
        incidents: Literal["sample", "full"] = "sample",
        shared: Path | None = None,
        seed: int = 7,
        ports: tuple[int, int] = (0, 0),
        deployment: Literal["cloud", "data-center"] = "cloud",
    ) -> None:
        log = IncidentLog.sample() if incidents == "sample" else IncidentLog.full(_folder(shared))
        self.clock = Clock(now if now.tzinfo else now.replace(tzinfo=UTC))
        self._deployment = deployment
        self._running = ExitStack()
        self._desk = TokenDesk(self.clock)
        self.servicenow = ToolServer(ServiceNow(self.clock, log, seed=seed), self.clock, ports[0])
        try:
            self.atlassian = ToolServer(self._site(seed), self.clock, ports[1])
        except OSError:
            self.servicenow.stop()
            raise
        self.identity = ToolServer(AtlassianIdentity(self._desk), self.clock)

    def _site(self, seed: int) -> Atlassian:
        if self._deployment == "cloud":
            jira, confluence = Jira(self.clock, seed=seed), Confluence(self.clock, seed=seed)
            jira.desk = confluence.desk = self._desk
            return Atlassian(jira, confluence)
        return AtlassianDataCenter(JiraDataCenter(self.clock, seed), ConfluenceDataCenter(self.clock, seed))

    def __enter__(self) -> Self:
        self._running.enter_context(self.servicenow)
        self._running.enter_context(self.atlassian)
        self._running.enter_context(self.identity)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._running.close()

    def move_to(self, moment: datetime) -> None:
        """Go on in time, in all three tools; ValueError for a moment in the past."""
        self.clock.move_to(moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    def truth(self) -> dict[str, Mapping[str, Any]]:
        """What each tool holds now: tool → stream → id → when it was last updated."""
        return {"servicenow": self.servicenow.tool.truth(), **self.atlassian.tool.truth()}

    def token_urls(self) -> str:
        """Where an OAuth client gets its tokens, in words."""
        site = self.atlassian.origin
        below = [f"{site}{path}{DATA_CENTER_PATH}" for path in ("/jira", "/confluence")]
        atlassian = [f"{self.identity.origin}/oauth/token"] if self._deployment == "cloud" else below
        return ", ".join([f"{self.servicenow.origin}/oauth_token.do", *atlassian])

    def workspace_toml(self) -> str:
        """An itss-bridge.toml that reads all three tools."""
        access = _CLOUD if self._deployment == "cloud" else _DATA_CENTER
        jira, confluence = (access.format(origin=self.atlassian.origin, context=at) for at in ("/jira", "/confluence"))
        return _WORKSPACE.format(servicenow=self.servicenow.origin, jira=jira, confluence=confluence)


def _folder(shared: Path | None) -> Path:
    if shared is None:
        raise FileNotFoundError("the full recording is not packaged: say where its folder is")
    inner = shared / LOG_FOLDER
    return inner if inner.is_dir() else shared
