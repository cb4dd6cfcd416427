"""`make twins`, `python -m tests.twins`: clusters and their twins, both upgraded and compared."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress

from rehearsal.errors import RehearsalError
from tests.integration.clusters import remove_leftovers
from tests.proving.choice import words
from tests.proving.runner import main
from tests.proving.table import Page
from tests.twins.drawing import name_of
from tests.twins.kind import pairs

MOST = 1000
PAGE = Page(
    "twins",
    "make twins",
    "Clusters and their twins",
    """
Made by `make twins`. A twin of a cluster is to be upgraded as the cluster is. So clusters were
drawn at random, each got [a twin of its snapshot](rehearsal.md#a-twin-of-your-cluster), and both
were upgraded. It is written whole or not at all.
""",
)


def start(argv: Sequence[str]) -> int:
    """`--seed N`, `--pairs N`, `--only 3,7`; the rest as of `tests.proving`."""
    parser = argparse.ArgumentParser(prog="python -m tests.twins", add_help=False)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--pairs", default="20")
    parser.add_argument("--only")
    own, others = parser.parse_known_args(argv)
    for name, text, least in (("--seed", own.seed, 0), ("--pairs", own.pairs, 1)):
        if not text.isdecimal() or not least <= int(text) <= MOST:
            print(f"{name} {text}: expected a number from {least} to {MOST}", file=sys.stderr)
            return 4
    only = [name_of(own.seed, word) for word in words(own.only or "")]
    with suppress(RehearsalError):  # somebody else is removing them
        remove_leftovers()
    chosen = ["--only", ",".join(only)] if only else []
    defaults = ["--workers", "1", "--kinds", "twins"]
    kind = pairs(int(own.seed), int(own.pairs))
    return main([kind], [*defaults, *others, *chosen], page=PAGE)


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))
