"""Each rule of the lint finds its fault: planted into copies of the shipped files, told with rule and file."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from itss_bridge.catalogue.draft import Fault
from itss_bridge.catalogue.lint import RULES, lint
from itss_bridge.contracts import CatalogueFolder
from itss_bridge.data import folder

pytestmark = pytest.mark.content

MAPPINGS = folder("mappings")
READING = {"yaml", "schema", "impossible-value", "unsourced", "unknown-level", "check-without-requirement"}


def linted(root: Path) -> list[Fault]:
    return lint([CatalogueFolder(root, "test")])


def swap(file: str, pattern: str, text: str, count: int = 1) -> Callable[[Path], None]:
    """An edit: *pattern* gives way to *text* in the first *count* places (0: all)."""

    def edit(root: Path) -> None:
        path = root / file
        changed, times = re.subn(pattern, text, path.read_text("utf-8"), count=count, flags=re.MULTILINE)
        assert times, f"{file} has nothing like {pattern}"
        path.write_text(changed, "utf-8")

    return edit


def rename(file: str, name: str, root: Path) -> None:
    (root / file).rename(root / file.rpartition("/")[0] / name)


def add(file: str, text: str, root: Path) -> None:
    with (root / file).open("a", encoding="utf-8") as content:
        content.write(text)


def row_of(name: str, key: str) -> str:
    """A pattern up to the value of *key* in the requirement *name*."""
    return rf"(- id: {re.escape(name)}\n(?:    .*\n)*?    {key}: )"


@dataclass
class Plant:
    """A fault: the rule and the file that must tell it, and the edit that makes it."""

    rule: str
    file: str
    edit: Callable[[Path], None]
    told: str = ""

    def __str__(self) -> str:
        return f"{self.rule} in {self.file}"


CONTRARY = """\
crosswalk: iso9001-itss
source: iso9001
target: itss
title: {en: "The other way round", zh: "反向对照"}
mappings:
  - source: iso9001:8.7
    target: itss:prc-inc-a
    relationship: no-relationship
    strength: 1
    rationale: {en: "Nothing in common.", zh: "没有共同点。"}
    review: proposed
unmapped: []
origin: [JUDGEMENT]
confidence: low
"""
TWIN = """\
  - source: itss:prc-inc-a
    target: iso9001:8.7
    relationship: intersects-with
    strength: 5
    rationale: {en: "Said once more.", zh: "再说一遍。"}
    review: proposed
