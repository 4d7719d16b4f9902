"""`evidence list`: the records themselves."""

import click

from itss_bridge.cli.call import Call, Commands, common, console, print_json_lines
from itss_bridge.errors import UsageError

_SHOWN = ("id", "ref", "changed_at", "collected_at", "digest", "source")


@click.command("list", epilog="Example: itss-bridge evidence list incident --columns state,priority --json")
@click.argument("stream")
@click.option("--columns", metavar="A,B", help="Further fields of the stream.")
@common
def list_command(call: Call, stream: str, columns: str | None) -> None:
    """Current records of STREAM, as of the moment asked for; one JSON object a line with --json."""
    from itss_bridge.evidence.read import records

    bridge = call.bridge()
    wanted = (*_SHOWN, *(name.strip() for name in (columns or "").split(",") if name.strip()))
    rows = records(bridge.lake, _known(stream), call.as_of(bridge), wanted)
    if call.as_json:
        print_json_lines(rows)
        return
    from itss_bridge.cli.tables import plain_table

    console().print(plain_table([name for name in wanted if name != "digest"], rows))


def _known(stream: str) -> str:
    from itss_bridge.data import stream_names

    if stream in stream_names():
        return stream
    raise UsageError(f"there is no stream {stream!r}", fix=f"there are: {', '.join(stream_names())}")


command = Commands(
    "evidence",
    {"list": ("itss_bridge.cli.evidence:list_command", "Current records of one stream.")},
    help="Look at the records kept as evidence.",
)
