"""Decisions of management reviews, kept in the workspace and followed up in the next one."""

from collections.abc import Iterable
from pathlib import Path

from itss_bridge.catalogue.yaml import Document, Path_, day, read
from itss_bridge.errors import UsageError
from itss_bridge.messages import say
from itss_bridge.model import Decision


def decisions(paths: Iterable[Path]) -> tuple[Decision, ...]:
    """All decisions in the files, oldest review first.

    Raises:
        UsageError: a file does not fit, a day does not exist, or an id stands twice.
    """
    found: dict[str, Decision] = {}
    for document in (read(path, "decisions") for path in paths):
        for index in range(len(document.content["decisions"])):
            decision = _decision(document, ("decisions", index))
            if decision.id in found:
                where = document.where(("decisions", index, "id"))
                raise UsageError(
                    say("{id} stands twice", id=decision.id),
                    where=where,
                    fix=say("give each decision an id of its own"),
                )
            found[decision.id] = decision
    return tuple(sorted(found.values(), key=lambda one: (one.review, one.id)))


def _decision(document: Document, path: Path_) -> Decision:
    row = document.content["decisions"][path[-1]]
    review, due, done = (day(document, (*path, key)) for key in ("review", "due", "done"))
    assert review is not None, "the schema requires it"
    return Decision(row["id"], review, row["decision"], row["owner"], due, done)
