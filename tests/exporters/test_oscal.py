"""OSCAL documents hold together by themselves: every reference resolves, every number has its population."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.exporters.payloads import PAYLOADS
from tests.exporters.steering import DUE, steered

from itss_bridge.errors import UsageError
from itss_bridge.exporters.oscal import OSCAL_EXPORTERS, OscalExporter
from itss_bridge.exporters.oscal.parts import NS, identity, line, token
from itss_bridge.model import Report, Status, Verdict

CATALOG, MAPPING, ASSESSMENT, PLAN, PROFILE = (
    f".{kind}.oscal.json" for kind in ("catalog", "mapping", "assessment", "poam", "profile")
)
BY_SUFFIX = {exporter.suffix: exporter for exporter in OSCAL_EXPORTERS}
KIND = {
    CATALOG: "catalog",
    MAPPING: "mapping-collection",
    ASSESSMENT: "assessment-results",
    PLAN: "plan-of-action-and-milestones",
    PROFILE: "profile",
    **{f".level-{level}{PROFILE}": "profile" for level in (4, 3, 2, 1)},
}
UUID_5 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TOKEN = re.compile(r"[^\W\d][\w.-]*")


def written(report: Report, suffix: str, language: str = "zh"):
    return json.loads(BY_SUFFIX[suffix]().export(report, language))[KIND[suffix]]


def things(node: object) -> Iterator[dict]:
    """Every object of a document."""
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from things(inner)


def ours(thing: dict, name: str) -> list[str]:
    return [p["value"] for p in thing.get("props", ()) if p["name"] == name and p.get("ns") == NS]


def one(thing: dict, name: str) -> str:
    (value,) = ours(thing, name)
    return value


@pytest.fixture(scope="module")
def full(report: Report) -> Report:
    return steered(report)


@pytest.fixture(scope="module", params=["report", "infested"])
def any_report(request: pytest.FixtureRequest) -> Report:
    return steered(request.getfixturevalue(request.param))


@pytest.mark.parametrize("suffix", KIND)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_oscal_asks_of_every_document_is_there(any_report: Report, suffix: str, language: str) -> None:
    metadata = written(any_report, suffix, language)["metadata"]
    assert metadata["oscal-version"] == "1.2.1"
    assert metadata["last-modified"] == "2016-05-31T16:00:00Z"
    assert metadata["title"]
    assert metadata["version"].endswith("2016-05-31")


@pytest.mark.parametrize("suffix", KIND)
def test_every_uuid_is_of_version_five_and_stands_for_one_thing(any_report: Report, suffix: str) -> None:
    uuids = [thing["uuid"] for thing in things(written(any_report, suffix)) if "uuid" in thing]
    assert uuids
    assert all(UUID_5.fullmatch(uuid) for uuid in uuids)
    assert [uuid for uuid, count in Counter(uuids).items() if count > 1] == []


@pytest.mark.parametrize("suffix", KIND)
def test_every_reference_within_a_document_leads_somewhere(any_report: Report, suffix: str) -> None:
    content = written(any_report, suffix)
    known = {thing["uuid"] for thing in things(content) if "uuid" in thing}
    named = [value for thing in things(content) for key, value in thing.items() if key.endswith("-uuid")]
    linked = [thing["href"][1:] for thing in things(content) if thing.get("href", "").startswith("#")]
    assert [name for name in (*named, *linked) if name not in known] == []


@pytest.mark.parametrize("suffix", [MAPPING, ASSESSMENT, PROFILE])
def test_every_control_that_is_named_stands_in_the_catalog(any_report: Report, suffix: str) -> None:
    controls = {thing["id"] for thing in things(written(any_report, CATALOG)) if "id" in thing}
    content = written(any_report, suffix)
    keys = {"control-id", "target-id", "id-ref", "param-id"}
    named = [value for thing in things(content) for key, value in thing.items() if key in keys]
    named += [name for thing in things(content) for name in thing.get("with-ids", ())]
    assert named
    assert set(named) <= controls


@pytest.mark.parametrize("suffix", KIND)
def test_texts_have_the_shape_that_oscal_asks_for(any_report: Report, suffix: str) -> None:
    for thing in things(written(any_report, suffix)):
        assert not [key for key, value in thing.items() if value in (None, "", [], {})], thing
        for prop in thing.get("props", ()):
            assert re.fullmatch(r"\S(.*\S)?", prop["value"]), prop
            assert all(TOKEN.fullmatch(prop[key]) for key in ("name", "class", "group") if key in prop), prop
        if "title" in thing:
            assert "\n" not in thing["title"]
        if "id" in thing and "title" in thing:
            assert TOKEN.fullmatch(thing["id"])


@pytest.mark.parametrize("suffix", KIND)
def test_the_same_report_gives_the_same_bytes(full: Report, suffix: str) -> None:
    exporter = BY_SUFFIX[suffix]()
    assert exporter.export(full, "zh") == exporter.export(full, "zh")


@pytest.mark.parametrize("suffix", KIND)
def test_another_moment_or_language_is_another_document(full: Report, suffix: str) -> None:
    later = replace(full, as_of=full.as_of.replace(month=7))
    assert len({written(*of)["uuid"] for of in ((full, suffix), (later, suffix), (full, suffix, "en"))}) == 3


def test_plain_oscal_is_the_assessment(full: Report) -> None:
    assert OscalExporter().export(full, "zh") == BY_SUFFIX[ASSESSMENT]().export(full, "zh")


def test_only_conforming_is_satisfied_and_every_other_status_can_be_told_apart(full: Report) -> None:
    (result,) = written(full, ASSESSMENT)["results"]
    statuses = {}
    for found in result["findings"]:
        status = one(found, "status")
        statuses[one(found, "requirement")] = status
        assert (found["target"]["status"]["state"] == "satisfied") is (status == "conforming")
        assert (found["target"]["status"]["reason"] == "fail") is (status == "nonconforming")
        assert ours(found["target"], "status") == [status]
    expected = {f.requirement: f.status.value for w in full.frameworks for f in full.findings(w.id)}
    assert statuses == expected
    assert set(statuses.values()) == set(Status), "the sample has every status"


def test_every_number_stands_with_its_population_and_window(full: Report) -> None:
    (result,) = written(full, ASSESSMENT)["results"]
    measured = [each for each in result["observations"] if ours(each, "value")]
    assert measured
    for each in measured:
        assert int(one(each, "n")) > 0
        assert int(one(each, "denominator")) > 0
        assert one(each, "population") == "1215"
        assert one(each, "window-end") == "2016-05-31T16:00:00Z"
        assert f"n = {one(each, 'n')}" in each["description"].replace("\\", "")
    assert any(ours(each, "window-start") for each in measured)


def test_what_is_unknown_has_no_number(full: Report) -> None:
    (result,) = written(full, ASSESSMENT)["results"]
    unknown = [each for each in result["observations"] if ours(each, "verdict") == ["undetermined"]]
    assert unknown
    assert not [each for each in unknown if ours(each, "value")]
    assert all("incomplete" in one(each, "unknown") for each in unknown)


def test_items_that_fail_are_linked_and_only_where_it_is_safe(full: Report, infested: Report) -> None:
    (result,) = written(full, ASSESSMENT)["results"]
    failing = [each for each in result["observations"] if ours(each, "verdict") == ["not_met"]]
    assert failing
    for each in failing:
        assert all(item["href"].startswith("https://acme.service-now.com/") for item in each["relevant-evidence"])
    for thing in things(written(infested, ASSESSMENT)):
        assert re.match(r"https://|#|urn:uuid:", thing.get("href", "#")), thing


def test_a_stream_that_is_not_complete_is_said_to_be_so(full: Report) -> None:
    (result,) = written(full, ASSESSMENT)["results"]
    states = {one(each, "stream"): one(each, "state") for each in result["observations"] if ours(each, "stream")}
    assert states == {state.stream: state.state for state in full.streams}
    (short,) = (each for each in result["observations"] if ours(each, "state") == ["incomplete"])
    assert (one(short, "seen"), one(short, "expected")) == ("412", "430")


def test_titles_are_in_the_language_asked_for_and_the_other_one_beside(full: Report) -> None:
    for language, other in (("zh", "en"), ("en", "zh")):
        group = written(full, CATALOG, language)["groups"][0]
        assert group["title"] == full.frameworks[0].title[language]
        (told,) = (p for p in group["props"] if p["name"] == "title")
        assert (told["value"], told["class"]) == (full.frameworks[0].title[other], other)


def test_an_unconfirmed_clause_number_is_left_out(full: Report) -> None:
    controls = {thing["id"]: thing for thing in things(written(full, CATALOG)) if thing.get("class") == "requirement"}
    assert [p["value"] for p in controls["itss-prc-inc-a"]["props"] if p["name"] == "label"] == ["9.4 a)"]
    assert not [p for p in controls["itss-res-data"]["props"] if p["name"] in {"label", "clause"}]
    assert len(controls) == sum(len(framework.requirements) for framework in full.frameworks)


def asked_at(report: Report, level: int) -> dict[str, list[str]]:
    content = written(report, f".level-{level}{PROFILE}")
    ((ids,),) = [[part["with-ids"] for part in one["include-controls"]] for one in content["imports"]]
    values = {each["param-id"]: each["values"] for each in content["modify"]["set-parameters"]}
    return {name: [key for key in values if key.startswith(f"{name}_prm_")] for name in ids}


@pytest.fixture(scope="module")
def levelled(full: Report) -> Report:
    """With one rule that speaks to a requirement at each level."""
    levels = full.assessment.levels
    changed = {}
    for (number, outcome), name in zip(sorted(levels.items()), ("itss:cap-plan-a", "itss:cap-plan-b") * 2, strict=True):
        pack = outcome.packs[0]
        rule = replace(pack.rules[0], check=replace(pack.rules[0].check, requirements=(name,)))
        changed[number] = replace(outcome, packs=(replace(pack, rules=(rule, *pack.rules[1:])), *outcome.packs[1:]))
    return replace(full, assessment=replace(full.assessment, levels=changed))


def test_each_level_asks_what_the_lower_ones_ask_and_more(levelled: Report) -> None:
    found = {level: asked_at(levelled, level) for level in (4, 3, 2, 1)}
    for higher, lower in ((3, 4), (2, 3), (1, 2)):
        assert found[lower].keys() <= found[higher].keys()
        added = {key for keys in found[higher].values() for key in keys} - {
            key for keys in found[lower].values() for key in keys
        }
        assert len(added) == 1
        assert f"l{higher}-op-0" in added.pop()
    assert all(parameters for of in found.values() for parameters in of.values()), "each control has a threshold"


def test_the_plain_profile_is_the_target_s(levelled: Report) -> None:
    plain, third = written(levelled, PROFILE), written(levelled, f".level-3{PROFILE}")
    assert plain == third
    aimless = replace(levelled, target=None)
    assert written(aimless, PROFILE) == written(aimless, f".level-4{PROFILE}")
    assert len({written(levelled, f".level-{n}{PROFILE}")["uuid"] for n in (4, 3, 2, 1)}) == 4


def test_thresholds_stand_in_the_profile_and_the_catalog_leaves_them_open(levelled: Report) -> None:
    open_ = {p["id"]: p for thing in things(written(levelled, CATALOG)) for p in thing.get("params", ())}
    assert not [p for p in open_.values() if "values" in p]
    set_ = written(levelled, PROFILE, "en")["modify"]["set-parameters"]
    assert {each["param-id"] for each in set_} <= open_.keys()
    (sla,) = {
        (v, each["constraints"][0]["description"])
        for each in set_
        for v in each["values"]
        if "kpi-sla-0" in each["param-id"]
    }
    assert sla == (">= 90", "≥ 90 % · last 6 months")


def test_a_catalogue_without_checks_has_no_profile(report: Report) -> None:
    bare = {name: replace(f, checks=()) for name, f in report.assessment.findings.items()}
    with pytest.raises(UsageError, match="nothing that level 3 asks"):
        written(replace(report, assessment=replace(report.assessment, findings=bare, levels={})), PROFILE)


def test_nonconformities_and_gaps_are_the_plan(full: Report) -> None:
    content = written(full, PLAN)
    kinds = Counter(one(item, "kind") for item in content["poam-items"])
    assert kinds == {"nonconformity": 4, "gap": len(full.gaps)}
    risks = {risk["title"].split()[0]: risk for risk in content["risks"]}
    assert [risk["status"] for risk in risks.values()] == ["open", "remediating", "remediating", "closed"]
    assert risks["NC-2016-001"]["deadline"] == f"{DUE}T15:59:59Z", "the day ends on the organisation's clock"
    assert "deadline" not in risks["NC-2016-000"]
    responses = [r["lifecycle"] for risk in risks.values() for r in risk.get("remediations", ())]
    assert Counter(responses) == {"planned": 1, "completed": 4}


def test_a_gap_says_what_is_known_and_which_nonconformity_it_is(full: Report) -> None:
    items = [item for item in written(full, PLAN)["poam-items"] if one(item, "kind") == "gap"]
    assert [one(item, "rank") for item in items] == [str(g.rank) for g in full.gaps]
    assert all(re.search(r"n = \d+", item["description"]) for item in items)
    verdicts = {one(item, "verdict") for item in items}
    assert verdicts == {Verdict.NOT_MET.value, Verdict.UNDETERMINED.value}
    assert one(items[0], "nonconformity") == "NC-2016-000"


def test_a_plan_without_anything_open_says_so(report: Report) -> None:
    (item,) = written(report, PLAN)["poam-items"]
    assert one(item, "kind") == "nothing-open"


@pytest.mark.parametrize("suffix", KIND)
def test_what_strangers_wrote_is_no_markup(infested: Report, suffix: str) -> None:
    marked = {"title", "description", "remarks", "prose", "text", "statement", "mapping-description"}
    for thing in things(written(steered(infested), suffix)):
        for key in marked & thing.keys():
            assert not re.search(r"(?<!\\)[<\[`*{]", thing[key]), thing[key]


@pytest.mark.parametrize("payload", ["", " ", *PAYLOADS])
def test_any_text_becomes_one_line_and_any_name_a_token(payload: str) -> None:
    assert re.fullmatch(r"\S(.*\S)?", line(payload))
    assert TOKEN.fullmatch(token(payload))
    assert UUID_5.fullmatch(identity(payload))
