"""The register on disk: what people wrote stays to the letter, what is ours comes back as it was."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge.errors import UsageError
from itss_bridge.model import Ticket
from itss_bridge.nonconformities import Closing, Entry, Register
from itss_bridge.nonconformities.register import LINE

NEW = Entry("NC-2016-001", "prc-slm-c.kpi-sla", "minor", date(2016, 6, 1), date(2016, 8, 30))
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)
BY_HAND = """\
# 责任人写岗位，不写姓名
nonconformity: NC-2016-001
subject: prc-slm-c.kpi-sla
grade: minor
opened: '2016-06-01'
due: '2016-08-30'
owner: 服务经理     # a role
root_cause: >-
  夜班缺少二线支持，
  P2 事件转派超时
corrective_action: 夜班增设二线值守
"""


def test_a_new_entry_is_read_as_it_was_written(tmp_path: Path) -> None:
    register = Register(tmp_path / "nonconformities")
    assert register.entries() == ()
    register.add(NEW)
    assert register.entries() == (NEW,)


@given(state=WORDS, ref=WORDS, done=st.booleans(), measured=WORDS)
def test_what_is_ours_comes_back_and_what_people_wrote_stays_to_the_letter(
    tmp_path_factory: pytest.TempPathFactory, state: str, ref: str, done: bool, measured: str
) -> None:
    folder = tmp_path_factory.mktemp("register")
    (folder / "NC-2016-001.yaml").write_text(BY_HAND, "utf-8")
    register = Register(folder)
    (entry,) = register.entries()
    ticket = Ticket("jira", "90001", ref, "https://tool.example/browse/QMS-1", state, done)
    kept = replace(
        entry,
        ticket=ticket,
        published="0123456789abcdef",
        read=date(2016, 6, 2),
        closed=Closing(date(2016, 7, 1), measured, "≥ 90 %", 20),
    )
    register.keep(kept)
    register.keep(kept)
    assert register.entries() == (kept,)
    assert (folder / "NC-2016-001.yaml").read_text("utf-8").startswith(BY_HAND + LINE)
    assert [path.name for path in folder.iterdir()] == ["NC-2016-001.yaml"]


@pytest.mark.parametrize(
    ("line", "complaint", "place"),
    [
        ("grade: grave", "grade: 'grave' is not one of", ":4:8"),
        ("opened: 2016-02-30", "there is no day 2016-02-30", ":5:9"),
        ("nonconformity: NC-2016-002", "the file is called NC-2016-001.yaml, and is NC-2016-002", ":2:16"),
        ("rootcause: x", "Additional properties are not allowed", ":2:1"),
    ],
)
def test_a_file_that_is_wrong_is_told_with_its_line(tmp_path: Path, line: str, complaint: str, place: str) -> None:
    key = line.partition(":")[0]
    lines = BY_HAND.splitlines()
    at = next((n for n, text in enumerate(lines) if text.startswith(f"{key}:")), None)
    lines = [*lines, line] if at is None else [*lines[:at], line, *lines[at + 1 :]]
    (tmp_path / "NC-2016-001.yaml").write_text("\n".join(lines), "utf-8")
    with pytest.raises(UsageError, match=complaint) as caught:
        Register(tmp_path).entries()
    assert caught.value.where.endswith(f"NC-2016-001.yaml{place}")
