"""What changed between two catalogues is told field by field, no more and no less."""

import json
import re
import shutil
from pathlib import Path

import pytest

from itss_bridge.catalogue.diff import Difference, diff
from itss_bridge.data import folder
from itss_bridge.errors import UsageError

MAPPINGS = folder("mappings")
PACK = "levels/itss-application-2020.yaml"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(MAPPINGS, tmp_path / "new")
    return tmp_path / "new"


def edit(root: Path, file: str, pattern: str, text: str) -> None:
    changed, times = re.subn(pattern, text, (root / file).read_text("utf-8"), count=1, flags=re.MULTILINE)
    assert times
    (root / file).write_text(changed, "utf-8")


def only(found: list[Difference]) -> Difference:
    assert len(found) == 1, found
    return found[0]


def test_a_copy_has_no_difference(copy: Path) -> None:
    assert diff(MAPPINGS, copy) == []


def test_a_comment_or_another_place_for_a_file_is_no_difference(copy: Path) -> None:
    edit(copy, "metrics/kpi-sla.yaml", "^metric:", "# a note\n\nmetric:")

    assert diff(MAPPINGS, copy) == []


def test_a_changed_threshold_has_before_and_after(copy: Path) -> None:
    edit(copy, PACK, r"(rules-2020\.l4\.system\n(?:    .*\n)*?.*threshold: )6", r"\g<1>9")
    found = only(diff(MAPPINGS, copy))

    assert (found.kind, found.id, found.change) == ("rule", "rules-2020.l4.system", "changed")
    assert found.fields == {"threshold": ("6", "9")}


def test_a_changed_relationship_and_strength_are_told_by_pair(copy: Path) -> None:
    row = r"(source: itss:prc-inc-a\n    target: iso9001:8\.7\n    relationship: )\S+(\n    strength: )\d+"
    edit(copy, "crosswalks/itss-iso9001.yaml", row, r"\1equal-to\g<2>10")
    found = only(diff(MAPPINGS, copy))

    assert (found.kind, found.id) == ("mapping", "itss:prc-inc-a → iso9001:8.7")
    assert set(found.fields) == {"relationship", "strength"}
    assert [after for _, after in found.fields.values()] == ["equal-to", 10]


def test_a_changed_query_is_a_change_of_the_metric(copy: Path) -> None:
    edit(copy, "metrics/kpi-sla.yaml", "NOT breached AS met", "breached AS met")
    found = only(diff(MAPPINGS, copy))

    assert (found.kind, found.id, set(found.fields)) == ("metric", "kpi-sla", {"population"})


def test_a_number_that_gets_confirmed_is_a_change_of_that_edition(copy: Path) -> None:
    pattern = r"(- id: itss:prc-inc\n(?:    .*\n)*?    clauses: \{gbt28827\.1-2022: )null"
    edit(copy, "frameworks/itss.yaml", pattern, r"\1'8.5'")

    assert only(diff(MAPPINGS, copy)).fields == {"clause gbt28827.1-2022": (None, "8.5")}


def test_what_is_gone_one_way_is_new_the_other_way(copy: Path) -> None:
    (copy / "metrics" / "kpi-nps.yaml").unlink()
    (copy / PACK).unlink()
    gone, new = diff(MAPPINGS, copy), diff(copy, MAPPINGS)

    assert {d.change for d in gone} == {"removed"}
    assert {d.change for d in new} == {"added"}
    assert {(d.kind, d.id) for d in gone} == {(d.kind, d.id) for d in new}
    assert ("metric", "kpi-nps") in {(d.kind, d.id) for d in gone}
    assert ("rule", "rules-2020.l4.system") in {(d.kind, d.id) for d in gone}


def test_two_packs_are_compared_as_files(copy: Path) -> None:
    edit(copy, PACK, "authority: official", "authority: advisory")
    found = diff(MAPPINGS / PACK, copy / PACK)

    assert found
    assert {d.kind for d in found} == {"rule"}
    assert {tuple(d.fields.items()) for d in found} == {(("authority", ("official", "advisory")),)}


def test_a_folder_that_builds_upon_the_shipped_one_is_compared_on_its_own(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name / "levels").mkdir(parents=True)
        shutil.copy(MAPPINGS / PACK, tmp_path / name / "levels")
    edit(tmp_path / "new", PACK, "^title:\n  en: .*", "title:\n  en: Other")

    assert diff(tmp_path / "old", tmp_path / "new") == [], "its rules' metrics live elsewhere"


@pytest.mark.parametrize("content", ["a: [", "5", "other: 1\n"])
def test_what_is_no_catalogue_is_refused_with_its_place(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(content, "utf-8")

    with pytest.raises(UsageError) as refused:
        diff(path, path)
    assert str(path) in refused.value.where


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no catalogue"):
        diff(tmp_path, MAPPINGS)


def test_the_command_shows_lines_of_sql_and_gives_data(bridge_command, copy: Path) -> None:
    edit(copy, "metrics/kpi-sla.yaml", "NOT breached AS met", "breached AS met")
    shown = bridge_command("catalogue", "diff", MAPPINGS, copy, "--lang", "zh")
    (data,) = json.loads(bridge_command("catalogue", "diff", MAPPINGS, copy, "--json").out)

    assert shown.code == 0
    assert "~ 变更 metric kpi-sla" in shown.out
    assert re.search(r"^ +- +NOT breached AS met", shown.out, re.MULTILINE)
    assert re.search(r"^ +\+ +breached AS met", shown.out, re.MULTILINE)
    assert "变更 1" in shown.err
    assert data["kind"] == "metric"
    assert data["fields"]["population"]["before"] != data["fields"]["population"]["after"]


def test_an_entry_is_shown_as_it_stands_in_its_file(bridge_command, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = bridge_command("catalogue", "show", "itss:prc-inc-a")
    entry = json.loads(bridge_command("catalogue", "show", "itss:prc-inc-a", "iso9001:8.7", "--json").out)
    lines = Path(entry["file"]).read_text("utf-8").splitlines()

    assert shown.out.splitlines()[1].strip() == "- id: itss:prc-inc-a"
    assert shown.out.count("- id: itss:") == 1
    assert (entry["kind"], entry["id"]) == ("mapping", "itss:prc-inc-a → iso9001:8.7")
    assert lines[entry["line"] - 1] == "  - source: itss:prc-inc-a"
    assert entry["text"] in "\n".join(lines)
    assert entry["text"].count("source:") == 1


def test_a_metric_is_shown_with_its_query_and_a_misspelt_id_gets_a_hint(bridge_command, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "FROM sla" in bridge_command("catalogue", "show", "kpi-sla").out
    missed = bridge_command("catalogue", "show", "kpi-slaa")

    assert missed.code == 2
    assert "did you mean kpi-sla" in missed.err
