"""A table's log as files: one for each commit, and our own entry in each of them."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from itss_bridge.evidence.store import LOG, Store
from itss_bridge.messages import say

METADATA = "itss_bridge"
"""The key of our entry in a commit, and the name of our application transactions."""

NOT_OURS = say("another program changed the table, or the commit's file was altered")
_COMMIT = re.compile(r"(\d{20})\.json")


def log_name(sequence: int) -> str:
    """The name of a commit's file, seen from the table."""
    return f"{LOG}/{sequence:020d}.json"


def commits_in(table: Store) -> dict[int, int]:
    """The numbers of all commits that have a file, whatever is in it, in order, with its bytes."""
    return {int(m[1]): size for name, size in table.sizes(LOG).items() if (m := _COMMIT.fullmatch(name))}


def actions_in(log: bytes) -> list[dict[str, Any]]:
    """What a commit's file says; ValueError when it is not one."""
    return [json.loads(line) for line in log.decode("utf-8").splitlines()]


def entry_text(actions: Sequence[Mapping[str, Any]]) -> str:
    """Our own entry among a commit's actions; KeyError, TypeError or ValueError when there is none."""
    (about,) = [action["commitInfo"] for action in actions if "commitInfo" in action]
    text: str = about[METADATA]
    return text
