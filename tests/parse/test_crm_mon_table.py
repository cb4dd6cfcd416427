"""docs/crm_mon.md: every attribute of crm_mon's answer, held against what the parser reads."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from engine.errors import ParseError
from engine.parse import fields
from engine.parse.crm_mon import parse_crm_mon

from .data import CAPTURED, DATA, PACEMAKER

TABLE = DATA.parents[1] / "docs" / "crm_mon.md"
ROW = re.compile(r"\| `([a-z_-]+)` \| `([a-zA-Z_-]+)` \| ([0-9.]+) \| ([a-z ]+) \| (.+) \|")
READ = ("judged", "shown")

# in one of each: what an answer with everything in it looks like
WHOLE = """
<pacemaker-result><pacemakerd/>
 <summary><stack/><current_dc/><last_update/><last_change/><nodes_configured/>
  <resources_configured/><cluster_options/></summary>
 <nodes><node/></nodes>
 <resources>
  <clone><group><resource><node/></resource></group></clone>
  <bundle><replica><resource/></replica></bundle>
 </resources>
 <node_attributes><node><attribute/></node></node_attributes>
 <node_history><node><resource_history><operation_history/></resource_history></node></node_history>
 <failures><failure/></failures>
 <fence_history><fence_event/></fence_history>
 <tickets><ticket/></tickets>
 <bans><ban/></bans>
 <status/>
</pacemaker-result>
"""
LOST = """<pacemaker-result><crm-mon-disconnected/><status/></pacemaker-result>"""
TEXTS = {"code": "0", "exitcode": "1", "number": "0", "weight": "-5", "name": "n", "id": "i"}


def rows() -> dict[tuple[str, str], str]:
    found = [
        match.groups() for match in map(ROW.fullmatch, TABLE.read_text().splitlines()) if match
    ]
    keys = Counter((element, name) for element, name, *_ in found)
    assert [key for key, count in keys.items() if count > 1] == []
    return {(element, name): verdict for element, name, _, verdict, _ in found}


ROWS = rows()


class Recording(Element):
    """An element that notes which of its attributes is asked for."""

    read: set[tuple[str, str]]

    def get(self, key: str, default: Any = None) -> Any:
        Recording.read.add((self.tag, key))
        return super().get(key, default)


@pytest.fixture(autouse=True)
def _recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    Recording.read = set()

    def fromstring(text: str) -> Element:
        builder = ElementTree.TreeBuilder(element_factory=Recording)
        parser = ElementTree.XMLParser(target=builder)
        parser.feed(text)
        return parser.close()

    monkeypatch.setattr(fields.ElementTree, "fromstring", fromstring)


def answer(form: str, **texts: str) -> str:
    """An answer with every attribute of the table."""
    root = ElementTree.fromstring(form)
    for element in root.iter():
        for tag, name in ROWS:
            if tag == element.tag:
                element.set(name, {**TEXTS, **texts}.get(name, "false"))
    for controller in root.iter("current_dc"):
        controller.set("present", "true")
    return ElementTree.tostring(root, encoding="unicode")


def test_what_is_judged_or_shown_is_read_and_nothing_else() -> None:
    text = answer(WHOLE)
    parse_crm_mon(text)
    # a key in one of two attributes, a promotion in the older one of two
    for older in (' op_key="false"', ' promoted-only="false"'):
        parse_crm_mon(text.replace(older, ""))
    # where no resource is, their number explains it
    begin, end = text.index("<resources>"), text.index("</resources>") + len("</resources>")
    parse_crm_mon(text[:begin] + text[end:])
    with pytest.raises(ParseError):
        parse_crm_mon(answer(LOST, code="102"))
    assert Recording.read == {key for key, verdict in ROWS.items() if verdict in READ}


def test_every_row_has_one_of_three_verdicts() -> None:
    assert set(ROWS.values()) == {*READ, "passed over"}
    assert len(ROWS) > 130


def answers() -> Iterator[Path]:
    for folder in (CAPTURED, PACEMAKER, DATA / "rhel8"):
        yield from folder.glob("*crm_mon.xml")
        yield from folder.glob("*pcs-status.xml")


@pytest.mark.parametrize("path", sorted(answers()), ids=lambda path: path.name)
def test_no_answer_has_an_attribute_that_is_not_in_the_table(path: Path) -> None:
    root = ElementTree.parse(path).getroot()
    there = {(str(e.tag), name) for e in root.iter() for name in e.attrib}
    assert there - ROWS.keys() == set()
