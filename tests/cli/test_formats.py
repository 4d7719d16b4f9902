"""`export --formats` and `template report`: what can be written, and the template to begin with."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from click.testing import CliRunner
from docx import Document

from itss_bridge.cli.export import command as export
from itss_bridge.cli.template import command as template
from itss_bridge.contracts import Exporter
from itss_bridge.exporters import EXPORTERS
from itss_bridge.plugins import Plugins


@dataclass
class Ran:
    code: int
    out: str
    err: str


def run(command, *arguments: str) -> Ran:
    done = CliRunner().invoke(command, arguments)
    return Ran(done.exit_code, done.stdout, done.stderr)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_format_is_listed_with_what_it_is_for(language: str) -> None:
    lines = run(export, "--formats", "--lang", language).out.splitlines()
    shown = dict(line.split(maxsplit=1) for line in lines)
    assert shown.keys() == {exporter.suffix for exporter in EXPORTERS}
    for exporter in EXPORTERS:
        assert shown[exporter.suffix] == exporter.title[language] != ""


def test_formats_for_scripts_have_both_languages() -> None:
    told = {row["suffix"]: row["title"] for row in json.loads(run(export, "--formats", "--json").out)}
    assert told[".docx"]["zh"].startswith("Word")
    assert all(title["en"] and title["zh"] for title in told.values())


def test_a_stranger_s_exporter_without_a_title_is_listed_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old(Exporter):
        name: ClassVar[str] = "old"
        suffix: ClassVar[str] = ".old"

        def export(self, report, language) -> bytes:
            return b""

    monkeypatch.setattr(Plugins, "exporters", {".old": Old})
    assert run(export, "--formats").out.split() == [".old", "old"]


def test_without_a_file_it_says_what_to_name() -> None:
    done = run(export)
    assert done.code == 2
    assert "--formats" in done.err


@pytest.mark.parametrize(("language", "head"), [("zh", "自评估报告"), ("en", "Self-assessment report")])
def test_the_word_template_is_written_to_be_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str, head: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(template, "report", "--lang", language)
    assert done.code == 0
    assert done.out.strip() == "report.docx"
    assert head in [paragraph.text for paragraph in Document("report.docx").paragraphs]
    assert run(template, "report").code != 0, "a template that somebody edits is never overwritten"
