"""What people type, as our files would have it; what cannot be taken says why."""

from datetime import date, datetime
from types import SimpleNamespace

import pytest

from itss_bridge.roundtrip.entered import entered

GOOD = [
    ("status", "符合", "conforming"),
    ("status", "Not applicable", "not-applicable"),
    ("status", "nonconforming", "nonconforming"),
    ("status", " 部分符合\nPartial ", "partial"),
    ("status", None, ""),
    ("due", datetime(2026, 3, 31), "2026-03-31"),  # noqa: DTZ001 - a cell has no time zone
    ("due", date(2026, 3, 31), "2026-03-31"),
    ("due", "2026-03-31", "2026-03-31"),
    ("due", "2026/3/31", "2026-03-31"),
    ("due", "2026年3月31日", "2026-03-31"),
    ("due", "", ""),
    ("expires", None, ""),
    ("effort", 3, "3"),
    ("effort", 3.0, "3"),
    ("effort", "03", "3"),
    ("effort", 0, "0"),
    ("effort", None, ""),
    ("owner", "  事件经理\n", "事件经理"),
    ("owner", 12, "12"),
    ("next_action", "=看起来像公式", "=看起来像公式"),
    ("next_action", "_x005F_x003D_1", "_x003D_1"),
]
BAD = [
    ("status", "ok"),
    ("status", 1),
    ("due", "bald"),
    ("due", "2026-02-30"),
    ("due", 46112),
    ("due", "31.3.2026"),
    ("effort", "三天"),
    ("effort", 2.5),
    ("effort", -1),
    ("effort", True),
    ("effort", "１"),
]


@pytest.mark.parametrize(("field", "value", "expected"), GOOD)
def test_what_may_stand_there(field: str, value: object, expected: str) -> None:
    cell = entered("action", "x", field, SimpleNamespace(value=value, data_type="s"), "A1")
    assert (cell.value, cell.problem) == (expected, None)


@pytest.mark.parametrize(("field", "value"), BAD)
def test_what_may_not_is_kept_as_shown_with_the_reason(field: str, value: object) -> None:
    cell = entered("action", "x", field, SimpleNamespace(value=value, data_type="s"), "A1")
    assert cell.problem
    assert cell.value


@pytest.mark.parametrize(("kind", "value"), [("f", "=TODAY()"), ("e", "#REF!")])
@pytest.mark.parametrize("field", ["owner", "due", "status"])
def test_formulas_and_errors_are_no_values(kind: str, value: str, field: str) -> None:
    assert entered("action", "x", field, SimpleNamespace(value=value, data_type=kind), "A1").problem
