"""The page in a real browser: quiet, whole on every screen and on paper, in both languages and both themes."""

from collections.abc import Callable, Iterator
from itertools import pairwise, product
from typing import Any

import pytest

from itss_bridge.model import Report

LANGUAGES = ("zh", "en")
SCHEMES = ("light", "dark")
WIDTHS = (1280, 390)
FEWER = """
for (const many of document.querySelectorAll('tbody, .heat, #requirements, #evidence, .trends, .mosaic, .tickets')) {
  const alike = [...many.children].filter((e) => !e.matches('h2, h3, p, thead'));
  for (const more of alike.slice(4)) more.remove();
}
"""


def open_everything(page: Any) -> None:
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")


@pytest.mark.parametrize(("language", "scheme", "width"), [*product(LANGUAGES, SCHEMES, WIDTHS)])
def test_it_is_quiet_asks_for_nothing_and_fits(
    opened: Callable, full: Report, language: str, scheme: str, width: int
) -> None:
    shown = opened(full, language, width=width, color_scheme=scheme)
    assert shown.overflow() <= 0
    open_everything(shown.page)
    shown.page.wait_for_timeout(50)
    assert shown.overflow() <= 0
    assert shown.noise == []
    assert len(shown.requests) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_prints(opened: Callable, full: Report, language: str) -> None:
    shown = opened(full, language, width=718)  # A4 between its margins, at 96 dpi
    shown.page.emulate_media(media="print", color_scheme="dark")
    assert shown.overflow() <= 0
    assert shown.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not shown.page.locator(".controls").is_visible()
    assert shown.page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")
    assert shown.noise == []


@pytest.fixture(scope="session")
def axe() -> str:
    found = pytest.importorskip(
        "axe_playwright_python", reason="axe-playwright-python is not installed (dependency group `browser`)"
    )
    from importlib.resources import files

    return files(found).joinpath("axe.min.js").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("zh", "light", 1280), ("en", "dark", 1280), ("zh", "dark", 390), ("en", "light", 390)],
)
def test_axe_finds_nothing(opened: Callable, full: Report, axe: str, language: str, scheme: str, width: int) -> None:
    shown = opened(full, language, width=width, color_scheme=scheme)
    shown.page.evaluate(FEWER)  # axe looks at each element: some of each kind are as good as all
    open_everything(shown.page)
    shown.page.evaluate(f"{axe}\n;0")
    found = shown.page.evaluate("axe.run({resultTypes: ['violations'], elementRef: false}).then(r => r.violations)")
    told = [(v["impact"], v["id"], [node["html"][:160] for node in v["nodes"][:3]]) for v in found]
    assert told == []


def test_headings_leave_out_no_rank(opened: Callable, full: Report) -> None:
    page = opened(full).page
    ranks = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1]))")
    assert ranks[0] == 1
    assert ranks.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(ranks))


def visible_text(page: Any) -> str:
    return page.evaluate("document.body.innerText")


def cjk(text: str) -> str:
    return "".join(sorted({c for c in text if "\u4e00" <= c <= "\u9fff"}))


def test_each_language_is_whole_whichever_stood_there_first(opened: Callable, full: Report) -> None:
    pages = {language: opened(full, language).page for language in LANGUAGES}
    first = {language: visible_text(page) for language, page in pages.items()}
    for language, other in (LANGUAGES, LANGUAGES[::-1]):
        pages[language].click(f"[data-set-language={other}]")
        assert pages[language].locator("html").get_attribute("data-language") == other
        assert visible_text(pages[language]) == first[other]
        pages[language].click(f"[data-set-language={language}]")
        assert visible_text(pages[language]) == first[language]
    assert set(cjk(first["en"])) <= set(full.organisation + "中文")
    assert "Conformance matrix" in first["en"]
    assert "符合性矩阵" in first["zh"]


def test_names_that_only_screen_readers_hear_change_language_too(opened: Callable, full: Report) -> None:
    page = opened(full, "zh").page
    page.click("[data-set-language=en]")
    names = page.evaluate("[...document.querySelectorAll('[data-label]')].map(e => e.getAttribute('aria-label'))")
    assert names
    assert not cjk("".join(names))
    assert page.locator("#search").get_attribute("placeholder") == "Search id, clause or words"
    assert page.locator("html").get_attribute("lang") == "en"


def test_the_theme_can_be_turned(opened: Callable, full: Report) -> None:
    page = opened(full, color_scheme="light").page
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("[data-theme-switch]")
    assert page.evaluate(ground) != light
    page.click("[data-theme-switch]")
    assert page.evaluate(ground) == light


def test_nothing_moves_for_those_who_want_it_still(opened: Callable, full: Report) -> None:
    page = opened(full, reduced_motion="reduce").page
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(e => ['', '::before'].some(p => "
        "parseFloat(getComputedStyle(e, p || null).transitionDuration) > 0)).length"
    )
    assert moving == 0


@pytest.fixture
def still(opened: Callable, full: Report) -> Iterator[Any]:
    return opened(full, java_script_enabled=False).page


def test_without_scripts_it_is_still_a_report(still: Any) -> None:
    assert not still.locator(".controls").is_visible()
    still.locator("#matrix .tile").first.click()
    assert "符合性矩阵" in still.locator("#matrix h2").inner_text()
    assert still.locator("#requirements details").count() > 100
    assert still.locator("#evidence .tickets a").count() > 0
