"""People: where the evidence knows one, by pseudonym only; and nothing else of them ever gets in."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from itss_bridge.bridge import Bridge
from itss_bridge.data import schema
from itss_bridge.evidence import Lake
from itss_bridge.evidence.privacy import proves, pseudonymiser, salted, workspace_key
from itss_bridge_playground.messages import Answer, Request
from itss_bridge_playground.playground import Playground

NAME = "张三丰"
FILES = '[workspace]\norganisation = "晨星信息"\nlanguages = ["en"]\n[sources.files]\nconnector = "files"\n'
PERSONS = "id,changed_at,person,post\np1,2026-01-01,{name},服务经理\np2,2026-01-01,李四,工程师\n"
HEAD = "id,changed_at,person,scheme\nc3,2026-01-01,李四,ITSS 服务工程师\n"
CERTIFICATES = HEAD + "c1,2026-01-01,{name},ITSS 服务工程师\nc2,2026-01-01,{name},ITSS 服务项目经理\n"


@pytest.fixture
def workspace(tmp_path: Path, bridge_command) -> Path:
    """Certificate c2 was there for the first sync only, c1 was changed since."""
    (tmp_path / "itss-bridge.toml").write_text(FILES, "utf-8")
    write(tmp_path, PERSONS, CERTIFICATES)
    assert bridge_command("sync", "-w", tmp_path).code == 0
    write(tmp_path, PERSONS, HEAD + "c1,2026-02-01,{name},IT 服务工程师\n")
    assert bridge_command("sync", "-w", tmp_path, "--accept-removals").code == 0
    return tmp_path


def write(root: Path, persons: str, certificates: str) -> None:
    folder = root / "attestations"
    folder.mkdir(exist_ok=True)
    (folder / "person.csv").write_text(persons.format(name=NAME), "utf-8")
    (folder / "certificate.csv").write_text(certificates.format(name=NAME), "utf-8")


def asked(bridge_command, workspace: Path, name: str) -> dict[str, Any]:
    shown = json.loads(bridge_command("evidence", "find-person", name, "-w", workspace, "--json").out)
    Draft202012Validator(schema("cli/person")).validate(shown)
    return shown


def test_a_person_is_found_in_every_field_and_version(bridge_command, workspace: Path) -> None:
    shown = asked(bridge_command, workspace, NAME)
    found = {(o["stream"], o["field"]): (o["records"], o["versions"], o["refs"]) for o in shown["occurrences"]}
    assert found == {("certificate", "person"): (2, 4, ["c1", "c2"]), ("person", "person"): (1, 1, ["p1"])}
    key = workspace_key(workspace / "evidence")
    assert shown["pseudonyms"] == {"files": pseudonymiser(key, "files")(NAME)}


def test_a_person_whom_nobody_knows_is_found_nowhere(bridge_command, workspace: Path) -> None:
    assert asked(bridge_command, workspace, "王五")["occurrences"] == []
    assert "no evidence names this person" in bridge_command("evidence", "find-person", "王五", "-w", workspace).err


def test_the_key_and_the_name_are_never_printed(bridge_command, workspace: Path) -> None:
    key = workspace_key(workspace / "evidence")
    for options in ([], ["--json"]):
        ran = bridge_command("evidence", "find-person", NAME, "-w", workspace, *options)
        assert NAME not in ran.out + ran.err
        assert key.hex() not in ran.out + ran.err
        assert "P-" in ran.out


def test_a_name_can_come_from_stdin_so_that_no_shell_remembers_it(bridge_command, workspace: Path, monkeypatch) -> None:
    class Stdin:
        def readline(self) -> str:
            return f"{NAME}\n"

    monkeypatch.setattr("sys.stdin", Stdin())
    assert asked(bridge_command, workspace, "-") == asked(bridge_command, workspace, NAME)


def test_what_is_purged_is_not_found_any_more(bridge_command, workspace: Path) -> None:
    ran = bridge_command("evidence", "purge", "--record", "c2", "--stream", "certificate", "--apply", "-w", workspace)
    assert ran.code == 0
    found = {o["stream"]: o for o in asked(bridge_command, workspace, NAME)["occurrences"]}
    assert (found["certificate"]["records"], found["certificate"]["refs"]) == (1, ["c1"])


def test_a_workspace_without_evidence_gets_no_key_by_being_asked(bridge_command, tmp_path: Path) -> None:
    (tmp_path / "itss-bridge.toml").write_text(FILES, "utf-8")
    assert asked(bridge_command, tmp_path, NAME) == {"pseudonyms": {}, "occurrences": []}
    assert not (tmp_path / "evidence" / ".pseudonym-key").exists()


def test_the_same_row_is_salted_differently_each_time() -> None:
    kept = {salted("d" * 64) for _ in range(8)}
    assert len(kept) == 8
    assert all(proves("d" * 64, one) and not proves("e" * 64, one) for one in kept)


# The purge command.


def purged(bridge_command, workspace: Path, *options: object) -> dict[str, Any]:
    ran = bridge_command("evidence", "purge", *options, "-w", workspace, "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    Draft202012Validator(schema("cli/purge")).validate(shown)
    return shown


def test_the_command_tries_first_and_purges_when_told(bridge_command, workspace: Path) -> None:
    dry = purged(bridge_command, workspace, "--before", "2999-01-01")
    assert (dry["applied"], [(p["stream"], p["rows"]) for p in dry["purged"]]) == (False, [("certificate", 3)])
    assert (
        "3 versions would be purged"
        in bridge_command("evidence", "purge", "--before", "2999-01-01", "-w", workspace).err
    )
    done = purged(bridge_command, workspace, "--before", "2999-01-01", "--apply", "--reason", "retention plan 7")
    assert done == dry | {"applied": True, "reason": "retention plan 7"}
    assert bridge_command("verify", "-w", workspace).code == 0
    entry = Lake(workspace / "evidence").table("certificate").last()
    assert (entry.purge.reason, entry.purge.rows) == ("retention plan 7", 3)
    assert purged(bridge_command, workspace, "--before", "2999-01-01", "--apply")["purged"] == []


def test_a_list_as_of_the_past_says_what_it_lacks(bridge_command, workspace: Path) -> None:
    """As of a moment between the two syncs."""
    runs = {entry.run: entry.at for entry in Lake(workspace / "evidence").table("certificate").entries()}
    last, first = runs.values()
    moment = first + (last - first) / 2
    listing = ("evidence", "list", "certificate", "-w", workspace, "--json", "--as-of", moment.isoformat())
    assert len(bridge_command(*listing).out.splitlines()) == 3
    purged(bridge_command, workspace, "--before", "2999-01-01", "--apply")
    ran = bridge_command(*listing)
    assert len(ran.out.splitlines()) == 1
    assert "certificate of files: 2 more records were current then and have been purged since" in ran.err


def test_retention_comes_from_the_workspace(bridge_command, workspace: Path) -> None:
    ran = bridge_command("evidence", "purge", "--retention", "-w", workspace)
    assert ran.code == 2
    assert "retention_months" in ran.err
    (workspace / "itss-bridge.toml").write_text(FILES + "[privacy]\nretention_months = 36\n", "utf-8")
    shown = purged(bridge_command, workspace, "--retention")
    assert (shown["reason"], shown["purged"]) == ("retention of 36 months", [])


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--before", "2020-01-01", "--retention"),
        ("--before", "2020-01-01", "--record", "c1"),
        ("--before", "soon"),
        ("--record", "c1"),
        ("--record", "nothing"),
        ("--record", ""),
        ("--before", "2020-01-01", "--stream", "incidents"),
    ],
)
def test_a_purge_that_cannot_be_meant_ends_with_2_and_changes_nothing(bridge_command, workspace: Path, options) -> None:
    heads = Lake(workspace / "evidence").heads()
    ran = bridge_command("evidence", "purge", *options, "--apply", "-w", workspace)
    assert ran.code == 2
    assert "Traceback" not in ran.err
    assert Lake(workspace / "evidence").heads() == heads


def test_a_purge_waits_for_nobody(bridge_command, workspace: Path) -> None:
    with Bridge(workspace).workspace.lock():
        assert bridge_command("evidence", "purge", "--before", "2999-01-01", "--apply", "-w", workspace).code == 7
        assert bridge_command("evidence", "purge", "--before", "2999-01-01", "-w", workspace).code == 0


# Nothing else of a person gets in.

CANARIES = ("Zhuge Canary", "zhuge.canary@acme.example", "+86 138 0000 0000 canary")
_PLANTED = {
    "description": f"reported by {CANARIES[0]}",
    "comments": CANARIES[0],
    "work_notes": f"{CANARIES[0]} called, {CANARIES[2]}",
    "close_notes": CANARIES[1],
    "displayName": CANARIES[0],
    "publicName": CANARIES[0],
    "emailAddress": CANARIES[1],
    "email": CANARIES[1],
    "phone": CANARIES[2],
    "short_description": CANARIES[0],
    "summary": CANARIES[0],
    "body": {"storage": {"value": CANARIES[0]}},
}
_OF_A_RECORD = {"sys_id", "id", "key", "accountId", "fields", "username"}


def planting(_request: Request, answer: Answer) -> Answer:
    """Names, addresses and numbers in every place of an answer where a tool may have them and we need none."""
    if not answer.content_type.startswith("application/json") or answer.status != 200:
        return answer
    answer.body = planted(orjson.loads(answer.payload()))
    return answer


def planted(value: Any) -> Any:
    if isinstance(value, list):
        return [planted(item) for item in value]
    if not isinstance(value, dict):
        return value
    filled = {name: planted(inner) for name, inner in value.items()}
    there = {name: text for name, text in _PLANTED.items() if name in filled}
    more = _PLANTED if filled.keys() & _OF_A_RECORD else {}
    # a user's own words for a change of assignee stand beside the ids
    words = {"fromString": CANARIES[0], "toString": CANARIES[0]} if filled.get("field") == "assignee" else {}
    return {**more, **filled, **there, **words}


def test_what_is_not_on_the_allow_list_reaches_neither_lake_nor_report(
    tmp_path: Path, bridge_command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYGROUND_PASSWORD", "playground")
    monkeypatch.setenv("PLAYGROUND_TOKEN", "playground")
    with Playground(datetime(2016, 5, 1, tzinfo=UTC)) as playground:
        for server in (playground.servicenow, playground.atlassian):
            server.faults["planting"] = planting
        (tmp_path / "itss-bridge.toml").write_text(playground.workspace_toml(), "utf-8")
        ran = bridge_command("sync", "-w", tmp_path, "--json")
    assert ran.code == 0, ran.out
    files = [tmp_path / name for name in ("out.json", "out.html", "out.csv")]
    assert bridge_command("export", *files, "-w", tmp_path).code == 0
    lake = Lake(tmp_path / "evidence")
    tables = [repr(pq.read_table(file).to_pylist()) for name in lake.streams() for file in lake.table(name).files()]
    texts = [path.read_text("utf-8") for path in [*files, *lake.root.rglob("*.json")]]
    assert len(tables) >= 6
    for canary in CANARIES:
        assert not any(canary in text for text in [ran.out, ran.err, *tables, *texts]), canary


def test_what_is_planted_would_be_seen(tmp_path: Path, bridge_command: Callable[..., Any], monkeypatch) -> None:
    """Where a workspace asks for titles, a name in a title comes with them: the test above can fail."""
    monkeypatch.setenv("PLAYGROUND_PASSWORD", "playground")
    with Playground(datetime(2016, 4, 1, tzinfo=UTC)) as playground:
        playground.servicenow.faults["planting"] = planting
        source = f'connector = "servicenow"\nurl = "{playground.servicenow.origin}"\nusername = "bridge"\n'
        table = f'{source}secret = "env:PLAYGROUND_PASSWORD"\ntitles = true\nread = ["problem"]\n'
        workspace = '[workspace]\norganisation = "晨星信息"\nclock = "source"\n[sources.servicenow]\n'
        (tmp_path / "itss-bridge.toml").write_text(workspace + table, "utf-8")
        assert bridge_command("sync", "-w", tmp_path).code == 0
    (file,) = Lake(tmp_path / "evidence").table("problem").files()
    assert CANARIES[0] in repr(pq.read_table(file).to_pylist())
