"""What an auditor asks is answered where it stands: approval, how to verify, what is one outage."""

from __future__ import annotations

from html import unescape
from typing import Any

from engine.prove.verifier import COMMANDS, how_to
from engine.report.audit.page import render
from tests.evidence import journals


def section(anchor: str, *events: Any) -> str:
    page = unescape(render(list(events), []))
    return page.partition(f'<section id="{anchor}"')[2].partition("</section>")[0]


def test_a_rehearsal_needs_no_approval_and_the_section_says_so() -> None:
    begun, *rest = journals.whole()
    said = section("approvals", {**begun, "environment": "rehearsal"}, *rest)
    assert "A rehearsal needs none" in said
    assert "No signed approval is on record" not in said
    assert "No signed approval is on record" in section("approvals", begun, *rest)


def test_the_page_has_the_commands_that_verify_it() -> None:
    page = unescape(render(journals.whole(), []))
    run = str(journals.whole()[0]["run"])
    lines = page.partition('<pre class="copied">')[2].partition("</pre>")[0].splitlines()
    assert lines == [line.replace("DIRECTORY", run) for line in COMMANDS]
    text = how_to(run, "", "", "0" * 64, is_sealed=True)
    assert all(f"    {line}\n" in text for line in COMMANDS)
