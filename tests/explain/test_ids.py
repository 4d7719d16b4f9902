"""`explain` knows every id and every word of the tool, in both languages, and never says more than the catalogue."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from itss_bridge import errors
from itss_bridge.catalogue import Catalogue, load
from itss_bridge.catalogue.algebra import inverse
from itss_bridge.catalogue.draft import sources
from itss_bridge.cli.call import console
from itss_bridge.cli.explain import view
from itss_bridge.contracts import CatalogueFolder
from itss_bridge.data import folder, schema, stream_names
from itss_bridge.errors import UsageError
from itss_bridge.evidence.ledger import State
from itss_bridge.explain.ids import explain
from itss_bridge.explain.words import EXIT
from itss_bridge.model import Relationship, Status

CATALOGUE = load()
SOURCES = sources([CatalogueFolder(folder("mappings"), "itss-bridge")])
KINDS = {
    "requirement": [*CATALOGUE.requirements],
    "metric": [*CATALOGUE.metrics],
    "check": [*CATALOGUE.checks],
    "rule": [rule.id for pack in CATALOGUE.packs.values() for rule in pack.rules],
    "pack": [*CATALOGUE.packs],
    "crosswalk": [*CATALOGUE.crosswalks],
    "framework": [*CATALOGUE.frameworks],
    "source": [source.id for source in SOURCES],
    "relationship": [r.value for r in Relationship],
    "status": [s.value for s in Status],
    "exit code": [f"exit-{code}" for code in EXIT],
    "stream": [*stream_names()],
    "state of a stream": [*get_args(State)],
    "verdict": ["met", "not_met"],
    "level": [f"itss-level-{level}" for level in (4, 3, 2, 1)],
}


def explained(name: str, catalogue: Catalogue = CATALOGUE) -> dict:
    return explain(name, catalogue, SOURCES)


def shown(name: str, language: str, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    for part in view(explained(name), language):
        console().print(part)
    return capsys.readouterr().out


def texts(value: object) -> list[dict[str, str]]:
    if isinstance(value, dict):
        return [value] if value.keys() == {"en", "zh"} else [t for child in value.values() for t in texts(child)]
    return [t for child in value for t in texts(child)] if isinstance(value, list) else []


@pytest.mark.parametrize("kind", KINDS)
def test_everything_with_a_name_is_explained_as_data(kind: str) -> None:
    assert KINDS[kind]
    for name in KINDS[kind]:
        found = explained(name)
        assert (found["kind"], found["id"]) == (kind, name)
        assert all(text["en"] and text["zh"] for text in texts(found))
        assert json.loads(json.dumps(found, ensure_ascii=False)) == found


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_view_in_both_languages(kind: str, language: str, capsys) -> None:
    for name in KINDS[kind][:3]:
        out = shown(name, language, capsys)
        assert name in out.splitlines()[0]
        assert explained(name)["title"][language][:20] in out
        assert "{'" not in out, "a table is shown as a table"


def test_a_requirement_has_its_clause_in_each_edition_and_what_is_not_confirmed_is_said(capsys) -> None:
    found = explained("itss:prc-inc-a")

    assert [c["clause"] for c in found["clauses"]] == [None, "9.4 a)"]
    assert "待确认" in shown("itss:prc-inc-a", "zh", capsys)
    assert "to be confirmed" in shown("itss:prc-inc-a", "en", capsys)
    assert "待确认" not in shown("iso20000-1:8.6.1", "zh", capsys).split("映射")[0]


def test_mappings_are_read_from_the_requirement_whichever_side_it_stands_on() -> None:
    row = next(m for m in CATALOGUE.crosswalks["itss-iso20000-1"].mappings if m.relationship is Relationship.SUBSET)
    there = {m["requirement"]: m for m in explained(row.source)["mappings"]}[row.target]
    back = {m["requirement"]: m for m in explained(row.target)["mappings"]}[row.source]

    assert there["relationship"] == row.relationship.value
    assert back["relationship"] == inverse(row.relationship).value
    assert (there["symbol"], back["symbol"]) == ("⊂", "⊃")
    assert there["rationale"] == back["rationale"]
    assert there["strength"] == row.strength


def test_checks_come_level_by_level_with_criterion_source_and_confidence() -> None:
    checks = explained("itss:prc-inc-a")["checks"]

    assert [c["level"] for c in checks] == sorted((c["level"] for c in checks), reverse=True)
    assert all(c["needed"]["zh"] and c["source"] and c["confidence"] for c in checks)


def test_what_a_crosswalk_leaves_out_is_told_with_the_reason() -> None:
    for crosswalk in CATALOGUE.crosswalks.values():
        left_out = crosswalk.unmapped[0]
        told = {row["crosswalk"]: row["reason"] for row in explained(left_out.requirement)["unmapped"]}
        assert told[crosswalk.id]["zh"] == left_out.reason.zh


@pytest.mark.parametrize(
    ("words", "requirement"),
    [
        ("iso20000-1 8.6.1", "iso20000-1:8.6.1"),
        ("iso20000-1-2018 8.6.1", "iso20000-1:8.6.1"),
        ("ISO9001 8.5.1", "iso9001:8.5.1"),
        ("gbt28827.1-2012 9.4 a)", "itss:prc-inc-a"),
        ("  itss   9.4 a) ", "itss:prc-inc-a"),
    ],
)
def test_a_clause_number_is_understood_with_its_framework_or_edition(words: str, requirement: str) -> None:
    assert explained(words)["id"] == requirement


def test_a_number_that_several_parts_use_is_never_guessed() -> None:
    numbers: dict[str, set[str]] = {}
    for r in CATALOGUE.frameworks["itss"].requirements:
        for number in filter(None, r.clauses.values()):
            numbers.setdefault(number, set()).add(r.id)
    doubled = [number for number, ids in numbers.items() if len(ids) > 1]
    for number in doubled:
        with pytest.raises(UsageError, match="several requirements") as refused:
            explained(f"itss {number}")
        assert f"{number}'" in refused.value.fix
    assert doubled, "the parts of GB/T 28827 share numbers"


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("itss:prc-inc-aa", "itss:prc-inc-a"),
        ("kpi-slaa", "kpi-sla"),
        ("8.6.1", "iso20000-1 8.6.1"),
        ("exit-9", "exit-"),
        ("conformin", "conforming"),
        ("subset", "subset-of"),
    ],
)
def test_a_misspelt_word_is_answered_with_the_nearest_one(wrong: str, near: str) -> None:
    with pytest.raises(UsageError) as refused:
        explained(wrong)
    assert near in refused.value.fix


def test_a_word_like_no_other_gets_examples() -> None:
    with pytest.raises(UsageError) as refused:
        explained("白日依山尽")
    assert "itss:prc-inc-a" in refused.value.fix


def test_every_exit_code_of_an_error_is_explained() -> None:
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.BridgeError)]

    assert {c.exit_code for c in classes} | {0, 130} == set(EXIT)


@pytest.mark.parametrize(
    ("word", "identifier"),
    [("符合", "conforming"), ("证据不足", "undetermined"), ("⊂", "subset-of"), ("≡", "equal-to")],
)
def test_chinese_words_and_symbols_are_understood(word: str, identifier: str) -> None:
    assert explained(word)["id"] == identifier


def test_only_rules_of_packs_name_a_pack() -> None:
    rule = explained("rules-2020.l4.system")

    assert (rule["kind"], rule["pack"]) == ("rule", "itss-application-2020")
    assert "pack" not in explained("prc-inc-a.document")


def test_it_works_without_a_workspace(bridge_command, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = bridge_command("explain", "iso20000-1", "8.6.1")
    data = bridge_command("explain", "exit-5", "--json")

    assert told.code == data.code == 0
    assert "iso20000-1:8.6.1 · 事件管理" in told.out
    assert json.loads(data.out)["id"] == "exit-5"


def test_a_misspelt_id_ends_with_2(bridge_command, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = bridge_command("explain", "kpi-slaa")

    assert ran.code == 2
    assert "did you mean 'kpi-sla'" in ran.err


def test_a_folder_that_is_named_must_be_a_workspace(bridge_command, tmp_path: Path) -> None:
    ran = bridge_command("explain", "kpi-sla", "-w", tmp_path)

    assert ran.code == 2
    assert "no workspace here" in ran.err


def test_in_a_workspace_its_own_signatures_and_language_count(bridge_command, tmp_path: Path) -> None:
    (tmp_path / "itss-bridge.toml").write_text('[workspace]\norganisation = "晨星信息"\nlanguages = ["en"]\n', "utf-8")
    before = json.loads(bridge_command("explain", "itss:prc-inc-a", "--json", "-w", tmp_path).out)
    bridge_command("catalogue", "sign", "--all", "--reviewer", "质量负责人", "--date", "2026-03-01", "-w", tmp_path)
    after = json.loads(bridge_command("explain", "itss:prc-inc-a", "--json", "-w", tmp_path).out)
    crosswalk = json.loads(bridge_command("explain", "itss-iso9001", "--json", "-w", tmp_path).out)

    assert {m["review"] for m in before["mappings"]} == {"proposed"}
    assert {m["review"] for m in after["mappings"]} == {"reviewed"}
    assert crosswalk["reviewed"] == [{"reviewer": "质量负责人", "date": "2026-03-01"}]
    assert bridge_command("explain", "exit-0", "-w", tmp_path).out.startswith("Exit code exit-0 · Done")


DESIGN = (Path(__file__).parents[2] / "DESIGN.md").read_text("utf-8")


def words_of_the_design() -> list[str]:
    """Every word of the table of words, and every word in its code spans that is one of the tool's own."""
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", DESIGN.split("## 2. Words")[1].split("## 3.")[0], re.MULTILINE)
    spans = [word for _, meaning in rows for span in re.findall(r"`([^`]+)`", meaning) for word in span.split()]
    named = [word for words, _ in rows if words not in {"word", "---"} for word in words.split(", ")]
    return [word for word in [*named, *spans] if not word.endswith((".toml", "/", "_at"))]


