"""Nonconformities as Jira issues: known by a label that carries our key."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from itss_bridge.contracts import Draft, TicketPublisher
from itss_bridge.errors import SourceUnavailable
from itss_bridge.messages import say
from itss_bridge.model import Ticket
from itss_bridge.transport import GuardedSession
from itss_bridge_jira.connector import DEPLOYMENTS
from itss_bridge_jira.deployment import ISSUES_PER_FETCH, Deployment

Json = Any
_FIELDS = ("status", "labels")


class JiraTickets(TicketPublisher):
    """One issue per nonconformity, in one project; its workflow stays with the people who work there."""

    name = "jira"
    config_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "project": {"type": "string", "minLength": 1, "description": "The project's key."},
            "issue_type": {"type": "string", "minLength": 1, "default": "Task"},
            "due_field": {"type": "boolean", "default": True, "description": "Whether the screen has a due date."},
        },
        "required": ["project"],
        "additionalProperties": False,
    }
    writes: ClassVar[Sequence[tuple[str, str]]] = (
        ("POST", "/rest/api/[23]/issue"),
        ("PUT", r"/rest/api/[23]/issue/\d+"),
    )

    def __init__(self, config: Mapping[str, Any], http: GuardedSession) -> None:
        super().__init__(config, http)
        self._cloud = config.get("deployment", "cloud") == "cloud"
        self._url = str(config["url"]).rstrip("/")
        self._tool: Deployment = DEPLOYMENTS[config.get("deployment", "cloud")](self._url, http)

    def found(self, keys: Sequence[str]) -> Mapping[str, Ticket]:
        """By label, in the project. Of two with the same label the older one is taken."""
        found: dict[str, Ticket] = {}
        for some in pieces(keys):
            labels = ", ".join(f'"{key}"' for key in some)
            jql = f'project = "{self.config["project"]}" AND labels in ({labels})'
            ids = sorted({one for page in self._tool.ids(jql) for one in page}, key=int)
            for issue in self._issues(ids):
                for label in set(issue["fields"].get("labels") or ()) & set(some):
                    found.setdefault(label, self._ticket(issue))
        return found

    def seen(self, ids: Sequence[str]) -> Mapping[str, Ticket]:
        """As the issues stand now, not as the search index last knew them."""
        return {str(issue["id"]): self._ticket(issue) for issue in self._issues(ids)}

    def create(self, draft: Draft) -> Ticket:
        """A new issue; its state is read at once."""
        fields = self._fields(draft) | {
            "project": {"key": self.config["project"]},
            "issuetype": {"name": self.config.get("issue_type", "Task")},
            "labels": [draft.key],
        }
        identity = str(self._tool.send("POST", "issue", {"fields": fields}).json().get("id") or "")
        return self._one(identity)

    def change(self, ticket: Ticket, draft: Draft) -> Ticket:
        """New summary, description and due date; whatever else people wrote stays."""
        self._tool.send("PUT", f"issue/{ticket.id}", {"fields": self._fields(draft)})
        return self._one(ticket.id)

    def _one(self, identity: str) -> Ticket:
        seen = self.seen([identity]) if identity else {}
        if identity not in seen:
            raise SourceUnavailable(
                say("Jira took the issue, and does not show it"),
                where=f"project {self.config['project']}",
                cause=say("the account may create issues there, and not browse them"),
                fix=say("give it the right to browse the project, then publish again: nothing is made twice"),
            )
        return seen[identity]

    def _issues(self, ids: Sequence[str]) -> list[Json]:
        return [issue for some in pieces(ids) for issue, _ in self._tool.issues(some, _FIELDS, past=False)]

    def _fields(self, draft: Draft) -> dict[str, Json]:
        fields: dict[str, Json] = {"summary": " ".join(draft.title.split()), "description": self._text(draft.body)}
        if draft.due and self.config.get("due_field", True):
            fields["duedate"] = draft.due.isoformat()
        return fields

    def _text(self, body: str) -> Json:
        """Plain text; the cloud takes it as a document of paragraphs."""
        if not self._cloud:
            return body
        paragraphs = [{"type": "paragraph", "content": [{"type": "text", "text": part}]} for part in body.split("\n\n")]
        return {"type": "doc", "version": 1, "content": paragraphs}

    def _ticket(self, issue: Json) -> Ticket:
        status = issue["fields"].get("status") or {}
        done = (status.get("statusCategory") or {}).get("key") == "done"
        url = f"{self._url}/browse/{issue['key']}"
        return Ticket("", str(issue["id"]), str(issue["key"]), url, str(status.get("name") or ""), done)


def pieces(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many at once as one request may ask for."""
    return (names[start : start + ISSUES_PER_FETCH] for start in range(0, len(names), ISSUES_PER_FETCH))
