"""One digest of all that is asked: two reports that carry the same one were judged by the same catalogue."""

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson

from itss_bridge.catalogue.load import Catalogue
from itss_bridge.model import Check


def fingerprint(catalogue: Catalogue) -> str:
    """SHA-256 over requirements, mappings with their review, queries, criteria and packs; no wording, no file names."""
    digest = hashlib.sha256()
    for part in _parts(catalogue):
        digest.update(orjson.dumps(part, default=str) + b"\n")
    return digest.hexdigest()


def _parts(catalogue: Catalogue) -> Iterator[list[Any]]:
    for name, requirement in sorted(catalogue.requirements.items()):
        yield ["requirement", name, requirement.assessable, sorted(requirement.clauses.items())]
    for name, crosswalk in sorted(catalogue.crosswalks.items()):
        rows = [[m.source, m.target, m.relationship, m.strength, m.review] for m in crosswalk.mappings]
        yield ["crosswalk", name, sorted(rows)]
    for name, m in sorted(catalogue.metrics.items()):
        yield ["metric", name, m.unit, m.better, m.summary, m.window, m.streams, m.population]
    for name, check in sorted(catalogue.checks.items()):
        yield ["check", name, *_asked(check)]
    for name, pack in sorted(catalogue.packs.items()):
        yield ["pack", name, pack.authority, sorted([rule.id, *_asked(rule)] for rule in pack.rules)]


def _asked(check: Check) -> list[Any]:
    criterion = check.criterion
    return [
        check.metric,
        sorted(check.arguments.items()),
        criterion.operator,
        str(criterion.threshold),
        criterion.months or 0,
        sorted(check.requirements),
        check.level or 0,
        check.conditional,
    ]
