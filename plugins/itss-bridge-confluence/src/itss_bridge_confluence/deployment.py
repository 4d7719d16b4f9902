"""What Confluence Cloud and Data Center have in common, and what each has to do in its own way."""

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from requests import Response

from itss_bridge.contracts import Identity
from itss_bridge.errors import AccessDenied, SourceUnavailable
from itss_bridge.messages import say
from itss_bridge.model import Json

MOST = 250
TOKEN_ENDPOINTS = {"cloud": "https://auth.atlassian.com/oauth/token", "data-center": "/rest/oauth2/latest/token"}
"""Where service accounts get their tokens."""

MOST_ALIKE = 50
"""So many pages in a row may be alike, empty ones say; more are a circle."""

# The library writes whole answers into its debug log; pages are nobody's business there.
logging.getLogger("atlassian.rest_client").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Wants:
    """What is to be asked for: *size* pages at once, with bodies or without, one content property, page statuses."""

    size: int
    bodies: bool
    property_key: str
    statuses: bool = False


@dataclass(frozen=True, slots=True)
class Sign:
    """Something on a page that may stand for approval: its value, and since when it has it, where that is told."""

    value: Json = None
    since: datetime | None = None


NO_SIGN = Sign()


@dataclass(frozen=True, slots=True)
class WikiPage:
    """A page as a deployment shows it.

    *path* begins at the site's address; *labels* is None where they are not known; *own* is the wanted content
    property, *shown* the status that people see; *body* is in storage format, None where it was not asked for.
    *published* is what this tool wrote itself: no evidence of anything.
    """

    id: str
    title: str
    path: str
    status: str
    version: int
    created: datetime
    changed: datetime
    author: str | None
    parent: str | None
    labels: Sequence[str] | None
    own: Sign
    shown: Sign
    body: str | None
    published: bool


class Deployment(ABC):
    """One site behind one client of the library, which is given no credentials: they are on the session."""

    def __init__(self, site: str, client: Any, wants: Wants) -> None:
        self.site = site
        self.client = client
        self.wants = wants
        self._spaces: dict[str, str] = {}

    @property
    @abstractmethod
    def rows_a_request(self) -> int:
        """About how many pages one request brings in a full read."""

    @abstractmethod
    def identity(self) -> Identity:
        """Who we are; one request. What is readable is for the caller to find out."""

    @abstractmethod
    def pages(self, space: str) -> Iterator[Sequence[WikiPage]]:
        """All pages of a space with their labels, one answer after the other."""

    @abstractmethod
    def ids(self, space: str) -> Iterator[Sequence[str]]:
        """The ids of all pages of a space, from the pages themselves, not from search."""

    @abstractmethod
    def find_spaces(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Key → id of those spaces that the account sees."""

    @abstractmethod
    def operations(self, space: str) -> Sequence[str] | None:
        """What the account may do in a space, in Confluence's words (`read`, `update`, `delete` …); None: not told."""

    def unseen(self, keys: Sequence[str]) -> list[str]:
        """Which spaces the account does not see, asked anew."""
        self._spaces = dict(self.find_spaces(keys))
        return [key for key in keys if key not in self._spaces]

    def space_id(self, key: str) -> str:
        """The space's id; AccessDenied when the account does not see it: its listing would be empty, not refused."""
        if key not in self._spaces:
            self._spaces |= self.find_spaces([key])
        if key not in self._spaces:
            fix = say("check `spaces`, or ask the space's administrator for the right to view it")
            raise AccessDenied(say("this account sees no space {key!r}", key=key), where=self.site, fix=fix)
        return self._spaces[key]

    def walk(self, path: str, query: Mapping[str, Json], step: str = "cursor") -> Iterator[list[Json]]:
        """All pages of a listing. Of the next link only *step* is taken: some links lack the context path."""
        seen: set[str] = set()
        turn: dict[str, str] = {}
        before, alike = None, 0
        while True:
            answer = self.ask(path, {**query, "limit": self.wants.size, **turn}).json()
            rows = needed(answer, "results")
            if answer.get("errors") or not isinstance(rows, list):
                raise unfit(say("{path}: errors beside the rows, or no rows", path=path))
            yield rows
            alike = alike + 1 if rows == before else 0
            if alike > MOST_ALIKE:
                raise unfit(say("{path}: the same page comes again and again", path=path))
            before = rows
            following = answer.get("_links", {}).get("next")
            if not following:
                return
            place = parse_qs(urlsplit(following).query).get(step, [""])[0]
            if not place or place in seen:
                same, unnamed = (
                    say("the next page is the same again"),
                    say("the next page is not named by a {step}", step=step),
                )
                raise unfit(say("{path}: {what}", path=path, what=same if place else unnamed))
            seen.add(place)
            turn = {step: place}

    def ask(self, path: str, query: Mapping[str, Json] | None = None) -> Response:
        """One request through the library; AccessDenied when Confluence took us for nobody."""
        response: Response = self.client.get(path, params=dict(query or {}), advanced_mode=True)
        if response.headers.get("X-AUSERNAME") == "anonymous":
            raise nobody(self.site)
        return response


def nobody(where: str) -> AccessDenied:
    """The error for an answer that any visitor would get."""
    cause = say("the token was revoked or the session ended, and the site shows something to everybody")
    fix = say("check username and secret of the source; renew the token")
    return AccessDenied(say("Confluence answered as if nobody had signed in"), where=where, cause=cause, fix=fix)


def names(labels: Iterable[Json]) -> list[str]:
    """Names of labels, sorted."""
    return sorted({str(needed(label, "name")) for label in labels})


def needed(row: Json, *path: str) -> Any:
    """A field that the vendor promises; SourceUnavailable when it is not there."""
    for name in path:
        if not isinstance(row, Mapping) or row.get(name) is None:
            raise unfit(say("{field} is missing", field=".".join(path)))
        row = row[name]
    return row


def sign(own: Json) -> Sign:
    """A content property as either version of the interface shows it; an expansion may leave its version out."""
    if not isinstance(own, Mapping):
        return NO_SIGN
    version = own.get("version") or {}
    at = version.get("createdAt") or version.get("when")
    return Sign(own.get("value"), instant(at) if at else None)


def instant(text: str, read: Callable[[str], datetime] = datetime.fromisoformat) -> datetime:
    """A time in UTC; SourceUnavailable for what is none."""
    try:
        return read(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise unfit(say("{text!r} is not a time", text=text)) from None


def unfit(cause: str) -> SourceUnavailable:
    """The error for an answer that cannot be understood."""
    fix = say("check url and deployment of the source; is there a gateway in between that rewrites answers?")
    return SourceUnavailable(say("Confluence's answer has another shape than its API describes"), cause=cause, fix=fix)
