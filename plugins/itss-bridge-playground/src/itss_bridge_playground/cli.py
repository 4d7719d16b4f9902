"""`itss-bridge-playground`: serve the stand-in tools, and move their clock."""

import json
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, Literal
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import click

from itss_bridge.cli.talk import LANGUAGE, Complaint, localised, speak
from itss_bridge.messages import brings, say, spoken, told
from itss_bridge_playground.oauth import CLIENT, CLIENT_SECRET
from itss_bridge_playground.playground import Playground

_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"])


class _Spoken(click.Group):
    """The commands in the language of the terminal."""

    def main(self, *args: Any, **options: Any) -> Any:
        brings(__package__)
        speak(spoken(sys.argv[1:]))
        return click.Group.main(localised(self), *args, **options)


@click.group(cls=_Spoken)
def main() -> None:
    """Stand-in ServiceNow, Jira and Confluence servers on loopback, with recorded incidents."""


@main.command()
@click.option("--now", type=_MOMENT, default="2016-05-01", show_default=True, help="The moment it is there, UTC.")
@click.option("--incidents", type=click.Choice(["sample", "full"]), default="sample", show_default=True)
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Where the full log lies.")
@click.option(
    "--deployment",
    type=click.Choice(["cloud", "data-center"]),
    default="cloud",
    show_default=True,
    help="How Jira and Confluence are served: as a cloud site, or below /jira and /confluence.",
)
@click.option("--servicenow-port", type=click.IntRange(0, 65535), default=0, help="0 picks a free one.")
@click.option("--atlassian-port", type=click.IntRange(0, 65535), default=0, help="0 picks a free one.")
@click.option("--seconds", type=click.IntRange(min=0), default=3600, show_default=True, help="Stop after so long.")
@click.option("--json", "as_json", is_flag=True, help="Print the addresses and the workspace file as one JSON line.")
def serve(
    *,
    now: datetime,
    incidents: Literal["sample", "full"],
    data: Path | None,
    deployment: Literal["cloud", "data-center"],
    servicenow_port: int,
    atlassian_port: int,
    seconds: int,
    as_json: bool,
) -> None:
    """Serve until Ctrl-C or for --seconds, and print the workspace file to use."""
    try:
        ports = servicenow_port, atlassian_port
        playground = Playground(now, incidents, data, ports=ports, deployment=deployment)
    except (OSError, OverflowError) as error:
        raise Complaint(
            say("{error}; name the folder of the full log with --data, or choose other ports", error=error)
        ) from None
    with playground, suppress(KeyboardInterrupt):
        click.echo(_introduction(playground, as_json=as_json))
        Event().wait(seconds)


def _introduction(playground: Playground, *, as_json: bool) -> str:
    servicenow, atlassian = playground.servicenow.origin, playground.atlassian.origin
    if as_json:
        told = {"servicenow": servicenow, "atlassian": atlassian, "now": playground.clock.now.isoformat()}
        return json.dumps(told | {"workspace": playground.workspace_toml()}, ensure_ascii=False)
    return (
        f"ServiceNow           {servicenow}   user bridge, password playground\n"
        f"Jira and Confluence  {atlassian}   user bridge@acme.example, token playground\n"
        f"OAuth                client {CLIENT}, secret {CLIENT_SECRET}, at {playground.token_urls()}\n"
        f"It is {playground.clock.now.isoformat()} there. Go on: itss-bridge-playground move --to DATE {servicenow}\n\n"
        f"itss-bridge.toml:\n\n{playground.workspace_toml()}"
    )


@main.command()
@click.option("--to", "moment", type=_MOMENT, required=True, help="The moment to go on to, UTC.")
@click.argument("origin")
def move(moment: datetime, origin: str) -> None:
    """Move the clock of the playground that serves ORIGIN (any of its addresses); time only goes forward."""
    if not origin.startswith(("http://127.0.0.1:", "http://localhost:")):
        raise Complaint(say("{origin} is not a playground: those are at http://127.0.0.1:PORT", origin=origin))
    body = json.dumps({"now": moment.isoformat()}).encode()
    request = Request(f"{origin.rstrip('/')}/playground/clock", data=body, method="POST")  # noqa: S310 - loopback, checked
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback, checked
            told_now = say("it is {moment} there now", moment=json.load(answer)["now"])
            click.echo(told(told_now, LANGUAGE.get()))
    except HTTPError as error:
        raise Complaint(json.load(error)["error"]) from None
    except URLError as error:
        raise Complaint(say("nothing answers at {origin}: {reason}", origin=origin, reason=error.reason)) from None
