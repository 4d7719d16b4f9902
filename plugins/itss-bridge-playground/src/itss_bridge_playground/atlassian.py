"""Jira and Confluence on one origin: the way a cloud site serves them, and the way a data center may."""

from collections.abc import Mapping
from typing import Any

from itss_bridge_playground.confluence_dc import ConfluenceDataCenter
from itss_bridge_playground.jira_dc import JiraDataCenter
from itss_bridge_playground.server import Answer, Request, Tool


class Atlassian:
    """One site of two tools, where `/wiki` is Confluence and the rest is Jira; its quirks are those of both."""

    name = "atlassian"

    def __init__(self, jira: Tool, confluence: Tool) -> None:
        self.jira = jira
        self.confluence = confluence

    def answer(self, request: Request, origin: str) -> Answer:
        """The answer of the tool that owns the path."""
        wiki = request.path == "/wiki" or request.path.startswith("/wiki/")
        return (self.confluence if wiki else self.jira).answer(request, origin)

    def truth(self) -> Mapping[str, Any]:
        """What both tools hold now, by tool."""
        return {"jira": self.jira.truth(), "confluence": self.confluence.truth()}


class AtlassianDataCenter(Atlassian):
    """Two servers behind one proxy, each below its context path; a quirk switched on is on in both."""

    def __init__(self, jira: JiraDataCenter, confluence: ConfluenceDataCenter) -> None:
        super().__init__(jira, confluence)
        self.quirks = jira.quirks
        confluence.quirks = self.quirks
        self._context = confluence.context

    def answer(self, request: Request, origin: str) -> Answer:
        """The answer of the tool whose context path it is."""
        confluence = request.path.startswith(f"{self._context}/")
        return (self.confluence if confluence else self.jira).answer(request, origin)
