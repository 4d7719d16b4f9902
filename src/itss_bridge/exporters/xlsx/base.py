"""What people can change in a workbook, as it was when it was written: by it `import` tells their changes from ours.

It travels in a hidden sheet: a name, a digest, then JSON in plain ASCII, cut into cells.
"""

import json
from hashlib import sha256
from typing import Final

from itss_bridge.exporters.foreign import plain
from itss_bridge.exporters.values import JsonObject, day_json, moment
from itss_bridge.exporters.xlsx.sheet import Book
from itss_bridge.model import Action, Judgement, Report

SHEET_NAME: Final = "itss-bridge"
FORMAT: Final = "itss-bridge workbook 1"
_CHUNK: Final = 30_000


def remember(book: Book, report: Report) -> None:
    """The hidden sheet: in its first column the format, the digest, then the text."""
    sheet = book.workbook.add_worksheet(SHEET_NAME)
    sheet.very_hidden()
    text = packed(base_json(report))
    chunks = [text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK)]
    for row, value in enumerate([FORMAT, digest(text), *chunks]):
        sheet.write_string(row, 0, value)


def base_json(report: Report) -> JsonObject:
    """What may be changed, by gap and by requirement, and which workspace it belongs to."""
    return {
        "organisation": plain(report.organisation),
        "as_of": moment(report.as_of),
        "version": report.version,
        "gaps": {
            gap.result.check.id: {"checks": [r.check.id for r in (gap.result, *gap.also)], **action_json(gap.action)}
            for gap in report.gaps
        },
        "judgements": {name: judgement_json(finding.judgement) for name, finding in report.assessment.findings.items()},
    }


def action_json(action: Action | None) -> dict[str, str]:
    """What is planned, each field as text; empty where nobody has said."""
    if action is None:
        return dict.fromkeys(("owner", "due", "effort", "next_action"), "")
    effort = "" if action.effort is None else str(action.effort)
    return {
        "owner": told(action.owner),
        "due": day_json(action.due) or "",
        "effort": effort,
        "next_action": told(action.next_action),
    }


def judgement_json(judgement: Judgement | None) -> dict[str, str]:
    """What a role has judged, each field as text; empty where nobody has."""
    if judgement is None:
        return dict.fromkeys(("status", "reason", "role", "expires"), "")
    return {
        "status": judgement.status.value,
        "reason": told(judgement.reason),
        "role": told(judgement.role),
        "expires": day_json(judgement.expires) or "",
    }


def told(text: str) -> str:
    """A text as a spreadsheet gives it back: line ends as one, no white space around it."""
    return plain(text).strip()


def packed(content: JsonObject) -> str:
    """JSON in ASCII, without the underscore by which spreadsheets escape characters."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).replace("_", "\\u005f")


def digest(text: str) -> str:
    """Shows damage, and nothing more: whoever can write a workbook can write a digest."""
    return sha256(text.encode()).hexdigest()
