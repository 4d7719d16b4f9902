"""Empty tables to fill in: what `files` reads, with what each column means, in both languages."""

import csv
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO, StringIO
from typing import Any, Final

import xlsxwriter

from itss_bridge.data import schema, stream_names
from itss_bridge.errors import UsageError
from itss_bridge.field_words import meaning
from itss_bridge.files import rules
from itss_bridge.messages import say

SUFFIXES: Final = (".xlsx", ".csv")
EXPLANATION: Final = "说明 Explanation"
_ROWS: Final = 10_000
_MADE: Final = datetime(2026, 1, 1)  # noqa: DTZ001 - a workbook's own date has no zone; fixed, so that bytes are the same
_LONGEST_LIST: Final = 255
_LONGEST_MESSAGE: Final = 255
_KINDS: Final = {
    "date": ("日期 2016-03-31；或带时区的时间 2016-03-31T18:00:00+08:00", "a date 2016-03-31, or a time with its zone"),
    "boolean": ("是 / 否", "true / false"),
    "integer": ("整数", "a whole number"),
    "number": ("数字", "a number"),
    "array": ("多项以分号分隔", "several, parted by semicolons"),
    "string": ("文本", "text"),
}
_FORMATS: Final = {"date": "yyyy-mm-dd", "integer": "0", "number": "General", "boolean": "General"}


def template(stream: str, suffix: str, language: str = "zh") -> bytes:
    """An empty table for one stream; the same bytes every time.

    Args:
        stream: a stream that `files` reads.
        suffix: `.xlsx`, with explanations, lists to choose from and formats; or `.csv`, with the header alone.
        language: `zh` or `en`, the one that lists of yes and no are in.

    Raises:
        UsageError: there is no such stream, or no such kind of template.
    """
    if stream not in stream_names():
        raise UsageError(
            say("there is no stream {stream!r}", stream=stream),
            fix=say("there are: {names}", names=", ".join(stream_names())),
        )
    if suffix not in SUFFIXES:
        raise UsageError(
            say("there is no template for {suffix}", suffix=suffix or "a file without suffix"),
            fix=say("write .xlsx or .csv"),
        )
    return _workbook(stream, language) if suffix == ".xlsx" else _table(stream)


def columns(stream: str) -> dict[str, Mapping[str, Any]]:
    """The columns that fit into a table, with what the schema says of each; those that hold lists of objects do not."""
    return {name: rule for name, rule in rules(stream).items() if _kind(rule)}


def _kind(rule: Mapping[str, Any]) -> str:
    kinds = [kind for kind in rule["type"] if kind != "null"]
    if rule.get("format") == "date-time":
        return "date"
    if kinds == ["array"] and rule["items"].get("type") != "string":
        return ""
    return str(kinds[0])


def _choices(rule: Mapping[str, Any], language: str) -> list[str]:
    if _kind(rule) == "boolean":
        return ["是", "否"] if language == "zh" else ["true", "false"]
    return [word for word in rule.get("enum", ()) if word is not None]


def _table(stream: str) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(columns(stream))
    # with a byte order mark, by which Excel knows UTF-8 and keeps it when it saves
    return text.getvalue().encode("utf-8-sig")


def _workbook(stream: str, language: str) -> bytes:
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as book:
        book.set_properties({"title": f"itss-bridge {stream}", "created": _MADE})
        head = book.add_format({"bold": True, "bg_color": "#DDE8F3", "border": 1, "num_format": "@"})
        _fill(book.add_worksheet(stream), book, stream, head, language)
        _explain(book.add_worksheet(EXPLANATION), stream, head, book.add_format({"text_wrap": True, "valign": "top"}))
    return content.getvalue()


def _fill(sheet: Any, book: Any, stream: str, head: Any, language: str) -> None:
    formats = {kind: book.add_format({"num_format": number}) for kind, number in _FORMATS.items()}
    text = book.add_format({"num_format": "@"})
    sheet.freeze_panes(1, 1)
    for place, (name, rule) in enumerate(columns(stream).items()):
        kind = _kind(rule)
        # columns of text are formatted as such: 8.10 and 3-5 stay what was typed
        sheet.set_column(place, place, max(12, len(name) + 4), formats.get(kind, text))
        sheet.write_string(0, place, name, head)
        sheet.data_validation(1, place, _ROWS, place, _validation(name, rule, kind, language))


def _validation(name: str, rule: Mapping[str, Any], kind: str, language: str) -> dict[str, Any]:
    """A list to choose from or bounds to keep, and the column's meaning shown beside the cell."""
    english = str(rule.get("description", ""))
    shown = f"{meaning(english)}\n{english}"[:_LONGEST_MESSAGE]
    found: dict[str, Any] = {"validate": "any", "input_title": name[:32], "input_message": shown}
    choices = _choices(rule, language)
    if choices and len(",".join(choices)) <= _LONGEST_LIST:
        found |= {"validate": "list", "source": choices}
    elif kind in ("integer", "number") and ("minimum" in rule or "maximum" in rule):
        bounds = {"minimum": rule.get("minimum", 0), "maximum": rule.get("maximum", 10**9)}
        found |= {"validate": "integer" if kind == "integer" else "decimal", "criteria": "between"} | bounds
    return found | {
        "error_title": name[:32],
        "error_message": f"{_KINDS[kind][0]} · {_KINDS[kind][1]}"[:_LONGEST_MESSAGE],
    }


def _explain(sheet: Any, stream: str, head: Any, body: Any) -> None:
    whole = schema(f"streams/{stream}")
    widths = (22, 52, 52, 30, 30)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width, body)
    title = f"{whole['x-title-zh']} {whole['title']}: {whole['description']}"
    sheet.write_string(0, 0, title, head)
    for place, text in enumerate(("列 column", "含义", "meaning", "填写 how", "可选值 values")):
        sheet.write_string(1, place, text, head)
    for line, (name, rule) in enumerate(columns(stream).items(), 2):
        english = str(rule.get("description", ""))
        needed = "必填 required · " if name == "id" else ""
        how = f"{needed}{' · '.join(_KINDS[_kind(rule)])}"
        values = " ".join(word for word in rule.get("enum", ()) if word is not None)
        for place, text in enumerate((name, meaning(english), english, how, values)):
            sheet.write_string(line, place, text, body)
    sheet.freeze_panes(2, 1)
