"""What a remedy does is told as commands that can be copied: screen, both pages, and as data."""

from __future__ import annotations

import json
from html import unescape

import pytest

from engine.secrets import MASK
from tests.evidence.schemas import problems_of_run
from tests.plugin.kit import SECOND, N, Project
from tests.plugin.pages import cases, head, page

pytest_plugins = "pytester"

STEPS = '''
from dataclasses import replace
from engine.model.finding import Command, Way
from engine.secrets import Secret
from tests.plugin.kit import SECOND, N

@step("a.b", asks=True)
def test_a(evidence, runbook_session):
    """Judges."""
    runbook_session.run.redactor.learn(Secret("geheim-1"))
    enable = Command(N, ("pcs", "resource", "enable", "it's $1"))
    clean = Command(N, ("pcs", "resource", "cleanup", "two words"))
    other = Command(SECOND, ("touch", "geheim-1"))
    here = Command("", ("ls", "-l"))
    found = bad("n1", remedy="Look at it, then enable it.").healed_by(enable, clean, other, here)
    evidence.judge([found, {more}], observed="seen")
'''
LINES = (
    f"on {N}:",
    """  pcs resource enable 'it'"'"'s $1'""",
    "  pcs resource cleanup 'two words'",
    f"on {SECOND}:",
    f"  touch '{MASK}'",
    "on the machine that runs the runbook:",
    "  ls -l",
)


@pytest.mark.parametrize("options", [("--plan",), ()], ids=["plan", "run"])
def test_commands_can_be_copied_from_everywhere(project: Project, options: tuple[str, ...]) -> None:
    project.steps(STEPS.format(more='bad("n2")'))
    result = project.run(*options)
    assert result.ret == 10
    text = "\n".join(result.outlines)
    indent = " " * (12 if options else 4)
    shown = "".join(f"\n{indent}{line}" for line in LINES)
    assert shown.replace(f"'{MASK}'", MASK) in text.replace(f"'{MASK}'", MASK)
    first, second = project.summary["findings"]
    assert first["commands"][0] == {"node": N, "argv": ["pcs", "resource", "enable", "it's $1"]}
    assert [one["node"] for one in first["commands"]] == [N, N, SECOND, ""]
    assert "commands" not in second
    told = "\n".join(LINES)
    evidence = (project.latest / "evidence.html").read_text()
    for text in (evidence, head(project.latest)):
        # where the run says what to do, and with the finding
        assert unescape(text).count(f"<pre>{told}</pre>") == 2
    for name in ("summary.json", "journal.jsonl", "report.html", "evidence.html"):
        assert "geheim-1" not in (project.latest / name).read_text()
    assert problems_of_run(project.latest) == []
    if options:
        plan = json.loads((project.latest / "plan.json").read_text())
        assert plan["findings"][0]["commands"] == first["commands"]
    else:
        (log,) = (row["log"] for rows in page(project.latest).values() for row in rows
                  if row["testId"] == "step-a.b")  # fmt: skip
        assert unescape(log).count(told) == 1
        whole = told.replace(f"'{MASK}'", MASK)  # the text was masked when it was one
        assert any(whole in said for *_, saids in cases(project.latest) for _, said in saids)


def test_who_calls_support_runs_no_command_of_another_finding(project: Project) -> None:
    project.steps(STEPS.format(more='bad("n2", remedy="Call support.", way=Way.SUPPORT)'))
    result = project.run()
    assert result.ret == 10
    assert "pcs resource" not in "\n".join(result.outlines)
    assert project.summary["findings"][0]["commands"]
    for text in (head(project.latest), (project.latest / "evidence.html").read_text()):
        assert text.count("<pre>on ") == 1, (
            "with its finding, and not where the run says what to do"
        )
