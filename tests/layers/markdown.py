"""Pages of the project, read as GitHub reads them: headings, links, code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = (README, *sorted((ROOT / "docs").glob("*.md")))
_FENCE = re.compile(r"^```(\w*)$")
_LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A block of code; `language` is empty where none is given, as in an indented block."""

    language: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A heading with all that stands below it, deeper headings too."""

    anchor: str
    text: str


@cache
def parts(text: str) -> tuple[tuple[str, bool], ...]:
    """Every line, and whether it is code. Fences are code; so is what is indented by four, unless
    it goes on with an item of a list."""
    found: list[tuple[str, bool]] = []
    fenced = False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
            found.append((line, True))
            continue
        before, was_code = found[-1] if found else ("", False)
        begins = not before or before.startswith("#") or was_code
        found.append((line, fenced or (line.startswith("    ") and begins)))
    return tuple(found)


def _blocks(text: str) -> Iterator[Block]:
    language: str | None = None
    lines: list[str] = []
    for line, is_code in (*parts(text), ("", False)):
        fence = _FENCE.match(line)
        if (fence or not is_code) and lines:
            yield Block(language or "", tuple(lines))
            lines = []
        if fence:
            language = fence[1] if language is None else None
        elif is_code:
            lines.append(line.removeprefix("    ") if language is None else line)


def prose_of(path: Path) -> str:
    lines = parts(path.read_text(encoding="utf-8"))
    return "\n".join(line for line, is_code in lines if not is_code)


def blocks_of(path: Path) -> tuple[Block, ...]:
    return tuple(_blocks(path.read_text(encoding="utf-8")))


def inline_code(path: Path) -> list[str]:
    return _CODE.findall(prose_of(path))


def anchor_of(heading: str) -> str:
    """As GitHub makes it: small letters, blanks become dashes, other signs go."""
    shown = _LINK.sub(lambda link: link[0][1 : link[0].index("]")], heading)
    return re.sub(r"[^\w\- ]", "", shown.strip().lower()).replace(" ", "-")


def sections(path: Path) -> dict[str, Section]:
    """By anchor; a heading that comes twice gets a number."""
    found: dict[str, Section] = {}
    lines = parts(path.read_text(encoding="utf-8"))
    heads = [
        (i, *_heading(line))
        for i, (line, is_code) in enumerate(lines)
        if line.startswith("#") and not is_code
    ]
    for place, (at, depth, title) in enumerate(heads):
        end = next((i for i, other, _ in heads[place + 1 :] if other <= depth), len(lines))
        anchor, number = anchor_of(title), 0
        while (name := f"{anchor}-{number}" if number else anchor) in found:
            number += 1
        found[name] = Section(name, "\n".join(line for line, _ in lines[at:end]))
    return found


def _heading(line: str) -> tuple[int, str]:
    signs, _, title = line.partition(" ")
    return len(signs), title


def links_of(text: str) -> list[str]:
    """Targets as they are written; code is no link."""
    return _LINK.findall(_CODE.sub("", text))


def target_of(page: Path, link: str) -> tuple[Path, str]:
    """The file that a link of this page leads to, and the anchor in it."""
    name, _, anchor = link.partition("#")
    return ((page.parent / name).resolve() if name else page), anchor
