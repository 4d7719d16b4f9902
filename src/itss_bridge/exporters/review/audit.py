"""The internal audit's checklist: every requirement with what was found, and room for what the auditor sees."""

from datetime import date

from itss_bridge.exporters.markdown import document, escaped, linked
from itss_bridge.exporters.reading import Reading
from itss_bridge.exporters.review.parts import evidence, filled, nonconformities, notes, titled
from itss_bridge.exporters.review.words import word
from itss_bridge.model import Finding, Framework, Item, Report
from itss_bridge.wording import STATUS

ITEMS = 3


def internal_audit(report: Report, language: str, day: date) -> str:
    """One checklist per framework, in the order of the standard; Markdown."""
    reading = Reading(report)
    checklists = [
        (word("checklist", language, framework=framework.title[language]), _checklist(reading, framework, language))
        for framework in report.frameworks
    ]
    return document(
        titled("audit_title", report, language),
        [
            (word("evidence", language), evidence(report, language)),
            *checklists,
            (word("nonconformities", language), nonconformities(report, language, day)),
            (word("notes", language), notes(report, language)),
        ],
    )


def _checklist(reading: Reading, framework: Framework, language: str) -> str:
    rows = [
        [
            reading.number(finding.requirement),
            escaped(reading.title(finding.requirement)[language]),
            STATUS[finding.status][language],
            f"{finding.evidence:,}",
            _failing(finding),
            "",
            "",
        ]
        for finding in reading.report.findings(framework.id)
    ]
    return filled(rows, language, "clause", "requirement", "status", "records", "failing", "seen", "finding")


def _failing(finding: Finding) -> str:
    items: list[Item] = [item for result in finding.checks if result.measurement for item in result.measurement.failing]
    first = list(dict.fromkeys((item.ref, item.url) for item in items))[:ITEMS]
    return ", ".join(linked(ref, url) for ref, url in first)
