"""Oracles of the metrics over people, customers, documents, configuration items, services, contracts and money."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from math import sqrt

from tests.oracles.judged import Given, Judged, Oracle, Row, first

DAY = timedelta(days=1)

# ---- people ----


def _in_force(given: Given, row: Row) -> bool:
    expires = row.get("expires_at")
    fresh = expires is None or expires > given.end
    return row.get("status") in {None, "valid"} and given.begun(row.get("awarded_at")) and fresh


def certified(given: Given) -> Iterator[Judged]:
    holders = {
        row.get("person")
        for row in given.streams["certificate"]
        if _in_force(given, row) and _of_the_trade(row.get("scheme") or "")
    } - {None}
    for row in given.streams["person"]:
        if row.get("core_post") and given.begun(row.get("joined_at")):
            yield Judged(row["id"], met=row.get("person") in holders, excluded=_gone(given, row))


def _of_the_trade(scheme: str) -> bool:
    return scheme.startswith("itss") or scheme in {"pmp", "itil4"}


def _gone(given: Given, row: Row) -> str | None:
    return "left" if row.get("left_at") and row["left_at"] < given.end else None


def trained(given: Given) -> Iterator[Judged]:
    staff = [row for row in given.streams["person"] if given.begun(row.get("joined_at"))]
    kept = any(row.get("training_hours") is not None for row in staff)
    for row in staff:
        why = first(_gone(given, row), None if kept else "hours not kept")
        yield Judged(row["id"], value=row.get("training_hours") or 0.0, excluded=why)


def turned_over(given: Given) -> Iterator[Judged]:
    for row in given.streams["person"]:
        left = row.get("left_at")
        stayed = left is None or given.start is None or left >= given.start
        if row.get("core_post") and given.begun(row.get("joined_at")) and stayed:
            yield Judged(row["id"], met=left is not None and left < given.end)


# ---- customers ----


def satisfaction(given: Given) -> Iterator[Judged]:
    for row in given.streams["survey"]:
        if given.holds(row.get("answered_at")):
            score = row.get("score")
            yield Judged(row["id"], value=score, excluded="no score" if score is None else None)


def promoters(given: Given) -> Iterator[Judged]:
    for row in given.streams["survey"]:
        if given.holds(row.get("answered_at")):
            said = row.get("recommend")
            points = 0.0 if said is None or said in {7, 8} else 100.0 if said > 8 else -100.0
            yield Judged(row["id"], value=points, excluded="not answered" if said is None else None)


def surveyed(given: Given) -> Iterator[Judged]:
    asked = {
        row.get("customer")
        for row in given.streams["survey"]
        if given.holds(first(row.get("asked_at"), row.get("answered_at")))
    } - {None}
    running: dict[tuple[str, str | None], None] = {}
    for row in given.streams["project"]:
        begun, ended = row.get("started_at"), row.get("ended_at")
        active = row.get("state") in {None, "running", "completed"} and begun is not None and begun < given.end
        if active and (ended is None or given.start is None or ended >= given.start):
            customer = row.get("customer")
            running[(customer, None) if customer else (row["id"], "no customer")] = None
    for name, why in running:
        yield Judged(name, met=name in asked, excluded=why)


# ---- knowledge and configuration ----

KNOWLEDGE = {"knowledge", "kb-how-to-article", "kb-troubleshooting-article"}


def articles(given: Given) -> Iterator[Judged]:
    for row in given.streams["document"]:
        there = first(row.get("created_at"), row["changed_at"]) < given.end
        if there and KNOWLEDGE & set(row.get("labels") or ()):
            status = row.get("status")
            gone = status if status in {"archived", "trashed"} else None
            yield Judged(row["id"], met=status == "current", excluded=gone)


def complete_items(given: Given) -> Iterator[Judged]:
    for row in given.streams["configuration_item"]:
        if first(row.get("created_at"), row["changed_at"]) < given.end:
            answered = first(row.get("owner"), row.get("group")) is not None
            described = row.get("class") is not None and row.get("status") is not None
            met = described and answered and (row.get("relations") or 0) > 0
            yield Judged(row["id"], met=met, excluded="retired" if row.get("status") == "retired" else None)


def _audits(given: Given) -> Iterator[tuple[Row, str | None]]:
    """Audits of the period, each with why it does not count."""
    dated = defaultdict(list)
    for row in given.streams["configuration_audit"]:
        at = row.get("audited_at")
        if at is None and given.holds(row["changed_at"]):
            yield row, "no audit date"
        elif given.holds(at):
            dated[row.get("configuration_item") or (row["source"], row["id"])].append(row)
    for rows in dated.values():
        newest = max(row["audited_at"] for row in rows)
        last = min((row for row in rows if row["audited_at"] == newest), key=lambda row: (row["source"], row["id"]))
        for row in rows:
            yield row, _unusable(row) if row is last else "audited again"


def _unusable(row: Row) -> str | None:
    untold = "result not kept" if row.get("attributes_wrong") is None else None
    return untold if row.get("attributes_checked") else "no attribute checked"


def accurate_items(given: Given) -> Iterator[Judged]:
    for row, why in _audits(given):
        yield Judged(row["id"], met=row.get("attributes_wrong") == 0, excluded=why)


def accuracy_bound(given: Given) -> Iterator[Judged]:
    """Wilson's interval, as the two roots of (p - x)² = z² · x · (1 - x) / n."""
    audits = list(_audits(given))
    sample = [row["attributes_wrong"] == 0 for row, why in audits if why is None]
    bound = None
    if sample:
        z2, n, p = 1.959963984540054**2, len(sample), sum(sample) / len(sample)
        a, b, c = n + z2, -(2 * n * p + z2), n * p * p
        root = sqrt(max(0.0, b * b - 4 * a * c))
        bound = round(100 * (-b + (root if given.arguments["bound"] == "upper" else -root)) / (2 * a), 6)
    for row, why in audits:
        yield Judged(row["id"], value=bound, excluded=why)


