"""What the version step hands in, for a snapshot: the vendor's words, a section of its own.

The engine knows clusters. What the product calls its own, and what decides the findings of one pair
of versions, comes from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.ask.look import Look
from engine.model.query import Query
from engine.snapshot.names import Names, Vocabulary
from engine.snapshot.recorded import Recorded

Section = Mapping[str, Any]
"""JSON-able."""


@dataclass(frozen=True)
class Parts:
    """The field `snapshot` of a Release."""

    vocabulary: Vocabulary
    programs: Query[tuple[str, ...]]
    """Answered by the programs that a node lacks; its name is what counts."""
    program_names: frozenset[str]
    """Those that are asked for: no other name is taken from an answer."""
    ask: Callable[[Look], None]
    """Asks what a plan does not ask, once, at its end. Each answer is an observation."""
    section: Callable[[Recorded, Names], Section]
    """The version step's own section, made of the record alone."""
    words: frozenset[str]
    """What the section says by itself: a name that is made of these words names nobody."""
    in_words: Callable[[Section], Iterable[str]]
    """What is in that section, for the index: sentences with counts, and no value."""
