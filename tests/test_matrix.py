"""The matrix: no requirement is lost, every row has a status."""

from datetime import UTC, datetime

from itss_bridge.assess import Terms, assess
from itss_bridge.catalogue import load
from itss_bridge.matrix import matrix
from itss_bridge.model import Relationship

CATALOGUE = load()
ASSESSMENT = assess(CATALOGUE, {}, Terms(3, (), (), {}), datetime(2026, 3, 31, tzinfo=UTC))
ROWS = matrix(CATALOGUE, ASSESSMENT)


def test_every_assessable_requirement_stands_in_a_row_or_in_a_cell() -> None:
    shown = {row.requirement for row in ROWS}
    shown |= {cell.requirement for row in ROWS for cells in row.cells.values() for cell in cells}
    assert shown >= {r.id for r in CATALOGUE.requirements.values() if r.assessable}


def test_itss_comes_first_in_the_order_of_the_standard() -> None:
    itss = [r.id for r in CATALOGUE.frameworks["itss"].requirements if r.assessable]
    assert [row.requirement for row in ROWS[: len(itss)]] == itss


def test_a_row_of_another_framework_is_one_that_no_itss_item_reaches() -> None:
    reached = {
        cell.requirement
        for row in ROWS
        if row.requirement.startswith("itss:")
        for cells in row.cells.values()
        for cell in cells
        if cell.relationship is not Relationship.NONE
    }
    assert not {row.requirement for row in ROWS if not row.requirement.startswith("itss:")} & reached


def test_a_cell_shows_the_status_of_its_own_requirement() -> None:
    for row in ROWS:
        assert row.status == ASSESSMENT.findings[row.requirement].status
        for cells in row.cells.values():
            for cell in cells:
                assert cell.status == ASSESSMENT.findings[cell.requirement].status


def test_the_strongest_mapping_stands_first() -> None:
    for row in ROWS:
        for cells in row.cells.values():
            strengths = [cell.strength for cell in cells]
            assert strengths == sorted(strengths, reverse=True)
