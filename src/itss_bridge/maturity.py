"""The quarterly self-assessment: how levels and elements stood at the end of each quarter, measured as of then."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from itss_bridge.matrix import LEAD
from itss_bridge.model import Report, Status


@dataclass(frozen=True, slots=True)
class QuarterEnd:
    """One quarter's end: each level's status, and per element how many requirements have which status."""

    name: str
    end: date
    reached: int | None
    levels: dict[int, Status]
    elements: dict[str, dict[Status, int]]
    incomplete: tuple[str, ...]


def quarter_ends(moment: datetime, count: int, zone: ZoneInfo) -> list[datetime]:
    """The last *count* moments at which a quarter was over, oldest first: midnights in *zone*, none after *moment*."""
    local = moment.astimezone(zone)
    first = date(local.year, (local.month - 1) // 3 * 3 + 1, 1)
    days = []
    for _ in range(count):
        days.append(first)
        before = first - timedelta(days=1)
        first = date(before.year, (before.month - 1) // 3 * 3 + 1, 1)
    return [datetime.combine(day, time(), zone) for day in reversed(days)]


def quarter(report: Report) -> QuarterEnd:
    """What a report as of a quarter's end says of maturity; its day is the last of the quarter."""
    end = (report.as_of - timedelta(microseconds=1)).astimezone(ZoneInfo(report.time_zone)).date()
    elements: dict[str, dict[Status, int]] = {}
    for finding in report.findings(LEAD):
        counts = elements.setdefault(report.requirement(finding.requirement).element, dict.fromkeys(Status, 0))
        counts[finding.status] += 1
    return QuarterEnd(
        name=f"{end.year} Q{(end.month - 1) // 3 + 1}",
        end=end,
        reached=report.assessment.reached,
        levels={level: outcome.status for level, outcome in report.assessment.levels.items()},
        elements=elements,
        incomplete=tuple(sorted({state.stream for state in report.streams if state.state != "complete"})),
    )
