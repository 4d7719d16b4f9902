"""Dates of a certificate: its end, surveillance, papers, re-assessment, and what follows when one is missed."""

from collections.abc import Iterator
from datetime import date

from itss_bridge.catalogue.calendars import UnknownYear
from itss_bridge.catalogue.lifecycle import Rule
from itss_bridge.lifecycle.days import not_after, working_days_before
from itss_bridge.lifecycle.kept import LEAD, Kept
from itss_bridge.lifecycle.known import confirmed
from itss_bridge.model import Milestone, Origin, Text

_OF = {"surveillance": Text("surveillance", "监督"), "re-assessment": Text("re-assessment", "复评")}


def dates(kept: Kept) -> Iterator[Milestone]:
    """All dates of one certificate that lie ahead, are open or missed, and those that cannot be told, with why."""
    certificate = kept.certificate
    yield from _expiry(kept)
    yield from _agreed(kept)
    if certificate.unread:
        written = "; ".join(certificate.unread)
        en = f"surveillance_dates of {certificate.ref} names what is no date: {written}."
        yield from _untold(kept, Text(en, f"{certificate.ref} 的 surveillance_dates 中有无法识别的日期：{written}。"))
    elif certificate.awarded is None:
        en = f"{certificate.ref} has no date of award in the register: surveillance cannot be dated."
        yield from _untold(kept, Text(en, f"{certificate.ref} 未登记颁证日期，无法推算监督时间。"))
    else:
        yield from _windows(kept, certificate.awarded)
        yield from _periodic(kept, certificate.awarded)
    yield from _re_assessment(kept)


def _expiry(kept: Kept) -> Iterator[Milestone]:
    rule = next(kept.rules("validity"), None)
    if rule is None:
        return
    renewal = next(kept.rules("re-assessment"), None)
    stated = kept.certificate.expires is not None
    source = Text("Date by the certificate register.", "日期依据证书台账。") if stated else rule.title
    note = _joined(source, *([renewal.title] if renewal else []))
    title = Text(f"{kept.certificate.ref}: the certificate ends", f"{kept.certificate.ref}：证书到期")
    yield kept.milestone("expiry", rule, (kept.end, None), title, note, certain=True if stated else None)


def _agreed(kept: Kept) -> Iterator[Milestone]:
    """A day that the body has agreed to; it needs no rule."""
    certificate = kept.certificate
    if certificate.agreed is None or certificate.agreed < kept.known.today:
        return
    yield Milestone(
        id=f"{kept.cycle.id}/visit@{certificate.id}",
        kind="visit",
        on=certificate.agreed,
        until=None,
        title=Text(f"{certificate.ref}: visit agreed with the body", f"{certificate.ref}：已约定的外部评审（审核）"),
        note=Text("Date by the certificate register.", "日期依据证书台账。"),
        frameworks=(kept.cycle.framework,),
        rules=(),
        certain=True,
        origin=Origin((), "", certificate.id),
        state="open" if certificate.agreed == kept.known.today else "ahead",
        lead=LEAD["visit"],
    )


def _untold(kept: Kept, note: Text) -> Iterator[Milestone]:
    for rule in list(kept.rules("surveillance"))[:1]:
        title = Text(f"{kept.certificate.ref}: surveillance", f"{kept.certificate.ref}：监督")
        yield kept.milestone("surveillance", rule, (None, None), title, note)


def _windows(kept: Kept, awarded: date) -> Iterator[Milestone]:
    """Surveillance in windows counted from the award, each with its papers and with what follows when it is missed."""
    done = sum(day > awarded for day in kept.certificate.surveillances)
    windows = [(r.quantity.values, r) for r in kept.rules("surveillance") if r.quantity and _is_window(r)]
    for number, ((first, last), rule) in enumerate(sorted(windows, key=lambda pair: pair[0]), 1):
        start, end = not_after(awarded, first), not_after(awarded, last)
        if number > done:
            note = _joined(_covered(kept, rule), *_unregistered(kept, end))
            yield kept.milestone("surveillance", rule, (start, end), _titled(kept, rule), note)
            yield from _papers(kept, end, "surveillance", number)
            yield from _missed(kept, end, number)


def _is_window(rule: Rule) -> bool:
    return rule.quantity is not None and rule.quantity.operator == "between" and rule.quantity.unit == "months"


def _titled(kept: Kept, rule: Rule) -> Text:
    """The certificate and the state of the life cycle that is named like the rule."""
    name = next((s.title for s in kept.cycle.states if s.id == rule.id), Text("Surveillance", "监督"))
    return Text(f"{kept.certificate.ref}: {name.en[0].lower()}{name.en[1:]}", f"{kept.certificate.ref}：{name.zh}")


def _covered(kept: Kept, rule: Rule) -> Text:
    """The rule's own words, and those of rules without a number: what surveillance looks at."""
    return _joined(rule.title, *(r.title for r in kept.rules("surveillance") if r.quantity is None))


def _unregistered(kept: Kept, end: date) -> tuple[Text, ...]:
    """What a day that is over rests on: that nobody has registered the surveillance."""
    if end >= kept.known.today:
        return ()
    en = "The register names none that was completed (`surveillance_dates`)."
    return (Text(en, "证书台账未登记本次监督的完成日期（surveillance_dates）。"),)


def _joined(*texts: Text) -> Text:
    return Text(" ".join(text.en for text in texts), "".join(text.zh for text in texts))


