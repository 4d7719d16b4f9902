"""One report told section by section: nothing but texts and whole numbers, each text on one line and harmless."""

from collections.abc import Iterator
from datetime import date

from itss_bridge.exporters.account.words import WORD
from itss_bridge.exporters.foreign import plain
from itss_bridge.exporters.reading import Reading, measured_value, unit_of
from itss_bridge.model import (
    CheckResult,
    DocumentRow,
    Finding,
    Framework,
    Gap,
    Json,
    Judgement,
    LevelOutcome,
    Measurement,
    Milestone,
    Nonconformity,
    PackOutcome,
    Report,
    StreamState,
    Verdict,
)
from itss_bridge.model import Status as Conformity
from itss_bridge.shortfall import distance, next_step
from itss_bridge.wording import (
    AUTHORITY,
    DOCUMENT_STATE,
    GRADE,
    HEAD,
    LANGUAGES,
    LEVEL,
    LEVEL_STATE,
    PHRASE,
    PROGRESS,
    STATUS,
    STREAM_STATE,
    VERDICT,
    VERDICT_STATUS,
    as_reason,
    needed,
    number,
    phrase,
    quantity,
    stream,
)

JsonObject = dict[str, Json]

NO_VALUE = "–"
FILL = {
    "conforming": "CFE8DA",
    "partial": "FBE7B8",
    "nonconforming": "F6C9C4",
    "undetermined": "DADCE8",
    "not-applicable": "F2F3F4",
}
"""What a cell with a status is filled with; unknown is never green."""


def account(report: Report, language: str) -> JsonObject:
    """All sections in *language*; every key is there whatever the report holds, and lists may be empty."""
    return _Account(Reading(report), language if language in LANGUAGES else "zh").told()


