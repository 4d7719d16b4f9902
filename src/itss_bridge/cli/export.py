"""`export`: the report as files."""

from dataclasses import replace
from pathlib import Path

import click

from itss_bridge.cli.call import Call, common, print_json
from itss_bridge.messages import say
from itss_bridge.written import suffix, write

__all__ = ["command", "suffix", "write"]


@click.command(
    epilog="Examples: itss-bridge export matrix.xlsx report.html · itss-bridge export --as-of 2026-03-31 audit.json · "
    "itss-bridge export review.xlsx --since 2025-12-31 · itss-bridge export audit.xlsx --lang en --one-language"
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--since", metavar="DATE", help="Show what changed since that day's end, or since that moment.")
@click.option("--one-language", is_flag=True, help="In the leading language alone, where a format can show both.")
@click.option("--formats", is_flag=True, help="List all formats, plugins' ones too, instead of writing a file.")
@common
def command(call: Call, files: tuple[Path, ...], since: str | None, *, one_language: bool, formats: bool) -> None:
    """Write the report to FILES; the suffix picks the format: .xlsx .html .docx .pdf .json .csv .md and more."""
    from itss_bridge.bridge import Bridge

    if formats:
        _list_formats(call)
        return
    if not files:
        raise click.UsageError(say("name a file; `export --formats` lists what there is"))
    bridge: Bridge = call.bridge()
    exporters = [
        bridge.plugins.pick(bridge.plugins.exporters, suffix(f, bridge.plugins.exporters), say("format")) for f in files
    ]
    earlier = bridge.workspace.moment(since) if since else None
    report = bridge.report(call.as_of(bridge), earlier, with_trends=any(e.shows_trends for e in exporters))
    language = call.lang(bridge)
    shown = replace(report, languages=(language,)) if one_language else report
    for file, exporter in zip(files, exporters, strict=True):
        write(file, exporter().export(shown, language))
    if call.as_json:
        print_json([str(file) for file in files])
    else:
        click.echo("\n".join(map(str, files)))


def _list_formats(call: Call) -> None:
    """Every suffix with what a file of it is for; of a plugin's that says nothing, its name."""
    from itss_bridge.plugins import Plugins

    exporters = Plugins().exporters
    if call.as_json:
        titles = {known: {"en": e.title.en, "zh": e.title.zh} for known, e in exporters.items()}
        print_json([{"suffix": known, "title": title} for known, title in titles.items()])
        return
    width = max(map(len, exporters))
    for known, exporter in exporters.items():
        click.echo(f"{known:<{width}}  {exporter.title[call.lang()] or exporter.name}")
