"""One organisation's folder: `itss-bridge.toml`, `evidence/`, `attestations/`, `judgements/` and more."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from filelock import FileLock, Timeout

from itss_bridge.catalogue import Signature
from itss_bridge.errors import Locked, UsageError
from itss_bridge.evidence.query import DEFAULT, Bounds
from itss_bridge.forms import Misfit, form
from itss_bridge.messages import say
from itss_bridge.model import Grade, Template

FILE = "itss-bridge.toml"
DEFAULT_PACKS = ("itss-application-2020", "consultant-002")
DEFAULT_BINDING = ("itss-application-2020",)
_SECRET_WORDS = re.compile(r"(?i)^(.*_)?(password|passwd|token|api_?key|secret_?key|private_?key|credential)s?$")
_ENGINE_KEYS = {
    "connector",
    "url",
    "auth",
    "username",
    "secret",
    "token_url",
    "scope",
    "ca_bundle",
    "in_flight",
    "attempts",
    "titles",
    "streams",
}


@dataclass(frozen=True, slots=True)
class Source:
    """One `[sources.NAME]` table."""

    name: str
    connector: str
    table: Mapping[str, Any]

    @property
    def own_keys(self) -> dict[str, Any]:
        """The keys that are the connector's to judge."""
        return {key: value for key, value in self.table.items() if key not in _ENGINE_KEYS}

    @property
    def auth(self) -> Literal["basic", "bearer", "oauth-client-credentials"]:
        """Basic when a username is given, else bearer, unless `auth` says so itself."""
        chosen: Literal["basic", "bearer", "oauth-client-credentials"] = self.table.get(
            "auth", "basic" if "username" in self.table else "bearer"
        )
        return chosen


