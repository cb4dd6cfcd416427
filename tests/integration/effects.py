"""Proof that something has no effect on a cluster: all that lies on its nodes, before and after.

Names, kinds, modes, owners, times and contents of every file below /etc, /neteye, /root and
/var/lib; temporary places; packages; the CIB; every table by its checksum. Login records and logs
(/var/log, the journal) are apart: a look leaves its traces there, as the design says.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.integration.clusters import TestCluster
from tests.integration.snapshot import configuration

PLACES = ("/etc", "/neteye", "/root", "/var/lib", "/tmp", "/var/tmp", "/var/cache", "/srv")

# paths below one of these, or one of these themselves; each with who writes there
CHANGES_BY_ITSELF = {
    "/neteye/shared/mysql/data": "the running MariaDB; its tables are compared by checksums",
    "/var/lib/rpm/rpmdb.sqlite-shm": "shared memory of every reader of the rpm database",
    **dict.fromkeys(
        (f"/var/lib/rpm/__db.00{number}" for number in (1, 2, 3)),
        "the same where rpm has a Berkeley DB, as rpm 4.14 and 4.16 do",
    ),
    "/var/lib/pacemaker/pengine": "pacemaker at each of its own transitions, every 15 minutes",
    "/var/lib/pacemaker/cib": "pacemaker; what the CIB says is compared by itself",
    "/var/lib/neteye-drbd": "the stand-in for DRBD's kernel module keeps its state there",
    "/var/lib/systemd/timers": "systemd, when one of its timers runs",
    "/var/lib/neteye-rehearsal-counts/neteye-health-deep": "the rehearsal counts who asks",
    "/var/lib/neteye-rehearsal-counts/neteye-health-light": "the rehearsal counts who asks",
}

# the directory's own time: what dnf is asked with is made in it and removed again
PASSED_THROUGH = "/tmp"

_FILES = r"""
find "$@" -xdev -printf '%p\t%y %m %U:%G %T@ %l\n' 2>/dev/null | LC_ALL=C sort
find "$@" -xdev -type f -print0 2>/dev/null | xargs -0 -r sha256sum -- 2>/dev/null |
  sed -E 's/^\\?([0-9a-f]{64}) [ *](.*)$/\2\t\1/' | LC_ALL=C sort || true
"""
# tables of the server's own that it writes by itself: statistics, logs, positions
_TABLES = r"""
mysql --batch -N -e "SELECT CONCAT('\`', TABLE_SCHEMA, '\`.\`', TABLE_NAME, '\`')
  FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE'
  AND TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema')
  AND TABLE_NAME NOT IN ('innodb_index_stats', 'innodb_table_stats', 'general_log', 'slow_log',
                         'gtid_slave_pos', 'transaction_registry')" |
  while read -r table; do mysql --batch -N -e "CHECKSUM TABLE $table"; done
mysql --batch -N -e 'SHOW DATABASES'
"""


@dataclass(frozen=True)
class Everything:
    """What lies on a cluster. Two equal ones: nothing had an effect between them."""

    files: dict[str, frozenset[str]]
    """Node -> lines `path, tab, what it is` and `path, tab, sha256`."""
    packages: dict[str, str]
    cib: str
    tables: str

    def differences(self, later: Everything) -> list[str]:
        """What is not as it was, a line each, the node first."""
        found = []
        for node, before in self.files.items():
            found += [f"{node}: {line}" for line in sorted(before ^ later.files[node])]
            if self.packages[node] != later.packages[node]:
                found.append(f"{node}: other packages")
        if self.cib != later.cib:
            found.append("pacemaker's configuration")
        changed = set(self.tables.splitlines()) ^ set(later.tables.splitlines())
        return found + [f"table {line}" for line in sorted(changed)]


def everything(cluster: TestCluster) -> Everything:
    """Look at all nodes at once, past the runbook."""
    with ThreadPoolExecutor() as pool:
        listed = list(pool.map(lambda node: _files(cluster, node), cluster.shorts))
        packages = list(
            pool.map(lambda node: cluster.shell(node, "rpm -qa | LC_ALL=C sort"), cluster.shorts)
        )
    return Everything(
        files=dict(zip(cluster.shorts, listed, strict=True)),
        packages=dict(zip(cluster.shorts, packages, strict=True)),
        cib=configuration(cluster),
        tables=cluster.shell(cluster.node_of("mariadb"), _TABLES),
    )


def _files(cluster: TestCluster, node: str) -> frozenset[str]:
    lines = cluster.shell(node, _FILES, *PLACES).splitlines()
    return frozenset(line for line in lines if not _is_apart(line.partition("\t")[0]))


def _is_apart(path: str) -> bool:
    below = any(path == apart or path.startswith(f"{apart}/") for apart in CHANGES_BY_ITSELF)
    return below or path == PASSED_THROUGH


@contextmanager
def without_effect(cluster: TestCluster) -> Iterator[list[Everything]]:
    """What runs inside leaves no trace on any node; if it does, the next user gets a reset.

    Yields a list: what lies there before, and, afterwards, what lies there then.
    """
    _let_stand_ins_settle(cluster)
    seen, was_spoilt = [everything(cluster)], cluster.is_spoilt
    cluster.is_spoilt = True
    yield seen
    seen.append(everything(cluster))
    if found := seen[0].differences(seen[1]):
        raise AssertionError("it left traces:\n" + "\n".join(found[:50]))
    cluster.is_spoilt = was_spoilt


def _let_stand_ins_settle(cluster: TestCluster) -> None:
    """On a new cluster stand-ins make the directories of their own when they are asked first."""
    for node in cluster.shorts:
        cluster.shell(node, "neteye health deep || true; drbdsetup status --json || true")
