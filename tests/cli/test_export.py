"""Which format a file's name asks for."""

from pathlib import Path

import pytest

from itss_bridge.cli.export import suffix

KNOWN = dict.fromkeys([".json", ".oscal.json", ".mapping.oscal.json", ".xlsx"], object)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("audit.json", ".json"),
        ("audit.oscal.json", ".oscal.json"),
        ("2026.mapping.oscal.json", ".mapping.oscal.json"),
        ("mapping.oscal.json", ".mapping.oscal.json"),
        ("oscal.json", ".oscal.json"),
        ("json", "json"),
        ("matrix.docs", ".docs"),
    ],
)
def test_the_longest_suffix_wins_even_where_it_is_the_whole_name(name: str, expected: str) -> None:
    assert suffix(Path("reports") / name, KNOWN) == expected
