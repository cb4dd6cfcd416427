"""Do the records on N belong to this upgrade, and is it continued as it was begun?

Cluster, nodes, roles, version pair, settings and the runbook itself are compared. Connection
variables are not: another machine reaches the same nodes in another way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.model.finding import Finding
from engine.model.inventory import Counts, Settings

IDENTITY = ("cluster", "nodes", "source", "target")


def steering(settings: Settings) -> dict[str, str]:
    """Variable of the inventory -> value, of the settings that decide what a run does."""
    words = {True: "yes", False: "no"}
    return {
        f"runbook_{name}": words[value] if isinstance(value, bool) else str(value)
        for name, value in settings.by_name(Counts.FOR_ATTEMPT).items()
    }


def foreign_records(
    on_record: Mapping[str, Any], here: Mapping[str, Any], node: str
) -> list[Finding]:
    """What of IDENTITY differs, or is not on record; `nodes` is node -> role."""
    differences = []
    if on_record.get("cluster") != here["cluster"]:
        differences.append((f"cluster {on_record.get('cluster')!r}", f"{here['cluster']!r}"))
    differences += _node_differences(on_record.get("nodes") or {}, here["nodes"])
    for end, word in (("source", "from"), ("target", "to")):
        if on_record.get(end) != here[end]:
            seen = f"an upgrade {word} {on_record.get(end) or 'a version that is not told'}"
            differences.append((seen, f"{word} {here[end]}"))
    if not differences:
        return []
    return [
        Finding(
            code="records-foreign",
            subject=node,
            observed=f"its records are of {', '.join(seen for seen, _ in differences)}",
            expected=", ".join(expected for _, expected in differences) + ", or no records",
            remedy="Is this the right inventory, with the same names of the nodes as at the start"
            " of the attempt, and the right version of the runbook? If so, find out how the records"
            f" came to {node}; the runbook neither uses nor overwrites them.",
        )
    ]


def _node_differences(
    on_record: Mapping[str, str], here: Mapping[str, str]
) -> list[tuple[str, str]]:
    if set(on_record) != set(here):
        return [(f"the nodes {_listed(on_record)}", f"the nodes {_listed(here)}")]
    other = [name for name in here if on_record[name] != here[name]]
    return [(f"{name} as {on_record[name]}", f"{name} as {here[name]}") for name in other]


def _listed(nodes: Mapping[str, str]) -> str:
    return ", ".join(sorted(nodes)) or "(none)"


def changed_settings(on_record: Mapping[str, str], here: Mapping[str, str]) -> list[Finding]:
    """Steering settings that differ from those the attempt was opened or last continued with."""
    return [
        Finding(
            code="settings-changed",
            subject=name,
            observed=f"{here[name]!r} in this inventory",
            expected=f"{on_record.get(name)!r}, as in the run that opened or last changed the"
            " attempt",
            remedy="Use the value of that run, or accept this finding when the change is meant.",
        )
        for name in here
        if on_record.get(name) != here[name]
    ]


def changed_runbook(on_record: str | None, here: str, run: str) -> list[Finding]:
    """The runbook differs from that of `run`, which opened the attempt or last made a change."""
    if on_record == here:
        return []
    return [
        Finding(
            code="runbook-changed",
            subject=here[:12],
            observed=f"this runbook is version {here[:12]} (a hash over its sources)",
            expected=f"{on_record[:12] if on_record else 'a version on record'}, with which run"
            f" {run} opened or last changed the attempt",
            remedy="Go on with that version of the runbook; or read what has changed since, and"
            " accept this finding.",
        )
    ]


def missing_runs(generations: Iterable[tuple[int, int]], node: str) -> list[Finding]:
    """Runs that had the cluster's lock, first and last generation, and of which nothing is known.

    One that N has noted is none: it is known to have changed nothing.
    """
    return [
        Finding(
            code="run-missing",
            subject=f"generation-{first}" if first == last else f"generations-{first}-{last}",
            observed=f"the cluster's lock was taken by a run of which {node} has no journal, and"
            " nobody noted which it was",
            expected="a journal of each run that had the lock, or a note of who took it",
            remedy="Find out who ran the upgrade then, and what that run changed: its directory is"
            " in reports/ of the machine where it was started. Bring its journal.jsonl back to"
            f" {node}, as RUN.jsonl beside the other journals; or, when it is known that nothing"
            " was changed, accept this finding. A lock that was edited by hand leaves such a gap,"
            " and so does a run of an older runbook that was killed early.",
        )
        for first, last in generations
    ]
