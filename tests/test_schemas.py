"""The schemas themselves: sound, described, and with examples that fit."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).parent.parent / "schemas"
ALL = sorted(ROOT.rglob("*.json"))
FILES = sorted(ROOT.glob("*.json"))


def read(path: Path) -> dict:
    return json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize("path", ALL, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_schema_is_one_and_says_what_it_is_for(path: Path) -> None:
    content = read(path)
    Draft202012Validator.check_schema(content)
    assert content["title"]
    assert content["description"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_a_kind_of_file_comes_with_an_example_that_fits(path: Path) -> None:
    content = read(path)
    assert content["examples"]
    for example in content["examples"]:
        Draft202012Validator(content).validate(example)


@pytest.mark.parametrize("path", sorted((ROOT / "streams").glob("*.json")), ids=lambda p: p.stem)
def test_every_field_of_a_stream_is_described_and_may_be_unknown(path: Path) -> None:
    content = read(path)
    assert content["x-title-zh"]
    for name, rule in content["properties"].items():
        assert rule["description"], name
        assert "null" in rule["type"], name
