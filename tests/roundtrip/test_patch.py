"""People's YAML files keep every line that a change is not about, whatever they look like."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from itss_bridge.catalogue.yaml import parsed
from itss_bridge.roundtrip.patch import scalar, with_row, with_value, without_row

FILE = """\
# 质量部维护，改动请先通知
capacity: 40   # 每季度人天

actions:
  # 事件
  - check: prc-inc-a.document   # 急
    owner: 事件经理
    due: 2026-06-30

  - owner: "配置经理"
    check: prc-cfg-c.document
    next_action: |
      先盘点，
      再核对
    # 到此为止
  - {check: res-dsl.document, effort: 3, owner: x}
# 文件结尾的说明
"""
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=40)
VALUES = st.one_of(TEXTS, st.integers(0, 999))


def read(text: str, tmp_path: Path) -> list[dict]:
    path = tmp_path / "actions.yaml"
    path.write_bytes(text.encode())
    return parsed(path).content["actions"]


@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize("field", ["owner", "due", "effort", "next_action", "check"])
@pytest.mark.parametrize("value", ["新值", "2026-07-01", "true", "a: b # c", "两行\n文字", 5, "{x}, [y]", "'"])
def test_one_field_is_set_and_nothing_else(tmp_path: Path, index: int, field: str, value: str | int) -> None:
    before = read(FILE, tmp_path)
    text = with_value(FILE, "actions", index, field, value)
    after = read(text, tmp_path)
    assert after[index] == before[index] | {field: value}
    assert [row for n, row in enumerate(after) if n != index] == [row for n, row in enumerate(before) if n != index]
    assert not [line for line in FILE.split("\n") if "#" in line and line.partition("#")[2] not in text]


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize(("index", "field"), [(0, "owner"), (0, "due"), (1, "owner"), (1, "next_action"), (2, "owner")])
def test_one_field_is_removed_and_nothing_else(tmp_path: Path, index: int, field: str, eol: str) -> None:
    file = FILE.replace("\n", eol)
    before = read(file, tmp_path)
    text = with_value(file, "actions", index, field, None)
    assert read(text, tmp_path)[index] == {k: v for k, v in before[index].items() if k != field}
    assert len(read(text, tmp_path)) == len(before)
    assert ("\r" in text) == (eol == "\r\n")


def test_a_field_without_value_is_filled(tmp_path: Path) -> None:
    text = with_value("actions:\n- check: a\n  owner:\n  due:\n", "actions", 0, "owner", "值班经理")
    assert text == "actions:\n- check: a\n  owner: 值班经理\n  due:\n"
    assert read(text, tmp_path)[0]["owner"] == "值班经理"


def test_what_is_not_there_is_not_removed() -> None:
    assert with_value(FILE, "actions", 0, "effort", None) == FILE


@pytest.mark.parametrize(
    "file",
    [
        FILE,
        "actions: []\n",
        "actions: []",
        "actions:\n- check: a",
        "actions:\n- check: a\n\n\n# ende\n",
        "actions: [{check: a}]\ncapacity: 3\n",
        "actions:\r\n    - check: a\r\n    - check: b\r\ncapacity: 3\r\n",
        "\ufeffactions:\n  - check: a\n",
    ],
)
def test_a_row_comes_last_and_goes_again(tmp_path: Path, file: str) -> None:
    before = read(file, tmp_path)
    row = {"check": "prc-rel-d.document", "owner": "发布经理", "effort": 3}
    text = with_row(file, "actions", row)
    assert read(text, tmp_path) == [*before, row]
    assert read(without_row(text, "actions", len(before)), tmp_path) == before
    for index in range(len(before)):
        left = read(without_row(text, "actions", index), tmp_path)
        assert left == [r for n, r in enumerate([*before, row]) if n != index]
    assert all(line.strip() in text for line in file.split("\n") if "[" not in line)


@settings(deadline=None)
@given(VALUES, st.booleans())
def test_any_value_is_read_back_as_it_was(value: str | int, flow: bool) -> None:
    shown = scalar(value, flow=flow)
    assert "\n" not in shown
    text = f"{{a: {shown}, b: c}}\n" if flow else f"a: {shown}\nb: c\n"
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    read_back, after = (v.value for _, v in node.value)
    assert (read_back, after) == (str(value), "c")


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["owner", "next_action", "due"]), TEXTS), min_size=1, max_size=6))
def test_any_order_of_changes_ends_with_the_last_words(changes: list[tuple[str, str]]) -> None:
    text, expected = FILE, {"check": "prc-inc-a.document", "owner": "事件经理", "due": "2026-06-30"}
    for field, value in changes:
        text = with_value(text, "actions", 0, field, value)
        expected[field] = value
    rows = yaml.load(text, Loader=yaml.BaseLoader)["actions"]
    assert rows[0] == expected
    assert json.dumps(rows[1:]) == json.dumps(yaml.load(FILE, Loader=yaml.BaseLoader)["actions"][1:])
