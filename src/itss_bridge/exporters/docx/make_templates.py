"""Makes the shipped Word templates anew: `python -m itss_bridge.exporters.docx.make_templates`.

They are ordinary documents: an organisation opens one in Word, changes what it likes, and names it in its workspace.
What stands between braces is filled in by docxtpl from `itss_bridge.exporters.account`.
"""

import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from itss_bridge.exporters.account.words import WORD
from itss_bridge.exporters.archive import repacked
from itss_bridge.model import Status, Text
from itss_bridge.wording import HEAD, LANGUAGES, PHRASE, STATUS

FOLDER: Final = Path(__file__).parent
MADE: Final = datetime(2026, 1, 1)  # noqa: DTZ001 - a document's own date has no zone; fixed, so that bytes are the same
INK, DEEP, FAINT = RGBColor(0x1F, 0x2A, 0x30), RGBColor(0x17, 0x30, 0x3B), RGBColor(0x6B, 0x77, 0x7E)
LATIN: Final = "Arial"
SONG, HEI = "宋体", "黑体"
WIDTH: Final = 170  # millimetres between the margins of A4
SIGNATURES: Final = ("preparer", "reviewer", "approver")
PACK: Final = Text(
    "{{ p.title }}: {{ p.met }}/{{ p.rules }} met ({{ p.authority }}, {{ p.deciding }})",
    "{{ p.title }}：满足 {{ p.met }}/{{ p.rules }}（{{ p.authority }}，{{ p.deciding }}）",
)
Column = tuple[Text, str, int]
"""Head, what stands in each cell, width in millimetres; a cell that begins with `fill:X|` is coloured by X."""


def template(language: str) -> bytes:
    """One template; the same bytes every time."""
    document = Document()
    _pages(document, language)
    _styles(document)
    _cover(document, language)
    for part in (_scope, _levels, _frameworks, _gaps, _nonconformities, _documents, _metrics, _dates, _people, _end):
        part(document, language)
    properties = document.core_properties
    properties.author = properties.last_modified_by = "itss-bridge"
    properties.title = properties.comments = ""
    properties.created = properties.modified = MADE
    content = io.BytesIO()
    document.save(content)
    return repacked(content.getvalue())


