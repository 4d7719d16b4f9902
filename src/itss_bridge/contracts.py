"""What a plugin implements: connectors read tools, exporters turn a report into bytes, publishers send them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Protocol

from itss_bridge import transport
from itss_bridge.model import Json, Metric, Report, Text, Ticket
from itss_bridge.transport import Gate


@dataclass(frozen=True, slots=True)
class Record:
    """One thing as the tool knows it, unjudged.

    *id* never changes at the tool (sys_id, issue id, page id); *ref* is what people call it; *changed_at* is aware
    UTC; *data* has the fields of the stream's schema. People are given as the tool names them: the engine turns
    fields marked `x-person` into keyed pseudonyms before anything is stored.
    """

    id: str
    ref: str
    url: str
    changed_at: datetime
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Slice:
    """An independent piece of a stream: read alone, retried alone, in any order.

    *where* is the connector's own description of the piece (a query, a list of ids). *expected* is how many records
    it must give where the connector knows; the engine refuses to call a stream complete when they differ.
    """

    stream: str
    where: Mapping[str, Json]
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Records of one answer; *hidden* counts rows the tool counted but did not show (access rules).

    *left_out* counts what is no evidence, since this tool wrote it itself; count and census leave it out too.
    """

    records: Sequence[Record]
    hidden: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Count:
    """How many records the tool says a stream has; an inexact count is a hint, never proof."""

    rows: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are at the tool: account, its time zone, the server's own clock, and what may be read.

    *readable* has a reason for every stream that may not be read, an empty string for those that may.
    """

    account: str
    time_zone: str
    server_time: datetime
    readable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Right:
    """One thing to ask the tool's administrator for.

    *kind* is what it is there (a role, a permission, an OAuth scope, a table to read), *name* what it is called there,
    *purpose* what it is needed for. *streams* are those that need it; empty when all do.
    """

    kind: Text
    name: str
    purpose: Text
    streams: Sequence[str] = ()


class Connector(ABC):
    """Reads one tool. Sees its own configuration and the guarded session, nothing else; judges nothing.

    The engine owns cursors, retries, rate limits, completeness, validation, pseudonyms, digests, commits and
    deduplication. A connector raises `AccessDenied` or `SourceUnavailable`; it never returns less and keeps silent.
    """

    name: ClassVar[str]
    """What `connector = "…"` says in itss-bridge.toml."""

    title: ClassVar[str]
    """The tool's name, for people."""

    config_schema: ClassVar[Mapping[str, Any]]
    """JSON Schema of the source's own keys; `streams`, `url`, `auth`, `username`, `secret` are the engine's."""

    overlap: ClassVar[timedelta] = timedelta(minutes=1)
    """How far before the last watermark an incremental read begins: as late as this tool's index may be."""

    rows_per_request: int = 100
    """About how many records one request brings in a full read; only `plan` uses it."""

    keys_per_request: ClassVar[int] = 5000
    """About how many ids one request of the census brings; only `plan` uses it."""

    always_whole: ClassVar[bool] = False
    """True when every read is a full one, since nothing at the tool dates a change; only `plan` uses it."""

    read_posts: ClassVar[Collection[str]] = ()
    """Paths that only read although they are POSTed to; the session refuses every other write."""

    reads_files: ClassVar[bool] = False
    """True when there is no server: the source then has no `url`, and a `folder` in the workspace instead."""

    def __init__(
        self, config: Mapping[str, Any], http: "transport.GuardedSession", streams: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """*config* is the source's table of itss-bridge.toml, *streams* its `streams` tables (empty when not given)."""
        self.config = config
        self.http = http
        self.stream_config = streams

    @staticmethod
    def token_endpoint(config: Mapping[str, Any]) -> str:  # noqa: ARG004 - its name is the contract
        """Where the vendor gives OAuth tokens to clients: a path below the source's address, or a whole address.

        Empty when there is none. A whole address is only told to the user, never used unless it is configured.
        """
        return ""

    @staticmethod
    def rights(config: Mapping[str, Any]) -> Sequence[Right]:  # noqa: ARG004 - its name is the contract
        """The least rights that reading with this table of itss-bridge.toml takes, `streams` and all; nothing is asked.

        An empty table means: with nothing said. `auth scopes` makes a request to the administrator of it.
        """
        return ()

    @abstractmethod
    def streams(self) -> Sequence[str]:
        """The streams this configuration reads, in the order to read them."""

    @abstractmethod
    def check(self) -> Identity:
        """Who am I there, and what may I read. One or two requests."""

    @abstractmethod
    def count(self, stream: str) -> Count | None:
        """How many records the stream has at the tool now; None where the tool cannot say. One request."""

    @abstractmethod
    def slices(self, stream: str, since: datetime | None) -> Sequence[Slice]:
        """Independent pieces that together hold every record changed at or after *since* (all when None)."""

    @abstractmethod
    def read(self, piece: Slice) -> Iterator[Page]:
        """The records of one slice, page by page. Called from several threads at once, each with its own slice."""

    @abstractmethod
    def census(self, stream: str) -> Iterator[str]:
        """Ids of all records that exist at the tool now and that we may see."""

    def writable(self) -> Mapping[str, str] | None:
        """What the account could change, though we never do: the tool's name of each right, and what it allows.

        Empty when it can change nothing, None when that cannot be told. Only `doctor` asks; one or two requests, which
        read like all others. A refusal is an answer too: let `AccessDenied` pass.
        """
        return None

    def shape(self, stream: str, *, ask: bool) -> Json:  # noqa: ARG002 - most have nothing to ask
        """What decides how a record of *stream* is made; when it differs from last time's, everything is read anew.

        The connector's release and the stream's schema are added by the engine. A connector that can find out which
        fields the account may read says so when it may *ask*: one request, no record is kept. What changes no record,
        such as a page's size, is better left out.
        """
        return {"config": dict(self.config), "table": dict(self.stream_config.get(stream, {}))}


class Exporter(ABC):
    """Turns a finished report into bytes; the same report gives the same bytes."""

    name: ClassVar[str]
    suffix: ClassVar[str]
    """File suffix that selects it, with the dot: `.xlsx`."""

    title: ClassVar[Text] = Text("", "")
    """What a file of it is for, in one line; `export --formats` shows it."""

    shows_trends: ClassVar[bool] = False
    """Whether it shows `Report.trends`, which are measured only when asked for."""

    @abstractmethod
    def export(self, report: Report, language: str) -> bytes:
        """The whole file. *language* is `zh` or `en`: the one to show first."""


class Publisher(ABC):
    """Sends something to a tool, only when told: without `publish --apply` it may look, and change nothing."""

    name: ClassVar[str]
    """What `publisher = "…"` says in itss-bridge.toml."""

    config_schema: ClassVar[Mapping[str, Any]]
    """JSON Schema of the `[publish.NAME]` table's own keys; `source`, `auth`, `username`, `secret` are the engine's."""

    writes: ClassVar[Collection[tuple[str, str]]] = ()
    """What it may change: HTTP method and a regular expression for the whole path below the source's address."""

    def __init__(self, config: Mapping[str, Any], http: "transport.GuardedSession") -> None:
        """*config* is the `[publish.NAME]` table over the keys of its source (`url`, `deployment` …)."""
        self.config = config
        self.http = http


@dataclass(frozen=True, slots=True)
class Draft:
    """What a ticket is to say. *key* is ours and never changes for the same nonconformity: by it a ticket is known."""

    key: str
    title: str
    body: str
    due: date | None


class TicketPublisher(Publisher):
    """Keeps one ticket per draft. Finding must not depend on what people may edit in the ticket, but on its key."""

    @abstractmethod
    def found(self, keys: Sequence[str]) -> Mapping[str, Ticket]:
        """The tickets that carry these keys; a key without one is missing."""

    @abstractmethod
    def seen(self, ids: Sequence[str]) -> Mapping[str, Ticket]:
        """The tickets with these ids as they stand now; one that is gone is missing."""

    @abstractmethod
    def create(self, draft: Draft) -> Ticket:
        """A new ticket. Called once: a request that may have arrived is not sent again."""

    @abstractmethod
    def change(self, ticket: Ticket, draft: Draft) -> Ticket:
        """The ticket with the draft's text and date; its state stays as people left it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a page is to show. *key* is ours and never changes for the same place to publish to: by it a page is known.

    *digest* is that of the report it shows; *title* and *message* are plain text, *body* is in the tool's own format.
    """

    key: str
    title: str
    body: str
    digest: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class PublishedPage:
    """Our page as it stands at the tool; *title* and place are as people left them.

    *digest* is that of the report which it was last noted to show, empty where that note never arrived. *lines* is what
    people read on it now; *touched* when that is not what we last left there.
    """

    id: str
    title: str
    url: str
    version: int
    digest: str
    lines: Sequence[str]
    touched: bool


class PagePublisher(Publisher):
    """Keeps one page in step with the report. It is found by its key, wherever people have moved or renamed it."""

    suffix: ClassVar[str]
    """Suffix of the export format that its pages are made of."""

    @abstractmethod
    def lines(self, body: str) -> Sequence[str]:
        """What people read on a page with this body: a line for each row of a table, paragraph or heading."""

    @abstractmethod
    def found(self, sheet: Sheet) -> PublishedPage | None:
        """The page that carries the sheet's key, None when there is none and its title is free.

        Raises:
            UsageError: it lies in the trash or the archive; or there is none, and another page has its title.
        """

    @abstractmethod
    def create(self, sheet: Sheet) -> PublishedPage:
        """A new page. Each request is sent once: one that may have arrived is not sent again."""

    @abstractmethod
    def change(self, page: PublishedPage, sheet: Sheet) -> PublishedPage:
        """One new version with the sheet's body; refused when somebody has saved the page since it was found."""

    @abstractmethod
    def finish(self, page: PublishedPage, sheet: Sheet) -> PublishedPage:
        """Note on the page what it shows already, without a new version of it."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """How many requests may be under way at once to one origin: *usual*, unless *origins* names it."""

    usual: int
    origins: Mapping[str, int] = field(default_factory=dict)

    def __call__(self, origin: str) -> int:
        """The number for *origin*, one at least."""
        return max(1, self.origins.get(origin, self.usual))


class ExecutorFactory(Protocol):
    """Makes the executor that a fleet runs its workspaces on, and what holds its workers' requests together."""

    name: str

    def __call__(self, options: Mapping[str, str]) -> Executor:
        """An executor; the caller shuts it down. Options: `workers`, and `scheduler` where there is one."""
        ...

    def gates(self, allowed: Allowed) -> AbstractContextManager[Callable[[], Gate]]:
        """Within it, what each task calls in its worker to get its gate; picklable where workers are processes.

        However many workers there are, no origin sees more requests at once through their gates than is *allowed*.
        """
        ...


class Engine(ABC):
    """Runs population queries over the evidence of one lake as of one moment.

    Made with `Engine(lake, as_of, calendar, metrics)`: the calendar that business time is counted by (None: around the
    clock) and the metrics that will be held. It knows `business_seconds`, `business_days` and the table `calendar`.
    """

    name: ClassVar[str]

    finds_least: ClassVar[bool] = False
    """Whether its SQL knows `min(value, n)`, the n least values as a list."""

    @abstractmethod
    def hold(self, metric: Metric, arguments: Mapping[str, str], start: datetime | None, end: datetime) -> None:
        """Run the metric's population query and keep its rows as the table `population`, replacing the one before.

        `population` has the columns id, ref, url, value (double), met (boolean), excluded, at, and priority and service
        where the query gives them; null where it does not. For metrics with the window `event` only rows with
        *start* <= at < *end* are kept.
        """

    def hold_each(
        self,
        metric: Metric,  # noqa: ARG002 - its name is the contract
        asked: Sequence[Mapping[str, str]],  # noqa: ARG002
        start: datetime | None,  # noqa: ARG002
        end: datetime,  # noqa: ARG002
    ) -> bool:
        """The same for several sets of arguments at once; False, with nothing held, where the engine cannot.

        `population` then has the column asked, too: the number (from 0) of the set that a row answers; it stands there
        once for each. Only an engine that finds the least values can do so.
        """
        return False

    @abstractmethod
    def rows(self, sql: str) -> Iterator[Mapping[str, Any]]:
        """The rows of a SELECT over `population`."""

    def beside(self) -> Sequence["Engine"]:
        """Further engines over the same evidence, each to be used by a thread of its own; the caller closes them.

        None where this one uses all of the machine by itself.
        """
        return ()

    @abstractmethod
    def close(self) -> None:
        """Give back memory and files."""


@dataclass(frozen=True, slots=True)
class CatalogueFolder:
    """A folder shaped like `mappings/` that a plugin adds; *owner* is the distribution it came from."""

    path: Path
    owner: str