def test_every_word_of_the_design_is_explained_in_both_languages() -> None:
    words = words_of_the_design()
    assert len(words) > 35
    for word in words:
        found = explained(word)
        assert all(text["en"].strip() and text["zh"].strip() for text in texts(found)), word
        assert found["kind"] in {"framework", "status", "relationship"} or found.get("meaning"), word


def test_every_exit_code_of_the_design_says_what_leads_to_it_and_what_to_do() -> None:
    told = DESIGN.split("Exit codes: ")[1].split(".")[0]
    codes = {int(code) for code in re.findall(r"(?:^|·)\s*(\d+)", told)}
    assert codes == set(EXIT)
    for code in codes - {0}:
        found = explained(f"exit-{code}")
        assert found["cause"]["zh"] != found["fix"]["zh"]


@pytest.mark.parametrize("state", ["incomplete", "failed", "running"])
def test_a_state_that_is_amiss_says_why_and_what_to_do(state: str, capsys) -> None:
    assert {"meaning", "cause", "fix"} <= explained(state).keys()
    assert "itss-bridge" in explained(state)["fix"]["en"]
    assert "原因" in shown(state, "zh", capsys)


def test_a_metric_says_where_its_query_stands() -> None:
    for name in CATALOGUE.metrics:
        path, line, _ = explained(name)["sql"].rsplit(":", 2)
        assert Path(path).stem == name
        assert int(line) > 0


def test_a_level_has_its_rules_and_a_stream_its_fields_and_metrics() -> None:
    level = explained("itss-level-3")
    assert {rule["id"] for rule in level["rules"]} == {
        rule.id for pack in CATALOGUE.packs.values() for rule in pack.rules if rule.level == 3
    }
    assert "metrics" not in level
    stream = explained("incident")
    assert [field["field"] for field in stream["fields"]] == list(schema("streams/incident")["properties"])
    assert "kpi-mttr" in {metric["id"] for metric in stream["metrics"]}


def test_a_field_of_every_stream_is_explained_in_chinese() -> None:
    for name in stream_names():
        assert all(re.search(r"[\u4e00-\u9fff]", field["meaning"]["zh"]) for field in explained(name)["fields"])
        assert re.search(r"[\u4e00-\u9fff]", explained(name)["meaning"]["zh"])
