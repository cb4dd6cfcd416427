"""`--plan --snapshot` of a cluster: no trace on it, no name of it, and the same from the record."""

from __future__ import annotations

import ipaddress
import json
import re
import tarfile
from dataclasses import dataclass
from typing import Any

import pytest

from engine import cli
from tests.evidence.schemas import problems
from tests.integration.clusters import TestCluster
from tests.integration.effects import without_effect
from tests.integration.invocation import Project, Ran
from tests.integration.secrets_of import passwords_of
from tests.secrets.forms import exposed

pytestmark = pytest.mark.integration

SITE = "/etc/httpd/conf.d/acme-portal.conf.rpmnew"
REALM = "Inventar der ACME Kunde"
_EDITED = "/etc/httpd/conf.d/ocsinventory-server.conf"


@dataclass(frozen=True)
class Taken:
    """A plan with a snapshot, of a cluster with names of somebody in some places."""

    ran: Ran
    index: str
    text: str
    document: dict[str, Any]


@pytest.fixture(scope="module")
def taken(small: TestCluster, project: Project) -> Taken:
    text = small.read(small.active, _EDITED)
    named = text.replace("AuthName", f'AuthName "{REALM}"\n#', 1)
    small.run(small.active, ("touch", SITE))
    attribute = ("crm_attribute", "-N", small.node_name(0), "-n", "acme-raum")
    small.is_spoilt = True
    small.run(small.active, (*attribute, "-v", "K7"))
    with small.changed_file(small.active, _EDITED, named), without_effect(small):
        ran = project.run("--inventory", small.inventory, "--plan", "--snapshot")
    small.run(small.active, (*attribute, "-D"))
    small.run(small.active, ("rm", SITE))
    assert ran.directory is not None, ran.console
    with tarfile.open(ran.directory / "snapshot.tar.gz") as archive:
        files = {one.name: archive.extractfile(one) for one in archive.getmembers()}
        index, content = (file.read().decode() for file in files.values() if file is not None)
    assert list(files) == ["index.txt", "snapshot.json"]
    return Taken(ran, index, content, json.loads(content))


def test_a_plan_that_is_blocked_leaves_one_and_says_where(taken: Taken) -> None:
    """The file of the site beside its configuration blocks; what is seen is all the same told."""
    assert taken.ran.code == 10, taken.ran.console
    assert taken.ran.directory is not None
    path = taken.ran.directory / "snapshot.tar.gz"
    assert f"snapshot: {path}, " in taken.ran.console
    assert "read its index.txt before it leaves the house" in taken.ran.console
    assert path.stat().st_size < 100_000
    assert path.stat().st_mode & 0o777 == 0o600
    assert taken.ran.changes == []


def test_it_is_as_the_schema_has_it_and_lacks_nothing(taken: Taken) -> None:
    assert problems("snapshot", taken.document) == []
    assert taken.index.endswith("What could not be had\n- nothing\n")


def test_it_has_the_cluster(taken: Taken, small: TestCluster) -> None:
    cluster, step = taken.document["cluster"], taken.document["step"]
    assert [n["role"] for n in cluster["nodes"]] == [
        *("operative", "operative", "elastic_only", "voting_only"),
    ]
    assert {n["release"] for n in cluster["nodes"]} == {"4.25"}
    assert all(n["memory_mb"] and n["processors"] for n in cluster["nodes"])
    assert [one["known"] for one in cluster["nodes"][0]["leftovers"]] == [False]
    groups = [r["id"] for r in cluster["pacemaker"]["resources"] if r["kind"] == "group"]
    assert {"mariadb_group", "httpd_group"} <= set(groups)
    assert cluster["pacemaker"]["node_attributes"] == {"node-1": {"attribute-1": "value-1"}}
    assert len(step["httpd_files"]) == 4
    assert all(one["default"] for one in step["httpd_files"])
    counted = int(small.sql("SELECT COUNT(*) FROM ocsweb.memories"))
    groups_of_values = step["memories"]["capacity"]
    assert sum(one["rows"] for one in groups_of_values) == step["memories"]["rows"] == counted
    machines = int(small.sql("SELECT COUNT(*) FROM ocsweb.hardware"))
    assert sum(step["memories"]["last_contact_days"].values()) == machines
    literal = {(one["class"], one["literal"]) for one in groups_of_values}
    asked = small.sql("SELECT COUNT(*) FROM ocsweb.memories WHERE BINARY CAPACITY = '4096'")
    rows = sum(one["rows"] for one in groups_of_values if one["literal"] == "4096")
    assert (rows, ("text", "No") in literal) == (int(asked), True)
    shapes = {one["shape"] for one in groups_of_values if one["literal"] == "4096"}
    assert shapes == {"9999"}, "one with zeros before it is told by its shape"


def test_nothing_in_it_names_somebody(taken: Taken, small: TestCluster) -> None:
    """Read by a stranger who looks for the customer."""
    whole = f"{taken.index}\n{taken.text}"
    names = set(small.topology.name.split(".")) | {small.name, REALM, "acme", "portal", "K7"}
    for node in small.topology.nodes:
        names |= {node.name, node.short}
    names |= set(small.sql("SELECT NAME FROM ocsweb.hardware LIMIT 50").split())
    names |= set(small.sql("SELECT DEVICEID FROM ocsweb.hardware LIMIT 50").split())
    words = {word for word in re.split(r"[^\w.-]+", whole.lower()) if word}
    assert sorted(name for name in names if name.lower() in words) == []
    assert "acme" not in whole.lower()
    found = re.findall(r"(?<![\w.-])\d+\.\d+\.\d+\.\d+(?![\w.-])", whole)
    nobodys = ("192.0.2.", "198.51.100.", "203.0.113.", "198.19.0.0", "127.0.0.1")
    assert [one for one in found if not one.startswith(nobodys)] == []
    assert all(ipaddress.ip_address(one) for one in found)


def test_no_password_is_in_it(taken: Taken, small: TestCluster) -> None:
    secrets = passwords_of(small)
    whole = f"{taken.index}\n{taken.text}".encode()
    assert exposed(secrets, [("snapshot", whole)]) == []
    directory = taken.ran.directory
    assert directory is not None
    recorded = [directory / "journal.jsonl", *directory.glob("outputs/*.txt")]
    # nor did what was asked for it bring one to the record
    assert exposed(secrets, ((path.name, path.read_bytes()) for path in recorded)) == []


def test_of_the_same_run_it_is_the_same(taken: Taken, project: Project, small: TestCluster) -> None:
    assert taken.ran.directory is not None
    made = project.directory / "snapshot.tar.gz"
    again = project.run("--inventory", small.inventory, "--snapshot-of", taken.ran.directory)
    assert again.code == 0, again.console
    assert made.read_bytes() == (taken.ran.directory / "snapshot.tar.gz").read_bytes()
    made.unlink()


def test_the_run_is_sealed_with_it_and_judges_as_before(taken: Taken) -> None:
    assert taken.ran.directory is not None
    assert cli.main(["judge", str(taken.ran.directory)]) == 0
    manifest = json.loads((taken.ran.directory / "manifest.json").read_text())
    assert "snapshot.tar.gz" in json.dumps(manifest["files"])
