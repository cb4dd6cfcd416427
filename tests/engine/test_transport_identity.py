"""A connection knows whom it talks to: on the first contact, and on each one after it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.model.answer import Known, Lost, LostKind
from engine.parse.identity import parse_identity
from engine.queries.identity import WHO
from engine.secrets import Secret
from engine.transport.connection import Connection
from engine.transport.ssh import SshTransport
from tests.engine.sshd import NODE, Sshd, running, stranger_transport, this_machine

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="machines of their own need root")

FIRST = Known("1" * 32, "neteye01.example.test")
THIRD = Known("3" * 32, "neteye03.example.test")

WAYS: dict[str, Callable[[SshTransport, list[str], Path], object]] = {
    "run": lambda door, argv, _: door.run(NODE, argv, deadline=20),
    "gate": lambda door, argv, _: door.run(NODE, argv, deadline=20, gate=["env"]),
    "stdin": lambda door, argv, _: door.run(NODE, argv, stdin=Secret("s3"), deadline=20),
    "ask": lambda door, argv, _: door.ask(NODE, argv, deadline=20),
    "batch": lambda door, argv, _: door.ask_batch(NODE, [argv, argv], deadline=20),
    "stream": lambda door, argv, _: door.stream(NODE, argv, on_line=print, deadline=20),
    "fetch": lambda door, argv, path: door.fetch(NODE, argv, path / "fetched", deadline=20),
    "forward": lambda door, _, path: door.forward(NODE, str(path / "socket")).__enter__(),
}


@pytest.fixture
def server() -> Iterator[Sshd]:
    with running(machine=FIRST) as started:
        yield started


@pytest.fixture
def door(server: Sshd) -> Iterator[SshTransport]:
    with stranger_transport(server.host()) as opened:
        yield opened


def known(door: SshTransport) -> Known:
    """Ask the machine who it is."""
    seen = parse_identity(door.run(NODE, WHO.argv, deadline=20).text)
    return Known(seen.machine_id, seen.hostname)


def touch(path: Path) -> list[str]:
    return ["touch", str(path / "was run")]


@pytest.mark.parametrize("way", WAYS)
def test_nothing_but_the_question_reaches_a_machine_that_was_not_confirmed(
    door: SshTransport, tmp_path: Path, way: str
) -> None:
    assert known(door) == FIRST
    with pytest.raises(Lost, match="has not been confirmed") as lost:
        WAYS[way](door, touch(tmp_path), tmp_path)
    assert lost.value.kind is LostKind.IDENTITY
    assert not lost.value.may_have_run
    assert list(tmp_path.iterdir()) == []


def test_the_question_together_with_another_one_is_not_sent(door: SshTransport) -> None:
    with pytest.raises(Lost, match="has not been confirmed"):
        door.ask_batch(NODE, [WHO.argv, ["true"]], deadline=20)


@pytest.mark.parametrize("way", WAYS)
def test_a_machine_that_took_the_place_of_another_starts_nothing(
    server: Sshd, door: SshTransport, tmp_path: Path, way: str
) -> None:
    told: list[Lost] = []
    door.on_stranger = told.append
    door.confirm(NODE, known(door))
    assert door.run(NODE, ["cat", "/etc/machine-id"], deadline=20).text.strip() == "1" * 32
    server.becomes(THIRD)
    with pytest.raises(Lost) as lost:
        WAYS[way](door, touch(tmp_path), tmp_path)
    assert lost.value.kind is LostKind.IDENTITY
    assert not lost.value.may_have_run
    assert list(tmp_path.iterdir()) == []
    for text in (*(FIRST.machine_id, FIRST.hostname), *(THIRD.machine_id, THIRD.hostname)):
        assert text in str(lost.value)
    assert (told[0].known, told[0].seen) == (FIRST, THIRD)


def test_nothing_is_sent_there_any_more_also_when_the_right_one_is_back(
    server: Sshd, door: SshTransport
) -> None:
    told: list[Lost] = []
    door.on_stranger = told.append
    door.confirm(NODE, known(door))
    server.becomes(THIRD)
    for _ in range(3):
        with pytest.raises(Lost, match="another machine"):
            door.run(NODE, ["true"], deadline=20)
    server.becomes(FIRST)
    with pytest.raises(Lost, match="another machine"):
        door.run(NODE, WHO.argv, deadline=20)
    assert len(told) == 1


def test_a_clone_with_the_same_id_is_told_by_its_name(server: Sshd, door: SshTransport) -> None:
    door.confirm(NODE, known(door))
    server.becomes(replace(THIRD, machine_id=FIRST.machine_id))
    with pytest.raises(Lost, match=r"neteye03\.example\.test"):
        door.run(NODE, ["true"], deadline=20)


def test_the_same_machine_may_get_another_form_of_its_name(
    server: Sshd, door: SshTransport
) -> None:
    door.confirm(NODE, known(door))
    server.becomes(replace(FIRST, hostname="NETEYE01"))
    assert door.run(NODE, ["echo", "there"], deadline=20).text == "there\n"
    assert door.run(NODE, ["echo", "again"], deadline=20).text == "again\n"


def test_the_same_machine_after_a_reboot_is_asked_as_before(
    server: Sshd, door: SshTransport
) -> None:
    door.confirm(NODE, known(door))
    server.becomes(FIRST)
    assert door.run(NODE, ["cat"], stdin=b"in", deadline=20).text == "in"


def test_a_secret_is_not_even_written_to_another_machine(
    server: Sshd, door: SshTransport, tmp_path: Path
) -> None:
    """Standard input arrives with the session; so a new connection is looked at before."""
    door.confirm(NODE, known(door))
    server.becomes(THIRD)
    log = kept_input(server, tmp_path)
    with pytest.raises(Lost, match="another machine"):
        door.run(NODE, ["cat"], stdin=Secret("a password"), deadline=20)
    assert "a password" not in log.read_text()


def test_nor_when_the_connection_that_was_looked_at_is_gone_by_then(
    server: Sshd, door: SshTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.confirm(NODE, known(door))
    server.becomes(FIRST)
    look = door._look

    def and_gone(connection: Connection) -> None:
        look(connection)
        server.becomes(THIRD)
        kept_input(server, tmp_path)

    monkeypatch.setattr(door, "_look", and_gone)
    with pytest.raises(Lost, match="another machine"):
        door.run(NODE, ["cat"], stdin=Secret("a password"), deadline=20)
    assert "a password" not in (tmp_path / "sessions").read_text()


def test_what_was_not_sent_after_a_look_that_was_lost_never_started(
    server: Sshd, door: SshTransport, tmp_path: Path
) -> None:
    """Else a change would count as one of unknown outcome, and a person would be asked."""
    door.confirm(NODE, known(door))
    server.becomes(FIRST)
    keys = server.directory / "authorized_keys"
    keys.write_text(f'command="exit 255" {keys.read_text()}')
    with pytest.raises(Lost, match="connection was lost") as lost:
        door.run(NODE, touch(tmp_path), stdin=b"in", deadline=20)
    assert not lost.value.may_have_run
    assert list(tmp_path.iterdir()) == []


def kept_input(server: Sshd, place: Path) -> Path:
    """What sshd runs in the place of every command keeps there what it gets."""
    log = place / "sessions"
    keys = server.directory / "authorized_keys"
    keep = f'command="cat >> {log}; eval \\"$SSH_ORIGINAL_COMMAND\\"" '
    keys.write_text(keep + keys.read_text())
    return log


def test_it_costs_no_session() -> None:
    """Not on the first contact, and on a new connection only where standard input is written."""
    with running(["LogLevel VERBOSE"], FIRST) as server, stranger_transport(server.host()) as door:

        def sessions() -> int:
            return (server.directory / "log").read_text().count("Starting session: command")

        door.confirm(NODE, known(door))
        door.run(NODE, ["cat"], stdin=b"x", deadline=20)
        with door.forward(NODE, "/run/nobody.sock"):
            assert sessions() == 2
        server.becomes(FIRST)
        door.run(NODE, ["true"], deadline=20)
        assert sessions() == 3
        server.becomes(FIRST)
        door.run(NODE, ["cat"], stdin=b"x", deadline=20)
        assert sessions() == 5


@pytest.mark.parametrize("member", ["neteye01", "neteye03"])
def test_a_new_connection_asks_pacemaker_who_it_is(
    server: Sshd, door: SshTransport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, member: str
) -> None:
    """By the words of crm_node; where pacemaker is stopped it has none, and that is no change."""
    tool = tmp_path / "crm_node"
    tool.write_text("#!/bin/sh\necho neteye01\n")
    tool.chmod(0o755)
    monkeypatch.setattr("engine.transport.wrapper.SAFE_PATH", f"{tmp_path}:/usr/bin:/bin")
    door.confirm(NODE, replace(known(door), member=member))
    server.becomes(FIRST)
    if member == "neteye03":
        with pytest.raises(Lost, match="'neteye01' in pacemaker"):
            door.run(NODE, ["true"], deadline=20)
        return
    assert door.run(NODE, ["true"], deadline=20).ok
    for says in ("exit 102", "echo '(null)'", ":"):
        tool.write_text(f"#!/bin/sh\n{says}\n")
        server.becomes(FIRST)
        assert door.run(NODE, ["true"], deadline=20).ok


def test_this_machine_is_told_from_its_neighbour(door: SshTransport) -> None:
    assert known(door) != this_machine()
