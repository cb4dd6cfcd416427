"""Preflight: everything that can be known beforehand, all of it in one run.

The checks do not depend on each other, so that one run shows every finding. The start
conditions are judged at the start of an attempt only; later they are shown as information.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.ask.host import Host
from engine.ask.look import Look
from engine.attempt.remote import ROOT
from engine.judge import (
    change_management,
    facts,
    identity,
    machine,
    normal,
    statement,
    versions,
)
from engine.judge import roles as role_policy
from engine.judge.text import by_value, many
from engine.model.approval import SeenStatement
from engine.model.facts import MACHINE_IDS, REHEARSED
from engine.model.finding import Finding
from engine.model.host import Version
from engine.model.identity import Identity
from engine.model.inventory import Environment
from engine.model.release import up_to
from engine.model.steps import step
from engine.parse.identity import parse_marker
from engine.prove.statement import counted, statement_here
from engine.prove.timestamp import try_here
from engine.queries.identity import MARKER
from engine.queries.machine import CLOCK, LOAD, MACHINE, MEMORY, PACKAGES, PROCESSORS
from engine.queries.neteye import DEFINITION
from engine.record.evidence import Evidence, unanswered
from engine.record.position import Position, position_findings
from engine.run.approvals import approved
from engine.run.session import Session
from engine.run.takeover import changes_since
from engine.run.until import first_night
from runbook.cluster import checks, packages, places, product
from runbook.cluster.profiles import Profile, describe, settled


@step("preflight.reachable", asks=True, scope="both")
def test_reachable(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """Every node of the inventory answers."""
    asked = runbook_session.survey.reachable
    findings = [
        Finding(
            code="node-unreachable",
            subject=node,
            observed=why,
            expected="an answer by ssh as the inventory describes it",
            remedy="Bring the node into reach by the operator's own ssh, then run again.",
        )
        for node, why in asked.unanswered.items()
    ]
    assert evidence.judge(findings, observed=f"{len(asked.values)} nodes answer")


@step("preflight.machines", asks=True, scope="both")
def test_machines(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """Each machine is the one that is meant, and has an id that no other one has."""
    asked = runbook_session.survey.reachable
    machines = asked.values
    seen = "; ".join(
        f"{node} is {one.hostname}, {one.release or 'of no release'}, machine id {one.machine_id}"
        for node, one in machines.items()
    )
    evidence.remember(
        MACHINE_IDS,
        ids={node: one.machine_id for node, one in machines.items()},
        releases={node: one.release for node, one in machines.items()},
    )
    is_on_record = look.attempt is not None and not look.memory.closed
    # a machine that is another one has ended the run before any step
    assert evidence.judge(
        identity.clones(machines, is_on_record=is_on_record),
        observed=seen,
        information=places.after_the_start(look),
    )


@step("preflight.environment", asks=True, scope="both")
def test_environment(runbook_session: Session, look: Look, host: Host, evidence: Evidence) -> None:
    """A cluster called a rehearsal carries the rehearsal's marker, and no other one does."""
    if look.settings.environment is Environment.REHEARSAL:
        marker = host.file(MARKER)
        told = parse_marker(marker.content_string if marker.exists else "{}", MARKER)
        evidence.remember(REHEARSED, **told)
    evidence.answered(runbook_session.survey.markers)
    machines = runbook_session.survey.reachable.values
    findings = identity.markers(look.settings.environment, machines)
    assert evidence.judge(
        findings,
        observed=f"environment {look.settings.environment}",
        sound="as on the nodes",
    )


