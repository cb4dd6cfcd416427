"""What `python -m bench` is made of: a part is a module of this folder, and how it is called.

Each part prints its rows by `bench.rows.told`, and `bench/words/NAME.md` is its section of the
page. Another part is one entry more in `PARTS`, and its words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

OLD = "6f51b55a"
"""The commit before the work on speed."""
NODES = "operative=16,elastic=1,voting=1"
ROWS = 10_000_000
PAIRS = 3


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    old: str = OLD
    """Commit that is measured beside this one."""
    pairs: int = PAIRS
    """How often each is measured, in turn with what it is measured against."""
    rows: int = ROWS
    """Of the table; the journals have a hundredth and a tenth as many lines."""
    nodes: str = NODES
    """Of the large cluster."""

    @property
    def is_full(self) -> bool:
        """Nothing is smaller than what is asked for."""
        return self.pairs >= PAIRS and self.rows >= ROWS and self.nodes == NODES


Call = Callable[[Sizes, Path], Sequence[str | int | Path]]


@dataclass(frozen=True)
class Part:
    """A module that measures something."""

    name: str
    module: str
    minutes: int
    """About, at full size on two processors that do nothing else."""
    call: Call
    """Sizes and the directory of all parts -> the module's arguments."""
    by_default: bool = True
    """Whether it is done, and has a section of the page, without being asked for."""

    def arguments(self, sizes: Sizes, directory: Path) -> list[str]:
        return ["-m", self.module, *map(str, self.call(sizes, directory))]


def _plan(sizes: Sizes, directory: Path) -> Sequence[str | int | Path]:
    peers = ("--peers", directory / "peers")
    return ("--old", sizes.old, "--nodes", sizes.nodes, "--rounds", sizes.pairs, *peers)


def _round_trips(sizes: Sizes, directory: Path) -> Sequence[str | int | Path]:
    return ("--old", sizes.old, "--rounds", sizes.pairs)


def _preflight(sizes: Sizes, directory: Path) -> Sequence[str | int | Path]:
    return ("--nodes", sizes.nodes, "--rounds", sizes.pairs)


def _memories(sizes: Sizes, directory: Path) -> Sequence[str | int | Path]:
    numbers = ("--rows", sizes.rows, "--rounds", sizes.pairs)
    return ("--directory", directory, "--old", sizes.old, *numbers)


def _reports(sizes: Sizes, directory: Path) -> Sequence[str | int | Path]:
    lines = (max(sizes.rows // 100, 10), max(sizes.rows // 10, 100))
    rounds = ("--rounds", sizes.pairs, "--directory", directory)
    return ("--lines", *lines, "--old", sizes.old, *rounds)


def _start(sizes: Sizes, directory: Path) -> Sequence[str | int | Path]:
    return ("--old", sizes.old, "--times", max(sizes.pairs, 1) + 2)


def _rounds(sizes: Sizes, directory: Path) -> Sequence[str | int | Path]:
    return ("--rounds", sizes.pairs)


def _verify(sizes: Sizes, directory: Path) -> Sequence[str | int | Path]:
    lines = min(100_000, max(sizes.rows // 100, 10))
    return ("--lines", lines, "--times", 2 * sizes.pairs + 1, "--directory", directory)


def _whole_run(sizes: Sizes, directory: Path) -> Sequence[str | int | Path]:
    nodes = () if sizes.nodes == NODES else ("--nodes", sizes.nodes)
    return ("--old", sizes.old, "--rounds", sizes.pairs, *nodes)


def _old(sizes: Sizes, directory: Path) -> Sequence[str | int | Path]:
    return ("--old", sizes.old)


PARTS: tuple[Part, ...] = (
    Part("plan", "bench.plan", 6, _plan),
    Part("round-trips", "bench.round_trips", 11, _round_trips),
    Part("preflight", "bench.preflight", 8, _preflight),
    Part("whole-run", "bench.whole_run", 25, _whole_run),
    Part("memories", "bench.memory_pairs", 25, _memories),
    Part("reports", "bench.reports", 11, _reports),
    Part("start", "bench.start", 1, _start),
    Part("identity", "bench.identity", 1, _rounds),
    Part("transport", "bench.transport", 2, _rounds),
    Part("verify", "bench.verify", 1, _verify),
    Part("cluster", "bench.cluster", 10, _old, by_default=False),
    Part("suite", "bench.suite", 90, _old, by_default=False),
    Part("proof", "bench.proof", 50, _old, by_default=False),
)
"""In the order of the page. The mutants have an environment of their own: see `bench.mutants`."""


def named(text: str | None) -> list[Part]:
    """The parts of a list with commas, in the order of the page; without one, the default ones.

    ValueError names what there is when one of them is none.
    """
    if text is None:
        return [part for part in PARTS if part.by_default]
    wanted = {name.strip() for name in text.split(",")}
    unknown = sorted(wanted - {part.name for part in PARTS})
    if unknown:
        there = ", ".join(part.name for part in PARTS)
        raise ValueError(f"there is no part {', '.join(map(repr, unknown))}; there are {there}")
    return [part for part in PARTS if part.name in wanted]
