"""docs/findings.md tells every finding, with the weight it really has."""

from __future__ import annotations

import re
from pathlib import Path

from engine.model.finding import Severity
from runbook.to_4_26.severities import SEVERITIES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "findings.md"
ROW = re.compile(r"^\| `([a-z-]+)` \| (.+) \| (blocks|warns) \| (yes|never|-) \|$", re.MULTILINE)
WORDS = {Severity.BLOCK: "blocks", Severity.WARN: "warns"}


def documented() -> dict[str, tuple[str, str]]:
    """Code -> weight and acceptability, as the page has them."""
    return {code: (weight, accepted) for code, _, weight, accepted in ROW.findall(PAGE.read_text())}


def test_every_code_is_documented_and_no_other() -> None:
    assert set(documented()) == set(SEVERITIES.table) | set(SEVERITIES.never_acceptable)


def test_every_row_of_the_tables_is_understood() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert len(rows) == len(documented())


def test_weight_and_acceptability_are_those_in_force() -> None:
    for code, (weight, accepted) in documented().items():
        assert weight == WORDS[SEVERITIES.of(code)], code
        never = code in SEVERITIES.never_acceptable
        expected = "never" if never else "yes" if weight == "blocks" else "-"
        assert accepted == expected, code
