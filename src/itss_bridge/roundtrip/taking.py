"""Take what a workbook says into the workspace's own files: all of it or nothing, each file whole."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from itss_bridge.exporters.xlsx.base import action_json, judgement_json
from itss_bridge.judgements import judgements, plan, standing
from itss_bridge.roundtrip.compare import Line, Values
from itss_bridge.roundtrip.entered import FIELDS, Kind
from itss_bridge.roundtrip.patch import rows_of, with_row, with_value, without_row

if TYPE_CHECKING:
    from itss_bridge.bridge import Bridge
    from itss_bridge.model import Action

_SCHEMA: Final = "# yaml-language-server: $schema=https://itss-bridge.example/schemas/{kind}.json\n"
_ACTIONS, _JUDGEMENTS = "actions", "judgements"


class Taking:
    """The files of one workspace that people's decisions stand in."""

    def __init__(self, bridge: "Bridge", day: date) -> None:
        """*day* is the first on which a judgement that is taken counts."""
        self._bridge = bridge
        self._day = day
        self._texts: dict[Path, str] = {}

    def present(self, gaps: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[Kind, Values]:
        """What the files say now, by kind, then by gap of the workbook and by requirement, each field as text."""
        known = {rule.id for rule in self._bridge.catalogue.rules}
        counting = standing(self._bridge.judgements, self._day)
        assessable = [r.id for r in self._bridge.catalogue.requirements.values() if r.assessable]
        return {
            "action": {name: action_json(self._planned(gap["checks"])) for name, gap in gaps.items() if name in known},
            "judgement": {name: judgement_json(counting.get(name)) for name in assessable},
        }

    def _planned(self, checks: Iterable[str]) -> "Action | None":
        actions = self._bridge.planned.actions
        return next((actions[check] for check in checks if check in actions), None)

    def take(self, lines: Iterable[Line], gaps: Mapping[str, Mapping[str, Sequence[str]]]) -> tuple[Path, ...]:
        """Write what is *taken* into the files; returns those that changed.

        Raises:
            UsageError: a file would not be one any more; nothing was written.
            Locked: another run is writing.
        """
        groups: dict[tuple[Kind, str], dict[str, str]] = {}
        for line in lines:
            if line.state == "taken":
                groups.setdefault((line.kind, line.id), {})[line.field] = line.workbook
        with self._bridge.workspace.lock():
            self._texts = {}
            for (kind, name), fields in groups.items():
                if kind == "action":
                    self._act(gaps[name]["checks"], fields)
                else:
                    self._judge(name, fields)
            return self._write()

    def _act(self, checks: Sequence[str], fields: Mapping[str, str]) -> None:
        """Owner, due date, effort and next action of one gap."""
        action = self._planned(checks)
        path = self._bridge.workspace.root / f"{_ACTIONS}.yaml"
        if action is None:
            row = {"check": checks[0], **{name: _typed(name, value) for name, value in fields.items() if value}}
            self._append(path, _ACTIONS, row)
            return
        path, index = self._place(self._bridge.workspace.action_files, _ACTIONS, {"check": action.check})
        for name, value in fields.items():
            self._set(path, _ACTIONS, index, name, value)

    def _judge(self, requirement: str, fields: Mapping[str, str]) -> None:
        """A changed judgement is a new one from today: what counted until now stays on record."""
        workspace = self._bridge.workspace
        counting = standing(self._bridge.judgements, self._day).get(requirement)
        said = {**judgement_json(counting), **fields}
        if not said["status"]:
            self._take_back(requirement)
        elif counting is not None and counting.on == self._day:
            key = {"requirement": requirement, "on": self._day.isoformat()}
            path, index = self._place(workspace.judgement_files, _JUDGEMENTS, key)
            for name in FIELDS["judgement"]:
                self._set(path, _JUDGEMENTS, index, name, said[name])
        else:
            begun = {"status": said["status"], "reason": said["reason"], "role": said["role"]}
            ends = {"expires": said["expires"]} if said["expires"] else {}
            row = {"requirement": requirement, **begun, "on": self._day.isoformat(), **ends}
            self._append(workspace.root / _JUDGEMENTS / "workbook.yaml", _JUDGEMENTS, row)

    def _take_back(self, requirement: str) -> None:
        """Whatever stands today ends today; what began today is taken out, for it never counted."""
        for one in self._bridge.judgements:
            if one.requirement != requirement or not one.stands(self._day):
                continue
            key = {"requirement": requirement, "on": one.on.isoformat()}
            path, index = self._place(self._bridge.workspace.judgement_files, _JUDGEMENTS, key)
            if one.on == self._day:
                self._texts[path] = without_row(self._text(path), _JUDGEMENTS, index)
            else:
                self._set(path, _JUDGEMENTS, index, "expires", self._day.isoformat())

    def _place(self, paths: Iterable[Path], key: str, wanted: Mapping[str, str]) -> tuple[Path, int]:
        """The file and the row that have these values."""
        for path in paths:
            for index, row in enumerate(rows_of(self._text(path), key)):
                if wanted.items() <= row.items():
                    return path, index
        raise LookupError(wanted)  # the strict reader has just read it from these files

    def _set(self, path: Path, key: str, index: int, name: str, value: str) -> None:
        typed = _typed(name, value) if value else None
        self._texts[path] = with_value(self._text(path), key, index, name, typed)

    def _append(self, path: Path, key: str, row: Mapping[str, str | int]) -> None:
        self._texts[path] = with_row(self._text(path, key), key, row)

    def _text(self, path: Path, key: str = "") -> str:
        if path not in self._texts:
            begun = f"{_SCHEMA.format(kind=key)}{key}: []\n"
            self._texts[path] = path.read_bytes().decode() if path.exists() else begun
        return self._texts[path]

    def _write(self) -> tuple[Path, ...]:
        """All files beside the old ones, read as strictly as always, then each put in its place."""
        changed = {p: t for p, t in self._texts.items() if not p.exists() or p.read_bytes().decode() != t}
        partials = {path: path.with_name(f".{path.name}.partial") for path in changed}
        try:
            for path, text in changed.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                with partials[path].open("wb") as file:
                    file.write(text.encode())
                    file.flush()
                    os.fsync(file.fileno())
            self._refuse_misfits(partials)
            for path, partial in partials.items():
                partial.replace(path)
        finally:
            for partial in partials.values():
                with suppress(FileNotFoundError):
                    partial.unlink()
        return tuple(changed)

    def _refuse_misfits(self, partials: Mapping[Path, Path]) -> None:
        """UsageError when the workspace could not be read with the new files in place of the old ones."""
        workspace, catalogue = self._bridge.workspace, self._bridge.catalogue
        new = [path for path in partials if not path.exists()]
        judged = [*workspace.judgement_files, *(p for p in new if p.parent.name == _JUDGEMENTS)]
        planned = [*workspace.action_files, *(p for p in new if p.parent.name != _JUDGEMENTS)]
        assessable = {r.id for r in catalogue.requirements.values() if r.assessable}
        judgements([partials.get(path, path) for path in judged], assessable)
        plan([partials.get(path, path) for path in planned], {rule.id for rule in catalogue.rules})


def _typed(name: str, value: str) -> str | int:
    return int(value) if name == "effort" else value
