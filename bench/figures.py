"""What `bench.scale` and `bench.fleet` measured, as Markdown, and what follows on paper for many organisations."""

from collections.abc import Mapping, Sequence
from math import ceil, log
from pathlib import Path
from statistics import median
from typing import Any

PAGE = Path(__file__).parent.parent / "docs" / "size.md"

STEPS = ("sync", "no-change sync", "all metrics + matrix", "matrix", "every export")
ORGANISATIONS, TICKETS_EACH = 5_000, 1_000_000

# What the vendors publish; docs/size.md names the pages. Jira Cloud, apps that sign in by OAuth: points an hour for all
# tenants of the app together, one for each request and one for each issue it gives.
POINTS_AN_HOUR, POINTS_AN_ISSUE = 65_000, 1
# Jira Cloud, per tenant and interface: requests a second at most, and those that the vendor advises to keep to.
BURST, STEADY = 100, 10
ISSUES_A_PAGE, CHANGELOGS_A_REQUEST, ROWS_A_PAGE = 100, 400, 1_000

_NIGHT_HOURS = 8
_JUDGING = "all metrics + matrix"
_TARGETS = {1_000_000: 5, 10_000_000: 60}
"""Seconds on the wall for all metrics and the matrix, on two cores that nobody else uses."""

_TARGET_PEAK, _TARGET_EXPONENT = 4_096, 1.05
_MOST_OVER_THREADS, _LEAST_SPEED_UP = 50, 1.7
"""Milliseconds a workspace that Dask may cost; how much sooner two workers are done than one."""

_BLOCKS = {"measured": "scale", "planned": "scale", "fleets": "fleet"}
_MARK = "<!-- {name}: python -m bench.{command} --write-docs -->"

Told = Mapping[str, Any]


def together(before: Told, found: Told) -> dict[str, Any]:
    """Two runs as one: laps and lakes of both, machine and date of the later that measured anything."""
    lakes = {lake["tickets"]: lake for lake in (*before["lakes"], *found["lakes"])}
    return {
        **(found if found["laps"] else before),
        "laps": [*before["laps"], *found["laps"]],
        "lakes": [lakes[size] for size in sorted(lakes)],
    }


def filled(page: str, blocks: Mapping[str, str]) -> str:
    """The page with these generated blocks made anew."""
    for name, text in blocks.items():
        begin, end = _MARK.format(name=name, command=_BLOCKS[name]), f"<!-- /{name} -->"
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n\n{text}\n\n{end}{rest.partition(end)[2]}"
    return page


def write(blocks: Mapping[str, str]) -> None:
    """Put these blocks into the page."""
    PAGE.write_text(filled(PAGE.read_text("utf-8"), blocks), "utf-8")


def grown(found: Told) -> dict[str, str]:
    """The blocks that `bench.scale` makes."""
    return {"measured": measured(found), "planned": planned(found)}


def measured(found: Told) -> str:
    """Machine, laps and growth."""
    loads = [lap["load"] for lap in found["laps"]]
    about = f"{_machine(found)} When a lap began the load of the machine was {min(loads)} to {max(loads)}."
    parts = [about, _laps(found), _growth(found), targets(found), _exports(found), _lakes(found)]
    return "\n\n".join(filter(None, parts))


def _machine(found: Told) -> str:
    paces = [lap["pace"] for lap in found["laps"]]
    return (
        f"{found['date']}: {found['processor']}, {found['cores']} cores, {found['memory_gb']} GB, "
        f"Python {found['python']}, DuckDB {found['duckdb']} with a memory limit of {found['limit']}. "
        f"Its pace, seconds for twenty million additions in plain Python, was {min(paces):.2f} to {max(paces):.2f}."
    )


def _laps(found: Told) -> str:
    rows = []
    for step in STEPS:
        for size in _sizes(found, step):
            own = _of(found, step, size)
            seconds = [lap["seconds"] for lap in own]
            rows.append([
                step, f"{size:,}", f"{min(seconds):.1f}", f"{median(seconds):.1f}",
                f"{median(lap['cpu'] for lap in own):.1f}", f"{max(lap['peak'] for lap in own):,}", str(len(own)),
            ])  # fmt: skip
    return table(["step", "tickets", "seconds, least", "median", "cpu seconds", "peak MB", "laps"], rows)


def _growth(found: Told) -> str:
    """How seconds and cpu seconds grow: exponents between the two largest sizes, and over all, start-up included."""
    rows = []
    for step in (step for step in STEPS if len(_sizes(found, step)) > 1):
        seconds, cpu = (_points(found, step, name) for name in ("seconds", "cpu"))
        rows.append([step, *(f"{exponent(points):.2f}" for points in (seconds[-2:], cpu[-2:], seconds, cpu))])
    head = ["growth exponent, start-up included", "seconds, the two largest", "cpu seconds"]
    return table([*head, "seconds, all sizes", "cpu seconds"], rows)


def _points(found: Told, step: str, name: str) -> list[tuple[float, float]]:
    """Tickets and the median of what all laps of that size took."""
    return [(size, median(lap[name] for lap in _of(found, step, size))) for size in _sizes(found, step)]


