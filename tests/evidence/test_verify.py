"""`verify` against every kind of change: single bytes anywhere, files that go, come, shrink or change places."""

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable
from jsonschema import Draft202012Validator

from itss_bridge.cli.verify import _forgotten
from itss_bridge.contracts import Record
from itss_bridge.data import schema
from itss_bridge.errors import IntegrityError
from itss_bridge.evidence import Lake, SourceMark
from itss_bridge.evidence.ledger import head_of
from itss_bridge.evidence.log import METADATA, log_name
from itss_bridge.evidence.purge import Wanted, purge
from itss_bridge.evidence.seal import SEAL, seal

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LATER = datetime(2030, 1, 1, tzinfo=UTC)
FLIPS = 7
"""Per file and run; `test_enough_bytes_are_flipped` counts them."""


def commit(lake: Lake, stream: str, states: dict[str, str], day: int) -> None:
    table, at = lake.table(stream), START + day * DAY
    rows = [
        table.rows.stored("jira", Record(key, f"OPS-{key}", "", at, {"state": state}), str)
        for key, state in states.items()
    ]
    table.append(rows, run=f"run-{day}", at=at, source="jira", mark=SourceMark("complete", at, 2, 2, at))


def filled(root: Path) -> Lake:
    """Two streams; the newest commit of one is a purge, of the other a mark without rows."""
    lake = Lake(root / "evidence")
    for day, states in enumerate([{"1": "new", "2": "new"}, {"1": "closed"}, {"3": "new"}, {"2": "closed"}]):
        commit(lake, "incident", states, day)
    purge(lake, ["incident"], Wanted(before=START + 2 * DAY), "test", LATER, apply=True)
    for day, states in enumerate([{"1": "new"}, {"1": "closed"}]):
        commit(lake, "change", states, day)
    DeltaTable(lake.root / "change").create_checkpoint()
    commit(lake, "change", {}, 2)
    return lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return filled(tmp_path)


def evidence_files(lake: Lake) -> list[Path]:
    """Data files, all commits of the log, Delta's checkpoints, and the seals."""
    return sorted(path for path in lake.root.rglob("*") if path.is_file() and path.name != ".lock")


def log_file(lake: Lake, number: int, stream: str = "incident") -> Path:
    return lake.root / stream / "_delta_log" / f"{number:020d}.json"


def data_files(lake: Lake, stream: str = "incident") -> list[Path]:
    return sorted((lake.root / stream).glob("*.parquet"))


def places(lake: Lake, *, fast: bool = False) -> set[tuple[str, str]]:
    return {(place.stream, place.where) for place in lake.verify(fast=fast)}


def test_evidence_as_it_was_stored_is_sound(lake: Lake) -> None:
    assert list(lake.verify()) == []
    assert list(lake.verify(fast=True)) == []


@pytest.mark.parametrize("seed", range(2))
def test_any_flipped_byte_of_any_file_is_found_and_placed(lake: Lake, seed: int) -> None:
    rng = random.Random(seed)
    unplaced = []
    for path in evidence_files(lake):
        whole = path.read_bytes()
        for _ in range(FLIPS):
            at, bit = rng.randrange(len(whole)), 1 << rng.randrange(8)
            path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
            stream = path.relative_to(lake.root).parts[0]
            found = places(lake)
            if not found if path.name == SEAL else (stream, str(path)) not in found:
                unplaced.append((path.name, at, bit))
        path.write_bytes(whole)
    assert unplaced == []
    assert list(lake.verify()) == []


def test_enough_bytes_are_flipped(lake: Lake) -> None:
    assert 2 * FLIPS * len(evidence_files(lake)) >= 200
    assert len(evidence_files(lake)) == 4 + 2 + 5 + 3 + 2 + 2


@pytest.mark.parametrize(("stream", "number"), [("incident", 4), ("change", 2)])
def test_every_byte_of_a_newest_commit_is_covered(lake: Lake, stream: str, number: int) -> None:
    """No later commit holds its digest yet: the seal does. Every 7th byte, so that all fields are met."""
    path = log_file(lake, number, stream)
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert (stream, str(path)) in places(lake, fast=True), whole[max(0, at - 20) : at + 20]
    path.write_bytes(whole)


@pytest.mark.parametrize(
    "part", ['"size":', '"modificationTime":', '"dataChange":', '"path":"', '"appId":"', '"version":']
)
def test_without_a_seal_the_entry_alone_says_what_else_its_commit_does(lake: Lake, part: str) -> None:
    """A kill between commit and seal leaves the seal of the commit before; what matters is covered all the same."""
    commit(lake, "incident", {"9": "new"}, 9)
    seal(lake.table("incident").store, log_name(4))
    assert list(lake.verify()) == []
    path = log_file(lake, 5)
    text = path.read_text()
    at = text.index(part) + len(part)
    other = {"t": "false", '"': "x"}.get(text[at], "9" if text[at] != "9" else "8")
    path.write_text(
        text[:at] + text[at:].replace("true", other, 1) if text[at] == "t" else text[:at] + other + text[at + 1 :]
    )
    assert {stream for stream, _ in places(lake, fast=True)} == {"incident"}


