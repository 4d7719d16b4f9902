"""Pages as a publisher needs them: found with their body and our note on them, made, changed, noted.

Reads may be repeated, as everywhere; each write goes out once, and whatever refuses it is told with what to do.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, NoReturn

from requests import Response

from itss_bridge.contracts import Sheet
from itss_bridge.errors import AccessDenied, SourceUnavailable, UsageError
from itss_bridge.messages import Message, say
from itss_bridge.model import Json
from itss_bridge.transport import GuardedSession
from itss_bridge.transport.answers import vendor_message
from itss_bridge_confluence.cloud import Cloud
from itss_bridge_confluence.deployment import Deployment, needed, nobody
from itss_bridge_confluence.mark import PROPERTY

_V1, _V2 = "rest/api", "wiki/api/v2"
_TOLD = frozenset({400, 403, 404, 409, 413})


@dataclass(frozen=True, slots=True)
class Note:
    """Our content property on a page: *value* says whose page it is and what it shows."""

    id: str
    version: int
    value: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page of the site, with its body and our note where it has one."""

    id: str
    title: str
    status: str
    version: int
    url: str
    body: str
    note: Note | None


class Pages(ABC):
    """The pages of one site."""

    _shown_below: ClassVar[str] = ""
    """Below which path of the site its pages are shown to people."""

    def __init__(self, tool: Deployment, http: GuardedSession) -> None:
        self.tool = tool
        self.http = http

    @abstractmethod
    def titled(self, space: str, title: str) -> Iterator[Leaf]:
        """The pages of a space with this title, those in archive and trash too; from the pages, not from search."""

    @abstractmethod
    def page(self, number: str) -> Leaf | None:
        """A page as it stands now; None where the account sees none."""

    @abstractmethod
    def create(self, space: str, parent: str, sheet: Sheet) -> str:
        """A new page below *parent* (an id, or empty for the space's home); its id."""

    @abstractmethod
    def change(self, leaf: Leaf, sheet: Sheet) -> None:
        """The next version of *leaf*; its title and place stay."""

    @abstractmethod
    def write_note(self, leaf: Leaf, value: Mapping[str, Json]) -> None:
        """Put the note on a page, or renew it."""

    @abstractmethod
    def _noted(self, space: str) -> Iterator[Mapping[str, Json]]:
        """Rows of the space's pages, and of what the account made anywhere, with our property where it is shown."""

    @abstractmethod
    def _note(self, number: str) -> Note | None:
        """Our property on a page."""

    def ours(self, space: str, key: str) -> Iterator[str]:
        """Ids of pages noted with *key*, whatever they are called: in the space, or made by the account anywhere."""
        for row in self._noted(space):
            number = str(needed(row, "id"))
            shown = (row.get("metadata") or {}).get("properties")
            own = (shown.get(PROPERTY) or {}).get("value") if shown is not None else self._asked(number)
            if isinstance(own, Mapping) and own.get("key") == key:
                yield number

    def _leaf(self, row: Json) -> Leaf:
        number = str(needed(row, "id"))
        return Leaf(
            id=number,
            title=needed(row, "title"),
            status=needed(row, "status"),
            version=needed(row, "version", "number"),
            url=f"{self.tool.site}{self._shown_below}{needed(row, '_links', 'webui')}",
            body=needed(row, "body", "storage", "value"),
            note=self._note(number),
        )

    def _asked(self, number: str) -> Json:
        note = self._note(number)
        return note.value if note else None

    def _ask(self, path: str, query: Mapping[str, Json]) -> Json | None:
        """One answer; None where there is no such thing, or it is not shown to this account."""
        response = self.http.request("GET", f"{self.tool.site}/{path}", params=dict(query), allow={404})
        if response.headers.get("X-AUSERNAME") == "anonymous":
            raise nobody(self.tool.site)
        return None if response.status_code == HTTPStatus.NOT_FOUND else response.json()

    def _send(self, method: str, path: str, body: Mapping[str, Json], right: Message) -> Json:
        """One write, sent once. *right* is what the account needs for it."""
        try:
            response = self.http.request(method, f"{self.tool.site}/{path}", json=dict(body), allow=_TOLD)
        except SourceUnavailable as error:
            error.fix = say("it may have arrived: run it again, what is there is found, and nothing is made twice")
            raise
        if response.status_code in _TOLD:
            self._refused(response, f"{method} {self.tool.site}/{path}", right)
        return response.json()

    def _refused(self, response: Response, where: str, right: Message) -> NoReturn:
        status, said = response.status_code, self.http.redacted(vendor_message(response.content, ()))
        if status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
            raise AccessDenied(
                say("Confluence does not let this account publish: {said}", said=said or status),
                where=where,
                cause=say("it needs {right}", right=right),
                fix=say(
                    "ask the space's administrator for that right, or name an account that has it in [publish.NAME]"
                ),
            )
        if status == HTTPStatus.CONFLICT:
            raise SourceUnavailable(
                say("somebody saved the page while it was being published; nothing was overwritten"),
                where=where,
                cause=said,
                fix=say("run it again: it begins with the page as it stands now"),
            )
        raise UsageError(
            say("Confluence does not take the page: {said}", said=said or status),
            where=where,
            cause=say("the page is larger than the site allows")
            if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            else say("a page of that title may be there and hidden from this account, or the site forbids a macro"),
            fix=say("choose another title in [publish.NAME], or ask the site's administrator"),
        )