@step("preflight.roles", guide=("G17",), asks=True, scope="both")
def test_roles(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """N, OTHER, E and V come from /etc/neteye-cluster and agree with inventory and pacemaker."""
    asked = look.ask_all(look.names.all, DEFINITION)
    complete = evidence.answered(asked)
    findings: list[Finding] = []
    for definition in dict.fromkeys(asked.values.values()):
        findings += role_policy.roles_agree(definition, look.inventory, look.settings.cluster)
        status = runbook_session.survey.status
        if status is not None:
            findings += role_policy.members_agree(definition, status)
    names = look.names
    assert evidence.judge(
        dict.fromkeys(findings),
        observed=(
            f"N is {names.active}; OTHER {_listed(names.other)};"
            if names.is_known
            else f"which of {_listed(names.operative)} is N is not known;"
        )
        + f" E {_listed(names.elastic_only)}; V {_listed(names.voting_only)}"
        + ("" if complete else "; not every node answered"),
    )


@step("preflight.access", asks=True)
def test_access(look: Look, evidence: Evidence) -> None:
    """N logs in to all nodes, names lead where they should, and sockets are reached."""
    assert checks.everything_is_reached(
        look, evidence, information=places.after_the_beginning(look)
    )


@step("preflight.versions", guide=("G01",), asks=True)
def test_versions(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """Versions are never skipped: all nodes are at the source, or our upgrade is on record."""
    asked = evidence.answers(runbook_session.survey.versions)
    situation = runbook_session.survey.situation
    findings = list(position_findings(situation)) if situation else []
    listing = by_value(asked)
    if findings:
        assert evidence.judge(findings, observed=listing)
        return
    # later the versions are the upgrade's own: they are judged where it reaches them
    findings += (
        versions.start_versions(asked, look.release.source, look.release.target)
        if places.is_start(look)
        else ()
    )
    assert evidence.judge(findings, observed=f"{listing}; position: {look.position}")


@step("preflight.records", asks=True, scope="both")
def test_records(runbook_session: Session, look: Look, host: Host, evidence: Evidence) -> None:
    """The records of earlier runs on N were handed over; settings and runbook are as then."""
    problems = runbook_session.survey.problems
    findings = [unanswered(p.node, p.question, p.why) for p in problems]
    findings += changes_since(look)
    attempt = runbook_session.survey.attempt
    seen = "none"
    if attempt:
        seen = f"attempt {attempt.id}, {many(len(attempt.journals), 'earlier run')}"
    evidence.judge(findings, observed=f"records of earlier runs: {seen}")
    if attempt is not None:
        modes = {ROOT: host.file(ROOT).mode}
        evidence.judge(facts.open_to_others(host.node, modes), observed=facts.modes_told(modes))
    assert evidence.verdict


@step("preflight.governance", guide=("G02", "G15", "G16"), asks=True)
def test_governance(runbook_session: Session, look: Look, evidence: Evidence) -> None:
    """Change, window, release notes and fallback are on record; the time needed is announced."""
    settings = look.settings
    nodes, pause = len(look.inventory.hosts), runbook_session.run.until
    time_needed = look.release.announced(nodes)
    due = up_to(look.release.stages, pause.phase, nodes) if pause else time_needed
    first = None if pause else first_night(look.release, settings, look.position)
    shorter = None
    if first is not None:
        takes = up_to(look.release.stages, first.phase, nodes)
        shorter = change_management.FirstNight(first.phase, takes)
    findings = change_management.governance(settings, look.now(), due, shorter)
    if settings.approvals:
        at_start = places.is_start(look)
        findings = (*findings, *approved(runbook_session, look, evidence, counts=at_start))
    said = ""
    if settings.environment is Environment.PRODUCTION:
        seen = look.here(statement_here(runbook_session.run))
        machines = runbook_session.survey.reachable.values
        findings = (*findings, *_rehearsed(look, seen, machines))
        said = f"; {statement.sentence(seen)}"
    if settings.timestamp_url:
        # of what is stamped, nothing depends here
        head = runbook_session.run.journal.head
        tried = look.here(try_here(head, settings.timestamp_url, settings.timestamp_ca))
        findings = (*findings, *change_management.time_stamps(tried.problem))
        said += "" if tried.problem else f"; time stamps by {tried.by or settings.timestamp_url}"
    said += f"; this run ends behind the phase {pause.phase}, after {due}" if pause else ""
    notes = [f for f in findings if f.code == "release-notes-unread"]
    information = places.after_the_start(look)
    evidence.judge(
        notes,
        observed=f"release notes and breaking changes read: {settings.release_notes_read or '-'}",
        guide=("G02",),
        information=information,
    )
    evidence.judge(
        places.window_again(look, (f for f in findings if f.code != "release-notes-unread")),
        observed=f"change {settings.change_id or '-'}; announced: {time_needed} for"
        f" {nodes} nodes, for a healthy cluster without additional modules,"
        f" downloads and manual work apart{said}",
        guide=("G15",),
        information=information,
    )
    evidence.fulfilled("G16", "announced: service is degraded while all nodes but N are in standby")
    assert evidence.verdict


def _rehearsed(look: Look, seen: SeenStatement, machines: Mapping[str, Identity]) -> list[Finding]:
    return statement.rehearsed(
        seen,
        runbook=look.runbook,
        source=str(look.release.source),
        target=str(look.release.target),
        nodes=counted(look.inventory),
        machines={node: one.machine_id for node, one in machines.items()},
        now=look.now(),
        days=product.REHEARSAL_MAX_AGE_DAYS,
    )


@step("preflight.modules", guide=("G15",), asks=True)
def test_modules(look: Look, evidence: Evidence) -> None:
    """Additional modules are named: the announced time does not cover them."""
    packages = evidence.answers(look.ask_all(look.names.operative, PACKAGES))
    names = {package.name for installed in packages.values() for package in installed}
    names |= {resource.id for resource in look.cluster_status().services}
    found = {
        module: sorted(name for name in names if name.startswith(beginnings))
        for module, beginnings in product.MODULES.items()
    }
    listing = "; ".join(f"{module} ({', '.join(seen)})" for module, seen in found.items() if seen)
    evidence.fulfilled("G15", f"additional modules found: {listing or 'none'}")
    assert evidence.verdict


@step("preflight.sameness", asks=True)
def test_sameness(look: Look, evidence: Evidence) -> None:
    """Cluster file, dnf.conf, repositories and DNF0 are the same on all nodes."""
    # while a command is under way the nodes may differ for a time
    assert checks.files_are_the_same(look, evidence, information=places.after_the_beginning(look))


@step("preflight.repository", asks=True)
def test_repository(look: Look, evidence: Evidence) -> None:
    """The repository of the target answers on every node, and nothing hides its packages there."""
    assert packages.can_come(look, evidence, information=places.after_the_beginning(look))


@step("preflight.updates", asks=True)
def test_updates(look: Look, evidence: Evidence) -> None:
    """Updates of the source that are pending are known; the update phase installs them."""
    if look.position.is_after(Position.UPDATED):
        evidence.note(
            f"the upgrade has started: updates of {look.release.source} were settled before it"
        )
        return
    assert packages.may_be_pending(look, evidence)


@step("preflight.space", asks=True)
def test_space(look: Look, evidence: Evidence) -> None:
    """There is room for the packages on every node."""
    assert checks.there_is_room(
        look, evidence, information=places.after_the_start(look, again=True)
    )


@step("preflight.clocks", asks=True)
def test_clocks(look: Look, evidence: Evidence) -> None:
    """The clocks of all nodes agree, and something keeps them so."""
    asked = evidence.answers(look.ask_all(look.names.all, CLOCK))
    kept = evidence.answers(look.on_each(look.names.all, "what keeps the clock", _keeps_clock))
    assert evidence.judge(
        (
            *machine.clock_difference(asked, product.CLOCK_LIMIT),
            *facts.clock_unkept(kept, product.CLOCK_KEEPER),
        ),
        observed=machine.clocks_compared(asked, product.CLOCK_LIMIT),
        information=places.after_the_beginning(look, again=False),
    )


def _keeps_clock(host: Host) -> bool:
    return host.service(product.CLOCK_KEEPER).is_running or any(
        host.process.filter(comm=name) for name in product.OTHER_CLOCK_KEEPERS
    )


@step("preflight.capacity_of_n", asks=True)
def test_capacity_of_n(look: Look, evidence: Evidence) -> None:
    """N alone can carry everything while the others are in standby."""
    memory = look.ask_all(look.names.operative, MEMORY)
    load = look.ask_all(look.names.operative, LOAD)
    cpus = look.ask_all(look.names.operative, PROCESSORS)
    machines = look.ask_all(look.names.operative, MACHINE)
    answered = [evidence.answered(asked) for asked in (memory, load, cpus, machines)]
    if not all(answered):
        return
    seen = (look.names.active, memory.values, load.values, cpus.values, machines.values)
    assert evidence.judge(
        machine.can_carry(*seen),
        observed=machine.to_carry(*seen),
        information=places.after_the_start(look),
    )


@step("preflight.constraints", asks=True)
def test_constraints(look: Look, evidence: Evidence) -> None:
    """No leftover constraint, and none that keeps a resource off N."""
    assert checks.nothing_keeps_off_n(look, evidence, information=places.after_the_beginning(look))


@step("preflight.leftovers", asks=True)
def test_leftovers(look: Look, evidence: Evidence) -> None:
    """No .rpmnew, .rpmsave or .rpmorig lies about on any node."""
    assert checks.no_leftovers(
        look,
        evidence,
        known=look.release.known_conflicts,
        information=places.of_leftovers(look),
    )


@step("preflight.kernels", asks=True)
def test_kernels(look: Look, evidence: Evidence) -> None:
    """A node comes back with DRBD, whoever restarts it; a reboot that is due is told."""
    assert checks.next_start_is_safe(look, evidence, information=places.after_the_beginning(look))


@step("preflight.commands", asks=True)
def test_commands(look: Look, evidence: Evidence) -> None:
    """No other command that changes the cluster runs on any node."""
    assert checks.no_command_runs(look, evidence)


@step("preflight.health", asks=True)
def test_health(look: Look, evidence: Evidence) -> None:
    """`neteye health deep` is OK on every node; some of its checks look at their node only."""
    is_over = look.position is Position.CLOSED
    information = "" if is_over else places.after_the_beginning(look)
    assert checks.health_is_ok(look, evidence, is_before=not is_over, information=information)


@step("preflight.normal", asks=True)
def test_normal(look: Look, evidence: Evidence) -> None:
    """The cluster status is normal for the position the upgrade is in."""
    profile, version = _profile_of(look)
    information = places.of_the_status(look)
    # a node that just joined passes through states of a second; half a minute tells them apart
    findings, seen = settled(
        look,
        profile,
        version=version,
        deadline=0.0 if information else 30.0,
        lasting=product.LASTING,
    )
    assert evidence.judge(
        places.remedied_here(look, findings),
        observed=describe(seen),
        information=information,
    )


def _profile_of(look: Look) -> tuple[Profile, Version | None]:
    """The profile of the position, and the version it wants."""
    position, target = look.position, look.release.target
    if places.is_ahead(look):
        return normal.before_start, None
    if position in (Position.REACTIVATED, Position.CLOSED):
        return normal.final, target
    if position is Position.UPGRADED:
        # without standby it was taken back already, and fencing is still to come
        is_mid = bool(look.cluster_status().standby_nodes)
        return normal.mid_upgrade if is_mid else normal.reactivated, target
    return normal.under_way, None


def _listed(nodes: tuple[str, ...]) -> str:
    return ", ".join(nodes) or "none"