class Workspace:
    """A folder with a valid itss-bridge.toml."""

    def __init__(self, root: Path, settings: Mapping[str, Any]) -> None:
        self.root = root
        self.settings = settings
        self._own: Mapping[str, Any] = settings["workspace"]

    @classmethod
    def open(cls, root: Path) -> Self:
        """The workspace at *root*; UsageError when there is none, or its file is wrong."""
        path = root / FILE
        settings = _read(path)
        _refuse_secrets(settings, path, ())
        misfit = form("workspace").misfit(settings)
        if misfit is not None:
            raise UsageError(
                say("{key}: {without_value}", key=misfit.place or "the file", without_value=_without_value(misfit)),
                where=f"{path}{_line_of(path, tuple(map(str, misfit.keys)))}",
                cause=say("it does not fit schemas/workspace.json"),
                fix=say("see README.md, “Point it at your own tools”"),
            )
        workspace = cls(root, settings)
        workspace._refuse_shared_key(path)
        workspace.time_zone  # noqa: B018 - an unknown zone must be refused now, not in the middle of a run
        return workspace

    @property
    def organisation(self) -> str:
        """Whose conformance this is about."""
        return str(self._own["organisation"])

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of reports, the first one leads."""
        return tuple(self._own.get("languages", ("zh", "en")))

    @cached_property
    def time_zone(self) -> ZoneInfo:
        """The one zone in which days and windows begin."""
        name = self._own.get("time_zone", "Asia/Shanghai")
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise UsageError(
                say("there is no time zone {name!r}", name=name),
                where=f"{self.root / FILE}: workspace.time_zone",
                fix=say("use an IANA name such as Asia/Shanghai"),
            ) from None

    @property
    def target(self) -> int | None:
        """The ITSS level aimed at, 4 (lowest) to 1."""
        target = self._own.get("target")
        return int(target[-1]) if target else None

    @property
    def frameworks(self) -> tuple[str, ...]:
        """Frameworks to judge and show; empty: all there are."""
        return tuple(self._own.get("frameworks", ()))

    @property
    def rule_packs(self) -> tuple[str, ...]:
        """Packs that are measured."""
        return tuple(self._own.get("rule_packs", DEFAULT_PACKS))

    @property
    def binding(self) -> tuple[str, ...]:
        """Packs that decide the level."""
        return tuple(self._own.get("binding", DEFAULT_BINDING))

    @property
    def calendar(self) -> str:
        """The calendar by which business time is measured; unless one is chosen, it is time on the clock."""
        return str(self._own.get("calendar", "around-the-clock"))

    @property
    def engine(self) -> str:
        """The engine that measures."""
        return str(self._own.get("engine", "duckdb"))

    @property
    def follows_source_clock(self) -> bool:
        """Collection times come from the tools' clocks: a replay of recorded data."""
        return bool(self._own.get("clock") == "source")

    @property
    def catalogues(self) -> tuple[Path, ...]:
        """Folders of the organisation's own, shaped like `mappings/`."""
        return tuple(self.root / path for path in self._own.get("catalogues", ()))

    @property
    def sources(self) -> dict[str, Source]:
        """All sources, by name."""
        tables = self.settings.get("sources", {})
        return {name: Source(name, table["connector"], table) for name, table in tables.items()}

    @property
    def not_applicable(self) -> dict[str, str]:
        """Requirements declared out of scope, with the justification."""
        rows = self.settings.get("scope", {}).get("not_applicable", ())
        return {row["requirement"]: row["justification"] for row in rows}

    @property
    def decision_files(self) -> tuple[Path, ...]:
        """Where decisions of management reviews stand."""
        one = self.root / "decisions.yaml"
        return (*((one,) if one.exists() else ()), *sorted((self.root / "decisions").glob("*.yaml")))

    @property
    def publish(self) -> Mapping[str, Mapping[str, Any]]:
        """Where nonconformities become tickets, by name."""
        tables: Mapping[str, Mapping[str, Any]] = self.settings.get("publish", {})
        return tables

    @property
    def days_to_correct(self) -> dict[Grade, int]:
        """Days to correct a nonconformity by, where the workspace has a rule of its own."""
        own = self.settings.get("nonconformities", {})
        grades: tuple[Grade, ...] = ("major", "minor")
        return {grade: own[f"{grade}_days"] for grade in grades if f"{grade}_days" in own}

    @property
    def evidence(self) -> Path:
        """The evidence lake."""
        return self.root / "evidence"

    @property
    def remote_evidence(self) -> Mapping[str, Any]:
        """The bucket that holds the evidence, with how to reach it; empty where it lies in the folder."""
        table: Mapping[str, Any] = self.settings.get("evidence", {})
        return table

    def _refuse_shared_key(self, path: Path) -> None:
        """Who reads a shared bucket must not hold the key to its pseudonyms; and all writers must hold the same."""
        if self.remote_evidence and self.privacy_key is None:
            raise UsageError(
                say("evidence in an object store needs a pseudonym key of your own"),
                where=f"{path}{_line_of(path, ('evidence', 'uri'))}",
                cause=say("a key that lies beside the evidence would be readable by everybody who reads the bucket"),
                fix=say('add [privacy] key = "env:NAME", or file:PATH, command:ARGS, keyring:SERVICE/USER'),
            )

    @property
    def privacy_key(self) -> str | None:
        """Reference of the pseudonym key, if the organisation keeps it elsewhere."""
        key: str | None = self.settings.get("privacy", {}).get("key")
        return key

    @property
    def bounds(self) -> Bounds:
        """How much of the machine reading the evidence may take."""
        own = self.settings.get("limits", {})
        spill = self.root / own["spill"] if "spill" in own else None
        return Bounds(own.get("memory", DEFAULT.memory), own.get("threads"), spill)

    @property
    def retention_months(self) -> int | None:
        """How long evidence is kept that is no longer current, for `evidence purge --retention`."""
        months: int | None = self.settings.get("privacy", {}).get("retention_months")
        return months

    @property
    def word_template(self) -> Template | None:
        """The organisation's own template for `.docx`, None where it has none; UsageError without a file."""
        named = self.settings.get("export", {}).get("docx_template")
        if named is None:
            return None
        path = self.root / named
        try:
            return Template(path.read_bytes(), str(path))
        except OSError as error:
            raise UsageError(
                say("the Word template cannot be read"),
                where=str(path),
                cause=error.strerror or "",
                fix=say("correct export.docx_template in {file}, or take it out", file=FILE),
            ) from None

    def signatures(self) -> list[Signature]:
        """Reviewers' signatures under crosswalks."""
        return [Signature.read(path) for path in sorted((self.root / "reviews").glob("*.yaml"))]

    @property
    def judgement_files(self) -> tuple[Path, ...]:
        """Where people's own words on requirements stand."""
        return tuple(sorted((self.root / "judgements").glob("*.y*ml")))

    @property
    def action_files(self) -> tuple[Path, ...]:
        """Where it stands who closes which gap."""
        one = self.root / "actions.yaml"
        return (*((one,) if one.exists() else ()), *sorted((self.root / "actions").glob("*.y*ml")))

    def day_of(self, moment: datetime) -> date:
        """The last day, in the workspace's zone, that lies before *moment*."""
        return (moment - timedelta(microseconds=1)).astimezone(self.time_zone).date()

    def moment(self, text: str) -> datetime:
        """An `--as-of` or `--to`: a date means the end of that day in the workspace's zone, a time means itself."""
        return self._moment(text, days=1)

    def start_of(self, text: str) -> datetime:
        """A `--from`: a date means the beginning of that day in the workspace's zone."""
        return self._moment(text, days=0)

    def _moment(self, text: str, days: int) -> datetime:
        try:
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
                day = date.fromisoformat(text) + timedelta(days=days)
                return datetime.combine(day, time(), self.time_zone).astimezone(UTC)
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=self.time_zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise UsageError(
                say("{text!r} is not a date", text=text), fix=say("write 2026-03-31, or 2026-03-31T18:00:00+08:00")
            ) from None

    def lock(self) -> FileLock:
        """The one writer's lock, taken at once or refused; the operating system frees it when the holder dies."""
        self.evidence.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.evidence / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise Locked(
                say("another run is writing to this workspace"),
                where=str(self.root),
                cause=say("a sync has not ended yet"),
                fix=say("wait for it to end; a lock left by a killed run frees itself"),
            ) from None
        return lock


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(
            say("there is no workspace here"),
            where=str(path),
            fix=say("run `itss-bridge init` or `itss-bridge demo`, or name the folder with --workspace"),
        ) from None
    except OSError as error:
        raise UsageError(
            say("the workspace file cannot be read"), where=str(path), cause=error.strerror or ""
        ) from None
    except UnicodeDecodeError:
        raise UsageError(say("the workspace file is not UTF-8"), where=str(path), fix=say("save it as UTF-8")) from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            say("the workspace file is not TOML"), where=str(path), cause=str(error), fix=say("correct that line")
        ) from None


