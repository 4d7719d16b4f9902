"""The facts: what was found, measured, mapped, collected and is to be done. Each row joins the dimensions by key."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

from itss_bridge.exporters.reading import Entry, Reading
from itss_bridge.exporters.star.shape import Field, Row, Table
from itss_bridge.model import Measurement, Report

REQUIREMENT = Field("requirement", "the requirement", of="dim_requirement")
STATUS = Field("status", "its status", of="dim_status")
VERDICT = Field("verdict", "met, not_met or undetermined", of="dim_verdict")
CHECK = Field("check", "the check", of="dim_check")
LEVEL = Field("level", "the ITSS level, 4 is the lowest", "integer", "dim_level")
METRIC = Field("metric", "the metric", of="dim_metric")
ARGUMENTS = Field("arguments", "what the metric was asked for, name=value")
NUMBERS = (
    Field("value", "the number, in the metric's unit; empty where there is none", "number"),
    Field("n", "items that the number rests on", "integer"),
    Field("numerator", "from the same query as the value", "number"),
    Field("denominator", "from the same query as the value", "integer"),
    Field("population", "all items looked at, those left out included", "integer"),
    Field("window_start", "first day of the window; empty: all time", "date", "dim_date"),
    Field("window_end", "first day after the window", "date", "dim_date"),
    Field("unknown", "why nothing may be concluded; empty otherwise"),
)


def facts(report: Report) -> list[Table]:
    """All facts of a report."""
    reading = Reading(report)
    # gaps first: a gap may rest on a result that no requirement names, and then makes its check known
    gaps = _gaps(reading)
    return [
        _findings(reading),
        _mappings(reading),
        _results(reading),
        _asked(reading),
        _levels(reading),
        _rules(reading),
        _measurements(reading),
        _months(reading),
        gaps,
        _nonconformities(report),
        _items(reading),
        _streams(reading),
        _milestones(report),
    ]


def _findings(reading: Reading) -> Table:
    fields = (
        REQUIREMENT,
        STATUS,
        Field("measured", "what was measured where a person's judgement decides; else empty", of="dim_status"),
        Field("basis", "checks, mappings, children, none, scope or judgement"),
        Field("evidence", "records behind it", "integer"),
        Field("as_of", "the day spoken of", "date", "dim_date"),
        Field("reason_en", "why"),
        Field("reason_zh", "原因"),
    )
    day = reading.local(reading.report.as_of).date()
    rows: tuple[Row, ...] = tuple(
        (f.requirement, f.status, f.measured, f.basis, f.evidence, day, f.reason.en, f.reason.zh)
        for found in reading.findings.values()
        for f in found
    )
    return Table("fact_finding", "one row per assessable requirement", fields, rows, "requirement")


def _mappings(reading: Reading) -> Table:
    fields = (
        REQUIREMENT,
        Field("counterpart", "the requirement of another framework", of="dim_requirement"),
        Field("relationship", "how the requirement stands to its counterpart", of="dim_relationship"),
        Field("strength", "1 to 10", "integer"),
        Field("review", "proposed or reviewed"),
        Field("counterpart_status", "the counterpart's own status", of="dim_status"),
    )
    rows: tuple[Row, ...] = tuple(
        (row.requirement, cell.requirement, cell.relationship, cell.strength, cell.review, cell.status)
        for row in reading.report.rows
        for cells in row.cells.values()
        for cell in cells
    )
    return Table("fact_mapping", "one row per cell of the matrix, read from both sides", fields, rows)


def _results(reading: Reading) -> Table:
    fields = (
        CHECK,
        VERDICT,
        Field("distance", "from what is needed to the value, negative where something is missing", "number"),
        *NUMBERS,
        Field("reason", "why it is not met or undetermined"),
    )
    rows = tuple(
        (e.key, e.result.verdict, e.result.distance, *_numbers(reading, e.result.measurement), e.result.reason)
        for e in reading.entries.values()
    )
    return Table("fact_check_result", "one row per check, measured", fields, rows, "check")


def _asked(reading: Reading) -> Table:
    rows = tuple((e.key, name) for e in reading.entries.values() for name in dict.fromkeys(e.requirements))
    return Table("bridge_check_requirement", "which check speaks to which requirement", (CHECK, REQUIREMENT), rows)


def _levels(reading: Reading) -> Table:
    fields = (LEVEL, STATUS, Field("reason_en", "why"), Field("reason_zh", "原因"))
    rows = tuple(
        (level, outcome.status, outcome.reason.en, outcome.reason.zh)
        for level, outcome in sorted(reading.report.assessment.levels.items(), reverse=True)
    )
    return Table("fact_level", "one row per ITSS level", fields, rows, "level")


def _rules(reading: Reading) -> Table:
    fields = (
        LEVEL,
        Field("pack", "the rule pack", of="dim_pack"),
        CHECK,
        VERDICT,
        Field("binding", "whether it decides the level", "boolean"),
    )
    rows = tuple((r.level, r.pack.pack.id, r.key, r.result.verdict, r.pack.binding) for r in reading.rules)
    return Table("fact_level_rule", "one row per rule of each pack at each level", fields, rows)


def _measurements(reading: Reading) -> Table:
    rows = tuple(
        (
            n,
            m.metric,
            _arguments(m.arguments),
            *_numbers(reading, m),
            m.spread.get("mean"),
            m.spread.get("median"),
            m.spread.get("p90"),
        )
        for n, m in enumerate(reading.report.assessment.measurements, 1)
    )
    spread = tuple(Field(name, f"{name} of the items", "number") for name in ("mean", "median", "p90"))
    fields = (Field("measurement", "counts the rows", "integer"), METRIC, ARGUMENTS, *NUMBERS, *spread)
    return Table("fact_measurement", "one row per metric, arguments and window", fields, rows, "measurement")


def _months(reading: Reading) -> Table:
    fields = (METRIC, ARGUMENTS, Field("whole", "false for the running month", "boolean"), *NUMBERS)
    rows = tuple(
        (trend.metric, _arguments(trend.arguments), point.whole, *_numbers(reading, point.measurement))
        for trend in reading.report.trends
        for point in trend.points
    )
    return Table("fact_month", "metrics month by month", fields, rows)


def _gaps(reading: Reading) -> Table:
    fields = (
        Field("rank", "1 is to be closed first", "integer"),
        CHECK,
        VERDICT,
        Field("opens", "clauses × frameworks × levels that its being met would open", "integer"),
        Field("effort", "person-days", "integer"),
        Field("assumed", "true where nobody has said how much effort it takes", "boolean"),
        Field("binding", "whether it holds a level back", "boolean"),
        Field("owner", "the responsible role"),
        Field("due", "until when", "date", "dim_date"),
        Field("earliest", "the first day that it can be closed at all", "date", "dim_date"),
    )
    rows = tuple(
        (
            gap.rank,
            reading.key(gap.result, "gap"),
            gap.result.verdict,
            gap.opens,
            gap.effort,
            gap.assumed,
            gap.binding,
            gap.action.owner if gap.action else None,
            gap.action.due if gap.action else None,
            gap.earliest,
        )
        for gap in reading.report.gaps
    )
    return Table("fact_gap", "what is not met or lacks evidence", fields, rows, "rank")


def _nonconformities(report: Report) -> Table:
    fields = (
        Field("nonconformity", "its id in the register"),
        Field("subject", "the check or requirement that does not conform"),
        Field("grade", "major, minor or observation"),
        Field("progress", "open, correcting, corrected or closed"),
        *(Field(name, f"{name} on", "date", "dim_date") for name in ("opened", "due", "closed")),
        Field("owner", "the responsible role"),
        Field("title_en", "what it is"),
        Field("title_zh", "名称"),
    )
    rows: tuple[Row, ...] = tuple(
        (n.id, n.subject, n.grade, n.progress, n.opened, n.due, n.closed, n.owner, n.title.en, n.title.zh)
        for n in report.nonconformities
    )
    return Table("fact_nonconformity", "the register", fields, rows, "nonconformity")


def _items(reading: Reading) -> Table:
    fields = (
        CHECK,
        Field("item", "its id at the tool"),
        Field("ref", "what people call it"),
        Field("url", "where it is"),
        Field("value", "its own number", "number"),
        Field("on", "its day", "date", "dim_date"),
    )
    rows = tuple(row for entry in reading.entries.values() for row in _failing(reading, entry))
    return Table("fact_item", "the first tickets and documents that are not met, check by check", fields, rows)


def _failing(reading: Reading, entry: Entry) -> Iterator[Row]:
    measured = entry.result.measurement
    for item in measured.failing if measured else ():
        yield entry.key, item.id, item.ref, item.url, item.value, _day(reading, item.at)


def _streams(reading: Reading) -> Table:
    fields = (
        Field("source", "the configured source", of="dim_source"),
        Field("stream", "the kind of record", of="dim_stream"),
        Field("state", "complete, incomplete, failed or running"),
        Field("complete", "whether anything may rest on it", "boolean"),
        Field("seen", "records held", "integer"),
        Field("expected", "records that the source says there are", "integer"),
        Field("collected", "last collected on", "date", "dim_date"),
        Field("head", "head of the evidence chain"),
        Field("reason", "why it is not complete"),
    )
    rows: tuple[Row, ...] = tuple(
        (
            s.source,
            s.stream,
            s.state,
            s.state == "complete",
            s.seen,
            s.expected,
            _day(reading, s.collected_at),
            s.head,
            s.reason,
        )
        for s in reading.report.streams
    )
    return Table("fact_stream_state", "how far each stream of each source is to be trusted", fields, rows)


def _milestones(report: Report) -> Table:
    fields = (
        Field("milestone", "never changes for the same thing"),
        Field("kind", "what kind of date"),
        Field("on", "first day", "date", "dim_date"),
        Field("until", "last day where it is a window", "date", "dim_date"),
        Field("state", "ahead, open, overdue or missing"),
        Field("certain", "false where it rests on an unconfirmed rule or a choice", "boolean"),
        Field("title_en", "what it is"),
        Field("title_zh", "名称"),
    )
    rows: tuple[Row, ...] = tuple(
        (m.id, m.kind, m.on, m.until, m.state, m.certain, m.title.en, m.title.zh) for m in report.calendar
    )
    return Table("fact_milestone", "dates of certificates, applications and audits", fields, rows, "milestone")


def _arguments(given: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in sorted(given.items()))


def _numbers(reading: Reading, measured: Measurement | None) -> Row:
    if measured is None:
        return (None, 0, None, 0, 0, None, None, "not measured")
    window = (_day(reading, measured.start), _day(reading, measured.end))
    counted = (measured.value, measured.n, measured.numerator, measured.denominator, measured.items)
    return *counted, *window, measured.unknown


def _day(reading: Reading, moment: datetime | None) -> date | None:
    """The organisation's day; a moment at the very end of time has none and is told in UTC."""
    if moment is None:
        return None
    try:
        return reading.local(moment).date()
    except OverflowError:
        return moment.astimezone(UTC).date()
