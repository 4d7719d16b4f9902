"""A report whose checks list as many items as one likes, over a matrix of more than two hundred rows."""

from dataclasses import replace

from tests.sample_report import AS_OF, sample_report

from itss_bridge.model import Item, Report


def big_report(items: int) -> Report:
    """At least *items* failing items, spread over the checks of all requirements."""
    report = sample_report(copies=4, checks=200, failing=0)
    found = {name: f for name, f in report.assessment.findings.items() if f.checks}
    each = -(-items // len(found))
    findings = dict(report.assessment.findings)
    for n, (name, finding) in enumerate(found.items()):
        first, *others = finding.checks
        failing = tuple(_item(n * each + i) for i in range(each))
        check = replace(first.check, id=f"{first.check.id}-{n}")
        measured = first.measurement and replace(first.measurement, failing=failing)
        findings[name] = replace(finding, checks=(replace(first, check=check, measurement=measured), *others))
    return replace(report, assessment=replace(report.assessment, findings=findings))


def _item(n: int) -> Item:
    url = f"https://acme.example/browse/OPS-{n}"
    return Item(str(n), f"OPS-{n}", url, float(n % 97), met=False, excluded=None, at=AS_OF)
