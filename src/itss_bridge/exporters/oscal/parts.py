"""What all OSCAL documents are put together from: tokens, UUIDs, properties, markup, metadata."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from itss_bridge.exporters.foreign import plain
from itss_bridge.exporters.markdown import escaped
from itss_bridge.model import Json, Report, Text
from itss_bridge.wording import LANGUAGES, other

JsonObject = dict[str, Json]

NS = "https://itss-bridge.example/ns/oscal"
OSCAL_VERSION = "1.2.1"
CATALOG = "catalog"
NOTHING = "–"

_ROOT = uuid5(NAMESPACE_URL, NS)
_NOT_IN_TOKEN = re.compile(r"[^\w.-]")
_EXACT = 2**53


def token(name: str) -> str:
    """*name* as an OSCAL token: `itss:prc-inc-a` becomes `itss-prc-inc-a`; it begins with a letter or underscore."""
    safe = _NOT_IN_TOKEN.sub("-", name)
    return safe if safe[:1].isalpha() else f"_{safe}"


def statement(requirement_id: str) -> str:
    """The id of the part of a control that says what it is about: what findings and mappings may point at."""
    return f"{token(requirement_id)}_smt"


def identity(*names: str) -> str:
    """A UUID (version 5) that is the same for the same names, on every machine and day."""
    return str(uuid5(_ROOT, "\n".join(plain(name) for name in names)))


def line(text: str) -> str:
    """*text* on one line without space around it; a dash where nothing is left."""
    return " ".join(plain(text).replace("\ufeff", " ").split()) or NOTHING


def markup(text: str) -> str:
    """*text* for a place where OSCAL reads Markdown: it stays what it says."""
    return escaped(line(text))


def prop(name: str, value: object, language: str = "", **more: str) -> JsonObject:
    """One property of ours; *language* stands as its class where the value is in one."""
    said = {"name": name, "ns": NS, "value": line(str(value))}
    return {**said, **({"class": language} if language else {}), **more}


def props(*given: tuple[str, object]) -> list[JsonObject]:
    """Properties of those that have a value: None and empty text have none."""
    return [prop(name, value) for name, value in given if value is not None and str(value).strip()]


def both(name: str, text: Text) -> list[JsonObject]:
    """*text* as properties, one for each language that has it."""
    return [prop(name, text[language], language) for language in LANGUAGES if text[language].strip()]


def second(name: str, text: Text, language: str) -> list[JsonObject]:
    """*text* in the language that is not shown first."""
    return [prop(name, text[other(language)], other(language))] if text[other(language)].strip() else []


def figure(value: float | None) -> str | None:
    """A number as exact text; None where there is none, or none that can be written."""
    if value is None or not math.isfinite(value):
        return None
    return str(int(value)) if float(value).is_integer() and abs(value) < _EXACT else repr(float(value))


def stamp(moment: datetime) -> str:
    """A moment in UTC as OSCAL writes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def filled(thing: Mapping[str, Json]) -> JsonObject:
    """*thing* without keys that hold nothing: OSCAL knows no empty list and no null."""
    return {key: value for key, value in thing.items() if value not in (None, [], {}, "")}


def resource(uuid: str, title: Text, href: str, language: str, about: Iterable[JsonObject] = ()) -> JsonObject:
    """An entry of the back matter: a thing outside that the document speaks of."""
    named = {"uuid": uuid, "title": markup(title[language]), "props": [*second("title", title, language), *about]}
    return filled(named | {"rlinks": [{"href": href}]})


def document(
    kind: str, title: Text, report: Report, language: str, content: Mapping[str, Json], part: str = ""
) -> JsonObject:
    """A whole document of *kind*; its UUID and its time come from the report, never from a clock.

    *part* tells documents of one kind apart that speak of different things.
    """
    about = props(
        ("language", language),
        ("organisation", report.organisation),
        ("catalogue", report.catalogue),
        ("time-zone", report.time_zone),
    )
    metadata = {
        "title": markup(title[language]),
        "last-modified": stamp(report.as_of),
        "version": line(f"{report.version} {report.as_of.date()}"),
        "oscal-version": OSCAL_VERSION,
        "props": [*second("title", title, language), *about],
    }
    return {kind: filled({"uuid": _edition(kind, report, language, part), "metadata": metadata, **content})}


def catalog_urn(report: Report, language: str) -> str:
    """The report's catalog by its UUID: what its file is called is its owner's affair."""
    return f"urn:uuid:{_edition(CATALOG, report, language)}"


def _edition(kind: str, report: Report, language: str, part: str = "") -> str:
    """The UUID of one edition of a document: another moment, catalogue or language, another UUID."""
    parts = (part,) if part else ()
    return identity(kind, report.organisation, stamp(report.as_of), report.catalogue, language, *parts)
