"""A report with what is steered by it: nonconformities in every state, and gaps with and without somebody on them."""

from dataclasses import replace
from datetime import date

from itss_bridge.model import Action, CheckResult, Gap, Nonconformity, Report, Text, Ticket, Verdict

DUE = date(2016, 8, 31)


def steered(report: Report) -> Report:
    """*report* with a gap for each check that is not met or undetermined, and four nonconformities."""
    found = {f.requirement: c for f in report.assessment.findings.values() for c in f.checks}
    open_ = {c.check.id: (name, c) for name, c in found.items() if c.verdict is not Verdict.MET}
    gaps = tuple(gap(n, name, c) for n, (name, c) in enumerate(open_.values(), 1))
    states = ("open", "correcting", "corrected", "closed")
    return replace(report, gaps=gaps, nonconformities=tuple(tracked(n, state, gaps) for n, state in enumerate(states)))


def gap(rank: int, requirement: str, result: CheckResult) -> Gap:
    action = Action(result.check.id, "service manager", DUE, 3, "repair *it*", "") if rank % 2 else None
    return Gap(rank, result, (requirement,), (), ("itss",), (3,), rank, action, binding=True, effort=5)


def tracked(n: int, state: str, gaps: tuple[Gap, ...]) -> Nonconformity:
    result = gaps[n % len(gaps)].result
    ticket = Ticket("jira", "10", "OPS-1", "https://acme.example/browse/OPS-1", "Doing", done=False)
    return Nonconformity(
        id=f"NC-2016-00{n}",
        subject=result.check.id,
        requirements=gaps[n % len(gaps)].requirements,
        grade="minor",
        progress=state,
        title=Text("closing rate too low", "闭环率偏低"),
        opened=date(2016, 5, 1),
        due=DUE if n % 2 else None,
        closed=date(2016, 5, 30) if state == "closed" else None,
        owner="service manager",
        root_cause="nobody looked" if n else "",
        correction="look" if n else "",
        corrective_action="look every week" if n > 1 else "",
        effectiveness="",
        ticket=ticket if n else None,
        failing=result.measurement.failing if result.measurement else (),
        reason=Text("86.2 misses >= 90", "86.2 未达到 >= 90"),
    )
