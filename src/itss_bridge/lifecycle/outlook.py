"""From what is known to what comes: register, levels, positions, and one calendar for all systems. Pure: no clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from itss_bridge import wording
from itss_bridge.lifecycle.conditions import Entry, entries
from itss_bridge.lifecycle.dates import dates
from itss_bridge.lifecycle.editions import editions
from itss_bridge.lifecycle.joint import joint
from itss_bridge.lifecycle.kept import LEAD, Kept, Standing, standing
from itss_bridge.lifecycle.known import Known
from itss_bridge.lifecycle.position import Position, positions
from itss_bridge.lifecycle.register import Certificate
from itss_bridge.model import Milestone, Origin, Text


@dataclass(frozen=True, slots=True)
class Outlook:
    """What comes, as of *today*: *milestones* by day, those without a date last."""

    today: date
    certificates: tuple[Certificate, ...]
    entries: dict[int, Entry]
    positions: tuple[Position, ...]
    milestones: tuple[Milestone, ...]


def outlook(known: Known) -> Outlook:
    """Everything that follows from what is known; the same knowledge gives the same outlook."""
    by_level = entries(known)
    own = [*_kept(known), *_applications(known, by_level)]
    stand = [p for cycle in known.cycles.values() if cycle.states for p in positions(cycle, known, by_level)]
    own += _deadlines(stand, known)
    frameworks = tuple(sorted({cycle.framework for cycle in known.cycles.values()}, key=lambda f: (f != "itss", f)))
    found = [*own, *joint(known, own, frameworks)]
    ordered = sorted(found, key=lambda m: (m.on is None, m.on or date.max, m.id))
    return Outlook(known.today, known.certificates, by_level, tuple(stand), tuple(ordered))


def _kept(known: Known) -> Iterator[Milestone]:
    for cycle in known.cycles.values():
        certificate = known.certificate(cycle.framework)
        if "certificate" in known.obstacles:
            reason = known.obstacles["certificate"]
            yield _missing(
                cycle.id,
                cycle.framework,
                f"The register cannot be relied on: {reason.en}.",
                f"证书台账不可依据：{reason.zh}。",
            )
        elif certificate is not None:
            yield from dates(Kept(certificate, cycle, known))
        else:
            yield _missing(
                cycle.id, cycle.framework, "No certificate that stands is registered.", "证书台账中无存续的证书。"
            )
        yield from editions(cycle, certificate, known)


def _missing(cycle: str, framework: str, en: str, zh: str) -> Milestone:
    return Milestone(
        id=f"{cycle}/certificate",
        kind="expiry",
        on=None,
        until=None,
        title=Text(f"{framework}: dates of the certificate", f"{framework}：证书相关日期"),
        note=Text(en, zh),
        frameworks=(framework,),
        rules=(),
        certain=False,
        origin=Origin(),
        state="missing",
    )


def _applications(known: Known, by_level: dict[int, Entry]) -> Iterator[Milestone]:
    """The earliest day of application for each level above the one held."""
    for level, entry in by_level.items():
        if known.held is None or level < known.held:
            yield Milestone(
                id=f"itss/application-{level}",
                kind="application",
                on=entry.earliest,
                until=None,
                title=_application(level),
                note=_argued(entry),
                frameworks=("itss",),
                rules=tuple(c.rule for c in entry.conditions),
                certain=all(c.certain for c in entry.conditions) and entry.open,
                origin=entry.binding.origin if entry.binding else Origin(),
                state=_application_state(entry, known.today),
                lead=LEAD["application"],
                conditions=entry.conditions,
            )


def _application(level: int) -> Text:
    name = wording.LEVEL[level]
    return Text(f"Earliest application for ITSS {name.en[0].lower()}{name.en[1:]}", f"ITSS {name.zh}：最早可申报日")


def _application_state(entry: Entry, today: date) -> Standing:
    return "open" if entry.open else standing(entry.earliest, None, today)


def _argued(entry: Entry) -> Text:
    """Which condition decides, and what has to be done besides."""
    binding = entry.binding
    if binding is None:
        return Text("No condition is declared.", "未登记申报条件。")
    en, zh = f"Decided by: {binding.title.en}. {binding.note.en}", f"取决于：{binding.title.zh}。{binding.note.zh}"
    if entry.earliest is None:
        en, zh = f"{en} By what is known, not before {entry.least}.", f"{zh}就已知情况，不早于 {entry.least}。"
    actions = [c.title for c in entry.conditions if c.state == "action"]
    if actions:
        en += " To be put right first: " + "; ".join(t.en for t in actions) + "."
        zh += "须先落实：" + "；".join(t.zh for t in actions) + "。"
    return Text(en, zh)


def _deadlines(stand: Sequence[Position], known: Known) -> list[Milestone]:
    """Windows that a stated state leaves: rectification, waiting time after a downgrade."""
    found = []
    for position in stand:
        if position.state is None or position.basis != "statement":
            continue
        for step in position.steps:
            day = step.end or (step.start if position.state.id == "downgraded" else None)
            if day is not None:
                found.append(
                    Milestone(
                        id=f"{position.cycle.id}/{position.state.id}.{step.target.id}@{position.since}",
                        kind="rectification",
                        on=day,
                        until=None,
                        title=Text(
                            f"{position.state.title.en}: {step.target.title.en}",
                            f"{position.state.title.zh}：{step.target.title.zh}",
                        ),
                        note=Text(" ".join(n.en for n in step.notes), "".join(n.zh for n in step.notes)),
                        frameworks=(position.cycle.framework,),
                        rules=step.rules,
                        certain=step.certain,
                        origin=position.state.origin,
                        state=standing(day, None, known.today),
                        lead=LEAD["rectification"],
                    )
                )
    return found