# ---- services ----


def reports_on_time(given: Given) -> Iterator[Judged]:
    for row in given.streams["service_report"]:
        due = row.get("due_at")
        if not given.holds(first(due, row["changed_at"])):
            continue
        if row.get("state") == "cancelled" or due is None:
            why = "cancelled" if row.get("state") == "cancelled" else "no due day"
            yield Judged(row["id"], met=False, excluded=why)
            continue
        yield _report(given, row, due + DAY)


def _report(given: Given, row: Row, overdue: datetime) -> Judged:
    pages = [
        page.get("approved_at")
        for page in given.streams["document"]
        if page["ref"] == row.get("document") and page.get("status") == "current" and page.get("approved")
    ]
    approved = first(row.get("approved_at"), min((at for at in pages if at), default=None))
    sent = row.get("sent_at") is not None and row["sent_at"] < overdue
    on_time = sent and approved is not None and approved < overdue
    why = "not overdue yet" if not on_time and overdue > given.end else None
    untimed = "no approval time" if sent and pages and approved is None else None
    return Judged(row["id"], met=on_time, excluded=first(why, untimed))


def availability(given: Given) -> Iterator[Judged]:
    down = [
        row
        for row in given.streams["outage"]
        if row.get("kind") in {None, "outage"} and first(row.get("started_at"), row["changed_at"]) < given.end
    ]
    agreed = {row.get("service") for row in given.streams["service_time"]} - {None}
    for row in given.streams["service_time"]:
        if given.holds(first(row.get("started_at"), row["changed_at"])):
            own = [outage for outage in down if row.get("service") and outage.get("service") == row["service"]]
            yield _stretch(given, row, own)
    for row in down:
        if row.get("service") not in agreed and given.holds(first(row.get("started_at"), row["changed_at"])):
            yield Judged(row["id"], excluded="outage of no agreed service")


