"""The shipped checks and level packs: everything resolves, nothing is invented, every ITSS item is checked."""

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from itss_bridge.catalogue import load
from itss_bridge.catalogue.yaml import read
from itss_bridge.data import folder
from itss_bridge.model import Check, Metric, Relationship, RulePack

pytestmark = pytest.mark.content

ROOT = Path(__file__).parent.parent
MAPPINGS = folder("mappings")
SHARED = Path(os.environ.get("ITSS_BRIDGE_SHARED", ROOT.parent / "shared"))
CATALOGUE = load()
CHECKS = CATALOGUE.checks
PACKS = CATALOGUE.packs
METRICS = CATALOGUE.metrics
RULES = CATALOGUE.rules
SOURCES = {row["id"] for row in read(MAPPINGS / "sources.yaml", "sources").content["sources"]}
HAN = re.compile(r"[\u4e00-\u9fff]")
FILES = sorted(path for kind in ("metrics", "checks", "levels") for path in (MAPPINGS / kind).glob("*.yaml"))

# What facts/maturity_model.yaml lists as all numbers of ITSS.1-2015: each of them says "at least once a year".
YEARLY = {
    "itss:ppl-mgt-c": 2,
    "itss:ppl-know-b": 2,
    "itss:ppl-skill-a": 2,
    "itss:ppl-exp-a": 2,
    "itss:res-spare-b": 3,
    "itss:emg-drill": 2,
    "itss:emg-audit": 2,
    "itss:emg-org": 1,
}
# Parts 2 and 3 of GB/T 28827, which levels 2 and 1 invoke; remote delivery is named in the table of level 1 alone.
PARTS = {"itss:dlv", "itss:emg"}
LEVEL_1_ONLY = {"itss:del-remote"}
# A document or a statement either is there or not: `>= 1`, `>= 100` per cent of one statement; no threshold of a rate.
YES_OR_NO = {"document-approved": 1, "document-reviewed": 1, "attested": 100}
OFFICIAL = {"itss-application-2020"}


def _by_id(things: Any) -> Any:
    return pytest.mark.parametrize("thing", list(things), ids=lambda thing: thing.id)


def _checked(*levels: int | None) -> set[str]:
    """What checks of these levels speak to; None stands for the checks that carry no level."""
    return {r for check in CHECKS.values() if check.level in levels for r in check.requirements}


