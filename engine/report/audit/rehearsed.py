"""Which rehearsal this upgrade went by, by whose key, and what was different there. Pure.

From the question for its statement (`rehearsal.json`), as the upgrade's first run got it answered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.judge.statement import SETTING
from engine.model.event import Event
from engine.model.facts import MACHINE_IDS, REHEARSED, STATEMENT
from engine.model.finding import acceptance_sentence
from engine.prove.statement import scenario_in_words
from engine.record.other_runs import AS_REHEARSAL
from engine.report.audit.runbooks import SHOWN, UNKNOWN
from engine.report.words import to_the_second
from engine.verify import read_json


@dataclass(frozen=True)
class Beside:
    """One thing there and here."""

    what: str
    there: str
    here: str
    counts: bool = True
    """It should be the same; a rehearsal is on another cluster anyway."""

    @property
    def differs(self) -> bool:
        return self.counts and self.there != self.here


@dataclass(frozen=True)
class Rehearsed:
    """The rehearsal on record; `run` is empty when there is none, and `problem` says why."""

    problem: str
    file: str = ""
    run: str = ""
    finished: str = ""
    days_before: int | None = None
    """Whole days from its end to the upgrade's begin."""
    key: str = ""
    """Fingerprint of the key that signed it; empty: nobody did."""
    by: str | None = None
    """Whose key that is; empty: nobody who ran the upgrade knew; None: an older runbook did not
    ask."""
    accepted: tuple[str, ...] | None = None
    """What was accepted there, by whom and why; None: its statement does not say."""
    machines: tuple[str, ...] = ()
    """On which machines it was made."""
    compared: tuple[Beside, ...] = ()
    remarks: tuple[str, ...] = ()
    """What the run found of it, and who accepted that."""
    scenario: str = ""
    """Of an upgrade that was a rehearsal itself: the cluster it was made on, in words."""
    base: str = ""
    """And what the rehearsal calls the base that its nodes are made on."""
    limits: tuple[str, ...] = ()
    """And what it can't show of the upgrade that it is for."""

    @property
    def differences(self) -> tuple[Beside, ...]:
        return tuple(one for one in self.compared if one.differs)

    @property
    def signed(self) -> str:
        """Whether, and by whom, in a few words."""
        if not self.key:
            return "not signed"
        whose = {None: "", "": ", a key that nobody knew"}.get(self.by, f", by {self.by}")
        return f"signed with {self.key}{whose}"

    @property
    def is_known(self) -> bool:
        """Somebody has signed it whose key was known, or an older runbook did not ask whose."""
        return bool(self.key) and self.by != ""


def rehearsed_of(change: Sequence[Event]) -> Rehearsed:
    """`change` are the events of the change's own runs."""
    first = next((e for e in change if e["event"] == "run-started"), None)
    if first is None or first.get("environment") == "rehearsal":
        return _itself(change)
    asked = next((e for e in change if _asks_for_it(e)), None)
    if asked is None:
        is_production = first.get("environment") == "production"
        why = "the run did not come to that" if is_production else "only production asks for one"
        return Rehearsed(f"no rehearsal is on record: {why}")
    remarks = (*_remarks(change), *_evidence(change))
    try:
        seen = read_json((asked.get("output") or {})["text"])
        statement = seen["statement"]
        if statement is None:
            return Rehearsed(str(seen["problem"]), str(asked["command"]), remarks=remarks)
        found = _of(statement, change, str(asked["command"]), remarks)
        return replace(found, by=seen.get("by"))
    except (ValueError, KeyError, TypeError):
        return Rehearsed("its statement can't be read in the journal", remarks=remarks)


_LIMITS = (
    "The commands of NetEye, DRBD, Elasticsearch and chronyd are stand-ins: they do the documented"
    " tasks with real effects. Corosync, pacemaker, the qdevice, database and web server, rpm, dnf,"
    " sshd and systemd are real.",
    "Its nodes are containers of another distribution; names, addresses and data are made up.",
    "How long the upgrade takes, and whether the vendor's own tasks succeed on another cluster, it"
    " does not show.",
)
"""What a rehearsal cluster is, beside the cluster that it stands for."""


