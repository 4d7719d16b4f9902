"""`calendar` and `export x.ics` over real evidence: files in, dates out, as of any day."""

import json
import shutil
from pathlib import Path

import pytest
from icalendar import Calendar
from jsonschema import Draft202012Validator

from itss_bridge.data import schema

pytestmark = pytest.mark.slow

TOML = """
[workspace]
organisation = "晨星信息"
target = "itss-level-3"
[sources.files]
connector = "files"
"""
CERTIFICATES = """id,ref,changed_at,holder,scheme,level,awarded_at,expires_at,status,surveillance_dates,number,surveillance_months
C-1,ITSS 四级证书,2015-03-10,organisation,itss,4,2015-03-10,2018-03-10,valid,2016-02-25,ITSS-YW-4-1,
C-2,ISO 9001 证书,2014-11-05,organisation,iso9001,,2014-11-05,2017-11-05,valid,2015-10-20; 2016-10-18,,12
P-1,某工程师,2015-01-01,person,itss-engineer,,2015-01-01,,valid,,,
"""
ATTESTATIONS = """id,changed_at,topic,statement,on,holds
A-1,2016-01-10,service-business-since,首份合同,2015-06-01,true
A-2,2016-01-10,system-in-operation-since,体系发布令,2014-09-01,true
A-3,2016-01-10,internal-audit,内部审核报告,2015-11-25,true
A-4,2016-01-10,lifecycle-state,材料评审,2016-05-20,true
"""


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from itss_bridge.cli import run

    root = tmp_path_factory.mktemp("calendar")
    (root / "itss-bridge.toml").write_text(TOML, "utf-8")
    (root / "attestations").mkdir()
    (root / "attestations" / "certificate.csv").write_text(CERTIFICATES, "utf-8")
    (root / "attestations" / "attestation.csv").write_text(ATTESTATIONS, "utf-8")
    assert run(["sync", "-w", str(root)]) == 0
    return root


@pytest.fixture
def root(synced: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(synced, tmp_path / "own"))


def shown(bridge_command, root: Path, *arguments: str) -> list[dict]:
    ran = bridge_command("calendar", "-w", root, "--json", *arguments)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_json_fits_its_schema_and_names_the_known_dates(bridge_command, root: Path) -> None:
    rows = shown(bridge_command, root)
    Draft202012Validator(schema("cli/calendar")).validate(rows)
    dates = {row["id"]: (row["on"], row["until"]) for row in rows}
    # evidence was collected today: the certificates have ended since, and that is said
    assert dates["itss/certificate"] == (None, None)
    assert any(row["id"] == "joint/internal-audit@2015-11-25" for row in rows)


def test_months_leave_out_what_lies_further_ahead(bridge_command, root: Path) -> None:
    whole, near = shown(bridge_command, root), shown(bridge_command, root, "--months", "1")
    assert {row["id"] for row in near} < {row["id"] for row in whole}
    assert all(row in whole for row in near)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_screen_says_what_is_certain_and_what_is_missing(bridge_command, root: Path, language: str) -> None:
    out = bridge_command("calendar", "-w", root, "--lang", language).out
    words = {
        "zh": ("证书台账", "待核实", "无法推算", "申报条件"),
        "en": ("register", "to be confirmed", "no date", "Conditions"),
    }
    for word in words[language]:
        assert word in out
    assert "某工程师" not in out


def test_the_register_is_the_organisation_s(bridge_command, root: Path) -> None:
    rows = shown(bridge_command, root, "--certificates")
    assert [(row["id"], row["state"], row["surveillances"]) for row in rows] == [
        ("C-2", "expired", ["2015-10-20", "2016-10-18"]),
        ("C-1", "expired", ["2016-02-25"]),
    ]
    assert rows[1]["number"] == "ITSS-YW-4-1"


def test_next_says_where_we_stand_and_who_acts(bridge_command, root: Path) -> None:
    (position,) = shown(bridge_command, root, "--next")
    assert (position["state"], position["basis"], position["since"]) == ("document-review", "statement", "2016-05-20")
    assert {step["state"] for step in position["steps"]} == {"application", "on-site-audit"}
    assert {step["actor"]["zh"] for step in position["steps"]} == {"评估机构"}


def test_before_anything_was_collected_nothing_is_known(bridge_command, root: Path) -> None:
    rows = shown(bridge_command, root, "--as-of", "2016-06-01")
    missing = {row["id"]: row["note"]["en"] for row in rows if row["state"] == "missing"}
    assert "no source gives it" in missing["itss/certificate"]
    assert "attestation" in missing["itss/application-3"] or "certificate" in missing["itss/application-3"]


def test_a_past_day_shows_what_was_known_then(bridge_command, root: Path) -> None:
    from itss_bridge.bridge import Bridge

    before = Bridge(root).now().isoformat()
    then = bridge_command("calendar", "-w", root, "--json", "--as-of", before).out
    attestations = root / "attestations" / "attestation.csv"
    attestations.write_text(
        ATTESTATIONS.replace("2014-09-01", "2026-11-01").replace("2016-01-10", "2026-11-02"), "utf-8"
    )
    assert bridge_command("sync", "-w", root).code == 0
    assert bridge_command("calendar", "-w", root, "--json", "--as-of", before).out == then
    assert bridge_command("calendar", "-w", root, "--json").out != then


def test_the_exported_calendar_is_the_shown_one_and_the_same_bytes_each_time(bridge_command, root: Path) -> None:
    moment = "2027-01-15T12:00:00Z"
    files = [root / "one.ics", root / "two.ics"]
    for file in files:
        assert bridge_command("export", file, "-w", root, "--as-of", moment).code == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    calendar = Calendar.from_ical(files[0].read_bytes())
    rows = [row for row in shown(bridge_command, root, "--as-of", moment) if row["on"]]
    assert sorted(str(e["DTSTART"].dt) for e in calendar.walk("VEVENT")) == sorted(row["on"] for row in rows)


@pytest.mark.parametrize("arguments", [("--months", "0"), ("--months", "x"), ("--next", "--certificates")])
def test_a_wrong_wish_ends_with_2(bridge_command, root: Path, arguments: tuple[str, ...]) -> None:
    assert bridge_command("calendar", "-w", root, *arguments).code == 2


def test_a_workspace_without_evidence_has_a_calendar_of_reasons(bridge_command, tmp_path: Path) -> None:
    (tmp_path / "itss-bridge.toml").write_text('[workspace]\norganisation = "晨星信息"\n', "utf-8")
    rows = shown(bridge_command, tmp_path)
    assert {row["id"] for row in rows if row["state"] == "missing"} >= {
        "itss/certificate",
        "joint/internal-audit@first",
    }
    assert bridge_command("calendar", "-w", tmp_path).code == 0
