"""Which workspaces a folder or a file stands for, and what they are called."""

from pathlib import Path

import pytest
from tests.fleet.fleets import workspace

from itss_bridge.errors import UsageError
from itss_bridge.fleet import open_fleet


@pytest.fixture
def place(tmp_path: Path) -> Path:
    root = tmp_path / "group"
    for key in ("east/上海 一", "east/b", "south/deep/c", "lone"):
        workspace(root / key, key)
    workspace(root / "lone" / "inner", "a workspace has no workspaces in it")
    workspace(root / ".hidden", "nobody means this")
    (root / "south" / "empty").mkdir()
    return root


def declare(place: Path, text: str) -> Path:
    (place / "fleet.toml").write_text(text, "utf-8")
    return place


def test_a_folder_is_all_workspaces_below_it_the_first_folder_is_the_group(place: Path) -> None:
    fleet = open_fleet(place)
    assert fleet.name == "group"
    assert [(m.workspace, m.group) for m in fleet.members] == [
        ("east/b", "east"),
        ("east/上海 一", "east"),
        ("lone", ""),
        ("south/deep/c", "south"),
    ]


def test_a_link_to_a_workspace_counts_a_link_to_a_folder_is_not_walked_into(place: Path) -> None:
    (place / "linked").symlink_to(place / "lone")
    (place / "round").symlink_to(place)
    assert "linked" in [m.workspace for m in open_fleet(place).members]
    assert not [m for m in open_fleet(place).members if m.workspace.startswith("round")]


def test_a_file_names_workspaces_groups_and_how_to_run_them(place: Path) -> None:
    text = """
    [fleet]
    name = "晨星集团"
    workspaces = ["east/*", "south/not-there-yet"]
    in_flight = 5
    executor = "dask"
    workers = 3
    [groups]
    "华东" = ["east/b"]
    "其他" = ["*"]
    [origins]
    "https://acme.service-now.com" = 2
    """
    fleet = open_fleet(declare(place, text) / "fleet.toml")
    assert fleet == open_fleet(place)
    assert (fleet.name, fleet.in_flight, dict(fleet.origins)) == ("晨星集团", 5, {"https://acme.service-now.com": 2})
    assert fleet.options == {"executor": "dask", "workers": "3"}
    assert [(m.workspace, m.group) for m in fleet.members] == [
        ("east/b", "华东"),
        ("east/上海 一", "其他"),
        ("south/not-there-yet", "其他"),
    ]


def test_a_file_that_names_none_means_all(place: Path) -> None:
    assert len(open_fleet(declare(place, '[fleet]\nname = "x"\n')).members) == 4


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[fleet\n", "not TOML"),
        ("[fleet]\n", "'name' is a required property"),
        ('[fleet]\nname = "x"\nworkspaces = ["west/*"]\n', "no workspace fits"),
        ('[fleet]\nname = "x"\nworkspaces = ["../other"]\n', "should not be valid"),
        ('[fleet]\nname = "x"\nworkers = 0\n', "minimum"),
        ('[fleet]\nname = "x"\n[origins]\n"acme" = 4\n', "does not match"),
        ('[fleet]\nname = "x"\ncolour = "red"\n', "colour"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(place: Path, text: str, what: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_fleet(declare(place, text))
    assert what in str(caught.value)
    assert "fleet.toml" in caught.value.where


def test_what_is_no_fleet_is_refused(place: Path, tmp_path: Path) -> None:
    for wrong, what in (
        (place / "lone", "one workspace"),
        (tmp_path / "nothing", "no such"),
        (place / "south" / "empty", "no workspaces"),
    ):
        with pytest.raises(UsageError) as caught:
            open_fleet(wrong)
        assert what in caught.value.what
