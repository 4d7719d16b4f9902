"""A reviewer's signature under a crosswalk: it holds for the rows as they stood, and falls when one changes."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from itss_bridge.catalogue.load import Catalogue
from itss_bridge.catalogue.yaml import read
from itss_bridge.model import Crosswalk


@dataclass(frozen=True, slots=True)
class Signature:
    """Who, by role, took responsibility for which rows, and when (ISO date)."""

    crosswalk: str
    digest: str
    reviewer: str
    date: str

    @classmethod
    def read(cls, path: Path) -> "Signature":
        """The signature in a workspace's `reviews/` file; UsageError when it is malformed."""
        content = read(path, "signature").content
        return cls(content["crosswalk"], content["digest"], content["reviewer"], content["date"])

    def text(self) -> str:
        """The file's content."""
        return (
            f"crosswalk: {self.crosswalk}\ndigest: '{self.digest}'\n"
            f"reviewer: {orjson.dumps(self.reviewer).decode()}\ndate: '{self.date}'\n"
        )


def digest(crosswalk: Crosswalk) -> str:
    """SHA-256 over what a reviewer judges: pairs, relationships, strengths, rationales, and what is left out."""
    rows = [
        [m.source, m.target, m.relationship, m.strength, m.rationale.en, m.rationale.zh] for m in crosswalk.mappings
    ]
    left_out = [[u.requirement, u.reason.en, u.reason.zh] for u in crosswalk.unmapped]
    return hashlib.sha256(orjson.dumps([crosswalk.id, sorted(rows), sorted(left_out)])).hexdigest()


def signed(catalogue: Catalogue, signatures: Iterable[Signature]) -> tuple[Catalogue, tuple[Signature, ...]]:
    """The catalogue with signed crosswalks marked reviewed, and the signatures that no longer hold."""
    crosswalks = dict(catalogue.crosswalks)
    fallen: list[Signature] = []
    for signature in signatures:
        crosswalk = crosswalks.get(signature.crosswalk)
        if crosswalk is None or digest(crosswalk) != signature.digest:
            fallen.append(signature)
            continue
        rows = tuple(
            replace(m, review="reviewed", reviewer=signature.reviewer, reviewed_on=signature.date)
            for m in crosswalk.mappings
        )
        crosswalks[crosswalk.id] = replace(crosswalk, mappings=rows)
    return replace(catalogue, crosswalks=crosswalks), tuple(fallen)
