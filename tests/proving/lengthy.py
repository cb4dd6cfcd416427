"""`python -m tests.proving.lengthy [COUNT]`: the modules of lengthy tests, or COUNT of them.

Which ones is chosen by the commit id, so that over many commits each has its turn.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tests.proving.choice import rotated
from tests.proving.results import ROOT, code_commit
from tests.proving.together import together

MARK = "pytest.mark.lengthy"
AT_ONCE = 2
"""Modules at the same time: several of them watch what takes minutes, and are not to be starved."""


def modules(root: Path = ROOT) -> list[str]:
    """Paths, below `root`, of the modules whose tests are lengthy."""
    found = sorted((root / "tests" / "integration").glob("test_*.py"))
    return [str(path.relative_to(root)) for path in found if MARK in path.read_text("utf-8")]


def main(words: Sequence[str]) -> int:
    """Run them; 0 when all are green."""
    chosen = modules()
    if words:
        chosen = rotated(chosen, int(words[0]), code_commit())
    pytest = (sys.executable, "-m", "pytest", "-q")
    commands = {Path(path).stem.removeprefix("test_"): (*pytest, path) for path in chosen}
    return together(commands, at_once=AT_ONCE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
