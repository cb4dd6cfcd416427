"""Which cluster a pair begins with: drawn by a seed, from what can stand together."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tests.twins.edits import DELIBERATE, EDITS, Deliberate, Edit, Subject

T = TypeVar("T")
SCENARIOS = ("guide", "no-updates", "no-asset")
WITHOUT_ASSET = "no-asset"
_SCENARIO_WEIGHTS = (6, 3, 2)
_OPERATIVE, _OPERATIVE_WEIGHTS = (2, 3, 4, 5), (8, 5, 2, 1)
_ELASTIC, _ELASTIC_WEIGHTS = (0, 1, 2), (4, 3, 1)
_BLOCKED_EACH, _DELIBERATE_EACH = 4, 3
"""Of so many pairs one has a plan that ends blocked, one a deliberate difference."""
_MOST_OTHERS = 2
_OF_NODES = (Subject.RESOURCES, Subject.NODES)


@dataclass(frozen=True)
class Drawn:
    """The cluster A of a pair; B, its twin, has another seed."""

    name: str
    operative: int
    elastic: int
    voting: int
    scenario: str
    edits: tuple[Edit, ...]
    deliberate: Deliberate | None
    seeds: tuple[int, int]

    @property
    def nodes(self) -> str:
        """As `rehearsal up --nodes` takes it."""
        return f"operative={self.operative},elastic={self.elastic},voting={self.voting}"

    @property
    def is_blocked(self) -> bool:
        """Whether the plan of a cluster of the pair has to end blocked."""
        own = self.edits if self.deliberate is None else (*self.edits, self.deliberate.edit)
        return any(edit.blocks for edit in own)

    @property
    def in_words(self) -> str:
        more = "".join(
            f" + {number} {role}"
            for number, role in ((self.elastic, "E"), (self.voting, "V"))
            if number
        )
        return (
            f"{self.operative} operative{more}; {', '.join([self.scenario, *_names(self.edits)])}"
        )


def _names(edits: Sequence[Edit]) -> list[str]:
    return [edit.name for edit in edits]


def name_of(seed: int, number: int) -> str:
    """The name of a pair, which says how it is drawn."""
    return f"seed-{seed}-pair-{number}"


def drawn_by(name: str) -> Drawn:
    """The pair of that name; ValueError for a name that is none."""
    words = name.split("-")
    if len(words) != 4 or words[::2] != ["seed", "pair"]:
        raise ValueError(f"{name!r} is no pair, such as {name_of(1, 7)}")
    return drawn(int(words[1]), int(words[3]))


def drawn(seed: int, number: int) -> Drawn:
    """The pair of that number, from 1: the same each time."""
    generator = random.Random(f"twins {seed} {number}")
    in_turn = _in_turn(seed, number)
    deliberate = _deliberate(seed, number, {edit.subject for edit in in_turn})
    edits = (*in_turn, *_others(generator, in_turn, deliberate))
    needs_asset = any(edit.needs_asset for edit in edits)
    scenario = generator.choices(SCENARIOS, _SCENARIO_WEIGHTS)[0]
    if needs_asset and scenario == WITHOUT_ASSET:
        scenario = SCENARIOS[0]
    return Drawn(
        name_of(seed, number),
        generator.choices(_OPERATIVE, _OPERATIVE_WEIGHTS)[0],
        generator.choices(_ELASTIC, _ELASTIC_WEIGHTS)[0],
        generator.randrange(2),
        scenario,
        edits,
        deliberate,
        (generator.randrange(10**6), generator.randrange(10**6)),
    )


def _is_to_block(number: int) -> bool:
    return number % _BLOCKED_EACH == 0


def _deliberate(seed: int, number: int, taken: set[Subject]) -> Deliberate | None:
    """Never of a pair that is blocked anyhow."""
    if _is_to_block(number) or number % _DELIBERATE_EACH != 2:
        return None
    order = _turned(DELIBERATE, seed, number // _DELIBERATE_EACH)
    return next(one for one in order if one.edit.subject not in taken)


def _in_turn(seed: int, number: int) -> tuple[Edit, ...]:
    """What a pair has so that twenty of them have everything; of those that block, two."""
    blocked = number // _BLOCKED_EACH
    if not _is_to_block(number):
        return (_turned([edit for edit in EDITS if not edit.blocks], seed, number - blocked)[0],)
    blocking = [edit for edit in EDITS if edit.blocks]
    of_nodes = [edit for edit in blocking if edit.subject in _OF_NODES]
    others = [edit for edit in blocking if edit.subject not in _OF_NODES]
    return tuple(_turned(some, seed, blocked)[0] for some in (of_nodes, others))


def _others(
    generator: random.Random, in_turn: tuple[Edit, ...], deliberate: Deliberate | None
) -> Iterator[Edit]:
    """Some that do not block: one of a subject, each of which goes with all of other subjects."""
    taken = {edit.subject for edit in in_turn}
    if deliberate is not None:
        taken.add(deliberate.edit.subject)
    for _ in range(generator.randrange(_MOST_OTHERS + 1)):
        left = [edit for edit in EDITS if edit.subject not in taken and not edit.blocks]
        edit = generator.choice(left)
        taken.add(edit.subject)
        yield edit


def _turned(every: Sequence[T], seed: int, turn: int) -> list[T]:
    """All of them, each at the head when it has its turn; the seed decides in which order."""
    order = list(every)
    random.Random(f"twins {seed}").shuffle(order)
    first = turn % len(order)
    return [*order[first:], *order[:first]]
