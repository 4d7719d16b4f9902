"""What the judging commands print for scripts; the shapes are `schemas/cli/{assess,gap,roadmap,applicability}.json`."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from itss_bridge.applicability import Statement
from itss_bridge.diagnosis import by_element, by_level
from itss_bridge.exporters.document import assessment_json
from itss_bridge.exporters.steering import gap_json
from itss_bridge.exporters.values import moment
from itss_bridge.model import Quarter, Report, Status, Verdict

JsonObject = dict[str, Any]


def assessment_shape(report: Report) -> JsonObject:
    """What `assess --json` prints: the report's own document with distances, judgements and what it rests on."""
    return assessment_json(report) | {
        "organisation": report.organisation,
        "target": report.target,
        "reached": report.assessment.reached,
        "catalogue": report.catalogue,
        "version": report.version,
        "notes": [asdict(note) for note in report.notes],
        "streams": [{"source": s.source, "stream": s.stream, "state": s.state, "head": s.head} for s in report.streams],
    }


def roadmap_shape(report: Report, target: int | None, capacity: int, quarters: Iterable[Quarter]) -> JsonObject:
    """What `gap --roadmap --json` prints: the diagnosis, then the gaps by quarter."""
    return {
        "organisation": report.organisation,
        "as_of": moment(report.as_of),
        "reached": report.assessment.reached,
        "target": target,
        "capacity": capacity,
        "levels": {
            str(level): {"state": state.value, **{verdict.value: counts[verdict] for verdict in Verdict}}
            for level, (state, counts) in by_level(report).items()
        },
        "elements": {
            element: {status.value: counts[status] for status in Status}
            for element, counts in by_element(report).items()
        },
        "quarters": [
            {
                "quarter": f"{q.year}-Q{q.number}",
                "days": q.days,
                "capacity": q.capacity,
                "overdue": [gap.result.check.id for gap in q.overdue],
                "reached": list(q.reached),
                "gaps": [gap_json(gap) for gap in q.gaps],
            }
            for q in quarters
        ],
    }


def statement_shape(line: Statement) -> JsonObject:
    """One line of `matrix --applicability --json`."""
    return asdict(line)
