"""`make storms`, `python -m tests.storms`: two or three findings at once, drawn by a seed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress

from rehearsal.errors import RehearsalError
from tests.integration.clusters import remove_leftovers
from tests.proving.runner import main
from tests.proving.table import Page
from tests.storms.kind import storms

MOST = 1000
PAGE = Page(
    "storms",
    "make storms",
    "Storms",
    """
Made by `make storms`. Two or three findings at once, drawn by a seed. Green means that the plan
named each of them and nothing else, that each was healed by its own remedy, its printed commands to
the letter where it prints any, that the plan after all repairs was green, and that the cluster was
then as at its start, unless a case says why it stays another one. It is written whole or not at
all.
""",
)


def start(words: Sequence[str]) -> int:
    """`--seeds N`: those from 1 to N; the rest as of `tests.proving`."""
    parser = argparse.ArgumentParser(prog="python -m tests.storms", add_help=False)
    parser.add_argument("--seeds", default="100")
    own, others = parser.parse_known_args(words)
    if not own.seeds.isdecimal() or not 1 <= int(own.seeds) <= MOST:
        print(f"--seeds {own.seeds}: expected a number from 1 to {MOST}", file=sys.stderr)
        return 4
    with suppress(RehearsalError):  # somebody else is removing them
        remove_leftovers()
    return main([storms(int(own.seeds))], others, page=PAGE)


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
