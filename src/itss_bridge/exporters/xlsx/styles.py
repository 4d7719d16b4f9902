"""How cells look. A status always has words; its colour only helps, and unknown is never green."""

from collections.abc import Mapping
from typing import Any, Final

INK = "#1F2A30"
LINE = "#D5DADD"
BASE: Final[Mapping[str, Any]] = {
    "font_name": "Microsoft YaHei",
    "font_size": 10,
    "font_color": INK,
    "valign": "top",
}
_BOX: Final = {"border": 1, "border_color": LINE}
_TEXT: Final = {**_BOX, "text_wrap": True}


def _status(fill: str, ink: str) -> dict[str, Any]:
    return {**_TEXT, "bg_color": fill, "font_color": ink, "bold": True, "align": "center"}


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
    # whole, on one line: what it is compared with is whole too
    "digest": {**_BOX, "shrink": True, "font_color": "#6B777E"},
    "number": {**_BOX, "num_format": "#,##0.##", "align": "right"},
    "whole": {**_BOX, "num_format": "#,##0", "align": "right"},
    "moment": {**_BOX, "num_format": "yyyy-mm-dd hh:mm", "align": "left"},
    "day": {**_BOX, "num_format": "yyyy-mm-dd", "align": "left"},
    "link": {**_TEXT, "font_color": "#0B5CAD", "underline": 1},
    "jump": {**_BOX, "font_color": "#0B5CAD", "underline": 1, "align": "right"},
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
    "conforming": _status("#CFE8DA", "#14532F"),
    "partial": _status("#FBE7B8", "#6B4700"),
    "nonconforming": _status("#F6C9C4", "#7F1710"),
    "undetermined": {**_status("#DADCE8", "#3B3F63"), "pattern": 1, "italic": True},
    "not-applicable": _status("#F2F3F4", "#6B777E"),
    "complete": _status("#CFE8DA", "#14532F"),
    "incomplete": _status("#B3261E", "#FFFFFF"),
    "failed": _status("#B3261E", "#FFFFFF"),
    "running": _status("#B3261E", "#FFFFFF"),
}
