"""The doubles: a wrong, early, surplus or missing command fails and shows the whole script."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.model.answer import Answer, Lost, LostKind
from engine.secrets import Secret
from engine.transport.base import Transport
from tests.engine.scripted import Call, FakeTransport, ScriptedTransport, Unexpected, said

SCRIPT = (
    Call("n1", ["crm_mon"], said("<xml/>")),
    Call("n2", lambda argv: argv[0] == "pcs", said(code=1, stderr="no")),
    Call("n1", ["rpm", "-qa"], Lost("n1", "gone", LostKind.CONNECTION_LOST)),
)


def test_the_whole_script_in_order() -> None:
    with ScriptedTransport(SCRIPT) as door:
        assert door.run("n1", ["crm_mon"], deadline=1).text == "<xml/>"
        assert door.run("n2", ("pcs", "status"), deadline=1).errors == "no"
        with pytest.raises(Lost, match="gone"):
            door.run("n1", ["rpm", "-qa"], deadline=1)
    assert door.asked[0] == ("n1", ("crm_mon",))


def test_doubles_are_transports() -> None:
    doubles: list[Transport] = [ScriptedTransport([]), FakeTransport({})]
    for door in doubles:
        door.close()


@pytest.mark.parametrize(
    ("node", "argv", "how"),
    [
        ("n1", ["date"], "unexpected: n1: date"),
        ("n2", ["crm_mon"], "unexpected: n2: crm_mon"),
        ("n1", ["rpm", "-qa"], "out of order: n1: rpm -qa"),
    ],
)
def test_another_command_fails_and_shows_the_script(node: str, argv: list[str], how: str) -> None:
    with pytest.raises(Unexpected) as caught, ScriptedTransport(SCRIPT) as door:
        door.run(node, argv, deadline=1)
    text = str(caught.value)
    assert text.startswith(how)
    assert " >   1 n1: crm_mon" in text
    assert "   3 n1: rpm -qa" in text


def test_one_too_many() -> None:
    with pytest.raises(Unexpected, match="after the last one"), ScriptedTransport([]) as door:
        door.run("n1", ["date"], deadline=1)


def test_one_too_few() -> None:
    with pytest.raises(Unexpected, match="2 expected"), ScriptedTransport(SCRIPT) as door:
        door.run("n1", ["crm_mon"], deadline=1)


def test_an_error_of_the_test_is_not_covered_up() -> None:
    with pytest.raises(ZeroDivisionError), ScriptedTransport(SCRIPT):
        raise ZeroDivisionError


def test_standard_input_is_compared_when_given() -> None:
    call = Call("n", ["cat"], stdin=Secret("a"))
    with ScriptedTransport([call]) as door:
        door.run("n", ["cat"], stdin=Secret("a"), deadline=1)
    with pytest.raises(Unexpected), ScriptedTransport([call]) as door:
        door.run("n", ["cat"], stdin=Secret("b"), deadline=1)


def test_every_way_to_ask(tmp_path: Path) -> None:
    socket = tmp_path / "s"
    door = FakeTransport(
        {("n", ("log",)): said("a\nb"), ("n", ("no",)): said("x", code=2)},
        sockets={("n", "/run/db.sock"): socket},
    )
    lines: list[str] = []
    chunks: list[bytes] = []
    door.stream("n", ["log"], on_line=lines.append, deadline=1)
    door.stream("n", ["log"], on_chunk=chunks.append, deadline=1)
    assert (lines, chunks) == (["a", "b"], [b"a\nb"])
    assert door.fetch("n", ["log"], tmp_path / "f", deadline=1) == Answer(0, b"", b"", 0.0)
    assert (tmp_path / "f").read_text() == "a\nb"
    assert door.fetch("n", ["no"], tmp_path / "g", deadline=1).code == 2
    assert not (tmp_path / "g").exists()
    assert door.ask_batch("n", [["log"], ["no"]], deadline=1) == [said("a\nb"), said("x", code=2)]
    with door.forward("n", "/run/db.sock") as local:
        assert local == socket
    with pytest.raises(Unexpected, match="no socket"), door.forward("n", "/other"):
        pass
    with pytest.raises(UsageError), door.forward("n", "/run/db.sock"):
        door.run("n", ["log"], deadline=0)


def test_a_fake_answers_in_any_order_and_anew_each_time() -> None:
    answers = iter([said("1"), said("2")])
    door = FakeTransport({("n", ("a",)): lambda: next(answers), ("n", ("b",)): said("b")})
    asked = [door.run("n", [name], deadline=1).text for name in ("b", "a", "b", "a")]
    assert asked == ["b", "1", "b", "2"]
    with pytest.raises(Unexpected, match=r"no answer for n: c; known:\n   n: a\n   n: b"):
        door.run("n", ["c"], deadline=1)


def test_a_batch_to_a_node_out_of_reach_is_lost() -> None:
    away = Lost("n", "away", LostKind.UNREACHABLE)
    with pytest.raises(Lost, match="away"):
        FakeTransport({("n", ("a",)): away}).ask_batch("n", [["a"]], deadline=1)
