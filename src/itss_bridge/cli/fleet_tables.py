"""What the fleet commands show to people: one row a workspace, failed ones first, then what they come to together."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from itss_bridge import wording
from itss_bridge.cli.plan import shown
from itss_bridge.cli.tables import COLOUR, MARK, plain
from itss_bridge.fleet.benchmarks import MONTHS, Benchmark
from itss_bridge.fleet.portfolio import Organisation, Portfolio
from itss_bridge.fleet.shared_gaps import SharedGap
from itss_bridge.fleet.words import HEAD, PHRASE, STATE, phrase
from itss_bridge.messages import told
from itss_bridge.model import Status, Verdict

if TYPE_CHECKING:
    from itss_bridge.fleet import Done, Member

_Row = tuple["Member", "Done"]
_STATE_COLOUR = {"complete": "green", "incomplete": "red", "failed": "bold red"}
_NUMBERS = {"streams", "new", "changed", "removed", "rows", "requests", "minutes", "known", "unknown", "effort", "rank"}
_PLAN = ("workspace", "source", "stream", "rows", "requests", "minutes", "reason")
_SYNC = ("workspace", "group", "state", "streams", "new", "changed", "removed", "reason")
MOST_GAPS = 15


def plan_table(rows: Iterable[_Row], language: str) -> Table:
    """What a sync of each workspace would read, stream by stream."""
    table = _table(_PLAN, language)
    for member, done in rows:
        for line in done.told or [{"reason": _error(done.error, language)}]:
            cells = {**shown(line, language), "workspace": member.workspace}
            table.add_row(*("" if cells.get(name) is None else plain(str(cells[name])) for name in _PLAN))
    return table


def sync_table(rows: Iterable[_Row], language: str) -> Table:
    """What a sync did to each workspace."""
    table = _table(_SYNC, language)
    for member, done in rows:
        streams = [
            s for source in (done.told or {"sources": {}})["sources"].values() for s in source["streams"].values()
        ]
        complete = sum(s["state"] == "complete" for s in streams)
        state = "failed" if done.told is None else "complete" if done.exit_code == 0 else "incomplete"
        reason = _error(done.error, language) or "; ".join(
            wording.as_reason(s["reason"])[language] for s in streams if s["reason"]
        )
        numbers = (
            f"{complete}/{len(streams)}",
            *(str(sum(s[n] for s in streams)) for n in ("new", "changed", "removed")),
        )
        table.add_row(plain(member.workspace), plain(member.group), _state(state, language), *numbers, plain(reason))
    return table


def levels_view(portfolio: Portfolio, language: str) -> Group:
    """Every organisation with its state for each level."""
    table = _table(["organisation", "group", "state", "target", "reached"], language)
    levels = [total.level for total in portfolio.levels]
    for level in levels:
        table.add_column(wording.LEVEL[level][language], overflow="fold")
    for organisation in portfolio.organisations:
        cells = [_level(organisation, level) for level in levels]
        table.add_row(*_named(organisation, language), *_reached(organisation, language), *cells)
    return Group(*_head(portfolio, language), table, _legend(language), *_levels(portfolio, language))


def _legend(language: str) -> Line:
    states = (Status.CONFORMING, Status.NONCONFORMING, Status.UNDETERMINED)
    marks = "  ".join(f"{MARK[state]} {wording.LEVEL_STATE[state][language]}" for state in states)
    verdicts = " / ".join(wording.VERDICT[verdict][language] for verdict in Verdict)
    return Line(f"{marks} · {verdicts}", "dim")


def portfolio_view(portfolio: Portfolio, language: str) -> Group:
    """The portfolio on one screen: what it lacks, the matrix, levels, benchmarks and the worst gaps."""
    return Group(
        *_head(portfolio, language),
        _matrix(portfolio, language),
        Line(PHRASE["matrix_lead"][language], "dim"),
        *_levels(portfolio, language),
        *_benchmarks(portfolio, language),
        *_gaps(portfolio, language),
    )


def _head(portfolio: Portfolio, language: str) -> Iterable[RenderableType]:
    yield Line(f"{plain(portfolio.name)} · {HEAD['as_of'][language]} {portfolio.as_of}", "bold")
    all_, incomplete, failed = (len(portfolio.organisations), *(len(portfolio.of(s)) for s in ("incomplete", "failed")))
    if incomplete or failed:
        yield Line(phrase("incomplete", all=all_, incomplete=incomplete, failed=failed)[language], "bold red")
    else:
        yield Line(phrase("all_complete", all=all_)[language], "green")
    if len(portfolio.releases) > 1:
        yield Line(phrase("releases", names=", ".join(portfolio.releases))[language], "red")
    for organisation in portfolio.of("failed"):
        yield Line(f"  {plain(organisation.workspace)}: {plain(_error(organisation.error, language))}", "red")


def _matrix(portfolio: Portfolio, language: str) -> Table:
    table = _table(["organisation", "group", "state"], language)
    for total in portfolio.frameworks:
        table.add_column(total.framework, justify="right")
    for name in ("target", "reached"):
        table.add_column(HEAD[name][language])
    for o in portfolio.organisations:
        counts = [_counts(o, total.framework, language) for total in portfolio.frameworks]
        table.add_row(*_named(o, language), *counts, *_reached(o, language))
    return table


def _counts(organisation: Organisation, framework: str, language: str) -> str:
    if organisation.standing is None:
        return "?"
    found = organisation.framework(framework)
    if found is None:
        return PHRASE["unpursued"][language]
    return f"{found.counts[Status.CONFORMING]} / {found.assessed} / {found.applicable}"


def _named(organisation: Organisation, language: str) -> list[RenderableType]:
    name = Line(plain(organisation.name)).append(f"\n{plain(organisation.workspace)}", "dim")
    return [name, plain(organisation.group), _state(organisation.state, language)]


def _reached(organisation: Organisation, language: str) -> list[RenderableType]:
    if organisation.standing is None:
        return ["?", Line("?", "red")]
    target, reached = organisation.standing.target, organisation.reached
    none = PHRASE["none"][language]
    short = bool(target) and (reached is None or reached > (target or 0))
    found = Line(wording.LEVEL[reached][language] if reached else none, "yellow" if short else "green")
    return [wording.LEVEL[target][language] if target else "—", found]


def _level(organisation: Organisation, level: int) -> Line:
    found = organisation.level(level)
    if found is None:
        return Line("?", "red")
    numbers = "/".join(str(n) for n in found.verdicts.values())
    return Line(f"{MARK[found.state]} {numbers}", COLOUR[found.state])


def _levels(portfolio: Portfolio, language: str) -> Iterable[RenderableType]:
    all_ = len(portfolio.organisations)
    for total in portfolio.levels:
        shown_by = phrase("level_line", reached=total.reached, all=all_)[language]
        yield Line(f"{wording.LEVEL[total.level][language]}: {shown_by}")


def _benchmarks(portfolio: Portfolio, language: str) -> Iterable[RenderableType]:
    yield Line(f"\n{PHRASE['benchmarks'][language]}", "bold")
    table = _table(["metric", "known", "unknown", "best", "lower", "median", "upper", "worst"], language)
    for benchmark in portfolio.benchmarks:
        if benchmark.places:
            table.add_row(*_benchmark(benchmark, language))
    yield table
    yield Line(phrase("benchmarks_lead", months=MONTHS)[language], "dim")


def _benchmark(benchmark: Benchmark, language: str) -> list[str]:
    best, worst = benchmark.places[0], benchmark.places[-1]
    middle = (wording.number(v) for v in (benchmark.lower, benchmark.median, benchmark.upper) if v is not None)
    title = f"{benchmark.title[language]} [{wording.unit(benchmark.unit)[language]}]"
    missing = f"{len(benchmark.unknown)} + {len(benchmark.no_data)}"
    ends = [f"{wording.number(place.value)} {plain(place.workspace)}" for place in (best, worst)]
    return [title, str(len(benchmark.places)), missing, ends[0], *middle, ends[1]]


def _gaps(portfolio: Portfolio, language: str) -> Iterable[RenderableType]:
    yield Line(f"\n{PHRASE['gaps'][language]}", "bold")
    table = _table(["rank", "gap", "not_met", "undetermined", "holds", "effort"], language)
    for gap in portfolio.gaps[:MOST_GAPS]:
        table.add_row(*_gap(gap, language))
    yield table
    if (rest := len(portfolio.gaps) - MOST_GAPS) > 0:
        yield Line(phrase("more_gaps", n=rest)[language], "dim")


def _gap(gap: SharedGap, language: str) -> list[RenderableType]:
    title = Line(plain(gap.title[language])).append(f"\n{gap.check}", "dim")
    holds = ", ".join(f"{wording.LEVEL[level][language]}: {n}" for level, n in gap.holds.items())
    effort = f"{gap.effort}{'?' if gap.assumed else ''}"
    return [str(gap.rank), title, str(len(gap.not_met)), str(len(gap.undetermined)), holds or "—", effort]


def _error(error: Mapping[str, str], language: str) -> str:
    return " | ".join(str(told(text, language)) for text in error.values())


def _state(state: str, language: str) -> Line:
    return Line(STATE[state][language], _STATE_COLOUR[state])


def _table(names: Sequence[str], language: str, **options: Any) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style="bold", **options)
    for name in names:
        head = HEAD[name][language] if name in HEAD else name
        table.add_column(head, overflow="fold", justify="right" if name in _NUMBERS else "left")
    return table
