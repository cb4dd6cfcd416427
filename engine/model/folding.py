"""One cause is told once: what could not be asked because of it stands below it, in a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from engine.model.finding import Finding

T = TypeVar("T", Finding, Mapping[str, Any])

_NOT_ASKED = ": not asked, "
NOT_ASKED = f"{_NOT_ASKED}the node is out of reach"
"""The end of `observed`, behind the question, in a finding that follows from a lost node."""


def folded(findings: Iterable[T]) -> list[tuple[T, list[T]]]:
    """Each finding with those that follow from it; one whose cause is not among them stands alone.

    A finding's name is CODE@SUBJECT; `follows` is the name of its cause.
    """
    listed = list(findings)
    names = {_name(one) for one in listed}
    below: dict[str, list[T]] = {}
    for one in listed:
        below.setdefault(_follows(one), []).append(one)
    return [(one, below.get(_name(one), [])) for one in listed if _follows(one) not in names]


def consequence(findings: Iterable[T]) -> str:
    """What follows from a cause, in one phrase; '' when nothing does.

    >>> consequence([{"observed": f"clock{NOT_ASKED}"}, {"observed": f"quorum{NOT_ASKED}"}])
    'not asked of it, 2 questions: clock, quorum'
    """
    listed = list(dict.fromkeys(question_of(one) for one in findings))
    if not listed:
        return ""
    many = "1 question" if len(listed) == 1 else f"{len(listed)} questions"
    return f"not asked of it, {many}: {', '.join(listed)}"


def in_one_line(findings: Iterable[Finding]) -> list[str]:
    """A step's findings that follow from others, in one line; none when there are none."""
    rest = [finding for finding in findings if finding.follows]
    if not rest:
        return []
    nodes = ", ".join(dict.fromkeys(finding.subject for finding in rest))
    asked = ", ".join(dict.fromkeys(question_of(finding) for finding in rest))
    is_away = all(finding.observed.endswith(NOT_ASKED) for finding in rest)
    why = "out of reach" if is_away else "another machine is there"
    return [f"[{rest[0].code}] {nodes}: {why}, and not asked for {asked}"]


def question_of(finding: Finding | Mapping[str, Any]) -> str:
    """What was not asked, of a finding that follows from what is told of the node itself."""
    return str(_field(finding, "observed")).partition(_NOT_ASKED)[0]


def _name(finding: Finding | Mapping[str, Any]) -> str:
    return f"{_field(finding, 'code')}@{_field(finding, 'subject')}"


def _follows(finding: Finding | Mapping[str, Any]) -> str:
    return str(_field(finding, "follows") or "")


def _field(finding: Finding | Mapping[str, Any], name: str) -> Any:
    return getattr(finding, name) if isinstance(finding, Finding) else finding.get(name)
