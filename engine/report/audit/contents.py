"""The table of contents of the auditor's page, made of the sections that it really has. Pure.

Read from the page itself, not from a list beside it: a section that a run has nothing for is not
there, and then no entry leads to it. What nodes and people wrote is escaped, so it is no tag.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup

_SECTION = re.compile(
    r'<section id="(?P<anchor>[^"]+)"(?P<more>[^>]*)>\s*'
    r"(?:<details[^>]*>\s*<summary[^>]*>\s*)?<h2[^>]*>(?P<title>.*?)</h2>",
    re.DOTALL,
)
_COUNT = re.compile(r'data-count="([^"]*)"')
_ID = re.compile(r'<[a-z][^<>]* id="([^"]+)"')


@dataclass(frozen=True)
class Entry:
    """A section: its id, its heading, and how much is in it as its `data-count` says it."""

    anchor: str
    title: str
    count: str


def contents_of(body: str) -> list[Entry]:
    """An entry a section, in the order of the page; `body` is its HTML."""
    return [
        Entry(
            str(Markup(found["anchor"]).unescape()),
            str(Markup(found["title"]).striptags()),
            count[1] if (count := _COUNT.search(found["more"])) else "",
        )
        for found in _SECTION.finditer(body)
    ]


def anchors_in(body: str) -> frozenset[str]:
    """Every id that a link can lead to."""
    return frozenset(str(Markup(anchor).unescape()) for anchor in _ID.findall(body))


def titles_of(body: str) -> dict[str, str]:
    """Id of a section -> its heading, for whoever links to it."""
    return {entry.anchor: entry.title for entry in contents_of(body)}