def _stretch(given: Given, row: Row, outages: Sequence[Row]) -> Judged:
    start, last, hours = row.get("started_at"), row.get("ended_at"), row.get("agreed_hours")
    if not hours or start is None or last is None or start > last:
        return Judged(row["id"], excluded="no agreed time")
    if any(_untimed(outage) for outage in outages):
        return Judged(row["id"], excluded="outage without times")
    stated = [o for o in outages if o.get("agreed_hours") is not None and start <= o["started_at"] < last + DAY]
    lost = sum(outage["agreed_hours"] for outage in stated)
    spans = [
        (max(start, outage["started_at"]), min(last + DAY, first(outage.get("ended_at"), given.end)))
        for outage in outages
        if outage.get("agreed_hours") is None
    ]
    share = 100 * max(0.0, hours - lost - _covered(spans)) / hours
    target = row.get("target_percent")
    return Judged(row["id"], met=None if target is None else share >= target, value=share)


def _untimed(outage: Row) -> bool:
    start, end = outage.get("started_at"), outage.get("ended_at")
    return start is None or (end is not None and end < start)


def _covered(spans: Iterable[tuple[datetime, datetime]]) -> float:
    """Hours covered by at least one of the spans: between each two neighbouring ends either all or nothing is."""
    real = [(a, b) for a, b in spans if a < b]
    ends = sorted({moment for span in real for moment in span})
    covered = sum(((b - a) for a, b in pairwise(ends) if _within(a, b, real)), timedelta())
    return covered.total_seconds() / 3600


def _within(a: datetime, b: datetime, spans: Iterable[tuple[datetime, datetime]]) -> bool:
    return any(start <= a and b <= end for start, end in spans)


def spares_usable(given: Given) -> Iterator[Judged]:
    for row in given.streams["spare"]:
        if given.holds(row.get("tested_at")):
            passed = row.get("passed")
            why = "scrapped" if row.get("status") == "scrapped" else "no result" if passed is None else None
            yield Judged(row["id"], met=passed, excluded=why)


# ---- contracts, money, indicators ----


def renewed(given: Given) -> Iterator[Judged]:
    contracts = given.streams["contract"]
    continued = {(row["source"], row.get("follows")) for row in contracts if row.get("state") != "cancelled"}
    for row in contracts:
        if given.holds(row.get("ended_at")):
            on = (row["source"], row["id"]) in continued
            why = "cancelled" if row.get("state") == "cancelled" else None
            by_itself = "not renewable" if row.get("renewable") is False else None
            untold = "renewal not recorded" if row.get("renewed") is None and not on else None
            yield Judged(row["id"], met=bool(row.get("renewed")) or on, excluded=first(why, by_itself, untold))


def _years(given: Given) -> Iterator[tuple[Row, str | None]]:
    """Financial years that are over, each with why its statement is not to be used."""
    over = [r for r in given.streams["financial_year"] if not r.get("ended_at") or r["ended_at"] + DAY <= given.end]
    for row in over:
        if not row.get("ended_at"):
            yield row, "no year"
            continue
        same = [other for other in over if other.get("ended_at") and other["ended_at"].year == row["ended_at"].year]
        newest = max(other["changed_at"] for other in same)
        last = min((r for r in same if r["changed_at"] == newest), key=lambda r: (r["source"], r["id"]))
        yield row, "superseded" if row is not last else None if row.get("audited") else "not audited"


def _from_newest(given: Given) -> tuple[dict[int, Row], list[tuple[Row, str | None]]]:
    """Usable years by how many years before the newest they are, and all statements with why they are left out."""
    years = list(_years(given))
    usable = {row["ended_at"].year: row for row, why in years if why is None}
    newest = max(usable, default=0)
    return {newest - year: row for year, row in usable.items()}, years


