"""One look at everything that the profiles of "normal" judge, and what is expected of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.act.driving import Applied
from engine.ask.look import Look
from engine.errors import Unanswered
from engine.judge import modes
from engine.judge.normal import Expected, Observed
from engine.judge.quorum import why_no_quorum
from engine.judge.ways import is_unasked
from engine.model.cluster import ClusterStatus, DaemonState, QuorumStatus
from engine.model.definition import ClusterDefinition
from engine.model.finding import Command, Finding
from engine.model.host import Version
from engine.model.names import cib_in_names
from engine.model.query import Asked, Query
from engine.queries.neteye import DEFINITION, DRBD, ELASTIC, VERSION
from engine.queries.pacemaker import CIB, DAEMONS, LEFT_TO_DO, QUORUM, STATUS
from engine.record.evidence import unanswered
from engine.waiting import poll
from runbook.cluster import product

Profile = Callable[[Observed, Expected], tuple[Finding, ...]]
Daemons = Mapping[str, tuple[DaemonState, ...]]


@dataclass(frozen=True)
class Seen:
    """The observation, and the questions that nobody answered as findings."""

    observed: Observed | None
    expected: Expected | None
    problems: tuple[Finding, ...]


def look_again(look: Look, seen: Seen) -> Seen:
    """Only what moves within seconds is asked anew: pacemaker and quorum."""
    assert seen.observed is not None
    quorum = look.ask_all(look.names.operative, QUORUM)
    try:
        status = look.ask(look.names.active, STATUS)
    except Unanswered as error:
        return _in_part(error, quorum)
    silent = {**seen.observed.silent, "quorum": frozenset(quorum.unanswered)}
    observed = replace(seen.observed, status=status, quorum=quorum.values, silent=silent)
    return Seen(observed, seen.expected, (*_without_quorum(quorum, observed.daemons),))


def _in_part(error: Unanswered, *asked: Asked[Any]) -> Seen:
    """Nothing can be judged without it: what else nobody answered is told beside it."""
    problems = [finding for one in asked for finding in _unanswered(one)]
    problems.append(unanswered(error.node, error.question, error.why))
    return Seen(None, None, tuple(problems))


def _unanswered(asked: Asked[Any]) -> Iterator[Finding]:
    for node, why in asked.unanswered.items():
        yield unanswered(node, asked.question, why)


def _without_quorum(asked: Asked[QuorumStatus], daemons: Daemons) -> Iterator[Finding]:
    """A node whose corosync does not run can't tell: that it does not run is found as well."""
    for node, why in asked.unanswered.items():
        yield unanswered(node, asked.question, why, why_no_quorum(node, daemons))


def look_at_everything(look: Look, *, version: Version | None) -> Seen:
    """Ask all nodes at once what the profiles judge. `version`: the one that all must have."""
    names = look.names
    each: tuple[tuple[Query[Any], tuple[str, ...]], ...] = (
        (QUORUM, names.operative),
        (DAEMONS, names.operative),
        (DRBD, names.operative + names.voting_only),
        (VERSION, names.all),
        *((query, (names.active,)) for query in (STATUS, CIB, DEFINITION, ELASTIC)),
    )
    look.ask_ahead((node, query) for query, nodes in each for node in nodes)
    quorum = look.ask_all(names.operative, QUORUM)
    daemons = look.ask_all(names.operative, DAEMONS)
    drbd = look.ask_all(names.operative + names.voting_only, DRBD)
    versions = look.ask_all(names.all, VERSION)
    try:
        status = look.ask(names.active, STATUS)
        cib = look.ask(names.active, CIB)
        definition = look.ask(names.active, DEFINITION)
    except Unanswered as error:
        return _in_part(error, quorum, daemons, drbd, versions)
    # without its answer the cluster itself is judged all the same
    elastics = look.ask_all((names.active,), ELASTIC)
    elastic = elastics.values.get(names.active)
    observed = Observed(
        status=status,
        quorum=quorum.values,
        daemons=daemons.values,
        drbd=drbd.values,
        elastic=elastic.health if elastic else None,
        elastic_nodes=elastic.nodes if elastic else (),
        versions=versions.values,
        cib=cib,
        silent={
            "quorum": frozenset(quorum.unanswered),
            "daemons": frozenset(daemons.unanswered),
            "drbd": frozenset(drbd.unanswered),
            ELASTIC.name: frozenset(elastics.unanswered),
        },
    )
    expected = _expected(look, definition, elastic is not None, version)
    asked = (daemons, drbd, versions, elastics)
    problems = [finding for one in asked for finding in _unanswered(one)]
    problems += _without_quorum(quorum, daemons.values)
    return Seen(observed, expected, tuple(problems))


def _expected(
    look: Look, definition: ClusterDefinition, has_elastic: bool, version: Version | None
) -> Expected:
    names, baseline = look.names, look.baseline or {}
    return Expected(
        active_node=names.active,
        operative=names.operative,
        elastic_only=names.elastic_only,
        voting_only=names.voting_only,
        names=names.aliases,
        fencing=baseline.get("fencing"),
        disabled=frozenset(baseline.get("disabled", ())),
        stopped_fence_devices=frozenset(baseline.get("stopped_fence_devices", ())),
        failed_fence_devices=frozenset(baseline.get("failed_fence_devices", ())),
        clone_gaps=frozenset(map(tuple, baseline.get("clone_gaps", ()))),
        has_qdevice=bool(names.voting_only),
        elastic_nodes=names.all if has_elastic else None,
        version=version,
    )


SETTLE = 240.0
"""Seconds that a cluster may take to come to rest after a change."""
STEADY = 20.0
"""Seconds after which what was accepted, and is still the same, is taken as it is. At once would be
too early: a cluster that comes up shows for a moment what was accepted as lasting."""


