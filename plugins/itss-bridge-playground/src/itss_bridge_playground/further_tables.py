"""Tables that the recording does not know: requests, releases, articles, surveys, projects, relations, outages.

All synthetic, from a seed, dated 2015-06 to 2016-12; rows that refer to others are younger than these.
"""

from collections.abc import Sequence
from random import Random

from itss_bridge_playground.surroundings import DAY, Steps, epoch, identity, moment

_BEGIN = "2015-06-01 08:00:00"
_ITEMS = ("Laptop", "Mailbox", "VPN access", "Database account", "Meeting room screen")
_BASES = ("IT operations", "Service desk")
_TOPICS = (
    ("Reset a password", "password, account"),
    ("Connect to the VPN", "vpn, network"),
    ("Incident handling procedure", "itss-prc-inc-a,procedure"),
    ("Escalation of major incidents", "itss-prc-inc-b, procedure"),
    ("Restore a mailbox", "mail"),
    ("Patch a server", "server, patch, itss-prc-rel-a"),
)
_CUSTOMERS = ("C-01", "C-02", "C-03", "C-04")
SATISFACTION, RECOMMENDATION = (identity("asmt_metric", name) for name in ("satisfaction", "recommendation"))
"""The sys_ids of the two questions that every survey asks, on scales of 1 to 5 and 0 to 10."""


def _chance(seed: int, kind: str, number: int) -> Random:
    return Random(f"{seed}:{kind}:{number}")  # noqa: S311 - synthetic data, not a secret


def _after(start: int, chance: Random, *days: tuple[float, float]) -> list[int]:
    """Whole minutes, each so many days after the one before it, by chance."""
    at = [start]
    for low, high in days:
        at.append(at[-1] + round(chance.uniform(low, high) * DAY / 60) * 60)
    return at


def _task(table: str, number: str, chance: Random, at: int) -> dict[str, str]:
    return {
        "sys_id": identity(table, number),
        "number": number,
        "sys_class_name": table,
        "active": "true",
        "priority": chance.choice("2344"),
        "opened_at": moment(at),
        "opened_by": identity("sys_user", f"Opened by {chance.randrange(40)}"),
        "assignment_group": identity("sys_user_group", f"Group {chance.randrange(1, 80)}"),
        "short_description": f"{table} {number}",
        "reassignment_count": "0",
        "contact_type": "self-service",
    }


def requests(seed: int) -> list[Steps]:
    """Four hundred requested items: approved, worked on, fulfilled; some wait, some are refused or skipped."""
    return [_request(number, _chance(seed, "request", number)) for number in range(400)]


def _request(number: int, chance: Random) -> Steps:
    at = _after(epoch(_BEGIN) + number * int(1.4 * DAY), chance, (0.05, 1), (0.1, 2), (0.2, 4), (0.5, 6))
    item, caller = chance.choice(_ITEMS), identity("sys_user", f"Caller {chance.randrange(300)}")
    opened = _task("sc_req_item", f"RITM{number:07d}", chance, at[0]) | {
        "state": "1",
        "approval": "requested",
        "cat_item": identity("sc_cat_item", item),
        "cat_item.name": item,
        "request": identity("sc_request", f"REQ{number:07d}"),
        "request.requested_for": caller,
    }
    over = {"active": "false"}
    if chance.random() < 0.06:  # noqa: PLR2004
        return [(at[0], opened), (at[1], over | {"state": "7", "approval": "rejected", "closed_at": moment(at[1])})]
    person = {"assigned_to": identity("sys_user", f"Resolver {chance.randrange(30)}")}
    end = "4" if chance.random() < 0.05 else "3"  # noqa: PLR2004
    return [
        (at[0], opened),
        (at[1], {"state": "2", "approval": "approved", "approval_set": moment(at[1])} | person),
        (at[2], {"state": "-5"} if chance.random() < 1 / 3 else {"comments": "Ordered."}),
        (at[3], {"state": "2"}),
        (at[4], over | {"state": end, "closed_at": moment(at[4])}),
    ]


