"""`template`: an empty table to fill in."""

from pathlib import Path

import click

from itss_bridge.cli.call import Call, common, print_json
from itss_bridge.cli.complete import completed
from itss_bridge.messages import say


@click.command(epilog="Examples: itss-bridge template certificate · itss-bridge template person people.csv")
@click.argument("stream", shell_complete=completed("streams"))
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@common
def command(call: Call, stream: str, file: Path | None) -> None:
    """Write an empty table for STREAM to FILE (.xlsx or .csv), with what each column means; STREAM.xlsx by default.

    Fill it in, give it the stream's name, and put it into the workspace's attestations folder. A table without rows
    there means that there are none.
    """
    from itss_bridge.cli.export import write
    from itss_bridge.errors import UsageError
    from itss_bridge.template import columns, template

    target = file or Path(f"{stream}.xlsx")
    content = template(stream, target.suffix.lower(), call.language or "zh")
    if target.exists():
        fix = say("choose another name, or move it away; filled tables are never overwritten")
        raise UsageError(say("there is a file of this name already"), where=str(target), fix=fix)
    write(target, content)
    if call.as_json:
        print_json({"file": str(target), "stream": stream, "columns": list(columns(stream))})
    else:
        click.echo(str(target))
        click.echo(f"fill it in, then put it into attestations/ as {stream}{target.suffix.lower()}", err=True)
