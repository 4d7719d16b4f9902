"""What an applicant hands in, over the shipped checklists and holdings as an organisation may have them."""

from datetime import UTC, datetime

import pytest

from itss_bridge.catalogue import load
from itss_bridge.contracts import CatalogueFolder
from itss_bridge.data import folder
from itss_bridge.documents import COLUMNS, pages
from itss_bridge.materials import Holdings, materials
from itss_bridge.model import Finding, Status, Text

CYCLES = load([CatalogueFolder(folder("mappings"), "itss-bridge")]).lifecycles.values()
SINCE = datetime(2015, 6, 1, tzinfo=UTC)
WORDS = Text("text", "文字")


def page(label: str, **fields) -> dict:
    row = dict.fromkeys(COLUMNS) | {"source": "confluence", "id": label, "ref": label, "status": "current"}
    return row | {"labels": [label], "approved": True, "updated_at": datetime(2016, 5, 1, tzinfo=UTC)} | fields


def holdings(*rows: dict, records=None, obstacles=None, findings=None) -> Holdings:
    return Holdings(pages(rows, SINCE), records or {}, obstacles or {}, findings or {})


def state(material: str, held: Holdings) -> str:
    return next(row.state for row in materials(CYCLES, held, None) if row.id == material)


def test_every_item_of_every_checklist_stands_once_and_those_of_other_levels_are_left_out():
    everything = [row.id for row in materials(CYCLES, holdings(), None)]
    assert len(everything) == len(set(everything)) == sum(len(c.items) for cycle in CYCLES for c in cycle.checklists)
    level_3 = {row.id for row in materials(CYCLES, holdings(), 3)}
    assert {row.levels for row in materials(CYCLES, holdings(), 3)} == {(), (3,)}
    assert level_3 < set(everything)


def test_a_document_is_found_by_its_own_label_or_by_its_requirements():
    assert state("seed-000.organisation-chart", holdings()) == "missing"
    assert state("seed-000.organisation-chart", holdings(page("itss-cap-plan-b"))) == "current"
    assert state("seed-000.business-licence", holdings(page("seed-000-business-licence", approved=False))) == "present"


@pytest.mark.parametrize(
    ("status", "expected"),
    [(Status.CONFORMING, "current"), (Status.PARTIAL, "present"), (Status.NONCONFORMING, "present")],
)
def test_records_are_as_good_as_what_was_found_of_their_requirements(status, expected):
    finding = Finding("itss:res-tool-b", status, "checks", (), (), 0, WORDS)
    held = holdings(records={"incident": 1968}, findings={"itss:res-tool-b": finding})
    assert state("seed-000.tool", held) == expected


def test_no_records_are_missing_only_when_all_of_the_stream_is_known():
    assert state("seed-000.staff", holdings()) == "missing"
    assert state("seed-000.staff", holdings(obstacles={"person": "person: no source gives it"})) == "unknown"
