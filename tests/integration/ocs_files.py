"""The two OCS files on a cluster's nodes, read past the runbook and its reader of such files."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from tests.httpd_view import by_group, follow
from tests.integration.clusters import TestCluster

SERVER = "/etc/httpd/conf.d/ocsinventory-server.conf"
RESTAPI = "/etc/httpd/conf.d/ocsinventory-server-restapi.conf"
FILES = (SERVER, RESTAPI)
SOURCE, TARGET = "4.25", "4.26"


@dataclass(frozen=True)
class Kept:
    """A file on a node: content and what `ls` says of it."""

    content: bytes
    owner: str

    @property
    def text(self) -> str:
        return self.content.decode()


def kept(cluster: TestCluster, node: str, path: str) -> Kept:
    encoded = cluster.shell(node, 'base64 -w0 -- "$1"', path)
    owner = cluster.shell(node, 'stat -c "%U:%G %a" -- "$1"', path)
    return Kept(base64.b64decode(encoded), owner.strip())


def all_kept(cluster: TestCluster) -> dict[tuple[str, str], Kept]:
    """(node, path) -> the file, on every operative node."""
    nodes = [node.short for node in cluster.topology.operative]
    return {(node, path): kept(cluster, node, path) for node in nodes for path in FILES}


def packaged(cluster: TestCluster, version: str, path: str) -> bytes:
    """The file as the newest package of that version brings it, out of the repository."""
    script = (
        'rpm=$(ls /srv/repo/"neteye-$1"/ocsinventory-server-[0-9]*.rpm | sort -V | tail -n 1);'
        ' rpm2archive - < "$rpm" | tar -xzO ".$2" | base64 -w0'
    )
    return base64.b64decode(cluster.shell(cluster.active, script, version, path))


def variable_of(cluster: TestCluster) -> str:
    settings = json.loads(cluster.read(cluster.active, "/etc/neteye-rehearsal/settings.json"))
    return str(settings["credentials_variable"])


def assert_migrated(cluster: TestCluster, before: dict[tuple[str, str], Kept]) -> None:
    """Each node has its own edits in the package's new files, and its old files beside them."""
    passwords = cluster.read(cluster.active, "/root/.pwd_ocsserver").strip()
    for (node, path), old in before.items():
        where = f"{node}:{path}"
        now = kept(cluster, node, path)
        default, new = (packaged(cluster, version, path) for version in (SOURCE, TARGET))
        assert by_group(now.text) == follow(old.text, default.decode(), new.decode()), where
        assert passwords in old.text, where
        assert passwords not in now.text, where
        assert now.owner == old.owner, where
        names = cluster.shell(node, 'ls -d -- "$1".*', path).split()
        assert len(names) == 1, names
        assert names[0].endswith(".bak"), names
        assert kept(cluster, node, names[0]) == old, where


def assert_httpd_takes_them(cluster: TestCluster, variable: str) -> None:
    """`httpd -t` on every operative node, with the variable that httpd's unit gives it."""
    for node in cluster.topology.operative:
        script = 'export "$1=word"; httpd -t 2>&1'
        said = cluster.shell(node.short, script, variable)
        assert "Syntax OK" in said, said
        assert "AH0" not in said, said
