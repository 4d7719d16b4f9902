"""The certificate register and what the organisation states, read from evidence rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from itss_bridge.lifecycle.days import day_of

CERTIFICATE_FIELDS = (
    "id",
    "ref",
    "holder",
    "scheme",
    "level",
    "awarded_at",
    "expires_at",
    "status",
    "body",
    "number",
    "scope",
    "edition",
    "surveillance_dates",
    "surveillance_months",
    "next_audit_at",
)
STATEMENT_FIELDS = ("id", "changed_at", "topic", "statement", "on", "holds", "expires_at")


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate of the organisation; *scheme* is the framework's id, *level* an ITSS level or empty.

    *surveillances* are days on which surveillance was completed, in order; *unread* is what was written there instead
    of a date. *agreed* is the day agreed with the body for its next visit.
    """

    id: str
    ref: str
    scheme: str
    level: str = ""
    awarded: date | None = None
    expires: date | None = None
    status: str = "valid"
    body: str = ""
    number: str = ""
    scope: str = ""
    edition: str = ""
    surveillances: tuple[date, ...] = ()
    interval: int | None = None
    agreed: date | None = None
    unread: tuple[str, ...] = ()

    def in_force(self, today: date) -> bool:
        """Whether it may be used on *today*: valid, awarded, and not ended."""
        return self.status == "valid" and self.stands(today)

    def stands(self, today: date) -> bool:
        """Whether there is something to keep up on *today*: in force, or suspended and not ended."""
        begun = self.awarded is None or self.awarded <= today
        ended = self.expires is not None and self.expires <= today
        return self.status in {"valid", "suspended"} and begun and not ended

    def state(self, today: date) -> str:
        """`valid suspended withdrawn expired ahead`, as of *today*."""
        if self.status != "valid":
            return self.status
        if self.expires is not None and self.expires <= today:
            return "expired"
        return "ahead" if self.awarded is not None and self.awarded > today else "valid"


@dataclass(frozen=True, slots=True)
class Statement:
    """The newest statement on a topic."""

    id: str
    topic: str
    text: str
    on: date | None
    holds: bool
    expires: date | None

    def expired(self, today: date) -> bool:
        """Whether it must be stated again."""
        return self.expires is not None and self.expires <= today


def certificates(rows: Iterable[Mapping[str, Any]], zone: ZoneInfo, today: date) -> tuple[Certificate, ...]:
    """The organisation's certificates, by scheme, award and id; persons' certificates are left out."""
    own = (row for row in rows if row.get("scheme") and (row.get("holder") or "organisation") == "organisation")
    found = (_certificate(row, zone, today) for row in own)
    return tuple(sorted(found, key=lambda c: (c.scheme, c.awarded or date.max, c.id)))


def _certificate(row: Mapping[str, Any], zone: ZoneInfo, today: date) -> Certificate:
    written = [str(text).strip() for text in row.get("surveillance_dates") or ()]
    days = {text: _day(text) for text in written}
    return Certificate(
        id=row["id"],
        ref=row.get("ref") or row["id"],
        scheme=row["scheme"],
        level=row.get("level") or "",
        awarded=day_of(row.get("awarded_at"), zone),
        expires=day_of(row.get("expires_at"), zone),
        status=row.get("status") or "valid",
        body=row.get("body") or "",
        number=row.get("number") or "",
        scope=row.get("scope") or "",
        edition=row.get("edition") or "",
        # what is said to be done on a day to come is not done yet
        surveillances=tuple(sorted({day for day in days.values() if day and day <= today})),
        interval=row.get("surveillance_months"),
        agreed=day_of(row.get("next_audit_at"), zone),
        unread=tuple(text for text, day in days.items() if day is None),
    )


def _day(text: str) -> date | None:
    try:
        year, month, day = map(int, text.replace("/", "-").split("-"))
        return date(year, month, day)
    except ValueError:
        return None


def statements(rows: Iterable[Mapping[str, Any]], zone: ZoneInfo) -> dict[str, Statement]:
    """The newest statement on each topic; statements that do not hold included: they take back an older one."""
    newest: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        topic = row.get("topic")
        if topic and (topic not in newest or _age(row) > _age(newest[topic])):
            newest[topic] = row
    return {topic: _statement(row, zone) for topic, row in sorted(newest.items())}


def _age(row: Mapping[str, Any]) -> tuple[datetime, str]:
    return row["changed_at"], row["id"]


def _statement(row: Mapping[str, Any], zone: ZoneInfo) -> Statement:
    return Statement(
        id=row["id"],
        topic=row["topic"],
        text=(row.get("statement") or "").strip(),
        on=day_of(row.get("on"), zone),
        holds=row.get("holds") is not False,
        expires=day_of(row.get("expires_at"), zone),
    )
