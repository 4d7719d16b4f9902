"""What changed from one report to a later one, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from itss_bridge.model.words import Status, Text, Verdict

Cause: TypeAlias = Literal["evidence", "time", "catalogue", "review", "scope", "judgement", "unknown"]
Same: TypeAlias = Literal["same", "changed", "unknown"]


@dataclass(frozen=True, slots=True)
class Side:
    """What one report says of a requirement; *measured* is None unless a person judged otherwise."""

    status: Status
    measured: Status | None
    basis: str


@dataclass(frozen=True, slots=True)
class ChangedCheck:
    """A check that both reports ask, whose verdict differs; a value is None where nothing was measured."""

    id: str
    needed: str
    before: Verdict
    after: Verdict
    value_before: float | None
    value_after: float | None


@dataclass(frozen=True, slots=True)
class ChangedFinding:
    """A requirement whose status, or what was measured under it, differs.

    *before* or *after* is None where that report does not know it. *by* are requirements through whose own change it
    changed.
    """

    requirement: str
    clause: str | None
    title: Text
    before: Side | None
    after: Side | None
    causes: tuple[Cause, ...]
    checks: tuple[ChangedCheck, ...]
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangedRule:
    """A rule of a level whose verdict differs; None where a report does not have it."""

    id: str
    before: Verdict | None
    after: Verdict | None


@dataclass(frozen=True, slots=True)
class ChangedLevel:
    """A level whose own state, or that of one of its rules, differs."""

    level: int
    before: Status | None
    after: Status | None
    rules: tuple[ChangedRule, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """All that differs from the report of *since* to that of *until*.

    *catalogue* tells whether both were asked the same, *evidence* whether the chain heads differ; *reached* are the
    highest levels that conform, None for no level yet.
    """

    since: datetime
    until: datetime
    catalogue: Same
    evidence: Same
    reached_before: int | None
    reached_after: int | None
    levels: tuple[ChangedLevel, ...]
    findings: tuple[ChangedFinding, ...]
    notes: tuple[Text, ...]
