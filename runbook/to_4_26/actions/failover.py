"""Moving httpd to each operative node and back, to prove OCS by use there (guide row G14).

A location constraint of our own moves it; its id tells whose it is. `pcs resource move` and `ban`
leave theirs behind or not, depending on the version. `pcs constraint location add` is the one form
that pcs 0.10, 0.11 and 0.12 all take. It replaces somebody else's constraint for the same resource
and node. So where there is one, a member of the group is named, which moves the group as well.
"""

from __future__ import annotations

import pytest

from engine.act.actions import action
from engine.act.driving import Action
from engine.act.foreseen import Foreseen
from engine.ask.look import Look
from engine.errors import Unanswered
from engine.model.change import Change, Move, Nothing, Temporary
from engine.model.cluster import Cib, ClusterStatus
from engine.queries.pacemaker import CIB
from engine.record.memory import Memory
from runbook.to_4_26 import failover, failover_record
from runbook.to_4_26.failover import Httpd
from runbook.to_4_26.failover_record import CONSTRAINT, LEDGER, Exercised
from runbook.to_4_26.httpd.checks import has_ocs_server
from runbook.to_4_26.presence import presence
from runbook.to_4_26.settings import FAILOVER_PROOF

DEADLINE = 60.0
FENCING_ON = (
    "fencing is on, and a stop that fails would get a node fenced: httpd is moved only before"
    " fencing is given back"
)


@pytest.fixture
def exercised() -> Exercised:
    """What the step's action has found on its node."""
    return Exercised()


def failover_to_come(look: Look, node: str, exercised: Exercised) -> Foreseen | Nothing:
    """The move's changes: earlier moves do not alter what they depend on."""
    httpd = _httpd_to_move(look, node)
    if isinstance(httpd, Nothing):
        return httpd
    cib = look.ask(look.names.active, CIB)
    held = failover.held_on(look, cib)
    # left by a run that was interrupted on this node: the run goes on behind the move
    moves = () if held == node else (move(look, look.cluster_status(), cib, httpd, node),)
    return Foreseen((*moves, constraint_removed(look)))


# with httpd moved by an earlier step, or by none: the group and what keeps it off are the same
@action(
    guide=("G14",),
    planned=failover_to_come,
    despite=("failover",),
    expected="move httpd's group there by a constraint, prove OCS by use, remove the constraint",
)
def httpd_failed_over(look: Look, node: str, exercised: Exercised) -> Action:
    """httpd has run on the node and was looked at there; the constraint that moved it is gone."""
    httpd = _httpd_to_move(look, node)
    if isinstance(httpd, Nothing):
        return httpd
    before, cib = look.cluster_status(), look.ask(look.names.active, CIB)
    held = failover.held_on(look, cib)
    if held is None and httpd.node == node:
        _closed_without(look)
        exercised.proof = failover.prove(look, node)
        return Nothing("httpd is there: an earlier run has moved it")
    if held not in (None, node):
        yield constraint_removed(look)
    if held != node:
        yield move(look, before, cib, httpd, node)
    exercised.proof = failover.exercise(look, httpd, node, before)
    yield constraint_removed(look)
    word = "NOT proved" if exercised.proof.findings else "proved"
    return f"{httpd.unit} was {word} on {node}, and is not held there"


def _httpd_to_move(look: Look, node: str) -> Httpd | Nothing:
    """httpd, when it is to be moved to the node; otherwise why not."""
    if (proved := look.memory.facts.get(failover_record.PROVED)) and proved["node"] == node:
        return Nothing("httpd ran here when verification.ocs_server proved OCS by use")
    if not look.settings[FAILOVER_PROOF]:
        return Nothing(failover.NOT_SET)
    on_record = failover_record.proof_on_record(look.memory, node)
    if on_record is not None and not on_record.findings:
        return Nothing(f"exercised earlier in this attempt: {on_record.observed}")
    there, asked = presence(look)
    for silent, why in asked.unanswered.items():
        raise Unanswered(silent, asked.question, why)
    if not has_ocs_server(look, there):
        return Nothing(f"not exercised: {there.sentence()}")
    status, cib = look.cluster_status(), look.ask(look.names.active, CIB)
    httpd = failover.httpd_of(status)
    if httpd is None:
        return Nothing("not exercised: there is no resource httpd")
    if why := _why_not(look, httpd, node, status, cib):
        return Nothing(f"not exercised: {why}")
    return httpd