def settled(
    look: Look,
    profile: Profile,
    *,
    version: Version | None,
    deadline: float = SETTLE,
    lasting: frozenset[str] = product.SET_BY_HAND,
) -> tuple[list[Finding], Seen]:
    """Poll until the profile holds twice in a row, or `deadline` seconds are over.

    A cluster that just changed passes through states of a second or two (rehearsal facts,
    section 9); one look would judge those. Where neither look shows anything under way, and
    pacemaker's scheduler has nothing left to begin, the second follows at once, else after a
    second. What does not pass by itself is not waited for: nodes out of reach, and findings of the
    codes `lasting`. What somebody has accepted is waited for until it has been the same for
    `STEADY` seconds. Returns what was found last.
    """
    found: list[Finding] = []
    seen: Seen | None = None
    accepted: set[str] = set()
    since = look.timer()
    at_once = False

    def blocking(*, is_accepted: bool) -> list[Finding]:
        blocks = (one for one in found if look.release.severities.of(one.code) == "block")
        return [one for one in blocks if look.accepts(one) is is_accepted]

    def passes(finding: Finding) -> bool:
        return not is_unasked(finding) and finding.code not in lasting

    def holds() -> bool:
        return not blocking(is_accepted=False)

    def is_good() -> bool:
        is_steady = not accepted or look.timer() - since >= min(STEADY, deadline)
        return holds() and is_steady and not (at_once and _is_under_way(seen))

    def look_now() -> Seen:
        nonlocal found, seen, accepted, since
        # what was asked less often is taken over only once the profile holds without a word
        if seen is None or not holds() or accepted:
            seen = look_at_everything(look, version=version)
        else:
            seen = look_again(look, seen)
        found = list(seen.problems)
        if seen.observed is not None and seen.expected is not None:
            found += profile(seen.observed, seen.expected)
        now = {one.target for one in blocking(is_accepted=True) if passes(one)}
        if now != accepted:
            accepted, since = now, look.timer()
        return seen

    def lasts() -> bool:
        return any(not passes(one) for one in blocking(is_accepted=False))

    def wait(seconds: float) -> None:
        nonlocal at_once
        at_once = is_good() and not _is_under_way(seen) and _is_at_rest(look)
        look.wait(0.0 if at_once else seconds)

    last = poll(
        look_now,
        lambda _: is_good(),
        lambda _: lasts(),
        deadline=deadline,
        times=2,
        clock=look.timer,
        wait=wait,
    )
    return found, last


def _is_under_way(seen: Seen | None) -> bool:
    """Also the first monitor behind a start, which is normal and may fail within the second."""
    if seen is None or seen.observed is None:
        return True
    return any(resource.pending for resource in seen.observed.status.resources)


def _is_at_rest(look: Look) -> bool:
    """The scheduler has nothing left to begin. Where it can't be asked, that is not known."""
    try:
        return not look.ask(look.names.active, LEFT_TO_DO)
    except Unanswered:
        return False


def describe(seen: Seen) -> str:
    """What a healthy look saw, in one sentence."""
    if seen.observed is None or seen.expected is None:
        return "the cluster could not be looked at as a whole"
    status = seen.observed.status
    elastic = seen.observed.elastic
    without = "not told" if seen.observed.silent.get(ELASTIC.name) else "not installed"
    return (
        f"{len(status.nodes)} nodes in pacemaker, {len(status.standby_nodes)} in standby,"
        f" {len(status.services)} resources beside {len(status.fence_devices)} fence devices,"
        f" fencing {'on' if status.options.stonith_enabled else 'off'}, quorum on"
        f" {len(seen.observed.quorum)} nodes, DRBD on {len(seen.observed.drbd)},"
        f" Elasticsearch {elastic.status if elastic else without}"
    )


ACTIVE = 30.0
"""Seconds in which a node that was taken out of standby is seen active."""


def unstandby_ended(applied: Applied, look: Look, row: str = "G24") -> list[Finding]:
    """Exit code other than 0 means that some node is not active.

    `row` of the guide: of the upgrade's reactivation, or of the update's.
    """
    # the first of the changes: what follows is for nodes that it left in standby
    code = applied.answers[0].code if applied.answers else 0

    def inactive(status: ClusterStatus) -> list[str]:
        nodes = {name: status.node(name) for name in look.names.operative}
        return [name for name, n in nodes.items() if n is None or n.standby or not n.online]

    status = poll(
        look.cluster_status,
        lambda seen: not inactive(seen),
        deadline=ACTIVE if applied.did_something else 0.0,
        clock=look.timer,
        wait=look.wait,
    )
    left = inactive(status)
    if code == 0 and not left:
        return []
    return [
        Finding(
            code="node-standby",
            subject=", ".join(left) or "cluster",
            observed=f"'pcs node unstandby --all --wait' ended with {code}; not active:"
            f" {', '.join(left) or 'none by now, but the cluster did not come to rest'}",
            expected="exit status 0 and every operative node active",
            remedy="All nodes must be active before going on: look at `pcs status` and the"
            " node's journal, end what is left of the standby, then run again.",
            guide=(row,),
            commands=_standby_ended(look, status, left),
        )
    ]


def _standby_ended(look: Look, status: ClusterStatus, left: list[str]) -> tuple[Command, ...]:
    """What ends the standby of nodes that are still in it."""
    standby = [name for name in left if name in status.standby_nodes]
    if not standby:
        return ()
    cib = cib_in_names(look.ask(look.names.active, CIB), look.names.of_pacemaker)
    return tuple(
        command
        for name in standby
        for command in modes.way_out(name, status.spelled(name), modes.STANDBY, cib)
    )
