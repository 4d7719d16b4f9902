"""Oracles of the metrics over incidents, service requests and their SLA cycles."""

from collections.abc import Iterator
from datetime import datetime

from tests.oracles.judged import Given, Judged, Oracle, Row, first, marked, open_again

FINISHED = {"resolved", "closed"}


def _why(row: Row) -> str | None:
    return marked(row, by_code=True)


def _resolved(given: Given) -> Iterator[Row]:
    """Incidents that were resolved (or came to any end) in the period."""
    for row in given.streams["incident"]:
        ended = row.get("state") in {*FINISHED, "cancelled"} or row.get("resolved_at")
        if ended and given.holds(first(row.get("resolved_at"), row.get("closed_at"), row["changed_at"])):
            yield row


def _opened(given: Given) -> Iterator[Row]:
    return (r for r in given.streams["incident"] if given.holds(first(r.get("opened_at"), r["changed_at"])))


def _hours(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 3600


def time_to_resolve(given: Given) -> Iterator[Judged]:
    for row in _resolved(given):
        opened, resolved, waited = row.get("opened_at"), row.get("resolved_at"), row.get("waiting_seconds") or 0
        why = first(_why(row), open_again(row))
        why = why or ("no resolution time" if resolved is None else "no opening time" if opened is None else None)
        hours = _hours(opened, resolved) - waited / 3600 if opened and resolved else None
        if hours is not None and (resolved - opened).total_seconds() < waited:
            why = why or "negative duration"
        yield Judged(row["id"], value=hours, excluded=why)


def time_to_acknowledge(given: Given) -> Iterator[Judged]:
    for row in _opened(given):
        opened, answered = row.get("opened_at"), row.get("acknowledged_at")
        why = _why(row) or ("no opening time" if opened is None else None)
        why = why or ("not acknowledged yet" if answered is None or answered >= given.end else None)
        why = why or ("acknowledged before opened" if answered < opened else None)
        minutes = _hours(opened, answered) * 60 if opened and answered else None
        yield Judged(row["id"], value=minutes, excluded=why)


def resolution_rate(given: Given) -> Iterator[Judged]:
    yield from rate_of(given, given.streams["incident"], by_code=True)


def rate_of(given: Given, rows: Iterator[Row] | tuple[Row, ...], *, by_code: bool) -> Iterator[Judged]:
    """Opened in the period, or open at its start: resolved in it or not."""
    for row in rows:
        state, done = row.get("state"), first(row.get("resolved_at"), row.get("closed_at"))
        left = first(done, row["changed_at"]) if state in {*FINISHED, "cancelled"} else None
        came = first(row.get("opened_at"), row["changed_at"])
        if came >= given.end or (left is not None and given.start is not None and left < given.start):
            continue
        why = marked(row, by_code=by_code) or (None if row.get("opened_at") else "no opening time")
        why = why or ("no resolution time" if state in FINISHED and done is None else None)
        yield Judged(row["id"], met=state in FINISHED and given.holds(done), excluded=why)


def closing_rate(given: Given) -> Iterator[Judged]:
    for row in (*given.streams["incident"], *given.streams["request"]):
        state, closed = row.get("state"), first(row.get("closed_at"), row.get("resolved_at"))
        left = first(closed, row["changed_at"]) if state in {"closed", "cancelled"} else None
        came = first(row.get("opened_at"), row["changed_at"])
        if came >= given.end or (left is not None and given.start is not None and left < given.start):
            continue
        why = marked(row) or (None if row.get("opened_at") else "no opening time")
        why = why or ("no closing time" if state == "closed" and closed is None else None)
        yield Judged(row["id"], met=state == "closed" and given.holds(closed), excluded=why)


def backlog_age(given: Given) -> Iterator[Judged]:
    for row in (*given.streams["incident"], *given.streams["request"]):
        ended = row.get("state") in {*FINISHED, "cancelled"}
        left = first(row.get("resolved_at"), row.get("closed_at"), row["changed_at"]) if ended else None
        if first(row.get("opened_at"), row["changed_at"]) >= given.end or (left is not None and left < given.end):
            continue
        opened = row.get("opened_at")
        why = marked(row, cancelled=False) or (None if opened else "no opening time")
        yield Judged(row["id"], value=_hours(opened, given.end) / 24 if opened else None, excluded=why)


def reopened(given: Given) -> Iterator[Judged]:
    for row in _resolved(given):
        count = row.get("reopen_count")
        timed = row.get("resolved_at") or row.get("closed_at")
        why = first(_why(row), open_again(row), None if timed else "no resolution time")
        yield Judged(row["id"], met=bool(count), excluded=why or ("reopening not kept" if count is None else None))


def first_contact(given: Given) -> Iterator[Judged]:
    for row in _resolved(given):
        moves, channel = row.get("reassignment_count"), (row.get("channel") or "").lower()
        alarm = "raised by monitoring" if channel in {"monitoring", "event", "alert"} else None
        why = first(_why(row), open_again(row), alarm, "handovers not kept" if moves is None else None)
        yield Judged(row["id"], met=moves == 0, excluded=why)


def knowledge_reuse(given: Given) -> Iterator[Judged]:
    for row in _resolved(given):
        used = row.get("knowledge")
        why = first(_why(row), open_again(row), "use not kept" if used is None else None)
        yield Judged(row["id"], met=used, excluded=why)


def major(given: Given) -> Iterator[Judged]:
    for row in _opened(given):
        yield Judged(row["id"], met=first(row.get("major"), row.get("priority") == 1), excluded=_why(row))


def in_time(given: Given, *, security: bool = False) -> Iterator[Judged]:
    for row in _resolved(given):
        if security and not _is_security(row):
            continue
        clocks = [
            clock.get("breached")
            for clock in given.streams["sla"]
            if (clock["source"], clock.get("task")) == (row["source"], row["id"])
            and (clock.get("target"), clock.get("stage")) == ("resolution", "completed")
        ]
        late = True in clocks
        unknown = "no breach flag" if None in clocks and not late else None
        why = first(_why(row), open_again(row), None if clocks else "no resolution SLA", unknown)
        yield Judged(row["id"], met=not late, excluded=why)


def _is_security(row: Row) -> bool:
    named = (row.get("category") or "").lower() in {"security", "安全", "信息安全"}
    return named or "security-incident" in (row.get("labels") or ())


def security_in_time(given: Given) -> Iterator[Judged]:
    return in_time(given, security=True)


def sla_kept(given: Given) -> Iterator[Judged]:
    for row in given.streams["sla"]:
        stage, ended, breached = row.get("stage"), row.get("ended_at"), row.get("breached")
        if stage not in {"completed", "cancelled"} or not given.holds(first(ended, row["changed_at"])):
            continue
        why = "cancelled" if stage == "cancelled" else "no end time" if ended is None else None
        yield Judged(row["id"], met=breached is False, excluded=why or ("no breach flag" if breached is None else None))


def escalated(given: Given) -> Iterator[Judged]:
    lines = _lines(given)
    for row in _opened(given):
        history, moves = row.get("history"), row.get("reassignment_count")
        if history is None:
            line = lines.get(row.get("group"))
            up = bool(moves) and line is not None and line > 1
            unlisted = bool(moves) and line is None
        else:
            steps = [(lines.get(a), lines.get(b)) for a, b in _moves(history, given.end)]
            up = any(a is not None and b is not None and b > a for a, b in steps)
            unlisted = not up and any(a is None or b is None for a, b in steps)
        unkept = "handovers not kept" if history is None and moves is None else None
        why = first(_why(row), unkept, "line not listed" if unlisted else None)
        yield Judged(row["id"], met=up, excluded=why)


def _lines(given: Given) -> dict[str | None, int]:
    """Group → support line; where a group is listed twice, what was changed last."""
    rows = [row for row in given.streams["support_group"] if row.get("group") and row.get("line") is not None]
    # ascending by change and descending by name: what is written last into the mapping wins
    ordered = sorted(sorted(rows, key=lambda r: (r["source"], r["id"]), reverse=True), key=lambda r: r["changed_at"])
    return {row["group"]: row["line"] for row in ordered}


def _moves(history: list[Row], end: datetime) -> Iterator[tuple[str, str]]:
    for step in history:
        before, after = step.get("from"), step.get("to")
        if step["field"] == "group" and before and after and before != after and step["at"] < end:
            yield before, after


def automated(given: Given) -> Iterator[Judged]:
    for row in _resolved(given):
        if any(_covers(listed, row) for listed in given.streams["routine_class"]):
            told = row.get("automated")
            why = first(_why(row), open_again(row), "handling not kept" if told is None else None)
            yield Judged(row["id"], met=told, excluded=why)


def _covers(listed: Row, row: Row) -> bool:
    if listed.get("category") is None or listed["category"] != row.get("category"):
        return False
    if listed.get("subcategory") not in {None, row.get("subcategory")}:
        return False
    since = listed.get("listed_at")
    return since is None or since <= first(row.get("opened_at"), row["changed_at"])


ORACLES: dict[str, Oracle] = {
    "kpi-mttr": time_to_resolve,
    "kpi-mtta": time_to_acknowledge,
    "kpi-res": resolution_rate,
    "kpi-close": closing_rate,
    "kpi-backlog": backlog_age,
    "kpi-reopen": reopened,
    "kpi-fcr": first_contact,
    "kpi-kb-reuse": knowledge_reuse,
    "kpi-major": major,
    "kpi-intime": in_time,
    "kpi-sec": security_in_time,
    "kpi-sla": sla_kept,
    "kpi-esc": escalated,
    "kpi-auto": automated,
}
