"""What people steer by, as JSON: gaps, nonconformities, dates, documents, materials."""

from itss_bridge.exporters.agenda import milestone_json
from itss_bridge.exporters.values import JsonObject, day_json, figures_json, item_json, needed, number_json, text_json
from itss_bridge.model import DocumentRow, Gap, MaterialRow, Nonconformity, Report
from itss_bridge.shortfall import next_step


def steering_json(report: Report) -> JsonObject:
    """The parts of `schemas/cli/report.json` that say what to do next."""
    return {
        "gaps": [gap_json(gap) for gap in report.gaps],
        "nonconformities": [nonconformity_json(one) for one in report.nonconformities],
        "calendar": [milestone_json(milestone) for milestone in report.calendar],
        "documents": [document_json(row) for row in report.documents],
        "orphans": [item_json(item) for item in report.orphans],
        "materials": [material_json(row) for row in report.materials],
    }


def gap_json(gap: Gap) -> JsonObject:
    """One gap of `gap --json`."""
    result, measured, action = gap.result, gap.result.measurement, gap.action
    return {
        "rank": gap.rank,
        "id": result.check.id,
        "state": result.verdict.value,
        "value": number_json(measured.value) if measured else None,
        "needed": needed(result.check.criterion),
        **figures_json(result),
        "checks": [r.check.id for r in (result, *gap.also)],
        "level": result.check.level,
        "requirements": list(gap.requirements),
        "reaches": list(gap.reaches),
        "frameworks": list(gap.frameworks),
        "levels": list(gap.levels),
        "opens": gap.opens,
        "binding": gap.binding,
        "effort": gap.effort,
        "effort_assumed": gap.assumed,
        "owner": action.owner if action else "",
        "due": day_json(action.due) if action else None,
        "earliest": day_json(gap.earliest),
        "next_action": text_json(next_step(result, action)),
        "failing": [item_json(item) for item in measured.failing] if measured else [],
        "source": list(result.check.origin.source),
        "confidence": result.check.origin.confidence,
    }


def nonconformity_json(one: Nonconformity) -> JsonObject:
    """One nonconformity of `nonconformity list --json`."""
    ticket = one.ticket
    return {
        "id": one.id,
        "subject": one.subject,
        "requirements": list(one.requirements),
        "grade": one.grade,
        "progress": one.progress,
        "title": text_json(one.title),
        "opened": one.opened.isoformat(),
        "due": day_json(one.due),
        "closed": day_json(one.closed),
        "owner": one.owner,
        "root_cause": one.root_cause,
        "correction": one.correction,
        "corrective_action": one.corrective_action,
        "effectiveness": one.effectiveness,
        "ticket": ticket
        and {"source": ticket.source, "ref": ticket.ref, "url": ticket.url, "state": ticket.state, "done": ticket.done},
        "failing": [item_json(item) for item in one.failing],
        "reason": text_json(one.reason),
    }


def document_json(row: DocumentRow) -> JsonObject:
    """One row of the document comparison."""
    return {
        "requirement": row.requirement,
        "document": row.information.id,
        "kind": row.information.kind,
        "title": text_json(row.information.title),
        "state": row.state,
        "found": [item_json(item) for item in row.found],
        "reason": text_json(row.reason),
    }


def material_json(row: MaterialRow) -> JsonObject:
    """One thing to hand in."""
    return {
        "id": row.id,
        "checklist": text_json(row.checklist),
        "title": text_json(row.title),
        "owner": text_json(row.owner),
        "evidence": row.evidence,
        "requirements": list(row.requirements),
        "state": row.state,
        "found": [item_json(item) for item in row.found],
        "reason": text_json(row.reason),
        "source": list(row.origin.source),
        "confidence": row.origin.confidence,
    }
