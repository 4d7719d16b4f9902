"""Samples for running a workspace every night: one shell script that knows the exit codes, and who calls it.

Secrets are referred to, never written: each sample says where the scheduler keeps what `env:NAME` asks for.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from itss_bridge import __version__
from itss_bridge.schedules import samples
from itss_bridge.schedules.filled import filled, quoted
from itss_bridge.workspace import Workspace

__all__ = ["KINDS", "Night", "Sample"]

_VARIABLE = re.compile(r"env:([A-Za-z_]\w*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sample:
    """One file: *place* is where it goes, *text* what it holds."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Night:
    """What is to run when. *program* is how the scheduler's machine calls us, *names* the variables with secrets."""

    root: Path
    program: str
    zone: ZoneInfo
    at: time
    target: int | None
    names: Sequence[str]

    @classmethod
    def of(cls, workspace: Workspace, references: Sequence[str], program: str, at: time) -> "Night":
        """The night of a workspace; *references* are those of its secrets."""
        names = dict.fromkeys(match[1] for one in references if (match := _VARIABLE.fullmatch(one)))
        return cls(workspace.root.resolve(), program, workspace.time_zone, at, workspace.target, tuple(names))

    def script(self, root: str | None = None, program: str | None = None) -> str:
        """The shell script, for this machine or for another *root* and *program*."""
        gate = filled(samples.GATE, {"TARGET": str(self.target), "PROGRAM": quoted(program or self.program)})
        places = {"ROOT": quoted(root or str(self.root)), "PROGRAM": quoted(program or self.program)}
        return filled(samples.SCRIPT, {**places, "GATE": gate if self.target else ""})

    def utc(self, year: int) -> time:
        """The hour in UTC, by the zone's time in January: some schedulers know nothing else."""
        local = datetime.combine(date(year, 1, 15), self.at, self.zone)
        return local.astimezone(UTC).time()


def _values(night: Night) -> dict[str, str]:
    return {
        "ROOT": str(night.root),
        "FOLDER": json.dumps(str(night.root), ensure_ascii=False),
        "ZONE": night.zone.key,
        "HOUR": str(night.at.hour),
        "MINUTE": str(night.at.minute),
        "CLOCK": f"{night.at:%H:%M}",
        "NAMES": ", ".join(night.names) or "none",
        "VERSION": __version__,
    }


def _at_home(night: Night) -> Sample:
    return Sample(str(night.root / "nightly.sh"), night.script())


def _cron(night: Night) -> list[Sample]:
    # in a crontab a bare percent sign is a line break
    script = quoted(str(night.root / "nightly.sh")).replace("%", r"\%")
    log = quoted(str(night.root / "nightly.log")).replace("%", r"\%")
    values = _values(night) | {"SCRIPT": script, "LOG": log}
    return [_at_home(night), Sample("crontab", filled(samples.CRON, values))]


def _systemd(night: Night) -> list[Sample]:
    # systemd expands percent signs, and reads quotes in ExecStart its own way
    values = {name: value.replace("%", "%%") for name, value in _values(night).items()}
    folder = "/etc/systemd/system/itss-bridge"
    service, timer = filled(samples.SERVICE, values), filled(samples.TIMER, values)
    return [_at_home(night), Sample(f"{folder}.service", service), Sample(f"{folder}.timer", timer)]


def _k8s(night: Night) -> list[Sample]:
    indented = "".join(f"    {line}\n" if line else "\n" for line in night.script("/work", "itss-bridge").splitlines())
    secrets = "".join(filled(samples.K8S_VARIABLE, {"NAME": name}) for name in night.names)
    values = _values(night) | {
        "SCRIPT": indented.rstrip("\n"),
        "ENV": f"\n              env:{secrets}" if secrets else "",
    }
    return [Sample("itss-bridge.yaml", filled(samples.K8S, values))]


def _github(night: Night) -> list[Sample]:
    hour = night.utc(datetime.now(UTC).year)
    script = night.script(".", "itss-bridge")
    indented = "".join(f"          {line}\n" if line else "\n" for line in script.splitlines())
    secrets = "".join(filled(samples.GITHUB_VARIABLE, {"NAME": name}) for name in night.names)
    values = _values(night) | {"UTC_HOUR": str(hour.hour), "UTC_MINUTE": str(hour.minute)}
    values |= {"SCRIPT": indented.rstrip("\n"), "ENV": f"\n        env:{secrets}" if secrets else ""}
    return [Sample(".github/workflows/itss-bridge.yml", filled(samples.GITHUB, values))]


def _airflow(night: Night) -> list[Sample]:
    secrets = {name: f"{{{{ var.value.{name} }}}}" for name in night.names}
    command = f"/bin/sh {quoted(str(night.root / 'nightly.sh'))}"
    values = _values(night) | {"ENV": repr(secrets), "COMMAND": repr(f"{command} "), "ZONE": repr(night.zone.key)}
    return [_at_home(night), Sample("dags/itss_bridge_nightly.py", filled(samples.AIRFLOW, values))]


KINDS: Mapping[str, Callable[[Night], list[Sample]]] = {
    "cron": _cron,
    "systemd": _systemd,
    "k8s": _k8s,
    "github": _github,
    "airflow": _airflow,
}
"""Each kind of scheduler, and what makes its files."""
