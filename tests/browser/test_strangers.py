"""A hundred and twenty texts that want to be markup, in every place a stranger can fill, in a real browser."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from tests.exporters.everything import followed, infested
from tests.exporters.payloads import XSS

from itss_bridge.exporters.foreign import plain
from itss_bridge.model import Report


def in_turn(texts: list[str]) -> Callable[[str], str]:
    number = count()
    return lambda _: texts[next(number) % len(texts)]


@pytest.fixture(scope="module")
def bad(full: Report) -> Report:
    return infested(full, in_turn(list(XSS)))


@pytest.fixture(scope="module")
def harmless(full: Report) -> Report:
    """The same places filled with plain words; an address that is linked stays what it is."""
    return infested(full, in_turn([p if followed(p) else f"harmless {n}" for n, p in enumerate(XSS)]))


def elements(page: Any) -> dict[str, int]:
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    page.wait_for_timeout(50)
    return page.evaluate(
        "[...document.querySelectorAll('*')].reduce((n, e) => (n[e.tagName] = (n[e.tagName] ?? 0) + 1, n), {})"
    )


def test_they_are_truly_different() -> None:
    assert len({plain(payload) for payload in XSS}) == 120


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_runs_loads_or_grows(opened: Callable, bad: Report, harmless: Report, language: str) -> None:
    twin = opened(harmless, language)
    shown = opened(bad, language)
    for page in (twin.page, shown.page):
        page.click(f"[data-set-language={'en' if language == 'zh' else 'zh'}]")
        page.click(f"[data-set-language={language}]")
        page.fill("#search", "<script>")
        page.fill("#search", "")

    assert elements(shown.page) == elements(twin.page)
    assert shown.noise == twin.noise == []
    assert len(shown.requests) == len(twin.requests) == 1
    names = "[...new Set([...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames()))].sort()"
    assert shown.page.evaluate(names) == twin.page.evaluate(names)
    assert shown.page.evaluate("Object.getOwnPropertyNames(Object.prototype).length") == 12


@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_stays_text(opened: Callable, bad: Report, language: str) -> None:
    page = opened(bad, "zh").page
    page.click(f"[data-set-language={language}]")
    text = page.evaluate("document.body.textContent")
    for payload in XSS:
        assert plain(payload) in text, repr(payload)


def test_hovering_and_focusing_runs_nothing(opened: Callable, bad: Report) -> None:
    shown = opened(bad)
    for link in shown.page.locator("#matrix .tile").all()[:10]:
        link.hover()
        link.focus()
    assert shown.noise == []
    assert len(shown.requests) == 1


def test_links_outward_are_https_or_this_machine(opened: Callable, bad: Report) -> None:
    page = opened(bad).page
    schemes = page.evaluate("[...new Set([...document.links].map(a => a.protocol))]")
    assert set(schemes) <= {"file:", "https:"}