def _why_not(look: Look, httpd: Httpd, node: str, status: ClusterStatus, cib: Cib) -> str:
    """What speaks against moving httpd to the node; '' when nothing does."""
    if status.options.stonith_enabled:
        return FENCING_ON
    return failover.keeps_off(look, status, cib, httpd, node) or failover.not_to_be_moved(
        look, status, cib, httpd, node
    )


@action(guide=("G14",), expected="move httpd's group back to where it was, by the same constraint")
def httpd_back(look: Look) -> Action:
    """httpd runs where it did before the first move, and nothing holds it there."""
    if not failover_record.is_under_way(look.memory):
        _moves_are_known(look)
        return Nothing(_why_not_back(look.memory))
    status, cib = look.cluster_status(), look.ask(look.names.active, CIB)
    httpd, home = failover.httpd_of(status), failover.home_of(look)
    held = failover.held_on(look, cib)
    if httpd is None:
        return (yield from _without_constraint(look, held, "there is no resource httpd"))
    if httpd.node == home:
        return (yield from _without_constraint(look, held, f"httpd is on {home}"))
    if why := _why_not(look, httpd, home, status, cib):
        return (yield from _without_constraint(look, held, f"httpd is not moved: {why}"))
    if held not in (None, home):
        yield constraint_removed(look)
    if held != home:
        yield move(look, status, cib, httpd, home)
    status = failover.arrived(look, httpd.unit, home)
    yield constraint_removed(look)
    if failover.is_on(status, httpd.unit, home):
        return f"{httpd.unit} is back on {home}, and is not held there"
    return f"{httpd.unit} did not come back to {home}, which failover.back and failover.proof judge"


def _moves_are_known(look: Look) -> None:
    """Raises NotKnownYet in a plan: whether httpd will be moved depends on the cluster then."""
    if look.settings[FAILOVER_PROOF] and not failover_record.has_begun(look.memory):
        failover.httpd_of(look.cluster_status())


def _why_not_back(memory: Memory) -> str:
    if failover_record.has_begun(memory):
        return "httpd was put back earlier in this attempt"
    return "httpd was not moved"


def _without_constraint(look: Look, held: str | None, said: str) -> Action:
    if held is not None:
        yield constraint_removed(look)
        return said
    _closed_without(look)
    return Nothing(said)


def _closed_without(look: Look) -> None:
    """There is no constraint: close its entry in the ledger."""
    if LEDGER in look.memory.ledger:
        look.close_ledger(*LEDGER, "there is no such constraint")


def move(look: Look, status: ClusterStatus, cib: Cib, httpd: Httpd, node: str) -> Change:
    """Let pacemaker prefer the node for httpd, and what is in its group, above all others."""
    named = failover.free_for(look, cib, httpd, node)[0]
    return Change(
        what=f"move {httpd.unit} to {node} by constraint {CONSTRAINT}",
        node=look.names.active,
        argv=(
            *("pcs", "constraint", "location", "add", CONSTRAINT, named),
            *(look.names.spelled(node, status), "INFINITY"),
        ),
        deadline=DEADLINE,
        opens=(Temporary(*LEDGER, "absent"),),
        moves=Move(httpd.members, httpd.node or "", node, "the failover proof"),
    )


def constraint_removed(look: Look) -> Change:
    """The constraint is gone; by itself that moves nothing where resources stick to their node."""
    return Change(
        what=f"remove constraint {CONSTRAINT}",
        node=look.names.active,
        argv=("pcs", "constraint", "remove", CONSTRAINT),
        deadline=DEADLINE,
        closes=(LEDGER,),
    )
