"""A refusal of the role firewall, wherever it comes from: told once, and nothing follows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.attempt import remote
from engine.errors import Refused
from engine.transport.base import Transport
from engine.transport.firewall import Firewall, Latch
from tests.engine import kit
from tests.engine.scripted import FakeTransport, said

UPGRADE = ("neteye", "upgrade")
BOOKKEEPING = remote.script(remote.RELEASE, remote.ROOT, "1")
WAYS: dict[str, Callable[[Transport, str, tuple[str, ...], Path], Any]] = {
    "run": lambda door, node, argv, _: door.run(node, argv, deadline=5),
    "batch": lambda door, node, argv, _: door.ask_batch(node, [("true",), argv], deadline=5),
    "stream": lambda door, node, argv, _: door.stream(node, argv, on_line=print, deadline=5),
    "fetch": lambda door, node, argv, path: door.fetch(node, argv, path / "f", deadline=5),
}


class Walled(FakeTransport):
    """Nodes behind the real firewall."""

    def __init__(self) -> None:
        answers = {
            (node, argv): said("yes")
            for node in (kit.N, kit.VOTING, "stranger")
            for argv in (("true",), UPGRADE, BOOKKEEPING)
        }
        super().__init__(answers, {(kit.N, "/socket"): Path("/here")})
        self.latch = Latch(Firewall(kit.inventory(), bookkeeping=remote.BOOKKEEPING))
        self.latch.on_refused = lambda refused: self.on_refused(refused)

    def _meet(self, node: str, argv: Any) -> None:
        """The firewall comes first, as at the real door."""
        if argv:
            self.latch.check(node, argv)
        super()._meet(node, argv)

    def forward(self, node: str, remote_socket: str) -> Any:
        self.latch.check_node(node)
        return super().forward(node, remote_socket)


@pytest.fixture
def told() -> list[Refused]:
    return []


@pytest.fixture
def door(told: list[Refused]) -> Walled:
    made = Walled()
    made.on_refused = told.append
    return made


@pytest.mark.parametrize("way", WAYS)
def test_what_is_allowed_passes(
    door: Walled, told: list[Refused], way: str, tmp_path: Path
) -> None:
    WAYS[way](door, kit.N, ("true",), tmp_path)
    with door.forward(kit.N, "/socket") as local:
        assert local == Path("/here")
    assert told == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("node", [kit.VOTING, "stranger"])
def test_a_refusal_is_told_once_and_nothing_follows(
    door: Walled, told: list[Refused], way: str, node: str, tmp_path: Path
) -> None:
    argv = UPGRADE if node == kit.VOTING else ("true",)
    with pytest.raises(Refused):
        WAYS[way](door, node, argv, tmp_path)
    (first,) = told
    assert first.node == node
    assert first.rule
    assert first.command == ("neteye upgrade" if node == kit.VOTING else "")
    sent = len(door.asked)
    door.run(kit.N, BOOKKEEPING, deadline=5)
    sent += 1
    for other in WAYS.values():
        with pytest.raises(Refused, match=r"nothing is sent to .* any more after"):
            other(door, kit.N, ("true",), tmp_path)
    with pytest.raises(Refused), door.forward(kit.N, "/socket"):
        pass
    assert len(door.asked) == sent
    assert told == [first]


def test_a_forward_to_a_stranger_is_refused(door: Walled, told: list[Refused]) -> None:
    with pytest.raises(Refused), door.forward("stranger", "/socket"):
        pass
    assert [refused.node for refused in told] == ["stranger"]


def test_an_error_inside_a_forward_is_none_of_its_business(
    door: Walled, told: list[Refused]
) -> None:
    with pytest.raises(KeyError), door.forward(kit.N, "/socket"):
        raise KeyError("of the block")
    assert told == []
