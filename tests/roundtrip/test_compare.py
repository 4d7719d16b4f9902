"""Three ways at once: nothing that one side did not say is ever taken."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from itss_bridge.messages import say
from itss_bridge.roundtrip.compare import Line, compare, decided
from itss_bridge.roundtrip.entered import FIELDS, Entered

DAY = date(2026, 3, 31)
NOTHING = dict.fromkeys(FIELDS["action"], "")
UNJUDGED = dict.fromkeys(FIELDS["judgement"], "")
JUDGED = {"status": "partial", "reason": "已见原件", "role": "审核员", "expires": ""}
WORDS = st.sampled_from(["", "a", "b", "c"])


def action(base: dict, workbook: dict, workspace: dict, **more: list[Entered]) -> tuple[Line, ...]:
    cells = [Entered("action", "x", field, value, f"Gaps!{n}") for n, (field, value) in enumerate(workbook.items())]
    document = {"gaps": {"x": {"checks": ["x"], **base}}, "judgements": {}}
    return compare(document, [*cells, *more.get("also", [])], {"action": {"x": workspace}, "judgement": {}}, DAY)


def judgement(base: dict, workbook: dict, workspace: dict, role: str = "") -> tuple[Line, ...]:
    cells = [Entered("judgement", "r", field, value, f"Matrix!{field}") for field, value in workbook.items()]
    document = {"gaps": {}, "judgements": {"r": base}}
    return compare(document, cells, {"action": {}, "judgement": {"r": workspace}}, DAY, role)


@pytest.mark.parametrize(
    ("base", "workbook", "workspace", "state"),
    [
        ("", "a", "", "taken"),
        ("a", "", "a", "taken"),
        ("a", "b", "b", "there"),
        ("a", "a", "b", "kept"),
        ("a", "b", "c", "conflict"),
        ("a", "", "c", "conflict"),
    ],
)
def test_who_changed_it(base: str, workbook: str, workspace: str, state: str) -> None:
    lines = action(NOTHING | {"owner": base}, NOTHING | {"owner": workbook}, NOTHING | {"owner": workspace})
    (line,) = lines
    assert (line.field, line.state, line.base, line.workbook, line.workspace) == (
        "owner", state, base, workbook, workspace,
    )  # fmt: skip


@given(WORDS, WORDS, WORDS)
def test_only_the_workbooks_own_change_is_taken(base: str, workbook: str, workspace: str) -> None:
    values = (NOTHING | {"owner": value} for value in (base, workbook, workspace))
    lines = action(*values)
    states = {line.state for line in lines}
    assert bool(lines) == (len({base, workbook, workspace}) > 1)
    assert ("taken" in states) == (workbook != base == workspace)
    assert ("conflict" in states) == (len({base, workbook, workspace}) == 3)
    assert {line.state for line in decided(lines, "workspace")} <= {"taken", "there", "kept"}
    taken = {line.workbook for line in decided(lines, "workbook") if line.state == "taken"}
    assert taken <= {workbook}


def test_a_conflict_stays_one_until_somebody_decides() -> None:
    lines = action(NOTHING | {"owner": "a"}, NOTHING | {"owner": "b"}, NOTHING | {"owner": "c"})
    assert [line.state for line in decided(lines, None)] == ["conflict"]
    assert [line.state for line in decided(lines, "workbook")] == ["taken"]
    assert [line.state for line in decided(lines, "workspace")] == ["kept"]


def test_a_row_that_was_deleted_changes_nothing() -> None:
    assert compare({"gaps": {"x": NOTHING}, "judgements": {}}, [], {"action": {}, "judgement": {}}, DAY) == ()


def test_cells_that_contradict_each_other_are_invalid_with_both_named() -> None:
    again = [Entered("action", "x", "owner", "b", "Copy!O9")]
    (line,) = action(NOTHING, NOTHING | {"owner": "a"}, NOTHING, also=again)
    assert (line.state, line.where) == ("invalid", "Gaps!0, Copy!O9")


def test_of_two_cells_the_one_that_was_changed_speaks() -> None:
    again = [Entered("action", "x", "owner", "b", "Copy!O9")]
    (line,) = action(NOTHING, NOTHING, NOTHING, also=again)
    assert (line.state, line.workbook, line.where) == ("taken", "b", "Copy!O9")


def test_an_unknown_id_is_invalid_only_where_something_was_filled_in() -> None:
    cells = [Entered("action", "y", "owner", "", "Gaps!O9"), Entered("action", "z", "owner", "a", "Gaps!O10")]
    (line,) = compare({"gaps": {}, "judgements": {}}, cells, {"action": {}, "judgement": {}}, DAY)
    assert (line.id, line.state) == ("z", "invalid")


def test_an_id_that_the_catalogue_lost_is_invalid() -> None:
    cells = [Entered("action", "x", "owner", "a", "Gaps!O10")]
    (line,) = compare({"gaps": {"x": NOTHING}, "judgements": {}}, cells, {"action": {}, "judgement": {}}, DAY)
    assert (line.state, "any more" in str(line.reason)) == ("invalid", True)


def test_a_problem_is_invalid_even_where_the_shown_text_did_not_change() -> None:
    bad = Entered("action", "x", "due", "bald", "Gaps!P3", say("no date"))
    (line,) = action(NOTHING, {}, NOTHING, also=[bad])
    assert (line.state, line.where, line.workbook) == ("invalid", "Gaps!P3", "bald")


@pytest.mark.parametrize("lacking", ["reason", "role"])
def test_a_judgement_without_reason_or_role_is_invalid(lacking: str) -> None:
    lines = judgement(UNJUDGED, JUDGED | {lacking: ""}, UNJUDGED)
    assert {line.state for line in lines} == {"invalid"}
    assert {lacking in str(line.reason) for line in lines} == {True}


def test_the_command_says_who_judges_where_the_workbook_does_not() -> None:
    lines = judgement(UNJUDGED, JUDGED | {"role": ""}, UNJUDGED, role="质量负责人")
    assert {line.field: line.workbook for line in lines if line.state == "taken"} == {
        "status": "partial", "reason": "已见原件", "role": "质量负责人",
    }  # fmt: skip


def test_the_workbooks_own_role_comes_first() -> None:
    lines = judgement(UNJUDGED, JUDGED, UNJUDGED, role="别人")
    assert {line.workbook for line in lines if line.field == "role"} == {"审核员"}


@pytest.mark.parametrize(("expires", "state"), [("2026-03-31", "invalid"), ("2026-04-01", "taken")])
def test_a_judgement_ends_after_it_begins(expires: str, state: str) -> None:
    assert {line.state for line in judgement(UNJUDGED, JUDGED | {"expires": expires}, UNJUDGED)} == {state}


def test_an_emptied_status_takes_the_judgement_back_whatever_stands_beside_it() -> None:
    (line,) = judgement(JUDGED, JUDGED | {"status": "", "reason": "x"}, JUDGED)
    assert (line.field, line.workbook, line.state) == ("status", "", "taken")


def test_a_reason_alone_judges_nothing() -> None:
    (line,) = judgement(UNJUDGED, UNJUDGED | {"reason": "x"}, UNJUDGED)
    assert (line.state, "status" in str(line.reason)) == ("invalid", True)