def _pages(document: Any, language: str) -> None:
    """A4, the organisation above, page numbers below; neither on the cover."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin, section.bottom_margin = Mm(22), Mm(20)
    section.different_first_page_header_footer = True
    above = section.header.paragraphs[0]
    above.add_run("{{ organisation }} · " + WORD["report"][language] + " · {{ date }}")
    below = section.footer.paragraphs[0]
    below.alignment = WD_ALIGN_PARAGRAPH.CENTER
    before, between, after = WORD["page"][language].split("{}")
    below.add_run(before)
    _field(below, "PAGE")
    below.add_run(between)
    _field(below, "NUMPAGES")
    below.add_run(after)


def _field(paragraph: Any, code: str) -> None:
    for kind, text in (("begin", ""), ("", code), ("separate", ""), ("shown", "1"), ("end", "")):
        run = paragraph.add_run(text if kind == "shown" else "")
        if kind in {"begin", "separate", "end"}:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)  # noqa: SLF001 - python-docx has no fields
        elif not kind:
            instruction = OxmlElement("w:instrText")
            instruction.text = text
            run._r.append(instruction)  # noqa: SLF001


def _styles(document: Any) -> None:
    """Fonts for both scripts: Chinese characters take the East Asian one, whatever the language of the template."""
    styles = document.styles
    for name, size, east, colour, bold in (
        ("Normal", 10, SONG, INK, False),
        ("Title", 26, HEI, DEEP, True),
        ("Subtitle", 12, SONG, FAINT, False),
        ("Heading 1", 16, HEI, DEEP, True),
        ("Heading 2", 12, HEI, DEEP, True),
        ("Header", 8, SONG, FAINT, False),
        ("Footer", 8, SONG, FAINT, False),
        ("List Bullet", 10, SONG, INK, False),
    ):
        style = styles[name]
        style.font.size, style.font.bold, style.font.italic, style.font.color.rgb = Pt(size), bold, False, colour
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        for script, font in (("ascii", LATIN), ("hAnsi", LATIN), ("cs", LATIN), ("eastAsia", east)):
            fonts.set(qn(f"w:{script}"), font)
    # punctuation is set as in China, not as in Japan
    language = styles.element.find(f".//{qn('w:rPrDefault')}//{qn('w:lang')}")
    language.set(qn("w:eastAsia"), "zh-CN")
    styles["Normal"].paragraph_format.space_after = Pt(4)
    styles["Heading 1"].paragraph_format.space_before = Pt(20)
    styles["Heading 1"].paragraph_format.space_after = Pt(6)
    _lines(styles["Table Grid"])


def _lines(style: Any) -> None:
    """Table lines that stay behind the text."""
    for line in style.element.find(f".//{qn('w:tblBorders')}"):
        line.set(qn("w:color"), "C3CACE")


def _cover(document: Any, language: str) -> None:
    lead = document.add_paragraph()
    lead.paragraph_format.space_before = Pt(120)
    document.add_paragraph("{{ organisation }}", "Title")
    document.add_paragraph(WORD["report"][language], "Title")
    document.add_paragraph(WORD["subtitle"][language], "Subtitle")
    _alarm(document)
    facts = {
        HEAD["as_of"]: "{{ as_of }}",
        HEAD["target"]: "{{ target }}",
        WORD["reached"]: "{{ reached }}",
        HEAD["version"]: "itss-bridge {{ version }}",
    }
    for name, value in facts.items():
        line = document.add_paragraph()
        line.add_run(f"{name[language]}{'：' if language == 'zh' else ': '}").bold = True
        line.add_run(value)
    document.add_paragraph("{{ disclaimer }}").paragraph_format.space_before = Pt(24)
    document.add_page_break()


def _alarm(document: Any) -> None:
    """One sentence on the evidence, on red unless all of it is complete."""
    document.add_paragraph("{%p if complete %}")
    document.add_paragraph("{{ alarm }}")
    document.add_paragraph("{%p else %}")
    warning = document.add_paragraph()
    warning.add_run("{{ alarm }}").bold = True
    _shade(warning._p.get_or_add_pPr(), "F6C9C4")  # noqa: SLF001 - python-docx has no shading
    document.add_paragraph("{%p endif %}")


def _shade(properties: Any, colour: str) -> None:
    shade = OxmlElement("w:shd")
    for key, value in (("val", "clear"), ("color", "auto"), ("fill", colour)):
        shade.set(qn(f"w:{key}"), value)
    properties.append(shade)


def _scope(document: Any, language: str) -> None:
    document.add_heading(WORD["scope"][language], 1)
    _alarm(document)
    columns: Sequence[Column] = (
        (HEAD["stream"], "{{ r.stream }}", 30),
        (HEAD["source_system"], "{{ r.source }}", 26),
        (WORD["held"], "{{ r.held }}", 30),
        (HEAD["state"], "fill:r.fill|{{ r.state }}", 30),
        (HEAD["collected"], "{{ r.collected }}", 30),
        (HEAD["reason"], "{{ r.reason }}", 30),
    )
    _table(document, language, "streams", columns)


def _levels(document: Any, language: str) -> None:
    document.add_heading(WORD["levels"][language], 1)
    document.add_paragraph(PHRASE["levels_lead"][language])
    columns: Sequence[Column] = (
        (HEAD["level"], "{{ r.name }}{% if r.target %} ★{% endif %}", 42),
        (HEAD["state"], "fill:r.fill|{{ r.state }}", 28),
        (HEAD["reason"], "{{ r.reason }}", 100),
    )
    _table(document, language, "levels", columns)
    document.add_paragraph("{%p for level in levels if level.asked %}")
    document.add_heading("{{ level.name }}", 2)
    document.add_paragraph("{%p for p in level.packs if p.rules %}")
    document.add_paragraph(PACK[language], "List Bullet")
    document.add_paragraph("{%p endfor %}")
    document.add_paragraph("{%p if level.missing %}")
    document.add_paragraph(WORD["missing"][language])
    _table(document, language, "level.missing", _checks())
    document.add_paragraph("{%p else %}")
    document.add_paragraph(WORD["missing_none"][language])
    document.add_paragraph("{%p endif %}")
    document.add_paragraph("{%p endfor %}")


def _checks() -> Sequence[Column]:
    return (
        (HEAD["check"], "{{ r.title }}", 60),
        (HEAD["verdict"], "fill:r.fill|{{ r.verdict }}", 20),
        (HEAD["value"], "{{ r.value }}", 24),
        (WORD["fraction"], "{{ r.fraction }}", 30),
        (HEAD["needed"], "{{ r.needed }}", 40),
    )


def _frameworks(document: Any, language: str) -> None:
    document.add_heading(WORD["counts"][language], 1)
    counted = [(STATUS[status], f"{{{{ r.counts[{n}].n }}}}", 25) for n, status in enumerate(Status)]
    columns: Sequence[Column] = (
        (HEAD["framework"], "{{ r.title }}", 32),
        *counted,
        (WORD["total"], "{{ r.total }}", 13),
    )
    _table(document, language, "frameworks", columns)
    document.add_heading(WORD["findings"][language], 1)
    document.add_paragraph("{%p for framework in frameworks %}")
    document.add_heading("{{ framework.title }}", 2)
    document.add_paragraph("{{ framework.edition }}")
    found: Sequence[Column] = (
        (HEAD["clause"], "{{ r.clause }}", 28),
        (HEAD["requirement"], "{{ r.title }}", 52),
        (HEAD["status"], "fill:r.fill|{{ r.label }}", 28),
        (HEAD["evidence"], "{{ r.evidence }}", 20),
        (HEAD["reason"], "{{ r.reason }}", 44),
    )
    _table(document, language, "framework.findings", found)
    document.add_paragraph("{%p endfor %}")


def _gaps(document: Any, language: str) -> None:
    columns: Sequence[Column] = (
        (Text("#", "#"), "{{ r.rank }}", 8),
        (HEAD["check"], "{{ r.title }}", 40),
        (HEAD["value"], "fill:r.fill|{{ r.value }}", 20),
        (WORD["fraction"], "{{ r.fraction }}", 26),
        (HEAD["needed"], "{{ r.needed }}", 24),
        (WORD["action"], "{{ r.action }}", 34),
        (WORD["owner"], "{{ r.owner }}{% if r.due %} {{ r.due }}{% endif %}", 24),
    )
    _part(document, language, "gaps", columns)


def _nonconformities(document: Any, language: str) -> None:
    columns: Sequence[Column] = (
        (HEAD["id"], "{{ r.id }}", 22),
        (HEAD["title"], "{{ r.title }} {{ r.clauses }}", 34),
        (WORD["grade"], "{{ r.grade }}", 20),
        (WORD["cause"], "{{ r.cause }}", 28),
        (WORD["correction"], "{{ r.correction }}", 30),
        (WORD["progress"], "{{ r.progress }}", 18),
        (WORD["due"], "{{ r.due }}", 18),
    )
    _part(document, language, "nonconformities", columns, empty="no_nonconformity")


def _documents(document: Any, language: str) -> None:
    columns: Sequence[Column] = (
        (HEAD["clause"], "{{ r.clause }}", 30),
        (WORD["document"], "{{ r.title }}", 62),
        (HEAD["state"], "fill:r.fill|{{ r.state }}", 28),
        (HEAD["reason"], "{{ r.reason }}", 50),
    )
    _part(document, language, "documents", columns, lead="{{ documents_lead }}")


def _metrics(document: Any, language: str) -> None:
    columns: Sequence[Column] = (
        (HEAD["metric"], "{{ r.title }}{% if r.of %} ({{ r.of }}){% endif %}", 46),
        (HEAD["value"], "{{ r.value }}", 30),
        (HEAD["n"], "{{ r.n }}", 26),
        (WORD["fraction"], "{{ r.fraction }}", 34),
        (HEAD["window"], "{{ r.window }}", 40),
    )
    _part(document, language, "metrics", columns, lead=WORD["metrics_lead"][language])


def _dates(document: Any, language: str) -> None:
    columns: Sequence[Column] = (
        (WORD["when"], "{{ r.when }}", 36),
        (HEAD["title"], "{{ r.title }}{% if r.certain %} ({{ r.certain }}){% endif %}", 64),
        (HEAD["reason"], "{{ r.note }}", 70),
    )
    _part(document, language, "dates", columns)


def _people(document: Any, language: str) -> None:
    columns: Sequence[Column] = (
        (HEAD["clause"], "{{ r.clause }} {{ r.title }}", 46),
        (HEAD["status"], "fill:r.fill|{{ r.label }}", 22),
        (WORD["measured_status"], "{{ r.measured }}", 22),
        (HEAD["reason"], "{{ r.reason }}", 44),
        (WORD["role"], "{{ r.role }} {{ r.on }}", 22),
        (WORD["expires"], "{{ r.expires }}", 14),
    )
    _part(document, language, "judgements", columns)


def _end(document: Any, language: str) -> None:
    document.add_heading(WORD["notes"][language], 1)
    document.add_paragraph("{%p for note in notes %}")
    document.add_paragraph("{{ note }}", "List Bullet")
    document.add_paragraph("{%p endfor %}")
    document.add_paragraph("{{ disclaimer }}")
    document.add_heading(WORD["sign_off"][language], 1)
    names = ("id", "name", "sign", "date")
    table = _empty(document, [40, 40, 50, 40])
    _head(table.rows[0], ["", *(HEAD[name][language] for name in names[1:])])
    for role in SIGNATURES:
        row = table.add_row()
        row.height = Mm(14)
        row.cells[0].text = HEAD[role][language]


def _part(
    document: Any, language: str, name: str, columns: Sequence[Column], *, lead: str = "", empty: str = "none"
) -> None:
    """A section with one table; a sentence where there is nothing to list."""
    document.add_heading(WORD[name][language], 1)
    if lead:
        document.add_paragraph(lead)
    document.add_paragraph(f"{{%p if {name} %}}")
    _table(document, language, name, columns)
    document.add_paragraph("{%p else %}")
    document.add_paragraph(WORD[empty][language])
    document.add_paragraph("{%p endif %}")


def _table(document: Any, language: str, rows: str, columns: Sequence[Column]) -> None:
    """A table of one row per *r* of *rows*: the loop stands in rows of its own, which docxtpl takes out."""
    table = _empty(document, [width for _, _, width in columns])
    _head(table.rows[0], [name[language] for name, _, _ in columns])
    table.add_row().cells[0].text = f"{{%tr for r in {rows} %}}"
    for cell, (_, content, _) in zip(table.add_row().cells, columns, strict=True):
        coloured, _, text = (
            content.removeprefix("fill:").partition("|") if content.startswith("fill:") else ("", "", content)
        )
        cell.text = (f"{{% cellbg {coloured} %}}" if coloured else "") + text
    table.add_row().cells[0].text = "{%tr endfor %}"
    _narrow(table)


def _empty(document: Any, widths: Sequence[int]) -> Any:
    table = document.add_table(rows=1, cols=len(widths), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    scale = WIDTH / sum(widths)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width * scale)
    return table


def _head(row: Any, names: Sequence[str]) -> None:
    """A table's head, repeated on every page."""
    properties = row._tr.get_or_add_trPr()  # noqa: SLF001 - python-docx has no repeated heads
    properties.append(OxmlElement("w:tblHeader"))
    for cell, name in zip(row.cells, names, strict=True):
        run = cell.paragraphs[0].add_run(name)
        run.bold, run.font.size, run.font.color.rgb = True, Pt(8), RGBColor(0xFF, 0xFF, 0xFF)
        _shade(cell._tc.get_or_add_tcPr(), "24424F")  # noqa: SLF001


def _narrow(table: Any) -> None:
    """Small print, and no row that a page break cuts in two."""
    for row in table.rows[1:]:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001
        for cell in row.cells:
            for paragraph in cell.paragraphs:
                paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
                for run in paragraph.runs:
                    run.font.size = Pt(9)


def write(folder: Path = FOLDER) -> Mapping[str, Path]:
    """All templates, written to *folder*."""
    written = {language: folder / f"self-assessment.{language}.docx" for language in LANGUAGES}
    for language, path in written.items():
        path.write_bytes(template(language))
    return written


if __name__ == "__main__":
    write()
