"""Where the test data lies, and how tests read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from engine.errors import ParseError, RunbookError, UsageError

DATA = Path(__file__).parent.parent / "data"
CAPTURED = DATA / "captured"
RHEL8 = DATA / "rhel8"
PACEMAKER = DATA / "pacemaker"


def captured(name: str) -> str:
    """The text of a captured output."""
    return (CAPTURED / name).read_text()


def rhel8(name: str) -> str:
    """The text of an output in the form of RHEL 8."""
    return (RHEL8 / name).read_text()


def pacemaker(name: str) -> str:
    """The text of a configuration, or of what pacemaker's tools say of one."""
    return (PACEMAKER / name).read_text()


def without(text: str, part: str) -> str:
    """The text with the first occurrence of `part` taken out; the part must be there."""
    assert part in text, f"{part!r} is not in the test data"
    return text.replace(part, "", 1)


def with_(text: str, part: str, other: str) -> str:
    """The text with the first occurrence of `part` replaced; the part must be there."""
    assert part in text, f"{part!r} is not in the test data"
    return text.replace(part, other, 1)


T = TypeVar("T")


def outcome(parser: Callable[[str], T], text: str) -> T | RunbookError:
    """What a parser makes of a text: a value or one of our errors. Any other one gets out."""
    try:
        return parser(text)
    except (ParseError, UsageError) as error:
        return error