def releases(seed: int) -> list[Steps]:
    """Twice a month: planned, built, deployed a little before or after the plan, closed."""
    return [_release(number, _chance(seed, "release", number)) for number in range(38)]


def _release(number: int, chance: Random) -> Steps:
    at = _after(epoch(_BEGIN) + number * 15 * DAY, chance, (1, 4), (3, 8), (0.1, 1), (1, 3))
    opened = _task("rm_release", f"RLSE{number:07d}", chance, at[0])
    opened |= {"state": "1", "release_type": chance.choice(("major", "minor", "minor", "emergency"))}
    opened |= {"start_date": moment(at[1]), "end_date": moment(at[3] + chance.randrange(-1, 4) * 3600)}
    outcome = chance.choices(("successful", "successful_issues", "rolled_back"), (85, 10, 5))[0]
    return [
        (at[0], opened),
        (at[1], {"state": "2", "work_start": moment(at[1]), "u_backout_plan": "Previous version kept."}),
        (at[3], {"work_end": moment(at[3]), "u_tested": "true"}),
        (at[4], {"state": "3", "active": "false", "closed_at": moment(at[4]), "u_outcome": outcome}
            | {"u_cmdb_updated": chance.choice(("true", "true", "false"))}),
    ]  # fmt: skip


def articles(seed: int) -> list[Steps]:
    """Sixty knowledge articles: drafted, reviewed, published; some are taken back, some never get that far."""
    return [_article(number, _chance(seed, "article", number)) for number in range(60)]


def _article(number: int, chance: Random) -> Steps:
    at = _after(epoch(_BEGIN) + number * 9 * DAY, chance, (1, 10), (1, 20), (40, 150))
    title, keywords = _TOPICS[number % len(_TOPICS)]
    drafted = {
        "sys_id": identity("kb_knowledge", str(number)),
        "number": f"KB{number:07d}",
        "short_description": title,
        "meta": keywords if chance.random() < 0.9 else "",  # noqa: PLR2004
        "workflow_state": "draft",
        "author": identity("sys_user", f"Author {chance.randrange(8)}"),
        "kb_knowledge_base": identity("kb_knowledge_base", _BASES[number % 2]),
        "kb_knowledge_base.title": _BASES[number % 2],
        "active": "true",
    }
    steps: Steps = [
        (at[0], drafted),
        (at[1], {"workflow_state": "review"}),
        (at[2], {"workflow_state": "published", "published": moment(at[2])[:10]}),
        (at[3], {"workflow_state": chance.choice(("retired", "pending_retirement")), "active": "false"}),
    ]
    return steps[: chance.choices((1, 2, 3, 4), (1, 1, 6, 4))[0]]


def surveys(seed: int) -> list[Steps]:
    """Two hundred and forty people asked; seven of ten answer within two weeks."""
    return [_survey(number, _chance(seed, "survey", number)) for number in range(240)]


def _survey(number: int, chance: Random) -> Steps:
    at = _after(epoch(_BEGIN) + number * int(2.3 * DAY), chance, (0.1, 14))
    asked = {
        "sys_id": identity("asmt_assessment_instance", str(number)),
        "number": f"AINST{number:07d}",
        "state": "ready",
        "metric_type": identity("asmt_metric_type", "Service satisfaction"),
        "metric_type.evaluation_method": "survey" if number % 12 else "assessment",
        "user": identity("sys_user", f"Caller {number}"),
        "user.company": identity("core_company", chance.choice(_CUSTOMERS)),
        "due_date": moment(at[0] + 14 * DAY)[:10],
    }
    answered = (at[1], {"state": "complete", "taken_on": moment(at[1])})
    return [(at[0], asked), answered] if chance.random() < 0.7 else [(at[0], asked)]  # noqa: PLR2004


