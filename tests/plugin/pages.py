"""Reading what pytest-html and junit wrote of a run, without what only looks at it."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

FILES = ("report.html", "junit.xml", "summary.json")


def blob(directory: Path) -> dict[str, Any]:
    """The data of report.html, as its own script finds them."""
    html = (directory / "report.html").read_text()
    found = re.search(r'data-jsonblob="([^"]*)"', html)
    assert found
    data: dict[str, Any] = json.loads(unescape(found[1]))
    return data


def page(directory: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of its table."""
    tests: dict[str, list[dict[str, Any]]] = blob(directory)["tests"]
    return tests


def head(directory: Path) -> str:
    """Its first screen: verdict, facts, rows, findings."""
    html = (directory / "report.html").read_text()
    return html[html.index('<div class="runbook"') : html.index('class="run-count"')]


def cases(directory: Path) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """junit's cases: class, name, and what is said of them; times apart."""
    suite = ElementTree.parse(directory / "junit.xml").getroot()
    return [
        (
            case.attrib["classname"],
            case.attrib["name"],
            [(child.tag, child.attrib.get("message", "")) for child in case],
        )
        for case in suite.findall(".//testcase")
    ]