def _itself(change: Sequence[Event]) -> Rehearsed:
    fact = _fact(change, REHEARSED)
    return Rehearsed(
        "this was a rehearsal itself: none came before it, as only production needs one",
        scenario=scenario_in_words(fact),
        base=str(fact.get("base", "")),
        limits=_LIMITS,
    )


def _fact(change: Iterable[Event], name: str) -> Mapping[str, Any]:
    """The last one of that name; empty where there is none."""
    facts = [event for event in change if event["event"] == "fact" and event["name"] == name]
    return facts[-1] if facts else {}


def _releases(of: Mapping[str, str]) -> str:
    """What nodes run, by their own words."""
    return ", ".join(sorted(filter(None, set(of.values())))) or "not on record"


def _asks_for_it(event: Event) -> bool:
    return bool(event["event"] == "observation" and event.get("question") == STATEMENT)


def _of(
    statement: Mapping[str, Any], change: Sequence[Event], file: str, remarks: tuple[str, ...]
) -> Rehearsed:
    runs = [event for event in change if event["event"] == "run-started"]
    first = runs[0]
    finished = datetime.fromisoformat(statement["finished"])
    begun = datetime.fromisoformat(first.get("started", first["time"]))
    here = Counter((first.get("nodes") or {}).values())
    there: Mapping[str, int] = statement["nodes"]
    scenario = f", scenario {statement['scenario']}" if statement["scenario"] else ""
    nodes = (
        Beside(f"{role.replace('_', '-')} nodes", str(there.get(role, 0)), str(here[role]))
        for role in dict.fromkeys([*there, *here])
    )
    return Rehearsed(
        problem="",
        file=file,
        run=str(statement["run"]),
        finished=to_the_second(finished),
        days_before=(begun - finished).days,
        key=str(statement["key"]),
        accepted=_accepted(statement.get("accepted")),
        machines=tuple(f"{n} ({number})" for n, number in statement.get("machines", {}).items()),
        compared=(
            Beside(
                "cluster", f"{statement['cluster']}{scenario}", str(first["cluster"]), counts=False
            ),
            Beside(
                "environment",
                str(statement["environment"]),
                str(first["environment"]),
                counts=False,
            ),
            Beside(
                "what the nodes run",
                _releases(statement.get("releases", {})),
                _releases(_fact(change, MACHINE_IDS).get("releases", {})),
                counts=False,
            ),
            Beside(
                "versions",
                f"{statement['source']} to {statement['target']}",
                f"{first['source']} to {first['target']}",
            ),
            Beside(
                "runbook (hash)",
                _runbooks(statement.get("runbooks") or [statement["runbook"]]),
                _runbooks(event.get("runbook") for event in runs),
            ),
            *nodes,
        ),
        remarks=remarks,
    )


def _runbooks(digests: Iterable[str | None]) -> str:
    """Of all runs: a runbook that was changed on the way is another one."""
    return ", then ".join(dict.fromkeys((digest or UNKNOWN)[:SHOWN] for digest in digests))


def _accepted(told: Sequence[Mapping[str, str]] | None) -> tuple[str, ...] | None:
    if told is None:
        return None
    return tuple(
        f"{' '.join(filter(None, (one['code'], one['subject'])))}, by {one['by']}: {one['reason']}"
        for one in told
    )


def _remarks(change: Iterable[Event]) -> list[str]:
    found: dict[str, str] = {}
    for event in change:
        if event["event"] == "finding" and event["subject"] == SETTING:
            accepted = event["accepted"]
            said = f"accepted {acceptance_sentence(accepted)}" if accepted else event["severity"]
            found[str(event["observed"])] = f"{event['code']} ({said}): {event['observed']}"
    return list(found.values())


def _evidence(change: Iterable[Event]) -> Iterable[str]:
    """The rehearsal's own evidence, when it lay beside its statement."""
    begun = (event for event in change if event["event"] == "run-started")
    read = (one for event in begun for one in event.get("read", ()) if one["as"] == AS_REHEARSAL)
    heads = dict.fromkeys((str(one["run"]), str(one["head"])) for one in read)
    for run, head in heads:
        yield f"evidence of run {run}: found unaltered, the head of its journal is {head}"
