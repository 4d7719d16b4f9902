"""Decisions of management reviews, as people write them."""

from datetime import date
from pathlib import Path

import pytest

from itss_bridge.decisions import decisions
from itss_bridge.errors import UsageError

FILE = """\
decisions:
  - {id: MR-2, review: '2016-01-20', decision: 夜班增设二线值守, owner: 服务经理, due: '2016-03-31'}
  - {id: MR-1, review: '2015-07-01', decision: 更新服务目录, owner: 服务经理, done: '2015-08-01'}
"""


def written(folder: Path, text: str) -> list[Path]:
    path = folder / "decisions.yaml"
    path.write_text(text, "utf-8")
    return [path]


def test_they_are_read_oldest_review_first(tmp_path: Path) -> None:
    found = decisions(written(tmp_path, FILE))
    assert [(one.id, one.due, one.done) for one in found] == [
        ("MR-1", None, date(2015, 8, 1)),
        ("MR-2", date(2016, 3, 31), None),
    ]
    assert [one.state(date(2016, 3, 31)) for one in found] == ["done", "open"]
    assert [one.state(date(2016, 4, 1)) for one in found] == ["done", "overdue"]
    assert found[0].state(date(2015, 7, 31)) == "open", "it was not done yet"


@pytest.mark.parametrize(
    ("wrong", "complaint", "place"),
    [
        (("2016-03-31", "2016-02-31"), "there is no day 2016-02-31", ":2:76"),
        (("MR-1", "MR-2"), "MR-2 stands twice", ":3:10"),
        (("owner: 服务经理, due", "boss: x, due"), "Additional properties|'owner' is a required", ":2:5"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, wrong: tuple[str, str], complaint: str, place: str
) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        decisions(written(tmp_path, FILE.replace(*wrong)))
    assert caught.value.where.endswith(f"decisions.yaml{place}")
