"""`calendar`: certificates, where the organisation stands, when to apply, and every date of all systems in one list."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from itss_bridge.cli.call import Call, common, console, print_json
from itss_bridge.messages import say

if TYPE_CHECKING:
    from itss_bridge.bridge import Bridge
    from itss_bridge.lifecycle import Certificate, Outlook, Position, Step
    from itss_bridge.model import Milestone, Report


@click.command(
    epilog="Examples: itss-bridge calendar --months 12 · itss-bridge calendar --next · itss-bridge export audit.ics",
    help="Show every date of all systems in one list: certificates, surveillance, applications, audits and reviews.",
)
@click.option("--months", type=click.IntRange(1, 1200), metavar="N", help="No further ahead than N months.")
@click.option("--next", "only_next", is_flag=True, help="Where the organisation stands, and what may come next.")
@click.option("--certificates", "only_register", is_flag=True, help="The certificate register.")
@common
def command(call: Call, months: int | None, *, only_next: bool, only_register: bool) -> None:
    """The outlook as of a moment."""
    if only_next and only_register:
        raise click.UsageError(say("say --next or --certificates, not both"))
    bridge = call.bridge()
    report = bridge.report(call.as_of(bridge))
    found = seen(bridge, report)
    shown = tuple(within(found, months))
    if call.as_json:
        from itss_bridge.exporters.agenda import milestone_json

        if only_next:
            print_json([position_json(position) for position in found.positions])
        elif only_register:
            print_json([certificate_json(certificate, found) for certificate in found.certificates])
        else:
            print_json([milestone_json(milestone) for milestone in shown])
        return
    from itss_bridge.cli import calendar_view as view

    language = call.lang(bridge)
    if only_next:
        console().print(view.positions(found, language, steps=True))
    elif only_register:
        console().print(view.register(found, language))
    else:
        console().print(view.whole(report, found, shown, language))


def seen(bridge: "Bridge", report: "Report") -> "Outlook":
    """The outlook that belongs to a report."""
    from itss_bridge.catalogue import limited
    from itss_bridge.lifecycle import gather, outlook
    from itss_bridge.report import by_stream

    workspace = bridge.workspace
    shown = limited(bridge.catalogue, workspace.frameworks)
    states = by_stream(report.streams)
    with bridge.engine(report.as_of) as engine:
        return outlook(
            gather(shown, report.assessment, bridge.lake, engine, states, workspace.time_zone, workspace.target)
        )


def within(found: "Outlook", months: int | None) -> "Iterable[Milestone]":
    """The dates that begin within *months* of today, those that are missed, and those without a day."""
    from itss_bridge.lifecycle.days import not_after

    last = not_after(found.today, months) if months else None
    return (m for m in found.milestones if last is None or m.on is None or m.on <= last)


def position_json(position: "Position") -> dict[str, Any]:
    """Where the organisation stands in one life cycle."""
    state = position.state
    return {
        "lifecycle": position.cycle.id,
        "state": state.id if state else None,
        "title": {"en": state.title.en, "zh": state.title.zh} if state else None,
        "since": str(position.since) if position.since else None,
        "basis": position.basis,
        "note": {"en": position.note.en, "zh": position.note.zh},
        "steps": [_step_json(step) for step in position.steps],
    }


def _step_json(step: "Step") -> dict[str, Any]:
    return {
        "state": step.target.id,
        "title": {"en": step.target.title.en, "zh": step.target.title.zh},
        "actor": {"en": step.actor.en, "zh": step.actor.zh},
        "when": {"en": step.when.en, "zh": step.when.zh},
        "not_before": str(step.start) if step.start else None,
        "deadline": str(step.end) if step.end else None,
        "rules": list(step.rules),
        "certain": step.certain,
    }


def certificate_json(certificate: "Certificate", found: "Outlook") -> dict[str, Any]:
    """One line of the register, with its state as of the day."""
    return {
        "id": certificate.id,
        "ref": certificate.ref,
        "scheme": certificate.scheme,
        "level": certificate.level,
        "number": certificate.number,
        "scope": certificate.scope,
        "edition": certificate.edition,
        "body": certificate.body,
        "awarded": str(certificate.awarded) if certificate.awarded else None,
        "expires": str(certificate.expires) if certificate.expires else None,
        "surveillances": [str(day) for day in certificate.surveillances],
        "state": certificate.state(found.today),
    }
