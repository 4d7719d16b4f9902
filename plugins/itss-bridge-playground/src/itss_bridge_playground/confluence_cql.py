"""What both stand-in Confluences know of CQL: conditions on fields, joined by `and`."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

from itss_bridge_playground import qms
from itss_bridge_playground.confluence_lists import Refused
from itss_bridge_playground.confluence_writes import WRITER

Matcher: TypeAlias = Callable[[qms.Page, datetime], bool]


def conditions(text: str) -> list[Matcher]:
    """`field = value` and `field in (values)` joined by `and`; what else CQL knows is refused, not ignored."""
    asked = re.split(r"(?i)\s+order\s+by\s+", text, maxsplit=1)[0]
    return [_condition(part) for part in re.split(r"(?i)\s+and\s+", asked.strip())]


def _condition(text: str) -> Matcher:
    match = re.fullmatch(r"(?i)([a-z.]+)\s*(=|in)\s*(.+)", text.strip())
    values = (
        [word.strip().strip("\"'") for word in match[3].removesuffix("()").strip("() ").split(",")] if match else []
    )
    fields: Mapping[str, Matcher] = {
        "space": lambda _page, _now: qms.SPACE_KEY in values,
        "type": lambda _page, _now: "page" in values,
        "id": lambda page, _now: str(page.id) in values,
        "label": lambda page, now: not set(values).isdisjoint(page.labels(now)),
        "creator": lambda page, _now: values == ["currentUser"] and page.versions[0].author == WRITER,
    }
    if match is None or match[1].lower() not in fields:
        raise Refused(400, f"Could not parse cql : {text}", "BAD_REQUEST")
    return fields[match[1].lower()]
