"""What a run that changes nothing leaves as it was, read on the nodes past the runbook."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.integration.clusters import TestCluster

COUNTS = "/var/lib/neteye-rehearsal-counts"
CHANGING = ("neteye-update", "neteye-upgrade", "neteye_secure_install")
FINALISE = "neteye_finalize_installation"

# one round trip a node; every part is text that two looks compare
_NODE = r"""
cat /etc/neteye-release /etc/profile.d/neteye-DNF.sh
rpm -qa | LC_ALL=C sort
cd /var/lib/neteye-rehearsal-counts 2>/dev/null && cat -- neteye-up* neteye_* 2>/dev/null || true
test ! -e /etc/neteye-rehearsal/harmed || echo harmed
find /etc /root -xdev -type f -newermt 2000-01-01 ! -path '*/.bash_history' -printf '%p %s %T@\n' |
  LC_ALL=C sort
find /neteye/shared/httpd/conf -type f -exec sha256sum {} + 2>/dev/null | LC_ALL=C sort || true
"""
_RECORDS = r"""
test ! -d /var/lib/neteye-runbook ||
  find /var/lib/neteye-runbook -type f ! -name lock ! -name .flock ! -name lock.new \
    ! -name runs \
    -printf '%P %s\n' | LC_ALL=C sort
"""
_TABLES = "ocsweb.memories, ocsweb.hardware, glpi.glpi_plugin_ocsinventoryng_ocsservers"


@dataclass(frozen=True)
class Snapshot:
    """Two equal ones: nothing was changed between them."""

    nodes: dict[str, str]
    records: str
    """Attempts, baselines, journals on N; the lock and who took it are bookkeeping, left out."""
    cib: str
    database: str

    def assert_same(self, later: Snapshot) -> None:
        """Compare part by part, so that a failure names the part."""
        assert later.records == self.records, "the records on N have changed"
        assert later.cib == self.cib, "pacemaker's configuration has changed"
        assert later.database == self.database, "the database has changed"
        for node, seen in self.nodes.items():
            before, after = set(seen.splitlines()), set(later.nodes[node].splitlines())
            assert after == before, f"{node} has changed: {sorted(before ^ after)}"


def snapshot(cluster: TestCluster) -> Snapshot:
    """Look at all nodes at once."""
    with ThreadPoolExecutor() as pool:
        texts = pool.map(lambda node: cluster.shell(node, _NODE), cluster.shorts)
        nodes = dict(zip(cluster.shorts, texts, strict=True))
    return Snapshot(
        nodes=nodes,
        records=cluster.shell(cluster.active, _RECORDS),
        cib=configuration(cluster),
        database=_database(cluster),
    )


@contextmanager
def nothing_changes(cluster: TestCluster) -> Iterator[None]:
    """What runs inside leaves the cluster as it is; if not, the next user gets a reset."""
    before, was_spoilt = snapshot(cluster), cluster.is_spoilt
    cluster.is_spoilt = True
    yield
    before.assert_same(snapshot(cluster))
    cluster.is_spoilt = was_spoilt


def configuration(cluster: TestCluster) -> str:
    """The CIB without what pacemaker itself writes all the time (status, num_updates)."""
    text = cluster.run(cluster.active, ("cibadmin", "--query"))
    epochs = re.findall(r'\b(?:admin_)?epoch="\d+"', text.partition(">")[0])
    return " ".join(sorted(epochs)) + text[text.index("<configuration") : text.index("<status")]


def _database(cluster: TestCluster) -> str:
    script = 'mysql --batch -N -e "CHECKSUM TABLE $1; SHOW DATABASES" 2>&1 || true'
    return "".join(
        cluster.shell(node.short, script, _TABLES) for node in cluster.topology.operative
    )


def starts(cluster: TestCluster, command: str) -> dict[str, int]:
    """Node -> how often a neteye command was started there."""
    script = 'cat "$1" 2>/dev/null | wc -l'
    return {
        node: int(cluster.shell(node, script, f"{COUNTS}/{command}")) for node in cluster.shorts
    }
