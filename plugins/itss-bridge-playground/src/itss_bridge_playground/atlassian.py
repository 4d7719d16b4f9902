"""Jira and Confluence on one origin, the way a cloud site serves them: `/wiki` is Confluence, the rest is Jira."""

from collections.abc import Mapping
from typing import Any

from itss_bridge_playground.server import Answer, Request, Tool


class Atlassian:
    """One site of two tools; its quirks are those of both."""

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
