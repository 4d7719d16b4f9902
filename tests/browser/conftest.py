"""One browser for all of these tests, and pages that remember what they asked for and complained about."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.exporters.everything import everything

from itss_bridge.exporters.html import HtmlExporter
from itss_bridge.model import Report

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass
class Opened:
    """A page in the browser with everything it asked for, said on the console, threw, or wanted confirmed."""

    page: Any
    requests: list[str] = field(default_factory=list)
    noise: list[str] = field(default_factory=list)

    def overflow(self) -> int:
        """How many pixels the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (dependency group `browser`)")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no chromium is on PATH")
    with api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def full() -> Report:
    return everything(checks=14)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Report, str], Path]:
    """The report as a file, made once for each language that is shown first."""
    folder = tmp_path_factory.mktemp("pages")
    files: dict[tuple[int, str], tuple[Report, Path]] = {}

    def write(report: Report, language: str = "zh") -> Path:
        key = (id(report), language)
        if key not in files:
            path = folder / f"{len(files)}.html"
            path.write_bytes(HtmlExporter().export(report, language))
            files[key] = report, path
        return files[key][1]

    return write


@pytest.fixture
def opened(browser: Any, written: Callable[[Report, str], Path]) -> Iterator[Callable[..., Opened]]:
    """Open a report in a window of its own."""
    contexts = []

    def open_(report: Report, language: str = "zh", *, width: int = 1280, place: str = "", **options: Any) -> Opened:
        context = browser.new_context(viewport={"width": width, "height": 844}, **options)
        contexts.append(context)
        page = context.new_page()
        shown = Opened(page)
        page.on("request", lambda request: shown.requests.append(request.url))
        page.on("console", lambda message: shown.noise.append(message.text))
        page.on("pageerror", lambda error: shown.noise.append(str(error)))
        page.on("dialog", lambda dialog: (shown.noise.append(dialog.message), dialog.dismiss()))
        page.goto(written(report, language).as_uri() + place)
        return shown

    yield open_
    for context in contexts:
        context.close()
