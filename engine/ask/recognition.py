"""Whether each connection leads to the machine that is meant: judged before anything else is sent.

What is found here nobody can accept, and the run ends: every other answer would be another
machine's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.judge import identity as policy
from engine.judge.roles import roles_agree
from engine.model.answer import Known, Lost
from engine.model.ending import Ending
from engine.model.finding import Finding
from engine.model.identity import Identity
from engine.record.evidence import as_data
from engine.record.run import Run

MACHINES = "machines"
"""The baseline's field: node -> machine id."""


def strangers(run: Run, identities: Mapping[str, Identity]) -> list[Finding]:
    """Findings about names of the inventory that lead elsewhere, and what else shows with them.

    Empty when every machine that answered is the one that is meant.
    """
    inventory = run.inventory
    found = policy.strangers(inventory, identities)
    definition = policy.definition_of(identities, inventory.settings.cluster)
    if not found or definition is None:
        return list(found)
    # the run ends here: what is wrong with names and roles is told in the same run
    others = roles_agree(definition, inventory, inventory.settings.cluster)
    markers = policy.markers(inventory.settings.environment, identities)
    told = {finding.code for finding in found}
    return [*found, *(f for f in (*others, *markers) if f.code not in told)]


def changed(run: Run, baseline: Mapping[str, object], identities: Mapping[str, Identity]) -> list[
    Finding
]:  # fmt: skip
    """Nodes that are another machine than when the attempt was opened.

    A baseline of an older runbook has no ids: nothing can be compared with it.
    """
    recorded = baseline.get(MACHINES)
    known = recorded if isinstance(recorded, Mapping) else {}
    return list(policy.changed(known, identities, run.inventory))


def known_of(seen: Identity) -> Known:
    """What each later session with the machine is compared with."""
    return Known(seen.machine_id, seen.hostname, seen.member)


def judge_strangers(run: Run, findings: Iterable[Finding], sent: str) -> None:
    """Stop the run for machines that are not those that are meant; `sent`: what they got."""
    found = list(findings)
    if not found or run.stop is not None:
        return
    for weighed in run.judge.weigh(found):
        run.record("finding", step=run.step, **as_data(weighed))
    codes = ", ".join(dict.fromkeys(finding.code for finding in found))
    subjects = ", ".join(dict.fromkeys(finding.subject for finding in found))
    run.halt(
        Ending.FAILED if run.changes_made else Ending.BLOCKED,
        f"not the machine that is meant: {codes} ({subjects}). {sent}",
        " ".join(dict.fromkeys(f.remedy for f in found)),
    )


def met_stranger(run: Run, lost: Lost) -> None:
    """Another machine has taken a node's place in mid-run; its session started nothing."""
    assert lost.known is not None and lost.seen is not None  # noqa: PT018
    finding = policy.has_changed(
        run.inventory.host(lost.node),
        run.inventory,
        f"{lost.known} at the beginning of this run",
        str(lost.seen),
        lost.known.machine_id,
    )
    judge_strangers(run, [finding], "Nothing was started there")
