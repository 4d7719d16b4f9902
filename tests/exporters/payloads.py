"""Sixty texts that strangers could put where we show text, and a report that has them in every such place."""

from dataclasses import replace

from tests.sample_report import AS_OF, sample_report

from itss_bridge.model import Finding, Framework, Item, Report, Text

PAYLOADS = (
    "=1+1",
    '=HYPERLINK("https://evil.example","click")',
    "=cmd|' /C calc'!A0",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "-cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "\x00=1+1",
    "'=1+1",
    '"=1+1',
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    '=DDE("cmd";"/C calc";"x")',
    '=IMPORTXML("https://evil.example","//a")',
    '=WEBSERVICE("https://evil.example")',
    "{=1+1}",
    "|calc",
    "%0A=1+1",
    "=1+1;=2+2",
    "INC001,=1+1",
    "INC001\r\n=1+1",
    "INC001\n@x",
    "_x003D_1+1",
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    '" autofocus onfocus="alert(1)',
    '<iframe src="https://evil.example"></iframe>',
    '<base href="https://evil.example/">',
    '<meta http-equiv=refresh content="0;url=https://evil.example">',
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<!--",
    "]]>",
    '<!DOCTYPE x [<!ENTITY a "b">]>&a;',
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "http://evil.example/x",
    "https://good.example@evil.example/",
    "//evil.example/x",
    'https://evil.example/" onclick="alert(1)',
    "{{ 7*7 }}{% raw %}",
    "\u202etxt.exe\u202c",
    "\ud800 half of a pair \x07",
)  # fmt: skip


def infested_report(organisation: str = PAYLOADS[1]) -> Report:
    """A report with the payloads as ticket references, addresses, titles, reasons, notes, names and units."""
    report = sample_report(organisation=organisation, checks=14)
    texts = [Text(p, p) for p in PAYLOADS]
    assessment = report.assessment
    return replace(
        report,
        version=PAYLOADS[36],
        frameworks=tuple(_framework(f, texts) for f in report.frameworks),
        crosswalks=tuple(
            replace(w, title=texts[2], mappings=tuple(
                replace(m, rationale=texts[i % 60], reviewer=PAYLOADS[(i + 7) % 60]) for i, m in enumerate(w.mappings)
            ))
            for w in report.crosswalks
        ),
        metrics={name: replace(m, title=texts[i]) for i, (name, m) in enumerate(report.metrics.items())},
        assessment=replace(
            assessment,
            findings={name: _finding(f, texts[i % 60]) for i, (name, f) in enumerate(assessment.findings.items())},
            measurements=tuple(
                replace(m, unknown=PAYLOADS[i % 60], arguments={"x": PAYLOADS[i % 60]}, excluded={PAYLOADS[i]: 1}, unit=PAYLOADS[4])
                for i, m in enumerate(assessment.measurements)
            ),
        ),
        streams=tuple(
            replace(s, source=PAYLOADS[i], reason=PAYLOADS[-i - 1], head=PAYLOADS[i + 20], stream=PAYLOADS[i + 32])
            for i, s in enumerate(report.streams)
        ),
        notes=tuple(texts),
    )  # fmt: skip


def _framework(framework: Framework, texts: list[Text]) -> Framework:
    requirements = tuple(
        replace(r, title=texts[i % 60], intent=texts[(i + 1) % 60]) for i, r in enumerate(framework.requirements)
    )
    return replace(framework, title=texts[0], requirements=requirements)


def _finding(finding: Finding, text: Text) -> Finding:
    checks = tuple(
        replace(
            c,
            reason=text.en,
            check=replace(c.check, title=text),
            measurement=replace(c.measurement, failing=_items()) if c.measurement else None,
        )
        for c in finding.checks
    )
    return replace(finding, checks=checks, reason=text)


def _items() -> tuple[Item, ...]:
    return tuple(Item(p, p, p, 1.0, met=False, excluded=None, at=AS_OF) for p in PAYLOADS)
