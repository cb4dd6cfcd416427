"""A cluster whose httpd can be moved: what pcs says takes effect, as pacemaker would let it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from engine.model.answer import Answer
from engine.model.cluster import (
    Cib,
    ClusterStatus,
    FailedAction,
    LocationConstraint,
    NodeAttributes,
    Resource,
)
from engine.model.finding import Finding
from engine.model.names import names_of
from engine.model.query import Asked, Query
from engine.record.run import Run
from runbook.to_4_26 import failover_record
from runbook.to_4_26.failover_record import CONSTRAINT
from runbook.to_4_26.presence import Seen
from runbook.to_4_26.release import RELEASE
from runbook.to_4_26.settings import FAILOVER_PROOF
from tests.engine import kit
from tests.engine.scripted import said
from tests.judge import builders

N, SECOND, THIRD = kit.N, kit.SECOND, kit.THIRD
UNIT = "httpd_group"
BROKEN = Finding("ocs-login-failed", "GET /ocsinventory", "500", "400", "Look at it.", ("G14",))


class Failover:
    """Everything runs on N after the upgrade. `fails`: httpd's start fails on these nodes."""

    def __init__(self, place: Path | None = None) -> None:
        self.at: str | None = N
        self.held: str | None = None
        self.others: list[LocationConstraint] = []
        self.fails: set[str] = set()
        self.broken: set[str] = set()
        self.along: dict[str, str] = {}
        """Resources bound to httpd's group -> where they are."""
        self.blocked = False
        self.fencing = False
        self.disabled = False
        self.standby: set[str] = set()
        self.failures: list[FailedAction] = []
        self.fenced_on_failure: tuple[str, ...] = ()
        self.has_ocs = True
        self.has_database = True
        self.moves: list[str] = []

    def change(self, node: str, argv: tuple[str, ...], stdin: Any) -> Answer:
        assert node == N, "pacemaker is changed from N"
        if argv[:3] == ("pcs", "constraint", "remove"):
            if self.held is None or argv[3:] != (CONSTRAINT,):
                return said(code=1, stderr="Error: Unable to find constraint")
            self.held = None
            return said()
        assert argv[:5] == ("pcs", "constraint", "location", "add", CONSTRAINT)
        resource, where, score = argv[5:]
        assert score == "INFINITY"
        assert resource in (UNIT, *(r.id for r in self.status().resources if r.group == UNIT))
        # pcs replaces what is there for the same resource and node, and what has the same id
        self.others = [c for c in self.others if (c.resource, c.node) != (resource, where)]
        self.held = where
        self._let_pacemaker_move(where)
        return said()

    def _let_pacemaker_move(self, node: str) -> None:
        self.moves.append(node)
        if self.blocked:
            return
        if node in self.fails:
            failure = FailedAction("httpd_start_0", node, "error", 1, "complete", "no such file")
            self.failures.append(failure)
            return
        self.at = node
        self.along = dict.fromkeys(self.along, node)

    def status(self) -> ClusterStatus:
        plain = builders.cluster_status(fencing=self.fencing)
        resources = [
            self._httpd(r) if r.group == UNIT else replace(r, nodes=(N,)) for r in plain.resources
        ]
        resources += [builders.resource(name, where) for name, where in self.along.items()]
        nodes = tuple(replace(n, standby=n.name in self.standby) for n in plain.nodes)
        return replace(
            plain,
            nodes=nodes,
            resources=tuple(resources),
            failures=tuple(self.failures),
            bans=tuple(one for one in self.others if one.forbids),
        )

    def _httpd(self, resource: Resource) -> Resource:
        where = (self.at,) if self.at else ()
        role = "Started" if self.at else "Stopped"
        return replace(
            resource,
            nodes=where,
            role=role,
            active=bool(where),
            blocked=self.blocked,
            group_disabled=self.disabled,
        )

    def cib(self) -> Cib:
        ours = [LocationConstraint(CONSTRAINT, UNIT, self.held, "INFINITY")] if self.held else []
        location = (*self.others, *ours)
        ids = tuple(one.id for one in location)
        nodes = tuple(NodeAttributes(node.name, node.name) for node in self.status().nodes)
        return Cib({}, location, ids, self.fenced_on_failure, nodes)

    def proved(self, look: Any, node: str | None = None) -> Seen:
        """Stands for the proof by use."""
        assert node == self.at, "it is made where httpd runs"
        return Seen([BROKEN] if node in self.broken else [], f"looked at on {node}")

    def look(self, run: Run) -> FailoverLook:
        return FailoverLook(self, run)

    def state(self) -> tuple[str | None, str | None]:
        return self.at, self.held


class FailoverLook:
    """What the actions ask of that cluster, for one run."""

    def __init__(self, world: Failover, run: Run, *, proof: bool = True) -> None:
        self.world, self._run = world, run
        self.memory = run.memory
        self.release = RELEASE
        self.names = names_of(run.inventory, None)
        self.settings = {FAILOVER_PROOF: proof}

    def cluster_status(self) -> ClusterStatus:
        return self.world.status()

    def accepts(self, finding: Finding) -> bool:
        return self._run.judge.accepts(finding)

    def timer(self) -> float:
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Nobody waits for a cluster that is none."""

    def host(self, node: str) -> Any:
        """None of the files is there."""
        return SimpleNamespace(file=lambda path: SimpleNamespace(exists=False))

    def ask(self, node: str, query: Query[Any]) -> Any:
        assert query.name == "cluster configuration"
        return self.world.cib()

    def on_each(self, nodes: Any, what: str, question: Any) -> Asked[Any]:
        assert what == "package ocsinventory-server"
        return Asked(what, dict.fromkeys(nodes, self.world.has_ocs))

    def sql(self, query: Any) -> frozenset[str]:
        return frozenset({"ocsweb"} if self.world.has_database else ())

    def close_ledger(self, kind: str, subject: str, why: str) -> None:
        self._run.record("ledger-closed", step=self._run.step, kind=kind, subject=subject, why=why)


def proved_on(node: str = N) -> dict[str, Any]:
    """The fact that the verification left."""
    return kit.event("fact", name=failover_record.PROVED, node=node)
