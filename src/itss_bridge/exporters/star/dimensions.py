"""The dimensions: every word that a fact names by key, with what it is called in both languages."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from itss_bridge.exporters.reading import CAUTION, Reading
from itss_bridge.exporters.star.facts import METRIC
from itss_bridge.exporters.star.shape import Field, Row, Table, cell
from itss_bridge.model import Relationship, Report, Text, Verdict
from itss_bridge.wording import LEVEL, RELATIONSHIP, STATUS, STATUS_MEANING, SYMBOL, VERDICT, element, stream, unit

TITLES = (Field("title_en", "what it is called"), Field("title_zh", "名称"))


def dimensions(report: Report, facts: Sequence[Table]) -> list[Table]:
    """All dimensions that *facts* name."""
    reading = Reading(report)
    return [
        _frameworks(reading),
        _editions(reading),
        _requirements(reading),
        _statuses(),
        _verdicts(),
        _levels(report),
        _packs(reading),
        _checks(reading, facts),
        _metrics(report, facts),
        _named("dim_source", "the configured sources", facts, lambda name: Text(name, name)),
        _named("dim_stream", "the kinds of record", facts, stream),
        _relationships(),
        _dates(facts),
    ]


def _frameworks(reading: Reading) -> Table:
    rows = tuple((f.id, f.title.en, f.title.zh) for f in reading.ordered)
    return Table("dim_framework", "the standards", (Field("framework", "its id"), *TITLES), rows, "framework")


def _editions(reading: Reading) -> Table:
    fields = (
        Field("edition", "its id"),
        Field("framework", "the standard", of="dim_framework"),
        Field("place", "1 is in force", "integer"),
        Field("status", "what it is now"),
        *TITLES,
    )
    rows = tuple(
        (e.id, f.id, place, e.status, e.name.en, e.name.zh)
        for f in reading.ordered
        for place, e in enumerate(f.editions, 1)
    )
    return Table("dim_edition", "published editions of the standards", fields, rows, "edition")


def _requirements(reading: Reading) -> Table:
    fields = (
        Field("requirement", "its id, the same for all editions"),
        Field("framework", "the standard", of="dim_framework"),
        Field("parent", "the requirement that it stands in", of="dim_requirement"),
        Field("place", "its place in the order of the standard", "integer"),
        Field("clause", "the confirmed clause number; empty where none is"),
        Field("assessable", "whether it is assessed itself", "boolean"),
        Field("element_en", "element of ITSS"),
        Field("element_zh", "要素"),
        *TITLES,
        Field("intent_en", "what it is about, paraphrased"),
        Field("intent_zh", "释义"),
    )
    rows: tuple[Row, ...] = tuple(
        (
            r.id,
            f.id,
            r.parent,
            place,
            f.clause(r),
            r.assessable,
            *_both(element(r.element)),
            *_both(r.title),
            *_both(r.intent),
        )
        for f in reading.ordered
        for place, r in enumerate(f.requirements, 1)
    )
    return Table("dim_requirement", "the requirements", fields, rows, "requirement")


def _statuses() -> Table:
    meanings = (Field("meaning_en", "what it means"), Field("meaning_zh", "含义"))
    fields = (Field("status", "its id"), Field("place", "1 is the most cautious", "integer"), *TITLES, *meanings)
    rows = tuple((s, place, *_both(STATUS[s]), *_both(STATUS_MEANING[s])) for place, s in enumerate(CAUTION, 1))
    return Table("dim_status", "what may be said of a requirement", fields, rows, "status")


def _verdicts() -> Table:
    rows = tuple((verdict, *_both(VERDICT[verdict])) for verdict in Verdict)
    return Table("dim_verdict", "what may be said of a check", (Field("verdict", "its id"), *TITLES), rows, "verdict")


def _levels(report: Report) -> Table:
    fields = (
        Field("level", "4 is the lowest, 1 the highest", "integer"),
        Field("target", "whether it is aimed at", "boolean"),
        *TITLES,
    )
    rows = tuple((level, level == report.target, *_both(title)) for level, title in sorted(LEVEL.items(), reverse=True))
    return Table("dim_level", "the ITSS levels", fields, rows, "level")


def _packs(reading: Reading) -> Table:
    fields = (
        Field("pack", "its id"),
        Field("authority", "official or advisory"),
        Field("dated", "its date"),
        Field("binding", "whether it decides levels here", "boolean"),
        *TITLES,
    )
    packs = {rule.pack.pack.id: rule.pack for rule in reading.rules}
    rows = tuple((name, p.pack.authority, p.pack.dated, p.binding, *_both(p.pack.title)) for name, p in packs.items())
    return Table("dim_pack", "the rule packs", fields, rows, "pack")


def _checks(reading: Reading, facts: Sequence[Table]) -> Table:
    fields = (
        Field("check", "its key; its id unless two results share that"),
        Field("id", "its id in the catalogue"),
        METRIC,
        Field("kind", "ticket-metric, document, record or attestation"),
        Field("operator", "how the value is compared"),
        Field("threshold", "with what", "number"),
        Field("months", "length of the window; empty: all time", "integer"),
        Field("asked_from", "the ITSS level that asks first; empty: all", "integer", "dim_level"),
        *TITLES,
        Field("source", "where it comes from"),
        Field("confidence", "how sure that is"),
    )
    results = {key: entry.result for key, entry in reading.entries.items()}
    for gap in reading.report.gaps:
        results.setdefault(reading.key(gap.result, "gap"), gap.result)
    wanted = dict.fromkeys(_values(facts, "dim_check"))
    rows: tuple[Row, ...] = tuple(
        (
            key,
            check.id,
            check.metric,
            check.kind,
            check.criterion.operator,
            check.criterion.threshold,
            check.criterion.months,
            check.level,
            *_both(check.title),
            " ".join(check.origin.source),
            check.origin.confidence,
        )
        for key, check in ((str(key), results[str(key)].check) for key in wanted)
    )
    return Table("dim_check", "the checks and level rules", fields, rows, "check")


def _metrics(report: Report, facts: Sequence[Table]) -> Table:
    """Every metric that a check, a measurement or a month names; one that the catalogue lost keeps its id as title."""
    fields = (
        Field("metric", "its id"),
        Field("unit", "of its value"),
        Field("better", "up or down"),
        Field("summary", "how its items are summed up"),
        *TITLES,
        Field("unit_en", "as printed"),
        Field("unit_zh", "单位"),
        Field("definition_en", "what it says"),
        Field("definition_zh", "定义"),
    )
    checks = (e.result.check.metric for e in Reading(report).entries.values())
    names = dict.fromkeys(
        [*checks, *(g.result.check.metric for g in report.gaps), *map(str, _values(facts, "dim_metric"))]
    )
    rows: list[Row] = []
    for name in names:
        metric = report.metrics.get(name)
        if metric is None:
            rows.append((name, None, None, None, name, name, None, None, None, None))
            continue
        told = (*_both(metric.title), *_both(unit(metric.unit)), *_both(metric.definition))
        rows.append((name, metric.unit, metric.better, metric.summary, *told))
    return Table("dim_metric", "the metrics; datapackage.json has their formulas", fields, tuple(rows), "metric")


def _named(name: str, says: str, facts: Sequence[Table], title: Callable[[str], Text]) -> Table:
    """A dimension of whatever names the facts have; two that are written alike are one."""
    key = name.partition("_")[2]
    names = {cell(str(value)): str(value) for value in _values(facts, name)}
    rows = tuple((value, *_both(title(value))) for written, value in names.items() if written)
    return Table(name, says, (Field(key, "its name"), *TITLES), rows, key)


def _relationships() -> Table:
    fields = (Field("relationship", "its id"), Field("symbol", "as printed"), *TITLES)
    rows = tuple((r, SYMBOL[r], *_both(RELATIONSHIP[r])) for r in Relationship)
    return Table("dim_relationship", "source relative to target, as in NIST IR 8477", fields, rows, "relationship")


def _dates(facts: Sequence[Table]) -> Table:
    """Every day of every year that a fact touches: time intelligence wants whole years."""
    fields = (
        Field("date", "the day", "date"),
        *(Field(name, name.replace("_", " "), "integer") for name in ("year", "quarter", "month", "day", "weekday")),
    )
    years = sorted({day.year for day in _values(facts, "dim_date") if isinstance(day, date)})
    days = (day for year in years for day in _year(year))
    rows = tuple((d, d.year, (d.month + 2) // 3, d.month, d.day, d.isoweekday()) for d in days)
    return Table("dim_date", "the days; weekday 1 is Monday", fields, rows, "date")


def _year(year: int) -> Iterable[date]:
    first = date(year, 1, 1)
    for n in range((date(year, 12, 31) - first).days + 1):
        yield first + timedelta(days=n)


def _values(facts: Sequence[Table], dimension: str) -> Iterable[object]:
    """All keys of a dimension that facts name, empty ones left out."""
    for table in facts:
        for field in table.fields:
            if field.of == dimension:
                yield from (value for value in table.column(field.name) if value is not None)


def _both(text: Text) -> tuple[str, str]:
    return text.en, text.zh