class CloudPages(Pages):
    """By version 2 of the interface."""

    _shown_below: ClassVar[str] = "/wiki"

    def titled(self, space: str, title: str) -> Iterator[Leaf]:
        statuses = ["current", "archived", "trashed"]
        query = {"space-id": self.tool.space_id(space), "title": title, "status": statuses, "body-format": "storage"}
        for rows in self.tool.walk(f"{_V2}/pages", query):
            yield from map(self._leaf, rows)

    def page(self, number: str) -> Leaf | None:
        row = self._ask(f"{_V2}/pages/{number}", {"body-format": "storage"})
        return self._leaf(row) if row else None

    def create(self, space: str, parent: str, sheet: Sheet) -> str:
        content: dict[str, Json] = {"spaceId": self.tool.space_id(space), "status": "current", "title": sheet.title}
        content |= {"body": _storage(sheet), **({"parentId": parent} if parent else {})}
        right = say("the space permission “Add page” (添加页面) and the scope write:page:confluence")
        return str(needed(self._send("POST", f"{_V2}/pages", content, right), "id"))

    def change(self, leaf: Leaf, sheet: Sheet) -> None:
        content = {"id": leaf.id, "status": "current", "title": leaf.title, "body": _storage(sheet)}
        content["version"] = {"number": leaf.version + 1, "message": sheet.message}
        self._send("PUT", f"{_V2}/pages/{leaf.id}", content, _may_edit())

    def write_note(self, leaf: Leaf, value: Mapping[str, Json]) -> None:
        content: dict[str, Json] = {"key": PROPERTY, "value": dict(value)}
        path = f"{_V2}/pages/{leaf.id}/properties"
        if leaf.note is None:
            self._send("POST", path, content, _may_edit())
        else:
            content["version"] = {"number": leaf.note.version + 1}
            self._send("PUT", f"{path}/{leaf.note.id}", content, _may_edit())

    def _noted(self, space: str) -> Iterator[Mapping[str, Json]]:
        for condition in (f'space = "{space}"', "creator = currentUser()"):
            query = {"cql": f"{condition} and type = page", "expand": f"metadata.properties.{PROPERTY}"}
            for rows in self.tool.walk(f"wiki/{_V1}/content/search", query):
                yield from rows

    def _note(self, number: str) -> Note | None:
        answer = self._ask(f"{_V2}/pages/{number}/properties", {"key": PROPERTY})
        rows = needed(answer, "results") if answer else ()
        return _as_note(rows[0]) if rows else None


class DataCenterPages(Pages):
    """By the one interface that Data Center has."""

    _expand = "version,body.storage"

    def titled(self, space: str, title: str) -> Iterator[Leaf]:
        query = {"spaceKey": space, "title": title, "type": "page", "status": "any", "expand": self._expand}
        for rows in self.tool.walk(f"{_V1}/content", query, "start"):
            yield from map(self._leaf, rows)

    def page(self, number: str) -> Leaf | None:
        row = self._ask(f"{_V1}/content/{number}", {"expand": self._expand})
        return self._leaf(row) if row else None

    def create(self, space: str, parent: str, sheet: Sheet) -> str:
        content: dict[str, Json] = {"type": "page", "title": sheet.title, "space": {"key": space}}
        content |= {"body": {"storage": _storage(sheet)}, **({"ancestors": [{"id": parent}]} if parent else {})}
        right = say("the space permission “Add page” (添加页面)")
        return str(needed(self._send("POST", f"{_V1}/content", content, right), "id"))

    def change(self, leaf: Leaf, sheet: Sheet) -> None:
        content = {"id": leaf.id, "type": "page", "title": leaf.title, "body": {"storage": _storage(sheet)}}
        content["version"] = {"number": leaf.version + 1, "message": sheet.message}
        self._send("PUT", f"{_V1}/content/{leaf.id}", content, _may_edit())

    def write_note(self, leaf: Leaf, value: Mapping[str, Json]) -> None:
        content: dict[str, Json] = {"key": PROPERTY, "value": dict(value)}
        path = f"{_V1}/content/{leaf.id}/property"
        if leaf.note is None:
            self._send("POST", path, content, _may_edit())
        else:
            content |= {"id": leaf.note.id, "version": {"number": leaf.note.version + 1}}
            self._send("PUT", f"{path}/{PROPERTY}", content, _may_edit())

    def _noted(self, space: str) -> Iterator[Mapping[str, Json]]:
        expand = f"metadata.properties.{PROPERTY}"
        for rows in self.tool.walk(f"{_V1}/content/scan", {"spaceKey": space, "type": "page", "expand": expand}):
            yield from rows
        query = {"cql": "creator = currentUser() and type = page", "expand": expand}
        for rows in self.tool.walk(f"{_V1}/content/search", query, "start"):
            yield from rows

    def _note(self, number: str) -> Note | None:
        row = self._ask(f"{_V1}/content/{number}/property/{PROPERTY}", {"expand": "version"})
        return _as_note(row) if row else None


def pages_of(tool: Deployment, http: GuardedSession) -> Pages:
    """The side of a site that takes pages."""
    return (CloudPages if isinstance(tool, Cloud) else DataCenterPages)(tool, http)


def _storage(sheet: Sheet) -> dict[str, str]:
    return {"representation": "storage", "value": sheet.body}


def _may_edit() -> Message:
    return say("the space permission “Add page” (添加页面), and no restriction on the page that keeps it from editing")


def _as_note(row: Json) -> Note:
    value = row.get("value")
    own = value if isinstance(value, Mapping) else {}
    return Note(str(needed(row, "id")), int(needed(row, "version", "number")), own)
