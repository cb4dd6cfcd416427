"""Is one of the commands that change the cluster running already?"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath

from engine.judge.text import shortened
from engine.model.finding import Finding
from engine.model.host import Process

_WRAPPERS = frozenset({"nohup", "setsid", "sudo", "env", "timeout", "nice", "ionice", "exec"})
_INTERPRETER = re.compile(r"-?(?:ba|da|k|z)?sh|python[\d.]*|platform-python[\d.]*|perl[\d.]*")
_SETTING = re.compile(r"-.*|\w+=.*|\d+(?:\.\d+)?[smhd]?")
"""What follows a wrapper before its command: options, A=b, the seconds of `timeout`."""


def no_command_running(
    processes: Mapping[str, Sequence[Process]], patterns: Collection[str]
) -> tuple[Finding, ...]:
    """None of the commands in `patterns` (`name`, or `name subcommand`) runs on any node.

    What counts is what a process executes, seen through wrappers and interpreters. A `tail`,
    `grep`, editor or `ssh` that only mentions the name does not count. Code: `command-running`.
    """
    wanted = [pattern.split() for pattern in patterns]
    return tuple(
        Finding(
            "command-running",
            node,
            f"process {process.pid} on {node} is `{shortened(process.command)}`",
            "no other command that changes the cluster",
            "Wait until it has ended, or find out who started it; never end it from outside. "
            "Then run this again.",
            ("command-as-documented",),
        )
        for node, running in processes.items()
        for process in running
        if any(is_command(process.command, words) for words in wanted)
    )


def is_command(command: str, words: Sequence[str]) -> bool:
    """`command`, a line of ps, executes the program and subcommands that `words` name."""
    executed = _executed(command.split())
    if not executed or PurePosixPath(executed[0]).name != words[0]:
        return False
    # options of the program may stand before and between its subcommands
    arguments = [word for word in executed[1:] if not word.startswith("-")]
    return arguments[: len(words) - 1] == list(words[1:])


def _executed(words: Sequence[str]) -> Sequence[str]:
    """The command itself, without wrappers, interpreters and their settings before it."""
    while words:
        name = PurePosixPath(words[0]).name
        if name not in _WRAPPERS and not _INTERPRETER.fullmatch(name):
            break
        words = words[1:]
        while words and _SETTING.fullmatch(words[0]):
            words = words[1:]
    return words
