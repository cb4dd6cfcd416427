"""The journal of an attempt as large as a real one: five nodes, the runbook's own steps and rows.

What is said is made up; how many steps, questions, changes and gaps there are is as on a cluster
with three operative nodes, or with as many as are asked for.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.model.facts import BACKUP, IN_CONFIGURATION, OLD_FILES, PASSWORD
from engine.model.steps import Scope, StepItem, mark_of
from runbook.to_4_26.release import RELEASE
from tests.engine.kit import ELASTIC, SECOND, THIRD, N, event
from tests.evidence import journals
from tests.evidence.journals import asked, lasting, of_run, started, status
from tests.evidence.looks import looks

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Size:
    """The nodes of a cluster: operative, Elastic-only, and the voting-only one."""

    operative: tuple[str, ...]
    elastic: tuple[str, ...]
    voting: str

    @property
    def nodes(self) -> tuple[str, ...]:
        return (*self.operative, *self.elastic, self.voting)

    @property
    def rounds(self) -> range:
        return range(1, len(self.operative) + 3)


FIVE = Size((N, SECOND, THIRD), (ELASTIC,), "neteye05.neteyelocal")
_MANY = tuple(f"neteye{number:02}.neteyelocal" for number in range(1, 20))
NINETEEN = Size(_MANY[:16], _MANY[16:18], _MANY[18])
"""The most operative nodes that pacemaker is said to carry well, and three more."""
LOGIN = {
    "step": "preflight.reachable",
    "user": "operator",
    "become": True,
    "method": "publickey",
    "key": f"SHA256:{'k' * 43}",
    "key_name": "a.rossi@example.test",
    "from_agent": True,
    "host_key": f"SHA256:{'h' * 43}",
}
STATE = {"owner": "root", "group": "apache", "mode": "0640", "size": 9120, "sha256": "d" * 64}
CONF = "/etc/httpd/conf.d/ocsinventory-server.conf"
SAYS = "<resource id='httpd' role='Started' active='true' orphaned='false' node='neteye01'/>\n"
REASON = (
    "all five nodes have it: neteye01 4.26-1, neteye02 4.26-1, neteye03 4.26-1, neteye04 4.26-1;"
    " what the vendor's command said and what the packages say agree on every one of them"
)
RUN = "20261102T000000Z-neteye.example.test-0f1e"
GAPS = ("httpd", "OCS endpoint", "MariaDB", "cluster address", "Elasticsearch", "web")


def items(size: Size = FIVE) -> list[StepItem]:
    """Every step of an upgrade of that cluster, in running order."""
    found = []
    folders = [ROOT / "runbook" / "phases", ROOT / "runbook" / "to_4_26"]
    paths = sorted((p for f in folders for p in f.glob("test_*.py")), key=lambda p: p.name)
    for path in paths:
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for mark in filter(None, map(mark_of, vars(module).values())):
            if Scope.UPGRADE not in mark.scopes:
                continue
            rounds = size.rounds if "round" in mark.each else [None]
            nodes = size.operative if "node" in mark.each else [None]
            found += [StepItem(mark, r, n) for r, n in itertools.product(rounds, nodes)]
    return found


def attempt(size: Size = FIVE, **fields: Any) -> list[dict[str, Any]]:
    """The events of its only run, numbered as the journal's lines."""
    told = {
        "nodes": dict.fromkeys(size.operative, "operative")
        | dict.fromkeys(size.elastic, "elastic_only"),
        "guide": dict(RELEASE.guide),
        "fallback": "snapshots of all nodes, taken by the virtualisation team at 21:30",
        "announced": "105 minutes (30 + 15 for each of 5 nodes)",
        "no_return": RELEASE.no_return,
        "reached": {
            node: {
                "address": f"192.0.2.{i}",
                "port": 22,
                "line": i,
                "user": "operator",
                "become": True,
            }
            for i, node in enumerate(size.nodes, 1)
        },
        **fields,
    }
    events = list(_events(told, size))
    return [{**one, "run": RUN, "seq": number} for number, one in enumerate(events, 1)]


