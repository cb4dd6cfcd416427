"""README.md, docs/ and the example inventory say what the code does: codes, options, words."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from engine.model.ending import Ending
from engine.model.inventory import Environment
from engine.parse.inventory_ini import parse_inventory
from engine.parse.inventory_settings import HOST_READERS, readers_with
from engine.record.exit_codes import EXIT_CODES
from engine.record.rows import RowState
from engine.report import under_way
from engine.run import options
from rehearsal.to_4_26.scenarios import SCENARIOS
from runbook.to_4_26.settings import SETTINGS
from runbook.to_4_26.severities import SEVERITIES
from tests.layers.markdown import PAGES, README, ROOT

EXAMPLE = ROOT / "docs" / "prod.ini.example"
VARIABLES = {*HOST_READERS, *readers_with(SETTINGS)}


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def _readme() -> str:
    return README.read_text(encoding="utf-8")


def _all() -> str:
    return "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def _first_cells(text: str) -> Iterable[str]:
    """The first cell of every row of every table."""
    return (line.split("|")[1] for line in text.splitlines() if line.startswith("| "))


def test_the_readme_is_read_at_one_go() -> None:
    """At most 100 lines; a picture, and the commands on the first screen."""
    lines = _readme().splitlines()
    assert len(lines) <= 100
    assert any(line.startswith("![") for line in lines[:25])
    first = "\n".join(lines[:20])
    for command in ("make rehearsal", "make test", "pytest runbook --inventory prod.ini"):
        assert command in first


def test_the_example_on_the_page_is_the_file() -> None:
    block = re.search(r"```ini\n(.*?)```", _page("inventory.md"), re.DOTALL)
    assert block is not None
    assert block[1] == EXAMPLE.read_text(encoding="utf-8")


def test_the_example_is_a_good_inventory() -> None:
    inventory = parse_inventory(EXAMPLE.read_text(encoding="utf-8"), EXAMPLE, SETTINGS)
    assert inventory.settings.environment is Environment.PRODUCTION
    assert len(inventory.operative) == 3


def test_the_example_stays_good_with_everything_that_is_commented_out() -> None:
    text = re.sub(r"^# (?=(?:ansible|runbook)_\w+ ?=)", "", EXAMPLE.read_text(), flags=re.MULTILINE)
    inventory = parse_inventory(text, EXAMPLE, SETTINGS)
    assert len(inventory.settings.accept) == 2
    assert all(host.become for host in inventory.hosts)


def test_the_tables_have_every_variable_and_no_other() -> None:
    cells = " ".join(_first_cells(_page("inventory.md")))
    assert set(re.findall(r"`((?:ansible|runbook)_\w+)`", cells)) == VARIABLES


def test_the_codes_are_those_of_the_engine() -> None:
    row = r"^\| \[(\d+)\]\(docs/when-it-stops\.md#code-\1\) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|"
    rows = [(int(code), *cells) for code, *cells in re.findall(row, _readme(), re.MULTILINE)]
    written = [
        (code, tuple(re.findall(r"`([\w ]+)`", words)), means.replace("`", ""), then)
        for code, words, means, then in rows
    ]
    assert written == [(one.code, one.outcomes, one.means, one.next) for one in EXIT_CODES]
    assert {one.code for one in EXIT_CODES} == {ending.code for ending in Ending}
    told = {int(code) for code in re.findall(r"^### Code (\d+)$", _page("when-it-stops.md"), re.M)}
    assert told == {ending.code for ending in Ending}


def test_every_word_of_the_last_lines_is_told() -> None:
    page = _page("when-it-stops.md")
    missing = [word for word in under_way.HEADS.values() if f"`{word}`" not in page]
    assert missing == []


def test_every_option_is_explained() -> None:
    parser = pytest.Parser(_ispytest=True)
    options.add(parser)
    own = {name for group in parser._groups for option in group.options for name in option.names()}
    assert sorted(name for name in own if name not in _all()) == []


def test_what_nobody_can_accept_is_listed() -> None:
    paragraph = _page("when-it-stops.md").split("Nobody can accept these:")[1].split("\n\n")[0]
    assert set(re.findall(r"`([a-z-]+)`", paragraph)) == set(SEVERITIES.never_acceptable)


def test_the_states_of_rows_are_named() -> None:
    assert [state for state in RowState if f"`{state}`" not in _page("evidence.md")] == []


def test_every_scenario_is_explained() -> None:
    named = {
        word
        for cell in _first_cells(_page("rehearsal.md"))
        for word in re.findall(r"`([\w.-]+)`", cell)
    }
    assert sorted({scenario.name for scenario in SCENARIOS} - named) == []