def _papers(kept: Kept, end: date, of: str, part: int = 0) -> Iterator[Milestone]:
    """When complete papers have to be with the body, for a step that ends on *end*; nothing once that is over."""
    if end < kept.known.today:
        return
    for rule in kept.rules("submission", of):
        if rule.case and rule.quantity:
            branch = not_after(end, -rule.quantity.values[0])
            on, also, note = _with_the_body(kept, branch)
            words = _joined(rule.title, note)
            name = Text(
                f"{kept.certificate.ref}: papers for {_OF[of].en}", f"{kept.certificate.ref}：{_OF[of].zh}材料送达"
            )
            yield kept.milestone("papers", rule, (on, None), name, words, part=part, also=also)


def _with_the_body(kept: Kept, branch: date) -> tuple[date, tuple[Rule, ...], Text]:
    """The body wants papers some working days before the branch does; where those cannot be counted, it is said."""
    told = Text(f"The branch's deadline is {branch}.", f"分会截止日为 {branch}。")
    rule = next((r for r in kept.rules("submission") if r.quantity and r.quantity.unit == "working-days"), None)
    if rule is None or rule.quantity is None:
        return branch, (), told
    words = _joined(told, rule.title)
    if kept.known.days is not None:
        try:
            return working_days_before(kept.known.days, branch, rule.quantity.values[0]), (rule,), words
        except UnknownYear as error:
            missing = Text(
                f"Not counted: {error.what}.", f"工作日历未收录 {branch.year} 年前后的节假日安排，未予扣减。"
            )
            return branch, (rule,), _joined(words, missing)
    missing = Text("Not counted: no calendar of working days is known.", "无工作日历，未予扣减。")
    return branch, (rule,), _joined(words, missing)


def _missed(kept: Kept, end: date, part: int) -> Iterator[Milestone]:
    """What a window that is over leads to."""
    if end >= kept.known.today:
        return
    for rule in kept.rules("late-surveillance"):
        if rule.quantity:
            last = not_after(end, rule.quantity.values[0])
            title = Text(
                f"{kept.certificate.ref}: suspension ends, then cancelled",
                f"{kept.certificate.ref}：暂停期满，逾期注销",
            )
            yield kept.milestone("cancellation", rule, (end, last), title, rule.title, part=part)


def _periodic(kept: Kept, awarded: date) -> Iterator[Milestone]:
    """The next surveillance where it comes again and again, by contract, else by rule; none from the end on."""
    past = [day for day in kept.certificate.surveillances if day > awarded]
    found = _next_by_contract(kept, [awarded, *past]) or _next_by_rule(kept, [awarded, *past])
    if found is None:
        yield from _no_interval(kept)
        return
    rule, (on, until), note, certain = found
    if kept.end is None or on < kept.end:
        last = until if until is None or kept.end is None else min(until, kept.end)
        title = Text(f"{kept.certificate.ref}: surveillance", f"{kept.certificate.ref}：监督审核")
        words = _joined(note, *_unregistered(kept, last or on))
        yield kept.milestone("surveillance", rule, (on, last), title, words, part=len(past) + 1, certain=certain)


_Next = tuple[Rule, tuple[date, date | None], Text, bool | None]


def _next_by_contract(kept: Kept, days: list[date]) -> _Next | None:
    rule, months = next(kept.rules("surveillance"), None), kept.certificate.interval
    if rule is None or months is None or any(_is_window(r) for r in kept.rules("surveillance")):
        return None
    note = Text(
        f"Every {months} months by contract, counted from {days[-1]}.",
        f"合同约定每 {months} 个月一次，自 {days[-1]} 起算。",
    )
    return rule, (not_after(days[-1], months), None), note, True


def _next_by_rule(kept: Kept, days: list[date]) -> _Next | None:
    for rule in kept.rules("surveillance"):
        if rule.quantity and rule.quantity.operator == "either":
            first, last = (not_after(days[-1], rule.quantity.values[place]) for place in (0, -1))
            note = Text(
                f"{rule.title.en} The register does not say which (`surveillance_months`).",
                f"{rule.title.zh}证书台账未登记间隔（surveillance_months）。",
            )
            return rule, (first, last), note, False
    return None


def _no_interval(kept: Kept) -> Iterator[Milestone]:
    """No number is confirmed and the register has none: what is known, and where to write what the contract says."""
    rule = next((r for r in kept.rules("surveillance") if not _is_window(r)), None)
    if rule is None or any(_is_window(r) for r in kept.rules("surveillance")) or kept.certificate.agreed:
        return
    en = f"{rule.title.en} The register names no interval (`surveillance_months`) and no day (`next_audit_at`)."
    zh = f"{rule.title.zh}证书台账未登记监督间隔（surveillance_months）与约定日期（next_audit_at）。"
    yield from _untold(kept, Text(en, zh))


def _re_assessment(kept: Kept) -> Iterator[Milestone]:
    """The window before the end in which the next cycle is applied for, and its papers."""
    end = kept.end
    for rule in kept.rules("re-assessment"):
        if end is not None and rule.quantity and rule.quantity.operator == "<=":
            start = not_after(end, -rule.quantity.values[0])
            certain = confirmed(rule.origin) and kept.certificate.expires is not None
            title = Text(f"{kept.certificate.ref}: re-assessment", f"{kept.certificate.ref}：复评")
            yield kept.milestone("re-assessment", rule, (start, end), title, rule.title, certain=certain)
            yield from _papers(kept, end, "re-assessment")
