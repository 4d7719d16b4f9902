"""`demo`: the main job on recorded incidents, offline, from the first sync to the finished matrix."""

import os
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from itss_bridge.cli.call import Call, common, console, print_json
from itss_bridge.cli.export import write
from itss_bridge.errors import SourceUnavailable, UsageError
from itss_bridge.messages import say
from itss_bridge.model import Text

if TYPE_CHECKING:
    from itss_bridge.bridge import Bridge
    from itss_bridge.outcomes import StreamOutcome

MOMENTS = (datetime(2016, 5, 1, tzinfo=UTC), datetime(2016, 6, 1, tzinfo=UTC))
REVIEWER = "质量负责人"
FILES = ("matrix.xlsx", "report.html")


@click.command(epilog="Examples: itss-bridge demo · itss-bridge demo my-demo --lang en")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@common
def command(call: Call, folder: Path | None) -> int:
    """Show the whole bridge at work in FOLDER (default: itss-demo), offline.

    Starts stand-in ServiceNow, Jira and Confluence servers on loopback, which replay real recorded incidents (UCI
    incident log, CC BY 4.0) and synthetic changes, problems, requests and documents; syncs them, lets a month go by,
    syncs again, judges, and leaves matrix.xlsx, report.html and a workspace to go on with.
    """
    started = time.monotonic()
    root = _new_folder(folder)
    bridge, outcomes = _play(root, call)
    report, language = bridge.report(since=MOMENTS[0] + timedelta(minutes=1), with_trends=True), call.lang(bridge)
    for name in FILES:
        write(root / name, bridge.plugins.exporters[Path(name).suffix]().export(report, language))
    if call.as_json:
        from itss_bridge.exporters.document import matrix_json

        print_json({"workspace": str(root), "files": [str(root / name) for name in FILES], **matrix_json(report)})
    else:
        from itss_bridge.cli.tables import matrix_view

        console().print(matrix_view(report, language))
        click.echo(_LAST_WORDS[language].format(root=root, seconds=time.monotonic() - started), err=True)
    complete = all(o.state == "complete" for streams in outcomes.values() for o in streams.values())
    return 0 if complete else SourceUnavailable.exit_code


def _new_folder(wanted: Path | None) -> Path:
    """A folder that is empty or not there yet; without a wish the next free name."""
    if wanted is None:
        names = (Path("itss-demo" if n == 1 else f"itss-demo-{n}") for n in count(1))
        return next(path for path in names if not path.exists())
    if wanted.is_dir() and any(wanted.iterdir()):
        raise UsageError(
            say("the folder is not empty"), where=str(wanted), fix=say("name another one; nothing was changed")
        )
    return wanted


def _play(root: Path, call: Call) -> "tuple[Bridge, dict[str, dict[str, StreamOutcome]]]":
    """Two syncs, a month of the recording apart, and the organisation's signature under the crosswalks."""
    from itss_bridge.bridge import Bridge
    from itss_bridge.cli.sync import progress
    from itss_bridge.cli.tables import sync_table

    try:
        from itss_bridge_playground.demo import demo_playground, prepare
    except ImportError:
        raise UsageError(
            say("the demo needs the playground"),
            cause=say("the distribution itss-bridge-playground is not installed"),
            fix=say("python3 -m pip install ./plugins/itss-bridge-playground, and the connectors beside it"),
        ) from None
    talk = console(err=True)
    with demo_playground(MOMENTS[0]) as playground:
        os.environ |= prepare(root, playground)
        bridge = Bridge(root)
        for crosswalk in bridge.catalogue.crosswalks:
            bridge.sign(crosswalk, REVIEWER, MOMENTS[0].date().isoformat())
        outcomes: dict[str, dict[str, StreamOutcome]] = {}
        for moment in MOMENTS:
            playground.move_to(moment)
            with progress(quiet=call.as_json) as watch:
                _, outcomes = bridge.sync(watch)
            talk.print(f"{moment:%Y-%m-%d}")
            talk.print(sync_table(outcomes, call.lang(bridge)))
    return bridge, outcomes


_LAST_WORDS = Text(
    """\
{root}/matrix.xlsx   the matrix to hand round
{root}/report.html   the report to look into; both made in {seconds:.0f} s

Go on:  itss-bridge assess -w {root}                         levels, and what is missing
        itss-bridge metric show kpi-sla -w {root}            a number, its denominator and its tickets
        itss-bridge matrix -w {root} --as-of 2016-05-15      the matrix as of an earlier day
        itss-bridge verify -w {root}                         nothing was changed since it was stored""",
    """\
{root}/matrix.xlsx   符合性矩阵（Excel）
{root}/report.html   符合性报告（HTML）；共用时 {seconds:.0f} 秒

接下来：itss-bridge assess -w {root}                         各级别结论与差距
        itss-bridge metric show kpi-sla -w {root}            指标数值、分母与对应工单
        itss-bridge matrix -w {root} --as-of 2016-05-15      回到某一日期的矩阵
        itss-bridge verify -w {root}                         校验证据自入库后未被改动""",
)
