"""`python -m tests.proving.lengthy [COUNT]`: the modules of lengthy tests, or COUNT of them.

Which ones is chosen by the commit id, so that over many commits each has its turn.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.proving.choice import rotated
from tests.proving.results import ROOT, code_commit

MARK = "pytest.mark.lengthy"


def modules(root: Path = ROOT) -> list[str]:
    """Paths, below `root`, of the modules whose tests are lengthy."""
    found = sorted((root / "tests" / "integration").glob("test_*.py"))
    return [str(path.relative_to(root)) for path in found if MARK in path.read_text("utf-8")]


def main(words: list[str]) -> int:
    """Print them on one line."""
    chosen = modules()
    if words:
        chosen = rotated(chosen, int(words[0]), code_commit())
    print(" ".join(chosen))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