def research_share(given: Given) -> Iterator[Judged]:
    usable, years = _from_newest(given)
    for row, why in years:
        share = _share(row)
        earlier = None if row is usable.get(0) else "earlier year"
        untold = "no figures" if share is None else None
        yield Judged(row["id"], value=share, excluded=first(why, earlier, untold))


def _share(row: Row) -> float | None:
    spent, revenue = row.get("rnd_expense"), row.get("revenue")
    return 100 * spent / revenue if spent is not None and revenue else None


def lowest_research_share(given: Given) -> Iterator[Judged]:
    needed = int(given.arguments["years"])
    usable, years = _from_newest(given)
    asked = [usable[ago] for ago in range(needed) if ago in usable]
    known = [row for row in asked if _share(row) is not None]
    lowest = min(known, key=lambda row: (_share(row), -row["ended_at"].year), default=None)
    for row, why in years:
        earlier = None if any(row is other for other in asked) else "earlier year"
        untold = "no figures" if _share(row) is None else None
        missing = "years missing" if len(known) < needed else None
        other = None if row is lowest else "not the lowest"
        yield Judged(row["id"], value=_share(row), excluded=first(why, earlier, untold, missing, other))


def income_growth(given: Given) -> Iterator[Judged]:
    usable, years = _from_newest(given)
    base = (usable.get(2) or {}).get("service_income")
    for row, why in years:
        income = row.get("service_income")
        earlier = None if row is usable.get(0) else "earlier year"
        untold = "no income" if income is None else None if base else "no income two years before"
        grown = round(100 * (sqrt(income / base) - 1), 6) if income is not None and base else None
        yield Judged(row["id"], value=grown, excluded=first(why, earlier, untold))


def mean_income(given: Given) -> Iterator[Judged]:
    needed = int(given.arguments["years"])
    usable, years = _from_newest(given)
    asked = [usable[ago] for ago in range(needed) if ago in usable]
    known = [row for row in asked if row.get("service_income") is not None]
    for row, why in years:
        earlier = None if any(row is other for other in asked) else "earlier year"
        untold = "no income" if row.get("service_income") is None else None
        missing = "years missing" if len(known) < needed else None
        yield Judged(row["id"], value=row.get("service_income"), excluded=first(why, earlier, untold, missing))


def collected_by_tools(given: Given) -> Iterator[Judged]:
    for row in given.streams["indicator"]:
        if given.begun(row.get("defined_at")):
            how, at = row.get("collection"), row.get("last_value_at")
            valued = at is not None and at < given.end
            untold = "collection not recorded" if valued and how is None else None
            yield Judged(row["id"], met=how == "automatic" and valued, excluded=first(_retired(given, row), untold))


def _retired(given: Given, row: Row) -> str | None:
    return "retired" if row.get("retired_at") and row["retired_at"] < given.end else None


def monitored(given: Given) -> Iterator[Judged]:
    for row in given.streams["indicator"]:
        if given.begun(row.get("defined_at")):
            yield Judged(row["id"], met=given.holds(row.get("last_value_at")), excluded=_retired(given, row))


ORACLES: dict[str, Oracle] = {
    "kpi-cert": certified,
    "kpi-train": trained,
    "kpi-turn": turned_over,
    "kpi-csat": satisfaction,
    "kpi-nps": promoters,
    "kpi-csat-n": surveyed,
    "kpi-kb-n": articles,
    "kpi-cmdb-comp": complete_items,
    "kpi-cmdb": accurate_items,
    "cmdb-accuracy-bound": accuracy_bound,
    "kpi-rep": reports_on_time,
    "kpi-avail": availability,
    "kpi-spare": spares_usable,
    "kpi-renew": renewed,
    "kpi-rnd": research_share,
    "rnd-lowest-share": lowest_research_share,
    "kpi-cagr": income_growth,
    "service-income-average": mean_income,
    "kpi-kpi-auto": collected_by_tools,
    "indicators-monitored": monitored,
}
