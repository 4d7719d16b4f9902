"""The page in use: search and filters, from a cell to its tickets in two clicks, all of it by keyboard."""

from collections.abc import Callable
from typing import Any

import pytest

from itss_bridge.exporters.reading import Reading
from itss_bridge.model import Finding, Report, Status

SHOWN = "#requirements details[data-status]:not([hidden])"


@pytest.fixture
def page(opened: Callable, full: Report) -> Any:
    return opened(full, "zh").page


def statuses(page: Any) -> set[str]:
    return set(page.locator(SHOWN).evaluate_all("found => found.map(d => d.dataset.status)"))


def expected(report: Report, *wanted: Status) -> int:
    return sum(f.status in wanted for framework in report.frameworks for f in report.findings(framework.id))


def test_filters_add_up_and_say_how_many_are_left(page: Any, full: Report) -> None:
    everything = page.locator(SHOWN).count()
    assert page.locator("#shown").inner_text() == ""
    assert not page.locator("#reset").is_visible()

    page.click("[data-filter=nonconforming]")
    assert statuses(page) == {"nonconforming"}
    page.click("[data-filter=partial]")

    left = expected(full, Status.NONCONFORMING, Status.PARTIAL)
    assert page.locator(SHOWN).count() == left
    assert page.locator("#shown").inner_text() == f"{left} / {everything} 个条目"
    assert page.locator("#shown").get_attribute("aria-live") == "polite"
    assert page.locator("[data-filter=partial]").get_attribute("aria-pressed") == "true"
    hidden = page.locator("#matrix tr[data-status=conforming]").evaluate_all("rows => rows.every(r => r.hidden)")
    assert hidden

    page.click("[data-set-language=en]")
    assert page.locator("#shown").inner_text() == f"{left} of {everything} requirements"
    page.click("#reset")
    assert page.locator(SHOWN).count() == everything
    assert page.locator("[data-filter][aria-pressed=true]").count() == 0


def test_search_finds_ids_clauses_and_words_of_both_languages(page: Any) -> None:
    for asked in ("itss:prc-inc-b", "9.4 B)", "Classification", "分类分级"):
        page.fill("#search", asked)
        assert "itss:prc-inc-b" in page.locator(SHOWN).evaluate_all("found => found.map(d => d.id)"), asked


def test_search_and_filter_hold_together_and_nothing_found_says_so(page: Any) -> None:
    page.fill("#search", "itss:prc-inc-b")
    status = page.locator(SHOWN).first.get_attribute("data-status")
    other = next(s.value for s in Status if s.value != status)
    page.click(f"[data-filter={other}]")
    assert page.locator(SHOWN).count() == 0
    assert page.locator("#requirements .empty").is_visible()
    assert page.locator("#matrix .empty").is_visible()
    page.click(f"[data-filter={status}]")
    assert page.locator(SHOWN).count() == 1
    assert not page.locator("#requirements .empty").is_visible()
    page.focus("#search")
    page.keyboard.press("Escape")
    assert page.locator("#search").input_value() == ""
    assert page.locator("[data-filter][aria-pressed=true]").count() == 0


def with_tickets(report: Report) -> Finding:
    """The first requirement with a check that lists tickets."""
    return next(f for f in report.findings("itss") if any(c.measurement and c.measurement.failing for c in f.checks))


@pytest.mark.parametrize("width", [1280, 390])
def test_two_clicks_lead_from_a_cell_to_the_ticket(opened: Callable, full: Report, width: int) -> None:
    finding = with_tickets(full)
    result = next(c for c in finding.checks if c.measurement and c.measurement.failing)
    page = opened(full, width=width).page
    page.route("https://**", lambda route: route.abort())
    cell = page.locator(f"#matrix a.tile[href='#{finding.requirement.replace(':', '%3A')}']").first
    page.evaluate("for (const d of document.querySelectorAll('#matrix details')) d.open = true")

    cell.click()
    opened_ = page.locator(f"[id='{finding.requirement}'][open]")
    opened_.locator(".copy").first.wait_for()
    text = opened_.inner_text()
    measured = result.measurement
    for told in (
        result.check.title.zh,
        f"{measured.n:,}",
        f"{measured.denominator:,}",
        "总体",
        "统计期",
        "cancelled 12",
    ):
        assert told in text, told
    with page.expect_request(measured.failing[0].url):
        opened_.locator(".tickets a").first.click(no_wait_after=True)


def test_a_copy_follows_the_language_and_is_made_once(page: Any, full: Report) -> None:
    finding = next(f for f in full.findings("itss") if f.checks)
    place = page.locator(f"[id='{finding.requirement}']")
    for _ in range(3):
        place.locator("summary").first.click()
    place.locator(".copy").first.wait_for()
    assert place.locator(".copy").count() == len(finding.checks)
    assert "总体" in place.inner_text()
    page.click("[data-set-language=en]")
    assert "Population" in place.inner_text()
    assert "总体" not in place.inner_text()


def test_a_link_into_the_page_opens_what_it_names_even_when_filtered_out(opened: Callable, full: Report) -> None:
    shown = opened(full, place="#itss%3Aprc-inc-b")
    assert shown.page.locator("[id='itss:prc-inc-b']").get_attribute("open") is not None
    shown.page.fill("#search", "nothing like this")
    shown.page.evaluate("location.hash = '#itss%3Aprc-inc-a'")
    shown.page.locator("[id='itss:prc-inc-a'][open]").wait_for()
    shown.page.evaluate("location.hash = '#%E0%A4%A'")  # no valid UTF-8
    shown.page.wait_for_timeout(50)
    assert shown.noise == []


def focused(page: Any, what: str) -> Any:
    return page.evaluate(f"(e => {what})(document.activeElement)")


def tab_to(page: Any, selector: str, most: int) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if focused(page, f"e.matches({selector!r})"):
            return
    pytest.fail(f"{most} times Tab do not lead to {selector}")


def test_by_keyboard_alone_from_the_first_key_to_a_ticket(page: Any, full: Report) -> None:
    finding = with_tickets(full)
    page.keyboard.press("Tab")
    assert focused(page, "e.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert focused(page, "e.id") == "main"

    page.focus("#search")
    page.keyboard.type(finding.requirement)
    assert page.locator("#reset").is_visible()
    tab_to(page, "#matrix th a", 80)
    page.keyboard.press("Enter")
    page.locator("summary:focus").wait_for()
    assert focused(page, "e.parentElement.id") == finding.requirement
    assert focused(page, "e.parentElement.open")
    tab_to(page, ".copy .tickets a", 20)
    assert focused(page, "e.href.startsWith('https://')")


def test_whatever_has_the_focus_shows_it(page: Any) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        assert focused(page, "getComputedStyle(e).outlineStyle") == "solid", focused(page, "e.outerHTML.slice(0, 120)")
        assert focused(page, "parseFloat(getComputedStyle(e).outlineWidth)") >= 2


def test_what_stands_in_the_way_leads_to_its_numbers(page: Any, full: Report) -> None:
    link = page.locator(".way-list a").first
    title = link.inner_text()
    link.click()
    page.locator("details.check[open] summary", has_text=title).first.wait_for()


def test_every_link_inside_the_page_has_its_target(page: Any, full: Report) -> None:
    missing = page.evaluate(
        "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => decodeURIComponent(a.hash.slice(1)))"
        ".filter(id => !document.getElementById(id))"
    )
    assert missing == []
    assert len(Reading(full).entries) == page.locator("#evidence details.check").count()
