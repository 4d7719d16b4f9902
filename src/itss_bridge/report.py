"""Put a report together: where each stream stands, what every rule measures, how it is judged, the matrix of it all."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from itss_bridge import __version__
from itss_bridge.assess import Terms, assess
from itss_bridge.catalogue import Catalogue
from itss_bridge.contracts import Engine
from itss_bridge.evidence import Lake
from itss_bridge.matrix import in_order, matrix
from itss_bridge.metrics import measure, months_before, obstacle, unknown
from itss_bridge.model import Check, Measurement, Report, StreamState, Text
from itss_bridge.workspace import Workspace


def stream_states(lake: Lake, as_of: datetime) -> tuple[StreamState, ...]:
    """How far every stream of every source was to be trusted just before *as_of*, by stream and source."""
    found: list[StreamState] = []
    for stream in lake.streams():
        entry = lake.table(stream).entry_before(as_of)
        if entry is None:
            continue
        for source, m in sorted(entry.sources.items()):
            found.append(StreamState(source, stream, m.state, m.expected, m.seen, m.at, entry.head, m.reason))
    return tuple(found)


def by_stream(states: Sequence[StreamState]) -> dict[str, list[StreamState]]:
    """States grouped by stream."""
    grouped: dict[str, list[StreamState]] = {}
    for state in states:
        grouped.setdefault(state.stream, []).append(state)
    return grouped


def measurements(
    rules: Sequence[Check],
    catalogue: Catalogue,
    engine: Engine,
    states: Mapping[str, Sequence[StreamState]],
    as_of: datetime,
) -> dict[str, Measurement]:
    """A measurement for every rule, by its id; rules that ask the same of the same window share one."""
    done: dict[tuple[object, ...], Measurement] = {}
    found: dict[str, Measurement] = {}
    for rule in rules:
        metric = catalogue.metrics[rule.metric]
        months = rule.criterion.months
        key = (rule.metric, tuple(sorted(rule.arguments.items())), months)
        if key not in done:
            reason = obstacle(metric, states)
            start = months_before(as_of, months) if months else None
            done[key] = (
                unknown(metric, as_of, rule.arguments, reason)
                if reason
                else measure(metric, engine, start, as_of, rule.arguments)
            )
        found[rule.id] = done[key]
    return found


def report(
    workspace: Workspace,
    catalogue: Catalogue,
    lake: Lake,
    engine: Engine,
    as_of: datetime,
    notes: Sequence[Text] = (),
) -> Report:
    """The finished report as of a moment: all that an exporter may see."""
    states = stream_states(lake, as_of)
    terms = Terms(workspace.target, workspace.rule_packs, workspace.binding, workspace.not_applicable)
    active = [*catalogue.checks.values(), *(r for name in terms.packs for r in catalogue.packs[name].rules)]
    measured = measurements(active, catalogue, engine, by_stream(states), as_of)
    assessment = assess(catalogue, measured, terms, as_of)
    return Report(
        organisation=workspace.organisation,
        languages=workspace.languages,
        time_zone=str(workspace.time_zone),
        target=workspace.target,
        as_of=as_of,
        frameworks=in_order(catalogue),
        crosswalks=tuple(catalogue.crosswalks.values()),
        metrics=catalogue.metrics,
        assessment=assessment,
        rows=matrix(catalogue, assessment),
        streams=states,
        version=__version__,
        notes=tuple(notes),
    )
