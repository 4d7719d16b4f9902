"""The report as a Confluence page, over real HTTP: made once, updated in place, never in place of another page."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from itss_bridge.cli import run
from itss_bridge.data import schema
from itss_bridge_playground.messages import Answer, Request, Wire
from itss_bridge_playground.playground import Playground
from itss_bridge_playground.qms import Mark

pytestmark = pytest.mark.slow

NOW = datetime(2016, 6, 15, tzinfo=UTC)
TITLE = "一体化符合性矩阵"
PROPERTY = "itss-bridge-page"
PLACE = f"""
[publish.confluence]
source = "confluence"
space = "QMS"
title = "{TITLE}"
parent = "05 记录与报告"
"""


@dataclass
class Fault:
    """What happens to the answers of the server once they are there: the request has had its effect."""

    method: str
    path: str
    then: Any

    def __call__(self, request: Request, answer: Answer) -> Answer:
        if request.method == self.method and re.search(self.path, request.path):
            return self.then(answer) or answer
        return answer


def lost(answer: Answer) -> Answer:
    """The connection breaks off before the first byte."""
    return replace(answer, wire=Wire(raw=b"", reset=True))


@dataclass
class House:
    """A workspace that has documents alone, beside its wiki."""

    tools: Playground
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *command: str) -> tuple[int, Any]:
        code = run([*command, "--json", "--workspace", str(self.folder)])
        self.said = self.capsys.readouterr()
        return code, json.loads(self.said.out) if self.said.out else None

    def publish(self, *options: str) -> Any:
        code, said = self("publish", "page", "--to", "confluence", *options)
        assert code == 0, said
        Draft202012Validator(schema("cli/publish-page")).validate(said)
        return said

    @property
    def wiki(self) -> Any:
        return self.tools.atlassian.tool.confluence

    @property
    def pages(self) -> list[Any]:
        """Those that were not there from the beginning."""
        return [page for page in self.wiki.pages if page.bodies]

    @property
    def writes(self) -> list[str]:
        return [line.method for line in self.tools.atlassian.log if line.method != "GET"]

    def lines(self, *command: str) -> tuple[int, list[Any]]:
        """What a command says as JSON lines."""
        code = run([*command, "--json", "--workspace", str(self.folder)])
        return code, [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]

    def sync(self) -> Any:
        code, said = self("sync")
        assert code == 0, said
        Draft202012Validator(schema("cli/sync")).validate(said)
        return said

    def retitle(self, title: str) -> None:
        file = self.folder / "itss-bridge.toml"
        file.write_text(re.sub(r'(?m)^title = ".*"', f'title = "{title}"', file.read_text("utf-8")), "utf-8")

    def break_with(self, method: str, path: str, then: Any) -> None:
        self.tools.atlassian.faults["here"] = Fault(method, path, then)

    def change_a_document(self) -> None:
        """What the report rests on changes: a document is no longer there."""
        victim = next(page for page in self.wiki.pages if page.title == "事件管理程序")
        self.wiki.edit(victim.id, trashed_at=self.tools.clock.now)

    def note(self) -> dict[str, Any]:
        kept = self.wiki.properties[self.pages[0].id][PROPERTY]
        return kept[0] if isinstance(kept, tuple) else kept


both = pytest.mark.parametrize("house", ["cloud", "data-center"], indirect=True)


@pytest.fixture(params=["cloud"])
def house(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[House]:
    monkeypatch.setenv("PLAYGROUND_PASSWORD", "playground")
    monkeypatch.setenv("PLAYGROUND_TOKEN", "playground")
    with Playground(NOW, deployment=request.param) as tools:
        toml = tools.workspace_toml()
        head, wiki = toml[: toml.index("[sources.servicenow]")], toml[toml.index("[sources.confluence]") :]
        (tmp_path / "itss-bridge.toml").write_text(head + wiki + PLACE, "utf-8")
        tools.atlassian.tool.confluence.operations = ["read", "create", "update"]
        house = House(tools, tmp_path, capsys)
        house.sync()
        yield house


def test_a_dry_run_writes_nothing_and_shows_the_body(house: House, tmp_path: Path) -> None:
    said = house.publish("-o", str(tmp_path / "body.xml"))
    assert (said["doing"], said["applied"], said["id"]) == ("create", False, None)
    assert (house.writes, house.pages) == ([], [])
    assert (tmp_path / "body.xml").stat().st_size == said["bytes"]


@both
def test_from_the_first_page_to_a_new_version(house: House) -> None:
    said = house.publish("--apply")
    (page,) = house.pages
    parent = next(one for one in house.wiki.pages if one.title == "05 记录与报告")
    assert (said["doing"], said["id"], said["version"]) == ("create", str(page.id), 1)
    assert (page.title, page.parent) == (TITLE, parent.id)
    assert house.writes == ["POST", "POST"], "the page and our note on it"
    assert house.note()["digest"] == said["digest"]
    ET.fromstring(f'<body xmlns:ac="a" xmlns:ri="r">{page.bodies[0]}</body>')
    again = house.publish("--apply")
    assert (again["doing"], again["version"], again["changed"]) == ("none", 1, 0)
    assert house.writes == ["POST", "POST"]

    house.change_a_document()
    house.sync()
    planned = house.publish()
    assert (planned["doing"], planned["applied"], planned["changed"] > 0) == ("update", False, True)
    done = house.publish("--apply")
    assert (done["doing"], done["version"], done["changed"]) == ("update", 2, planned["changed"])
    assert (house.publish("--apply")["doing"], len(house.pages)) == ("none", 1)


def test_the_hour_alone_makes_no_version_and_another_day_does(house: House) -> None:
    house.publish("--apply", "--as-of", "2016-06-15T09:00:00+08:00")
    assert house.publish("--apply", "--as-of", "2016-06-15T09:30:00+08:00")["doing"] == "none"
    assert house.publish("--apply", "--as-of", "2016-06-16")["version"] == 2


@both
def test_a_page_of_ours_proves_nothing_whatever_people_label_it(house: House) -> None:
    _, before = house("audit", "documents")
    house.publish("--apply")
    (page,) = house.pages
    labels = tuple(Mark(label, NOW, datetime.max.replace(tzinfo=UTC)) for label in ("itss-prc-cfg-c", "approved"))
    house.wiki.edit(page.id, marks=labels)
    stream = house.sync()["sources"]["confluence"]["streams"]["document"]
    assert (stream["state"], stream["left_out"], stream["new"]) == ("complete", 1, 0)
    code, held = house.lines("evidence", "list", "document")
    assert (code, str(page.id) in {one["id"] for one in held}) == (0, False)
    assert house("audit", "documents")[1] == before
    assert house.publish()["changed"] <= 2, "as-of and chain head of the one stream, no status and no count"
    run(["sync", "--lang", "zh", "-w", str(house.folder)])
    assert "不计为证据" in house.capsys.readouterr().out


@pytest.mark.parametrize(
    ("prepare", "code", "words"),
    [
        (lambda house: house.wiki.operations.remove("create"), 4, "添加页面"),
        (lambda house: house.break_with("POST", r"(pages|content)$", lost), 5, "nothing is made twice"),
        (lambda house: house.retitle("事件管理程序"), 2, "not ours"),
    ],
    ids=["no right", "lost answer", "not ours"],
)
def test_what_fails_says_so_with_its_exit_code(house: House, prepare: Any, code: int, words: str) -> None:
    prepare(house)
    ended, said = house("publish", "page", "--to", "confluence", "--apply", "--lang", "en")
    assert ended == code
    assert words in json.dumps(said, ensure_ascii=False)
    house.tools.atlassian.faults.clear()
    house.wiki.operations = ["read", "create", "update"]
    house.retitle(TITLE)
    house.publish("--apply")
    assert (len(house.pages), len(house.pages[0].bodies)) == (1, 1), "the next run finds what is there"


def test_people_see_what_would_change(house: House) -> None:
    house.publish("--apply")
    house.change_a_document()
    house.sync()
    assert run(["publish", "page", "--to", "confluence", "--lang", "zh", "-w", str(house.folder)]) == 0
    shown = house.capsys.readouterr()
    assert "更新" in shown.out
    assert re.search(r"(?m)^-.*\n\+", shown.out)
    assert "未作任何写入" in shown.err


def test_a_place_for_pages_takes_no_tickets(house: House) -> None:
    code, said = house("publish", "tickets", "--to", "confluence")
    assert (code, "publish page" in said["error"]["fix"]) == (2, True)
