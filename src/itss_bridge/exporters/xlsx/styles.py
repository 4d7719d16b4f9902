"""How cells look. A status always has words; its colour only helps, and unknown is never green."""

from collections.abc import Mapping
from typing import Any, Final

INK = "#1F2A30"
LINE = "#D5DADD"
LINE_HEIGHT: Final = 13.5
"""Points that a line of text takes, for the tallest of the fonts that stand in for the one asked for."""

STATUS_COLOUR: Final[Mapping[str, tuple[str, str]]] = {
    "conforming": ("#CFE8DA", "#14532F"),
    "partial": ("#FBE7B8", "#6B4700"),
    "nonconforming": ("#F6C9C4", "#7F1710"),
    "undetermined": ("#DADCE8", "#3B3F63"),
    "not-applicable": ("#F2F3F4", "#6B777E"),
}
CHART_COLOUR: Final[Mapping[str, str]] = {
    "conforming": "#5FA883",
    "partial": "#E3B341",
    "nonconforming": "#C8574B",
    "undetermined": "#8E93B5",
    "not-applicable": "#C9CED1",
}
_WHERE, _DO, _WHY = "#24424F", "#C58B1B", "#9AA7AD"
# where we stand, what to do, what it rests on
TABS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("cover", "dashboard", "matrix", "findings", "levels"), _WHERE),
    **dict.fromkeys(("gaps", "nonconformities", "changes", "calendar", "documents", "materials"), _DO),
    **dict.fromkeys(("metrics", "evidence", "crosswalk", "sources", "reading"), _WHY),
}
BASE: Final[Mapping[str, Any]] = {
    "font_name": "Microsoft YaHei",
    "font_size": 10,
    "font_color": INK,
    "valign": "top",
}
_BOX: Final = {"border": 1, "border_color": LINE}
_TEXT: Final = {**_BOX, "text_wrap": True}
_RIGHT: Final = {**_BOX, "align": "right", "indent": 1}


def _status(name: str) -> dict[str, Any]:
    fill, ink = STATUS_COLOUR[name]
    return {**_TEXT, "bg_color": fill, "font_color": ink, "bold": True, "align": "center"}


_ALARM: Final = {**_TEXT, "bg_color": "#B3261E", "font_color": "#FFFFFF", "bold": True, "align": "center"}
_FILLED: Final = {**_TEXT, "bg_color": "#FFF9E5", "locked": False}

STYLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "text": _TEXT,
    "faint": {**_TEXT, "font_color": "#6B777E"},
    "strong": {**_TEXT, "bold": True},
    "head": {
        **_TEXT,
        "bold": True,
        "bg_color": "#24424F",
        "font_color": "#FFFFFF",
        "valign": "vcenter",
        "border_color": "#3D5A66",
    },
    "group": {
        **_TEXT,
        "bold": True,
        "bg_color": "#17303B",
        "font_color": "#FFFFFF",
        "align": "center",
        "valign": "vcenter",
    },
    "head_filled": {**_TEXT, "bold": True, "bg_color": "#8A6414", "font_color": "#FFFFFF", "valign": "vcenter"},
    "title": {"font_size": 16, "bold": True, "valign": "vcenter", "font_color": "#17303B"},
    "small": {**_TEXT, "font_color": "#6B777E", "font_size": 8},
    "centred": {**_TEXT, "align": "center"},
    "digest": {**_BOX, "font_name": "Consolas", "font_size": 8, "font_color": "#4C5A61"},
    "plain_digest": {"font_name": "Consolas", "font_size": 10, "valign": "vcenter"},
    "filled": _FILLED,
    "filled_day": {**_FILLED, "num_format": "yyyy-mm-dd", "align": "left"},
    "filled_days": {**_FILLED, "num_format": "0", "align": "right"},
    "number": {**_RIGHT, "num_format": "#,##0.0#"},
    "whole": {**_RIGHT, "num_format": "#,##0"},
    "moment": {**_BOX, "num_format": "yyyy-mm-dd hh:mm", "align": "left"},
    "day": {**_BOX, "num_format": "yyyy-mm-dd", "align": "left"},
    "link": {**_TEXT, "font_color": "#0B5CAD", "underline": 1},
    "jump": {**_RIGHT, "font_color": "#0B5CAD", "underline": 1},
    "organisation": {"font_size": 24, "bold": True, "valign": "vcenter", "font_color": "#17303B"},
    "subtitle": {"font_size": 13, "font_color": "#4C5A61", "valign": "vcenter"},
    "section": {"font_size": 13, "bold": True, "bottom": 2, "bottom_color": "#24424F", "font_color": "#17303B"},
    "label": {"font_color": "#4C5A61", "valign": "vcenter"},
    "fact": {"bold": True, "valign": "vcenter", "align": "left"},
    "paragraph": {"text_wrap": True},
    "alarm": {
        "bold": True,
        "font_size": 12,
        "bg_color": "#B3261E",
        "font_color": "#FFFFFF",
        "text_wrap": True,
        "valign": "vcenter",
    },
    "calm": {"bg_color": "#E3F1E9", "font_color": "#17603F", "text_wrap": True, "valign": "vcenter"},
    "sign": {**_BOX, "bottom": 1},
    "contents": {"font_color": "#0B5CAD", "underline": 1},
    "conforming": _status("conforming"),
    "partial": _status("partial"),
    "nonconforming": _status("nonconforming"),
    "undetermined": {**_status("undetermined"), "italic": True},
    "not-applicable": _status("not-applicable"),
    "complete": _status("conforming"),
    "incomplete": _ALARM,
    "failed": _ALARM,
    "running": _ALARM,
    **{f"{name}_rule": {"bg_color": fill, "font_color": ink} for name, (fill, ink) in STATUS_COLOUR.items()},
}
