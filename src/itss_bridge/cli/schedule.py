"""`schedule show`: samples for running it every night."""

import shutil
import sys
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from itss_bridge.cli.call import Call, Commands, common, print_json
from itss_bridge.cli.talk import talk
from itss_bridge.errors import UsageError
from itss_bridge.messages import say

if TYPE_CHECKING:
    from itss_bridge.schedules import Sample

COMMANDS = {"show": ("itss_bridge.cli.schedule:show", "Files for cron, systemd, Kubernetes, GitHub or Airflow.")}
command = Commands("schedule", COMMANDS, help="Show samples for running it every night.")
_KINDS = {
    "cron": "A script and a line for crontab.",
    "systemd": "A script, a service and a timer.",
    "k8s": "A CronJob for Kubernetes.",
    "github": "A workflow for GitHub Actions.",
    "airflow": "A script and a DAG for Airflow.",
}


def _at(context: click.Context, parameter: click.Parameter, value: str) -> time:
    """A time of the day."""
    try:
        return datetime.strptime(value, "%H:%M").time()  # noqa: DTZ007 - a time of the day has no zone
    except ValueError:
        what = say("{value!r} is no time of the day; write 02:17", value=value)
        raise click.BadParameter(what, context, parameter) from None


@click.command(
    epilog="Examples: itss-bridge schedule show --cron · itss-bridge schedule show --systemd --at 03:30 --into deploy",
    help="Show what runs sync, export and gate every night, with the exit codes handled, secrets by reference, and "
    "days in the workspace's time zone. Nothing is installed.",
)
@click.option(
    "--at",
    metavar="HH:MM",
    callback=_at,
    default="02:17",
    show_default=True,
    help="When, in the workspace's time zone.",
)
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), help="Write the files into this folder.")
@common
def show(call: Call, at: time, into: Path | None, **kinds: bool) -> None:
    """Print the files, or write them."""
    from itss_bridge.doctor.access import references
    from itss_bridge.schedules import KINDS, Night
    from itss_bridge.workspace import Workspace

    chosen = [kind for kind, wanted in kinds.items() if wanted]
    if len(chosen) != 1:
        names = ", ".join(f"--{kind}" for kind in _KINDS)
        raise click.UsageError(say("choose one of {names}", names=names))
    workspace = Workspace.open(call.workspace)
    night = Night.of(workspace, list(references(workspace).values()), _program(), at)
    samples = KINDS[chosen[0]](night)
    if into:
        _write(samples, into)
    if call.as_json:
        files = [{"place": sample.place, "text": sample.text} for sample in samples]
        print_json({"kind": chosen[0], "files": files, "secrets": list(night.names)})
    elif into is None:
        click.echo("\n".join(f"# ---- {sample.place}\n{sample.text}" for sample in samples).rstrip())


for _name, _help in reversed(_KINDS.items()):
    show = click.option(f"--{_name}", is_flag=True, help=_help)(show)


def _program() -> str:
    """This very installation: a scheduler's PATH is short."""
    beside = Path(sys.executable).with_name("itss-bridge")
    return str(beside) if beside.exists() else shutil.which("itss-bridge") or "itss-bridge"


def _write(samples: "list[Sample]", folder: Path) -> None:
    """All or none: a file that is there already is somebody's."""
    targets = {folder / Path(sample.place).name: sample.text for sample in samples}
    for path in targets:
        if path.exists():
            raise UsageError(say("the file is there already"), where=str(path), fix=say("name another folder"))
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in targets.items():
        path.write_text(text, "utf-8")
        talk(str(path))
