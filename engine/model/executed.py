"""What a process executes, by its line of ps: the command itself, whatever stands before it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

_WRAPPERS = frozenset({"nohup", "setsid", "sudo", "env", "timeout", "nice", "ionice", "exec"})
_INTERPRETER = re.compile(r"-?(?:ba|da|k|z)?sh|python[\d.]*|platform-python[\d.]*|perl[\d.]*")
_SETTING = re.compile(r"-.*|\w+=.*|\d+(?:\.\d+)?[smhd]?")
"""What follows a wrapper before its command: options, A=b, the seconds of `timeout`."""


def command_of(command: str, patterns: Collection[str]) -> str:
    """The first pattern that `command`, a line of ps, executes; '' when it executes none.

    A pattern is `NAME`, `NAME SUBCOMMAND ...` or `NAME OPTION`. What counts is what a process
    executes, seen through wrappers and interpreters: of a script ps shows the interpreter, then
    its path. A `tail`, `grep`, editor or `ssh` that only mentions the name does not count.
    """
    executed = _executed(command.split())
    if not executed:
        return ""
    name, arguments = _name_of(executed[0]), executed[1:]
    for pattern in patterns:
        if pattern.startswith(name) and _is_done(pattern.split(), name, arguments):
            return pattern
    return ""


def _is_done(wanted: Sequence[str], name: str, arguments: Sequence[str]) -> bool:
    return wanted[0] == name and _says(arguments, wanted[1:])


def _name_of(path: str) -> str:
    """The last part of a path."""
    return path.rstrip("/").rpartition("/")[2]


def _says(arguments: Sequence[str], wanted: Sequence[str]) -> bool:
    """The wanted words are the first arguments, options and what may be their values apart."""
    if not wanted:
        return True
    if wanted[0].startswith("-"):
        return any(_has_option(argument, wanted[0]) for argument in arguments)
    for at, argument in enumerate(arguments):
        if argument == wanted[0] and _says(arguments[at + 1 :], wanted[1:]):
            return True
        before = arguments[at - 1] if at else ""
        may_be_value = before.startswith("-") and "=" not in before
        if not argument.startswith("-") and not may_be_value:
            return False
    return False


def _has_option(argument: str, option: str) -> bool:
    """`-U` also among others (`-Uvh`), unless they make it a question (`-qi`)."""
    if option.startswith("--") or argument.startswith("--"):
        return argument == option
    return argument.startswith("-") and option[1:] in argument and not set(argument) & set("qV")


def _executed(words: Sequence[str]) -> Sequence[str]:
    """The command itself, without wrappers, interpreters and their settings before it."""
    while words:
        name = _name_of(words[0])
        if name not in _WRAPPERS and not _INTERPRETER.fullmatch(name):
            break
        words = words[1:]
        while words and _SETTING.fullmatch(words[0]):
            words = words[1:]
    return words
