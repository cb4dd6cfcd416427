"""Asks the nodes for a support bundle: all at once, several questions a round trip, in time.

A question without an answer is named, and nothing depends on it. The answers go into the bundle
and not into the journal, which has its own; at most some megabytes a node are kept in memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from engine.ask.look import Look
from engine.errors import RunbookError
from engine.model.answer import Answer, Lost, LostKind
from engine.support.excerpt import Excerpt, excerpt
from engine.support.questions import LongCommand, Question, of_node
from engine.transport.base import in_parallel

TOTAL = 90.0
"""Seconds for all questions; what is under way then gets a few more to be ended on its node."""
EACH = 20.0
"""Seconds for one question. `pcs status` takes several, and hangs when pacemaker does."""
BATCH = 4
"""Questions a round trip: one that hangs takes no more than these with it."""

Clean = Callable[[str], str]


@dataclass
class Collected:
    """What the nodes said, and what they did not say and why (`NODE: WHAT: WHY`)."""

    excerpts: list[Excerpt] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def ask_nodes(
    look: Look,
    since: float,
    commands: Iterable[LongCommand],
    clean: Clean,
    is_over: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> Collected:
    """Every node of the inventory, by its role; long commands where they were started.

    `is_over`: somebody wants the run to end at once; what is under way is waited for.
    """
    roles = {host.name: host.role for host in look.inventory.hosts}
    asked = {node: list(of_node(role, since, look.release.units)) for node, role in roles.items()}
    for command in commands:
        if command.node in asked:
            asked[command.node][:0] = command.questions
    until = clock() + TOTAL

    def time_left() -> float:
        return 0.0 if is_over() else until - clock()

    answers = in_parallel(
        asked, lambda node: _ask(look, node, asked[node], clean, time_left), limit=len(asked)
    )
    collected = Collected()
    for node, found in answers.items():
        if isinstance(found, RunbookError):
            collected.missing.append(f"{node}: everything: {clean(str(found))}")
        else:
            collected.excerpts += found.excerpts
            collected.missing += found.missing
    return collected


def _ask(
    look: Look,
    node: str,
    questions: Sequence[Question],
    clean: Clean,
    time_left: Callable[[], float],
) -> Collected:
    found, left, why = Collected(), list(questions), ""
    if node in look.silent:
        why, left = look.silent[node], []
        found.missing.append(f"{node}: everything: {clean(why)}")
    while left:
        batch = left[:BATCH]
        seconds = time_left()
        if seconds < 1:
            why = f"not asked any more: {TOTAL:.0f} seconds were over, or the run was interrupted"
            break
        try:
            replies = look.batch(
                node, [q.limited for q in batch], deadline=min(EACH, seconds / len(batch))
            )
        except (RunbookError, OSError) as error:  # also when this machine can start no ssh
            why = clean(str(error))
            break
        del left[: len(batch)]
        for question, reply in zip(batch, replies, strict=True):
            _keep(found, node, question, reply, clean)
        if any(isinstance(r, Lost) and r.kind is not LostKind.DEADLINE for r in replies):
            why = "not asked any more, the connection was lost"
            break
    found.missing += [f"{node}: {question.name}: {why}" for question in left]
    return found


def _keep(
    found: Collected, node: str, question: Question, reply: Answer | Lost, clean: Clean
) -> None:
    answer = reply.partial if isinstance(reply, Lost) else reply
    if isinstance(reply, Lost):
        late = reply.kind is LostKind.DEADLINE
        why = "it did not end in time" if late else clean(reply.why)
        found.missing.append(f"{node}: {question.name}: {why}")
    if answer is not None and answer.stdout:
        path = f"nodes/{node}/{question.name}"
        found.excerpts.append(excerpt(path, answer.stdout, question.half, clean))
    elif not isinstance(reply, Lost):
        said = clean(reply.errors.strip())[-200:] or "nothing was printed"
        found.missing.append(f"{node}: {question.name}: {said}")
