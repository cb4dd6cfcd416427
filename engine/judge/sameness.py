"""Files and facts that must be the same on all nodes (domain facts section 7)."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from engine.judge.text import listed, many, shortened
from engine.model.finding import Finding
from engine.model.groups import grouped

EXCERPT_LINES = 4


def same_text(
    name: str, texts: Mapping[str, str | None], code: str, what: str
) -> tuple[Finding, ...]:
    """`name` (a file or a fact) has the same content on every node.

    `texts`: node -> content, already redacted, None when it is not there; `what` says in a
    few words what it is for. One finding per variant that differs from the majority; with no
    majority the first node's content is the measure.
    """
    groups = grouped((text, node) for node, text in texts.items())
    if len(groups) < 2:
        return ()
    # max() keeps the first of equals: the variant of the node that was named first
    usual = max(groups, key=lambda text: len(groups[text]))
    return tuple(
        Finding(
            code,
            name,
            f"{name} ({what}) on {listed(nodes)} differs from {listed(groups[usual])}: "
            f"{difference(usual, text)}",
            "the same content on every node",
            "Find out which is right, make the others like it, then run this again.",
        )
        for text, nodes in groups.items()
        if text != usual
    )


def difference(usual: str | None, text: str | None) -> str:
    """The first changed lines on one line, `-` as in `usual`, `+` as in `text`."""
    if usual is None or text is None:
        return "it is missing there" if text is None else "it is there and missing on the others"
    lines = difflib.unified_diff(usual.splitlines(), text.splitlines(), n=0, lineterm="")
    # the first two lines are the header; only hunk marks begin with @@
    changed = [line for line in list(lines)[2:] if not line.startswith("@@")]
    if not changed:
        return "line ends differ"
    rest = len(changed) - EXCERPT_LINES
    shown = " | ".join(_visible(line) for line in changed[:EXCERPT_LINES])
    return f"{shown} | {many(rest, 'more line')}" if rest > 0 else shown


def _visible(line: str) -> str:
    """Blanks at the end, which nobody would see, are shown as an escape."""
    return shortened(repr(line) if line != line.rstrip() else line)
