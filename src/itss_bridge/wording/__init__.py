"""The words that people read, in both languages, in one place: exporters and the command line say the same thing."""

from decimal import Decimal

from itss_bridge.messages import retold
from itss_bridge.model import Criterion, Text
from itss_bridge.wording.heads import (
    DOSSIER_HEAD,
    HEAD,
    SHEET,
)
from itss_bridge.wording.names import (
    AUTHORITY,
    BASIS,
    BETTER,
    CAUSE,
    DOCUMENT_STATE,
    DOING,
    ELEMENT,
    GRADE,
    KIND,
    LEVEL,
    LEVEL_STATE,
    MEASURED,
    PROGRESS,
    RELATIONSHIP,
    REVIEW,
    STATUS,
    STATUS_LETTER,
    STATUS_MEANING,
    STREAM,
    STREAM_STATE,
    SYMBOL,
    UNIT,
    VERDICT,
    VERDICT_STATUS,
)
from itss_bridge.wording.phrases import (
    PHRASE,
    READING,
)

__all__ = [
    "AUTHORITY",
    "BASIS",
    "BETTER",
    "CAUSE",
    "DOCUMENT_STATE",
    "DOING",
    "DOSSIER_HEAD",
    "ELEMENT",
    "GRADE",
    "HEAD",
    "KIND",
    "LANGUAGES",
    "LEVEL",
    "LEVEL_STATE",
    "MEASURED",
    "PHRASE",
    "PROGRESS",
    "READING",
    "RELATIONSHIP",
    "REVIEW",
    "SHEET",
    "STATUS",
    "STATUS_LETTER",
    "STATUS_MEANING",
    "STREAM",
    "STREAM_STATE",
    "SYMBOL",
    "UNIT",
    "VERDICT",
    "VERDICT_STATUS",
    "as_reason",
    "element",
    "needed",
    "number",
    "other",
    "phrase",
    "quantity",
    "stream",
    "unit",
]

LANGUAGES = ("zh", "en")


def other(language: str) -> str:
    """The language to show second."""
    return "en" if language.startswith("zh") else "zh"


def stream(name: str) -> Text:
    """What people call a stream; a stream of a plugin keeps its own name."""
    return STREAM.get(name, Text(name, name))


def as_reason(text: str) -> Text:
    """A reason that is kept in English, for people; what a tool said itself stays as the tool said it."""
    return Text(str(text), retold(text, "zh"))


def unit(name: str) -> Text:
    """The unit as printed after a number; one that is not listed keeps its own name."""
    return UNIT.get(name, Text(name, name))


def element(name: str) -> Text:
    """What people call an element; one that is not listed keeps its own name."""
    return ELEMENT.get(name, Text(name, name))


def number(value: float | Decimal) -> str:
    """At most two decimals, no trailing zeros, thousands separated by commas."""
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: float | None, unit_name: str) -> Text:
    """A number with its unit, or "no data"."""
    if value is None:
        return PHRASE["no_data"]
    label = unit(unit_name)
    return Text(f"{number(value)} {label.en}".rstrip(), f"{number(value)} {label.zh}".rstrip())


def needed(criterion: Criterion, unit_name: str) -> Text:
    """A criterion for people: `≥ 90 % · last 6 months`."""
    period = PHRASE["all_time"] if criterion.months is None else phrase("last_months", n=criterion.months)
    if criterion.operator == "measured":
        least = phrase("any_of_n", n=number(1 if criterion.threshold is None else criterion.threshold))
    else:
        sign = {">=": "≥", "<=": "≤", "==": "=", ">": ">", "<": "<"}[criterion.operator]
        value = quantity(None if criterion.threshold is None else float(criterion.threshold), unit_name)
        least = Text(f"{sign} {value.en}", f"{sign} {value.zh}")
    return Text(f"{least.en} · {period.en}", f"{least.zh} · {period.zh}")


def phrase(name: str, **values: object) -> Text:
    """A phrase with its places filled; KeyError for an unknown name or a value left out."""
    text = PHRASE[name]
    return Text(text.en.format(**values), text.zh.format(**values))
