"""The comparison that applicants hand in: what each framework asks to be documented, against what there is."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from itss_bridge.model import (
    CheckResult,
    DocumentedInformation,
    DocumentRow,
    Finding,
    Framework,
    Item,
    Text,
)
from itss_bridge.wording import as_reason

COLUMNS = ("source", "id", "ref", "url", "status", "labels", "approved", "approved_at", "updated_at", "title")
MONTHS_CURRENT = 12
"""A document that nobody has approved or updated for longer is approved, and not current: our choice."""

State = Literal["current", "approved", "present", "missing", "unknown"]
_BY_RECORDS = frozenset({"ticket-metric", "record", "attestation"})


@dataclass(frozen=True, slots=True)
class Documents:
    """*rows* in the order of the standards; *orphans* are documents that no requirement asks for by a label."""

    rows: tuple[DocumentRow, ...]
    orphans: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One document as it is held; *fresh* when it was approved or updated lately enough."""

    item: Item
    labels: frozenset[str]
    approved: bool
    fresh: bool


def pages(rows: Iterable[Mapping[str, Any]], since: datetime) -> list[Page]:
    """Current rows of the document stream with `COLUMNS`; those not approved or updated since are not fresh."""
    return [_page(row, since) for row in rows if row["status"] in {"current", None}]


def slug(identifier: str) -> str:
    """The label that ties a document to a requirement: `iso9001:8.5.1` is `iso9001-8-5-1`."""
    return re.sub(r"[:.]", "-", identifier.lower())


def compare(
    frameworks: Iterable[Framework],
    findings: Mapping[str, Finding],
    held: Sequence[Page],
    obstacle: str,
) -> Documents:
    """What is asked for against what is there.

    Args:
        frameworks: whose documented information is asked for.
        findings: by requirement; a record may be proven by what was measured for it instead of by a page.
        held: the documents there are.
        obstacle: why nothing may be concluded from them; empty when they are all there.
    """
    rows = tuple(
        _row(requirement.id, information, held, findings.get(requirement.id), obstacle)
        for framework in frameworks
        for requirement in framework.requirements
        for information in requirement.documents
    )
    wanted = {slug(r.id) for framework in frameworks for r in framework.requirements}
    wanted |= {information.id for f in frameworks for r in f.requirements for information in r.documents}
    orphans = tuple(page.item for page in held if not any(_asks(label, wanted) for label in page.labels))
    return Documents(rows, orphans)


def _asks(label: str, wanted: set[str]) -> bool:
    """A label names a requirement by itself or with what a level adds to it, as in `itss-prc-inc-a-level-3`."""
    return label in wanted or re.sub(r"-level-\d$", "", label) in wanted


def _page(row: Mapping[str, Any], since: datetime) -> Page:
    touched = max((at for at in (row["approved_at"], row["updated_at"]) if at), default=None)
    ref = row["ref"] or row["title"] or row["id"]
    item = Item(row["id"], ref, row["url"] or "", None, row["approved"], None, touched)
    return Page(item, frozenset(row["labels"] or ()), bool(row["approved"]), touched is not None and touched >= since)


def _row(
    requirement: str,
    information: DocumentedInformation,
    held: Sequence[Page],
    finding: Finding | None,
    obstacle: str,
) -> DocumentRow:
    found = labelled(held, [information.id]) or labelled(held, [slug(requirement)])
    measured = _measured(finding) if information.kind == "record" else ()
    state, reason = _state(information, found, measured, obstacle)
    return DocumentRow(requirement, information, state, tuple(page.item for page in found), reason)


def labelled(held: Sequence[Page], labels: Iterable[str]) -> list[Page]:
    """The documents that carry one of these labels."""
    wanted = frozenset(labels)
    return [page for page in held if page.labels & wanted]


def _measured(finding: Finding | None) -> Sequence[CheckResult]:
    """Checks that found records: what was counted is the record that is asked for."""
    results = finding.checks if finding else ()
    return [r for r in results if r.check.kind in _BY_RECORDS and r.measurement and r.measurement.n]


def _state(
    information: DocumentedInformation, found: Sequence[Page], measured: Sequence[CheckResult], obstacle: str
) -> tuple[State, Text]:
    if measured and measured[0].measurement and not any(page.approved and page.fresh for page in found):
        n, title = measured[0].measurement.n, measured[0].check.title
        return "current", Text(f"{n:,} records behind “{title.en}”.", f"“{title.zh}”所依据的记录 {n:,} 条。")
    if information.kind == "record" and any(page.fresh for page in found):
        return "current", _n(len(found), "kept within the last 12 months", "近 12 个月内有记录")
    return standing(found, obstacle)


def standing(found: Sequence[Page], obstacle: str) -> tuple[State, Text]:
    """How a document stands that is to be approved and in date."""
    if any(page.approved and page.fresh for page in found):
        return "current", _n(len(found), "approved and in date", "已批准且在有效期内")
    if any(page.approved for page in found):
        return "approved", _n(len(found), "approved, not touched for 12 months", "已批准，但 12 个月内未评审或更新")
    if found:
        return "present", _n(len(found), "there, not approved", "已有，尚未批准")
    if obstacle:
        return "unknown", as_reason(obstacle)
    return "missing", Text("No document carries its label.", "没有文件带有对应标签。")


def _n(count: int, english: str, chinese: str) -> Text:
    noun = "document" if count == 1 else "documents"
    return Text(f"{count} {noun}, {english}.", f"{count} 份文件，{chinese}。")