def targets(found: Told) -> str:
    """What was aimed at and what was reached; beside it, cpu seconds shared evenly by all cores."""
    rows = []
    for size in (size for size in _TARGETS if size in _sizes(found, _JUDGING)):
        own = _of(found, _JUDGING, size)
        seconds, cpu = (median(lap[name] for lap in own) for name in ("seconds", "cpu"))
        pace = median(lap["pace"] for lap in own)
        shared = f"{cpu:.1f} cpu seconds ÷ {found['cores']} cores = {cpu / found['cores']:.1f} s"
        told = f"{seconds:.1f} s at a pace of {pace:.1f}; {shared}"
        rows.append([f"{size:,} tickets in {_TARGETS[size]} s", told, _yes(seconds <= _TARGETS[size])])
    if not rows:
        return ""
    peak = max(lap["peak"] for lap in found["laps"] if lap["step"] == _JUDGING)
    rows.append(["no more than 4 GB", f"{peak:,} MB", _yes(peak <= _TARGET_PEAK)])
    if len(_sizes(found, _JUDGING)) > 1:
        seconds, cpu = (exponent(_points(found, _JUDGING, name)[-2:]) for name in ("seconds", "cpu"))
        reached = _yes(max(seconds, cpu) <= _TARGET_EXPONENT)
        told = f"{seconds:.3f} of seconds, {cpu:.3f} of cpu seconds"
        rows.append([f"growth exponent up to {_TARGET_EXPONENT}", told, reached])
    return table([f"target: {_JUDGING}", "measured", "reached"], rows)


def _yes(reached: bool) -> str:  # noqa: FBT001 - a word for it
    return "yes" if reached else "no"


def _exports(found: Told) -> str:
    told = [lap for lap in found["laps"] if lap["step"] == "every export"]
    if not told:
        return ""
    largest = max(told, key=lambda lap: lap["tickets"])
    rows = [[f"`{suffix}`", f"{seconds:.2f}"] for suffix, seconds in largest["said"].items()]
    return table([f"format, once the report over {largest['tickets']:,} tickets is there", "seconds"], rows)


def _lakes(found: Told) -> str:
    rows = [
        [
            f"{lake['tickets']:,}",
            f"{lake['rows']:,}",
            f"{lake['bytes'] / 1e6:,.1f}",
            f"{lake['bytes'] / lake['tickets']:.0f}",
        ]
        for lake in found["lakes"]
    ]
    return table(["tickets", "rows in the lake", "MB on disk", "bytes a ticket"], rows)


def planned(found: Told) -> str:
    """Storage, the vendors' limits and processor time for many organisations, from what was measured for one."""
    lake = max(found["lakes"], key=lambda one: one["tickets"])
    each = lake["bytes"] / lake["tickets"]
    rows = [
        ["storage of one organisation", f"{TICKETS_EACH:,} × {each:.0f} bytes", f"{TICKETS_EACH * each / 1e9:.2f} GB"],
        ["storage of all", f"× {ORGANISATIONS:,}", f"{ORGANISATIONS * TICKETS_EACH * each / 1e12:.2f} TB"],
        *_api(),
        *_processor(found),
    ]
    return table([f"{ORGANISATIONS:,} organisations × {TICKETS_EACH:,} tickets", "reckoned", "result"], rows)


def _api() -> list[list[str]]:
    pages, changelogs = (ceil(TICKETS_EACH / size) for size in (ISSUES_A_PAGE, CHANGELOGS_A_REQUEST))
    requests = pages + changelogs
    points = requests + TICKETS_EACH * POINTS_AN_ISSUE
    years = ORGANISATIONS * points / POINTS_AN_HOUR / 24 / 365
    jira, token = "first read, Jira Cloud", "by API token"
    here = "its limit is the instance's own"
    return [
        [f"{jira}: requests", f"{pages:,} pages + {changelogs:,} of changelogs", f"{requests:,}"],
        [f"… at the advised pace, {token}", f"÷ {STEADY} a second", f"{requests / STEADY / 60:.0f} minutes"],
        [f"… at the pace that is let through, {token}", f"÷ {BURST} a second", f"{requests / BURST / 60:.1f} minutes"],
        ["… points as an OAuth app", f"{requests:,} + {TICKETS_EACH:,}", f"{points:,}"],
        ["… all behind one OAuth app", f"× {ORGANISATIONS:,} ÷ {POINTS_AN_HOUR:,} an hour", f"{years:.1f} years"],
        ["first read, ServiceNow: requests", f"÷ {ROWS_A_PAGE:,} a page", f"{TICKETS_EACH // ROWS_A_PAGE:,}; {here}"],
    ]


def _processor(found: Told) -> list[list[str]]:
    rows = []
    for step in (step for step in STEPS if _sizes(found, step)):
        cpu, how = _each(found, step)
        rows.append([f"{step}: cpu seconds of one organisation", how, f"{cpu:.1f}"])
        cores = ORGANISATIONS * cpu / (_NIGHT_HOURS * 3600)
        rows.append([f"{step}: cores for all", f"× {ORGANISATIONS:,} ÷ {_NIGHT_HOURS} hours", f"{cores:.1f}"])
    return rows