def _facts(name: str) -> Any:
    path = SHARED / "facts" / name
    if not path.is_file():
        pytest.skip(f"{path} is not here: the facts are kept outside the repository")
    return yaml.safe_load(path.read_text("utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_file_says_on_its_first_line_which_schema_it_fits(path: Path) -> None:
    kind = {"metrics": "metric", "checks": "checks", "levels": "levels"}[path.parent.name]
    lines = path.read_text("utf-8").splitlines()

    assert lines[0] == f"# yaml-language-server: $schema=../../schemas/{kind}.json"
    assert any("Apache-2.0" in line for line in lines[:6])
    assert read(path, kind).content


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_metric_or_pack_is_found_under_the_name_of_its_file(path: Path) -> None:
    shelf: Any = {"metrics": METRICS, "levels": PACKS}.get(path.parent.name)

    assert shelf is None or path.stem in shelf


@_by_id([*METRICS.values(), *RULES, *PACKS.values()])
def test_both_languages_are_written_and_differ(thing: Metric | Check | RulePack) -> None:
    assert HAN.search(thing.title.zh), "the Chinese title has no Chinese"
    assert not HAN.search(thing.title.en)
    assert thing.title.en != thing.title.zh


@_by_id(METRICS.values())
def test_a_definition_says_numerator_and_denominator_of_every_ratio(thing: Metric) -> None:
    if thing.summary == "ratio":
        assert "Numerator:" in thing.definition.en
        assert "Denominator:" in thing.definition.en
        assert "分子：" in thing.definition.zh
        assert "分母：" in thing.definition.zh


@_by_id([*METRICS.values(), *RULES, *PACKS.values()])
def test_every_statement_names_known_sources_and_how_sure_it_is(thing: Metric | Check | RulePack) -> None:
    assert thing.origin.source
    assert set(thing.origin.source) <= SOURCES
    assert thing.origin.confidence


@_by_id(RULES)
def test_arguments_are_exactly_the_metrics_parameters(thing: Check) -> None:
    assert set(thing.arguments) == set(METRICS[thing.metric].parameters)


def test_ids_are_unique_across_checks_and_packs() -> None:
    doubled = {name: n for name, n in Counter(rule.id for rule in RULES).items() if n > 1}

    assert doubled == {}


def test_every_assessable_item_of_part_1_is_checked_at_level_4_or_3() -> None:
    part_1 = {r.id for r in CATALOGUE.frameworks["itss"].requirements if r.assessable and r.parent not in PARTS}

    assert part_1 - _checked(4, 3) == set()


def test_every_clause_of_parts_2_and_3_is_checked_at_level_2_and_never_below() -> None:
    invoked = {r.id for r in CATALOGUE.frameworks["itss"].requirements if r.parent in PARTS}

    assert invoked - _checked(2) == LEVEL_1_ONLY
    assert invoked >= LEVEL_1_ONLY == LEVEL_1_ONLY & _checked(1)
    assert invoked & _checked(4, 3, None) == set()


def test_parts_2_and_3_are_shown_by_tickets_documents_and_statements() -> None:
    for part in PARTS:
        kinds = {c.kind for c in CHECKS.values() for r in c.requirements if CATALOGUE.requirements[r].parent == part}
        assert kinds >= {"ticket-metric", "document", "attestation"}, part


@pytest.mark.parametrize("aimed_at", [3, 2, 1])
def test_every_requirement_has_a_way_to_a_status(aimed_at: int) -> None:
    """By a check that the level asks for, or by a mapping from a requirement that has one."""
    checked = _checked(None, *range(aimed_at, 5))
    rows = [m for c in CATALOGUE.crosswalks.values() for m in c.mappings if m.relationship is not Relationship.NONE]
    mapped = {m.target for m in rows if m.source in checked} | {m.source for m in rows if m.target in checked}
    assessable = {r.id: r.parent for r in CATALOGUE.requirements.values() if r.assessable}
    from_level_2 = {name for name, parent in assessable.items() if parent in PARTS and aimed_at > 2}
    from_level_1 = LEVEL_1_ONLY if aimed_at > 1 else set()

    assert assessable.keys() - checked - mapped - from_level_2 - from_level_1 == set()


def test_only_assessable_requirements_are_checked() -> None:
    for check in CHECKS.values():
        for requirement in check.requirements:
            assert CATALOGUE.requirements[requirement].assessable, f"{check.id} → {requirement}"


def test_itss_checks_carry_a_level_and_iso_checks_carry_none() -> None:
    for check in CHECKS.values():
        frameworks = {requirement.partition(":")[0] for requirement in check.requirements}
        assert len(frameworks) == 1, check.id
        assert (check.level is not None) == (frameworks == {"itss"}), check.id


def test_each_level_asks_for_more_than_the_one_below() -> None:
    asked = Counter(check.level for check in CHECKS.values())

    assert all(asked[level] for level in (4, 3, 2, 1))


def test_a_document_is_asked_for_by_the_label_of_its_requirement() -> None:
    for check in CHECKS.values():
        if check.metric == "document-approved":
            slug = re.sub(r"[:.]", "-", check.requirements[0])
            above = {slug + f"-level-{check.level}"} if check.requirements[0].startswith("itss:") else set()
            assert check.arguments["label"] in {slug, *above}, check.id


def test_no_check_holds_a_number_against_a_ticket_rate() -> None:
    """ITSS.1-2015 has no threshold for a rate: a check asks that it is measured, no more."""
    for check in CHECKS.values():
        asked = (check.criterion.operator, check.criterion.threshold)
        expected = (">=", YES_OR_NO[check.metric]) if check.metric in YES_OR_NO else ("measured", None)
        assert asked == expected, check.id


def test_a_yearly_review_is_asked_for_only_where_the_model_says_so() -> None:
    asked = {(r, c.level) for c in CHECKS.values() if c.metric == "document-reviewed" for r in c.requirements}

    assert asked == set(YEARLY.items())
    assert {c.criterion.months for c in CHECKS.values() if c.metric == "document-reviewed"} == {12}


def test_the_yearly_duties_of_part_3_are_those_of_the_facts() -> None:
    told = {
        row["clause"].removeprefix("28827.3 "): row["level"]
        for row in _facts("maturity_model.yaml")["all_numbers_in_itss1_2015"]
        if row["clause"].startswith("28827.3 ")
    }
    clauses = {name: CATALOGUE.requirements[name].clauses for name in YEARLY if name.startswith("itss:emg-")}

    assert {clause["gbt28827.3-2012"]: YEARLY[name] for name, clause in clauses.items()} == told


def test_documents_without_a_yearly_duty_have_no_age() -> None:
    assert all(c.criterion.months is None for c in CHECKS.values() if c.metric == "document-approved")


def test_populations_of_tickets_are_measured_over_twelve_months() -> None:
    for check in CHECKS.values():
        if check.kind == "ticket-metric":
            assert check.criterion.months == 12, check.id


def test_nothing_of_the_consultants_page_is_in_a_check_or_an_official_pack() -> None:
    sober = [
        *CHECKS.values(),
        *(rule for pack in PACKS.values() if pack.authority == "official" for rule in pack.rules),
    ]

    assert not [thing.id for thing in sober if "SEED-002" in thing.origin.source]


def test_only_the_rules_of_the_branch_are_official() -> None:
    assert {pack.id for pack in PACKS.values() if pack.authority == "official"} == OFFICIAL
    assert {"itss-application-pre2020", "consultant-002"} <= set(PACKS)


def test_every_rule_of_a_pack_names_the_packs_own_source() -> None:
    for pack in PACKS.values():
        for rule in pack.rules:
            assert set(pack.origin.source) <= set(rule.origin.source), rule.id


def test_the_consultants_thresholds_are_the_recorded_ones() -> None:
    numbers = {row["id"]: row for row in _facts("seed_numbers.yaml")["numbers"] if row["seed"] == "SEED-002"}
    required = {name for name, row in numbers.items() if row["kind"] == "requirement"}
    cited = Counter(
        name for rule in PACKS["consultant-002"].rules for name in re.findall(r"N\d{3}", rule.origin.confidence)
    )

    assert set(cited) == required, "each requirement is a rule, and no marketing claim is one"
    for rule in PACKS["consultant-002"].rules:
        wanted = [numbers[name] for name in re.findall(r"N\d{3}", rule.origin.confidence)]
        told = {str(row["value"]) for row in wanted}
        if rule.metric in {"kpi-close", "kpi-train", "kpi-kb-n", "kpi-recur", "kpi-csat", "certificate-months"}:
            assert str(rule.criterion.threshold) in told, rule.id
        levels = {row["level"] for row in wanted if isinstance(row.get("level"), int)}
        assert not levels or rule.level in levels, rule.id


def test_the_conditions_of_2020_are_the_recorded_ones() -> None:
    rules = {rule.id.removeprefix("rules-2020."): rule for rule in PACKS["itss-application-2020"].rules}
    assert _facts("maturity_model.yaml")["application_conditions"]["rules_2020"]["l1"].startswith(
        "level-2 certificate >=3"
    )

    assert {name: int(rule.criterion.threshold or 0) for name, rule in rules.items() if "months" in rule.metric} == {
        "l4.business": 12,
        "l4.system": 6,
        "l3.system": 6,
        "l2.certificate": 12,
        "l2.system": 6,
        "l1.certificate": 36,
        "l1.system": 6,
    }
    entry = rules["l3.entry"]
    assert (entry.arguments["business_months"], entry.arguments["certificate_months"]) == ("24", "12")


def test_a_population_query_speaks_plain_sql() -> None:
    """No `::`, `QUALIFY`, `FILTER` or `EXCLUDE`: the same query must run elsewhere."""
    for metric in METRICS.values():
        assert not re.search(r"::|\bQUALIFY\b|\bFILTER\b|\bEXCLUDE\b|\bdate_diff\b|\bILIKE\b", metric.population), (
            metric.id
        )


def test_a_population_query_reads_the_streams_it_declares_and_no_others() -> None:
    streams = {path.stem for path in (folder("schemas") / "streams").glob("*.json")}
    for metric in METRICS.values():
        read_from = set(re.findall(r"\b(?:FROM|JOIN)\s+([a-z_]+)", metric.population)) & streams
        assert read_from == set(metric.streams), metric.id
        assert ("parameter" in re.findall(r"\bJOIN\s+([a-z_]+)", metric.population)) == bool(metric.parameters), (
            metric.id
        )


def test_what_the_itss_crosswalks_cannot_reach_has_a_check_of_its_own() -> None:
    checked = {requirement for check in CHECKS.values() for requirement in check.requirements}
    for crosswalk in CATALOGUE.crosswalks.values():
        if crosswalk.source == "itss":
            left_out = {u.requirement for u in crosswalk.unmapped if CATALOGUE.requirements[u.requirement].assessable}
            assert left_out - checked == set(), crosswalk.id
