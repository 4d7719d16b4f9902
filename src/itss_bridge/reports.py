"""Reports that were written earlier, read back: `export x.json`, or what `assess --json` printed."""

from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from itss_bridge.errors import UsageError
from itss_bridge.forms import Form
from itss_bridge.messages import say
from itss_bridge.model import Json, Status, Verdict


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": sorted(properties)}


def _each(shape: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": shape}


def _list(shape: Any) -> dict[str, Any]:
    return {"type": "array", "items": shape}


_TEXT = {"type": "string"}
_STATUS = [status.value for status in Status]
_VERDICT = {"enum": [verdict.value for verdict in Verdict]}
_CHECK = _object(id=_TEXT, verdict=_VERDICT, value={"type": ["number", "null"]}, needed=_TEXT)
_SUPPORT = _object(source=_TEXT, target=_TEXT, requirement=_TEXT, relationship=_TEXT, review=_TEXT, status=_TEXT)
_FINDING = _object(
    requirement=_TEXT,
    clause={"type": ["string", "null"]},
    title=_object(en=_TEXT, zh=_TEXT),
    status={"enum": _STATUS},
    basis=_TEXT,
    checks=_list(_CHECK),
    supports=_list(_SUPPORT),
)
_FINDING["properties"]["measured"] = {"enum": [*_STATUS, None]}
_RULES = _object(rules=_list(_object(id=_TEXT, state=_VERDICT)))
# only what a comparison needs: a file of an older or a newer version of this tool has other fields besides
_REPORT = _object(
    as_of={"type": "string", "pattern": "T.*(Z|[+-][0-9]{2}:[0-9]{2})$"},
    frameworks=_each(_object(findings=_list(_FINDING))),
    levels={
        **_each(_object(state={"enum": _STATUS}, packs=_each(_RULES))),
        "propertyNames": {"pattern": "^[1-4]$"},
    },
)
_REPORT["properties"]["streams"] = _list(_object(source=_TEXT, stream=_TEXT, state=_TEXT, head=_TEXT))
_NEEDED = Form(_REPORT)


def read_report(path: str) -> Json:
    """The document in the file.

    Raises:
        UsageError: there is no such file, it is not JSON, or it is no report.
    """
    try:
        document = orjson.loads(Path(path).read_bytes())
    except OSError as error:
        raise UsageError(say("the report cannot be read"), where=path, cause=error.strerror or "") from None
    except orjson.JSONDecodeError as error:
        raise UsageError(say("the report is not JSON"), where=f"{path}:{error.lineno}:{error.colno}") from None
    misfit = _NEEDED.misfit(document)
    if misfit is not None:
        raise _no_report(path, misfit.place or "the document", misfit.message[:200])
    try:
        datetime.fromisoformat(document["as_of"])
    except ValueError as error:
        raise _no_report(path, "as_of", str(error)) from None
    return document


def _no_report(path: str, place: str, cause: str) -> UsageError:
    return UsageError(
        say("this is no report: {place} does not fit", place=place),
        where=path,
        cause=cause,
        fix=say("name a file that `export x.json` or `assess --json` wrote"),
    )