def four_runs() -> tuple[list[Any], list[Any]]:
    """Killed, stopped, gone on with, and one that only looks: the earlier ones, the last one."""
    whole, hour = attempt(), 3600.0
    ends = (len(whole) // 3, len(whole) // 2, len(whole), len(whole))
    laters = (0.0, 4 * hour, 8 * hour, 32 * hour)
    *earlier, own = (
        of_run(f"{RUN}-{number}", whole[:end], later)
        for number, (end, later) in enumerate(zip(ends, laters, strict=True), 1)
    )
    return [event for run in earlier for event in run], own


def _witnessed(moment: str, at: float, line: int, size: Size) -> dict[str, Any]:
    """One node did not take it."""
    stamp = {
        "file": f"timestamps/{line:04}-{moment}.tsr",
        "sha256": "e" * 64,
        "time": "2026-11-02 00:00:02 UTC",
        "by": "C=IT, O=Time stamps of the province/CN=TSA of the province, unit 1",
        "is_checked": True,
    }
    told = {"line": line, "head": "d" * 64, "nodes": size.nodes[:-1], "stamp": stamp}
    missing = {size.voting: "logger: socket /dev/log: No such file or directory"}
    return event("witnessed", at, step="", moment=moment, missing=missing, **told)


def _events(told: dict[str, Any], size: Size) -> Iterator[dict[str, Any]]:
    steps = items(size)
    yield started(**told)
    yield event("steps", 0.5, steps=[_collected(step) for step in steps])
    yield event("attempt-opened", 0.6, attempt=RUN)
    for node in size.nodes:
        yield event("login", 0.6, node=node, **LOGIN)
    yield journals.machines(*size.nodes)
    yield event("lock-taken", 0.6, generation=1)
    yield _witnessed("begun", 0.65, 14, size)
    for target in GAPS:
        yield event("probing", 0.7, target=target, state="began", ways=["https://192.0.2.10/"])
        yield event("probing", 0.8, target=target, state="answers", way="https://192.0.2.10/")
    for number, step in enumerate(steps, 1):
        if step.name == f"{RELEASE.no_return}[1]":
            yield _witnessed("no-return", 40.0 * number, 812, size)
        yield from _of_step(step, 40.0 * number, size)
    end = 40.0 * len(steps) + 60
    yield from _facts(end, size)
    after = {"versions": dict.fromkeys(size.nodes, "4.26"), "cluster": {"fencing": "on"}}
    yield event(
        "fact", end, step="closing.state", name="state-after", **_state("4.26", size) | after
    )
    changed = [
        {"name": f"neteye-{i}", "before": "4.25-1", "after": "4.26-1", "nodes": list(size.nodes)}
        for i in range(40)
    ]
    yield event("fact", end, step="closing.state", name="packages-changed", changes=changed)
    for target in GAPS:
        yield event("probing", end, target=target, state="ended", questions=int(end))
    yield event("attempt-closed", end, attempt=RUN, by="done")
    yield _witnessed("ended", end + 0.5, 4711, size)
    yield event("run-ended", end + 1, outcome="done", exit_code=0)


def _facts(at: float, size: Size) -> Iterator[dict[str, Any]]:
    """Backup, password and loss, as the version step puts them on record."""
    places = [
        {**STATE, "node": node, "path": f"/etc/httpd/conf.d/{name}.29112026.bak"}
        for node in size.operative
        for name in ("ocsinventory-server.conf", "ocsinventory-server-restapi.conf")
    ]
    yield event(
        "fact", at, step="backup.proved", name=BACKUP, of="ocsweb.memories", node=N, size=32_324,
        file="/var/lib/neteye-runbook/attempts/x/backups/ocsweb.memories.sql.gz", sha256="e" * 64,
        taken="2026-11-02T00:30:00+00:00", proved="restored and compared: 3205 rows, checksum 6914",
        restore="gzip -dc /var/lib/neteye-runbook/x.sql.gz | mysql ocsweb", restore_on="on N",
        brings=["the rows", "the type of the column: varchar(255)"], leaves=["what came since"],
        places=places[:1],
    )  # fmt: skip
    yield event(
        "fact", at, step="verification.ocs_server", name=PASSWORD, of="ocsweb's password",
        what="It was moved from both files into one.", lies_in=places[:1], old_copies=places,
        searched="/etc/httpd/conf.d on all operative nodes",
    )  # fmt: skip
    for node in size.operative:
        files = [{"path": f"{CONF}{end}", "lies_in": f"{CONF}.{kept}"} for end, kept in
                 (("", "02112026.bak"), (".rpmnew", "package-default"))]  # fmt: skip
        name = f"{OLD_FILES}{node}"
        yield event("fact", at, step="migration.files[1]", name=name, node=node, files=files)
    for state, step in (("expected", "preflight.capacity"), ("observed", "verification.memories")):
        yield event(
            "loss", at, step=step, state=state, of="memories.CAPACITY", count=232, total=3205,
            what="values that are no integers become NULL", where="outputs/0041-capacity.csv",
        )  # fmt: skip


def _state(version: str, size: Size) -> dict[str, Any]:
    return {
        "versions": dict.fromkeys(size.nodes, version),
        "nodes": dict.fromkeys(size.nodes, "online"),
        "resources": {f"resource-{i}": f"Started on {N}" for i in range(30)},
        "cluster": {"fencing": "on", "quorum": "yes"},
    }


def _collected(step: StepItem) -> dict[str, Any]:
    name, guide = step.name, list(step.mark.guide)
    intent = "What this step is for, in one sentence of its own, as its docstring has it."
    return {
        "name": name,
        "of": step.mark.name,
        "node": step.node,
        "guide": guide,
        "intent": intent,
        "nodeid": "x",
    }


def _of_step(step: StepItem, begin: float, size: Size) -> Iterator[dict[str, Any]]:
    name = step.name
    is_idle = step.round is not None and step.round > 2
    yield event("step-started", begin, step=name, node=step.node)
    if name == "baseline.recorded":
        yield event("fact", begin + 1, step=name, name="state-before", **_state("4.25", size))
    for number in range(0 if is_idle else 8):
        node = size.nodes[number % len(size.nodes)]
        text = {"text": SAYS * 12}
        yield asked(begin + number, step=name, node=node, question="its resources", output=text)
    if not is_idle:
        yield from _happens(step, begin + 10, size)
    for row in () if is_idle else step.mark.guide:
        state = {"G08": "open", "G26": "not needed"}.get(row, "fulfilled")
        yield event("row", begin + 20, step=name, row=row, state=state, reason=REASON)
    outcome = "not needed" if is_idle else "done"
    reason = "the upgrade was done with round 2" if is_idle else REASON
    yield event(
        "step-ended", begin + 30, step=name, name=name, node=step.node, outcome=outcome,
        guide=list(step.mark.guide), started=event("x", begin)["time"], seconds=30.0, reason=reason,
    )  # fmt: skip


def _happens(step: StepItem, at: float, size: Size) -> Iterator[dict[str, Any]]:
    """Findings of the beginning, changes and gaps of what follows it."""
    name, mark = step.name, step.mark.name
    if mark == "preflight.kernels":
        yield _finding(at, name, "reboot-needed", "warn")
    elif mark == "preflight.capacity":
        yield _finding(at, name, "capacity-dirty", "warn")
    elif mark == "preflight.normal":
        accepted = {"by": "A. Rossi", "reason": "switched off since March, see CHG-17"}
        yield _finding(at, name, "resource-disabled", "block", {**accepted, "until": ""})
    elif mark in ("update.run", "upgrade.run"):
        yield from _long_command(step, at, size)
    elif step.node is not None or mark in ("reactivation.unstandby", "reactivation.fencing"):
        for number in range(3):
            yield from _change(step, at + number, number)


def _finding(at: float, name: str, code: str, severity: str, accepted: Any = None) -> Any:
    return event(
        "finding", at, step=name, code=code, severity=severity, subject=SECOND, accepted=accepted,
        observed="kernel 4.18.0-553 runs, 4.18.0-570 is installed", expected="the newest one runs",
        remedy=f"Restart {SECOND} when the upgrade is over.", guide=["G25"],
    )  # fmt: skip


def _change(step: StepItem, at: float, number: int, **more: Any) -> Iterator[dict[str, Any]]:
    key = f"{step.name}/{number}"
    path = f"/etc/httpd/conf.d/a{number}.conf"
    files = [path] if step.mark.name == "migration.files" else []
    told = (
        [{"path": path, "before": STATE, "after": {**STATE, "sha256": "e" * 64}}] if files else []
    )
    yield event(
        "intent", at, step=step.name, key=key, node=step.node or N, what="a setting is written",
        command="python3 -c 'import sys; write(sys.argv)' /etc/httpd/conf.d/a.conf " * 3,
        repeatable=True, detached=None, opens=[], files=files, **more,
    )  # fmt: skip
    yield event(
        "result", at + 0.5, step=step.name, key=key, node=step.node or N, outcome="ok", code=0,
        seconds=0.5, reason="", closes=[], output={"text": ""}, files=told,
    )  # fmt: skip
    for each in files:
        yield event(
            "attachment", at + 0.6, step=step.name, name=f"what changed in {each} on {step.node}",
            about=IN_CONFIGURATION, node=step.node or N, path=each,
            output={"text": "-old\n+new\n" * 20},
        )  # fmt: skip


def _long_command(step: StepItem, at: float, size: Size) -> Iterator[dict[str, Any]]:
    intent, result = _change(step, at, 0)
    command = "neteye update" if step.mark.name == "update.run" else "neteye upgrade"
    opens = [{"kind": "fencing", "subject": "cluster", "former": "enabled"}]
    yield {**intent, "what": command, "command": command, "detached": "c", "opens": opens}
    yield status(at + 1, step.name)
    yield lasting(at + 2, at + 1, state="off")
    for node in size.operative[1:]:
        yield lasting(at + 3, at + 1, node, "entered")
    for number, target in enumerate(GAPS[:4]):
        since, until = event("x", at + 4 + number)["time"], event("x", at + 6 + number)["time"]
        gap = {"target": target, "since": since, "why": "Connection refused", "unseen": False}
        yield event("service-gap", at + 6 + number, state="began", **gap)
        ended = {"until": until, "seconds": 2.0, "steps": [step.name]}
        yield event("service-gap", at + 6 + number, state="ended", **gap, **ended)
    yield from looks(step.name, at + 10, 10)
    for node in size.operative[1:]:
        yield lasting(at + 14, at + 12, node, "left")
    yield lasting(at + 15, at + 12, state="on")
    yield {
        **result, "time": event("x", at + 16)["time"], "seconds": 16.0,
        "closes": [["fencing", "cluster"]], "output": {"text": SAYS * 10},
    }  # fmt: skip
