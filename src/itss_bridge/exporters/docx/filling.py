"""A Word template filled with a report: what a template may do, and what is said when it is wrong."""

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from types import ModuleType
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from itss_bridge.errors import UsageError
from itss_bridge.exporters.account import account
from itss_bridge.exporters.archive import repacked
from itss_bridge.exporters.docx import shipped
from itss_bridge.messages import say
from itss_bridge.model import Report

GUIDE = Path(__file__).with_name("README.md")


def filled(report: Report, language: str) -> bytes:
    """The finished document; see `DocxExporter.export`."""
    library = _library()
    own = report.word_template
    where = own.where if own else str(shipped(language))
    content = own.content if own else shipped(language).read_bytes()
    told = account(report, language)
    with _explained(where):
        document = library.DocxTemplate(io.BytesIO(content))
        document.render(told, _environment(), autoescape=True)
        _date(document.docx.core_properties, report, told)
        finished = io.BytesIO()
        document.save(finished)
    return repacked(finished.getvalue())


def _library() -> ModuleType:
    try:
        import docxtpl
    except ImportError:
        raise UsageError(
            say("a Word document needs docxtpl, which is not installed"),
            fix=say("python3 -m pip install 'itss-bridge[docx]'"),
        ) from None
    module: ModuleType = docxtpl
    return module


def _environment() -> SandboxedEnvironment:
    """A template may come from anybody: it shows what the report has, and can reach nothing else."""
    return SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)


def _date(properties: Any, report: Report, told: dict[str, Any]) -> None:
    """The document's own properties come from the report, never from a clock."""
    properties.title = f"{told['organisation']} {told['words']['report']} {told['date']}"[:255]
    properties.last_modified_by = "itss-bridge"
    properties.created = properties.modified = report.as_of.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    properties.revision = 1


@contextmanager
def _explained(where: str) -> Iterator[None]:
    """A template that is wrong is told with its file, the cause and what to do; never with a traceback."""
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        yield
    except TemplateSyntaxError as error:
        raise _wrong(where, f"{error.message}{_near(error)}") from None
    except TemplateError as error:
        raise _wrong(where, str(error)) from None
    except (TypeError, ArithmeticError) as error:
        raise _wrong(where, str(error)) from None
    except (OpcError, LxmlError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise _unreadable(where, error) from None


def _wrong(where: str, cause: str) -> UsageError:
    return UsageError(
        say("the Word template cannot be filled"),
        where=where,
        cause=cause,
        fix=say("correct the placeholder in Word; what there is to fill in is listed in {guide}", guide=GUIDE),
    )


def _unreadable(where: str, error: Exception) -> UsageError:
    return UsageError(
        say("the template is no Word document"),
        where=where,
        cause=str(error),
        fix=say("save it in Word as .docx; `itss-bridge template report` writes one to begin with"),
    )


def _near(error: TemplateSyntaxError) -> str:
    """The words of the template around a mistake, as far as docxtpl tells them."""
    lines = getattr(error, "docx_context", None)
    if not lines:
        return ""
    text = re.sub(r"<[^>]*>", " ", " ".join(map(str, lines)))
    return f": {' '.join(text.split())[:200]}"
