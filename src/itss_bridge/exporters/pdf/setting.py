"""How typst is asked: fonts first, then one compilation whose only clock is the report's own."""

import json
from datetime import UTC
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from itss_bridge.errors import UsageError
from itss_bridge.exporters.account import account
from itss_bridge.messages import say
from itss_bridge.model import Report

SERIF: Final = (
    "Noto Serif CJK SC",
    "Noto Serif SC",
    "Source Han Serif SC",
    "Songti SC",
    "STSong",
    "SimSun",
    "AR PL UMing CN",
)
SANS: Final = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
)
EMBEDDED: Final = "Libertinus Serif"
"""What typst brings itself; a font that has the characters is then chosen one by one."""
_PROBE: Final = "符合性矩阵、证据、差距"
_TEMPLATE: Final = Path(__file__).with_name("report.typ")


def typeset(report: Report, language: str) -> bytes:
    """The finished document; see `PdfExporter.export`."""
    typst = _library()
    fonts, lacking = _fonts()
    if lacking:
        raise UsageError(
            say("there is no font with Chinese characters, so a PDF would show boxes"),
            cause=lacking,
            fix=say("install one, such as fonts-noto-cjk (Debian, Ubuntu) or google-noto-sans-cjk-fonts (Fedora)"),
        )
    told = account(report, language)
    families = fonts.families()
    inputs = {
        "report": json.dumps(told, ensure_ascii=False),
        "serif": next((family for family in SERIF if family in families), EMBEDDED),
        "sans": next((family for family in SANS if family in families), EMBEDDED),
    }
    compiler = typst.Compiler(root=str(_TEMPLATE.parent), font_paths=fonts, sys_inputs=inputs)
    moment = report.as_of.astimezone(UTC).replace(microsecond=0)
    content: bytes = compiler.compile(str(_TEMPLATE), format="pdf", timestamp=moment)
    return content


@cache
def _fonts() -> tuple[Any, str]:
    """This machine's fonts, looked for once a process, and what they lack."""
    typst = _library()
    fonts = typst.Fonts()
    return fonts, lacks_chinese(typst, fonts)


def lacks_chinese(typst: ModuleType, fonts: Any) -> str:
    """Why Chinese words would come out as boxes; empty where some font has them.

    They are set under PDF/A, which allows no character without a glyph.
    """
    try:
        typst.Compiler(font_paths=fonts).compile(_PROBE.encode(), format="pdf", pdf_standards=["a-2b"])
    except typst.TypstError as error:
        return str(error.message)
    return ""


def _library() -> ModuleType:
    try:
        import typst
    except ImportError:
        raise UsageError(
            say("a PDF needs typst, which is not installed"), fix=say("python3 -m pip install 'itss-bridge[pdf]'")
        ) from None
    module: ModuleType = typst
    return module
