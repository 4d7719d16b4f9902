"""What the files of each workspace's own report are called: settled before anything runs, so that no two are one."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from itss_bridge.errors import BridgeError, UsageError
from itss_bridge.fleet.roster import Fleet, Member
from itss_bridge.messages import say
from itss_bridge.workspace import Workspace

_PLACE = re.compile(r"\{(\w*)\}")
_UNFIT = re.compile(r'[\x00-\x1f/\\:*?"<>|]+')


def each_named(fleet: Fleet, patterns: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """By workspace, the absolute names that *patterns* give it; folders that lack are made.

    A workspace whose file cannot be read has no organisation's name: it keeps its folder's, and fails later by itself.

    Raises:
        UsageError: a pattern has another place than `{workspace}` and `{organisation}`, or two workspaces one name.
    """
    for pattern in patterns:
        if strange := set(_PLACE.findall(pattern)) - {"workspace", "organisation"}:
            fix = say("there are: {names}", names="{workspace}, {organisation}")
            raise UsageError(say("there is no place {name!r}", name=min(strange)), where=f"--each {pattern}", fix=fix)
    found = {m.workspace: [str(_file(m, pattern)) for pattern in patterns] for m in fleet.members}
    _refuse_doubles(found)
    for file in (Path(name) for names in found.values() for name in names):
        file.parent.mkdir(parents=True, exist_ok=True)
    return found


def _file(member: Member, pattern: str) -> Path:
    names = {"workspace": member.workspace.replace("/", "-")}
    if "{organisation}" in pattern:
        names["organisation"] = _UNFIT.sub("_", _organisation(member)).strip(". ") or names["workspace"]
    return Path(_PLACE.sub(lambda place: names[place[1]], pattern)).absolute()


def _organisation(member: Member) -> str:
    try:
        return Workspace.open(member.root).organisation
    except (BridgeError, OSError):
        return member.workspace


def _refuse_doubles(found: Mapping[str, Sequence[str]]) -> None:
    owner: dict[str, str] = {}
    for workspace, names in found.items():
        for name in names:
            if name in owner:
                raise UsageError(
                    say("two workspaces would write one file: {names}", names=f"{owner[name]}, {workspace}"),
                    where=name,
                    fix=say("put {place} into the name", place="{workspace}"),
                )
            owner[name] = workspace
