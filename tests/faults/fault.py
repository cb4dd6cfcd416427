"""A fault: what it is called, on which cluster it strikes, and the story of striking and repair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.lab import Lab

Story = Callable[["Lab"], None]


@dataclass(frozen=True)
class Fault:
    """One fault. The story strikes, says what the run must say, repairs, and runs again."""

    name: str
    what: str
    """What happens and when, for the table."""
    nodes: str
    story: Story
    scenario: str = "no-updates"
    """Fully updated, so that `neteye update` takes no time, unless the story needs otherwise."""
    shows: tuple[str, ...] = ()
    """Codes of findings that its runs tell."""
    stops: str = ""
    """The step, without its round or node, at which a run of it stops; the upgrade goes on from
    there to its end."""
    settings: Mapping[str, Any] = field(default_factory=dict)


FAULTS: dict[str, Fault] = {}


def fault(
    what: str,
    *,
    nodes: str = "operative=2",
    scenario: str = "no-updates",
    shows: str = "",
    stops: str = "",
    **settings: Any,
) -> Callable[[Story], Story]:
    """Enter a story under its function's name; `settings` are those of the stand-ins.

    `shows` has blanks between its codes.
    """

    def enter(story: Story) -> Story:
        name = story.__name__.replace("_", "-")
        assert name not in FAULTS, f"two faults are called {name}"
        codes = tuple(shows.split())
        FAULTS[name] = Fault(name, what, nodes, story, scenario, codes, stops, settings)
        return story

    return enter
