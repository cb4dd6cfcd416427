"""A made-up plan of a made-up customer's cluster, as its record has it: names in every answer."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from engine.queries.access import LOGINS
from engine.queries.identity import WHO
from engine.queries.machine import (
    FILE_SYSTEMS,
    LEFTOVERS,
    MEMORY,
    PACKAGES,
    PROCESSORS,
)
from engine.queries.neteye import DRBD, VERSION
from engine.queries.pacemaker import CIB, QUORUM, STATUS
from engine.queries.packages import PENDING, package_state, repository_state
from engine.queries.rows import write_rows
from engine.report.evidence_files import Evidence
from engine.snapshot.dnf import MAIN
from engine.snapshot.writing import write_snapshot
from engine.verify import GENESIS, digest
from runbook.to_4_26.memories.table import TABLES
from runbook.to_4_26.names import CONF_FILES
from runbook.to_4_26.release import RELEASE
from runbook.to_4_26.snapshot import questions
from tests.snapshot.texts import BESIDE, CONF, CONFIGURATION, DRBD_OF, RESTAPI, STATUS_NOW

DOMAIN = "acme-kunde.example"
NODES = {
    f"berlin01.{DOMAIN}": "operative",
    f"berlin02.{DOMAIN}": "operative",
    f"suche01.{DOMAIN}": "elastic_only",
    f"zeuge01.{DOMAIN}": "voting_only",
}
N, OTHER, ELASTIC, VOTING = NODES
ADDRESSES = {node: f"10.20.30.{number}" for number, node in enumerate(NODES, 11)}


def definition() -> str:
    def entry(node: str, number: int) -> dict[str, Any]:
        short = node.partition(".")[0]
        return {
            "addr": ADDRESSES[node],
            "hostname": f"{short}.neteyelocal",
            "hostname_ext": node,
            "id": number,
        }

    return json.dumps(
        {
            "Hostname": f"neteye.{DOMAIN}",
            "ClusterIp": "10.20.30.100",
            "ClusterCIDR": 24,
            "ClusterInterface": "bond0.77",
            "Nodes": [entry(N, 1), entry(OTHER, 2)],
            "ElasticOnlyNodes": [entry(ELASTIC, 3)],
            "VotingOnlyNode": entry(VOTING, 4),
        },
        indent=2,
    )


def who(node: str) -> str:
    short = node.partition(".")[0]
    cluster = "\n".join(f"cluster {line}" for line in definition().splitlines())
    return (
        f"who-i-am\nid {'a6c0fe543f4debc5561a4c95ba3235e' + str(list(NODES).index(node))}\n\n"
        f"hostname {short}.neteyelocal\n\nstatic {short}.neteyelocal\n\n"
        f"resolved {ADDRESSES[node]} {short}.neteyelocal {short} {node}\n"
        f"addresses {ADDRESSES[node]} 172.16.9.{list(NODES).index(node)} fd00:77::1\n"
        f"member {short}.neteyelocal\n"
        "system edd0bbe7-b488-4cfb-ac80-93b3fc14b1ab/41661\n"
        f'release "Red Hat Enterprise Linux 8.6 (Ootpa)"\n{cluster}\n'
    )


def _observed(node: str, question: str, text: str, **more: Any) -> dict[str, Any]:
    return {
        "event": "observation",
        "step": "preflight.made-up",
        "node": node,
        "question": question,
        "command": f"{question} of {node}",
        "code": 0,
        "seconds": 0.1,
        "time": "2026-11-30T20:00:01.000Z",
        "output": {"text": text},
        **more,
    }


def rows_answer(question: str, *rows: Mapping[str, Any]) -> dict[str, Any]:
    """What the database said."""
    text = write_rows(rows)
    return _observed(OTHER, question, text, rows=len(rows))


def begun() -> dict[str, Any]:
    return {
        "event": "run-started",
        "run": "20261130T200000Z-neteye-ab12",
        "time": "2026-11-30T20:00:00.000Z",
        "mode": "plan",
        "scope": "upgrade",
        "cluster": f"neteye.{DOMAIN}",
        "environment": "production",
        "source": "4.25",
        "target": "4.26",
        "operator": "m.mustermann",
        "by": "Martina Mustermann",
        "host": "leitstand7",
        "change_id": "CHG0047110815",
        "fallback": "Snapshots der Maschinen durch Team Virtualisierung",
        "inventory": "/home/m.mustermann/acme/prod.ini",
        "nodes": dict(NODES),
        "runbook": "4e221610265e6fcf377e879311710e4c6714bed32b91ce509b03dbb624dde505",
        "reached": {
            node: {
                "address": ADDRESSES[node],
                "port": 2222,
                "line": 4,
                "user": "svc-upgrade",
                "become": True,
                "key_file": "/home/m.mustermann/.ssh/acme_ed25519",
                "by": ["-J", "sprungbrett.acme-kunde.example"],
            }
            for node in NODES
        },
    }


@dataclass
class Recording:
    """The events; each variant of them is a copy."""

    directory: Path
    begun: dict[str, Any] = field(default_factory=begun)
    events: list[dict[str, Any]] = field(default_factory=lambda: list(_events()))

    def evidence(self) -> Evidence:
        events = [self.begun, *self.events]
        return cast(
            "Evidence",
            SimpleNamespace(directory=self.directory, own=[self.begun], journal=events),
        )

    def archive(self) -> Path:
        """The snapshot of it; raises what making it raises."""
        path = self.directory / "snapshot.tar.gz"
        write_snapshot(self.evidence(), RELEASE, path)
        return path

    def written(self, directory: Path) -> Path:
        """A run's directory with it, its lines chained; of a run that was killed: no seal."""
        for part in ("outputs", "backups", "earlier"):
            (directory / part).mkdir(parents=True)
        lines, previous = [], GENESIS
        for number, event in enumerate([self.begun, *self.events], 1):
            head = {"schema": 1, "run": self.begun["run"], "seq": number, "prev": previous}
            whole = {**head, "time": "2026-11-30T20:00:00.000Z", **event}
            lines.append(json.dumps(whole, ensure_ascii=False))
            previous = digest(lines[-1].encode())
        journal = directory / "journal.jsonl"
        journal.write_text("".join(f"{line}\n" for line in lines))
        return directory

    def with_text(self, place: int, text: str) -> Recording:
        """The same with another answer at this place of `events`."""
        events = list(self.events)
        events[place] = {**events[place], "output": {"text": text}}
        return Recording(self.directory, self.begun, events)

    def with_begun(self, changed: dict[str, Any]) -> Recording:
        return Recording(self.directory, copy.deepcopy(changed), self.events)


