"""The report as a text file for Prometheus (textfile collector): what is unknown gives no number."""

import math
from collections.abc import Iterable, Iterator
from typing import ClassVar

from itss_bridge.contracts import Exporter
from itss_bridge.exporters.foreign import plain
from itss_bridge.exporters.reading import Entry, Reading, unit_of
from itss_bridge.model import Report, Status, Text, Verdict

Sample = tuple[dict[str, str], float | None]

HELP = {
    "report_timestamp_seconds": "Moment that the report is as of.",
    "requirements": "Assessable requirements of a framework.",
    "requirement_status": "Requirements of a framework that have a status.",
    "target_level": "ITSS level aimed at, 4 lowest to 1 highest; absent when none is set.",
    "level_reached": "Highest ITSS level that conforms with all lower ones; absent when none does.",
    "level_status": "1 for the status of an ITSS level, 0 for the others.",
    "level_rules": "Rules of a pack at an ITSS level by verdict.",
    "check_verdict": "1 for the verdict of a check, 0 for the others.",
    "check_value": "Measured value of a check; absent when there is no data or nothing may be concluded.",
    "check_n": "Items that the value of a check rests on.",
    "check_denominator": "Denominator of a check's value.",
    "check_population": "Items that a check's metric looked at, excluded ones included.",
    "stream_complete": "1 when a stream of a source is complete, else 0.",
    "stream_seen": "Records of a stream held here.",
    "stream_expected": "Records that the source says the stream has; absent when it does not say.",
    "stream_collected_timestamp_seconds": "When a stream was last collected.",
    "gaps": "Gaps between here and the target.",
    "nonconformities": "Tracked nonconformities by grade and progress.",
}


class PrometheusExporter(Exporter):
    """Gauges only; the same names and labels in both languages, and no time stamps, which the collector refuses."""

    name: ClassVar[str] = "prometheus"
    suffix: ClassVar[str] = ".prom"
    title: ClassVar[Text] = Text("gauges for Prometheus' textfile collector", "Prometheus textfile 采集器所用指标")

    def export(self, report: Report, language: str) -> bytes:  # noqa: ARG002 - names and labels are the same in all
        """The whole exposition, one family after the other; one without samples is left out."""
        reading = Reading(report)
        families = (_family(name, samples) for name, samples in _families(reading))
        return "".join(families).encode()


def _families(reading: Reading) -> Iterator[tuple[str, Iterable[Sample]]]:
    report = reading.report
    about = {"organisation": report.organisation, "version": report.version}
    yield "report_timestamp_seconds", [(about, report.as_of.timestamp())]
    yield "requirements", [({"framework": f.id}, sum(report.counts(f.id).values())) for f in reading.ordered]
    yield "requirement_status", _statuses(reading)
    yield "target_level", [({}, report.target)]
    yield "level_reached", [({}, report.assessment.reached)]
    yield "level_status", _levels(report)
    yield "level_rules", _rules(report)
    yield from _checks(reading)
    yield from _streams(report)
    yield "gaps", [({}, len(report.gaps))]
    yield "nonconformities", _tracked(report)


def _statuses(reading: Reading) -> Iterator[Sample]:
    for framework in reading.ordered:
        for status, count in reading.report.counts(framework.id).items():
            yield {"framework": framework.id, "status": status.value}, count


def _levels(report: Report) -> Iterator[Sample]:
    for level, outcome in sorted(report.assessment.levels.items(), reverse=True):
        for status in Status:
            yield {"level": str(level), "status": status.value}, outcome.status is status


def _rules(report: Report) -> Iterator[Sample]:
    for level, outcome in sorted(report.assessment.levels.items(), reverse=True):
        for pack in outcome.packs:
            binding = "true" if pack.binding else "false"
            found = [rule.verdict for rule in pack.rules]
            for verdict in Verdict:
                labels = {"level": str(level), "pack": pack.pack.id, "binding": binding, "verdict": verdict.value}
                yield labels, found.count(verdict)


def _checks(reading: Reading) -> Iterator[tuple[str, Iterable[Sample]]]:
    entries = reading.entries.values()
    measured = [(_check(e), e.result.measurement) for e in entries if e.result.measurement]
    yield (
        "check_verdict",
        (
            ({"check": e.key, "verdict": verdict.value}, e.result.verdict is verdict)
            for e in entries
            for verdict in Verdict
        ),
    )
    known = [(labels, m) for labels, m in measured if not m.unknown]
    yield "check_value", ((labels, m.value) for labels, m in known)
    yield "check_n", ((labels, m.n) for labels, m in known)
    yield "check_denominator", ((labels, m.denominator) for labels, m in known)
    yield "check_population", ((labels, m.items) for labels, m in known)


def _verdicts(entries: Iterable[Entry]) -> Iterator[Sample]:
    for entry in entries:
        for verdict in Verdict:
            yield {"check": entry.key, "verdict": verdict.value}, entry.result.verdict is verdict


def _check(entry: Entry) -> dict[str, str]:
    return {"check": entry.key, "metric": entry.result.check.metric, "unit": unit_of(entry.result)}


def _streams(report: Report) -> Iterator[tuple[str, Iterable[Sample]]]:
    states = [({"source": s.source, "stream": s.stream}, s) for s in report.streams]
    yield "stream_complete", ((labels, s.state == "complete") for labels, s in states)
    yield "stream_seen", ((labels, s.seen) for labels, s in states)
    yield "stream_expected", ((labels, s.expected) for labels, s in states)
    yield (
        "stream_collected_timestamp_seconds",
        ((labels, s.collected_at.timestamp() if s.collected_at else None) for labels, s in states),
    )


def _tracked(report: Report) -> Iterator[Sample]:
    counts: dict[tuple[str, str], int] = {}
    for one in report.nonconformities:
        counts[one.grade, one.progress] = counts.get((one.grade, one.progress), 0) + 1
    for (grade, progress), count in sorted(counts.items()):
        yield {"grade": grade, "progress": progress}, count


def _family(name: str, samples: Iterable[Sample]) -> str:
    full = f"itss_bridge_{name}"
    lines = [f"{full}{_labels(labels)} {value}" for labels, number in samples if (value := _number(number))]
    return "\n".join([f"# HELP {full} {HELP[name]}", f"# TYPE {full} gauge", *lines, ""]) if lines else ""


def _number(value: float | None) -> str:
    """Exact decimal text; empty for what is no number, so that its sample is left out."""
    if value is None or not math.isfinite(value):
        return ""
    return repr(int(value)) if float(value).is_integer() else repr(float(value))


def _labels(labels: dict[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return plain(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
