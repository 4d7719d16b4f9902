"""What is known, out of the evidence of a moment: the one place of the life cycle that reads."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from itss_bridge.catalogue import Catalogue
from itss_bridge.contracts import Engine
from itss_bridge.evidence import Lake
from itss_bridge.evidence.read import records
from itss_bridge.lifecycle.days import day_of, today
from itss_bridge.lifecycle.known import Known
from itss_bridge.lifecycle.register import CERTIFICATE_FIELDS, STATEMENT_FIELDS, certificates, statements
from itss_bridge.metrics import obstacle, population
from itss_bridge.model import Assessment, Check, CheckResult, Item, Metric, RulePack, StreamState, Text
from itss_bridge.wording import STREAM_STATE, as_reason

_DAYS = "china"
_HELD = "document-approved"
_LABELS = {"internal-audit": "internal-audit-report", "management-review": "management-review-report"}


def gather(
    catalogue: Catalogue,
    assessment: Assessment,
    lake: Lake,
    engine: Engine,
    states: Mapping[str, Sequence[StreamState]],
    zone: ZoneInfo,
    target: int | None,
) -> Known:
    """Everything that the outlook rests on, as of the assessment's moment.

    Args:
        catalogue: life cycles, metrics and calendars.
        assessment: the verdicts on the rules of all packs.
        lake: where certificates and statements lie.
        engine: an engine over the same lake and moment.
        states: how far each stream is to be trusted, by stream.
        zone: in which days begin.
        target: the ITSS level aimed at.
    """
    as_of = assessment.as_of
    day = today(as_of, zone)
    stated = statements(records(lake, "attestation", as_of, STATEMENT_FIELDS), zone)
    packs = _binding(assessment)
    reports = {
        kind: _days(catalogue.metrics.get(_HELD), {"label": label}, engine, states, as_of, zone)
        for kind, label in _LABELS.items()
    }
    for kind, found in reports.items():
        if kind in stated and stated[kind].holds and (on := stated[kind].on) and on <= day:
            found.append(on)
    return Known(
        today=day,
        cycles={c.id: c for c in catalogue.lifecycles.values() if c.framework in catalogue.frameworks},
        certificates=certificates(records(lake, "certificate", as_of, CERTIFICATE_FIELDS), zone, day),
        statements=stated,
        audits=tuple(sorted(set(reports["internal-audit"]))),
        reviews=tuple(sorted(set(reports["management-review"]))),
        packs=packs,
        results=_results(assessment),
        since=_beginnings(packs, catalogue.metrics, engine, states, as_of, zone),
        obstacles={s: why for s in ("certificate", "attestation", "document") if (why := _obstacle(s, states))},
        days=catalogue.calendars.get(_DAYS),
        target=target,
    )


def _binding(assessment: Assessment) -> tuple[RulePack, ...]:
    """Declared packs that decide; the maturity model's checks speak of requirements, not of when to apply."""
    outcomes = [
        o for level in assessment.levels.values() for o in level.packs if o.binding and o.pack.id != "itss-maturity"
    ]
    return tuple({outcome.pack.id: outcome.pack for outcome in outcomes}.values())


def _results(assessment: Assessment) -> dict[str, CheckResult]:
    return {r.check.id: r for level in assessment.levels.values() for pack in level.packs for r in pack.rules}


def _obstacle(stream: str, states: Mapping[str, Sequence[StreamState]]) -> Text | None:
    """Why a stream may not be relied on, None when it may."""
    if not states.get(stream):
        return Text("no source gives it", "没有数据源提供")
    for state in states[stream]:
        if state.state != "complete":
            en = f"{state.source} is {state.state} {state.reason}".strip()
            return Text(en, f"{state.source} {STREAM_STATE[state.state].zh} {as_reason(state.reason).zh}".strip())
    return None


def _items(
    metric: Metric | None,
    given: Mapping[str, str],
    engine: Engine,
    states: Mapping[str, Sequence[StreamState]],
    as_of: datetime,
) -> list[Item]:
    """What a metric counts at the moment; nothing where its streams may not be relied on."""
    if metric is None or set(metric.parameters) != set(given) or obstacle(metric, states):
        return []
    return [item for item in population(metric, engine, None, as_of, given) if item.excluded is None]


def _days(
    metric: Metric | None,
    given: Mapping[str, str],
    engine: Engine,
    states: Mapping[str, Sequence[StreamState]],
    as_of: datetime,
    zone: ZoneInfo,
) -> list[date]:
    """The days of approved documents."""
    items = _items(metric, given, engine, states, as_of)
    return [day for item in items if item.met and (day := day_of(item.at, zone))]


def _beginnings(
    packs: Sequence[RulePack],
    metrics: Mapping[str, Metric],
    engine: Engine,
    states: Mapping[str, Sequence[StreamState]],
    as_of: datetime,
    zone: ZoneInfo,
) -> dict[str, date]:
    """Since when that lasts which a rule counts in months without arguments, such as records in the tool."""
    rules: list[Check] = [rule for pack in packs for rule in pack.rules if metrics[rule.metric].unit == "months"]
    found: dict[str, date] = {}
    for rule in (rule for rule in rules if not rule.arguments and rule.criterion.operator == ">="):
        items = _items(metrics[rule.metric], rule.arguments, engine, states, as_of)
        days = [day for item in items if (day := day_of(item.at, zone))]
        if days:
            found[rule.id] = min(days)
    return found
