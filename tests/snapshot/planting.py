"""Places in the text of an answer where something can be put, by the form that the answer has."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Plant = Callable[[str], str]
"""What becomes of the word that was there."""


@dataclass(frozen=True)
class Soil:
    """A text, and its places by their names."""

    places: tuple[str, ...]
    planted: Callable[[Mapping[int, Plant]], str]
    """The text with other words at these places."""


def of_xml(text: str) -> Soil:
    """Each attribute of each sort of element, a new one, and what stands between elements."""
    found: list[tuple[int, str]] = []
    seen = set()
    for number, element in enumerate(ElementTree.fromstring(text).iter()):
        known = element.get("name") or element.get("attribute") or element.get("id", "")[:3]
        for name in (*element.keys(), "new", "+text", "+tail"):
            sort = element.tag, name, known if name in element.keys() else ""  # noqa: SIM118
            if sort not in seen:
                seen.add(sort)
                found.append((number, name))

    def planted(plants: Mapping[int, Plant]) -> str:
        root = ElementTree.fromstring(text)
        elements = list(root.iter())
        for place, plant in plants.items():
            number, name = found[place]
            if name.startswith("+"):
                setattr(elements[number], name[1:], plant(""))
            else:
                elements[number].set(name, plant(elements[number].get(name, "")))
        return ElementTree.tostring(root, encoding="unicode")

    return Soil(tuple(f"{name} of element {number}" for number, name in found), planted)


def of_json(text: str) -> Soil:
    """Each value, and a new key in each object."""
    found: list[tuple[Any, ...]] = []

    def walk(value: Any, path: tuple[Any, ...]) -> None:
        if isinstance(value, dict):
            found.append((*path, "+new"))
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            if isinstance(inner, dict | list):
                walk(inner, (*path, key))
            else:
                found.append((*path, key))

    walk(json.loads(text), ())

    def planted(plants: Mapping[int, Plant]) -> str:
        whole = json.loads(text)
        for place, plant in plants.items():
            *path, last = found[place]
            owner = whole
            for key in path:
                owner = owner[key]
            if last == "+new":
                owner[plant("")] = plant("")
            else:
                owner[last] = plant(str(owner[last]))
        return json.dumps(whole)

    return Soil(tuple("/".join(map(str, path)) for path in found), planted)


def of_words(text: str, pattern: str, form: Callable[[str], str] = str) -> Soil:
    """Each match of the pattern; `form` writes the new word down."""
    matches = list(re.finditer(pattern, text))

    def planted(plants: Mapping[int, Plant]) -> str:
        parts, at = [], 0
        for place in sorted(plants):
            match = matches[place]
            group = 1 if match.re.groups else 0
            word = form(plants[place](match[group].strip("'")))
            parts += [text[at : match.start(group)], word]
            at = match.end(group)
        return "".join([*parts, text[at:]])

    names = tuple(f"{match[0][:24]!r} at {match.start()}" for match in matches)
    return Soil(names, planted)


def of_rows(text: str) -> Soil:
    """Each cell of the database's rows."""
    return of_words(text, r"\w+=('[^']*'|None|[0-9]+)", repr)


def of_lines(text: str) -> Soil:
    """Each word; and each line's end, behind which a line of its own can stand."""
    return of_words(text, r"[^\s=\"'<>\x00]+|\n")


def of_answer(event: Mapping[str, Any]) -> Soil:
    """By what the answer looks like."""
    text = event["output"]["text"]
    if "rows" in event:
        return of_rows(text)
    if text.lstrip().startswith("<"):
        return of_xml(text)
    return of_json(text) if text.startswith("[\n") else of_lines(text)
