"""What comes back: tickets on the same item and of the same category soon after one like them was ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from itss_bridge.analysis.tickets import Tickets

WITHIN = timedelta(days=90)
"""How soon a ticket must follow to count as the same trouble again; the same window as for problems. Our choice."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """*count* of *tickets* with one item and category followed an ended one within 90 days, *days* in the median."""

    item: str
    category: str
    tickets: int
    count: int
    days: float
    newest: str


_SQL = """
    WITH kind AS (
        SELECT {item} AS item, category, ref, id, opened_at, ended_at FROM ticket
    ),
    followed AS (
        SELECT *,
               max(ended_at) OVER (
                   PARTITION BY item, category ORDER BY opened_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
               ) AS before
        FROM kind WHERE item IS NOT NULL AND category IS NOT NULL
    ),
    judged AS (
        SELECT *, before IS NOT NULL AND before <= opened_at AND opened_at - before <= to_days($days) AS again
        FROM followed WHERE $since::TIMESTAMPTZ IS NULL OR opened_at >= $since
    )
    SELECT item, category, count(*), count(*) FILTER (again),
           median(date_diff('second', before, opened_at) / 86400.0) FILTER (again),
           arg_max(ref, opened_at) FILTER (again)
    FROM judged GROUP BY item, category HAVING count(*) FILTER (again) > 0
    ORDER BY 4 DESC, 1, 2
"""


def recurrences(tickets: Tickets, since: datetime | None) -> list[Recurrence]:
    """Pairs of item and category that came back, most often first; tickets without either cannot be judged."""
    item = "unnest(configuration_items)" if "configuration_items" in tickets.columns else "service"
    tickets.column("category")
    rows = tickets.ask(_SQL.format(item=item), {"days": WITHIN.days, "since": since})
    return [
        Recurrence(kind, category, int(tickets_of), int(count), float(days), newest)
        for kind, category, tickets_of, count, days, newest in rows
    ]