def _each(found: Told, step: str) -> tuple[float, str]:
    """Cpu seconds of one organisation: measured, or on the straight line through the two largest sizes measured."""
    known = _sizes(found, step)
    if TICKETS_EACH in known or len(known) == 1:
        size = TICKETS_EACH if TICKETS_EACH in known else known[0]
        return _cpu(found, step, size), f"measured at {size:,}"
    low, high = known[-2:]
    base = _cpu(found, step, high)
    slope = (base - _cpu(found, step, low)) / (high - low)
    return base + slope * (TICKETS_EACH - high), f"straight on from {low:,} and {high:,}"


def fleets(found: Told) -> str:
    """Machine, what each executor costs, how fast it judges, and what was aimed at."""
    return "\n\n".join(filter(None, [_machine(found), _costs(found), judged(found), _fleet_targets(found)]))


def _costs(found: Told) -> str:
    costs = _plan_costs(found)
    rows = [
        [name, f"{cost:.1f}", f"{cost - costs['threads']:+.1f}" if "threads" in costs else ""]
        for name, cost in costs.items()
    ]
    return table(["plan, one worker: executor", "ms a workspace", "over threads"], rows) if rows else ""


def _plan_costs(found: Told) -> dict[str, float]:
    """Milliseconds a workspace on each executor, the least of all laps."""
    own = [lap for lap in found["laps"] if lap["deed"] == "plan" and lap["each"]]
    names = dict.fromkeys(lap["executor"] for lap in own)
    return {name: 1000 * min(lap["each"] for lap in own if lap["executor"] == name) for name in names}


def judged(found: Told) -> str:
    """How fast each executor judges."""
    rows = []
    for lap, gained in _fastest(found):
        rows.append([
            f"{lap['tickets']:,}", f"{lap['workspaces']:,}", lap["executor"], str(lap["workers"]),
            f"{lap['seconds']:.1f}", f"{lap['cpu']:.1f}", f"{lap['first']:.1f}",
            f"{1000 * lap['each']:.0f}" if lap["each"] else "", f"{gained:.2f}" if gained else "",
        ])  # fmt: skip
    head = ["judge: tickets each", "workspaces", "executor", "workers"]
    return table([*head, "seconds", "cpu seconds", "first", "ms a workspace", "speed-up"], rows)


def _fastest(found: Told) -> list[tuple[Told, float | None]]:
    """The fastest lap of each kind; where several workers made it, how many times as fast as one."""
    kinds: dict[tuple[int, int, str], dict[int, Told]] = {}
    for lap in (lap for lap in found["laps"] if lap["deed"] == "judge"):
        own = kinds.setdefault((lap["tickets"], lap["workspaces"], lap["executor"]), {})
        own[lap["workers"]] = min(own.get(lap["workers"], lap), lap, key=lambda one: one["each"] or one["seconds"])
    return [(lap, _gained(own.get(1), lap)) for own in kinds.values() for lap in own.values()]


def _gained(alone: Told | None, lap: Told) -> float | None:
    if alone is None or alone is lap or not alone["each"] or not lap["each"]:
        return None
    return float(alone["each"] / lap["each"])


def _fleet_targets(found: Told) -> str:
    rows, costs = [], _plan_costs(found)
    if {"threads", "dask"} <= {*costs}:
        over = costs["dask"] - costs["threads"]
        aim = f"Dask costs up to {_MOST_OVER_THREADS} ms a workspace over threads"
        rows.append([aim, f"{over:.1f} ms", _yes(over <= _MOST_OVER_THREADS)])
    for lap, gained in _fastest(found):
        if gained and lap["workers"] == 2:
            of = f"{lap['executor']}, {lap['workspaces']:,} workspaces of {lap['tickets']:,} tickets"
            reached = _yes(gained >= _LEAST_SPEED_UP)
            rows.append([f"two workers ≥ {_LEAST_SPEED_UP} times as fast as one: {of}", f"{gained:.2f}", reached])
    return table(["target: fleets", "measured", "reached"], rows) if rows else ""


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """The slope of the straight line that lies nearest to the points, both axes logarithmic."""
    xs, ys = [log(x) for x, _ in points], [log(y) for _, y in points]
    x0, y0 = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((x - x0) * (y - y0) for x, y in zip(xs, ys, strict=True)) / sum((x - x0) ** 2 for x in xs)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _sizes(found: Told, step: str) -> list[int]:
    return sorted({lap["tickets"] for lap in found["laps"] if lap["step"] == step})


def _of(found: Told, step: str, size: int) -> list[Told]:
    return [lap for lap in found["laps"] if lap["step"] == step and lap["tickets"] == size]


def _cpu(found: Told, step: str, size: int) -> float:
    return median(lap["cpu"] for lap in _of(found, step, size))
