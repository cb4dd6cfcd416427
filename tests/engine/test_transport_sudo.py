"""What the real sudo does with each setting of sudoers: it works, or the sentence says what to set.

sshd runs where /etc/sudoers is the test's own, and has a user who is not root.
"""

from __future__ import annotations

import hashlib
import pwd
from dataclasses import replace

import pytest

from engine.model.answer import Lost, LostKind
from engine.transport.ssh import SshTransport
from tests.engine.sshd import ANYTHING, NODE, SUDOER, running, transport

DATA = bytes(range(256)) * 4096
CHANGES_NOTHING = {
    "a terminal of its own": "Defaults use_pty",
    "a path without sbin": 'Defaults secure_path="/usr/local/bin:/usr/bin"',
    "a path without env": 'Defaults secure_path="/opt/bin"',
    "a lecture": "Defaults lecture=always",
    "a strict mask": "Defaults umask=0077",
    "an environment that is emptied": "Defaults env_reset",
    "an environment that is kept": "Defaults !env_reset",
    "a home that is kept": "Defaults env_keep += HOME",
}


@pytest.mark.parametrize("case", CHANGES_NOTHING)
def test_a_setting_that_changes_nothing(case: str) -> None:
    with running(sudoers=[CHANGES_NOTHING[case], ANYTHING]) as server:
        with transport(server.sudoer()) as door:
            script = 'id -u; echo "$HOME"; echo "$PATH"; md5sum; command -v sshd >&2'
            answer = door.run(NODE, ["sh", "-c", script], stdin=DATA, deadline=20)
            back = door.run(NODE, ["cat"], stdin=DATA, deadline=20)
    user, home, path, digest = answer.text.splitlines()
    assert (user, home) == ("0", pwd.getpwuid(0).pw_dir), "root's ~/.my.cnf and its like"
    assert "/usr/sbin" in path.split(":")
    assert digest.split()[0] == hashlib.md5(DATA, usedforsecurity=False).hexdigest()
    assert answer.errors == "/usr/sbin/sshd\n"
    assert back.stdout == DATA


REFUSES = {
    "a password": ([f"{SUDOER} ALL=(ALL) ALL"], "NOPASSWD for all commands"),
    "a password, with a lecture": (
        ["Defaults lecture=always", f"{SUDOER} ALL=(ALL) ALL"],
        "NOPASSWD for all commands",
    ),
    "no rule": (["Defaults !authenticate", "root ALL=(ALL) ALL"], "NOPASSWD for all commands"),
    "a rule for another machine": (
        ["Defaults !authenticate", f"{SUDOER} elsewhere=(ALL) ALL"],
        "NOPASSWD for all commands",
    ),
    "another command only": (
        [f"{SUDOER} ALL=(ALL) NOPASSWD: /usr/bin/id"],
        "NOPASSWD for all commands",
    ),
    "all but ours": ([f"{ANYTHING}, !/usr/bin/env"], "let upgrade run some commands only"),
    "a terminal": (["Defaults requiretty", ANYTHING], "Defaults:upgrade !requiretty"),
    "no other program": (["Defaults noexec", ANYTHING], "Defaults:upgrade !noexec"),
}


@pytest.mark.parametrize("case", REFUSES)
def test_a_rule_that_is_in_the_way_is_named(case: str) -> None:
    sudoers, sentence = REFUSES[case]
    with running(sudoers=sudoers) as server:
        with transport(server.sudoer()) as door, pytest.raises(Lost) as caught:
            door.run(NODE, ["true"], deadline=20)
    lost = caught.value
    assert lost.kind is LostKind.AUTHENTICATION
    assert not lost.may_have_run
    assert f"{SUDOER}'s login there says: " in lost.why
    assert sentence in lost.why
    assert "no sudo on the node" not in lost.why
    assert "read -r" not in lost.why, "the script of the runbook, as sudo quotes it"


def ask_often(door: SshTransport, script: str) -> None:
    for _ in range(20):
        door.run(NODE, ["sh", "-c", script], deadline=20)


@pytest.mark.parametrize(
    ("setting", "script"),
    [
        ("log_output, iolog_dir={}/kept", "head -c 9000000 /dev/zero"),
        ("command_timeout=1", "sleep 5"),
    ],
)
def test_an_answer_whose_end_sudo_keeps_back_is_none(setting: str, script: str) -> None:
    """It exits with 0 when it has lost the end of what it keeps."""
    with running(sudoers=[ANYTHING]) as server:
        sudoers = server.directory / "sudoers"
        sudoers.write_text(f"Defaults {setting.format(server.directory)}\n{ANYTHING}\n")
        with transport(server.sudoer()) as door, pytest.raises(Lost) as caught:
            ask_often(door, script)
    assert caught.value.kind is LostKind.CONNECTION_LOST
    assert caught.value.may_have_run
    assert "Defaults:upgrade !log_output, and no command_timeout" in caught.value.why


def test_a_node_without_sudo() -> None:
    with running(["SetEnv PATH=/nowhere"]) as server:
        host = replace(server.host(), become=True)
        with transport(host) as door, pytest.raises(Lost) as caught:
            door.run(NODE, ["true"], deadline=20)
    assert "There is no sudo on the node" in caught.value.why


@pytest.mark.parametrize("setting", ["Defaults use_pty", "Defaults !use_pty"])
def test_what_is_started_for_later_outlives_its_command(setting: str) -> None:
    """sudo ends what is left at the terminal that it made; a session of its own is not there."""
    with running(sudoers=[setting, ANYTHING]) as server:
        with transport(server.sudoer()) as door:
            mark = server.directory / "mark"
            script = (
                'setsid --fork sh -c \'sleep 1; touch "$1"\' sh "$1" </dev/null >/dev/null 2>&1'
            )
            assert door.run(NODE, ["sh", "-c", script, "sh", str(mark)], deadline=20).ok
            wait = 'until [ -e "$1" ]; do sleep 0.1; done'
            assert door.run(NODE, ["sh", "-c", wait, "sh", str(mark)], deadline=20).ok
