"""What to type next, from a run's summary: the command that helps, and when it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.judge.text import quoted
from engine.model.finding import Way

_NOT_AGAIN = ("done", "usage")
"""Outcomes after which the same command is not what comes next."""


def way_of(summary: Mapping[str, Any]) -> str:
    """Where the remedy of the run's stop leads."""
    return str((summary["stopped"] or {}).get("way", Way.AGAIN))


def next_commands(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """When to type it, and the command; nothing when the same one is not what comes next."""
    planned = summary["outcome"] == "planned"
    command = summary["commands"].get("execute" if planned else "again")
    if way_of(summary) == Way.UPGRADE:
        command = summary["commands"].get("upgrade", command)
    if not command or summary["outcome"] in _NOT_AGAIN:
        return
    word = "the run itself" if planned else "next, then"
    if way_of(summary) == Way.SUPPORT:
        word = "when support says so"
    yield word, f"{command}{_accepting(summary)}"


def _accepting(summary: Mapping[str, Any]) -> str:
    """The options without which the same command would find the same again."""
    stopped = summary["stopped"] or {}
    given = [f"--accept {quoted(f'{target}=REASON')}" for target in stopped.get("accept", ())]
    if step := stopped.get("settle"):
        given.append(f"--settle {quoted(f'{step}=done|repeat')} --reason TEXT")
    return f" {' '.join(given)} --by NAME" if given else ""
