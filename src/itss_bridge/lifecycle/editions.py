"""Dates fixed once for everybody, such as the end of an edition, and what each means for the certificate held."""

from collections.abc import Iterator
from datetime import date

from itss_bridge.catalogue.lifecycle import Deadline, LifeCycle
from itss_bridge.lifecycle.kept import LEAD, standing
from itss_bridge.lifecycle.known import Known, confirmed
from itss_bridge.lifecycle.register import Certificate
from itss_bridge.model import Milestone, Text


def editions(cycle: LifeCycle, certificate: Certificate | None, known: Known) -> Iterator[Milestone]:
    """The dates of *cycle* that are not over."""
    for deadline in cycle.deadlines:
        if deadline.on >= known.today:
            yield Milestone(
                id=f"{cycle.id}/{deadline.id}",
                kind="edition",
                on=deadline.on,
                until=None,
                title=deadline.title,
                note=_meaning(deadline, cycle, certificate, known),
                frameworks=(cycle.framework,),
                rules=(f"{cycle.id}/{deadline.id}",),
                certain=confirmed(deadline.origin),
                origin=deadline.origin,
                state=standing(deadline.on, None, known.today),
                lead=LEAD["edition"],
            )


def _meaning(deadline: Deadline, cycle: LifeCycle, certificate: Certificate | None, known: Known) -> Text:
    """What the date means for the certificate held, or why that cannot be said."""
    if "certificate" in known.obstacles:
        reason = known.obstacles["certificate"]
        return Text(f"The register cannot be relied on: {reason.en}.", f"证书台账不可依据：{reason.zh}。")
    if certificate is None:
        return Text("No certificate is registered: nothing to move over.", "证书台账中无该体系证书，无转换事项。")
    edition = _edition(cycle, certificate)
    if not edition:
        en = f"The register does not say to which edition {certificate.ref} was issued (`edition`)."
        return Text(en, f"证书台账未登记 {certificate.ref} 依据的标准版本（edition）。")
    if edition != deadline.edition:
        return Text(f"{certificate.ref} is to {edition}.", f"{certificate.ref} 依据 {edition}。")
    return _ending(deadline, certificate)


def _ending(deadline: Deadline, certificate: Certificate) -> Text:
    """A certificate to an edition that ends: before it, or with it."""
    if certificate.expires is None:
        return Text(f"{certificate.ref} ends on that day at the latest.", f"{certificate.ref} 最迟于该日失效。")
    if certificate.expires <= deadline.on:
        en = f"{certificate.ref} ends before, on {certificate.expires}: move over by that re-certification."
        return Text(en, f"{certificate.ref} 将于 {certificate.expires} 先行到期，最迟在该次再认证时完成转换。")
    en = f"{certificate.ref} ends here, not on {certificate.expires}: move over at a surveillance."
    return Text(en, f"{certificate.ref} 将于该日提前失效（原有效期至 {certificate.expires}），须结合监督审核完成转换。")


def _edition(cycle: LifeCycle, certificate: Certificate) -> str:
    """As registered; else the older one, where the award lies before the newer one was published."""
    if certificate.edition:
        return certificate.edition
    ends = [d for d in cycle.deadlines if d.id.endswith("-ends")]
    published = min((d.on for d in cycle.deadlines if d.id.endswith("-published")), default=date.min)
    before = certificate.awarded is not None and certificate.awarded < published
    return ends[-1].edition if ends and before else ""
