"""`template`: an empty table to fill in."""

from pathlib import Path

import click

from itss_bridge.cli.call import Call, common, print_json
from itss_bridge.cli.complete import completed
from itss_bridge.cli.talk import talk
from itss_bridge.messages import say

REPORT = "report"


@click.command(
    epilog="Examples: itss-bridge template certificate · itss-bridge template person people.csv · "
    "itss-bridge template report our-report.docx"
)
@click.argument("stream", shell_complete=completed("streams"))
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@common
def command(call: Call, stream: str, file: Path | None) -> None:
    """Write an empty table for STREAM to FILE (.xlsx or .csv), with what each column means; STREAM.xlsx by default.

    Fill it in, give it the stream's name, and put it into the workspace's attestations folder. A table without rows
    there means that there are none.

    In place of a stream, `report` writes the Word template of the self-assessment: edit it in Word, and name it in
    itss-bridge.toml as docx_template under [export].
    """
    from itss_bridge.cli.export import write
    from itss_bridge.errors import UsageError
    from itss_bridge.exporters.docx import shipped
    from itss_bridge.template import columns, template

    report = stream == REPORT
    target = file or Path(f"{stream}{'.docx' if report else '.xlsx'}")
    kind = target.suffix.lower()
    content = shipped(call.lang()).read_bytes() if report else template(stream, kind, call.lang())
    if target.exists():
        fix = say("choose another name, or move it away; filled tables are never overwritten")
        raise UsageError(say("there is a file of this name already"), where=str(target), fix=fix)
    write(target, content)
    if call.as_json:
        print_json({"file": str(target), "stream": stream, "columns": [] if report else list(columns(stream))})
        return
    click.echo(str(target))
    if report:
        talk(say("edit it in Word, then name it in itss-bridge.toml: docx_template under [export]"))
    else:
        talk(say("fill it in, then put it into attestations/ as {name}", name=f"{stream}{kind}"))
