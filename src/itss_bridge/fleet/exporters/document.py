"""The portfolio as one JSON document, and the parts of it that the command line prints."""

from collections.abc import Mapping
from dataclasses import asdict

from itss_bridge.exporters.document import dumps
from itss_bridge.exporters.values import JsonObject, number_json, text_json
from itss_bridge.fleet.benchmarks import MONTHS, Benchmark, Place
from itss_bridge.fleet.portfolio import FrameworkTotal, LevelTotal, Organisation, Portfolio
from itss_bridge.fleet.shared_gaps import SharedGap
from itss_bridge.fleet.told import FrameworkCounts, LevelCounts
from itss_bridge.model import Status


def document(portfolio: Portfolio, language: str) -> bytes:  # noqa: ARG001 - both languages are in the document
    """The whole portfolio; its shape is `schemas/cli/fleet-portfolio.json`."""
    return dumps(portfolio_json(portfolio))


def portfolio_json(portfolio: Portfolio) -> JsonObject:
    """The whole portfolio, what is not complete named before everything else is counted."""
    return {
        "fleet": portfolio.name,
        "as_of": portfolio.as_of,
        "version": portfolio.version,
        "releases": list(portfolio.releases),
        "completeness": completeness_json(portfolio),
        "frameworks": {total.framework: _framework_total(total) for total in portfolio.frameworks},
        "levels": {str(total.level): _level_total(total) for total in portfolio.levels},
        "groups": {name: _group(of) for name, of in portfolio.groups},
        "organisations": {o.workspace: organisation_json(o) for o in portfolio.organisations},
        "benchmarks": {"months": MONTHS, "metrics": [_benchmark(benchmark) for benchmark in portfolio.benchmarks]},
        "gaps": [_gap(gap) for gap in portfolio.gaps],
    }


def completeness_json(portfolio: Portfolio) -> JsonObject:
    """How many organisations there are, and by name those that cannot be taken as they stand."""
    return {
        "organisations": len(portfolio.organisations),
        "complete": len(portfolio.of("complete")),
        "incomplete": [o.workspace for o in portfolio.of("incomplete")],
        "failed": [o.workspace for o in portfolio.of("failed")],
    }


def organisation_json(organisation: Organisation) -> JsonObject:
    """One row of the portfolio; of a failed organisation everything but its error is null or empty."""
    standing = organisation.standing
    return {
        "organisation": standing.organisation if standing else None,
        "group": organisation.group,
        "state": organisation.state,
        "exit_code": organisation.exit_code,
        "error": dict(organisation.error) or None,
        "as_of": standing.as_of if standing else None,
        "target": standing.target if standing else None,
        "reached": organisation.reached,
        "frameworks": {c.framework: _counts(c) for c in standing.frameworks} if standing else {},
        "levels": {str(c.level): _level(c) for c in standing.levels} if standing else {},
        "streams": standing.streams if standing else 0,
        "short": [asdict(short) for short in standing.short] if standing else [],
        "catalogue": standing.catalogue if standing else None,
    }


def _counts(counts: FrameworkCounts) -> JsonObject:
    return {
        "counts": _by_status(counts.counts),
        "applicable": counts.applicable,
        "assessed": counts.assessed,
        "conforming": counts.counts[Status.CONFORMING],
    }


def _by_status(counts: Mapping[Status, int]) -> JsonObject:
    return {status.value: counts[status] for status in Status}


def _level(counts: LevelCounts) -> JsonObject:
    return {
        "state": counts.state.value,
        **{verdict.value: n for verdict, n in counts.verdicts.items()},
        "missing": [{"id": missing.check, "title": text_json(missing.title)} for missing in counts.missing],
    }


def _framework_total(total: FrameworkTotal) -> JsonObject:
    counts = _by_status(total.counts)
    return {"title": text_json(total.title), "organisations": total.organisations, "counts": counts}


def _level_total(total: LevelTotal) -> JsonObject:
    return {"reached": total.reached, "states": _by_status(total.states)}


def _group(of: tuple[Organisation, ...]) -> JsonObject:
    states = [organisation.state for organisation in of]
    reached = [organisation.reached for organisation in of]
    return {
        "organisations": len(of),
        "complete": states.count("complete"),
        "incomplete": states.count("incomplete"),
        "failed": states.count("failed"),
        "reached": {str(level): reached.count(level) for level in (4, 3, 2, 1)},
    }


def _benchmark(benchmark: Benchmark) -> JsonObject:
    return {
        "id": benchmark.metric,
        "title": text_json(benchmark.title),
        "unit": benchmark.unit,
        "better": benchmark.better,
        "calendar": benchmark.calendar or None,
        "n": len(benchmark.places),
        "lower_quartile": number_json(benchmark.lower),
        "median": number_json(benchmark.median),
        "upper_quartile": number_json(benchmark.upper),
        "best": number_json(benchmark.best.value) if benchmark.best else None,
        "worst": number_json(benchmark.worst.value) if benchmark.worst else None,
        "organisations": [_place(place) for place in benchmark.places],
        "no_data": list(benchmark.no_data),
        "unknown": list(benchmark.unknown),
    }


def _place(place: Place) -> JsonObject:
    return {
        "workspace": place.workspace,
        "rank": place.rank,
        "value": number_json(place.value),
        "n": place.n,
        "numerator": number_json(place.numerator),
        "denominator": place.denominator,
    }


def _gap(gap: SharedGap) -> JsonObject:
    return {
        "rank": gap.rank,
        "id": gap.check,
        "title": text_json(gap.title),
        "metric": gap.metric,
        "arguments": dict(gap.arguments),
        "organisations": gap.organisations,
        "not_met": list(gap.not_met),
        "undetermined": list(gap.undetermined),
        "holds": {str(level): n for level, n in gap.holds.items()},
        "frameworks": list(gap.frameworks),
        "opens": gap.opens,
        "effort": gap.effort,
        "effort_assumed": gap.assumed,
    }
