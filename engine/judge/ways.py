"""Several findings told together: one way out of all of them, and one cause once.

A person who must stop is not told to run again as well. What could not be asked because of a cause
stands below it, in a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeVar

from engine.model.finding import Command, Finding, Way
from engine.model.groups import grouped


def way_of(findings: Iterable[Finding]) -> Way:
    """Support when one of them calls it; else the way on which all agree, or simply again."""
    ways = {finding.way for finding in findings}
    if Way.SUPPORT in ways:
        return Way.SUPPORT
    return ways.pop() if len(ways) == 1 else Way.AGAIN


def way_out(findings: Sequence[Finding]) -> str:
    """What to do, by the remedies of the findings that lead this way."""
    return " ".join(dict.fromkeys(finding.remedy for finding in _leading(findings)))


def to_accept(findings: Iterable[Finding]) -> tuple[str, ...]:
    """CODE@SUBJECT of those that another run would only find again."""
    return tuple(finding.target for finding in findings if finding.way is Way.ACCEPT)


def in_words(findings: Sequence[Finding]) -> str:
    """A line for each finding, then the remedies of the one way out; what follows is one line."""
    leading = set(_leading(findings))
    lines = [
        str(finding) if finding in leading else finding.without_remedy
        for finding in findings
        if not finding.follows
    ]
    return "\n".join([*lines, *in_one_line(findings)])


def in_full(findings: Sequence[Finding]) -> str:
    """The same, then the commands of those remedies."""
    return "\n".join([in_words(findings), *command_lines(commands_of(_leading(findings)))])


def commands_of(findings: Iterable[Finding | Mapping[str, Any]]) -> tuple[Command, ...]:
    """What their remedies do, each command once; from findings, or as events have them.

    What only waits stands after whatever it has to wait for: of the second of two, too.
    """
    found: list[Command] = []
    for command in (command for one in findings for command in _commands(one)):
        if command not in found or (command.only_waits and found[-1] != command):
            found.append(command)
    return tuple(found)


def command_lines(commands: Iterable[Command]) -> list[str]:
    """Where, then each command as it is pasted there; a node is named once for those in a row.

    >>> command_lines([Command("ne02", ("pcs", "status")), Command("ne02", ("echo", "it is"))])
    ['on ne02:', '  pcs status', "  echo 'it is'"]
    """
    lines = []
    for place, there in groupby(commands, lambda command: command.place):
        lines += [f"on {place}:", *(f"  {command}" for command in there)]
    return lines


def _leading(findings: Sequence[Finding]) -> list[Finding]:
    stops = [finding for finding in findings if finding.way is Way.SUPPORT]
    return stops or list(findings)


T = TypeVar("T", Finding, Mapping[str, Any])

UNREACHABLE = "node-unreachable"
CHANGED = "machine-changed"
FORWARDING = "forwarding-off"
UNASKED = (UNREACHABLE, CHANGED, FORWARDING)
"""What leaves questions unasked, by its code."""
UNANSWERED = "question-unanswered"
DAEMON = "daemon-not-normal"
"""What leaves questions without an answer that were asked."""


def folded(findings: Iterable[T]) -> list[tuple[T, list[T]]]:
    """Each finding with those that follow from it; one whose cause is not among them stands alone.

    A finding's name is CODE@SUBJECT; `follows` is the name of its cause. One that nobody has
    accepted does not stand below one that somebody has.
    """
    listed = list(findings)
    accepted = {_name(one): bool(_field(one, "accepted")) for one in listed}

    def stands(one: T) -> bool:
        is_passed = accepted.get(_follows(one))
        return is_passed is None or (is_passed and not _field(one, "accepted"))

    below = grouped((_follows(one), one) for one in listed if not stands(one))
    return [(one, below.get(_name(one), [])) for one in listed if stands(one)]


def consequence(findings: Iterable[T]) -> str:
    """What follows from a cause, in one phrase; '' when nothing does.

    >>> node = "node-unreachable@n1"
    >>> consequence({"question": name, "follows": node} for name in ("clock", "quorum"))
    'not asked of it, 2 questions: clock, quorum'
    """
    kinds: dict[tuple[bool, bool], list[T]] = {}
    for one in findings:
        kinds.setdefault((not question_of(one), not is_unasked(one)), []).append(one)
    return "; ".join(_phrase(kinds[kind], *kind) for kind in sorted(kinds))


def _phrase(
    findings: Iterable[Finding | Mapping[str, Any]], is_no_question: bool, is_asked: bool
) -> str:
    if is_no_question:
        seen = dict.fromkeys(f"{_name(one)}, {_field(one, 'observed')}" for one in findings)
        return f"with it: {'; '.join(seen)}"
    listed = list(dict.fromkeys(question_of(one) for one in findings))
    many = "1 question" if len(listed) == 1 else f"{len(listed)} questions"
    words = "no answer to" if is_asked else "not asked of it,"
    return f"{words} {many}: {', '.join(listed)}"


def in_one_line(findings: Iterable[Finding]) -> list[str]:
    """A step's findings that follow from others, in a line for each kind; none without any."""
    rest = [finding for finding in findings if finding.follows]
    kinds = grouped(((one.code, is_unasked(one)), one) for one in rest if question_of(one))
    lines = [_line(code, is_left, those) for (code, is_left), those in kinds.items()]
    others = [one for one in rest if not question_of(one)]
    return [*lines, *(f"{one.without_remedy} It follows from {one.follows}." for one in others)]


def _line(code: str, is_unasked: bool, findings: Sequence[Finding]) -> str:
    nodes = ", ".join(dict.fromkeys(finding.subject for finding in findings))
    asked = ", ".join(dict.fromkeys(question_of(finding) for finding in findings))
    causes = dict.fromkeys(cause_of(finding) for finding in findings)
    why = " or ".join(_BECAUSE.get(cause, cause) for cause in causes)
    so = "and not asked for" if is_unasked else "so there is no answer to"
    return f"[{code}] {nodes}: {why}, {so} {asked}"


_BECAUSE = {
    UNREACHABLE: "out of reach",
    CHANGED: "another machine is there",
    FORWARDING: "no way leads to a socket",
    DAEMON: "a daemon of the cluster does not run",
    UNANSWERED: "asked in vain",
}
"""Why a question has no answer, by the code of the cause."""


def cause_of(finding: Finding | Mapping[str, Any]) -> str:
    """The code of the finding that this one follows from; '' when it follows from none."""
    return _follows(finding).partition("@")[0]


def is_unasked(finding: Finding | Mapping[str, Any]) -> bool:
    """Its question was not even asked: waiting mends nothing."""
    return cause_of(finding) in UNASKED


def question_of(finding: Finding | Mapping[str, Any]) -> str:
    """What nobody answered, of a finding that follows; '' of one that is about no question."""
    # older journals have it in the sentence alone
    before, mark, _ = _field(finding, "observed").partition(": not asked, ")
    return _field(finding, "question") or (before if mark else "")


def _name(finding: Finding | Mapping[str, Any]) -> str:
    return f"{_field(finding, 'code')}@{_field(finding, 'subject')}"


def _follows(finding: Finding | Mapping[str, Any]) -> str:
    return _field(finding, "follows")


def _field(finding: Finding | Mapping[str, Any], name: str) -> str:
    found = getattr(finding, name) if isinstance(finding, Finding) else finding.get(name)
    return str(found or "")


def _commands(finding: Finding | Mapping[str, Any]) -> Iterable[Command]:
    if isinstance(finding, Finding):
        return finding.commands
    return map(Command.of, finding.get("commands", ()))
