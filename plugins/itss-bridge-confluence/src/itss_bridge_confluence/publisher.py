"""The report as a Confluence page: known by our content property, updated in place, never in place of another page."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from itss_bridge.contracts import PagePublisher, PublishedPage, Sheet
from itss_bridge.errors import SourceUnavailable, UsageError
from itss_bridge.messages import say
from itss_bridge.transport import GuardedSession
from itss_bridge_confluence import reading
from itss_bridge_confluence.connector import DEPLOYMENTS
from itss_bridge_confluence.deployment import MOST, Wants
from itss_bridge_confluence.mark import PROPERTY, mark, marked
from itss_bridge_confluence.pages import Leaf, pages_of


class ConfluencePage(PagePublisher):
    """One page in one space; where people move it and what they call it is theirs, its text is ours."""

    name = "confluence"
    suffix = ".confluence.xml"
    config_schema: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "space": {"type": "string", "pattern": "^[A-Za-z0-9~_.:-]+$", "description": "Key of the space."},
            "title": {"type": "string", "pattern": r"^\S(.*\S)?$", "maxLength": 255, "description": "Of a new page."},
            "parent": {
                "type": "string",
                "minLength": 1,
                "description": "Title or id of the page that a new page is put under; left out: the space's home.",
            },
        },
        "required": ["space", "title"],
        "additionalProperties": False,
    }
    writes: ClassVar[Sequence[tuple[str, str]]] = (
        ("POST", "(/wiki)?/api/v2/pages"),
        ("PUT", r"(/wiki)?/api/v2/pages/\d+"),
        ("POST", r"(/wiki)?/api/v2/pages/\d+/properties"),
        ("PUT", r"(/wiki)?/api/v2/pages/\d+/properties/[^/]+"),
        ("POST", "/rest/api/content"),
        ("PUT", r"/rest/api/content/\d+"),
        ("POST", r"/rest/api/content/\d+/property"),
        ("PUT", rf"/rest/api/content/\d+/property/{PROPERTY}"),
    )

    def __init__(self, config: Mapping[str, Any], http: GuardedSession) -> None:
        super().__init__(config, http)
        self._space = str(config["space"])
        site = DEPLOYMENTS[config.get("deployment", "cloud")]
        self._pages = pages_of(site(str(config["url"]).rstrip("/"), http, _WANTS), http)
        self._leaves: dict[str, Leaf] = {}

    def lines(self, body: str) -> Sequence[str]:
        """Rows, paragraphs and headings."""
        return reading.lines(body)

    def found(self, sheet: Sheet) -> PublishedPage | None:
        """By title first, since that needs no index; else by our property in the space, or on what the account made."""
        titled = list(self._pages.titled(self._space, sheet.title))
        ours = [leaf for leaf in titled if _is_ours(leaf, sheet.key)]
        if not any(leaf.status == "current" for leaf in ours):
            known = (self._pages.page(number) for number in self._pages.ours(self._space, sheet.key))
            ours += [leaf for leaf in known if leaf and _is_ours(leaf, sheet.key)]
        for leaf in sorted(ours, key=lambda leaf: leaf.status != "current"):
            return self._published(_usable(leaf))
        for leaf in titled:
            _refuse_taken(leaf)
        return None

    def create(self, sheet: Sheet) -> PublishedPage:
        """The page, then our note on it."""
        number = self._pages.create(self._space, self._parent(), self._marked(sheet))
        return self._note(number, 1, sheet)

    def change(self, page: PublishedPage, sheet: Sheet) -> PublishedPage:
        """One version more; refused with a version conflict when somebody was faster."""
        self._pages.change(self._leaves[page.id], self._marked(sheet))
        return self._note(page.id, page.version + 1, sheet)

    def finish(self, page: PublishedPage, sheet: Sheet) -> PublishedPage:
        """The note alone."""
        return self._note(page.id, page.version, sheet)

    def _marked(self, sheet: Sheet) -> Sheet:
        return replace(sheet, body=marked(sheet.body, sheet.key))

    def _parent(self) -> str:
        """The id of the page to put a new one under."""
        named = self.config.get("parent", "")
        if not named:
            return ""
        leaf = self._pages.page(named) if named.isdecimal() else None
        found = [leaf] if leaf else [x for x in self._pages.titled(self._space, named) if x.status == "current"]
        if found:
            return found[0].id
        raise UsageError(
            say("the space {space} has no page {parent!r} to put the report under", space=self._space, parent=named),
            where="publish: parent",
            fix=say("name the title or the id of a page that the account sees, or leave parent out"),
        )

    def _note(self, number: str, version: int, sheet: Sheet) -> PublishedPage:
        """Say on the page what it shows, and how its text reads as Confluence keeps it."""
        leaf = self._pages.page(number)
        if leaf is None or leaf.version != version:
            raise SourceUnavailable(
                say("the page was published, and is not there as it was sent"),
                where=number,
                cause=say("somebody changed it at the same moment, or the account may not view it"),
                fix=say("run it again: it begins with the page as it stands now, and nothing is made twice"),
            )
        value = {"key": sheet.key, "page": number, "digest": sheet.digest, "text": _text(leaf)}
        self._pages.write_note(leaf, value)
        return replace(self._published(leaf), digest=sheet.digest, touched=False)

    def _published(self, leaf: Leaf) -> PublishedPage:
        self._leaves[leaf.id] = leaf
        noted = leaf.note.value if leaf.note else {}
        return PublishedPage(
            id=leaf.id,
            title=leaf.title,
            url=leaf.url,
            version=leaf.version,
            digest=str(noted.get("digest", "")),
            lines=reading.lines(leaf.body),
            touched=bool(noted) and noted.get("text") != _text(leaf),
        )


_WANTS = Wants(MOST, bodies=True, property_key=PROPERTY)


def _is_ours(leaf: Leaf, key: str) -> bool:
    """By the note, which a copy of the page carries too, with the other page's id; or the mark, if no note arrived."""
    if leaf.note:
        return leaf.note.value.get("key") == key and leaf.note.value.get("page") == leaf.id
    return mark(leaf.body) == key


def _usable(leaf: Leaf) -> Leaf:
    if leaf.status == "current":
        return leaf
    raise UsageError(
        say("the report's page “{title}” is in the trash or the archive; nothing was written", title=leaf.title),
        where=leaf.url,
        cause=say("somebody put it there: its status is {status}", status=leaf.status),
        fix=say("restore it in Confluence; or delete it there for good, and a new one is made"),
    )


def _refuse_taken(leaf: Leaf) -> None:
    """A title in the trash is free; any other page keeps its title, and its text."""
    if leaf.status == "trashed":
        return
    raise UsageError(
        say("there is a page “{title}” already that is not ours; it is not overwritten", title=leaf.title),
        where=leaf.url,
        cause=say("people made it, or another workspace keeps it"),
        fix=say("choose another title in [publish.NAME], or rename that page"),
    )


def _text(leaf: Leaf) -> str:
    return hashlib.sha256("\n".join(reading.lines(leaf.body)).encode()).hexdigest()[:32]
