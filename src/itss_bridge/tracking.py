"""Nonconformities of a workspace in use: opened from a report, published, read back, closed by a new measurement."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from itss_bridge.bridge import Bridge
from itss_bridge.errors import BridgeError, UsageError
from itss_bridge.messages import say
from itss_bridge.model import Report
from itss_bridge.nonconformities import (
    DUE_DAYS,
    FOLDER,
    Entry,
    Register,
    closing,
    drafted,
    failures,
    results,
)
from itss_bridge.publish import Step, publish, read_back


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What reading tickets gave at one source: entries with their new state, or why none could be read."""

    source: str
    entries: tuple[Entry, ...]
    problem: str = ""


class Tracking:
    """The register of one workspace."""

    def __init__(self, bridge: Bridge) -> None:
        self.bridge = bridge
        self.register = Register(bridge.workspace.root / FOLDER)

    def open(self, report: Report, *, apply: bool) -> tuple[Entry, ...]:
        """New entries for what fails and nobody tracks yet; written only when *apply*."""
        found = failures(report.assessment, report.target)
        days = {**DUE_DAYS, **self.bridge.workspace.days_to_correct}
        new = drafted(found, self.register.entries(), self.bridge.workspace.day_of(report.as_of), days)
        for entry in new if apply else ():
            self.register.add(entry)
        return new

    def close(self, report: Report, ids: Collection[str]) -> tuple[Entry, ...]:
        """Close these by what the report measured; all or none.

        Raises:
            GateNotMet: one of them may not be closed.
            UsageError: there is no such open entry.
        """
        judged, day = results(report.assessment), self.bridge.workspace.day_of(report.as_of)
        closed = tuple(closing(entry, judged, day) for entry in self._open_entries(ids))
        for entry in closed:
            self.register.keep(entry)
        return closed

    def _open_entries(self, ids: Collection[str]) -> list[Entry]:
        there = {entry.id: entry for entry in self.register.entries() if entry.closed is None}
        for one in ids:
            if one not in there:
                fix = say("open are: {names}", names=", ".join(there) or "none")
                raise UsageError(
                    say("there is no open nonconformity {one!r}", one=one), where=str(self.register.folder), fix=fix
                )
        return [there[one] for one in ids]

    def publish(self, report: Report, place: str, *, apply: bool, grades: Collection[str] = ()) -> list[Step]:
        """One ticket for every entry that is open, or only for those of some *grades*; changed only when *apply*."""
        publisher, source = self.bridge.publisher(place, apply=apply)
        wanted = [
            one for one in report.nonconformities if one.progress != "closed" and (not grades or one.grade in grades)
        ]
        return publish(
            {entry.id: entry for entry in self.register.entries()},
            wanted,
            publisher,
            source,
            report.organisation,
            report.languages[0],
            self.bridge.workspace.day_of(report.as_of),
            self.register.keep if apply else None,
        )

    def read_tickets(self, moment: datetime) -> Sequence[ReadBack]:
        """Take over the state of every open entry's ticket; a tool that does not answer is reported, not raised."""
        entries = [entry for entry in self.register.entries() if entry.ticket and entry.closed is None]
        used = {entry.ticket.source for entry in entries if entry.ticket}
        places = {self.bridge.workspace.publish[place]["source"]: place for place in self.bridge.workspace.publish}
        return [self._read_from(source, places[source], entries, moment) for source in sorted(used & set(places))]

    def _read_from(self, source: str, place: str, entries: Sequence[Entry], moment: datetime) -> ReadBack:
        try:
            publisher, _ = self.bridge.publisher(place, apply=False)
            seen = read_back(entries, publisher, source, self.bridge.workspace.day_of(moment))
        except BridgeError as error:
            return ReadBack(source, (), str(error))
        for entry in seen:
            self.register.keep(entry)
        return ReadBack(source, seen)
