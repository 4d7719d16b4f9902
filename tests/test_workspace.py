"""The workspace file: what is wrong is named with file, line and fix, and nothing is lost."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge.bridge import Bridge
from itss_bridge.errors import Locked, UsageError
from itss_bridge.workspace import FILE, Workspace

OPENED = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = '[workspace]\norganisation = "晨星信息"\ntime_zone = "Asia/Shanghai"\n'


def workspace(folder: Path, text: str = GOOD) -> Workspace:
    (folder / FILE).write_text(text, "utf-8")
    return Workspace.open(folder)


def test_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    opened = workspace(tmp_path, '[workspace]\norganisation = "晨星信息"\n')
    assert (opened.languages, str(opened.time_zone), opened.target) == (("zh", "en"), "Asia/Shanghai", None)
    assert opened.rule_packs == ("itss-application-2020", "consultant-002")
    assert opened.binding == ("itss-application-2020",)
    assert opened.engine == "duckdb"


def test_an_engine_that_does_not_exist_is_refused_with_what_was_meant(tmp_path: Path) -> None:
    workspace(tmp_path, f'{GOOD}engine = "duckbd"\n')

    with pytest.raises(UsageError, match="there is no engine 'duckbd'") as caught, Bridge(tmp_path).engine(OPENED):
        pass
    assert "did you mean 'duckdb'?" in caught.value.fix


@pytest.mark.parametrize("key", ["password", "token", "api_key", "apikey", "SN_PASSWORD", "jira_token", "private_key"])
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, key: str) -> None:
    text = f'{GOOD}[sources.jira]\nconnector = "jira"\n{key} = "hunter2-canary"\n'
    with pytest.raises(UsageError, match="looks like a secret") as caught:
        workspace(tmp_path, text)
    assert "hunter2-canary" not in str(caught.value)
    assert caught.value.where.endswith(f"{FILE}:6")
    assert "env:NAME" in caught.value.fix


def test_a_secret_that_is_no_reference_is_refused_and_not_repeated(tmp_path: Path) -> None:
    text = f'{GOOD}[sources.jira]\nconnector = "jira"\nsecret = "hunter2-canary"\n'
    with pytest.raises(UsageError) as caught:
        workspace(tmp_path, text)
    assert "hunter2-canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "'workspace' is a required property"),
        ("[workspace]\n", "'organisation' is a required property"),
        ("[workspace\n", "not TOML"),
        ('[workspace]\norganisation = ""\n', "organisation"),
        (GOOD + 'target = "level-3"\n', "workspace.target"),
        (GOOD + 'colour = "red"\n', "colour"),
        (GOOD.replace("Asia/Shanghai", "Asia/Beijing"), "time zone"),
        (GOOD + '[sources.x]\nurl = "https://a.example"\n', "'connector' is a required property"),
        (GOOD + '[sources.X]\nconnector = "jira"\n', "X"),
    ],
)
def test_a_wrong_file_is_refused_with_what_is_wrong(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        workspace(tmp_path, text)
    assert what in str(caught.value)
    assert FILE in caught.value.where


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no workspace here") as caught:
        Workspace.open(tmp_path)
    assert "init" in caught.value.fix


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(GOOD.encode("gbk"))
    with pytest.raises(UsageError, match="UTF-8"):
        Workspace.open(tmp_path)


@given(text=st.text(max_size=80))
def test_no_text_at_all_brings_a_traceback(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    with suppress(UsageError):
        workspace(folder, text.encode("utf-8", "replace").decode())


def test_a_day_ends_and_begins_in_the_workspaces_zone(tmp_path: Path) -> None:
    opened = workspace(tmp_path)
    assert opened.moment("2026-03-31") == datetime(2026, 3, 31, 16, tzinfo=UTC)
    assert opened.start_of("2026-03-31") == datetime(2026, 3, 30, 16, tzinfo=UTC)
    assert opened.moment("2026-03-31T08:00:00") == datetime(2026, 3, 31, tzinfo=UTC)
    assert opened.moment("2026-03-31T08:00:00+00:00") == datetime(2026, 3, 31, 8, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "31.03.2026", "9999-12-31", ""])
def test_what_is_no_date_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="is not a date"):
        workspace(tmp_path).moment(text)


def test_the_lock_is_held_by_one_and_free_afterwards(tmp_path: Path) -> None:
    opened = workspace(tmp_path)
    with opened.lock(), pytest.raises(Locked) as caught:
        opened.lock()
    assert caught.value.exit_code == 7
    opened.lock().release()


def test_a_lock_file_left_behind_holds_nobody_up(tmp_path: Path) -> None:
    opened = workspace(tmp_path)
    opened.evidence.mkdir()
    (opened.evidence / ".lock").write_text("4242")
    opened.lock().release()
