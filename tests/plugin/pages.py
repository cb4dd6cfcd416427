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
    """Its first screen: verdict, facts, rows, findings; not that it was made anew."""
    html = (directory / "report.html").read_text()
    html = html[html.index('<div class="runbook"') : html.index('class="run-count"')]
    return re.sub(r'<p id="made-anew">[^<]*</p>', "", html)


ANEW = (
    r'<p class="told" id="made-anew">[^<]*</p>\n',
    r" Evidence is signed after this page is written: .*?(?=</caption>)",
    r" It does not stand for this page, which was made after the run\.",
    r'(?<=data-label="evidence signed by" class=)"(?:words|hash)">[^<]*',
)
"""What differs in the auditor's page when it is not the run itself that writes it."""


def audit(directory: Path) -> str:
    """The auditor's page, without that."""
    return re.sub("|".join(ANEW), "", (directory / "evidence.html").read_text())


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
