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


class OscalLevel4Exporter(OscalProfileExporter):
    """ITSS level 4, the lowest, whatever the target."""

    name: ClassVar[str] = "oscal-profile-4"
    suffix: ClassVar[str] = ".level-4.profile.oscal.json"
    title: ClassVar[Text] = Text("OSCAL profile of ITSS level 4", "OSCAL ITSS 四级基线（profile）")
    level: ClassVar[int | None] = 4


class OscalLevel3Exporter(OscalProfileExporter):
    """ITSS level 3, whatever the target."""

    name: ClassVar[str] = "oscal-profile-3"
    suffix: ClassVar[str] = ".level-3.profile.oscal.json"
    title: ClassVar[Text] = Text("OSCAL profile of ITSS level 3", "OSCAL ITSS 三级基线（profile）")
    level: ClassVar[int | None] = 3


class OscalLevel2Exporter(OscalProfileExporter):
    """ITSS level 2, whatever the target."""

    name: ClassVar[str] = "oscal-profile-2"
    suffix: ClassVar[str] = ".level-2.profile.oscal.json"
    title: ClassVar[Text] = Text("OSCAL profile of ITSS level 2", "OSCAL ITSS 二级基线（profile）")
    level: ClassVar[int | None] = 2


class OscalLevel1Exporter(OscalProfileExporter):
    """ITSS level 1, the highest, whatever the target."""

    name: ClassVar[str] = "oscal-profile-1"
    suffix: ClassVar[str] = ".level-1.profile.oscal.json"
    title: ClassVar[Text] = Text("OSCAL profile of ITSS level 1", "OSCAL ITSS 一级基线（profile）")
    level: ClassVar[int | None] = 1


OSCAL_EXPORTERS: list[type[Exporter]] = [
    OscalExporter,
    OscalAssessmentExporter,
    OscalCatalogExporter,
    OscalMappingExporter,
    OscalPlanExporter,
    OscalProfileExporter,
    OscalLevel4Exporter,
    OscalLevel3Exporter,
    OscalLevel2Exporter,
    OscalLevel1Exporter,
]
