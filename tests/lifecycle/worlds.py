"""What is known in a test: the shipped catalogue, and rows as a person would type them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from itss_bridge.catalogue import load
from itss_bridge.lifecycle import Known
from itss_bridge.lifecycle.register import certificates, statements
from itss_bridge.model import CheckResult, Verdict

CATALOGUE = load()
SHANGHAI = ZoneInfo("Asia/Shanghai")
PACK = CATALOGUE.packs["itss-application-2020"]
_MOMENTS = {"awarded_at", "expires_at", "next_audit_at", "on", "changed_at"}

Rows = Sequence[Mapping[str, Any]]


def typed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the lake holds it: days are midnight UTC, lists of days are text."""
    found: dict[str, Any] = {"id": "row", "changed_at": date(2000, 1, 1), **row}
    for name in _MOMENTS & found.keys():
        found[name] = datetime.combine(found[name], time(), UTC)
    if "surveillance_dates" in found:
        found["surveillance_dates"] = [str(day) for day in found["surveillance_dates"]]
    return found


def world(
    today: date,
    certificate: Rows = (),
    attestation: Rows = (),
    verdicts: Mapping[str, str] | None = None,
    **more: Any,
) -> Known:
    """Everything known on *today*; rules of the official pack that do not count time are met unless said otherwise."""
    said = dict.fromkeys((rule.id for rule in PACK.rules), "met") | dict(verdicts or {})
    results = {r.id: CheckResult(r, Verdict(said[r.id]), None, "no data") for r in PACK.rules}
    known = Known(
        today=today,
        cycles=CATALOGUE.lifecycles,
        certificates=certificates(map(typed, certificate), SHANGHAI, today),
        statements=statements(map(typed, attestation), SHANGHAI),
        packs=(PACK,),
        results=results,
        days=CATALOGUE.calendars["china"],
    )
    return replace(known, **more)
