"""Oracles of the metrics over problems, changes and releases."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from tests.oracles.incidents import rate_of
from tests.oracles.judged import Given, Judged, Oracle, Row, first, marked, open_again

# ---- changes ----


def _closed(given: Given) -> Iterator[Row]:
    for row in given.streams["change"]:
        ended = first(row.get("closed_at"), row.get("ended_at"), row["changed_at"])
        if row.get("state") in {"closed", "cancelled"} and given.holds(ended):
            yield row


def _begun(given: Given) -> Iterator[Row]:
    for row in given.streams["change"]:
        worked = row.get("state") in {"review", "closed"} or row.get("started_at") or row.get("ended_at")
        at = first(row.get("started_at"), row.get("ended_at"), row.get("closed_at"), row["changed_at"])
        if worked and given.holds(at):
            yield row


def share_of(field: str, word: str, without: str) -> Oracle:
    """The share of one word of a field among closed changes."""

    def oracle(given: Given) -> Iterator[Judged]:
        for row in _closed(given):
            said = row.get(field)
            yield Judged(row["id"], met=said == word, excluded=marked(row) or (None if said else without))

    return oracle


def cancelled_or_unsuccessful(given: Given) -> Iterator[Judged]:
    for row in _closed(given):
        state, outcome = row["state"], row.get("outcome")
        why = first(marked(row, cancelled=False), "no outcome" if state == "closed" and not outcome else None)
        yield Judged(row["id"], met=state == "cancelled" or outcome in {"unsuccessful", "rolled-back"}, excluded=why)


def items_per_change(given: Given) -> Iterator[Judged]:
    for row in _closed(given):
        items = row.get("configuration_items")
        why = first(marked(row), "links not kept" if items is None else None)
        yield Judged(row["id"], value=None if items is None else len(items), excluded=why)


def unapproved(given: Given) -> Iterator[Judged]:
    for row in _begun(given):
        asked, at, begun = row.get("approval"), row.get("approved_at"), row.get("started_at")
        in_time = asked == "approved" and (at is None or begun is None or at <= begun)
        by_type = row.get("type") == "standard" and asked in {None, "not-requested"}
        yield Judged(row["id"], met=not (in_time or by_type), excluded=marked(row))


def caused_incidents(given: Given) -> Iterator[Judged]:
    causes = {
        (row["source"], row.get("caused_by"))
        for row in given.streams["incident"]
        if row.get("state") != "cancelled" and row.get("opened_at") and row["opened_at"] < given.end
    }
    for row in _begun(given):
        yield Judged(row["id"], met=(row["source"], row["id"]) in causes, excluded=marked(row))


# ---- releases ----


def of_releases(verdict: Callable[[Row], bool | None], without: str) -> Oracle:
    """Deployed releases; *verdict* is None where the release does not say, and *without* names that."""

    def oracle(given: Given) -> Iterator[Judged]:
        for row in given.streams["release"]:
            deployed = row.get("deployed_at")
            if not deployed and row.get("state") not in {"deployed", "closed", "cancelled"}:
                continue
            if given.holds(first(deployed, row["changed_at"])):
                met = verdict(row)
                untold = without if met is None else None
                why = first(marked(row), None if deployed else "no deployment time", untold)
                yield Judged(row["id"], met=met, excluded=why)

    return oracle


def _outcome(word: str) -> Callable[[Row], bool | None]:
    return lambda row: None if row.get("outcome") is None else row["outcome"] == word


def _on_time(row: Row) -> bool | None:
    planned, deployed = row.get("planned_at"), row.get("deployed_at")
    return None if planned is None else deployed is not None and deployed <= planned


# ---- problems ----


def _finished(given: Given) -> Iterator[Row]:
    for row in given.streams["problem"]:
        at = first(row.get("closed_at"), row.get("resolved_at"), row["changed_at"])
        if row.get("state") in {"resolved", "closed", "cancelled"} and given.holds(at):
            yield row


def problem_rate(given: Given) -> Iterator[Judged]:
    yield from rate_of(given, tuple(given.streams["problem"]), by_code=False)


def problem_time(given: Given) -> Iterator[Judged]:
    for row in given.streams["problem"]:
        opened, done = row.get("opened_at"), first(row.get("resolved_at"), row.get("closed_at"))
        ended = row.get("state") in {"resolved", "closed", "cancelled"} or row.get("resolved_at")
        if not ended or not given.holds(first(done, row["changed_at"])):
            continue
        why = first(marked(row), open_again(row), None if done else "no resolution time")
        why = first(why, None if opened else "no opening time")
        days = (done - opened) / timedelta(days=1) if done and opened else None
        backwards = "negative duration" if days is not None and days < 0 else None
        yield Judged(row["id"], value=days, excluded=first(why, backwards))


def cause_known(given: Given) -> Iterator[Judged]:
    for row in _finished(given):
        known: Any = row.get("root_cause_known")
        yield Judged(row["id"], met=known, excluded=first(marked(row), "cause not kept" if known is None else None))


def in_knowledge_base(given: Given) -> Iterator[Judged]:
    current = [page for page in given.streams["document"] if page.get("status") == "current"]
    for row in _finished(given):
        outward = any(page["ref"] in (row.get("links") or ()) for page in current)
        inward = any(row["ref"] in (page.get("links") or ()) for page in current)
        yield Judged(row["id"], met=bool(row.get("known_error")) or outward or inward, excluded=marked(row))


def recurred(given: Given) -> Iterator[Judged]:
    for row in given.streams["problem"]:
        closed, again = first(row.get("closed_at"), row.get("resolved_at")), row.get("reopen_count") or 0
        ended = row.get("state") in {"resolved", "closed", "cancelled"} or (row.get("closed_at") and again)
        if ended and given.holds(first(closed, row["changed_at"])):
            back = again > 0 or (closed is not None and any(_came_back(given, row, closed)))
            yield Judged(row["id"], met=back, excluded=first(marked(row), None if closed else "no closing time"))


def _came_back(given: Given, problem: Row, closed: Any) -> Iterator[bool]:
    for row in given.streams["incident"]:
        linked = row.get("problem") == problem["id"] or row["ref"] in (problem.get("incidents") or ())
        if row["source"] != problem["source"] or row.get("state") == "cancelled" or not linked:
            continue
        opened = row.get("opened_at")
        yield opened is not None and closed < opened <= closed + timedelta(days=90) and opened < given.end


ORACLES: dict[str, Oracle] = {
    "kpi-chg-ok": share_of("outcome", "successful", "no outcome"),
    "kpi-chg-emg": share_of("type", "emergency", "no type"),
    "kpi-chg-cxl": cancelled_or_unsuccessful,
    "kpi-chg-ci": items_per_change,
    "kpi-chg-unauth": unapproved,
    "kpi-chg-inc": caused_incidents,
    "kpi-rel-ok": of_releases(_outcome("successful"), "no outcome"),
    "kpi-rel-back": of_releases(_outcome("rolled-back"), "no outcome"),
    "kpi-rel-time": of_releases(_on_time, "no planned time"),
    "kpi-rel-cmdb": of_releases(lambda row: row.get("cmdb_updated"), "update not kept"),
    "kpi-prb-res": problem_rate,
    "kpi-prb-mttr": problem_time,
    "kpi-rca": cause_known,
    "kpi-known": in_knowledge_base,
    "kpi-recur": recurred,
}
