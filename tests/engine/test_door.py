"""A refusal of the role firewall, wherever it comes from: told once, and nothing follows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.ask.door import Door
from engine.errors import Refused
from engine.transport.base import Transport
from engine.transport.firewall import Firewall
from engine.transport.scripted import FakeTransport, said
from tests.engine import kit

UPGRADE = ("neteye", "upgrade")
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
            for argv in (("true",), UPGRADE)
        }
        super().__init__(answers, {(kit.N, "/socket"): Path("/here")})
        self.firewall = Firewall(kit.inventory())
        self.closed = False

    def _reply(self, node: str, argv: tuple[str, ...], stdin: Any) -> Any:
        self.firewall.check(node, argv)
        return super()._reply(node, argv, stdin)

    def forward(self, node: str, remote_socket: str) -> Any:
        self.firewall.check_node(node)
        return super().forward(node, remote_socket)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def told() -> list[Refused]:
    return []


@pytest.fixture
def door(told: list[Refused]) -> Door:
    return Door(Walled(), told.append)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_allowed_passes(door: Door, told: list[Refused], way: str, tmp_path: Path) -> None:
    WAYS[way](door, kit.N, ("true",), tmp_path)
    with door.forward(kit.N, "/socket") as local:
        assert local == Path("/here")
    assert told == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("node", [kit.VOTING, "stranger"])
def test_a_refusal_is_told_once_and_nothing_follows(
    door: Door, told: list[Refused], way: str, node: str, tmp_path: Path
) -> None:
    argv = UPGRADE if node == kit.VOTING else ("true",)
    with pytest.raises(Refused):
        WAYS[way](door, node, argv, tmp_path)
    (first,) = told
    assert first.node == node
    assert first.rule
    assert first.command == ("neteye upgrade" if node == kit.VOTING else "")
    sent = len(door._transport.asked)  # type: ignore[attr-defined]
    for other in WAYS.values():
        with pytest.raises(Refused, match=r"nothing is sent to .* any more after"):
            other(door, kit.N, ("true",), tmp_path)
    with pytest.raises(Refused), door.forward(kit.N, "/socket"):
        pass
    assert len(door._transport.asked) == sent  # type: ignore[attr-defined]
    assert told == [first]
    door.close()


def test_a_forward_to_a_stranger_is_refused(door: Door, told: list[Refused]) -> None:
    with pytest.raises(Refused), door.forward("stranger", "/socket"):
        pass
    assert [refused.node for refused in told] == ["stranger"]


def test_an_error_inside_a_forward_is_none_of_its_business(door: Door, told: list[Refused]) -> None:
    with pytest.raises(KeyError), door.forward(kit.N, "/socket"):
        raise KeyError("of the block")
    assert told == []
