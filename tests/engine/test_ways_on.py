"""Whoever stops a run says what comes next: read at 3 a.m., nothing else is at hand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted([*ROOT.glob("engine/**/*.py"), *ROOT.glob("runbook/**/*.py")])
NEXT = ("run again", "run without", "by the next run", "report it", "see the message above",
        "about this machine", "kill ")  # fmt: skip
"""Run it once more, wait for whose turn it is, tell us; or the text stands directly above."""

_STOPS = ("halt", "stopped")


def told(path: Path) -> Iterator[str]:
    """The literal words of what is to be done, where a run is stopped."""
    source = path.read_text()
    if not any(f"{name}(" in source for name in _STOPS):
        return
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or len(node.args) < 3:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        what = node.args[{"halt": 2, "stopped": 3}.get(name, 0)] if name in _STOPS else None
        if isinstance(what, ast.Constant | ast.JoinedStr):
            parts = what.values if isinstance(what, ast.JoinedStr) else [what]
            text = "".join(str(one.value) for one in parts if isinstance(one, ast.Constant))
            # one that ends by a text of the module is that module's to read
            if not isinstance(parts[-1], ast.FormattedValue):
                yield text


def test_what_is_to_be_done_says_what_comes_next() -> None:
    texts = [(path.name, text) for path in MODULES for text in told(path)]
    assert len(texts) > 15
    assert not [one for one in texts if not any(word in one[1].lower() for word in NEXT)]
