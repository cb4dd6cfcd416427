"""Fixtures as actions: `@action` turns a generator of changes into a pytest fixture.

Function-scoped, without teardown, for one step: giving something back is a step of its own.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from engine.act.driving import Action, Applied
from engine.act.foreseen import Foreseen, Foresight
from engine.model.change import Nothing

_OWN = ("look",)


def action(
    *,
    guide: Iterable[str] = (),
    planned: Callable[..., Foreseen | Nothing] | None = None,
    despite: Iterable[str] = (),
    expected: str = "",
) -> Callable[[Callable[..., Action]], Any]:
    """Make a generator function a fixture of the same name.

    The function looks at what is there and yields the changes that would close the gap; it
    returns `Nothing(reason)` when there is none. Arguments after `look` are fixtures. `guide`
    names the rows for which what it did or found counts as evidence. For plans: `planned` takes
    the same arguments and tells all changes beforehand, unless changes of steps other than
    `despite` come first; `expected` is what it does when it has to (see engine/act/foreseen.py).
    """
    rows, before = tuple(guide), tuple(despite)

    def declare(function: Callable[..., Action]) -> Any:
        wanted = [name for name in inspect.signature(function).parameters if name not in _OWN]

        def fixture(request: pytest.FixtureRequest) -> Applied:
            session = request.getfixturevalue("runbook_session")
            arguments = {name: request.getfixturevalue(name) for name in wanted}
            tell = planned and (lambda look: planned(look=look, **arguments))
            applied: Applied = session.apply(
                function.__name__,
                rows,
                lambda look: function(look=look, **arguments),
                Foresight(tell, before, expected),
            )
            return applied

        fixture.__doc__ = function.__doc__
        made = pytest.fixture(name=function.__name__)(fixture)
        made.generator = function  # type: ignore[attr-defined]  # for tests, without pytest
        return made

    return declare
