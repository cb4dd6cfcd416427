"""Checks that are made more than once: before the start, and again directly before the upgrade.

Each asks all nodes at once, judges, and records. `information` shows findings without weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.ask.host import Host
from engine.ask.look import Look
from engine.errors import OUT_OF_REACH
from engine.judge import access, constraints, facts, kernels, machine, sameness
from engine.judge.text import many
from engine.judge.ways import UNANSWERED, cause_of, in_full
from engine.model.definition import ClusterDefinition
from engine.model.finding import Finding, Verdict, Way
from engine.model.query import Asked
from engine.queries.access import LISTENING, LOGINS, addresses_of, logins_to, served_one
from engine.queries.machine import FILE_SYSTEMS, KERNELS, LEFTOVERS, optional_file_text, processes
from engine.queries.neteye import DEEP_HEALTH, DEFINITION
from engine.queries.pacemaker import CIB
from engine.record.evidence import Evidence
from engine.record.position import Position
from runbook.cluster import leftovers, places, product


def files_are_the_same(look: Look, evidence: Evidence, *, information: str = "") -> Verdict:
    """Cluster file, dnf.conf, repositories and DNF0 are the same on all nodes."""
    findings: list[Finding] = []
    for path, what in product.SAME_FILES.items():
        asked = evidence.answers(look.ask_all(look.names.all, optional_file_text(path)))
        findings += sameness.same_text(path, asked, "files-differ", what)
    repositories = evidence.answers(look.ask_all(look.names.all, product.REPOSITORIES))
    findings += sameness.same_text(
        product.REPOSITORY_FILES, repositories, "files-differ", "where packages come from"
    )
    compared = ", ".join([*product.SAME_FILES, product.REPOSITORY_FILES])
    return evidence.judge(
        findings, observed=f"compared on all nodes: {compared}", information=information
    )


def there_is_room(look: Look, evidence: Evidence, *, information: str = "") -> Verdict:
    """There is room for the packages on every node."""
    asked = evidence.answers(look.ask_all(look.names.all, FILE_SYSTEMS))
    mounted = look.on_each(asked, "file systems that are read-only", _read_only)
    evidence.answered(mounted)
    return evidence.judge(
        (
            *machine.disk_space(asked, product.NEEDED_SPACE),
            *facts.read_only(mounted.values),
        ),
        observed=f"{', '.join(product.NEEDED_SPACE)} of {many(len(asked), 'node')} looked at",
        sound="there is room",
        information=information,
    )


def _read_only(host: Host) -> list[str]:
    return [path for path in product.NEEDED_SPACE if "ro" in host.mount_point(path).options]


def nothing_keeps_off_n(look: Look, evidence: Evidence, *, information: str = "") -> Verdict:
    """No leftover constraint, and none that keeps a resource off N."""
    status = look.cluster_status()
    cib = look.ask(look.names.active, CIB)
    return evidence.judge(
        constraints.leftover_constraints(
            cib,
            look.names.in_pacemaker(status.bans),
            look.names.internal[look.names.active],
            fence_devices=[r.id for r in status.fence_devices],
            resources=sorted({r.unit for r in status.services}),
            node=look.names.active,
            held=None
            if look.position is Position.UNKNOWN
            else [name for kind, name in look.memory.ledger if kind == "constraint"],
        ),
        observed=f"{len(cib.location_ids)} location constraints and {len(status.bans)} bans"
        " looked at",
        information=information,
    )


def no_leftovers(
    look: Look,
    evidence: Evidence,
    *,
    known: frozenset[str] = frozenset(),
    information: str = "",
) -> Verdict:
    """No .rpmnew, .rpmsave or .rpmorig lies about; what a person has to merge is shown."""
    asked = evidence.answers(look.ask_all(look.names.all, LEFTOVERS))
    leftovers.attach_diffs(look, evidence, leftovers.not_known(asked, known))
    return evidence.judge(
        places.migrated_by_the_run(look, machine.config_leftovers(asked, known)),
        observed=f"{sum(map(len, asked.values()))} .rpmnew, .rpmsave or .rpmorig on"
        f" {len(asked)} nodes",
        information=information,
    )


def next_start_is_safe(look: Look, evidence: Evidence, *, information: str = "") -> Verdict:
    """Whatever restarts a node, it comes back with DRBD: its next kernel has the module.

    A reboot that is due is told as well: the upgrade does none, so it ends with it still due.
    """
    asked = look.ask_all(look.names.all, KERNELS)
    if not evidence.answered(asked):
        return evidence.verdict
    # of a kernel without DRBD it is told already that it comes with the next start
    safe = {node: one for node, one in asked.values.items() if not kernels.lacks_drbd(one)}
    findings = (
        *kernels.next_start_serves_drbd(asked.values),
        *kernels.reboot_needed(safe),
    )
    said = kernels.sentence(asked.values)
    if all(one.newest is None for one in asked.values.values()):
        evidence.not_applicable(said)
        return evidence.verdict
    return evidence.judge(findings, observed=said, information=information)


def no_command_runs(look: Look, evidence: Evidence) -> Verdict:
    """No other command that changes the cluster runs on any node."""
    asked = evidence.answers(look.ask_all(look.names.all, processes(product.OTHER_COMMANDS)))
    timers = look.on_each(look.names.all, "timers that install updates", _update_timers)
    evidence.answered(timers)
    ours = any(not record.has_ended for record in look.memory.detached("update", "upgrade"))
    evidence.judge(
        machine.no_command_running(asked, product.OTHER_COMMANDS),
        observed="the command of this attempt may run"
        if ours
        else f"processes of {many(len(asked), 'node')} looked at",
        sound="" if ours else "no neteye command runs",
        information=_MAY_BE_OURS if ours else "",
    )
    evidence.judge(
        facts.updates_automatic(timers.values),
        observed=f"timers of {many(len(timers.values), 'node')} looked at",
        sound="none installs updates",
    )
    return evidence.verdict


_MAY_BE_OURS = (
    "The command of this attempt may be among them, which the run follows to its end. Any other:"
)


def _update_timers(host: Host) -> list[str]:
    return [unit for unit in product.UPDATE_TIMERS if host.service(unit).is_running]


def health_is_ok(
    look: Look, evidence: Evidence, *, is_before: bool = True, information: str = ""
) -> Verdict:
    """`neteye health deep` is OK on every node; some of its checks look at their node only.

    Before the upgrade that is a duty of the guide; after it nothing in the guide asks for it.
    """
    asked = evidence.answers(look.ask_all(look.names.all, DEEP_HEALTH))
    return evidence.judge(
        machine.health(asked, ("updated-and-healthy",) if is_before else ()),
        observed=f"deep health checks on {len(asked)} nodes",
        information=information,
    )


def normal_or_support(evidence: Evidence, findings: Sequence[Finding], observed: str) -> Verdict:
    """The cluster status is normal (G25), or it is for the vendor's support (G26).

    The run stops here, and what each finding says to do goes to support as well. A question that
    nobody answered says nothing of the cluster: another run asks it again.
    """
    if all(UNANSWERED in (finding.code, cause_of(finding)) for finding in findings):
        evidence.judge(findings, observed=observed, guide=("G25",))
    else:
        evidence.judge(map(_for_support, findings), observed=observed, guide=("G25",))
    if any(UNANSWERED not in (one.code, cause_of(one)) for one in evidence.blocking):
        evidence.attach("what each finding says to do by itself", in_full(findings))
        evidence.call_support("G26", product.CALL_SUPPORT)
    elif not evidence.blocking:
        evidence.not_needed("the cluster status is normal", guide=("G26",))
        evidence.outcome = "done"
    return evidence.verdict


def _for_support(finding: Finding) -> Finding:
    return replace(finding, remedy=f"{product.CALL_SUPPORT}.", way=Way.SUPPORT, commands=())


def everything_is_reached(look: Look, evidence: Evidence, *, information: str = "") -> Verdict:
    """A way to sockets of every operative node, N's logins to all others, names on all.

    What later steps need of the nodes, tried on each that may be asked.
    """
    definition = look.ask(look.names.active, DEFINITION)
    _sockets(look, evidence, information)
    _logins(look, evidence, information)
    _names(look, evidence, definition, information)
    enabled = look.on_each(look.names.all, "whether sshd starts with the node", _starts_sshd)
    evidence.answered(enabled)
    evidence.judge(
        facts.sshd_off(enabled.values),
        observed=f"sshd starts by itself on {sum(enabled.values.values())} of"
        f" {len(look.names.all)} nodes",
        information=information,
    )
    return evidence.verdict


def _starts_sshd(host: Host) -> bool:
    return any(host.service(unit).is_enabled for unit in product.SSHD)


def _sockets(look: Look, evidence: Evidence, information: str) -> None:
    asked = evidence.answers(look.ask_all(look.names.operative, LISTENING))
    paths = {node: served_one(listening) for node, listening in asked.items()}
    tried = look.forwards_all({node: path for node, path in paths.items() if path})
    why = "none is known to be served there that it could be tried with"
    tried.unanswered |= {node: why for node, path in paths.items() if not path}
    evidence.answered(tried)
    refused = {node: why for node, why in tried.values.items() if why}
    evidence.judge(
        access.sockets_are_reached(refused),
        observed=f"sockets are reached on {len(tried.values) - len(refused)} operative nodes",
        information=information,
    )


def _logins(look: Look, evidence: Evidence, information: str) -> None:
    names, tried = look.names, Asked[None](LOGINS)
    others = [node for node in names.all if node != names.active]
    # a node that nobody reaches would be waited for once more
    tried.unanswered |= {node: OUT_OF_REACH for node in others if node in look.silent}
    evidence.answered(tried)
    wanted = {node: names.internal[node] for node in others if node not in look.silent}
    logins = look.ask(names.active, logins_to(wanted.values())) if wanted else {}
    evidence.judge(
        access.logs_in_everywhere(names.active, wanted, logins),
        observed=f"logins of {names.active} to {many(len(wanted), 'node')} tried",
        sound="all succeed",
        information=information,
    )


def _names(look: Look, evidence: Evidence, definition: ClusterDefinition, information: str) -> None:
    nodes = [node.hostname for node in definition.nodes]
    asked = look.ask_all(look.names.all, addresses_of((*nodes, *product.SERVICE_NAMES)))
    evidence.answered(asked)
    operative = {n: found for n, found in asked.values.items() if n in look.names.operative}
    evidence.judge(
        (
            *access.nodes_resolve(definition, asked.values),
            *access.services_resolve(product.SERVICE_NAMES, definition, operative),
        ),
        observed=f"names of {len(nodes)} nodes and of services looked up on {len(asked.values)}",
        information=information,
    )
