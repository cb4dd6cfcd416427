"""The card as it is printed and seen: one sheet of A4, black on white, nothing outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.card.nights import UNTIL
from runbook.to_4_26.release import RELEASE
from tests.engine.test_card import (
    CLUSTER,
    CONTACTS,
    EXAMPLE,
    NODES,
    finding,
    page_of,
    planned_run,
    planned_step,
)
from tests.evidence.browser import Browser
from tests.evidence.looking import PHONE, TOO_WIDE, Look, axe_says

COLOURS = """
const seen = new Set();
for (const one of document.querySelectorAll("*")) {
  const style = getComputedStyle(one);
  for (const name of ["color", "backgroundColor", "borderTopColor", "borderBottomColor"])
    seen.add(style[name]);
}
return [...seen];
"""
BROKEN = """
return [...document.querySelectorAll("code, code span")]
  .filter(one => one.getClientRects().length > 1
    || one.localName == "span" && one.getBoundingClientRect().height > 15)
  .map(one => one.textContent);
"""
"""Commands that begin in the middle of a line and go on below it; words that do."""


HOSTS = ", ".join([*NODES, CLUSTER])
FORETOLD = (
    f"downtime until 2026-11-29 05:00 UTC (the window's end) of 6 hosts ({HOSTS}) and their 48"
    " services, not of what other hosts find out about the cluster; Icinga sends a message at its"
    " begin and at its end for each, 108 at most; problems that are told again after it:"
    " my-neteye-02.example.com!load, my-neteye-02.example.com!disk"
)


def card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, nights: bool = True, silent: bool = True
) -> str:
    """One with all that it can have."""
    if nights:
        monkeypatch.setattr("engine.card.page.own_names", lambda: {UNTIL})
    text = f"{EXAMPLE}{CONTACTS}runbook_approvals=2\nrunbook_downtime={'yes' if silent else 'no'}\n"
    step = planned_step(RELEASE.downtime_step, (), FORETOLD, finding("host-odd", "warn"))
    found = [finding("host-odd", "warn", observed=f"no host of Icinga stands for {CLUSTER}")]
    return page_of(text, planned_run(tmp_path / "run", steps=[step], findings=found))


@pytest.mark.parametrize("silent", [True, False], ids=["downtime", "no downtime"])
@pytest.mark.parametrize("nights", [True, False], ids=["two nights", "one night"])
def test_it_is_one_sheet(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nights: bool, silent: bool
) -> None:
    page = card(tmp_path, monkeypatch, nights=nights, silent=silent)
    assert Look(page, browser, tmp_path).pages_on_paper() == 1
    assert Look(page_of(), browser, tmp_path).pages_on_paper() == 1


def test_an_inventory_in_another_directory_takes_no_second_one(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is in nearly every command."""
    monkeypatch.setattr("engine.card.page.own_names", lambda: {UNTIL})
    page = page_of(f"{EXAMPLE}{CONTACTS}runbook_downtime=yes\n")
    page = page.replace("prod.ini", "clusters/prod.ini")
    assert Look(page, browser, tmp_path).pages_on_paper() == 1


def test_nineteen_nodes_and_long_words_take_a_second_one_at_most(
    browser: Browser, tmp_path: Path
) -> None:
    many = "\n".join(f"my-neteye-{n:02}.example.com ansible_host=192.0.3.{n}" for n in range(6, 20))
    text = EXAMPLE.replace("[elastic_only]", f"{many}\n\n[elastic_only]")
    text = text.replace("runbook_fallback=", f"runbook_fallback={'a long word, ' * 60}")
    numbers = ", ".join(f"person {n}=+39 0471 0000{n:02}" for n in range(20))
    page = page_of(f"{text}runbook_contacts={numbers}\nrunbook_downtime=yes\n")
    assert Look(page, browser, tmp_path).pages_on_paper() <= 2


def test_it_is_black_on_white_on_every_screen(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Look(card(tmp_path, monkeypatch), browser, tmp_path)
    plain = {"rgb(0, 0, 0)", "rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}
    assert set(seen.ask(COLOURS, dark=True)) <= plain


def test_nothing_is_cut_off_and_no_command_is_broken(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Look(card(tmp_path, monkeypatch), browser, tmp_path)
    for width in (PHONE, 760, 1280):
        assert seen.ask(TOO_WIDE, width=width) == {"scrolls": False, "wide": []}
        assert seen.ask(BROKEN, width=width) == []


def test_it_can_be_read_by_everybody(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = axe_says(Look(card(tmp_path, monkeypatch), browser, tmp_path), [])
    assert {where: said for where, said in found.items() if said} == {}
