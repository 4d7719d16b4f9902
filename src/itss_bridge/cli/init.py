"""`init`: a new workspace."""

from pathlib import Path

import click

from itss_bridge.cli.call import Call, common, print_json
from itss_bridge.errors import UsageError


@click.command(
    epilog="Example: itss-bridge init . --organisation 晨星信息 --target itss-level-3 --time-zone Asia/Shanghai"
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--organisation", required=True, metavar="NAME", help="Whose conformance it is about.")
@click.option("--time-zone", default="Asia/Shanghai", show_default=True, help="The zone in which days begin.")
@click.option("--target", default="itss-level-3", show_default=True, help="The ITSS level aimed at; 4 is the lowest.")
@common
def command(call: Call, folder: Path, organisation: str, time_zone: str, target: str) -> None:
    """Make a workspace in FOLDER: an itss-bridge.toml to fill in, and a place for attestations."""
    import json

    from itss_bridge.workspace import FILE, Workspace

    path = folder / FILE
    if path.exists():
        raise UsageError("there is a workspace already", where=str(path), fix="edit it, or choose another folder")
    (folder / "attestations").mkdir(parents=True, exist_ok=True)
    values = {"organisation": organisation, "time_zone": time_zone, "target": target}
    text = TEMPLATE.format(**{name: json.dumps(value, ensure_ascii=False) for name, value in values.items()})
    path.write_text(text, "utf-8")
    try:
        Workspace.open(folder)
    except UsageError:
        path.unlink()
        raise
    if call.as_json:
        print_json({"workspace": str(folder)})
    else:
        click.echo(str(path))


TEMPLATE = """\
[workspace]
organisation = {organisation}
languages = ["zh", "en"]
time_zone = {time_zone}
target = {target}
frameworks = ["itss", "iso20000-1", "iso9001"]     # and "iso27001", where you pursue it
rule_packs = ["itss-application-2020", "consultant-002"]
binding = ["itss-application-2020"]

# Files in attestations/: certificate.csv, person.xlsx, project.csv …; `itss-bridge template STREAM` makes an empty one
[sources.files]
connector = "files"

# Secrets never stand in this file; they are referred to: env:NAME, file:PATH, command:ARGS, keyring:SERVICE/USER
#
# [sources.servicenow]
# connector = "servicenow"
# url = "https://example.service-now.com"
# username = "bridge"
# secret = "env:SN_PASSWORD"
#
# [sources.jira]
# connector = "jira"
# url = "https://example.atlassian.net"
# username = "bridge@example.com"
# secret = "env:JIRA_TOKEN"
# [sources.jira.streams.change]
# jql = "project = OPS AND issuetype = Change"
#
# [sources.confluence]
# connector = "confluence"
# url = "https://example.atlassian.net"
# username = "bridge@example.com"
# secret = "env:CONFLUENCE_TOKEN"
# spaces = ["QMS"]
"""
