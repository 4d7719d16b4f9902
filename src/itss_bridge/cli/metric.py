"""`metric list`, `metric show` and `metric history`."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from itss_bridge.cli.call import Call, Commands, common, console, print_json, print_json_lines
from itss_bridge.cli.complete import completed
from itss_bridge.messages import say

if TYPE_CHECKING:
    from itss_bridge.bridge import Bridge
    from itss_bridge.contracts import Engine
    from itss_bridge.metrics import Month
    from itss_bridge.model import Metric

_ARGUMENTS = click.option("--with", "pairs", metavar="NAME=VALUE", multiple=True, help="An argument of the metric.")
_BY = click.option("--by", type=click.Choice(["priority", "service"]), help="Part by part as well; all n add up.")


@click.command("list", epilog="Example: itss-bridge metric list --json")
@common
def list_command(call: Call) -> None:
    """All metrics with unit, streams and definition."""
    bridge = call.bridge()
    language = call.lang(bridge)
    metrics = bridge.catalogue.metrics.values()
    if call.as_json:
        print_json_lines(
            {
                "id": m.id,
                "title": asdict(m.title),
                "unit": m.unit,
                "better": m.better,
                "summary": m.summary,
                "streams": list(m.streams),
                "parameters": list(m.parameters),
                "needs": {reason: list(fields) for reason, fields in m.needs.items()},
                "definition": asdict(m.definition),
                "source": list(m.origin.source),
                "confidence": m.origin.confidence,
            }
            for m in metrics
        )
        return
    from itss_bridge.cli.tables import metric_table

    console().print(metric_table(metrics, language))


class _Asked:
    """One metric of an open workspace with the arguments that were given."""

    def __init__(self, call: Call, metric_id: str, pairs: tuple[str, ...], by: str | None) -> None:
        self.bridge: Bridge = call.bridge()
        self.metric: Metric = self.bridge.plugins.pick(self.bridge.catalogue.metrics, metric_id, say("metric"))
        self.arguments = _arguments(pairs, self.metric.parameters)
        self.by = by
        self.as_of = call.as_of(self.bridge)

    def obstacle(self, as_of: datetime) -> str:
        """Why nothing may be concluded from the evidence of that moment; empty when something may."""
        from itss_bridge.metrics import obstacle
        from itss_bridge.report import by_stream, stream_states

        return obstacle(self.metric, by_stream(stream_states(self.bridge.lake, as_of)))

    def shape(self, engine: "Engine", start: datetime | None, end: datetime, reason: str) -> dict[str, Any]:
        """What one window gives, with its parts where they were asked for."""
        from itss_bridge.exporters.measured import measurement_json
        from itss_bridge.metrics import measure, unknown

        given = self.arguments
        whole = unknown(self.metric, end, given, reason) if reason else measure(self.metric, engine, start, end, given)
        shape = measurement_json(whole, self.metric)
        return shape | ({"by": self.by, **self.parts(engine, start, end, reason)} if self.by else {})

    def parts(self, engine: "Engine", start: datetime | None, end: datetime, reason: str) -> dict[str, Any]:
        """The parts of one window; nothing where none were asked for."""
        from itss_bridge.exporters.measured import numbers_json
        from itss_bridge.metrics import split

        if not self.by:
            return {}
        found = {} if reason else split(self.metric, engine, start, end, self.arguments, self.by)
        return {"parts": [{"part": part} | numbers_json(one) for part, one in found.items()]}


@click.command(
    "show", epilog="Example: itss-bridge metric show kpi-sla --from 2026-01-01 --to 2026-03-31 --by priority --json"
)
@click.argument("metric_id", shell_complete=completed("metrics"))
@click.option("--from", "start", metavar="DATE", help="First day of the window (default: no lower bound).")
@click.option("--to", "end", metavar="DATE", help="Last day of the window (default: the moment spoken of).")
@_ARGUMENTS
@_BY
@click.option("--population", "with_population", is_flag=True, help="Every item, with its own verdict.")
@common
def show_command(
    call: Call,
    metric_id: str,
    start: str | None,
    end: str | None,
    pairs: tuple[str, ...],
    by: str | None,
    *,
    with_population: bool,
) -> int:
    """One metric over a window: number, denominator, exclusions; ends with 5 when it cannot be concluded."""
    from itss_bridge.metrics import population

    asked = _Asked(call, metric_id, pairs, by)
    since = asked.bridge.workspace.start_of(start) if start else None
    until = min(asked.bridge.workspace.moment(end), asked.as_of) if end else asked.as_of
    reason = asked.obstacle(asked.as_of)
    with asked.bridge.engine(asked.as_of) as engine:
        shape = asked.shape(engine, since, until, reason)
        if with_population and not reason:
            items = population(asked.metric, engine, since, until, asked.arguments)
            shape["population"] = [asdict(item) for item in items]
    if call.as_json:
        print_json(shape)
    else:
        from itss_bridge.cli.metric_tables import measured_view

        console().print(measured_view(asked.metric, shape, call.lang(asked.bridge)))
    return _exit_code(unknown=bool(shape["unknown"]))


@click.command(
    "history",
    epilog="Example: itss-bridge metric history kpi-sla --months 6 --by priority --json",
)
@click.argument("metric_id", shell_complete=completed("metrics"))
@click.option(
    "--months", default=12, type=click.IntRange(1, 240), show_default=True, help="How many, the running one too."
)
@_ARGUMENTS
@_BY
@click.option("--as-known", is_flag=True, help="Each month by the evidence held at its end, not by today's.")
@common
def history_command(
    call: Call, metric_id: str, months: int, pairs: tuple[str, ...], by: str | None, *, as_known: bool
) -> int:
    """One metric month by month, in the workspace's time zone; ends with 5 when no month can be concluded."""
    from itss_bridge.metrics import months_until

    asked = _Asked(call, metric_id, pairs, by)
    zone = asked.bridge.workspace.time_zone
    told = months_until(asked.as_of, months, zone)
    rows = list(_known_then(asked, told) if as_known else _known_now(asked, told))
    head = {"id": metric_id, "arguments": asked.arguments, "unit": asked.metric.unit, "time_zone": str(zone)}
    shape = head | {
        "calendar": next((row["calendar"] for row in rows if row["calendar"]), ""),
        "as_known": as_known,
        "by": by,
    }
    shape["months"] = [{name: value for name, value in row.items() if name != "calendar"} for row in rows]
    if call.as_json:
        print_json(shape)
    else:
        from itss_bridge.cli.metric_tables import history_view

        console().print(history_view(asked.metric, shape, call.lang(asked.bridge)))
    return _exit_code(unknown=all(row["unknown"] for row in rows))


