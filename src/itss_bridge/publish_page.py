"""The report as one page in a wiki: found by our key, made once, given a new version only when the report changed."""

import difflib
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from functools import partial
from itertools import islice
from typing import Any, Literal

from itss_bridge.bridge import Bridge
from itss_bridge.contracts import PagePublisher, PublishedPage, Sheet
from itss_bridge.evidence.ledger import canonical
from itss_bridge.messages import say
from itss_bridge.model import Report
from itss_bridge.wording import phrase

Doing = Literal["create", "update", "finish", "none"]


@dataclass(frozen=True, slots=True)
class PageStep:
    """What is to be done, or was done (*applied*), about the page; *before* are the lines that people read on it."""

    doing: Doing
    applied: bool
    sheet: Sheet
    page: PublishedPage | None
    before: Sequence[str]
    after: Sequence[str]

    @property
    def touched(self) -> bool:
        """Whether people have changed the page's text since it was last published."""
        return self.page is not None and self.page.touched

    @property
    def changed(self) -> int:
        """How many lines become others, come or go."""
        return _changed(self.before, self.after)

    def diff(self) -> Iterator[str]:
        """The lines that go (`-`) and come (`+`), in the order of the page."""
        told = islice(difflib.unified_diff(self.before, self.after, n=0, lineterm=""), 2, None)
        return (line for line in told if not line.startswith("@@"))

    def as_dict(self) -> dict[str, Any]:
        """The shape that `publish page --json` promises; see `schemas/cli/publish-page.json`."""
        page = self.page
        return {
            "doing": self.doing,
            "applied": self.applied,
            "id": page.id if page else None,
            "title": page.title if page else self.sheet.title,
            "url": page.url if page else None,
            "version": page.version if page else None,
            "changed": self.changed,
            "touched": self.touched,
            "bytes": len(self.sheet.body.encode()),
            "digest": self.sheet.digest,
        }


def key(organisation: str, place: str) -> str:
    """By what a page is known: the same for ever, another for every organisation and every place it publishes to."""
    return f"itss-bridge-page-{hashlib.sha256(canonical([organisation, place])).hexdigest()[:16]}"


class PagePublishing:
    """The page of one `[publish.NAME]` table."""

    def __init__(self, bridge: Bridge, place: str, *, apply: bool) -> None:
        """UsageError when there is no such table, it is wrong, or it is not one for pages."""
        self._bridge = bridge
        self._place = place
        self._apply = apply
        self._publisher, _ = bridge.page_publisher(place, apply=apply)

    def publish(self, report: Report) -> PageStep:
        """Bring the page in line with the report, or only say what that takes; see `publish_page`."""
        return publish_page(self._publisher, self._sheet(report), partial(self._message, report), apply=self._apply)

    def _sheet(self, report: Report) -> Sheet:
        plugins = self._bridge.plugins
        exporter = plugins.pick(plugins.exporters, self._publisher.suffix, say("format"))()
        language = report.languages[0]
        body = exporter.export(report, language).decode()
        dated = exporter.export(replace(report, as_of=self._day(report)), language)
        title = str(self._publisher.config["title"])
        return Sheet(key(report.organisation, self._place), title, body, hashlib.sha256(dated).hexdigest())

    def _day(self, report: Report) -> datetime:
        """The day of the report alone: what says the same at another hour of that day is the same."""
        workspace = self._bridge.workspace
        return datetime.combine(workspace.day_of(report.as_of), time(), workspace.time_zone)

    def _message(self, report: Report, changed: int) -> str:
        at = report.as_of.astimezone(self._bridge.workspace.time_zone)
        told = phrase("page_message", version=report.version, as_of=f"{at:%Y-%m-%d %H:%M}", n=changed)
        return told[report.languages[0]]


def publish_page(publisher: PagePublisher, sheet: Sheet, message: Callable[[int], str], *, apply: bool) -> PageStep:
    """Bring our page in line with *sheet*, or only say what that takes.

    Args:
        publisher: the tool's side.
        sheet: what the page is to show.
        message: of a new version, by the number of lines that change.
        apply: whether to write.

    Raises:
        UsageError: the page lies in the trash, or a page that is not ours has its title.
        AccessDenied: the account may not do it; the right is named.
        SourceUnavailable: the tool did not answer, or somebody saved the page meanwhile.
    """
    there = publisher.found(sheet)
    before, after = there.lines if there else (), publisher.lines(sheet.body)
    doing = _doing(there, sheet, after)
    if apply and doing != "none":
        there = _done(publisher, doing, there, replace(sheet, message=message(_changed(before, after))))
    return PageStep(doing, apply, sheet, there, before, after)


def _done(publisher: PagePublisher, doing: Doing, there: PublishedPage | None, sheet: Sheet) -> PublishedPage:
    if there is None:
        return publisher.create(sheet)
    done = publisher.finish(there, sheet) if doing == "finish" else publisher.change(there, sheet)
    return replace(done, touched=there.touched)


def _doing(there: PublishedPage | None, sheet: Sheet, lines: Sequence[str]) -> Doing:
    if there is None:
        return "create"
    if there.digest == sheet.digest and not there.touched:
        return "none"
    # the page arrived and its note did not, or somebody put back what we had written
    return "finish" if list(there.lines) == list(lines) else "update"


def _changed(before: Sequence[str], after: Sequence[str]) -> int:
    gone, come = Counter(before) - Counter(after), Counter(after) - Counter(before)
    return max(gone.total(), come.total())
