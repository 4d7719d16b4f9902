"""`analyse volume|causes|recurrence`: quantitative reports over tickets, each with what it rests on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from itss_bridge.cli.call import Call, Commands, common, console, print_json
from itss_bridge.cli.complete import completed

if TYPE_CHECKING:
    from itss_bridge.analysis import Tickets
    from itss_bridge.bridge import Bridge


@contextmanager
def _opened(call: Call, bridge: "Bridge", stream: str) -> "Iterator[tuple[Tickets, str]]":
    """The stream's tickets, and why they may not be all of them."""
    from itss_bridge.analysis import Tickets
    from itss_bridge.metrics import obstacle_of
    from itss_bridge.report import by_stream, stream_states

    as_of = call.as_of(bridge)
    doubt = obstacle_of(stream, by_stream(stream_states(bridge.lake, as_of)))
    with Tickets(bridge.lake, stream, as_of, bridge.workspace.time_zone) as tickets:
        yield tickets, doubt


@click.command("volume", epilog="Examples: itss-bridge analyse volume · itss-bridge analyse volume request --ahead 8")
@click.argument("stream", default="incident", shell_complete=completed("streams"))
@click.option("--ahead", type=click.IntRange(0, 26), default=4, show_default=True, help="Weeks to look ahead; 0: none.")
@click.option("--weeks", "shown", type=click.IntRange(1), default=12, show_default=True, help="Past weeks to show.")
@common
def volume_command(call: Call, stream: str, ahead: int, shown: int) -> int:
    """What came in, was ended and lay there week by week; what the weeks ahead will bring, and whom they would take."""
    from itss_bridge.analysis import capacity, forecast, weeks

    bridge = call.bridge()
    with _opened(call, bridge, stream) as (tickets, doubt):
        past = weeks(tickets)
        told = forecast([week.opened for week in past], ahead) if ahead else None
        desk = capacity(tickets, told.expected if told else ())
    if call.as_json:
        last = [asdict(week) for week in past[-shown:]]
        print_json({"weeks": last, "forecast": told and asdict(told), "capacity": asdict(desk), "incomplete": doubt})
        return _code(doubt)
    language = call.lang(bridge)
    _print(language, [asdict(week) for week in past[-shown:]])
    if told:
        _print(language, _ahead(past[-1].start, asdict(told), desk.needed))
    return _told(language, doubt, _desk(asdict(desk), asdict(told) if told else {}))


def _ahead(last: Any, told: Mapping[str, Any], needed: Sequence[int] | None) -> list[dict[str, Any]]:
    return [
        {
            "week": last + timedelta(weeks=step + 1),
            "expected": f"{expected:.0f}",
            "likely": f"{told['low'][step]:.0f} – {told['high'][step]:.0f}",
            "people": needed[step] if needed else "",
        }
        for step, expected in enumerate(told["expected"])
    ]


def _desk(desk: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if desk["people"] is not None:
        yield "capacity", {**desk, **{name: f"{desk[name]:,.1f}" for name in ("people", "each", "backlog_weeks")}}
    if told:
        yield f"forecast_{told['method']}", {name: f"{told[name]:,.1f}" for name in ("error", "naive_error")}


@click.command(
    "causes", epilog="Examples: itss-bridge analyse causes · itss-bridge analyse causes --by configuration_items --json"
)
@click.argument("stream", default="incident", shell_complete=completed("streams"))
@click.option("--by", "field", default="category", show_default=True, help="The field whose values are the causes.")
@click.option("--months", type=click.IntRange(0), default=12, show_default=True, help="Opened in so many; 0: ever.")
@common
def causes_command(call: Call, stream: str, field: str, months: int) -> int:
    """The few causes behind most tickets (Pareto)."""
    from itss_bridge.analysis import causes

    return _report(call, stream, months, lambda tickets, since: causes(tickets, field, since))


@click.command("recurrence", epilog="Example: itss-bridge analyse recurrence --months 6 --json")
@click.argument("stream", default="incident", shell_complete=completed("streams"))
@click.option("--months", type=click.IntRange(0), default=12, show_default=True, help="Opened in so many; 0: ever.")
@common
def recurrence_command(call: Call, stream: str, months: int) -> int:
    """What came back within 90 days, by item and category."""
    from itss_bridge.analysis import recurrences

    return _report(call, stream, months, recurrences)


def _report(call: Call, stream: str, months: int, made: "Callable[[Tickets, datetime | None], Sequence[Any]]") -> int:
    from itss_bridge.metrics import months_before

    bridge = call.bridge()
    with _opened(call, bridge, stream) as (tickets, doubt):
        since = months_before(tickets.as_of, months) if months else None
        rows = [asdict(row) for row in made(tickets, since)]
    if call.as_json:
        print_json({"rows": rows, "from": since, "to": tickets.as_of, "incomplete": doubt})
        return _code(doubt)
    language = call.lang(bridge)
    _print(language, [{name: _short(value) for name, value in row.items()} for row in rows])
    return _told(language, doubt, ())


def _short(value: Any) -> Any:
    if isinstance(value, bool):
        return "●" if value else ""
    return f"{value:,.1f}" if isinstance(value, float) else value


def _told(language: str, doubt: str, said: "Iterator[tuple[str, Mapping[str, Any]]] | tuple[()]") -> int:
    from itss_bridge.wording import as_reason, phrase

    for name, values in said:
        click.echo(phrase(name, **values)[language], err=True)
    if doubt:
        click.echo(phrase("sample_incomplete", reason=as_reason(doubt)[language])[language], err=True)
    return _code(doubt)


def _code(doubt: str) -> int:
    from itss_bridge.errors import SourceUnavailable

    return SourceUnavailable.exit_code if doubt else 0


def _print(language: str, rows: Sequence[Mapping[str, Any]]) -> None:
    from itss_bridge.cli.tables import plain_table

    console().print(plain_table(list(rows[0]) if rows else ["count"], rows, language))


command = Commands(
    "analyse",
    {
        "volume": ("itss_bridge.cli.analyse:volume_command", "Volume, backlog and capacity, and the weeks ahead."),
        "causes": ("itss_bridge.cli.analyse:causes_command", "The few causes behind most tickets."),
        "recurrence": ("itss_bridge.cli.analyse:recurrence_command", "What came back."),
    },
    help="Quantitative reports over tickets: volume and forecast, causes, recurrence.",
)