def missing_file(lake: Lake) -> list[Path]:
    path = data_files(lake)[1]
    path.unlink()
    return [path]


def empty_file(lake: Lake) -> list[Path]:
    path = data_files(lake)[1]
    path.write_bytes(b"")
    return [path]


def shorter_file(lake: Lake) -> list[Path]:
    path = data_files(lake)[0]
    path.write_bytes(path.read_bytes()[:-1])
    return [path]


def extra_file(lake: Lake) -> list[Path]:
    path = lake.root / "incident" / "more.parquet"
    shutil.copy(data_files(lake)[0], path)
    return [path]


def extra_file_in_the_log(lake: Lake) -> list[Path]:
    path = lake.root / "incident" / "_delta_log" / "note.txt"
    path.write_text("x")
    return [path]


def shorter_log(lake: Lake) -> list[Path]:
    path = log_file(lake, 4)
    path.write_bytes(path.read_bytes()[:-40])
    return [path]


def shorter_log_in_the_middle(lake: Lake) -> list[Path]:
    path = log_file(lake, 2)
    path.write_bytes(path.read_bytes()[:200])
    return [path]


def empty_log(lake: Lake) -> list[Path]:
    path = log_file(lake, 4)
    path.write_bytes(b"")
    return [path]


def missing_log(lake: Lake) -> list[Path]:
    path = log_file(lake, 2)
    path.unlink()
    return [path]


def missing_first_log(lake: Lake) -> list[Path]:
    path = log_file(lake, 0)
    path.unlink()
    return [path]


def newest_commit_gone(lake: Lake) -> list[Path]:
    """The one rollback that shows without an outside head: the seal stayed behind."""
    path = log_file(lake, 2, "change")
    path.unlink()
    return [path]


def whole_log_gone(lake: Lake) -> list[Path]:
    shutil.rmtree(lake.root / "change" / "_delta_log")
    return [log_file(lake, 0, "change")]


def swapped_files(lake: Lake) -> list[Path]:
    a, b, *_ = data_files(lake)
    swap(a, b)
    return [a, b]


def swapped_logs(lake: Lake) -> list[Path]:
    a, b = log_file(lake, 1), log_file(lake, 2)
    swap(a, b)
    return [a, b]


def missing_seal(lake: Lake) -> list[Path]:
    path = lake.root / "incident" / SEAL
    path.unlink()
    return [path]


def swap(a: Path, b: Path) -> None:
    aside = a.with_name("aside")
    a.rename(aside)
    b.rename(a)
    aside.rename(b)


WITHOUT_BYTES = [
    missing_file,
    empty_file,
    shorter_file,
    extra_file,
    extra_file_in_the_log,
    shorter_log,
    shorter_log_in_the_middle,
    empty_log,
    missing_log,
    missing_first_log,
    newest_commit_gone,
    swapped_logs,
    whole_log_gone,
    missing_seal,
]


@pytest.mark.parametrize("tamper", [*WITHOUT_BYTES, swapped_files])
def test_what_is_not_as_it_was_is_named(lake: Lake, tamper: Callable[[Lake], list[Path]]) -> None:
    wanted = {str(path) for path in tamper(lake)}
    assert wanted <= {where for _, where in places(lake)}


@pytest.mark.parametrize("tamper", WITHOUT_BYTES)
def test_the_fast_way_finds_all_that_is_not_inside_a_file(lake: Lake, tamper: Callable[[Lake], list[Path]]) -> None:
    wanted = {str(path) for path in tamper(lake)}
    assert wanted <= {where for _, where in places(lake, fast=True)}


def test_the_fast_way_does_not_look_into_data_files(lake: Lake) -> None:
    path = data_files(lake)[0]
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    assert places(lake, fast=True) == set()
    assert places(lake) == {("incident", str(path))}


@pytest.mark.parametrize("which", ["commit", "seal"])
def test_nothing_is_written_after_a_changed_commit(lake: Lake, which: str) -> None:
    """The next commit would hold the digest of what was changed, and so make it sound."""
    path = log_file(lake, 4) if which == "commit" else lake.root / "incident" / SEAL
    content = path.read_bytes()
    path.write_bytes(content.replace(b'"timestamp":1', b'"timestamp":2') if which == "commit" else content[1:])
    with pytest.raises(IntegrityError, match="newest commit of incident is damaged"):
        commit(lake, "incident", {"9": "new"}, 9)
    path.write_bytes(content)
    commit(lake, "incident", {"9": "new"}, 9)
    assert list(lake.verify()) == []


def test_a_first_commit_that_failed_is_no_damage_and_the_next_one_lands(tmp_path: Path) -> None:
    """All that a full disk leaves of it is a folder."""
    lake = Lake(tmp_path / "evidence")
    (lake.root / "incident" / "_delta_log").mkdir(parents=True)
    assert lake.streams() == []
    assert list(lake.verify()) == []
    commit(lake, "incident", {"1": "new"}, 0)
    assert list(lake.verify()) == []