def _known_now(asked: _Asked, months: "tuple[Month, ...]") -> Iterator[dict[str, Any]]:
    reason = asked.obstacle(asked.as_of)
    with asked.bridge.engine(asked.as_of) as engine:
        yield from _months(asked, engine, months, reason)


def _known_then(asked: _Asked, months: "tuple[Month, ...]") -> Iterator[dict[str, Any]]:
    for month in months:
        reason = asked.obstacle(month.end)
        with asked.bridge.engine(month.end) as engine:
            yield from _months(asked, engine, (month,), reason)


def _months(asked: _Asked, engine: "Engine", months: "tuple[Month, ...]", reason: str) -> Iterator[dict[str, Any]]:
    from itss_bridge.exporters.measured import month_json
    from itss_bridge.trends import points

    for point in points(asked.metric, engine, months, asked.arguments, reason):
        parts = asked.parts(engine, point.start, point.end, reason)
        yield month_json(point) | parts | {"calendar": point.measurement.calendar}


def _exit_code(*, unknown: bool) -> int:
    from itss_bridge.errors import SourceUnavailable

    return SourceUnavailable.exit_code if unknown else 0


def _arguments(pairs: tuple[str, ...], declared: tuple[str, ...]) -> dict[str, str]:
    given = {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
    if set(given) != set(declared):
        wanted = " ".join(f"--with {name}=…" for name in declared) or say("no --with")
        raise click.UsageError(say("this metric takes {wanted}", wanted=wanted))
    return given


command = Commands(
    "metric",
    {
        "list": ("itss_bridge.cli.metric:list_command", "All metrics with unit, streams and definition."),
        "show": ("itss_bridge.cli.metric:show_command", "One metric over a window, with its population."),
        "history": ("itss_bridge.cli.metric:history_command", "One metric month by month."),
    },
    help="Look at metrics: numbers, denominators, populations.",
)
