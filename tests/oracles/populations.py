"""Random populations: rows of every stream a metric reads, made of what trips up a query.

Nulls everywhere, moments exactly on the edges of the period and one second beside them, the same instant in several
time zones, the same id in two tools, states and labels that leave a ticket out.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st
from tests.oracles.judged import Given

from itss_bridge.data import schema
from itss_bridge.model import Metric

SHANGHAI = timezone(timedelta(hours=8))
ZONES = (UTC, SHANGHAI, timezone(timedelta(hours=-5)))
PERIODS = (
    (datetime(2016, 1, 1, tzinfo=UTC), datetime(2016, 2, 1, tzinfo=UTC)),
    (datetime(2016, 1, 1, tzinfo=SHANGHAI), datetime(2016, 7, 1, tzinfo=SHANGHAI)),
    (None, datetime(2016, 2, 1, tzinfo=UTC)),
)
MOST_ROWS = 10
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
# by stream.field or field: what a word can be where the schema leaves it open
WORDS: Mapping[str, tuple[Any, ...]] = {
    "labels": (
        ["test"],
        ["duplicate"],
        ["vip"],
        ["security-incident"],
        ["knowledge"],
        ["kb-how-to-article", "vip"],
        [],
    ),
    "resolution_code": ("Solved", "DUPLICATE"),
    "category": ("Security", "网络"),
    "subcategory": ("vpn", "wifi"),
    "channel": ("phone", "Monitoring", "ALERT"),
    "links": (["R1"], ["R2", "R3"], []),
    "incidents": (["R1"], ["R2", "R3"], []),
    "configuration_items": (["c1"], ["c1", "c2"], []),
    "scheme": ("itss", "itss-engineer", "pmp", "itil4", "itil", "iso9001"),
    "configuration_audit.configuration_item": ("c1", "c2", "c3"),
    "service_report.document": ("R1", "R2", "R9"),
    "group": ("g1", "g2", "g3"),
    "outage.agreed_hours": (None, None, None, 3),
    "routine_class.subcategory": (None, None, "vpn"),
    "outage.kind": ("outage", "outage", "outage", "degradation", "planned"),
    "person": ("p1", "p2", "p3"),
    "customer": ("1", "k2", "k3"),
    "service": ("s1", "s2"),
}
NUMBERS: Mapping[str, tuple[float, ...]] = {
    "waiting_seconds": (0, 60, 3600, 10_000_000),
    "agreed_hours": (0, 3, 744, 2400, 4800),
    "revenue": (0, 1000, 900),
    "rnd_expense": (0, 50, 27.5),
    "service_income": (0, 100, 121, 90),
    "recommend": (0, 6, 7, 8, 9, 10),
    "line": (1, 2, 3),
    "priority": (1, 2, 3),
    "impact": (1, 2, 3),
}


def populations(metric: Metric) -> st.SearchStrategy[Given]:
    """Rows for all streams of a metric, a period, and arguments."""
    return st.sampled_from(PERIODS).flatmap(lambda period: _population(metric, *period))


def _population(metric: Metric, start: datetime | None, end: datetime) -> st.SearchStrategy[Given]:
    # a field that the query does not name cannot matter
    named = set(re.findall(r"\w+", metric.population))
    streams = st.fixed_dictionaries({stream: _rows(stream, named, _moments(start, end)) for stream in metric.streams})
    arguments = st.fixed_dictionaries({name: st.sampled_from(ARGUMENTS[name]) for name in metric.parameters})
    return st.builds(lambda rows, given: Given(rows, start, end, given), streams, arguments)


ARGUMENTS = {
    "bound": ("lower", "upper"),
    "business_months": ("1", "3"),
    "certificate_months": ("1", "3"),
    "kind": ("management", "operation"),
    "label": ("knowledge", "vip"),
    "level": ("", "1", "3"),
    "minimum_amount": ("12.5", "60"),
    "minimum_months": ("1", "3"),
    "number": ("12.5", "60"),
    "other_number": ("12.5", "60"),
    "other_topic": ("2", "3"),
    "scheme": ("itss", "pmp"),
    "topic": ("1", "2"),
    "type": ("standard", "emergency"),
    "years": ("1", "2", "3"),
}


def _moments(start: datetime | None, end: datetime) -> st.SearchStrategy[datetime]:
    begin = start or end - 31 * DAY
    edges = [
        begin - SECOND,
        begin,
        begin + SECOND,
        end - DAY,
        end - SECOND,
        end,
        end + SECOND,
        begin + 90 * DAY,
        begin + 90 * DAY + SECOND,
    ]
    # few, so that two fields are often the same instant, a day or exactly ninety days apart
    few = [begin - 5 * DAY, begin + DAY, begin + 2 * DAY, begin + 9 * DAY, begin + 9.5 * DAY, begin + 91 * DAY]
    anywhere = st.integers(-24 * 10, 24 * 100).map(lambda hours: begin + timedelta(hours=hours))
    moment = st.one_of(st.sampled_from(edges), st.sampled_from(few), st.sampled_from([*edges, *few]), anywhere)
    return st.builds(lambda at, zone: at.astimezone(zone), moment, st.sampled_from(ZONES))


def _rows(
    stream: str, named: set[str], moments: st.SearchStrategy[datetime]
) -> st.SearchStrategy[list[dict[str, Any]]]:
    rules = schema(f"streams/{stream}")["properties"]
    fields = {name: _known(_field(stream, name, rule, moments)) for name, rule in rules.items() if name in named}
    row = st.fixed_dictionaries(
        {"id": st.sampled_from("123456"), "source": st.sampled_from("ab"), "changed_at": moments} | fields
    )
    unique = st.lists(row, max_size=MOST_ROWS, unique_by=lambda found: (found["source"], found["id"]))
    return unique.map(lambda rows: [_mostly_forwards(found | {"ref": f"R{found['id']}"}) for found in rows])


def _mostly_forwards(row: dict[str, Any]) -> dict[str, Any]:
    """What runs from a start to an end starts first, save in a few rows."""
    start, end = row.get("started_at"), row.get("ended_at")
    backwards = start and end and end < start and row["id"] != "6"
    return row | {"started_at": end, "ended_at": start} if backwards else row


def _known(field: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly known: were half of the fields null, hardly a row would count."""
    return st.integers(0, 6).flatmap(lambda toss: field if toss else st.none())


def _field(
    stream: str, name: str, rule: Mapping[str, Any], moments: st.SearchStrategy[datetime]
) -> st.SearchStrategy[Any]:
    words = WORDS.get(f"{stream}.{name}", WORDS.get(name))
    if name == "history":
        return st.lists(_step(moments), max_size=3)
    if f"{stream}.{name}" == "financial_year.ended_at":
        return st.integers(2012, 2016).map(lambda year: datetime(year, 12, 31, tzinfo=UTC))
    if rule.get("format") == "date-time":
        return moments
    if "enum" in rule and not words:
        return st.sampled_from([word for word in rule["enum"] if word is not None])
    if words or name in NUMBERS:
        return st.sampled_from(words or NUMBERS[name])
    return KINDS[rule["type"][0]]


KINDS = {
    "boolean": st.booleans(),
    "integer": st.integers(1, 3) | st.just(0),
    "number": st.sampled_from((0, 12.5, 60, 100)),
    "string": st.sampled_from("123"),
}


def _step(moments: st.SearchStrategy[datetime]) -> st.SearchStrategy[dict[str, Any]]:
    group = st.none() | st.sampled_from(WORDS["group"])
    field = st.sampled_from(["group", "group", "group", "state"])
    return st.fixed_dictionaries({"at": moments, "field": field, "from": group, "to": group})