class _Account:
    def __init__(self, reading: Reading, language: str) -> None:
        self.reading = reading
        self.report = reading.report
        self.language = language
        self.today = reading.local(self.report.as_of).date()

    def told(self) -> JsonObject:
        documents = self.report.documents
        current = sum(row.state == "current" for row in documents)
        kpis = [m for m in self.report.assessment.measurements if m.metric.startswith("kpi-")]
        return {
            **self._cover(),
            "words": {name: text[self.language] for name, text in WORD.items()},
            "heads": {name: text[self.language] for name, text in HEAD.items()},
            "statuses": [_status(status, self.language) for status in Conformity],
            "streams": [self._stream(state) for state in self.report.streams],
            "levels": [self._level(o) for _, o in sorted(self.report.assessment.levels.items(), reverse=True)],
            "frameworks": [self._framework(framework) for framework in self.reading.ordered],
            "gaps": [self._gap(gap) for gap in self.report.gaps],
            "nonconformities": [self._nonconformity(one) for one in self.report.nonconformities],
            "documents_lead": WORD["documents_lead"][self.language].format(current=current, all=len(documents)),
            "documents": [self._document(row) for row in documents if row.state != "current"],
            "metrics": sorted((self._metric(m) for m in kpis), key=lambda m: (m["title"], m["window"], m["of"])),
            "dates": [self._date(milestone) for milestone in self.report.calendar],
            "judgements": [self._judgement(judgement) for judgement in self.report.judgements],
            "notes": [_line(note[self.language]) for note in self.report.notes],
        }

    def _cover(self) -> JsonObject:
        report, zone = self.report, self.report.time_zone
        reached = report.assessment.reached
        short = len(self.reading.unfinished)
        return {
            "language": self.language,
            "organisation": _line(report.organisation),
            "as_of": _line(f"{self.reading.minute(report.as_of)} ({zone})"),
            "date": self.reading.day(report.as_of),
            "version": _line(report.version),
            "catalogue": _line(report.catalogue)[:16],
            "target": LEVEL[report.target][self.language] if report.target else PHRASE["no_target"][self.language],
            "reached": LEVEL[reached][self.language] if reached else WORD["reached_none"][self.language],
            "complete": bool(report.streams) and not short,
            "alarm": self._alarm(short),
            "disclaimer": PHRASE["decision"][self.language],
        }

    def _alarm(self, short: int) -> str:
        """Incomplete never looks complete: it is said on the cover."""
        total = len(self.report.streams)
        if not total:
            return PHRASE["alarm_none"][self.language]
        told = phrase("alarm_lead", n=short, all=total) if short else phrase("all_complete", all=total)
        return told[self.language]

    def _stream(self, state: StreamState) -> JsonObject:
        expected = NO_VALUE if state.expected is None else f"{state.expected:,}"
        return {
            "stream": _line(stream(state.stream)[self.language]),
            "source": _line(state.source),
            "held": f"{state.seen:,} / {expected}",
            "state": STREAM_STATE[state.state][self.language],
            "fill": FILL["conforming" if state.state == "complete" else "nonconforming"],
            "collected": self.reading.minute(state.collected_at) or NO_VALUE,
            "reason": _line(as_reason(state.reason)[self.language]),
            "head": state.head[:16],
        }

    def _level(self, outcome: LevelOutcome) -> JsonObject:
        """A level with its packs; what is missing is listed up to the target, binding rules alone."""
        asked = outcome.level >= (self.report.target or 1)
        return {
            "level": outcome.level,
            "name": LEVEL[outcome.level][self.language],
            "state": LEVEL_STATE[outcome.status][self.language],
            "status": outcome.status.value,
            "fill": FILL[outcome.status.value],
            "target": outcome.level == self.report.target,
            "asked": asked,
            "reason": _line(outcome.reason[self.language]),
            "packs": [self._pack(pack) for pack in outcome.packs],
            "missing": list(self._missing(outcome)) if asked else [],
        }

    def _pack(self, outcome: PackOutcome) -> JsonObject:
        found = [rule.verdict for rule in outcome.rules]
        return {
            "title": _line(outcome.pack.title[self.language]),
            "authority": AUTHORITY[outcome.pack.authority][self.language],
            "binding": outcome.binding,
            "deciding": PHRASE["binding_yes" if outcome.binding else "binding_no"][self.language],
            **{verdict.value: found.count(verdict) for verdict in Verdict},
            "rules": len(found),
        }

    def _missing(self, outcome: LevelOutcome) -> Iterator[JsonObject]:
        for pack in outcome.packs:
            for rule in pack.rules:
                if pack.binding and rule.verdict is not Verdict.MET:
                    yield {**self._check(rule), "pack": _line(pack.pack.title[self.language])}

    def _check(self, result: CheckResult) -> JsonObject:
        """A check with its number and all that an auditor asks about it."""
        return {
            "check": result.check.id,
            "title": _line(result.check.title[self.language]),
            "verdict": VERDICT[result.verdict][self.language],
            "fill": FILL[VERDICT_STATUS[result.verdict].value],
            "value": _line(measured_value(result)[self.language]),
            "needed": _line(needed(result.check.criterion, unit_of(result))[self.language]),
            "distance": _line(distance(result)[self.language]),
            "n": f"{result.measurement.n:,}" if result.measurement else NO_VALUE,
            "fraction": _fraction(result.measurement),
            "reason": _line(as_reason(result.reason)[self.language]),
        }

    def _framework(self, framework: Framework) -> JsonObject:
        counts = self.report.counts(framework.id)
        return {
            "title": _line(framework.title[self.language]),
            "edition": _line(framework.editions[0].name[self.language]) if framework.editions else "",
            "total": sum(counts.values()),
            "counts": [{**_status(status, self.language), "n": counts[status]} for status in Conformity],
            "findings": [self._finding(finding) for finding in self.report.findings(framework.id)],
        }

    def _finding(self, finding: Finding) -> JsonObject:
        above = self.reading.above(finding.requirement)
        return {
            **_status(finding.status, self.language),
            "clause": _line(self.reading.number(finding.requirement)),
            "title": _line(self.reading.title(finding.requirement)[self.language]),
            "above": _line(above[self.language]) if above else "",
            "evidence": f"{finding.evidence:,}",
            "reason": _line(finding.reason[self.language]),
        }

    def _gap(self, gap: Gap) -> JsonObject:
        action = gap.action
        waits = WORD["earliest"][self.language].format(day=gap.earliest) if gap.earliest else ""
        return {
            **self._check(gap.result),
            "rank": gap.rank,
            "clauses": ", ".join(_line(self.reading.number(name)) for name in gap.requirements),
            "action": _line(next_step(gap.result, action)[self.language]),
            "owner": _line(action.owner) if action else NO_VALUE,
            "due": self._due(action.due if action else None, open_=True) if action else waits,
        }

    def _due(self, due: date | None, *, open_: bool) -> str:
        late = f" {WORD['overdue'][self.language]}" if open_ and due and due < self.today else ""
        return f"{due or NO_VALUE}{late}"

    def _nonconformity(self, one: Nonconformity) -> JsonObject:
        return {
            "id": _line(one.id),
            "title": _line(one.title[self.language]),
            "grade": GRADE[one.grade][self.language],
            "progress": PROGRESS[one.progress][self.language],
            "opened": str(one.opened),
            "due": self._due(one.due, open_=one.progress != "closed"),
            "closed": str(one.closed or NO_VALUE),
            "owner": _line(one.owner) or NO_VALUE,
            "clauses": ", ".join(_line(self.reading.number(name)) for name in one.requirements),
            "cause": _line(one.root_cause) or NO_VALUE,
            "correction": _line(f"{one.correction} {one.corrective_action}") or NO_VALUE,
            "reason": _line(one.reason[self.language]),
            "ticket": _line(one.ticket.ref) if one.ticket else NO_VALUE,
        }

    def _document(self, row: DocumentRow) -> JsonObject:
        fill = {"missing": "nonconforming", "unknown": "undetermined"}.get(row.state, "partial")
        return {
            "clause": _line(self.reading.number(row.requirement)),
            "title": _line(row.information.title[self.language]),
            "state": DOCUMENT_STATE[row.state][self.language],
            "fill": FILL[fill],
            "reason": _line(row.reason[self.language]),
        }

    def _metric(self, measured: Measurement) -> JsonObject:
        metric = self.reading.metric(measured.metric)
        told = as_reason(measured.unknown) if measured.unknown else quantity(measured.value, measured.unit)
        return {
            "metric": _line(measured.metric),
            "title": _line(metric.title[self.language]) if metric else _line(measured.metric),
            "of": _line(", ".join(f"{name} {value}" for name, value in sorted(measured.arguments.items()))),
            "value": _line(told[self.language]),
            "known": not measured.unknown and measured.value is not None,
            "n": f"{measured.n:,}",
            "fraction": _fraction(measured),
            "excluded": _line(", ".join(f"{why} {n:,}" for why, n in sorted(measured.excluded.items()))),
            "window": self.reading.window(measured),
            "definition": _line(metric.definition[self.language]) if metric else "",
        }

    def _date(self, milestone: Milestone) -> JsonObject:
        when = NO_VALUE if milestone.on is None else str(milestone.on)
        return {
            "when": f"{when} – {milestone.until}" if milestone.on and milestone.until else when,
            "title": _line(milestone.title[self.language]),
            "note": _line(milestone.note[self.language]),
            "certain": "" if milestone.certain else WORD["unsure"][self.language],
        }

    def _judgement(self, judgement: Judgement) -> JsonObject:
        finding = self.report.assessment.findings.get(judgement.requirement)
        measured = finding.measured if finding else None
        return {
            **_status(judgement.status, self.language),
            "clause": _line(self.reading.number(judgement.requirement)),
            "title": _line(self.reading.title(judgement.requirement)[self.language]),
            "measured": STATUS[measured][self.language] if measured else NO_VALUE,
            "reason": _line(judgement.reason),
            "role": _line(judgement.role),
            "on": str(judgement.on),
            "expires": str(judgement.expires or NO_VALUE),
        }


def _status(status: Conformity, language: str) -> JsonObject:
    return {"status": status.value, "label": STATUS[status][language], "fill": FILL[status.value]}


def _fraction(measured: Measurement | None) -> str:
    """Numerator and denominator, from the same query as the value."""
    if measured is None or measured.unknown:
        return NO_VALUE
    above = NO_VALUE if measured.numerator is None else number(measured.numerator)
    return f"{above} / {measured.denominator:,}"


def _line(text: str) -> str:
    """*text* on one line, without what XML forbids."""
    return " ".join(plain(text).split())
