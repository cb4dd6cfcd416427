"""What a standing cluster is like, so that a case can be held to leave it as it found it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rehearsal.reached import reached
from tests.integration.clusters import TestCluster
from tests.matrix.endstate import configuration

# one round trip a node: a line has first what it is about
_NODE = r"""
rpm -qa | LC_ALL=C sort | sed 's/^/package /'
find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /usr -o -path /var \
    -o -name .bash_history -o -name '*.pyc' \) -prune \
  -o -type f -exec sha256sum {} + | sed -E 's/^([0-9a-f]+)  (.*)/file \2 \1/' | LC_ALL=C sort
find /etc /root -xdev \( -type f -o -type l -o -type d \) -printf 'mode %p %M %U %G %l\n' |
  LC_ALL=C sort
find /usr/local /var/lib/neteye-runbook /var/lib/neteye-rehearsal-counts/neteye[-_][fsu]* \
  /system-update -printf 'there %p\n' 2>/dev/null | LC_ALL=C sort
findmnt -rn -o TARGET,SOURCE,OPTIONS | sed 's/^/mounted /' | LC_ALL=C sort
systemctl list-unit-files --no-legend --plain --state=enabled,disabled,masked \
  | awk '{print "unit", $1, $2}'
systemctl list-units --no-legend --plain --state=active --type=service,timer,socket \
  | awk '{print "active", $1}' | grep -Ev 'session-|user@|systemd-|run-r|sshd@' || true
getent hosts | LC_ALL=C sort | sed 's/^/host /'
"""
_SQL = """
CHECKSUM TABLE ocsweb.memories, ocsweb.hardware, glpi.glpi_plugin_ocsinventoryng_ocsservers;
SELECT User, Host, SHA1(authentication_string) FROM mysql.user;
SELECT COLUMN_TYPE, IS_NULLABLE FROM information_schema.COLUMNS WHERE TABLE_NAME = 'memories';
SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES
  WHERE TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys');
"""


@dataclass(frozen=True)
class Picture:
    """Part -> its lines."""

    parts: Mapping[str, frozenset[str]]

    def differences(self, later: Picture) -> list[str]:
        """What is not as in this one, a line each; secrets are checksums."""
        found = []
        for part, before in self.parts.items():
            after = later.parts[part]
            found += [f"{part}: gone: {line}" for line in sorted(before - after)]
            found += [f"{part}: new: {line}" for line in sorted(after - before)]
        return found


def picture(cluster: TestCluster) -> Picture:
    """Look at all nodes at once, past the runbook."""
    with ThreadPoolExecutor() as pool:
        texts = pool.map(lambda node: cluster.shell(node, _NODE), cluster.shorts)
        parts = {f"node {n}": t for n, t in zip(cluster.shorts, texts, strict=True)}
    status = reached(cluster.run(cluster.active, ("crm_mon", "--output-as=xml")))
    parts["placement"] = json.dumps(status.as_json(), sort_keys=True, indent=1)
    parts["configuration"] = configuration(cluster.run(cluster.active, ("cibadmin", "--query")))
    parts["database"] = cluster.sql(_SQL)
    return Picture({part: frozenset(text.splitlines()) for part, text in parts.items()})
