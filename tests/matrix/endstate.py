"""What a cluster is like after its upgrade, in parts that two upgrades have to have alike."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Network

from rehearsal.reached import reached
from tests.integration.clusters import TestCluster
from tests.integration.outcome import ocs_answer

# one round trip a node; a file of another day has another date in its name
_NODE = r"""
cat /etc/neteye-release /etc/profile.d/neteye-DNF.sh
rpm -qa | LC_ALL=C sort
test ! -e /etc/neteye-rehearsal/harmed || echo harmed
find / -xdev \( -path /proc -o -path /sys -o -path /usr \) -prune -o -type f \( -name '*.rpmnew' \
  -o -name '*.rpmsave' -o -name '.neteye-runbook.*' -o -name '*.partial.*' \) -print
find /etc/httpd /neteye/shared/httpd/conf -type f -exec sha256sum {} + 2>/dev/null |
  LC_ALL=C sort -k 2
stat -c '%A %U %G %n' /etc/httpd/conf.d/* /neteye/shared/httpd/conf/sysconfig/* 2>/dev/null || true
cd /var/lib/neteye-runbook 2>/dev/null || exit 0
find . -type f \( -path '*/backups/*' -o -path '*/commands/*' \) -printf '%P\n' | LC_ALL=C sort
find . -type f -path '*/backups/*.package-default' -exec sha256sum {} +
find . -path '*/commands/*/status' -exec cat {} +
! cat attempts/*/journal/*.jsonl | grep -q '"event": "attempt-closed"' || echo 'attempt closed'
"""
_SQL = """
SELECT COLUMN_TYPE, IS_NULLABLE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'ocsweb'
  AND TABLE_NAME = 'memories' AND COLUMN_NAME = 'CAPACITY';
SELECT CAPACITY IS NULL, COUNT(*), SUM(CAPACITY), COUNT(DISTINCT HARDWARE_ID)
  FROM ocsweb.memories GROUP BY 1 ORDER BY 1;
CHECKSUM TABLE ocsweb.memories, ocsweb.hardware;
SELECT name, is_active, ocs_db_user, ocs_db_host, ocs_db_name, LENGTH(ocs_db_passwd) > 40
  FROM glpi.glpi_plugin_ocsinventoryng_ocsservers ORDER BY id;
SHOW DATABASES;
"""
# changing commands; what only asks is asked as often as there are runs
_COUNTS = r"""
cd /var/lib/neteye-rehearsal-counts 2>/dev/null || exit 0
for list in neteye-up* neteye_* pcs mysqldump schemas; do
  test ! -f "$list" || cut -d' ' -f3- "$list" | sed "s/^/$list: /"
done
"""
# the files that the runbook writes; of others an rpm may leave a new one with the same content
_FILES = r"""
find /etc/httpd/conf.d /neteye/shared/httpd/conf/sysconfig /var/lib/neteye-runbook -type f \
  \( -name 'ocsinventory-*' -o -path '/var/lib/*' \) ! -name '*.rpmnew' ! -name '*.tpl' \
  ! -path '*/journal/*' ! -name lock ! -name .flock ! -name runs ! -name '*.new' \
  -printf '%p %i %T@\n' 2>/dev/null |
while read -r path inode time; do
  echo "$path|$inode $time|$(sha256sum < "$path" 2>/dev/null)"
done
"""


@dataclass(frozen=True)
class EndState:
    """Part -> its text. Equal ones are the same outcome."""

    parts: Mapping[str, str]

    def differences(self, other: EndState) -> list[str]:
        """How the other one differs, a line each."""
        found = []
        for part in {**self.parts, **other.parts}:
            ours = self.parts.get(part, "").splitlines()
            theirs = other.parts.get(part, "").splitlines()
            found += [f"{part}: missing: {line}" for line in _less(ours, theirs)]
            found += [f"{part}: more: {line}" for line in _less(theirs, ours)]
        return found

    def to_json(self) -> str:
        return json.dumps(dict(self.parts), indent=1)

    @classmethod
    def from_json(cls, text: str) -> EndState:
        return cls(json.loads(text))


def _less(left: list[str], right: list[str]) -> list[str]:
    """Lines of the left that the right has not, or not so often."""
    rest = list(right)
    found = []
    for line in left:
        if line in rest:
            rest.remove(line)
        else:
            found.append(line)
    return found


def end_state(cluster: TestCluster) -> EndState:
    """Look at all nodes at once, past the runbook."""
    with ThreadPoolExecutor() as pool:
        nodes = pool.map(lambda node: cluster.shell(node, _NODE), cluster.shorts)
        counts = pool.map(lambda node: cluster.shell(node, _COUNTS), cluster.shorts)
        parts = {f"node {n}": plain(text) for n, text in zip(cluster.shorts, nodes, strict=True)}
        parts |= {
            f"calls on {n}": plain("\n".join(sorted(text.splitlines())))
            for n, text in zip(cluster.shorts, counts, strict=True)
        }
    status = reached(cluster.run(cluster.active, ("crm_mon", "--output-as=xml")))
    parts["placement"] = json.dumps(status.as_json(), sort_keys=True, indent=1)
    parts["configuration"] = configuration(cluster.run(cluster.active, ("cibadmin", "--query")))
    parts["database"] = cluster.sql(_SQL)
    parts["ocs"] = str(ocs_answer(cluster))
    network = cluster.topology.network
    return EndState({k: anonymous(text, cluster.name, network) for k, text in parts.items()})


def anonymous(text: str, name: str, network: IPv4Network) -> str:
    """Without what tells two clusters of the same seed apart: their names and addresses."""
    addresses = str(network.network_address).removesuffix(".0")
    text = text.replace(name, "CLUSTER")
    return re.sub(rf"(?<![0-9]){re.escape(addresses)}(?=\.[0-9])", "NETWORK", text)


def plain(text: str) -> str:
    """Without what differs between two runs alike: dates, checksums in arguments, attempt ids."""
    text = re.sub(r"\.\d{8}\.bak", ".DATE.bak", text)
    text = re.sub(r"attempts/[^/\s]+/", "attempts/ATTEMPT/", text)
    lines = text.splitlines()
    # a call's checksum is that of a dump, which has the time in it
    return "\n".join(re.sub(r"\b[0-9a-f]{64}\b", "SHA", ln) if ": " in ln else ln for ln in lines)


def configuration(cib: str) -> str:
    """Pacemaker's configuration, a line an element, without what only counts its versions."""
    root = ET.fromstring(cib)
    found = []
    for element in (root.find("configuration") or root).iter():
        attributes = {k: v for k, v in element.attrib.items() if not _passes(element, k)}
        if element.get("name") == "last-lrm-refresh":
            continue  # a time alone, which a cleanup writes
        # pcs leaves the empty block of the attribute it took out
        if attributes.get("id") and (len(element) or element.tag not in _BLOCKS):
            words = " ".join(f"{key}={value}" for key, value in sorted(attributes.items()))
            found.append(f"{element.tag} {words}")
    return "\n".join(found)


_BLOCKS = ("instance_attributes", "meta_attributes", "utilization")


def _passes(element: ET.Element, attribute: str) -> bool:
    is_time = element.get("name") in ("dc-version", "have-watchdog")
    return is_time and attribute == "value"


def files(cluster: TestCluster) -> dict[str, tuple[str, str]]:
    """`node:path` -> (inode and time of change, checksum) of what the runbook may write."""
    with ThreadPoolExecutor() as pool:
        texts = pool.map(lambda node: cluster.shell(node, _FILES), cluster.shorts)
        return {
            f"{node}:{path}": (identity, checksum)
            for node, text in zip(cluster.shorts, texts, strict=True)
            for path, identity, checksum in (line.split("|") for line in text.splitlines())
        }


def rewritten(
    before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]
) -> list[str]:
    """Files that had their content before and were written again with the same."""
    return [
        path
        for path, (identity, checksum) in before.items()
        if path in after and after[path][1] == checksum and after[path][0] != identity
    ]