def _refuse_secrets(value: Any, path: Path, keys: tuple[str, ...]) -> None:
    """A secret in the file is refused by its key's name, before anything else is said about the file."""
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if _SECRET_WORDS.match(key) and isinstance(inner, str):
            raise UsageError(
                say("{names} looks like a secret; secrets never stand in this file", names=".".join((*keys, key))),
                where=f"{path}{_line_of(path, (*keys, key))}",
                cause=say("the file is copied, mailed and committed; a secret in it must be taken as known"),
                fix=say('remove the line, change the secret at the tool, and refer to it: secret = "env:NAME"'),
            )
        _refuse_secrets(inner, path, (*keys, key))


def _without_value(misfit: Misfit) -> str:
    """What is wrong, without the value where that may be a secret that was pasted by mistake."""
    if misfit.keys and misfit.keys[-1] in {"secret", "key", "access_key", "session"}:
        return "this is not a reference; write env:NAME, file:PATH, command:ARGS or keyring:SERVICE/USER"
    return misfit.message


def _line_of(path: Path, keys: tuple[str, ...]) -> str:
    """`:LINE` of the last key that can be found in the text, for people to click on."""
    lines = path.read_text("utf-8-sig").splitlines()
    for key in reversed(keys):
        pattern = re.compile(rf"^\s*(?:\[.*\b{re.escape(key)}\]|[\"']?{re.escape(key)}[\"']?\s*=)")
        for number, line in enumerate(lines, 1):
            if pattern.match(line):
                return f":{number}"
    return ""
