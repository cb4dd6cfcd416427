"""A snapshot for tests, written by hand, in the form that the runbook writes; parts may differ."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

from rehearsal.like.parsing import parse
from rehearsal.like.snapshot import Snapshot

CONF = "/etc/httpd/conf.d/ocsinventory-server.conf"
SERVICE_TIMES = [
    {"name": "monitor", "interval": "30s", "timeout": "40s"},
    {"name": "start", "interval": "0s", "timeout": "90s"},
    {"name": "stop", "interval": "0s", "timeout": "100s"},
]


def primitive(name: str, agent: str, **more: Any) -> dict[str, Any]:
    """A primitive with the usual operations."""
    own = {"id": name, "kind": "primitive", "meta": {}, "agent": agent, "parameters": {}}
    return {**own, "operations": SERVICE_TIMES, **more}


def group(name: str) -> dict[str, Any]:
    """A service's group, as the product makes it."""
    members = [
        primitive(f"{name}_drbd_fs", "ocf:heartbeat:Filesystem", parameters={"device": "*"}),
        primitive(f"{name}_virt_ip", "ocf:heartbeat:IPaddr2", parameters={"ip": "*", "nic": "*"}),
        primitive(name, f"systemd:{name}"),
    ]
    return {"id": f"{name}_group", "kind": "group", "meta": {}, "members": members}


def node(number: int, role: str, **more: Any) -> dict[str, Any]:
    """A node with nothing that stands out."""
    own: dict[str, Any] = {
        "name": f"node-{number}",
        "role": role,
        "release": "4.25",
        "standby": False,
        "active": number == 1,
        "memory_mb": 32000,
        "processors": 8,
        "file_systems": [{"at": "/", "size_mb": 100000, "free_mb": 80000}],
        "become": "root",
        "through_jump_host": False,
        "forwarding": True,
        "leftovers": [],
        "dnf": {"settings": {}, "repositories": [], "locks": []},
        "programs_missing": [],
    }
    return {**own, **more}


def pacemaker() -> dict[str, Any]:
    """The product's groups, and of the site a group, a clone and constraints."""
    names = ("mariadb", "httpd", "ocsinventory-server", "glpi", "nats-server", "icinga2-master")
    vendor = [group(name) for name in names]
    site = group("service-01")
    clone = {
        "id": "service-02-clone",
        "kind": "clone",
        "meta": {"interleave": "true"},
        "members": [primitive("service-02", "systemd:service-02")],
    }
    fences = [primitive(f"fence-{n}", "stonith:fence_ipmilan") for n in (1, 2)]
    groups = {
        member["id"]: [f"node-{1 + position % 2}"]
        for position, one in enumerate([*vendor, site])
        for member in one["members"]
    }
    return {
        "properties": {"stonith-enabled": "true", "cluster-name": "*", "dc-version": "2.1.2"},
        "resource_defaults": {"resource-stickiness": "200"},
        "operation_defaults": {"timeout": "90s"},
        "resources": [
            *fences,
            primitive("cluster_ip", "ocf:heartbeat:IPaddr2"),
            *vendor,
            site,
            clone,
        ],
        "constraints": [
            {"kind": "location", "id": f"constraint-{n}", "rsc": f"fence-{n}", "node": f"node-{n}"}
            | {"score": "-INFINITY"}
            for n in (1, 2)
        ]
        + [
            {"kind": "order", "id": "constraint-3", "first": "mariadb_group", "then": "glpi_group"}
            | {"order_kind": "Optional"},
            {"kind": "colocation", "id": "constraint-4", "rsc": "service-01_group"}
            | {"with-rsc": "nats-server_group", "score": "100"},
            {"kind": "location", "id": "constraint-5", "rsc": "service-01_group"}
            | {"rules": [{"score": "50", "expressions": [_IS_NODE_1]}]},
            {"kind": "order", "id": "constraint-6"}
            | {"resource_sets": [{"sequential": "false", "resources": ["httpd_group", "glpi"]}]},
        ],
        "fencing_topology": [{"target": "node-1", "index": 1, "devices": ["fence-1"]}],
        "node_attributes": {},
        "node_utilization": {},
        "left_out": {},
        "running": {**groups, "cluster_ip": ["node-1"], "service-02": ["node-1", "node-2"]},
        "disabled": [],
        "unmanaged": [],
        "failed": [],
        "fail_counts": [],
    }


