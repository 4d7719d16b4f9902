"""Put a report together: where each stream stands, what every rule measures, how it is judged, the matrix of it all."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import chain

from itss_bridge import __version__
from itss_bridge.assess import Terms, assess
from itss_bridge.catalogue import Catalogue
from itss_bridge.catalogue.fingerprint import fingerprint
from itss_bridge.contracts import Engine
from itss_bridge.data import stream_names
from itss_bridge.documents import COLUMNS, MONTHS_CURRENT, compare, pages
from itss_bridge.evidence import Lake, SourceMark
from itss_bridge.evidence.ledger import State
from itss_bridge.evidence.missing import Missing, missing
from itss_bridge.evidence.read import records
from itss_bridge.gaps import gaps
from itss_bridge.judgements import notes as judgement_notes
from itss_bridge.judgements import standing
from itss_bridge.lifecycle import gather, outlook
from itss_bridge.materials import Holdings, materials
from itss_bridge.matrix import in_order, matrix
from itss_bridge.messages import say
from itss_bridge.metrics import Asked, measure_all, months_before, obstacle, obstacle_of, unknown
from itss_bridge.model import Action, Assessment, Check, Judgement, Measurement, Report, StreamState, Text
from itss_bridge.nonconformities import Entry, shown
from itss_bridge.trends import trends
from itss_bridge.workspace import Workspace

_Given = tuple[tuple[str, str], ...]
_AT_ONCE = 4
"""Streams whose logs are opened at once; opening is waiting, most of all where an object store is asked."""


def stream_states(lake: Lake, as_of: datetime) -> tuple[StreamState, ...]:
    """How far every stream of every source was to be trusted just before *as_of*, by stream and source."""
    with ThreadPoolExecutor(_AT_ONCE, "states") as threads:
        found = threads.map(partial(_states_of, lake, as_of=as_of), lake.streams())
        return tuple(chain.from_iterable(found))


def _states_of(lake: Lake, stream: str, as_of: datetime) -> list[StreamState]:
    table = lake.table(stream)
    newest = table.last()
    entry = table.entry_before(as_of, newest)
    if entry is None:
        return []
    lacks = missing(table, as_of, newest)
    told = [(source, m, *_thinned(m, lacks.get(source))) for source, m in sorted(entry.sources.items())]
    return [
        StreamState(source, stream, state, m.expected, m.seen, m.at, entry.head, reason)
        for source, m, state, reason in told
    ]


def _thinned(mark: SourceMark, lacking: Missing | None) -> tuple[State, str]:
    """State and reason of a source, what was purged since taken into account: a past moment may lack records."""
    if lacking is None:
        return mark.state, mark.reason
    what = say(
        "{records} records that were current then have been purged since, the last on {day}",
        records=lacking.records,
        day=f"{lacking.at:%Y-%m-%d}",
    )
    state: State = "incomplete" if mark.state == "complete" else mark.state
    return state, f"{mark.reason}; {what}" if mark.reason else what


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
    asked: defaultdict[tuple[str, int | None], dict[_Given, Mapping[str, str]]] = defaultdict(dict)
    for rule in rules:
        asked[rule.metric, rule.criterion.months].setdefault(_given(rule), rule.arguments)
    done: dict[tuple[str, int | None, _Given], Measurement] = {}
    open_asks: dict[tuple[str, int | None], Asked] = {}
    for (name, months), sets in asked.items():
        metric, start = catalogue.metrics[name], months_before(as_of, months) if months else None
        if reason := obstacle(metric, states):
            done |= {(name, months, given): unknown(metric, as_of, one, reason) for given, one in sets.items()}
        else:
            open_asks[name, months] = Asked(metric, start, as_of, list(sets.values()))
    for (name, months), each in zip(open_asks, measure_all(list(open_asks.values()), engine), strict=True):
        done |= {(name, months, given): one for given, one in zip(asked[name, months], each, strict=True)}
    return {rule.id: done[rule.metric, rule.criterion.months, _given(rule)] for rule in rules}


def _given(rule: Check) -> _Given:
    return tuple(sorted(rule.arguments.items()))


def holdings(lake: Lake, states: Sequence[StreamState], assessment: Assessment, as_of: datetime) -> Holdings:
    """What there is to hand in: documents, and how many records of what else."""
    grouped = by_stream(states)
    rows = records(lake, "document", as_of, COLUMNS)
    return Holdings(
        pages=pages(rows, months_before(as_of, MONTHS_CURRENT)),
        records={stream: sum(state.seen for state in of) for stream, of in grouped.items()},
        obstacles={stream: obstacle_of(stream, grouped) for stream in stream_names()},
        findings=assessment.findings,
    )


def report(
    workspace: Workspace,
    catalogue: Catalogue,
    lake: Lake,
    engine: Engine,
    as_of: datetime,
    notes: Sequence[Text] = (),
    judged: Sequence[Judgement] = (),
    actions: Mapping[str, Action] | None = None,
    register: Sequence[Entry] = (),
    *,
    with_trends: bool = False,
) -> Report:
    """The finished report as of a moment: all that an exporter may see; *with_trends* costs a query for each metric."""
    states = stream_states(lake, as_of)
    day = workspace.day_of(as_of)
    counting = standing([j for j in judged if j.requirement in catalogue.requirements], day)
    terms = Terms(workspace.target, workspace.rule_packs, workspace.binding, workspace.not_applicable, counting)
    active = [*catalogue.checks.values(), *(r for name in terms.packs for r in catalogue.packs[name].rules)]
    measured = measurements(active, catalogue, engine, by_stream(states), as_of)
    assessment = assess(catalogue, measured, terms, as_of)
    known = gather(catalogue, assessment, lake, engine, by_stream(states), workspace.time_zone, workspace.target)
    told = trends(catalogue, active, engine, by_stream(states), as_of, workspace.time_zone) if with_trends else ()
    held = holdings(lake, states, assessment, as_of)
    papers = compare(in_order(catalogue), assessment.findings, held.pages, held.obstacles["document"])
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
        notes=(*notes, *judgement_notes(judged, day)),
        judgements=tuple(counting.values()),
        gaps=gaps(assessment, catalogue.crosswalks.values(), actions or {}, workspace.target),
        nonconformities=shown(register, assessment, day),
        calendar=outlook(known).milestones,
        documents=papers.rows,
        orphans=papers.orphans,
        materials=materials(catalogue.lifecycles.values(), held, workspace.target),
        catalogue=fingerprint(catalogue),
        word_template=workspace.word_template,
        trends=told,
    )
