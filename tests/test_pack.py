"""A consultant adds a service line of its own with nothing but files: exactly those that mappings/README.md shows."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from itss_bridge.data import folder

pytestmark = pytest.mark.slow

README = (folder("mappings") / "README.md").read_text("utf-8")
SECTION = README.split("\n## A pack of your own: another service line\n")[1].split("\n## ")[0]
FILES = dict(
    re.findall(r"^\*\*`(my-pack/\S+\.yaml)`\*\*[^\n]*\n\n```yaml\n(.*?)```$", SECTION, re.DOTALL | re.MULTILINE)
)
PROJECTS = """\
id,changed_at,category,started_at,ended_at,accepted_at,state
C-1,2025-12-01,咨询设计,2025-01-10,2025-03-31,2025-04-10,completed
C-2,2025-12-01,咨询设计,2025-02-10,2025-06-30,2025-07-02,completed
C-3,2025-12-01,咨询设计,2025-03-10,2025-08-31,,completed
C-4,2025-12-01,咨询设计,2025-03-10,2025-05-31,,cancelled
M-1,2025-12-01,运行维护,2025-01-10,2025-06-30,,completed
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with the files of the README, and projects to measure."""
    (toml,) = re.findall(r"```toml\n(.*?)```", SECTION, re.DOTALL)
    (tmp_path / "itss-bridge.toml").write_text(toml + '[sources.files]\nconnector = "files"\n', "utf-8")
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    (tmp_path / "attestations").mkdir()
    (tmp_path / "attestations" / "project.csv").write_text(PROJECTS, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def answer(bridge_command: Callable[..., Any], root: Path) -> Callable[..., Any]:
    """What a command answers as data."""

    def asked(*words: str) -> Any:
        ran = bridge_command(*words, "--json")
        assert ran.code == 0, ran.err
        lines = words[:2] == ("catalogue", "list") or words[:2] == ("catalogue", "mappings")
        return [json.loads(line) for line in ran.out.splitlines()] if lines else json.loads(ran.out)

    return asked


def test_the_readme_shows_a_file_of_each_kind() -> None:
    kinds = {Path(name).parent.name for name in FILES}

    assert kinds == {"my-pack", "frameworks", "crosswalks", "metrics", "checks", "levels"}
    assert len(re.findall(r"```yaml", SECTION)) == len(FILES), "each block has its file name"


@pytest.mark.parametrize("words", [("my-pack",), ()])
def test_the_pack_is_clean_alone_and_with_all_it_builds_upon(answer, words: tuple[str, ...]) -> None:
    assert answer("catalogue", "lint", *words) == {"ok": True, "faults": []}


def test_its_requirements_and_mappings_are_in_the_catalogue(answer) -> None:
    ids = {row["id"] for row in answer("catalogue", "list")}
    pairs = {(row["source"], row["target"]) for row in answer("catalogue", "mappings")}

    assert {"consulting:design", "consulting:design-need", "consulting:design-accept"} <= ids
    assert ("consulting:design-accept", "iso9001:8.6") in pairs
    assert answer("catalogue", "coverage")["frameworks"]["consulting"]["unreachable"] == []


def test_its_rows_are_in_the_matrix_with_what_was_measured(answer, bridge_command) -> None:
    assert bridge_command("sync").code == 0
    rows = {row["requirement"]: row for row in answer("matrix")["rows"]}

    assert rows["consulting:design-accept"]["status"] == "conforming"
    assert rows["consulting:design-accept"]["evidence"] == 4
    assert rows["consulting:design-need"]["status"] == "undetermined", "no source gives documents"
    assert [c["requirement"] for c in rows["consulting:design-accept"]["cells"]["iso9001"]] == ["iso9001:8.6"]
    assert "成果验收" in bridge_command("matrix", "--lang", "zh").out


def test_its_rule_is_measured_beside_the_official_ones_and_decides_nothing(answer, bridge_command) -> None:
    assert bridge_command("sync").code == 0
    assessed = answer("assess")
    pack = assessed["levels"]["3"]["packs"]["consulting-own"]
    (rule,) = pack["rules"]

    assert pack["authority"] == "advisory"
    assert (rule["id"], rule["state"]) == ("consulting-own.l3.accepted", "not_met")
    assert rule["value"] == pytest.approx(200 / 3)
    assert "itss-application-2020" in assessed["levels"]["3"]["packs"]


def test_every_new_id_is_explained(answer) -> None:
    names = ["consulting", "consulting:design-accept", "consulting-iso9001", "designs-accepted", "OUR-CONSULTING"]
    names += ["consulting-design-accept.measured", "consulting-own", "consulting-own.l3.accepted"]
    for name in names:
        assert answer("explain", name)["id"] == name
    assert answer("explain", "iso9001 8.6")["mappings"][-1]["requirement"] == "consulting:design-accept"


@pytest.mark.parametrize(
    ("file", "before", "after", "rule"),
    [
        ("crosswalks/consulting-iso9001.yaml", "target: iso9001:8.6", "target: iso9001:8.66", "dangling-id"),
        ("metrics/designs-accepted.yaml", "j.accepted_at <", "j.acepted_at <", "metric-query"),
        ("metrics/designs-accepted.yaml", "zh: 分子", "zh: &a 分子", "yaml"),
        ("checks/consulting.yaml", "label: consulting", "labels: consulting", "argument-mismatch"),
        ("levels/consulting-own.yaml", "source: [OUR-CONSULTING]", "source: [HEARSAY]", "unknown-source"),
        ("levels/consulting-own.yaml", "metric: designs-accepted", "metric: kpi-slaa", "unknown-metric"),
    ],
)
def test_a_slip_in_the_pack_is_found_in_its_file(
    bridge_command, root: Path, file: str, before: str, after: str, rule: str
) -> None:
    path = root / "my-pack" / file
    path.write_text(path.read_text("utf-8").replace(before, after, 1), "utf-8")
    ran = bridge_command("catalogue", "lint", "my-pack", "--json")
    faults = json.loads(ran.out)["faults"]

    assert ran.code == 2
    assert rule in {fault["rule"] for fault in faults}
    assert all(file in fault["where"] for fault in faults if fault["rule"] == rule)


def test_a_pack_that_takes_a_shipped_id_is_refused(bridge_command, root: Path) -> None:
    path = root / "my-pack" / "metrics" / "kpi-sla.yaml"
    path.write_text(FILES["my-pack/metrics/designs-accepted.yaml"].replace("designs-accepted", "kpi-sla"), "utf-8")
    ran = bridge_command("catalogue", "lint", "my-pack")

    assert ran.code == 2
    assert "duplicate-id: 'kpi-sla' is declared twice" in ran.out