def _events() -> Iterator[dict[str, Any]]:
    for node, role in NODES.items():
        yield _observed(node, WHO.name, who(node))
        yield _observed(node, VERSION.name, "NetEye release 4.25\n")
        yield _observed(node, FILE_SYSTEMS.name, _DF)
        yield _observed(node, MEMORY.name, "MemTotal: 16384000 kB\nMemAvailable: 8192000 kB\n")
        yield _observed(node, PROCESSORS.name, "8\n")
        yield _observed(node, LEFTOVERS.name, _LEFTOVERS)
        yield _observed(node, MAIN, _DNF_CONF)
        beside = package_state(RELEASE.repository, parts=PENDING)
        yield _observed(node, beside.name, BESIDE)
        hiding = repository_state(RELEASE.repository, str(RELEASE.target))
        yield _observed(node, hiding.name, BESIDE)
        if role != "elastic_only":
            yield _observed(node, DRBD.name, DRBD_OF[role])
        if role == "operative":
            yield _observed(node, PACKAGES.name, _PACKAGES)
            yield _observed(node, QUORUM.name, _QUORUM)
            yield _observed(node, RELEASE.snapshot.programs.name, "cmp\ngeheimprogramm\n")
            for path, text in zip(CONF_FILES, (RESTAPI, CONF), strict=True):
                seen = questions.conf_seen("640", text, path, b"key of this run")
                yield _observed(node, questions.name_of_file(path), questions.record_of(seen))
                if node == N:
                    name = questions.name_of_default(path)
                    yield _observed(node, name, questions.record_of(seen))
    yield _observed(N, LOGINS, f"{OTHER}\t0\t\n")
    yield _observed(N, STATUS.name, STATUS_NOW)
    yield _observed(N, CIB.name, CONFIGURATION)
    yield {"event": "socket-reached", "node": OTHER, "by": "relay", "socket": "/run/x.sock"}
    yield rows_answer(
        TABLES.name,
        {
            "database_name": "ocsweb",
            "table_name": "memories",
            "kind": "BASE TABLE",
            "column_name": "ID",
        },
    )
    yield rows_answer(questions.COLUMN.name, {"column_type": "varchar(255)", "is_nullable": "YES"})
    yield rows_answer(
        questions.SIZES.name,
        {"values_count": 10_000_000, "machines_count": 1_000_000, "orphans_count": 5},
    )
    yield rows_answer(
        questions.AGENTS.name,
        {"agent": "OCS-NG_unified_unix_agent_v2.1.1", "machines_count": 600_000},
        {"agent": "Agent der ACME Kunde AG", "machines_count": 400_000},
        {"agent": None, "machines_count": 3},
    )
    yield rows_answer(
        questions.LAST_CONTACTS.name,
        {"days": 0, "machines_count": 120},
        {"days": None, "machines_count": 2},
    )
    yield rows_answer(
        questions.HISTOGRAM.name,
        *(
            {
                "kind": kind,
                "agent": agent,
                "known": 1,
                "shape": shape,
                "literal": literal,
                "values_count": count,
            }
            for kind, agent, shape, literal, count in (
                ("integer", None, "9999", "4096", 9_000_000),
                ("integer", None, "9999", None, 5),
                ("text", "OCS-NG_unified_unix_agent_v2.1.1", "aa", "No", 123),
                ("text", "Agent der ACME Kunde AG", "aaaaaa", None, 7),
                ("leading number", "FusionInventory-Agent_v2.6", "999 aa", "512 MB", 9),
            )
        ),
    )
    yield rows_answer(
        questions.SERVERS,
        {
            "id": 1,
            "is_active": 1,
            "conn_type": 0,
            "host": "mariadb.neteyelocal",
            "login": "glpi_ocsinventoryng",
            "db": "ocsweb",
            "is_stored": 1,
            "is_standard": 1,
        },
        {
            "id": 2,
            "is_active": 0,
            "conn_type": 1,
            "host": "ocs.acme-kunde.example",
            "login": "acme_ocs",
            "db": "ocs_acme",
            "is_stored": 0,
            "is_standard": 0,
        },
    )
    yield rows_answer("state of the GLPI plugin", {"version": "1.7.0", "state": 1})


