"""Lakes as every version wrote them: they open, verify, give the same records and go on; a newer one is refused."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest

from itss_bridge.contracts import Record
from itss_bridge.errors import UsageError
from itss_bridge.evidence import Lake, SourceMark
from itss_bridge.evidence.compact import compact
from itss_bridge.evidence.ledger import FORMAT, Entry, head_of
from itss_bridge.evidence.log import METADATA, entry_text
from itss_bridge.evidence.missing import missing
from itss_bridge.evidence.purge import Wanted, purge
from itss_bridge.evidence.read import records
from itss_bridge.evidence.store import LOG

GOLDEN = sorted((Path(__file__).parent.parent / "golden" / "lakes").glob("*.zip"))
START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def opened(path: Path, folder: Path) -> Lake:
    with ZipFile(path) as archive:
        archive.extractall(folder)
    return Lake(folder)


def seen(lake: Lake, days: float) -> dict[str, str]:
    rows = list(records(lake, "incident", START + days * DAY, ["id", "ref", "state", "category", "priority"]))
    assert all((row["ref"], row["category"], row["priority"]) == (f"INC{row['id']}", "网络", 2) for row in rows)
    return {row["id"]: row["state"] for row in rows}


def commit(lake: Lake, key: str) -> None:
    table = lake.table("incident")
    row = table.rows.stored("desk", Record(key, f"INC{key}", "", LATER, {"state": "new"}), str)
    table.append([row], run="later", at=LATER, source="desk", mark=SourceMark("complete", LATER, 1, 1, LATER))


@pytest.fixture(params=GOLDEN, ids=lambda path: path.stem)
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    return opened(request.param, tmp_path / "evidence")


def test_every_form_of_the_past_is_there() -> None:
    assert [path.stem[0] for path in GOLDEN] == list("12345")
    assert sum(path.stat().st_size for path in GOLDEN) < 100_000


def test_it_verifies_and_gives_the_records_of_each_moment(lake: Lake) -> None:
    assert list(lake.verify()) == []
    first = {"1": "new"} if missing(lake.table("incident"), START + DAY) else {"1": "new", "2": "new"}
    assert [seen(lake, days) for days in (0, 0.5, 1.5, 4)] == [
        {},
        first,
        {"1": "new", "2": "closed", "3": "new"},
        {"2": "closed", "3": "new"},
    ]
    marks = [entry.sources["desk"].state for entry in lake.table("incident").entries()]
    assert set(marks) == {"complete"}


def test_it_is_gone_on_with_purged_and_compacted(lake: Lake) -> None:
    before = seen(lake, 4)
    commit(lake, "9")
    assert list(lake.verify()) == []
    purge(lake, ["incident"], Wanted(before=START + 2 * DAY), "old", LATER, apply=True)
    compact(lake, ["incident"], LATER, apply=True)
    assert list(lake.verify()) == []
    assert seen(lake, 4) == before
    last = lake.table("incident").last()
    assert last is not None
    assert last.format == FORMAT
    assert last.compaction is not None
    assert list(lake.leftovers()) == []


def test_every_changed_byte_that_its_form_covers_is_found(lake: Lake) -> None:
    """Not the newest commit's file, which nothing covered before there were seals; of the first form, the rows alone."""
    folder, truth = lake.root / "incident", seen(lake, 4)
    rows_alone = any(folder.glob("part-*"))
    for path in [*folder.glob("*.parquet"), *sorted((folder / LOG).glob("*.json"))[:-1]]:
        whole = path.read_bytes()
        for at in range(9, len(whole), len(whole) // 5):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            assert list(lake.verify()) or (rows_alone and seen(lake, 4) == truth), (path.name, at)
        path.write_bytes(whole)
    assert list(lake.verify()) == []


def rewritten(lake: Lake, change) -> Path:
    """The newest commit's file with its actions changed; the table has no seal then."""
    path = max((lake.root / "incident" / LOG).glob("*.json"))
    actions = [json.loads(line) for line in path.read_text().splitlines()]
    change(actions)
    path.write_text("".join(json.dumps(action) + "\n" for action in actions))
    return path


def of_a_later_form(actions: list[dict]) -> None:
    entry = json.loads(entry_text(actions)) | {"format": FORMAT + 1, "something": "new"}
    entry["head"] = head_of(json.dumps(entry))
    (about,) = [action["commitInfo"] for action in actions if "commitInfo" in action]
    about[METADATA] = json.dumps(entry)


@pytest.fixture
def newest(tmp_path: Path) -> Lake:
    return opened(GOLDEN[-1], tmp_path / "evidence")


def test_a_lake_that_a_newer_version_wrote_is_refused_with_what_to_do(newest: Lake) -> None:
    path = rewritten(newest, of_a_later_form)
    for use in (
        lambda: newest.table("incident").last(),
        lambda: list(newest.verify()),
        newest.heads,
        lambda: commit(newest, "9"),
    ):
        with pytest.raises(UsageError, match="written by a newer itss-bridge") as caught:
            use()
        assert caught.value.where == str(path)
        assert caught.value.cause == f"entries of form {FORMAT + 1}; this one knows {FORMAT}"
        assert "update" in caught.value.fix


@pytest.mark.parametrize(
    "protocol",
    [
        {"minReaderVersion": 9, "minWriterVersion": 9},
        {
            "minReaderVersion": 3,
            "minWriterVersion": 7,
            "readerFeatures": ["unheardOf"],
            "writerFeatures": ["unheardOf"],
        },
    ],
    ids=["version", "feature"],
)
def test_a_newer_delta_protocol_is_refused_with_what_to_do(newest: Lake, protocol: dict) -> None:
    rewritten(newest, lambda actions: actions.append({"protocol": protocol}))
    with pytest.raises(UsageError, match="written by a newer itss-bridge") as caught:
        newest.table("incident").files()
    assert "nsupported" in caught.value.cause


def test_the_command_line_refuses_a_newer_lake_without_a_traceback(newest: Lake, bridge_command) -> None:
    root = newest.root.parent
    (root / "itss-bridge.toml").write_text('[workspace]\norganisation = "晨星信息"\n', "utf-8")
    rewritten(newest, of_a_later_form)
    for command in ("verify", "status", "evidence list incident"):
        ran = bridge_command(*command.split(), "-w", root)
        assert ran.code == 2, ran.err
        assert "newer itss-bridge" in ran.err
        assert "Traceback" not in ran.err


def test_a_changed_form_number_is_damage_and_not_a_newer_lake(newest: Lake) -> None:
    rewritten(newest, lambda actions: actions.__setitem__(slice(None), [_with_form(a) for a in actions]))
    assert any("not written by itss-bridge" in place.what for place in newest.verify())


def _with_form(action: dict) -> dict:
    text = json.dumps(action)
    return json.loads(text.replace(f'\\"format\\":{FORMAT}', f'\\"format\\":{FORMAT + 7}'))


def test_an_entry_of_an_earlier_form_keeps_its_own_text(tmp_path: Path) -> None:
    for path in GOLDEN:
        shutil.rmtree(tmp_path / "evidence", ignore_errors=True)
        lake = opened(path, tmp_path / "evidence")
        for file in (lake.root / "incident" / LOG).glob("*.json"):
            text = entry_text([json.loads(line) for line in file.read_text().splitlines()])
            assert Entry.of(text).head == head_of(text)
