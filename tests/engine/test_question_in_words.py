"""How a command is told in messages."""

from __future__ import annotations

import pytest

from engine.model.answer import question


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["neteye", "health", "deep"], "neteye health deep"),
        (
            ["sh", "-c", 'exec cat "$1"', "cat", "/etc/a b"],
            "sh -c 'exec cat \"$1\"' cat '/etc/a b'",
        ),
        # a script's source says nothing to an operator: its name and its arguments do
        (
            ["sh", "-c", "a() {\n  b\n}\na", "kernels", "/lib/modules"],
            "sh -c ... kernels /lib/modules",
        ),
        (["bash", "-c", "one\ntwo", "dump", "ocsweb"], "bash -c ... dump ocsweb"),
        (["echo", "-c", "one"], "echo -c one"),
        (["echo", "one\ntwo"], "echo 'one\\ntwo'"),
    ],
)
def test_a_command_is_one_line_that_names_it(argv: list[str], told: str) -> None:
    assert question(argv) == told


def test_a_long_one_is_cut_with_a_mark() -> None:
    assert question(["echo", "a" * 300]) == f"echo {'a' * 151} ..."
