"""The words that everything else is said in: statuses, verdicts, relationships, texts in two languages, origins."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, TypeAlias

Json: TypeAlias = Any
Operator: TypeAlias = Literal[">=", ">", "<=", "<", "==", "measured"]


class Status(StrEnum):
    """What may be said of one requirement."""

    CONFORMING = "conforming"
    PARTIAL = "partial"
    NONCONFORMING = "nonconforming"
    UNDETERMINED = "undetermined"
    NOT_APPLICABLE = "not-applicable"


class Verdict(StrEnum):
    """What may be said of one check."""

    MET = "met"
    NOT_MET = "not_met"
    UNDETERMINED = "undetermined"


class Relationship(StrEnum):
    """Source relative to target, set theory as in NIST IR 8477."""

    EQUAL = "equal-to"
    SUBSET = "subset-of"
    SUPERSET = "superset-of"
    INTERSECTS = "intersects-with"
    NONE = "no-relationship"


@dataclass(frozen=True, slots=True)
class Text:
    """One text of ours in both languages."""

    en: str
    zh: str

    def __getitem__(self, language: str) -> str:
        """The text in *language* (`en` or `zh`)."""
        return self.zh if language.startswith("zh") else self.en

    def __str__(self) -> str:
        return self.en


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a fact comes from and how sure it is; *where* is the file and line that states it here."""

    source: tuple[str, ...] = ()
    confidence: str = ""
    where: str = ""
