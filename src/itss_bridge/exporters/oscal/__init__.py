"""OSCAL 1.2: the finished report as catalog, profiles, mapping-collection, assessment results, plan of action."""

from typing import ClassVar

from itss_bridge.contracts import Exporter
from itss_bridge.exporters.document import dumps
from itss_bridge.exporters.oscal.catalog import catalog
from itss_bridge.exporters.oscal.mapping import collection
from itss_bridge.exporters.oscal.plan import plan
from itss_bridge.exporters.oscal.profile import profile
from itss_bridge.exporters.oscal.reader import crosswalks
from itss_bridge.exporters.oscal.results import results
from itss_bridge.exporters.reading import Reading
from itss_bridge.model import Report, Text
from itss_bridge.wording import LEVEL

__all__ = [
    "OSCAL_EXPORTERS",
    "OscalAssessmentExporter",
    "OscalCatalogExporter",
    "OscalExporter",
    "OscalMappingExporter",
    "OscalPlanExporter",
    "OscalProfileExporter",
    "crosswalks",
]


class OscalAssessmentExporter(Exporter):
    """Findings and observations as assessment-results."""

    name: ClassVar[str] = "oscal-assessment"
    suffix: ClassVar[str] = ".assessment.oscal.json"
    title: ClassVar[Text] = Text("OSCAL assessment-results", "OSCAL 评估结果（assessment-results）")

    def export(self, report: Report, language: str) -> bytes:
        """The assessment-results; titles in *language*, the other one as properties."""
        return dumps(results(Reading(report), language))


class OscalExporter(OscalAssessmentExporter):
    """What plain `.oscal.json` means: the assessment-results."""

    name: ClassVar[str] = "oscal"
    suffix: ClassVar[str] = ".oscal.json"


class OscalCatalogExporter(Exporter):
    """Frameworks and their requirements as a catalog."""

    name: ClassVar[str] = "oscal-catalog"
    suffix: ClassVar[str] = ".catalog.oscal.json"
    title: ClassVar[Text] = Text("OSCAL catalog of the frameworks", "OSCAL 标准要求目录（catalog）")

    def export(self, report: Report, language: str) -> bytes:
        """The catalog; titles in *language*, the other one as properties."""
        return dumps(catalog(report, language))


class OscalMappingExporter(Exporter):
    """Crosswalks as a mapping-collection; `crosswalks` reads it back."""

    name: ClassVar[str] = "oscal-mapping"
    suffix: ClassVar[str] = ".mapping.oscal.json"
    title: ClassVar[Text] = Text("OSCAL mapping-collection of the crosswalks", "OSCAL 标准对照（mapping-collection）")

    def export(self, report: Report, language: str) -> bytes:
        """The mapping-collection; UsageError when no crosswalk has rows."""
        return dumps(collection(report, language))


class OscalPlanExporter(Exporter):
    """Nonconformities and gaps as a plan of action and milestones."""

    name: ClassVar[str] = "oscal-poam"
    suffix: ClassVar[str] = ".poam.oscal.json"
    title: ClassVar[Text] = Text(
        "OSCAL plan of action and milestones: gaps and nonconformities", "OSCAL 整改计划（POA&M）：差距与不符合项"
    )

    def export(self, report: Report, language: str) -> bytes:
        """The plan; one item that says so when nothing is open."""
        return dumps(plan(Reading(report), language))


class OscalProfileExporter(Exporter):
    """The target level as a profile of the catalog: what is asked up to it, thresholds as parameters."""

    name: ClassVar[str] = "oscal-profile"
    suffix: ClassVar[str] = ".profile.oscal.json"
    title: ClassVar[Text] = Text(
        "OSCAL profile of the target level: what it asks, with thresholds",
        "OSCAL 目标等级基线（profile）：要求与门槛",
    )
    level: ClassVar[int | None] = None

    def export(self, report: Report, language: str) -> bytes:
        """The profile; UsageError when no check asks for anything."""
        return dumps(profile(report, self.level, language))


def _of_level(level: int) -> type[OscalProfileExporter]:
    """The profile of one ITSS level, whatever the target."""

    class OscalLevelExporter(OscalProfileExporter):
        __doc__ = f"ITSS level {level}, whatever the target."
        name: ClassVar[str] = f"oscal-profile-{level}"
        suffix: ClassVar[str] = f".level-{level}.profile.oscal.json"
        title: ClassVar[Text] = Text(
            f"OSCAL profile of ITSS level {level}", f"OSCAL ITSS {LEVEL[level].zh[:2]}基线（profile）"
        )

    OscalLevelExporter.level = level
    return OscalLevelExporter


OSCAL_EXPORTERS: list[type[Exporter]] = [
    OscalExporter,
    OscalAssessmentExporter,
    OscalCatalogExporter,
    OscalMappingExporter,
    OscalPlanExporter,
    OscalProfileExporter,
    *(_of_level(level) for level in sorted(LEVEL, reverse=True)),
]