mappings:
"""

# Faults of one batch are planted into one copy and found by one run: they don't hide each other.
BATCHES: dict[str, list[Plant]] = {
    "files that cannot be used": [
        Plant("yaml", "metrics/kpi-sla.yaml", swap("metrics/kpi-sla.yaml", r"^unit: ", "unit: &u "), "anchors"),
        Plant("missing-language", "metrics/kpi-mttr.yaml", swap("metrics/kpi-mttr.yaml", r"^(title:\n  en: .*\n)  zh: .*\n", r"\1"), "'zh' is a required"),
        Plant("unsourced", "metrics/kpi-csat.yaml", swap("metrics/kpi-csat.yaml", r"^source: \[.*\]", "source: []")),
        Plant("unsourced", "checks/tec.yaml", swap("checks/tec.yaml", r"^    source: .*\n", ""), "'source' is a required"),
        Plant("unknown-level", "levels/consultant-002.yaml", swap("levels/consultant-002.yaml", r"level: 4", "level: 5")),
        Plant("check-without-requirement", "checks/ppl.yaml", swap("checks/ppl.yaml", r"requirements: \[.*\]", "requirements: []")),
        Plant("check-without-requirement", "checks/cap.yaml", swap("checks/cap.yaml", r"^    requirements: \[.*\]\n", "")),
        Plant("schema", "levels/itss-application-2020.yaml", swap("levels/itss-application-2020.yaml", "authority: official", "authority: semi-official")),
        Plant("schema", "frameworks/iso9001.yaml", swap("frameworks/iso9001.yaml", r"iso9001-2015: '4'", "iso9001-2015: 4"), "clauses.iso9001-2015"),
        Plant("reviewed-by-nobody", "crosswalks/itss-iso9001.yaml", swap("crosswalks/itss-iso9001.yaml", "review: proposed", "review: reviewed")),
        Plant("impossible-value", "calendars/china.yaml", swap("calendars/china.yaml", r"^time_zone: .*", "time_zone: Asia/Schanghai"), "no time zone"),
        Plant("yaml", "checks/res.yaml", swap("checks/res.yaml", r"^checks:", "\tchecks:")),
    ],
    "ids and trees": [
        Plant("duplicate-id", "frameworks/itss.yaml", swap("frameworks/itss.yaml", "- id: itss:prc-inc-b\n", "- id: itss:prc-inc-a\n"), "'itss:prc-inc-a' is declared twice"),
        Plant("dangling-id", "checks/prc.yaml", lambda _: None, "'itss:prc-inc-b'"),
        Plant("dangling-id", "checks/res.yaml", swap("checks/res.yaml", "itss:res-tool-a", "itss:res-tol-a"), "did you mean 'itss:res-tool-a'"),
        Plant("dangling-id", "frameworks/iso9001.yaml", swap("frameworks/iso9001.yaml", row_of("iso9001:4.4", "clauses") + ".*", r"\1{iso9001-2008: null}"), "no edition 'iso9001-2008'"),
        Plant("duplicate-id", "sources.yaml", swap("sources.yaml", "id: SEED-001", "id: SEED-000")),
        Plant("duplicate-id", "checks/tec.yaml", swap("checks/tec.yaml", r"- id: tec-[\w.-]+", "- id: prc-inc-a.document")),
        Plant("duplicate-id", "metrics/kpi-nps.yaml", swap("metrics/kpi-nps.yaml", "^metric: kpi-nps", "metric: kpi-csat")),
        Plant("misnamed-file", "metrics/kpi-nps.yaml", lambda _: None),
        Plant("misnamed-file", "metrics/backlog.yaml", partial(rename, "metrics/kpi-backlog.yaml", "backlog.yaml")),
        Plant("contradicting-documents", "frameworks/itss.yaml", swap("frameworks/itss.yaml", r"(- id: internal-audit-results\n\s+kind: record\n\s+title: \{en: \")[^\"]+", r"\1Something else"), "internal-audit-results"),
        Plant("foreign-id", "crosswalks/itss-iso20000-1.yaml", swap("crosswalks/itss-iso20000-1.yaml", r"target: iso20000-1:", "target: iso9001:")),
        Plant("unknown-metric", "checks/cap.yaml", swap("checks/cap.yaml", "metric: document-approved", "metric: document-aproved"), "did you mean 'document-approved'"),
        Plant("argument-mismatch", "checks/tec.yaml", swap("checks/tec.yaml", r"with: \{label:", "with: {lable:")),
        Plant("argument-mismatch", "levels/consultant-002.yaml", swap("levels/consultant-002.yaml", r"^    with: .*\n", "")),
        Plant("unknown-stream", "metrics/kpi-rca.yaml", swap("metrics/kpi-rca.yaml", r"^streams: \[.*\]", "streams: [problems]"), "did you mean 'problem'"),
        Plant("parent-cycle", "frameworks/iso20000-1.yaml", swap("frameworks/iso20000-1.yaml", "- id: iso20000-1:8\n", "- id: iso20000-1:8\n    parent: iso20000-1:8.6\n")),
        Plant("assessable-parent", "frameworks/iso9001.yaml", swap("frameworks/iso9001.yaml", row_of("iso9001:8.3", "assessable") + "false", r"\1true")),
        Plant("unassessable-leaf", "frameworks/iso9001.yaml", swap("frameworks/iso9001.yaml", row_of("iso9001:9.1.2", "assessable") + "true", r"\1false")),
        Plant("loose-life-cycle", "lifecycle/iso20000-1.yaml", swap("lifecycle/iso20000-1.yaml", r"requirements: \[iso20000-1:[\d.]+", "requirements: [iso20000-1:7.5.33"), "7.5.33"),
        Plant("check-on-group", "checks/iso20000-1.yaml", swap("checks/iso20000-1.yaml", r"requirements: \[.*\]", 'requirements: ["iso20000-1:8.6"]')),
    ],
    "rows of crosswalks": [
        Plant("duplicate-pair", "crosswalks/itss-iso9001.yaml", swap("crosswalks/itss-iso9001.yaml", "^mappings:\n", "mappings:\n" + TWIN.removesuffix("mappings:\n"))),
        Plant("contradiction", "crosswalks/itss-iso9001.yaml", partial(add, "crosswalks/iso9001-itss.yaml", CONTRARY), "no-relationship"),
        Plant("missing-inverse", "crosswalks/itss-iso9001.yaml", lambda _: None, "iso9001-itss"),
        Plant("unaccounted", "crosswalks/iso9001-itss.yaml", lambda _: None, "iso9001:4.1"),
        Plant("unassessable-end", "crosswalks/itss-iso20000-1.yaml", swap("crosswalks/itss-iso20000-1.yaml", r"target: iso20000-1:\S+", "target: iso20000-1:8.6")),
        Plant("unaccounted", "crosswalks/itss-iso20000-1.yaml", swap("crosswalks/itss-iso20000-1.yaml", r"^  - requirement: iso20000-1:\S+\n    reason:\n.*\n.*\n", "")),
        Plant("mapped-and-unmapped", "crosswalks/itss-iso9001.yaml", swap("crosswalks/itss-iso9001.yaml", r"^  - requirement: itss:\S+", "  - requirement: itss:prc-inc-a"), "itss:prc-inc-a"),
        Plant("repeated-rationale", "crosswalks/itss-iso20000-1.yaml", swap("crosswalks/itss-iso20000-1.yaml", r"(rationale:\n\s+en: ).*", r'\1"Both speak of it."', 3)),
        Plant("reviewed-by-nobody", "crosswalks/itss-iso20000-1.yaml", swap("crosswalks/itss-iso20000-1.yaml", r"review: proposed", "review: reviewed\n    reviewer: ' '\n    date: '2026-03-01'")),
        Plant("dangling-id", "crosswalks/itss-iso20000-1.yaml", swap("crosswalks/itss-iso20000-1.yaml", r"source: itss:prc-inc-e\n", "source: itss:prc-inc-z\n"), "itss:prc-inc-z"),
    ],
    "shares of relationships": [
        Plant("too-many-intersections", "crosswalks/itss-iso20000-1.yaml", swap("crosswalks/itss-iso20000-1.yaml", "relationship: subset-of", "relationship: intersects-with", 0)),
        Plant("constant-relationship", "crosswalks/itss-iso9001.yaml", swap("crosswalks/itss-iso9001.yaml", r"relationship: \S+", "relationship: subset-of", 0), "every row"),
        Plant("too-many-subsets", "crosswalks/itss-iso9001.yaml", lambda _: None, "100%"),
    ],
    "words": [
        Plant("missing-language", "checks/prc.yaml", swap("checks/prc.yaml", r"^      zh: .*", "      zh: '  '"), "no zh"),
        Plant("zh-without-han", "checks/cap.yaml", swap("checks/cap.yaml", r"^      zh: .*", "      zh: service catalogue")),
        Plant("en-with-han", "metrics/kpi-nps.yaml", swap("metrics/kpi-nps.yaml", r"^(title:\n  en: ).*", r"\1净推荐值")),
        Plant("en-with-han", "crosswalks/itss-iso9001.yaml", swap("crosswalks/itss-iso9001.yaml", r"^(    rationale:\n      en: ).*", r"\1两者都要明确提供什么服务。")),
        Plant("same-text", "metrics/kpi-turn.yaml", swap("metrics/kpi-turn.yaml", r"^(title:\n  en: ).*\n(  zh: ).*", r"\1流失率\n\2流失率")),
        Plant("too-long", "frameworks/iso9001.yaml", swap("frameworks/iso9001.yaml", r"^(    intent:\n      en: ).*", r"\1" + "shall " * 70), "en intent"),
        Plant("too-long", "frameworks/iso20000-1.yaml", swap("frameworks/iso20000-1.yaml", r"^(    intent:\n      en: .*\n      zh: ).*", r"\1" + "应" * 161), "zh intent"),
        Plant("too-long", "frameworks/itss.yaml", swap("frameworks/itss.yaml", row_of("itss:prc-inc-a", "title") + ".*", r'\1{en: "' + "a" * 91 + '", zh: "' + "长" * 41 + '"}'), "zh title"),
    ],
    "facts and queries": [
        Plant("unknown-source", "metrics/kpi-csat.yaml", swap("metrics/kpi-csat.yaml", r"^source: \[", "source: [HEARSAY, "), "HEARSAY"),
        Plant("unknown-source", "crosswalks/itss-iso9001.yaml", swap("crosswalks/itss-iso9001.yaml", r"^origin: \[", "origin: [SEED-02, "), "did you mean 'SEED-0"),
        Plant("guessed-clause", "frameworks/itss.yaml", swap("frameworks/itss.yaml", "gbt28827.1-2022: null", "gbt28827.1-2022: '8.1'"), "'8.1'"),
        Plant("doubled-clause", "frameworks/iso9001.yaml", swap("frameworks/iso9001.yaml", "iso9001-2015: '4.2'", "iso9001-2015: '4.1'")),
        Plant("official-without-authority", "levels/itss-application-2020.yaml", swap("levels/itss-application-2020.yaml", r"source: \[RULES-2020\]", "source: [SEED-002]", 0)),
        Plant("metric-query", "metrics/kpi-sla.yaml", swap("metrics/kpi-sla.yaml", "breached IS NULL", "broken IS NULL"), "broken"),
        Plant("metric-query", "metrics/kpi-mttr.yaml", swap("metrics/kpi-mttr.yaml", r"\bSELECT\b", "SELEKT"), "syntax error"),
        Plant("metric-query", "metrics/attested-number.yaml", swap("metrics/attested-number.yaml", "number AS value", "number AS amount"), "no column value"),
        Plant("undeclared-stream", "metrics/kpi-cert.yaml", swap("metrics/kpi-cert.yaml", r"streams: \[person, certificate\]", "streams: [person]"), "reads certificate"),
        Plant("idle-stream", "metrics/kpi-nps.yaml", swap("metrics/kpi-nps.yaml", r"streams: \[survey\]", "streams: [survey, incident]"), "incident"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def shipped() -> list[Fault]:
    return linted(MAPPINGS)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, shipped: list[Fault]) -> Callable[[str], list[Fault]]:
    """Faults of a batch, once planted; what the shipped content has of its own does not count."""
    cache: dict[str, list[Fault]] = {}
    known = {(fault.rule, fault.what) for fault in shipped}

    def of(batch: str) -> list[Fault]:
        if batch not in cache:
            root = tmp_path_factory.mktemp("mappings")
            shutil.copytree(MAPPINGS, root, dirs_exist_ok=True)
            for plant in BATCHES[batch]:
                plant.edit(root)
            cache[batch] = [fault for fault in linted(root) if (fault.rule, fault.what) not in known]
        return cache[batch]

    return of


def test_the_shipped_catalogue_is_clean(shipped: list[Fault]) -> None:
    assert [f"{fault.where}: {fault.rule}: {fault.what}" for fault in shipped] == []


@pytest.mark.parametrize(
    ("batch", "plant"), [(batch, plant) for batch, plants in BATCHES.items() for plant in plants], ids=str
)
def test_a_planted_fault_is_told_with_its_rule_and_file(found, batch: str, plant: Plant) -> None:
    here = [fault for fault in found(batch) if fault.rule == plant.rule and fault.place[0].endswith(plant.file)]

    assert here, f"found only {sorted({(f.rule, Path(f.place[0]).name) for f in found(batch)})}"
    assert any(plant.told in f"{fault.what} {fault.fix}" for fault in here), here


def test_every_rule_has_a_fault_planted_for_it() -> None:
    planted = {plant.rule for plants in BATCHES.values() for plant in plants}

    assert planted == {*RULES, *READING}


@pytest.mark.parametrize("batch", BATCHES)
def test_every_fault_has_its_line_and_says_what_to_do(found, batch: str) -> None:
    for fault in found(batch):
        assert re.search(r"\.yaml:\d+:\d+$", fault.where), fault
        assert fault.what
        assert fault.fix


def test_a_fault_stands_where_it_was_planted(tmp_path: Path) -> None:
    shutil.copytree(MAPPINGS, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "metrics" / "kpi-sla.yaml"
    lines = path.read_text("utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.startswith("source: "))
    lines[number - 1] = "source: [ITSS1-2015, HEARSAY]"
    path.write_text("\n".join(lines), "utf-8")

    assert f"{path}:{number}:22" in [fault.where for fault in linted(tmp_path) if fault.rule == "unknown-source"]


def test_a_confirmed_number_with_its_own_source_is_no_guess(tmp_path: Path) -> None:
    shutil.copytree(MAPPINGS, tmp_path, dirs_exist_ok=True)
    number = r"\1{gbt28827.1-2022: '8.1', gbt28827.1-2012: '9'}\n    source: [ITSS1-2015]\n    confidence: confirmed in a licensed copy"
    swap("frameworks/itss.yaml", row_of("itss:prc", "clauses") + ".*", number)(tmp_path)

    assert not [fault for fault in linted(tmp_path) if fault.rule == "guessed-clause"]


def test_broken_files_hide_neither_each_other_nor_the_rest(found) -> None:
    broken = {Path(f.place[0]).name for f in found("files that cannot be used")}

    assert broken >= {Path(plant.file).name for plant in BATCHES["files that cannot be used"]}
    assert not [f for f in found("files that cannot be used") if f.rule in {"dangling-id", "unknown-metric"}]


PACK_FRAMEWORK = """\
framework: consulting
title: {en: "Consulting", zh: "咨询"}
editions: [{id: consulting-1, name: {en: "1", zh: "1"}, status: in-force}]
source: [JUDGEMENT]
confidence: low
requirements:
  - id: consulting:a
    title: {en: "A", zh: "甲"}
    intent: {en: "An a.", zh: "甲。"}
    element: process
    assessable: true
    clauses: {consulting-1: null}
