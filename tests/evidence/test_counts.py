"""A number that the page tells of a section is the number of rows in it, wherever it is told."""

from __future__ import annotations

import re
from functools import cache

import pytest

from engine.report.audit.contents import contents_of
from tests.evidence.pages import PAGES

ROWS = {
    "index": '<strong class="missing">missing:',
    "gaps": r'<tr id="gap-\d+">',  # what could not be seen is no gap
    "guide": '<tr id="[^"]+" class="is-',
    "findings": ' id="finding-',
    "ledger": '<tr><td data-label="what">',
    "changes": '<tr id="change-',
    "files": '<tr id="file-',
    "predicted": '<tr class="differs">',
    "passwords": "<h3>",
    "backups": "<h3>(?!Copies)",
    "approvals": '<tr><td data-label="signed by">',
    "steps": '<li(?: id="[^"]*")? class="is-[a-z]',
}
"""Section that tells a number -> what each of its rows has."""


@cache
def page(name: str) -> str:
    return PAGES[name]()


def section(name: str, anchor: str) -> str:
    return page(name).partition(f'<section id="{anchor}"')[2].partition("</section>")[0]


def count(name: str, anchor: str) -> int:
    return len(re.findall(ROWS[anchor], section(name, anchor)))


def told(name: str, anchor: str, pattern: str) -> list[int]:
    return list(map(int, re.findall(pattern, section(name, anchor))))


@pytest.mark.parametrize("name", PAGES)
def test_the_contents_tell_the_rows_of_each_section(name: str) -> None:
    for entry in contents_of(page(name)):
        if not entry.count:
            continue
        last = int(re.findall(r"\d+", entry.count)[-1])  # of `27 of 28` all rows
        if entry.anchor == "index":
            last = int(entry.count.split()[0])
        assert (entry.anchor, count(name, entry.anchor)) == (entry.anchor, last)


@pytest.mark.parametrize("name", PAGES)
def test_so_do_the_first_screen_the_index_and_the_parts_of_a_section(name: str) -> None:
    assert told(name, "index", r"changes: (\d+), runs") in ([count(name, "changes")], [])
    assert sum(told(name, "changes", r"<summary>(\d+) changes?:")) == count(name, "changes")
    settled = len(re.findall('class="is-(?:fulfilled|not-)', section(name, "guide")))
    rows = f"<b>{settled} of {count(name, 'guide')}</b> rows of the guide settled"
    assert rows in page(name)
    gaps = re.findall(r'<a href="#gaps">service gaps: <b>([^<]*)<', page(name))
    assert gaps in ([str(count(name, "gaps"))], ["not measured"])
    assert sum(told(name, "gaps", r'data-label="gaps">(\d+)<')) == count(name, "gaps")
    lasted = told(name, "timeline", r"What lasted: (\d+) entries")
    assert lasted in ([len(re.findall('<tr id="lasted-', section(name, "timeline")))], [])
    runs = len(re.findall(r"<h3>Run \d+", section(name, "steps")))
    assert runs == len(re.findall(r'<th scope="row">\d+: ', section(name, "timeline")))