_IS_NODE_1 = {"attribute": "#uname", "operation": "eq", "value": "node-1"}


def step() -> dict[str, Any]:
    """The part of the version step: two files that are no more than a password and a setting."""
    text = '# comment\nPerlSetEnv OCS_DB_USER ocsserver\nPerlSetVar OCS_DB_PWD "@PASSWORD@"\n'
    places = [{"node": f"node-{n}", "path": CONF} for n in (1, 2)]
    return {
        "modules": {"asset": True, "siem": False},
        "httpd_files": [
            {**place, "text": text, "line_ends": ends, "mode": "640", "default": text}
            | {"password_problem": False}
            for place, ends in zip(places, ("lf", "crlf"), strict=True)
        ],
        "credentials": [
            {"length": 14, "classes": ["lower", "upper", "digit", "punctuation"], "on": places}
        ],
        "memories": {
            "table": "table",
            "column": "varchar(255)",
            "rows": 405,
            "machines": 100,
            "orphans": 5,
            "others": 0,
            "capacity": [
                _capacity("integer", None, "", "8192", 300),
                _capacity("text", "OCS-NG_unified_unix_agent_v2.1.1", "aa", "No", 60),
                _capacity("leading number", "agent-1", "999 aa", None, 30),
                _capacity("null", None, "", None, 10),
                _capacity("blank", None, "", None, 5) | {"known": False},
            ],
            "agents": [
                {"agent": "OCS-NG_unified_unix_agent_v2.1.1", "machines": 20},
                {"agent": "OCS-NG_WINDOWS_AGENT_v2.9.0.0", "machines": 70},
                {"agent": "agent-1", "machines": 10},
            ],
            "last_contact_days": {"0": 80, "3": 15, "never": 5},
        },
        "glpi_servers": [
            {"active": True, "standard": True, "user": "glpi_ocsinventoryng"}
            | {"host": "mariadb.neteyelocal", "database": "ocsweb", "connection": "database"}
            | {"password": "stored"},
            {"active": False, "standard": False, "user": "user-1", "host": "host-1"}
            | {"database": "database-1", "connection": "soap", "password": "none"},
        ],
        "glpi_plugin": {"version": "1.7.0", "state": 1},
    }


def _capacity(
    kind: str, agent: str | None, shape: str, literal: str | None, rows: int
) -> dict[str, Any]:
    told = {"class": kind, "agent": agent, "known": True, "shape": shape}
    return {**told, "literal": literal, "rows": rows}


def content() -> dict[str, Any]:
    """The whole of it: two operative nodes, one of Elastic only, one that votes."""
    nodes = [node(1, "operative"), node(2, "operative")]
    nodes += [node(3, "elastic_only"), node(4, "voting_only")]
    drbd = [{"name": "mariadb", "nodes": ["node-1", "node-2"], "primary": "node-1"}]
    return copy.deepcopy(
        {
            "schema": "neteye-snapshot/1",
            "source": "4.25",
            "target": "4.26",
            "runbook": "0" * 64,
            "made": "2026-12-01",
            "cluster": {
                "nodes": nodes,
                "packages": {
                    "named": {"neteye": {"4.25-2.neteye": ["node-1", "node-2"]}},
                    "others": {"node-1": 812},
                },
                "pacemaker": pacemaker(),
                "drbd": [{**one, "diskless": ["node-4"]} for one in drbd],
                "quorum": {"qdevice": True, "expected": 3, "votes": {"node-1": 1}},
                "names": {"services": {"httpd": "vendor"}},
            },
            "step": step(),
        }
    )


def snapshot(changed: dict[str, Any] | None = None) -> Snapshot:
    """As it is read; `changed`: instead of `content()`."""
    found = content() if changed is None else changed
    return parse(found, hashlib.sha256(json.dumps(found).encode()).hexdigest())


def packed(found: object, **members: bytes) -> bytes:
    """The archive; `members` are put in besides, `index_txt` and `snapshot_json` instead."""
    texts = {"index_txt": b"what is inside\n", "snapshot_json": json.dumps(found).encode()}
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, text in {**texts, **members}.items():
            member = tarfile.TarInfo(name.replace("_", "."))
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return file.getvalue()


def written(path: Path, found: object | None = None) -> Path:
    """The archive as a file."""
    path.write_bytes(packed(content() if found is None else found))
    return path
