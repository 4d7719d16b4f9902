"""`export`: the report as files."""

import os
from pathlib import Path

import click

from itss_bridge.cli.call import Call, common, print_json
from itss_bridge.errors import UsageError


@click.command(
    epilog="Examples: itss-bridge export matrix.xlsx report.html · itss-bridge export --as-of 2026-03-31 audit.json · "
    "itss-bridge export review.xlsx --since 2025-12-31"
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--since", metavar="DATE", help="Show what changed since that day's end, or since that moment.")
@common
def command(call: Call, files: tuple[Path, ...], since: str | None) -> None:
    """Write the report to FILES; the suffix picks the format: .xlsx .html .json .csv .md .ics .zip and more."""
    from itss_bridge.bridge import Bridge

    bridge: Bridge = call.bridge()
    exporters = [
        bridge.plugins.pick(bridge.plugins.exporters, suffix(f, bridge.plugins.exporters), "format") for f in files
    ]
    report = bridge.report(call.as_of(bridge), bridge.workspace.moment(since) if since else None)
    for file, exporter in zip(files, exporters, strict=True):
        write(file, exporter().export(report, call.lang(bridge)))
    if call.as_json:
        print_json([str(file) for file in files])
    else:
        click.echo("\n".join(map(str, files)))


def suffix(file: Path, known: "dict[str, type]") -> str:
    """The longest known suffix that the file's name ends with, or is, else its last one."""
    named = f".{file.name}" if "." in file.name else file.name
    fitting = [s for s in known if named.endswith(s)]
    return max(fitting, key=len, default=file.suffix or file.name)


def write(file: Path, content: bytes) -> None:
    """The whole file or nothing: written beside it, forced to disk, then renamed over it."""
    partial = file.with_name(f".{file.name}.partial")
    try:
        with partial.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        partial.replace(file)
    except OSError as error:
        partial.unlink(missing_ok=True)
        cause = error.strerror or str(error)
        raise UsageError(
            "the file cannot be written", where=str(file), cause=cause, fix="check the folder and its rights"
        ) from None