"""


def test_a_folder_is_read_together_with_what_it_builds_upon(tmp_path: Path) -> None:
    (tmp_path / "frameworks").mkdir()
    (tmp_path / "frameworks" / "consulting.yaml").write_text(PACK_FRAMEWORK, "utf-8")

    alone = lint([CatalogueFolder(tmp_path, "test")])
    together = lint([CatalogueFolder(tmp_path, "test")], [CatalogueFolder(MAPPINGS, "itss-bridge")])

    assert {fault.rule for fault in alone} == {"unknown-source"}
    assert together == []


def test_what_is_wrong_beside_a_folder_is_not_its_own_fault(tmp_path: Path) -> None:
    own, beside = tmp_path / "own", tmp_path / "beside"
    for place in (own, beside):
        (place / "frameworks").mkdir(parents=True)
        (place / "frameworks" / "consulting.yaml").write_text(PACK_FRAMEWORK, "utf-8")
    (beside / "metrics").mkdir()
    (beside / "metrics" / "x.yaml").write_text("a: [", "utf-8")

    faults = lint([CatalogueFolder(own, "own")], [CatalogueFolder(beside, "beside")])

    assert {Path(fault.place[0]).parent.parent for fault in faults} == {own}
    assert "duplicate-id" in {fault.rule for fault in faults}


def test_the_command_ends_well_on_a_clean_catalogue(bridge_command, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = bridge_command("catalogue", "lint", "--json")

    assert json.loads(ran.out) == {"ok": True, "faults": []}
    assert ran.code == 0


def test_the_command_ends_with_2_and_names_file_and_line(bridge_command, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    copy = tmp_path / "copy"
    shutil.copytree(MAPPINGS, copy)
    swap("metrics/kpi-sla.yaml", r"^source: \[", "source: [HEARSAY, ")(copy)

    told, data = bridge_command("catalogue", "lint", copy), bridge_command("catalogue", "lint", copy, "--json")

    assert told.code == data.code == 2
    assert re.search(r"kpi-sla\.yaml:\d+:\d+: unknown-source: there is no source 'HEARSAY'", told.out)
    (fault,) = json.loads(data.out)["faults"]
    assert fault.keys() == {"rule", "where", "what", "fix"}


def test_a_folder_of_something_else_is_refused(bridge_command, tmp_path: Path) -> None:
    ran = bridge_command("catalogue", "lint", tmp_path)

    assert ran.code == 2
    assert "shaped like mappings/" in ran.err


def test_the_lint_looks_at_the_folders_of_the_workspace(bridge_command, tmp_path: Path) -> None:
    (tmp_path / "itss-bridge.toml").write_text(
        '[workspace]\norganisation = "晨星信息"\ncatalogues = ["own"]\n', "utf-8"
    )
    (tmp_path / "own" / "metrics").mkdir(parents=True)
    (tmp_path / "own" / "metrics" / "x.yaml").write_text("metric: [\n", "utf-8")

    ran = bridge_command("catalogue", "lint", "-w", tmp_path)

    assert ran.code == 2
    assert "x.yaml:2:1: yaml:" in ran.out
