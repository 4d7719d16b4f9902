"""`plan`: what a sync would read, before anything is read."""

from typing import TYPE_CHECKING, Any

import click

from itss_bridge.cli.call import Call, common, console, print_json
from itss_bridge.errors import BridgeError

if TYPE_CHECKING:
    from itss_bridge.bridge import Bridge
    from itss_bridge.contracts import Connector

_SECONDS_A_REQUEST = 0.5
_AROUND = 3


@click.command(
    epilog="Examples: itss-bridge plan · itss-bridge plan --json",
    help="Say what a sync would read: rows, requests and minutes per stream. Asks the tools for counts only.",
)
@common
def command(call: Call) -> int:
    """Show the plan; end with the worst exit code of the sources that did not answer."""
    bridge = call.bridge()
    rows: list[dict[str, Any]] = []
    worst = 0
    for name, source in bridge.workspace.sources.items():
        connector = bridge.connector(source)
        try:
            connector.check()
            rows += [_stream(bridge, name, connector, stream) for stream in connector.streams()]
        except BridgeError as error:
            worst = max(worst, error.exit_code)
            rows.append({"source": name, "reason": str(error)})
    if call.as_json:
        print_json(rows)
    else:
        from itss_bridge.cli.tables import plain_table

        columns = ["source", "stream", "read", "at the tool", "held", "requests", "minutes", "reason"]
        console().print(plain_table(columns, rows))
    return worst


def _stream(bridge: "Bridge", source: str, connector: "Connector", stream: str) -> dict[str, Any]:
    """One line; requests are an estimate: of a full read, or of an incremental one when little has changed."""
    last = bridge.lake.table(stream).last()
    mark = last.sources.get(source) if last else None
    counted = connector.count(stream)
    full = mark is None or mark.cursor is None
    rows = counted.rows if counted else None
    requests = _AROUND + (-(-(rows or 0) // connector.rows_per_request) if full else 0)
    if connector.reads_files:
        requests = 0
    return {
        "source": source,
        "stream": stream,
        "read": "everything"
        if full
        else f"changes since {mark.cursor:%Y-%m-%d %H:%M}Z"
        if mark and mark.cursor
        else "",
        "at the tool": rows if counted is None or counted.exact else f"about {rows}",
        "held": mark.seen if mark else 0,
        "requests": requests,
        "minutes": round(requests * _SECONDS_A_REQUEST / 60, 1),
    }
