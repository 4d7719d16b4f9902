"""Where tickets come from: the few causes behind most of them (Pareto)."""

from dataclasses import dataclass
from datetime import datetime

from itss_bridge.analysis.tickets import Tickets

VITAL = 80.0
"""Percent of tickets that the vital few causes hold: Pareto's usual cut."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One value of a field: *count* tickets, *share* and *cumulative* in percent; *vital* up to four fifths of all.

    Tickets without a value are one cause of their own, named by an empty string: what is not recorded is no cause that
    can be mended, and must not vanish from the total either.
    """

    name: str
    count: int
    share: float
    cumulative: float
    vital: bool


def causes(tickets: Tickets, field: str, since: datetime | None) -> list[Cause]:
    """Tickets opened since, by the values of *field*, most frequent first; of a list every entry counts.

    Shares are of all tickets; where one ticket has several values they add up to more than 100 %.

    Raises:
        UsageError: the stream has no such field.
    """
    column = tickets.column(field)
    several = field in _lists(tickets)
    value = f"unnest(CASE WHEN len({column}) > 0 THEN {column} ELSE [''] END)" if several else f"{column}::VARCHAR"
    inside = "WHERE $since::TIMESTAMPTZ IS NULL OR opened_at >= $since"
    rows = tickets.ask(
        f"SELECT coalesce(name, ''), count(*) FROM (SELECT {value} AS name FROM ticket {inside}) "  # noqa: S608 - quoted
        "GROUP BY ALL ORDER BY 2 DESC, 1",
        {"since": since},
    )
    ((total,),) = tickets.ask(f"SELECT count(*) FROM ticket {inside}", {"since": since})  # noqa: S608 - our own
    return _ranked([(str(name), int(count)) for name, count in rows], int(total))


def _lists(tickets: Tickets) -> set[str]:
    return {name for name, kind, *_ in tickets.ask("DESCRIBE ticket") if str(kind).endswith("[]")}


def _ranked(rows: list[tuple[str, int]], total: int) -> list[Cause]:
    found: list[Cause] = []
    counted, all_values = 0, sum(count for _, count in rows)
    for name, count in rows:
        before = 100 * counted / all_values
        counted += count
        found.append(Cause(name, count, 100 * count / total, 100 * counted / all_values, before < VITAL))
    return found
