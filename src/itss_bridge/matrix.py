"""The conformance matrix: one row per ITSS requirement across all frameworks, and a row for whatever none reaches."""

from itss_bridge.catalogue import Catalogue
from itss_bridge.catalogue.algebra import inverted
from itss_bridge.model import Assessment, Cell, Framework, Mapping, Relationship, Requirement, Row

LEAD = "itss"


def matrix(catalogue: Catalogue, assessment: Assessment) -> tuple[Row, ...]:
    """Rows in the order of the standards: the lead framework first, then each requirement no row has shown yet."""
    cells = _cells(catalogue, assessment)
    rows: list[Row] = []
    shown: set[str] = set()
    for framework in in_order(catalogue):
        for requirement in framework.requirements:
            if requirement.assessable and requirement.id not in shown:
                row = _row(framework, requirement, cells.get(requirement.id, {}), assessment)
                shown |= {cell.requirement for group in row.cells.values() for cell in group if _reaches(cell)}
                rows.append(row)
    return tuple(rows)


def in_order(catalogue: Catalogue) -> tuple[Framework, ...]:
    """All frameworks, the lead framework first."""
    return tuple(sorted(catalogue.frameworks.values(), key=lambda f: (f.id != LEAD, f.id)))


def _reaches(cell: Cell) -> bool:
    return cell.relationship is not Relationship.NONE


def _row(framework: Framework, requirement: Requirement, cells: dict[str, list[Cell]], assessment: Assessment) -> Row:
    finding = assessment.findings[requirement.id]
    return Row(
        requirement=requirement.id,
        clause=framework.clause(requirement),
        status=finding.status,
        cells={name: tuple(sorted(cells[name], key=lambda c: -c.strength)) for name in sorted(cells)},
        evidence=finding.evidence,
    )


def _cells(catalogue: Catalogue, assessment: Assessment) -> dict[str, dict[str, list[Cell]]]:
    found: dict[str, dict[str, list[Cell]]] = {}
    framework_of = {r.id: r.framework for r in catalogue.requirements.values()}
    for crosswalk in catalogue.crosswalks.values():
        for row in crosswalk.mappings:
            for seen in (row, inverted(row)):
                if seen.target in assessment.findings:
                    shelf = found.setdefault(seen.source, {}).setdefault(framework_of[seen.target], [])
                    shelf.append(_cell(seen, assessment))
    return found


def _cell(row: Mapping, assessment: Assessment) -> Cell:
    status = assessment.findings[row.target].status
    return Cell(row.target, row.relationship, row.strength, row.review, status)
