"""What a support bundle asks: nothing that a role may not be asked, both ends of long answers."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from engine.model.inventory import Role
from engine.support.excerpt import excerpt
from engine.support.questions import COMMANDS, LongCommand, Question, long_commands, of_node
from engine.transport.firewall import Firewall
from tests.engine import kit

READERS = {
    *("pcs", "crm_mon", "corosync-quorumtool", "drbdsetup", "systemctl", "journalctl", "cibadmin"),
    *("cat", "uname", "uptime", "free", "df", "rpm", "sh"),
}
VERBS = {
    "pcs": ("status", "--full"),
    "drbdsetup": ("status", "--verbose"),
    "systemctl": ("--failed", "--no-pager", "--plain", "--full"),
    "cibadmin": ("--query",),
    "rpm": ("-qa", "--last"),
}
COMMAND = LongCommand(kit.N, kit.ATTEMPT, "upgrade-1")


def plain(text: str) -> str:
    return text


@pytest.mark.parametrize("role", Role)
def test_every_question_passes_the_role_firewall(role: Role) -> None:
    inventory = kit.inventory()
    guard = Firewall(inventory)
    for host in inventory.hosts:
        for question in of_node(role, 0.0) if host.role is role else ():
            guard.check(host.name, question.limited)
    for question in COMMAND.questions:
        guard.check(kit.N, question.limited)


def test_each_question_is_one_that_only_reads() -> None:
    for question in {q.name: q for role in Role for q in of_node(role, 0.0)}.values():
        command, *rest = question.argv
        assert command in READERS
        assert tuple(rest) == VERBS.get(command, tuple(rest))
        assert not {"--vacuum-size", "--rotate", "--flush"} & set(rest)


def test_only_operative_nodes_are_asked_about_pacemaker() -> None:
    for role in (Role.ELASTIC_ONLY, Role.VOTING_ONLY):
        asked = {question.argv[0] for question in of_node(role, 0.0)}
        assert not asked & {"pcs", "crm_mon", "cibadmin", "corosync-quorumtool"}
        assert {"journalctl", "systemctl", "rpm"} <= asked


def run(half: int, *argv: str) -> bytes:
    """The question's own script, run here."""
    return kit.run_script(Question("x", argv, half).limited).stdout


def test_a_short_answer_is_whole_with_its_exit_code() -> None:
    raw = run(1000, "sh", "-c", "echo out; echo err >&2; exit 3")
    found = excerpt("p", raw, 1000, plain)
    assert found.content == b"out\nerr\n\n[exit code 3]\n"
    assert found.remark == "exit code 3"


@pytest.mark.parametrize("lines", [3_000, 3_000_000])
def test_a_long_answer_keeps_both_ends_in_whole_lines(lines: int) -> None:
    raw = run(1000, "seq", str(lines))
    assert len(raw) == 2000
    text = excerpt("p", raw, 1000, plain).content.decode()
    head, _, tail = text.partition("\n[... left out here")
    assert head.split("\n")[:3] == ["1", "2", "3"]
    kept = tail.split("\n")[1:]
    assert kept[-2:] == [str(lines), ""]
    numbers = [int(n) for n in (*head.split("\n"), *kept[:-1])]
    gap = [b - a for a, b in itertools.pairwise(numbers)]
    assert sum(step != 1 for step in gap) == 1
    assert excerpt("p", raw, 1000, plain).remark == "beginning and end only"


def test_half_a_secret_at_the_gap_is_left_out() -> None:
    raw = b"one\nthe key is hunt" + b"er22 of all\ntwo\n[exit code 0]\n".rjust(19, b"!")
    half = 19
    assert b"hunt" in raw[:half]
    text = excerpt("p", raw, half, plain).content.decode()
    assert "hunt" not in text
    assert text.startswith("one\n")


def test_a_line_longer_than_all_is_named() -> None:
    text = excerpt("p", b"x" * 2000, 1000, plain).content.decode()
    assert "x" * 10 not in text
    assert "a first line of more than 1000 bytes" in text


def test_a_command_that_is_not_there_is_an_answer() -> None:
    found = excerpt("p", run(1000, "no-such-command-here"), 1000, plain)
    assert found.remark == "exit code 127"
    assert b"not found" in found.content


def test_an_answer_that_was_broken_off_says_so() -> None:
    assert excerpt("p", b"half an ans", 1000, plain).remark == "broken off"


def detached(name: str, **fields: Any) -> dict[str, Any]:
    return kit.intent(f"step.{name}", detached=name, **fields)


def test_the_long_commands_of_the_attempt_are_those_of_its_journals() -> None:
    events = [kit.intent(), detached("update-1"), detached("upgrade-1"), detached("update-1")]
    found = long_commands(events, kit.ATTEMPT)
    assert [command.name for command in found] == ["update-1", "upgrade-1"]
    assert long_commands(events, None) == ()
    many = [detached(f"upgrade-{number}") for number in range(30)]
    assert [c.name for c in long_commands(many, "a")][-1] == "upgrade-29"
    assert len(long_commands(many, "a")) == COMMANDS


def test_a_long_commands_state_is_read_from_its_directory(tmp_path: Any) -> None:
    (tmp_path / "pid").write_text("4711\n")
    (tmp_path / "status").write_text("1")
    state, _ = COMMAND.questions
    *argv, base = state.argv
    assert base.endswith(f"/attempts/{kit.ATTEMPT}/commands/upgrade-1")
    said = run(1000, *argv, str(tmp_path)).decode()
    assert "pid: 4711" in said
    assert "status: 1" in said
    assert said.endswith("[exit code 0]\n")
