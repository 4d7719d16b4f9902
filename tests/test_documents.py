"""The document comparison: what is asked for, against pages as a tool may hold them."""

from datetime import UTC, datetime

import pytest

from itss_bridge.catalogue import load
from itss_bridge.contracts import CatalogueFolder
from itss_bridge.data import folder
from itss_bridge.documents import COLUMNS, compare, pages, slug
from itss_bridge.model import (
    Check,
    CheckResult,
    Criterion,
    DocumentedInformation,
    Edition,
    Finding,
    Framework,
    Measurement,
    Origin,
    Requirement,
    Status,
    Text,
    Verdict,
)

NOW, SINCE = datetime(2016, 6, 1, tzinfo=UTC), datetime(2015, 6, 1, tzinfo=UTC)
WORDS = Text("text", "文字")


def framework(kind: str = "document") -> Framework:
    asked = DocumentedInformation("sms-scope", kind, WORDS, Origin())
    requirement = Requirement(
        "iso20000-1:4.3", "iso20000-1", None, WORDS, WORDS, "management", True, {}, Origin(), documents=(asked,)
    )  # fmt: skip
    return Framework("iso20000-1", WORDS, (Edition("e", WORDS, "in-force"),), (requirement,), Origin())


def page(**fields):
    page = dict.fromkeys(COLUMNS) | {"source": "confluence", "id": "1", "ref": "Scope", "status": "current"}
    return page | {"labels": ["iso20000-1-4-3"], "updated_at": datetime(2016, 5, 1, tzinfo=UTC)} | fields


def state(*held, kind="document", findings=None, obstacle=""):
    (row,) = compare([framework(kind)], findings or {}, pages(held, SINCE), obstacle).rows
    return row.state


LONG_AGO = datetime(2014, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([], "missing"),
        ([page()], "present"),
        ([page(approved=True)], "current"),
        ([page(approved=True, updated_at=LONG_AGO)], "approved"),
        ([page(approved=True, updated_at=LONG_AGO, approved_at=SINCE)], "current"),
        ([page(approved=True, updated_at=SINCE)], "current"),
        ([page(approved=True, status="draft")], "missing"),
        ([page(approved=True, status="archived")], "missing"),
        ([page(approved=True, labels=["iso9001-4-3"])], "missing"),
        ([page(approved=True, labels=None)], "missing"),
        ([page(), page(id="2", approved=True, updated_at=LONG_AGO)], "approved"),
    ],
)
def test_a_document_is_current_only_when_approved_and_in_date(held, expected):
    assert state(*held) == expected


def test_a_page_with_the_documents_own_label_stands_before_pages_of_the_requirement():
    own = page(id="2", ref="Our scope", labels=["sms-scope"], approved=True)
    (row,) = compare([framework()], {}, pages([page(), own], SINCE), "").rows
    assert [item.ref for item in row.found] == ["Our scope"]
    assert row.state == "current"


def test_without_all_pages_nothing_is_said_to_be_missing():
    assert state(obstacle="document of confluence is incomplete: 3 hidden") == "unknown"
    assert state(page(), obstacle="document of confluence is incomplete: 3 hidden") == "present"


def test_a_record_may_be_proven_by_what_was_measured_and_needs_no_approval():
    check = Check(
        "c", WORDS, "ticket-metric", "m", {}, Criterion("measured", None, 12), ("iso20000-1:4.3",), None, Origin()
    )
    measured = Measurement("m", {}, 1.0, "%", 24_918, 1.0, 24_918, {}, None, NOW, {}, 24_918, ())
    result = CheckResult(check, Verdict.MET, measured, "")
    finding = Finding("iso20000-1:4.3", Status.CONFORMING, "checks", (result,), (), 1, WORDS)
    assert state(kind="record", findings={"iso20000-1:4.3": finding}) == "current"
    assert state(kind="document", findings={"iso20000-1:4.3": finding}) == "missing"
    assert state(page(), kind="record") == "current"
    assert state(page(updated_at=LONG_AGO), kind="record") == "present"


def test_a_page_that_no_requirement_asks_for_is_an_orphan():
    held = [page(), page(id="2", labels=["lunch-menu"]), page(id="3", labels=["iso20000-1-4-3-level-3"])]
    assert [item.id for item in compare([framework()], {}, pages(held, SINCE), "").orphans] == ["2"]


def test_every_documented_information_of_the_shipped_frameworks_is_compared_once():
    frameworks = load([CatalogueFolder(folder("mappings"), "itss-bridge")]).frameworks.values()
    rows = compare(frameworks, {}, [], "").rows
    asked = [(r.id, d.id) for f in frameworks for r in f.requirements for d in r.documents]
    assert [(row.requirement, row.information.id) for row in rows] == asked
    assert len(asked) > 150
    slugs = [slug(r.id) for f in frameworks for r in f.requirements]
    assert len(slugs) == len(set(slugs)), "two requirements would share a label"
