"""`metric list` and `metric show`."""

from dataclasses import asdict

import click

from itss_bridge.cli.call import Call, Commands, common, console, print_json, print_json_lines


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
                "definition": asdict(m.definition),
                "source": list(m.origin.source),
                "confidence": m.origin.confidence,
            }
            for m in metrics
        )
        return
    from itss_bridge.cli.tables import metric_table

    console().print(metric_table(metrics, language))


@click.command(
    "show", epilog="Example: itss-bridge metric show kpi-sla --from 2026-01-01 --to 2026-03-31 --population --json"
)
@click.argument("metric_id")
@click.option("--from", "start", metavar="DATE", help="First day of the window (default: no lower bound).")
@click.option("--to", "end", metavar="DATE", help="Last day of the window (default: the moment spoken of).")
@click.option("--with", "arguments", metavar="NAME=VALUE", multiple=True, help="An argument of the metric.")
@click.option("--population", "with_population", is_flag=True, help="Every item, with its own verdict.")
@common
def show_command(
    call: Call, metric_id: str, start: str | None, end: str | None, arguments: tuple[str, ...], *, with_population: bool
) -> int:
    """One metric over a window: number, denominator, exclusions; ends with 5 when its streams are not complete."""
    from itss_bridge.errors import SourceUnavailable
    from itss_bridge.exporters.document import measurement_json
    from itss_bridge.metrics import measure, obstacle, population, unknown
    from itss_bridge.report import by_stream, stream_states

    bridge = call.bridge()
    metric = bridge.plugins.pick(bridge.catalogue.metrics, metric_id, "metric")
    given = _arguments(arguments, metric.parameters)
    as_of = call.as_of(bridge)
    since = bridge.workspace.start_of(start) if start else None
    until = min(bridge.workspace.moment(end), as_of) if end else as_of
    reason = obstacle(metric, by_stream(stream_states(bridge.lake, as_of)))
    with bridge.engine(as_of) as engine:
        measured = unknown(metric, until, given, reason) if reason else measure(metric, engine, since, until, given)
        shape = measurement_json(measured, metric)
        if with_population and not reason:
            shape["population"] = [asdict(item) for item in population(metric, engine, since, until, given)]
    if call.as_json:
        print_json(shape)
    else:
        from itss_bridge.cli.tables import metric_view

        console().print(metric_view(metric, shape, call.lang(bridge)))
    return SourceUnavailable.exit_code if reason else 0


def _arguments(pairs: tuple[str, ...], declared: tuple[str, ...]) -> dict[str, str]:
    given = {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
    if set(given) != set(declared):
        wanted = " ".join(f"--with {name}=…" for name in declared) or "no --with"
        raise click.UsageError(f"this metric takes {wanted}")
    return given


command = Commands(
    "metric",
    {
        "list": ("itss_bridge.cli.metric:list_command", "All metrics with unit, streams and definition."),
        "show": ("itss_bridge.cli.metric:show_command", "One metric over a window, with its population."),
    },
    help="Look at metrics: numbers, denominators, populations.",
)
