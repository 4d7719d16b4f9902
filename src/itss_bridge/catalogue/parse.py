"""One valid document in, one value of the model out. The schema has been checked; these only give it its type."""

from decimal import Decimal
from typing import Any

from itss_bridge.catalogue.yaml import Document, Path_
from itss_bridge.model import (
    Change,
    Check,
    Criterion,
    Crosswalk,
    DocumentedInformation,
    Edition,
    Framework,
    Group,
    Mapping,
    Metric,
    Origin,
    Relationship,
    Requirement,
    RulePack,
    Text,
    Transition,
    Unmapped,
)


def _text(value: dict[str, str]) -> Text:
    return Text(value["en"].strip(), value["zh"].strip())


def _note(value: dict[str, Any]) -> Text | None:
    return _text(value["note"]) if "note" in value else None


def _origin(document: Document, path: Path_, value: dict[str, Any], fallback: dict[str, Any]) -> Origin:
    """What a row says of its own source, else what its file says."""
    source = value.get("source", fallback.get("source", fallback.get("origin", ())))
    confidence = value.get("confidence", fallback.get("confidence", ""))
    return Origin(tuple(source) if isinstance(source, list) else (), confidence, document.where(path))


def framework(document: Document) -> Framework:
    """A framework with its requirements."""
    content = document.content
    return Framework(
        id=content["framework"],
        title=_text(content["title"]),
        editions=tuple(
            Edition(e["id"], _text(e["name"]), e["status"], _note(e), e.get("short", "")) for e in content["editions"]
        ),
        requirements=tuple(_requirement(document, index, row) for index, row in enumerate(content["requirements"])),
        origin=_origin(document, (), {}, content),
        note=_note(content),
        group=content.get("group", ""),
        groups=tuple(
            Group(g["id"], _text(g["title"]), _text(g["intent"]), _origin(document, ("groups", index), g, content))
            for index, g in enumerate(content.get("groups", ()))
        ),
        transitions=tuple(_transition(document, i, row) for i, row in enumerate(content.get("transitions", ()))),
    )


def _requirement(document: Document, index: int, row: dict[str, Any]) -> Requirement:
    content, path = document.content, ("requirements", index)
    return Requirement(
        id=row["id"],
        framework=content["framework"],
        parent=row.get("parent"),
        title=_text(row["title"]),
        intent=_text(row["intent"]),
        element=row["element"],
        assessable=row["assessable"],
        clauses=row["clauses"],
        origin=_origin(document, path, row, content),
        note=_note(row),
        stages=tuple(row.get("stages", ())),
        documents=tuple(
            DocumentedInformation(
                d["id"], d["kind"], _text(d["title"]), _origin(document, (*path, "documents", i), d, {})
            )
            for i, d in enumerate(row.get("documents", ()))
        ),
    )


def _transition(document: Document, index: int, content: dict[str, Any]) -> Transition:
    path = ("transitions", index, "rows")
    changes = tuple(
        Change(row["requirement"], row["change"], _text(row["note"]), _origin(document, (*path, i), row, {}))
        for i, row in enumerate(content["rows"])
    )
    return Transition(content["from"], content["to"], _note(content), changes)


def crosswalk(document: Document) -> Crosswalk:
    """A crosswalk with its rows."""
    content = document.content
    return Crosswalk(
        id=content["crosswalk"],
        source=content["source"],
        target=content["target"],
        title=_text(content["title"]),
        mappings=tuple(_mapping(document, index, row) for index, row in enumerate(content["mappings"])),
        unmapped=tuple(Unmapped(u["requirement"], _text(u["reason"])) for u in content["unmapped"]),
        origin=Origin(tuple(content["origin"]), content["confidence"], document.where()),
    )


def _mapping(document: Document, index: int, row: dict[str, Any]) -> Mapping:
    return Mapping(
        source=row["source"],
        target=row["target"],
        relationship=Relationship(row["relationship"]),
        strength=row["strength"],
        rationale=_text(row["rationale"]),
        review=row["review"],
        reviewer=row.get("reviewer", ""),
        reviewed_on=row.get("date", ""),
        origin=Origin(
            tuple(document.content["origin"]), document.content["confidence"], document.where(("mappings", index))
        ),
    )


def metric(document: Document) -> Metric:
    """A population query with what is said about it."""
    content = document.content
    return Metric(
        id=content["metric"],
        title=_text(content["title"]),
        definition=_text(content["definition"]),
        unit=content["unit"],
        better=content["better"],
        summary=content["summary"],
        window=content["window"],
        streams=tuple(content["streams"]),
        parameters=tuple(content.get("parameters", ())),
        population=content["population"],
        origin=_origin(document, (), {}, content),
        needs={reason: tuple(fields) for reason, fields in content.get("needs", {}).items()},
    )


def checks(document: Document) -> tuple[Check, ...]:
    """All checks of one file."""
    rows = document.content["checks"]
    return tuple(_check(document, ("checks", index), row, {}) for index, row in enumerate(rows))


def pack(document: Document) -> RulePack:
    """A rule pack; its rules are checks that speak to a level alone."""
    content = document.content
    return RulePack(
        id=content["pack"],
        title=_text(content["title"]),
        authority=content["authority"],
        dated=content["dated"],
        rules=tuple(_check(document, ("rules", i), row, content) for i, row in enumerate(content["rules"])),
        origin=_origin(document, (), {}, content),
    )


def _check(document: Document, path: Path_, row: dict[str, Any], fallback: dict[str, Any]) -> Check:
    criterion = row["criterion"]
    threshold = criterion.get("threshold")
    return Check(
        id=row["id"],
        title=_text(row["title"]),
        kind=row["kind"],
        metric=row["metric"],
        arguments=row.get("with", {}),
        criterion=Criterion(
            operator=criterion["operator"],
            threshold=None if threshold is None else Decimal(str(threshold)),
            months=criterion.get("months"),
        ),
        requirements=tuple(row.get("requirements", ())),
        level=row.get("level"),
        origin=_origin(document, path, row, fallback),
        conditional=row.get("conditional", False),
    )
