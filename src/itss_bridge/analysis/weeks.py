"""Week by week: how much came in, how much was ended, how much lay there at the end."""

from dataclasses import dataclass
from datetime import date

from itss_bridge.analysis.tickets import Tickets


@dataclass(frozen=True, slots=True)
class Week:
    """A whole week from Monday *start*, in the workspace's zone; *backlog* is what was open when it ended."""

    start: date
    opened: int
    ended: int
    backlog: int


# Only weeks that are over: the running one would look like a fall.
_WEEKS = """
    WITH edge AS (SELECT CAST(date_trunc('week', $as_of::TIMESTAMPTZ) AS DATE) AS last_monday),
    event AS (
        SELECT CAST(date_trunc('week', opened_at) AS DATE) AS week, 1 AS opened, 0 AS ended FROM ticket
        UNION ALL
        SELECT CAST(date_trunc('week', ended_at) AS DATE), 0, 1 FROM ticket WHERE ended_at < $as_of
    ),
    counted AS (SELECT week, sum(opened) AS opened, sum(ended) AS ended FROM event GROUP BY week),
    every AS (
        SELECT CAST(unnest(generate_series(min(week), (SELECT last_monday FROM edge), INTERVAL 7 DAY)) AS DATE) AS week
        FROM counted
    )
    SELECT week, coalesce(opened, 0), coalesce(ended, 0),
           sum(coalesce(opened, 0) - coalesce(ended, 0)) OVER (ORDER BY week)
    FROM every LEFT JOIN counted USING (week)
    WHERE week < (SELECT last_monday FROM edge)
    ORDER BY week
"""


def weeks(tickets: Tickets) -> list[Week]:
    """All whole weeks from the first ticket on, without gaps."""
    return [Week(start, int(o), int(e), int(b)) for start, o, e, b in tickets.ask(_WEEKS, {"as_of": tickets.as_of})]
