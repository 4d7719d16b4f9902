"""One ticket per nonconformity: found by its key before one is made, so that a second run makes no second ticket."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from itss_bridge.contracts import Draft, TicketPublisher
from itss_bridge.evidence.ledger import canonical
from itss_bridge.model import Nonconformity, Ticket
from itss_bridge.nonconformities import Entry
from itss_bridge.wording import GRADE, phrase

ITEMS_NAMED = 20
Doing = Literal["create", "update", "none"]


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done, or was done (*applied*), about one nonconformity's ticket."""

    nonconformity: str
    doing: Doing
    ticket: Ticket | None
    applied: bool

    def as_dict(self) -> dict[str, Any]:
        """The shape that `publish --json` promises."""
        ticket = self.ticket
        return {
            "nonconformity": self.nonconformity,
            "doing": self.doing,
            "applied": self.applied,
            "ref": ticket.ref if ticket else None,
            "url": ticket.url if ticket else None,
            "state": ticket.state if ticket else None,
        }


def key(organisation: str, nonconformity: str) -> str:
    """By what a ticket is known: the same for ever, another for every organisation that uses the same tool."""
    owner = hashlib.sha256(organisation.encode()).hexdigest()[:8]
    return f"itss-bridge-{owner}-{nonconformity.lower()}"


def draft(one: Nonconformity, organisation: str, language: str) -> Draft:
    """What the ticket says, in the workspace's first language."""
    named = ", ".join(item.ref for item in one.failing[:ITEMS_NAMED])
    lines = [
        phrase("ticket_intro", id=one.id, grade=GRADE[one.grade][language])[language],
        phrase("ticket_requirements", named=", ".join(one.requirements) or "–")[language],
        one.reason[language],
        phrase("ticket_items", named=named)[language] if named else "",
        phrase("ticket_closing")[language],
    ]
    title = f"[{one.id}] {one.title[language]}"
    return Draft(key(organisation, one.id), title[:250], "\n\n".join(filter(None, lines)), one.due)


def publish(
    register: Mapping[str, Entry],
    open_ones: Sequence[Nonconformity],
    publisher: TicketPublisher,
    source: str,
    organisation: str,
    language: str,
    day: date,
    keep: Callable[[Entry], None] | None,
) -> list[Step]:
    """Bring tickets in line with the register, one by one.

    Args:
        register: entries by id.
        open_ones: what is to have a ticket.
        publisher: the tool's side.
        source: the name of the source that the tickets live in.
        organisation: whose nonconformities these are; part of the key.
        language: of the texts.
        day: of this run.
        keep: writes an entry at once after its ticket was made or changed; None: only say what would be done.
    """
    drafts = {one.id: draft(one, organisation, language) for one in open_ones}
    there = _there(register, drafts, publisher, source)
    steps = []
    for one, said in drafts.items():
        entry, ticket, new = register[one], there.get(one), _digest(said)
        doing: Doing = "create" if ticket is None else "none" if entry.published == new else "update"
        if keep:
            ticket = _done(publisher, doing, ticket, said)
            ticket = replace(ticket, source=source)
            keep(replace(entry, ticket=ticket, published=new, read=day))
        steps.append(Step(one, doing, ticket, applied=keep is not None))
    return steps


def _there(
    register: Mapping[str, Entry], drafts: Mapping[str, Draft], publisher: TicketPublisher, source: str
) -> dict[str, Ticket]:
    """The tickets there are: by the id we kept, else by the key (the tool may have made one and we never heard)."""
    ids = {one: t.id for one in drafts if (t := register[one].ticket) is not None and t.source == source}
    seen = publisher.seen(sorted(ids.values())) if ids else {}
    there = {one: seen[identity] for one, identity in ids.items() if identity in seen}
    keys = {said.key: one for one, said in drafts.items() if one not in there}
    found = publisher.found(sorted(keys)) if keys else {}
    return there | {keys[name]: ticket for name, ticket in found.items() if name in keys}


def _done(publisher: TicketPublisher, doing: Doing, ticket: Ticket | None, said: Draft) -> Ticket:
    if ticket is None:
        return publisher.create(said)
    return publisher.change(ticket, said) if doing == "update" else ticket


def read_back(entries: Iterable[Entry], publisher: TicketPublisher, source: str, day: date) -> tuple[Entry, ...]:
    """Open entries whose ticket lives in *source*, with the state it is in now; one that is gone is said to be."""
    kept = {e.ticket.id: e for e in entries if e.ticket and e.ticket.source == source and e.closed is None}
    seen = publisher.seen(sorted(kept)) if kept else {}
    return tuple(replace(entry, ticket=_now(entry, seen.get(one), source), read=day) for one, entry in kept.items())


def _now(entry: Entry, seen: Ticket | None, source: str) -> Ticket | None:
    if seen:
        return replace(seen, source=source)
    return replace(entry.ticket, state="gone", done=False) if entry.ticket else None


def _digest(said: Draft) -> str:
    return hashlib.sha256(canonical([said.title, said.body, said.due])).hexdigest()[:16]
