"""A quick judge says whether data fits; whatever it cannot judge, the patient one does."""

import subprocess
import sys
from datetime import date

import pytest

from itss_bridge.forms import Form, Misfit, form

PERSON = Form(
    {
        "type": "object",
        "properties": {"name": {"type": "string", "pattern": "^[a-z]+$"}, "tags": {"items": {"type": "string"}}},
        "required": ["name"],
        "additionalProperties": False,
    }
)


def test_what_fits_has_no_misfit() -> None:
    assert PERSON.fits({"name": "an"})
    assert PERSON.misfit({"name": "an"}) is None
    assert list(PERSON.misfits({"name": "an"})) == []


@pytest.mark.parametrize(
    ("data", "place", "rule", "value"),
    [
        ({}, "", "required", {}),
        ({"name": 8}, "name", "type", 8),
        ({"name": "an", "tags": ["x", 1]}, "tags.1", "type", 1),
        ({"name": "an", "age": 8}, "", "additionalProperties", {"name": "an", "age": 8}),
    ],
)
def test_a_misfit_says_where_which_rule_and_what_stands_there(data: dict, place: str, rule: str, value: object) -> None:
    assert not PERSON.fits(data)
    found = PERSON.misfit(data)
    assert (found.place, found.rule, found.value) == (place, rule, value)
    assert found in list(PERSON.misfits(data))
    assert found.message


def test_a_date_of_toml_is_no_text_and_no_crash() -> None:
    assert PERSON.misfit({"name": date(2026, 3, 31)}) == Misfit(
        ("name",), "type", date(2026, 3, 31), "datetime.date(2026, 3, 31) is not of type 'string'"
    )
    assert Form({"type": "object"}).misfit({"day": date(2026, 3, 31)}) is None


def test_a_pattern_that_only_python_knows_is_judged_all_the_same() -> None:
    words = Form({"type": "string", "pattern": r"^(?P<word>a+)(?(word)b|c)$"})
    assert words.misfit("aab") is None
    assert words.misfit("aac").rule == "pattern"


def test_the_forms_of_our_own_schemas_go_by_their_names() -> None:
    assert form("workspace").misfit({"workspace": {}}).rule == "required"


def test_who_explains_is_loaded_only_when_there_is_something_to_explain() -> None:
    code = (
        "import sys; from itss_bridge.forms import Form; f = Form({'type': 'string'}); f.misfit('x');"
        "assert 'jsonschema' not in sys.modules; f.misfit(1); assert 'jsonschema' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
