"""The table of a plan: verdict, step, node, command or reason; long fan-outs in one line."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from engine.judge.text import counted, many
from engine.model.change import Change
from engine.model.plan import PlannedStep, Verdict
from engine.model.steps import waiting_for

_ROOM = 40
"""Characters that the last column takes at least, beside the others."""


@dataclass(frozen=True)
class Line:
    """One line of the table; `mark` lines stand alone, across all columns."""

    verdict: str
    step: str
    node: str
    text: str
    is_mark: bool = False


def folded(steps: Iterable[PlannedStep]) -> tuple[list[PlannedStep], list[PlannedStep]]:
    """Those that act, may have to, or are in the way; and the others, in the same order.

    >>> from engine.model.plan import Verdict
    >>> asked = PlannedStep("first.asked", "first", Verdict.SATISFIED, "it is so")
    >>> acting = PlannedStep("second.act", "second", Verdict.AFTER, "", expected="set it")
    >>> [[step.name for step in some] for some in folded([asked, acting])]
    [['second.act'], ['first.asked']]
    """
    shown: list[PlannedStep] = []
    others: list[PlannedStep] = []
    for step in steps:
        is_root = step.verdict.is_in_the_way and not step.blocked_by
        tells = is_root or step.changes or step.books_on or step.expected
        (shown if tells else others).append(step)
    return shown, others


_KINDS = {
    Verdict.SATISFIED: "satisfied",
    Verdict.BLOCKED: "waiting for those that block",
    Verdict.MANUAL: "waiting for a person",
    Verdict.WILL_RUN: "only looking",
    Verdict.AFTER: "only looking",
}
"""What a step that is not shown does."""


def counted_only(others: Sequence[PlannedStep], in_all: int) -> str:
    """How many steps are not shown, of which kinds, and how to see them; '' for none."""
    if not others:
        return ""
    kinds = counted(_KINDS[step.verdict] for step in others)
    return f"not shown: {len(others)} of {many(in_all, 'step')} ({kinds}); --plan=all shows them"


def table(
    steps: Sequence[PlannedStep], *, no_return: str, shorten: Callable[[str], str]
) -> list[Line]:
    """The lines of a plan. `shorten` makes a node's name fit; `no_return` is a step's base name."""
    lines: list[Line] = []
    is_marked = not no_return
    for _, group in groupby(steps, _key):
        members = list(group)
        if not is_marked and _starts(members[0], no_return):
            lines.append(Line("", "", "", f"point of no return: {members[0].name}", is_mark=True))
            is_marked = True
        lines += _lines(members, shorten)
    return lines


def _starts(step: PlannedStep, no_return: str) -> bool:
    return step.base == no_return and step.verdict in (Verdict.WILL_RUN, Verdict.AFTER)


def _key(step: PlannedStep) -> Hashable:
    """Steps in a row with the same key share a line."""
    if step.blocked_by:
        return (step.verdict, step.blocked_by)
    if step.verdict.is_in_the_way:
        causes = tuple(dict.fromkeys(finding.follows for finding in step.findings))
        follows = bool(causes) and all(causes)
        return (step.verdict, step.phase, causes) if follows else (step.verdict, step.name)
    if step.changes:
        return (step.base, step.round, len(step.changes))
    if step.round is not None:
        return ("rounds", step.verdict, step.after, step.name if step.books_on else "")
    # bookkeeping stands in a line of its own
    return (step.verdict, step.phase, step.after, step.name if step.books_on else "")


def _lines(members: list[PlannedStep], shorten: Callable[[str], str]) -> Iterator[Line]:
    first = members[0]
    if first.changes:
        yield from _changes(members, shorten)
        return
    node = shorten(first.books_on or first.node or "") if len(members) == 1 else ""
    yield Line(first.verdict.value, _label(members), node, _reason(members))


def _changes(members: list[PlannedStep], shorten: Callable[[str], str]) -> Iterator[Line]:
    """A line for each command; the first member of a fan-out speaks for all of them."""
    first = members[0]
    many = f"{len(members)} nodes" if len(members) > 1 else ""
    notes = [*([first.further] if first.further else []), *first.notes]
    if len(members) == len(first.changes) == len(notes) == 1:
        text = f"{command_text(first.changes[0])} ({notes[0]})"
        yield Line(first.verdict.value, _label(members), shorten(first.changes[0].node), text)
        return
    for number, change in enumerate(first.changes):
        head = (first.verdict.value, _label(members)) if number == 0 else ("", "")
        yield Line(*head, many or shorten(change.node), command_text(change))
    if many:
        notes.insert(0, f"the same on {', '.join(shorten(s.node or '') for s in members)}")
    for note in notes:
        yield Line("", "", "", f"({note})")


def command_text(change: Change) -> str:
    """A plain command as it is; a script by what it is for."""
    is_script = "-c" in change.argv[1:2]
    return change.what if is_script else shlex.join(change.argv)


def _label(members: list[PlannedStep]) -> str:
    first = members[0]
    if len(members) == 1 or first.changes:
        return _without_node(first)
    if len({step.base for step in members}) == 1 and len({step.round for step in members}) == 1:
        return f"{_without_node(first)} ({len(members)} nodes)"
    rounds = sorted({step.round for step in members if step.round is not None})
    if rounds and all(step.round is not None for step in members):
        span = f"round {rounds[0]}" if len(rounds) == 1 else f"rounds {rounds[0]} to {rounds[-1]}"
        return f"{span} ({len(members)} steps)"
    phases = list(dict.fromkeys(step.phase for step in members))
    name = phases[0] if len(phases) == 1 else f"{phases[0]} to {phases[-1]}"
    return f"{name} ({len(members)} steps)"


def _without_node(step: PlannedStep) -> str:
    return step.name.replace(f"[{step.node}]", "")


def _reason(members: list[PlannedStep]) -> str:
    first = members[0]
    if first.verdict is Verdict.AFTER:
        expected = "; ".join(dict.fromkeys(s.expected for s in members if s.expected))
        why = first.reason if len(members) == 1 else "depends on what it leaves"
        return f"after {first.after}: {why}" + (f". If needed: {expected}" if expected else "")
    if first.verdict is Verdict.SATISFIED and len(members) > 1 and len(_reasons(members)) > 1:
        return (
            "asked and judged now, nothing blocks" if _is_preflight(members) else _first_of(members)
        )
    if first.blocked_by:
        return waiting_for(first.blocked_by)
    if len(members) > 1 and first.findings:
        nodes = dict.fromkeys(f.subject for step in members for f in step.findings)
        return f"not asked of {', '.join(nodes)}, out of reach"
    if first.findings:
        listed = ", ".join(dict.fromkeys(f"[{f.code}] {f.subject}" for f in first.findings))
        return listed if first.verdict is Verdict.BLOCKED else f"a person decides: {listed}"
    return _common(members)


def _is_preflight(members: list[PlannedStep]) -> bool:
    return not any(step.round for step in members)


def _first_of(members: list[PlannedStep]) -> str:
    return f"{members[0].reason.splitlines()[0]}; and the like"


def _reasons(members: Iterable[PlannedStep]) -> list[str]:
    return list(dict.fromkeys(step.reason for step in members))


def _common(members: list[PlannedStep]) -> str:
    reasons = _reasons(members)
    return "; ".join(reasons) if len(reasons) <= 2 else f"{reasons[0]}, and more"


def rendered(lines: Iterable[Line], width: int) -> Iterator[str]:
    """The table as text, the last column wrapped below itself.

    Where that leaves it no room, as in 80 columns, it stands in lines of its own below.
    """
    listed = list(lines)
    nodes = max([len(line.node) for line in listed] + [4])
    step = min(max([len(line.step) for line in listed] + [4]), 46)
    head = 11 + step + 2 + nodes + 2
    if width - head < _ROOM:
        yield from _narrow(listed, width)
        return
    yield f"{'verdict':<11}{'step':<{step + 2}}{'node':<{nodes + 2}}command or reason"
    for line in listed:
        if line.is_mark:
            yield f"---- {line.text} ".ljust(width, "-")
            continue
        begin = f"{line.verdict:<11}{line.step:<{step + 2}}{line.node:<{nodes + 2}}"
        text = _wrapped(line.text, width - head) or [""]
        if len(begin) > head:  # a step's name that is longer than its column
            yield from textwrap.wrap(begin, width, subsequent_indent=" " * 11)
        else:
            yield begin + text.pop(0)
        yield from (" " * head + more for more in text)


def _narrow(lines: Iterable[Line], width: int) -> Iterator[str]:
    yield f"{'verdict':<11}step, node"
    yield f"{'':<11}command or reason"
    for line in lines:
        if line.is_mark:
            yield f"---- {line.text} ".ljust(width, "-")
            continue
        if not line.step:  # another command of the step above
            text = f"{line.node}: {line.text}" if line.node else line.text
            yield from (f"{'':<11}{more}" for more in _wrapped(text, width - 11))
            continue
        head = _wrapped("  ".join(filter(None, (line.step, line.node))), width - 11)
        yield f"{line.verdict:<11}{head[0]}"
        yield from (f"{'':<11}{more}" for more in (*head[1:], *_wrapped(line.text, width - 11)))


def _wrapped(text: str, width: int) -> list[str]:
    """An option of a command is not broken at its hyphens."""
    return textwrap.wrap(text, width, break_on_hyphens=False)
