"""`python -m tests.proving.lanes [OPTION...]`: the integration tests, side by side.

A lane is one pytest with one cluster at a time: a module, or all modules that share the small
cluster. Options go to each pytest. One lane alone is `pytest` with its modules.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.proving.lengthy import MARK as LENGTHY
from tests.proving.results import ROOT
from tests.proving.together import together

SHARED = "small"
"""The fixture, and the lane, of the cluster that modules share."""
_MARKED = re.compile(r"^(?:pytestmark = .*|@)pytest\.mark\.integration\b", re.MULTILINE)
_SHARES = re.compile(rf"^def .*\b{SHARED}: TestCluster", re.MULTILINE)


def lanes(root: Path = ROOT) -> dict[str, list[str]]:
    """Lane -> paths, below `root`, of its modules; the lengthy ones have none."""
    found: dict[str, list[str]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        text = path.read_text("utf-8")
        if _MARKED.search(text) and LENGTHY not in text:
            lane = SHARED if _SHARES.search(text) else path.stem.removeprefix("test_")
            found.setdefault(lane, []).append(str(path.relative_to(root)))
    return found


def main(options: Sequence[str]) -> int:
    """0 when all are green."""
    pytest = (sys.executable, "-m", "pytest", "-q", *options)
    return together({lane: (*pytest, *paths) for lane, paths in lanes().items()})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
