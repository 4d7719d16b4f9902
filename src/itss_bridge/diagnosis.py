"""The maturity diagnosis that opens a gap analysis: where each level stands, and how its five parts do."""

from collections import Counter

from itss_bridge.model import Report, Status, Verdict

ELEMENTS = ("management", "people", "resource", "technology", "process")
"""The five parts of each level in the maturity model, in its order."""


def by_level(report: Report) -> dict[int, tuple[Status, Counter[Verdict]]]:
    """For each level, from 4 to 1, its state and how many binding rules have which verdict."""
    return {
        level: (outcome.status, Counter(r.verdict for pack in outcome.packs if pack.binding for r in pack.rules))
        for level, outcome in report.assessment.levels.items()
    }


def by_element(report: Report, framework: str = "itss") -> dict[str, Counter[Status]]:
    """For each part of the model, how many of its requirements have which status."""
    found: dict[str, Counter[Status]] = {element: Counter() for element in ELEMENTS}
    if framework in {f.id for f in report.frameworks}:
        for finding in report.findings(framework):
            element = report.requirement(finding.requirement).element
            found.setdefault(element, Counter())[finding.status] += 1
    return found