def resealed(lake: Lake) -> None:
    """A forger with time: another cursor in an old entry, and every head, link and seal after it made anew."""
    head, log_before = "", ""
    for number in range(5):
        path = log_file(lake, number)
        actions = [json.loads(line) for line in path.read_text().splitlines()]
        about = next(action["commitInfo"] for action in actions if "commitInfo" in action)
        entry = json.loads(about[METADATA])
        if number:
            entry |= {"previous": head, "log_before": log_before}
        entry["sources"]["jira"]["expected"] = 3
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        head = head_of(text)
        entry["head"] = head
        about[METADATA] = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        path.write_text("".join(json.dumps(action, separators=(",", ":")) + "\n" for action in actions))
        log_before = hashlib.sha256(path.read_bytes()).hexdigest()
    seal(lake.table("incident").store, log_name(4))


def test_a_chain_made_anew_is_sound_in_itself_and_shows_against_a_report(lake: Lake) -> None:
    head = lake.heads()["incident"]
    resealed(lake)
    assert list(lake.verify()) == []
    (place,) = _forgotten(lake, {"incident": head})
    assert head[:16] in place.what


def test_an_older_lake_shows_against_a_report(lake: Lake, tmp_path: Path) -> None:
    older = Lake(tmp_path / "copy")
    shutil.copytree(lake.root, older.root)
    commit(lake, "incident", {"9": "new"}, 9)
    assert list(older.verify()) == []
    assert len(list(_forgotten(older, lake.heads()))) == 1
    assert list(_forgotten(lake, older.heads())) == []


def test_whoever_watches_is_told_of_every_file(lake: Lake) -> None:
    told = []
    assert list(lake.verify(lambda stream, done, total: told.append((stream, done, total)))) == []
    assert told == [("change", n, 2) for n in range(3)] + [("incident", n, 4) for n in range(5)]


def test_the_seal_is_one_that_other_programs_can_check(lake: Lake) -> None:
    """As `sha256sum --check ../_seal` does inside the log's folder."""
    for stream in ("incident", "change"):
        lines = (lake.root / stream / SEAL).read_text().splitlines()
        for digest, name in (line.split("  ") for line in lines):
            content = (lake.root / stream / "_delta_log" / name).read_bytes()
            assert hashlib.sha256(content).hexdigest() == digest


def test_an_entry_written_before_it_could_say_more_is_still_verified_by_its_own_text() -> None:
    text = '{"head":"x","previous":"","sequence":0}'
    assert head_of(text) == head_of(text.replace('"x"', '"y"')) != head_of(text.replace(":0", ":1"))


# The command.


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    filled(tmp_path)
    (tmp_path / "itss-bridge.toml").write_text('[workspace]\norganisation = "晨星信息"\nlanguages = ["en"]\n', "utf-8")
    return tmp_path


@pytest.mark.parametrize("mode", ["full", "fast"])
def test_the_command_says_which_way_it_was(bridge_command, workspace: Path, mode: str) -> None:
    options = ["--fast"] if mode == "fast" else []
    shown = json.loads(bridge_command("verify", "-w", workspace, "--json", *options).out)
    Draft202012Validator(schema("cli/verify")).validate(shown)
    assert (shown["ok"], shown["mode"]) == (True, mode)
    assert shown["heads"].keys() == {"incident", "change"}
    ran = bridge_command("verify", "-w", workspace, *options)
    assert ran.code == 0
    assert ran.err.startswith(f"{mode}: ")
    assert ran.out.splitlines()[1].split() == ["incident", shown["heads"]["incident"]]


def test_the_command_ends_with_6_and_one_document_when_something_is_damaged(bridge_command, workspace: Path) -> None:
    (path,) = missing_file(Lake(workspace / "evidence"))
    ran = bridge_command("verify", "-w", workspace, "--json")
    shown = json.loads(ran.out)
    Draft202012Validator(schema("cli/verify")).validate(shown)
    assert (ran.code, shown["ok"], shown["heads"]) == (6, False, {})
    assert str(path) in {place["where"] for place in shown["damage"]}
    ran = bridge_command("verify", "-w", workspace)
    assert ran.code == 6
    assert f"incident: {path}: the file is missing" in ran.err


def test_the_command_tells_of_leftovers_and_is_content(bridge_command, workspace: Path) -> None:
    lake = Lake(workspace / "evidence")
    left = lake.root / "incident" / "00000009-0123456789abcdef.parquet"
    shutil.copy(data_files(lake)[0], left)
    ran = bridge_command("verify", "-w", workspace)
    assert ran.code == 0
    assert f"{left}: no commit names this file" in ran.err
    assert json.loads(bridge_command("verify", "-w", workspace, "--json").out)["leftovers"] == [str(left)]


def test_an_earlier_report_convicts_a_chain_made_anew(bridge_command, workspace: Path) -> None:
    assert bridge_command("export", workspace / "audit.json", "-w", workspace).code == 0
    assert bridge_command("verify", "-w", workspace, "--against", workspace / "audit.json").code == 0
    resealed(Lake(workspace / "evidence"))
    ran = bridge_command("verify", "-w", workspace, "--against", workspace / "audit.json")
    assert ran.code == 6
    assert "which the report names" in ran.err
