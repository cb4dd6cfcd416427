"""Before a run continues what an earlier one left on N, from whatever machine that was: can it be
read, is it of this cluster, is it the same upgrade still?
"""

from __future__ import annotations

from typing import Any

from engine.ask.look import Look
from engine.judge import takeover
from engine.judge.ways import way_out
from engine.model.ending import Ending
from engine.model.finding import Finding
from engine.record.evidence import as_data, unanswered
from engine.record.memory import Memory
from engine.record.position import Position
from engine.record.run import Run
from engine.run.survey import Survey


def judge_records(run: Run, look: Look, seen: Survey) -> None:
    """Stop at once for records that can't be had or read, or are of another cluster or upgrade.

    Position and start conditions would be judged from them, so no step can say anything true.
    Nothing is written beside them: this run is no part of their attempt.
    """
    node = look.names.active
    findings = (
        [_altered(node, seen.unreadable)]
        if seen.is_altered
        else _unreadable(node, seen.kept_back, seen.unreadable)
    )
    if not findings and seen.attempt is not None and not seen.is_history:
        findings = _foreign(run, node, seen)
    if not findings or run.stop is not None:
        return
    (finding,) = findings
    # nothing that they say is this run's: no report is made from them, nothing is added to them
    run.attempt, run.memory = None, Memory.fold(run.journal.events)
    look.baseline, seen.earlier, seen.unreadable = None, [], finding.observed
    for weighed in run.judge.weigh(findings):
        run.record("finding", step="", **as_data(weighed))
    # altered evidence is refused as by everything else that reads a run
    ending = Ending.USAGE if seen.is_altered else Ending.BLOCKED
    run.halt(ending, f"{finding.subject}: {finding.observed}", finding.remedy)


def judge_position(run: Run, look: Look, seen: Survey) -> None:
    """Stop at once when neither the records nor N's status tell where the upgrade stands.

    An acceptance does not help: whoever gives it does not know either.
    """
    if look.position is not Position.UNKNOWN or seen.situation is None or run.stop is not None:
        return
    findings = [unanswered(p.node, p.question, p.why) for p in seen.problems]
    for weighed in run.judge.weigh(findings):
        run.record("finding", step="", **as_data(weighed))
    run.halt(
        Ending.BLOCKED,
        "; ".join(f"{f.subject}: {f.observed}" for f in findings)
        + "; without it nobody can tell where the upgrade stands",
        way_out(findings),
    )


def changes_since(look: Look) -> list[Finding]:
    """Runs that nobody can tell of, and settings and runbook that differ from the run that opened
    or last changed the attempt."""
    last = look.memory.last_changer
    if look.memory.closed:
        return []
    unknown = [(one["first"], one["last"]) for one in look.memory.missing if not one["holder"]]
    missing = takeover.missing_runs(unknown, look.names.active)
    if last is None:
        return missing
    return [
        *missing,
        *takeover.changed_settings(last.get("settings") or {}, takeover.steering(look.settings)),
        *takeover.changed_runbook(last.get("runbook"), look.runbook, last["run"]),
    ]


def _altered(node: str, what: str) -> Finding:
    """The journals can be read, and are not those that the runs wrote: nothing goes by them."""
    return Finding(
        "records-unreadable",
        node,
        f"the records of an earlier run were altered: {what}",
        "the lines as that run wrote them, each with the hash of the one before",
        "Nothing goes by evidence that was altered, and nothing is changed. Bring the journal back"
        " from a run's directory (its `journal.jsonl`, or `earlier/` of a later run) or from a"
        " backup of the node, find out who wrote there, then run again.",
    )


def _unreadable(node: str, kept_back: str, damaged: str) -> list[Finding]:
    """Why they were not handed over, or can't be read; none when both are ''."""
    if kept_back:
        seen = f"{node} did not hand over the records of earlier runs: {kept_back}"
        expected = "its records, or its word that there are none"
        way = "Bring the node into reach, or find out why it is so slow, then run again."
    elif damaged:
        seen = f"the records of an earlier run can't be read: {damaged}"
        expected = "whole records, or none"
        way = (
            "Use the version of the runbook that wrote them; if they are damaged, restore them from"
            " a run's directory `earlier/` or from a backup of the node."
        )
    else:
        return []
    without = "Without them nobody can tell where the upgrade stands, and nothing is changed."
    return [Finding("records-unreadable", node, seen, expected, f"{without} {way}")]


def _foreign(run: Run, node: str, seen: Survey) -> list[Finding]:
    assert seen.attempt is not None
    memory = run.memory
    if memory.closed and not _is_of_this_cluster(memory, run):
        names = ", ".join(sorted({str(e.get("cluster")) for e in memory.runs.values()}))
        return takeover.foreign_records(
            {**_facts_here(run), "cluster": names}, _facts_here(run), node
        )
    if memory.closed:
        return []  # it is history: nodes may have come and gone since
    opened = memory.runs.get(seen.attempt.id, {})
    baseline = seen.attempt.baseline or {}
    on_record = {key: baseline.get(key, opened.get(key)) for key in takeover.IDENTITY}
    others = [e for e in memory.runs.values() if e.get("cluster") != run.inventory.settings.cluster]
    if others:
        on_record["cluster"] = others[0].get("cluster")
    return takeover.foreign_records(on_record, _facts_here(run), node)


def _is_of_this_cluster(memory: Memory, run: Run) -> bool:
    ours = run.inventory.settings.cluster
    return all(event.get("cluster") == ours for event in memory.runs.values())


def _facts_here(run: Run) -> dict[str, Any]:
    return {
        "cluster": run.inventory.settings.cluster,
        "nodes": {host.name: host.role.value for host in run.inventory.hosts},
        "source": str(run.release.source),
        "target": str(run.release.target),
    }
