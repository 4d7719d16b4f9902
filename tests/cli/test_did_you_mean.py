"""Wherever an id is taken, one that is nearly right is answered with the right one, and ends with 2."""

from pathlib import Path

import pytest
from tests.prepared import collect, copied

NEARLY = [
    ("matrx", "matrix"),
    ("metric shw", "show"),
    ("metric show kpi-slaa", "kpi-sla"),
    ("metric history kpi-mttrr", "kpi-mttr"),
    ("evidence list incidnt", "incident"),
    ("evidence purge --before 2020-01-01 --stream incidnt", "incident"),
    ("audit sample incidnt --seed 1 --each 1", "incident"),
    ("audit sample incident --seed 1 --each 1 --by priorty", "priority"),
    ("audit documents --framework iso9000", "iso9001"),
    ("matrix --applicability --framework iso9000", "iso9001"),
    ("analyse volume incidnt", "incident"),
    ("analyse causes incident --by categry", "category"),
    ("template persn", "person"),
    ("sync --source fles", "files"),
    ("publish tickets --to bord", "board"),
    ("catalogue show kpi-slaa", "kpi-sla"),
    ("catalogue sign itss-iso9000 --reviewer 质量负责人", "itss-iso9001"),
    ("explain kpi-slaa", "kpi-sla"),
    ("explain exit-55", "exit-5"),
    ("auth scopes jirra", "jira"),
    ("completion bsh", "bash"),
    ("export matrix.xlsy", ".xlsx"),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copied("level-3", tmp_path_factory.mktemp("near"))
    collect(folder)
    file = folder / "itss-bridge.toml"
    file.write_text(f'{file.read_text("utf-8")}\n[publish.board]\nsource = "files"\n', "utf-8")
    return folder


@pytest.mark.parametrize(("line", "meant"), NEARLY)
def test_what_was_probably_meant_is_said(bridge_command, root: Path, line: str, meant: str) -> None:
    ran = bridge_command(*line.split(), "-w", root)
    assert ran.code == 2, ran.out
    assert meant in ran.err
    assert "Traceback" not in ran.err
