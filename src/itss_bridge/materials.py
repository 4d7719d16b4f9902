"""What an applicant hands in, item by item: there, approved, in date, missing, and where it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from itss_bridge.catalogue.lifecycle import Checklist, LifeCycle, Material
from itss_bridge.documents import Page, State, labelled, slug, standing
from itss_bridge.model import Finding, MaterialRow, Status, Text
from itss_bridge.wording import as_reason

_STATE: Mapping[Status, State] = {
    Status.CONFORMING: "current",
    Status.PARTIAL: "present",
    Status.NONCONFORMING: "missing",
    Status.UNDETERMINED: "unknown",
}


@dataclass(frozen=True, slots=True)
class Holdings:
    """What there is to hand in: documents, how many records each stream has, why some streams may not be relied on."""

    pages: Sequence[Page]
    records: Mapping[str, int]
    obstacles: Mapping[str, str]
    findings: Mapping[str, Finding]


def materials(cycles: Iterable[LifeCycle], held: Holdings, target: int | None) -> tuple[MaterialRow, ...]:
    """Every item of the checklists that concern the *target* level (all without one), in the order they are told."""
    return tuple(
        _row(cycle, checklist, material, held)
        for cycle in cycles
        for checklist in cycle.checklists
        if not checklist.levels or target is None or target in checklist.levels
        for material in checklist.items
    )


def _row(cycle: LifeCycle, checklist: Checklist, material: Material, held: Holdings) -> MaterialRow:
    found = labelled(held.pages, [slug(material.id)])
    if not found:
        found = labelled(held.pages, [slug(requirement) for requirement in material.requirements])
    state, reason = _by_document(found, held) if material.evidence == "document" else _by_records(material, held)
    owners = {role.id: role.title for role in cycle.roles}
    return MaterialRow(
        id=material.id,
        checklist=checklist.title,
        levels=checklist.levels,
        title=material.title,
        owner=owners.get(material.owner, Text(material.owner, material.owner)),
        evidence=material.evidence,
        requirements=material.requirements,
        state=state,
        found=tuple(page.item for page in found),
        reason=reason,
        note=material.note,
        origin=material.origin,
    )


def _by_document(found: Sequence[Page], held: Holdings) -> tuple[State, Text]:
    return standing(found, held.obstacles.get("document", ""))


def _by_records(material: Material, held: Holdings) -> tuple[State, Text]:
    """Records are there when a stream has some; what the requirements' checks say of them decides how good they are."""
    streams = [stream for stream in material.streams if stream != "document"] or list(material.streams)
    counts = {stream: held.records.get(stream, 0) for stream in streams}
    judged = [held.findings[r].status for r in material.requirements if r in held.findings]
    said = ", ".join(f"{stream} {count:,}" for stream, count in counts.items())
    if any(counts.values()):
        state = _STATE.get(_worst(judged), "present") if judged else "current"
        state = "present" if state in {"missing", "unknown"} else state
        return state, Text(f"Records: {said}.", f"记录：{said}。")
    doubts = [held.obstacles[stream] for stream in streams if held.obstacles.get(stream)]
    if doubts:
        return "unknown", as_reason(doubts[0])
    return "missing", Text(f"No records: {said}.", f"没有记录：{said}。")


def _worst(statuses: Iterable[Status]) -> Status:
    order = (Status.NONCONFORMING, Status.UNDETERMINED, Status.PARTIAL, Status.CONFORMING, Status.NOT_APPLICABLE)
    return min(statuses, key=order.index)
