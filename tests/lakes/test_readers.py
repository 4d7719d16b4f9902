"""A lake that we wrote, read by others; and docs/lakes.md, every sample of it run."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.lakes.conftest import ACCESS_KEY, SECRET, Server
from tests.lakes.test_remote_lake import commit, filled

from itss_bridge.evidence import Lake
from itss_bridge.evidence.bucket import Bucket, Place
from itss_bridge.evidence.compact import compact
from itss_bridge.evidence.purge import Wanted, purge
from itss_bridge.evidence.read import records
from itss_bridge.workspace import Workspace

PAGE = (Path(__file__).parent.parent.parent / "docs" / "lakes.md").read_text("utf-8")
URI = "s3://evidence/chenxing"
START = datetime(2026, 1, 1, tzinfo=UTC)
AS_OF = datetime(2026, 3, 31, 16, tzinfo=UTC)
Rows = list[tuple[str, str]]


def samples(language: str) -> dict[str, str]:
    """The page's samples in a language, by the heading above them; those with further words are not run."""
    found: dict[str, str] = {}
    for heading, text in re.findall(r"^#+ (.*)\n((?:(?!^#).*\n?)*)", PAGE.replace("\n# ", "\n\\# "), re.MULTILINE):
        for code in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL):
            found[heading] = found.get(heading, "") + code
    return found


@pytest.fixture(params=["as synced", "purged", "compacted"])
def lake(request: pytest.FixtureRequest, place: Callable[[], Place], tmp_path: Path) -> tuple[Lake, Place]:
    where = place()
    lake = filled(Lake(tmp_path, store=Bucket(where)))
    commit(lake, {"9": "new"}, 365)
    if request.param != "as synced":
        purge(lake, ["incident"], Wanted(before=START + timedelta(days=2)), "test", AS_OF, apply=True)
    if request.param == "compacted":
        compact(lake, ["incident"], AS_OF, apply=True)
    return lake, where


@pytest.fixture
def told(lake: tuple[Lake, Place], s3: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], object]:
    """Run the page's samples up to the one under a heading against the lake; gives its `current`."""
    monkeypatch.setenv("LAKE_ENDPOINT", s3.endpoint)
    monkeypatch.setenv("LAKE_ACCESS_KEY", ACCESS_KEY)
    monkeypatch.setenv("LAKE_SECRET", SECRET)
    monkeypatch.setenv("LAKE_ALLOW_HTTP", "true")

    def run(heading: str) -> object:
        names: dict[str, object] = {}
        for name, code in samples("python").items():
            exec(compile(code.replace(URI, lake[1].uri), f"docs/lakes.md, {name}", "exec"), names)
            if name == heading:
                return names["current"]
        raise AssertionError(f"the page has no sample {heading}")

    return run


@pytest.fixture
def ours(lake: tuple[Lake, Place]) -> Rows:
    found = records(lake[0], "incident", AS_OF, ["id", "state"])
    rows = [(row["id"], row["state"]) for row in found]
    assert rows == [("1", "closed"), ("2", "closed"), ("3", "new")]
    return rows


def test_polars_reads_what_we_read(told: Callable[[str], object], ours: Rows) -> None:
    pytest.importorskip("polars", reason="needs the group `lakes`")
    assert told("polars").rows() == ours


def test_pyarrow_reads_what_we_read(told: Callable[[str], object], ours: Rows) -> None:
    pytest.importorskip("polars", reason="needs the group `lakes`")
    assert [(row["id"], row["state"]) for row in told("pyarrow").to_pylist()] == ours


def test_duckdb_reads_what_we_read(told: Callable[[str], object], ours: Rows) -> None:
    pytest.importorskip("polars", reason="needs the group `lakes`")
    assert told("DuckDB") == ours


def test_the_configurations_of_the_page_are_valid(tmp_path: Path) -> None:
    shown = samples("toml")
    assert len(shown) == 2
    for heading, text in shown.items():
        root = tmp_path / str(len(heading))
        root.mkdir()
        key = "" if "[privacy]" in text else '\n[privacy]\nkey = "env:LAKE_PRIVACY_KEY"\n'
        (root / "itss-bridge.toml").write_text(f'[workspace]\norganisation = "晨星信息"\n{text}{key}', "utf-8")
        table = Workspace.open(root).remote_evidence
        assert table == tomllib.loads(text)["evidence"]
        secrets = dict.fromkeys(("access_key", "secret"), "resolved")
        assert Place(**{**table, **secrets}).bucket == "evidence"


WITHOUT_PANDAS = """
import sys

class NoPandas:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pandas":
            raise ImportError("there is no pandas here")

sys.meta_path.insert(0, NoPandas())
from pathlib import Path
from tests.lakes.test_remote_lake import LATER, everything, filled
from itss_bridge.evidence import Lake
from itss_bridge.evidence.bucket import Bucket, Place
from itss_bridge.evidence.compact import compact

lake = filled(Lake(Path(sys.argv[1]), store=Bucket(Place(*sys.argv[2:4], access_key=sys.argv[4], secret=sys.argv[5]))))
compact(lake, ["incident"], LATER, apply=True)
assert list(lake.verify()) == []
print(everything(lake)[-1])
"""


def test_no_pandas_comes_in_between(place: Callable[[], Place], tmp_path: Path) -> None:
    where = place()
    path = os.pathsep.join(filter(None, [*sys.path, str(Path(__file__).parent.parent.parent)]))
    arguments = [str(tmp_path), where.uri, where.endpoint, ACCESS_KEY, SECRET]
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_PANDAS, *arguments],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "{'1': 'closed', '2': 'closed', '3': 'new'}"
