"""A cluster whose N asks an Icinga: the runbook's scripts run for real, curl is a double."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.act.applier import Applier
from engine.act.driving import Applied
from engine.ask.look import Look
from engine.attempt.records import RecordsWriter
from engine.judge.weighing import Judge
from engine.model.answer import Answer
from engine.model.change import Change
from engine.model.finding import Finding
from engine.model.names import names_of
from engine.queries.neteye import DEFINITION
from engine.record.evidence import Evidence
from engine.record.memory import Memory
from engine.record.position import Position
from engine.secrets import Secret
from runbook.cluster import product
from runbook.to_4_26.severities import SEVERITIES
from tests.actions.icinga_curl import CURL, Asking
from tests.engine import kit

PASSWORD = "pa\"s\\s :w#ord'$x"  # all that a shell or curl might read otherwise
USER = "runbook-downtime"
MAY = (
    *("objects/hosts", "objects/services", "objects/downtimes"),
    *("actions/schedule-downtime", "actions/remove-downtime"),
)
CLUSTER = {
    "Hostname": "neteye.example.test",
    "ClusterIp": "192.0.2.100",
    "Nodes": [
        {
            "addr": "10.1.1.1",
            "hostname": "neteye01.neteyelocal",
            "hostname_ext": "ne1.example.test",
        },
        {
            "addr": "10.1.1.2",
            "hostname": "neteye02.neteyelocal",
            "hostname_ext": "ne2.example.test",
        },
        {
            "addr": "10.1.1.3",
            "hostname": "neteye03.neteyelocal",
            "hostname_ext": "ne3.example.test",
        },
    ],
    "ElasticOnlyNodes": [{"addr": "10.1.1.4", "hostname": "neteye04.neteyelocal"}],
    "VotingOnlyNode": {"addr": "10.1.1.5", "hostname": "neteye05.neteyelocal"},
}
_ROOTS = ("/root/", "/neteye/", "/var/lib/icinga2/")


def watched(name: str, *, host: str = "", address: str = "", state: int = 0) -> dict[str, Any]:
    """A host, or a service of `host`, as Icinga's API has it; people were told of its state."""
    common = {"name": name, "state": float(state), "state_type": 1.0, "last_check": 1.5}
    common |= {"acknowledgement": 0.0, "enable_notifications": True}
    return common | ({"host_name": host} if host else {"address": address, "address6": ""})


def usual_hosts() -> list[dict[str, Any]]:
    """Each called another way: by name in another case, short, by an address."""
    return [
        watched("NE1.example.test", address="198.51.100.1"),
        watched("the second", address="10.1.1.2"),
        watched("neteye03", address=""),
        watched("neteye04.neteyelocal", address="10.1.1.4"),
        watched("voting", address="192.0.2.5"),
        watched("cluster", address="192.0.2.100"),
        watched("printer", address="192.0.2.17"),
    ]


class IcingaNode(kit.Node):
    """N with curl, password and CA."""

    def __init__(self, base: Path) -> None:
        answers = {(kit.N, DEFINITION.argv): Answer(0, json.dumps(CLUSTER).encode(), b"", 0.0)}
        super().__init__(base / "records", answers)
        self.base = base
        self.state = base / "icinga.json"
        for folder in ("bin", "root", "neteye/shared/icinga2/data/lib/icinga2/certs"):
            (base / folder).mkdir(parents=True)
        self.curl = base / "bin/curl"
        self.curl.write_text(CURL)
        self.curl.chmod(0o755)
        self.password = base / "root/.pwd_icinga2_runbook_downtime"
        self.password.write_text(f"{PASSWORD}\n")
        self.ca = base / "neteye/shared/icinga2/data/lib/icinga2/certs/ca.crt"
        self.ca.write_text("the CA of Icinga\n")
        hosts = usual_hosts()
        services = [watched("ping", host=host["name"]) for host in hosts]
        self.is_set(
            hosts=hosts,
            services=[*services, watched("load", host="the second", state=2)],
            downtimes=[],
            filters={},
            users={USER: MAY},
            password=PASSWORD,
            number=0,
            requests=[],
        )

    def is_set(self, **changes: Any) -> None:
        before = json.loads(self.state.read_text()) if self.state.exists() else {}
        self.state.write_text(json.dumps(before | changes))

    @property
    def now(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.state.read_text())
        return found

    @property
    def held(self) -> set[tuple[str, str]]:
        return {(one["host_name"], one["service_name"]) for one in self.now["downtimes"]}

    def _reply(self, node: str, argv: tuple[str, ...], stdin: bytes | Secret | None) -> Any:
        if argv[3:4] != ("icinga",):
            return super()._reply(node, argv, stdin)
        assert node == kit.N
        words = [f"{self.base}{word}" if word.startswith(_ROOTS) else word for word in argv]
        done = Asking(self.state).run(words, f"{self.base / 'bin'}:{os.environ['PATH']}")
        real = str(self.base).encode()
        return Answer(
            done.returncode, done.stdout.replace(real, b""), done.stderr.replace(real, b""), 0.0
        )