def answers(seed: int) -> list[Steps]:
    """What those who answered said to the two questions."""
    return [
        [(steps[-1][0], _answer(steps[0][1]["sys_id"], metric, value))]
        for number, steps in enumerate(surveys(seed))
        if len(steps) > 1
        for metric, value in _given(_chance(seed, "answer", number))
    ]


def _given(chance: Random) -> Sequence[tuple[str, str]]:
    liked = chance.choices((1, 2, 3, 4, 5), (1, 2, 5, 14, 8))[0]
    recommended = min(10, max(0, liked * 2 + chance.randrange(-1, 2)))
    both = ((SATISFACTION, str(liked)), (RECOMMENDATION, str(recommended)))
    return both if chance.random() < 0.8 else both[:1]  # noqa: PLR2004 - the second question is voluntary


def _answer(instance: str, metric: str, value: str) -> dict[str, str]:
    sys_id = identity("asmt_metric_result", instance + metric)
    return {"sys_id": sys_id, "instance": instance, "metric": metric, "actual_value": value}


def projects(seed: int) -> list[Steps]:
    """A table of the organisation's own: twelve service contracts."""
    return [_project(number, _chance(seed, "project", number)) for number in range(12)]


def _project(number: int, chance: Random) -> Steps:
    at = _after(epoch(_BEGIN) + number * 30 * DAY, chance, (1, 20), (60, 400))
    signed = {
        "sys_id": identity("u_service_project", str(number)),
        "u_contract": f"P-{2015000 + number}",
        "u_customer": _CUSTOMERS[number % 4],
        "u_amount": f"{chance.randrange(5, 400) * 10_000}.5",
        "u_phase": "1",
        "u_start": moment(at[1])[:10],
        "u_remote": chance.choice(("true", "false")),
    }
    return [
        (at[0], signed),
        (at[1], {"u_phase": "2"}),
        (at[2], {"u_phase": "3", "u_end": moment(at[2])[:10], "u_accepted": moment(at[2])}),
    ]


def outages(items: Sequence[Steps], seed: int) -> list[Steps]:
    """Every eight days an item that is recorded by then fails for minutes to hours; every fifth time it was planned."""
    begin = epoch(_BEGIN)
    return [_outage(number, begin + number * 8 * DAY, items, _chance(seed, "outage", number)) for number in range(70)]


def _outage(number: int, start: int, items: Sequence[Steps], chance: Random) -> Steps:
    at = _after(start, chance, (0, 4), (0.005, 0.3))
    item = chance.choice([steps[0][1] for steps in items if steps[0][0] < at[1]])
    begun = {
        "sys_id": identity("cmdb_ci_outage", str(number)),
        "cmdb_ci": item["sys_id"],
        "cmdb_ci.name": item["name"],
        "type": "planned" if number % 5 == 4 else chance.choice(("outage", "outage", "degradation")),  # noqa: PLR2004
        "begin": moment(at[1]),
    }
    return [(at[1], begun), (at[2], {"end": moment(at[2])})]


def relations(items: Sequence[Steps], seed: int) -> list[Steps]:
    """Most items depend on up to three others, a day after both are recorded; every eighth stands alone."""
    found = []
    for number, steps in enumerate(items):
        chance = _chance(seed, "relation", number)
        others = [other for place, other in enumerate(items) if other is not steps and place % 8]
        wanted = chance.randrange(1, 4) if number % 8 else 0
        for other in chance.sample(others, min(wanted, len(others))):
            parent, child = steps[0][1]["sys_id"], other[0][1]["sys_id"]
            cells = {"sys_id": identity("cmdb_rel_ci", parent + child), "parent": parent, "child": child}
            cells["type"] = identity("cmdb_rel_type", "Depends on::Used by")
            found.append([(max(steps[0][0], other[0][0]) + DAY, cells)])
    return found
