"""A whole workspace: the recorded incidents through the real connectors, measured by both engines."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from itss_bridge.bridge import Bridge
from itss_bridge.errors import UsageError
from itss_bridge.metrics import measure, population

pytestmark = pytest.mark.spark

END_OF_LOG = datetime(2017, 3, 1, tzinfo=UTC)
AFTER = END_OF_LOG + timedelta(minutes=1)
"""All that was collected at the end of the log was collected before this."""


def quiet(source: str, stream: str, read: int, expected: int | None) -> None: ...


def synced(root: Path, incidents: Literal["sample", "full"], shared: Path | None = None) -> Path:
    """All tools of the playground, read once."""
    from itss_bridge_playground.playground import Playground

    with pytest.MonkeyPatch.context() as patch, Playground(END_OF_LOG, incidents, shared) as playground:
        patch.setenv("PLAYGROUND_PASSWORD", "playground")
        patch.setenv("PLAYGROUND_TOKEN", "playground")
        (root / "itss-bridge.toml").write_text(playground.workspace_toml(), "utf-8")
        Bridge(root).sync(quiet)
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synced(tmp_path_factory.mktemp("sample"), "sample")


def on_spark(root: Path, folder: Path, extra: str = "") -> Path:
    """The same evidence, measured on Spark."""
    for name in ("evidence", "attestations"):
        if (root / name).exists():
            (folder / name).symlink_to(root / name)
    text = (root / "itss-bridge.toml").read_text("utf-8")
    assert text.count("[workspace]\n") == 1
    (folder / "itss-bridge.toml").write_text(text.replace("[workspace]\n", f'[workspace]\nengine = "spark"\n{extra}'))
    return folder


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, with Spark as it is for users."""
    plain = {key: value for key, value in os.environ.items() if key != "SPARK_CONF_DIR"}
    command = [sys.executable, "-m", "itss_bridge", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=plain | environment, check=False, timeout=130)


@pytest.mark.slow
def test_the_report_of_the_recorded_sample_is_the_same_to_the_last_byte(root: Path, tmp_path: Path) -> None:
    from itss_bridge.exporters import EXPORTERS

    as_json = next(exporter for exporter in EXPORTERS if exporter.suffix == ".json")()
    ours, theirs = (
        as_json.export(Bridge(workspace).report(AFTER), "zh") for workspace in (root, on_spark(root, tmp_path))
    )

    assert theirs == ours
    assert sum(told["n"] > 0 for told in json.loads(ours)["metrics"]) > 20


@pytest.mark.slow
@pytest.mark.parametrize("master", ["local[2]", "local-cluster[2,1,1024]"])
def test_a_number_is_the_same_on_this_machine_and_on_a_cluster_and_nothing_else_is_said(
    root: Path, tmp_path: Path, master: str
) -> None:
    arguments = ("metric", "show", "kpi-mttr", "--by", "priority", "--population", "--json", "-w")
    other = on_spark(root, tmp_path)
    ours = run(*arguments, root)
    try:
        theirs = run(*arguments, other, ITSS_BRIDGE_SPARK_MASTER=master)
    except subprocess.TimeoutExpired:
        if master.startswith("local-cluster"):
            pytest.skip("the cluster's workers gave no answer on this machine in time")
        raise
    assert (ours.returncode, theirs.returncode, theirs.stderr) == (0, 0, "")
    assert json.loads(ours.stdout)["n"] > 1000
    assert theirs.stdout == ours.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_metric_is_the_same_over_the_whole_recorded_log(shared: Path, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    here = Bridge(synced(full, "full", shared))
    with here.engine(AFTER) as ours, Bridge(on_spark(full, tmp_path)).engine(AFTER) as theirs:
        sizes = {}
        for metric in here.catalogue.metrics.values():
            window = (None, AFTER, dict.fromkeys(metric.parameters, "1"))
            items = list(population(metric, ours, *window))
            assert list(population(metric, theirs, *window)) == items, metric.id
            assert measure(metric, theirs, *window) == measure(metric, ours, *window), metric.id
            sizes[metric.id] = len(items)
    assert sizes["kpi-sla"] == 24_918
    assert len([name for name, size in sizes.items() if size]) >= 40


def test_a_metric_with_a_part_that_is_not_known_says_so(tmp_path: Path) -> None:
    mine = tmp_path / "mine" / "metrics"
    mine.mkdir(parents=True)
    from itss_bridge.data import folder

    shipped = (folder("mappings") / "metrics" / "incidents-recorded.yaml").read_text("utf-8")
    (mine / "shouted.yaml").write_text(
        shipped.replace("incidents-recorded", "shouted").replace("    ref,", "    upper(ref) AS ref,"), "utf-8"
    )
    (tmp_path / "itss-bridge.toml").write_text(
        '[workspace]\norganisation = "晨星信息"\nengine = "spark"\ncatalogues = ["mine"]\n', "utf-8"
    )
    bridge = Bridge(tmp_path)

    with bridge.engine(AFTER) as engine, pytest.raises(UsageError, match="shouted") as caught:
        engine.hold(bridge.catalogue.metrics["shouted"], {}, None, END_OF_LOG)
    assert "UPPER(ref)" in caught.value.cause
    assert 'engine = "duckdb"' in caught.value.fix


@pytest.mark.parametrize(
    ("environment", "missing"),
    [({"PATH": "/nowhere"}, "needs Java 17"), ({"PATH": "/nowhere", "JAVA_HOME": "/nowhere"}, "JAVA_HOME")],
)
def test_without_java_it_says_so(tmp_path: Path, environment: dict[str, str], missing: str) -> None:
    (tmp_path / "itss-bridge.toml").write_text('[workspace]\norganisation = "x"\nengine = "spark"\n', "utf-8")
    (tmp_path / "open.py").write_text(OPEN, "utf-8")

    command = [sys.executable, str(tmp_path / "open.py"), str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert missing in ran.stdout, ran.stderr


OPEN = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from itss_bridge.bridge import Bridge
from itss_bridge.errors import UsageError
from itss_bridge.metrics import measure, population

try:
    with Bridge(Path(sys.argv[1])).engine(datetime.now(UTC)):
        pass
except UsageError as error:
    print(error)
"""