class _Look(Look):
    """Nobody waits."""

    time = kit.FakeTime()

    def timer(self) -> float:
        return self.time.clock()

    def wait(self, seconds: float) -> None:
        self.time.wait(seconds)


class Bench:
    """Runs of one attempt, one after the other: what they record is handed on, as N does it."""

    def __init__(self, tmp_path: Path, **settings: Any) -> None:
        self.tmp_path = tmp_path
        self.node = IcingaNode(tmp_path)
        self.settings = {"downtime": True, **settings}
        self.events: list[dict[str, Any]] = []
        self.number = 0
        self.begin()

    def begin(self, earlier: list[dict[str, Any]] | None = None, **settings: Any) -> None:
        """Another run, of the same attempt; `earlier` is what is left on record of those before."""
        self.events = self.seen if earlier is None else earlier
        self.number += 1
        where = self.tmp_path / f"run{self.number}"
        self.run = kit.make_run(where, earlier=self.events, **self.settings | settings)
        self.run.release = replace(kit.RELEASE, stages=product.STAGES)
        self.run.judge = Judge(SEVERITIES, ())
        names = replace(names_of(self.run.inventory, None), active=kit.N)
        self.look = _Look(self.run, self.node, names)
        self.look.time = kit.FakeTime()
        self.look.position = Position.NOT_STARTED
        self.records = RecordsWriter(self.node, kit.N, {"who": "test"}, self.look.time.clock)

    @property
    def seen(self) -> list[dict[str, Any]]:
        own = [dict(event) for event in self.run.journal.events] if self.number else []
        return [*self.events, *own]

    def is_now(self, when: datetime) -> None:
        """What the controller's clock says from here on."""
        self.run.now = lambda: when

    def apply(self, step: str, action: Any) -> Applied:
        self.records.acquire()
        self.run.step = step
        applier = Applier(self.run, self.node, self.records, _drop, _drop)
        applied = applier.apply(step, action.generator(look=self.look))
        self.records.release()
        return applied

    def step(self, name: str, function: Any, action: Any) -> Evidence:
        """The step as pytest runs it: its action, then its body."""
        applied = self.apply(name, action) if action is not None else None
        evidence = Evidence(self.run, name, ())
        self.run.step = name
        given = (applied,) if applied is not None else ()
        function(*given, self.look, evidence)
        return evidence

    def changes(self, action: Any) -> list[Change]:
        """What the action would do, each change ending well, without doing it."""
        generator, found = action.generator(look=self.look), []
        try:
            found.append(next(generator))
            while True:
                found.append(generator.send(Answer(0, b"", b"", 0.0)))
        except StopIteration:
            return found

    @property
    def findings(self) -> list[Finding]:
        return [e for e in self.run.journal.events if e["event"] == "finding"]  # type: ignore[misc]

    @property
    def codes(self) -> list[str]:
        return [str(e["code"]) for e in self.run.journal.events if e["event"] == "finding"]

    @property
    def memory(self) -> Memory:
        return self.run.memory


def commands_of(node: IcingaNode) -> Sequence[tuple[str, ...]]:
    """What N was asked of Icinga."""
    return [argv for _, argv in node.asked if argv[3:4] == ("icinga",)]


def _drop(text: str) -> None:
    """There is no console."""
