"""An ITSS level as an OSCAL profile: the requirements that are asked up to it, their thresholds as parameters."""

from collections.abc import Iterator

from itss_bridge.errors import UsageError
from itss_bridge.exporters.oscal.asked import Asked, asked, at_level, parameter_id
from itss_bridge.exporters.oscal.parts import (
    JsonObject,
    catalog_urn,
    document,
    identity,
    markup,
    props,
    resource,
    token,
)
from itss_bridge.exporters.values import needed
from itss_bridge.messages import say
from itss_bridge.model import Report, Text
from itss_bridge.wording import LEVEL
from itss_bridge.wording import needed as told

KIND = "profile"
LOWEST = 4
TITLE = Text("What ITSS {level} asks", "ITSS {level}的要求")
CATALOG_TITLE = Text("Catalog of the frameworks", "各标准要求目录")


def profile(report: Report, level: int | None, language: str) -> JsonObject:
    """The profile of *level*; of the target when None, of the lowest level where no target is set.

    Raises:
        UsageError: no check asks for anything: OSCAL knows no empty profile.
    """
    chosen = level or report.target or LOWEST
    found = at_level(asked(report), chosen)
    if not found:
        raise UsageError(
            say("there is nothing that level {level} asks", level=chosen),
            cause=say("no check speaks to the frameworks of this report"),
        )
    place = identity("resource", report.organisation, "catalog")
    title = Text(*(TITLE[name].format(level=LEVEL[chosen][name]) for name in ("en", "zh")))
    content = {
        "imports": [{"href": f"#{place}", "include-controls": [{"with-ids": [token(name) for name in found]}]}],
        "merge": {"as-is": True},
        "modify": {"set-parameters": list(_thresholds(report, found, language))},
        "back-matter": {"resources": [resource(place, CATALOG_TITLE, catalog_urn(report, language), language)]},
    }
    return document(KIND, title, report, language, content, part=f"level-{chosen}")


def _thresholds(report: Report, found: Asked, language: str) -> Iterator[JsonObject]:
    for requirement, checks in found.items():
        for check in checks.values():
            metric = report.metrics.get(check.metric)
            asks = told(check.criterion, metric.unit if metric else "")
            origin = props(*(("source", one) for one in check.origin.source), ("confidence", check.origin.confidence))
            yield {
                "param-id": parameter_id(requirement, check),
                **({"props": origin} if origin else {}),
                "constraints": [{"description": markup(asks[language])}],
                "values": [needed(check.criterion)],
            }
