"""The auditor's page in a browser: width, contrast, length, print; what axe-core says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evidence.browser import Browser
from tests.evidence.looking import HEIGHT, PHONE, SCREEN, TOO_WIDE, Look, axe_says
from tests.evidence.pages import PAGES, SMALL

AXED = ("five nodes, four runs", "five nodes, otherwise", *SMALL)


@pytest.fixture(scope="module")
def large(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Look:
    return Look(PAGES["five nodes"](), browser, tmp_path_factory.mktemp("large"))


def look(page: str, browser: Browser, place: Path) -> Look:
    return Look(PAGES[page](), browser, place)


def test_axe_finds_nothing(browser: Browser, tmp_path: Path) -> None:
    """It sees what is shown, contrast among it."""
    known: list[str] = []
    found = {page: axe_says(look(page, browser, tmp_path), known) for page in AXED}
    assert {page: said for page, said in found.items() if any(said.values())} == {}


def test_axe_would_tell(browser: Browser, tmp_path: Path) -> None:
    """In the last row of many, too, and of what is pale in the dark only."""
    page = PAGES["whole"]().replace("--dim: #56616f", "--dim: #b0b8c0")
    page = page.replace('lang="en"', "").replace("--good: #63c88e", "--good: #243a2c")
    before, row, after = page.rpartition("<li>")
    page = f'{before}{row}<img src="x">{after}'
    found = axe_says(Look(page, browser, tmp_path), [])
    rules = {how: {line.partition(":")[0] for line in lines} for how, lines in found.items()}
    assert rules["1280 light"] >= {"color-contrast", "html-has-lang", "image-alt"}
    assert rules["1280 dark"] == {"color-contrast"}


@pytest.mark.parametrize("page", SMALL)
@pytest.mark.parametrize("opened", [False, True], ids=["folded", "opened"])
def test_nothing_scrolls_sideways_on_a_phone(
    browser: Browser, tmp_path: Path, page: str, opened: bool
) -> None:
    found = look(page, browser, tmp_path).ask(TOO_WIDE, width=PHONE, opened=opened)
    assert found == {"scrolls": False, "wide": []}


def test_the_first_screen_is_one(large: Look) -> None:
    """What a change manager decides by ends above the fold."""
    bottom = "return document.querySelector('.counts').getBoundingClientRect().bottom"
    assert large.ask(bottom) <= SCREEN


def test_the_contents_stay_beside_the_text_on_a_wide_screen_only(large: Look) -> None:
    shown = """
    scrollTo({top: 3000, behavior: "instant"});
    const seen = one => { const box = document.querySelector(one).getBoundingClientRect();
      return box.height > 0 && box.bottom > 0 && box.top < innerHeight; };
    return [seen("nav.side"), seen("nav.top")];
    """
    assert large.ask(shown) == [True, False]
    assert large.ask(shown, width=PHONE) == [False, False]
    assert large.ask("return document.querySelector('nav.top').offsetHeight", width=PHONE) < 80


def test_the_contents_mark_where_one_is(large: Look) -> None:
    marked = """
    const found = {};
    for (const id of ["head", "guide", "changes", "files"]) {
      document.getElementById(id).scrollIntoView({behavior: "instant"});
      await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
      found[id] = [...document.querySelectorAll("nav.side li")]
        .filter(one => getComputedStyle(one).fontWeight == 600)
        .map(one => one.querySelector("a").hash.slice(1));
    }
    return found;
    """
    found = large.ask(marked)
    assert {one: marked[0] for one, marked in found.items()} == {one: one for one in found}
    assert max(map(len, found.values())) <= 4


def test_a_filter_needs_no_script_of_the_page(large: Look) -> None:
    chosen = """
    document.querySelector("#findings .only-accepted").checked = true;
    const shown = one => [...document.querySelectorAll(one)].filter(e => e.offsetHeight > 0);
    return [shown("#guide tbody tr").map(e => e.id), shown(".findings > li").map(e => e.className)];
    """
    assert large.ask(chosen) == [["G08"], ["is-accepted"]]


def test_of_the_guide_what_is_open_is_shown_first_and_any_row_that_is_led_to(
    large: Look,
) -> None:
    asked = """
    const shown = () => [...document.querySelectorAll("#guide tbody tr")]
      .filter(e => e.offsetHeight > 0).map(e => e.id);
    const before = shown();
    location.hash = "#G05";
    await new Promise(done => setTimeout(done, 50));
    const led = shown();
    document.querySelector("#guide .only-all").checked = true;
    return [before, led, shown().length];
    """
    assert large.ask(asked) == [["G08"], ["G05", "G08"], 28]


def test_whoever_follows_a_link_into_a_fold_sees_what_it_leads_to(large: Look) -> None:
    followed = """
    location.hash = "#gap-3";
    await new Promise(done => setTimeout(done, 50));
    return document.getElementById("gap-3").getBoundingClientRect().height > 0;
    """
    assert large.ask(followed)


@pytest.mark.parametrize("page", ["five nodes", "five nodes, four runs", "five nodes, otherwise"])
def test_a_large_attempt_takes_twelve_screens_and_fifteen_sheets_of_paper(
    browser: Browser, tmp_path: Path, page: str
) -> None:
    seen = look(page, browser, tmp_path)
    assert seen.ask(HEIGHT) <= 12 * SCREEN
    assert seen.pages_on_paper() <= 15
    assert len(seen.page.encode()) <= 1_500_000
