"""What a publication says of itself: which lines change, and by which key a page is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from itss_bridge.contracts import PublishedPage, Sheet
from itss_bridge.data import schema
from itss_bridge.publish_page import Doing, PageStep, key

LINES = st.lists(st.sampled_from(["a", "b", "--x", "++y", "@@ z"]), max_size=8)
SHEET = Sheet("itss-bridge-page-0123456789abcdef", "矩阵", "<p>矩阵</p>", "0" * 64)


def step(before: list[str], after: list[str], doing: Doing = "update") -> PageStep:
    page = PublishedPage("7", "矩阵", "https://acme.example/wiki/x", 3, "", before, touched=False)
    return PageStep(doing, False, SHEET, page, before, after)


@given(LINES, LINES)
def test_the_diff_tells_every_line_that_goes_or_comes_and_no_other(before: list[str], after: list[str]) -> None:
    told = list(step(before, after).diff())
    gone, come = ([line[1:] for line in told if line[0] == sign] for sign in "-+")
    assert len(gone) + len(come) == len(told)
    rest = list(before)
    for line in gone:
        rest.remove(line)
    assert sorted(rest + come) == sorted(after)


@given(LINES, LINES)
def test_lines_that_only_moved_are_no_change(before: list[str], after: list[str]) -> None:
    assert (step(before, after).changed == 0) == (sorted(before) == sorted(after))
    assert step(before, after).changed <= max(len(before), len(after))


@pytest.mark.parametrize("doing", ["create", "update", "finish", "none"])
def test_its_json_has_the_promised_shape(doing: Doing) -> None:
    validator = Draft202012Validator(schema("cli/publish-page"))
    for told in (step(["a"], ["b"], doing), PageStep(doing, True, SHEET, None, (), ("a",))):
        validator.validate({"place": "confluence", **told.as_dict()})


def test_every_organisation_and_place_has_a_key_of_its_own() -> None:
    keys = {
        key("晨星信息", "confluence"),
        key("晨星信息", "wiki"),
        key("other", "confluence"),
        key("晨星信息c", "onfluence"),
    }
    assert len(keys) == 4
    assert key("晨星信息", "confluence") == key("晨星信息", "confluence")