_DF = """Filesystem 1-blocks Used Available Capacity Mounted on
/dev/mapper/acmevg-root 270553174016 27984596992 80959696896 26% /
/dev/mapper/acmevg-var 270553174016 27984596992 80959696896 26% /var
nas7.acme-kunde.example:/export 12637995008 0 12637995008 0% /mnt/acme-archiv
tmpfs 12637995008 0 12637995008 0% /run/user/1000
"""
_LEFTOVERS = (
    "/etc/httpd/conf.d/ocsinventory-server.conf.rpmnew\0"
    "/etc/httpd/conf.d/acme-portal.conf.rpmnew\0/etc/my.cnf.rpmsave\0"
)
_DNF_CONF = """[main]
gpgcheck=1
best=True
proxy=http://wagner:Geheim!23@proxy.acme-kunde.example:3128
proxy_username=wagner
exclude=kernel* acme-portal*
# von Herrn Wagner am 3.11. gesetzt
user_agent=ACME Kunde AG
"""
_PACKAGES = (
    "neteye\t(none)\t4.25\t1.neteye\tnoarch\n"
    "ocsinventory-server\t(none)\t2.9.0\t1.neteye4.25\tnoarch\n"
    "glpi\t1\t9.5.6\t1.acme\tnoarch\n"
    "acme-portal\t(none)\t3.1\t7\tx86_64\n"
)
_QUORUM = """Quorum information
------------------
Date:             Mon Nov 30 20:00:00 2026
Quorum provider:  corosync_votequorum
Nodes:            2
Node ID:          1
Ring ID:          1.9
Quorate:          Yes

Votequorum information
----------------------
Expected votes:   3
Highest expected: 3
Total votes:      3
Quorum:           2
Flags:            Quorate Qdevice

Membership information
----------------------
    Nodeid      Votes    Qdevice Name
         1          1    A,V,NMW berlin01.neteyelocal (local)
         2          1    A,V,NMW berlin02.neteyelocal
         0          1            Qdevice
"""
