"""What holds for every upgrade of NetEye 4: sizes, files, commands, names, whom to call."""

from __future__ import annotations

import re

from engine.model.probe import Manner, Service
from engine.model.query import Query
from engine.model.release import Pause, Stage

# guide row G15: 30 minutes and 15 for each node, downloads and manual work apart
ESTIMATE_BASE = 30
ESTIMATE_PER_NODE = 15

STAGES = (
    Stage("preflight", ("preflight", "baseline"), base=5, per_node=0),
    Stage("update", ("update",), base=5, per_node=5),
    Stage("preflight again, backup", ("again", "backup"), base=8, per_node=0),
    Stage("upgrade, migration", ("upgrade", "migration"), base=5, per_node=7),
    Stage("verification", ("verification",), base=4, per_node=1),
    Stage("reactivation, closing", ("reactivation", "failover", "closing"), base=3, per_node=2),
)
"""How the announced time is shared out, in minutes. The total is the guide's (G15), the shares are
this project's: most of the time goes where every node takes its packages."""

_SAFE = (
    "Every node is active, fencing is as before, and nothing of the new version is installed: the"
    " vendor's update procedure ends so."
)
_MEANWHILE = (
    "Meanwhile the cluster works as always, and may be used, backed up, monitored and repaired;"
    " before a node is restarted, --plan says whether its next start is safe (preflight.kernels)."
    " Do not install anything of the new version, run no `neteye upgrade` by hand, and leave nodes,"
    " roles, names, machine ids and /var/lib/neteye-runbook on N as they are. Keep this version of"
    " the runbook, and the inventory's settings but for the window."
)
PAUSES = (
    Pause("update", _SAFE, _MEANWHILE, done_at="updated"),
    Pause(
        "backup",
        f"{_SAFE} The backup's scratch schema is dropped.",
        f"{_MEANWHILE} The backup is a rehearsal of the one that counts: before the first round one"
        " that is older than an hour is taken anew.",
    ),
)
"""Where a run may end for the night. With the first round standby and fencing off begin, which must
not last for days: N alone would carry everything, and no node could be fenced."""

MIB = 1 << 20
GIB = 1 << 30
# prerequisites: 3 GB on / and /var, 150 MB on /boot (domain facts, section 4)
NEEDED_SPACE = {"/": 3 * GIB, "/var": 3 * GIB, "/boot": 150 * MIB}

CLOCK_LIMIT = 5.0
"""Seconds by which the nodes' clocks may differ before logs and certificates are in doubt."""

CLOCK_KEEPER = "chronyd.service"
OTHER_CLOCK_KEEPERS = ("ntpd", "systemd-timesyn", "phc2sys")
"""Processes that keep a clock where chronyd does not run; names are cut at 15 characters."""
SSHD = ("sshd.service", "sshd.socket")
"""Either of them brings sshd with the node's next start."""
UPDATE_TIMERS = ("dnf-automatic.timer", "dnf-automatic-install.timer")
"""They install updates, unless dnf-automatic is told to download only."""

BASELINE_MAX_AGE_HOURS = 72
REHEARSAL_MAX_AGE_DAYS = 60

SET_BY_HAND = frozenset(
    {
        *("cluster-maintenance", "cluster-stop-all", "node-maintenance"),
        *("resource-disabled", "resource-enabled", "resource-unmanaged"),
    }
)
"""Findings of what somebody has set, and nobody else takes back: at no place waiting mends them."""
LASTING = SET_BY_HAND | {"node-standby", "version-mixed", "failed-action"}
"""Findings before the start that waiting does not mend: somebody has to do something."""

NOT_PREDICTED = frozenset(
    {
        *("preflight.governance", "preflight.runbook", "upgrade.window"),
        *("preflight.downtime", "baseline.downtime", "upgrade.downtime"),
        *("reactivation.downtime", "closing.downtime"),
        *("active-node-load", "active-node-memory", "support-needed"),
    }
)
"""Steps and codes that are about the change, its downtime, the controller, or the load of a moment:
a rehearsal of another day has others."""

MODULES = {
    "asset": ("glpi", "ocsinventory"),
    "siem": ("logstash", "kibana", "elastalert", "elastic-blockchain-proxy"),
    "slm": ("slmd",),
    "ntop": ("ntopng", "nprobe"),
    "vmd": ("geomap", "nagvis"),
    "alyvix": ("alyvix",),
    "command orchestrator": ("icingaweb2-module-neteye-command",),
}
"""Additional modules by how their packages and resources begin: the announced time does not
cover them (guide row G15). A list from experience, not the vendor's: it only informs."""

# commands of dnf 4 that change packages, with their aliases
_PACKAGES_CHANGED = (
    *(
        f"{group} {change}"
        for group in ("group", "groups", "grp")
        for change in ("install", "update", "upgrade", "remove", "erase")
    ),
    *(f"module {change}" for change in ("install", "update", "remove", "switch-to")),
    *(
        f"{history} {change}"
        for history in ("history", "hist")
        for change in ("undo", "redo", "rollback", "replay")
    ),
    *(f"system-upgrade {change}" for change in ("reboot", "upgrade")),
    *("update", "upgrade", "up", "update-to", "upgrade-to", "localupdate"),
    *("update-minimal", "upgrade-minimal", "up-min", "install", "in", "localinstall"),
    *("reinstall", "rei", "downgrade", "dg", "remove", "erase", "rm", "autoremove", "swap"),
    *("distro-sync", "distrosync", "dsync", "distribution-synchronization", "shell", "sh"),
    *("groupinstall", "groupupdate", "groupremove", "grouperase"),
)
OTHER_COMMANDS = (
    "neteye update",
    "neteye upgrade",
    "neteye_secure_install",
    "neteye_finalize_installation",
    *(
        f"{program} {change}"
        for program in ("dnf", "dnf-3", "yum", "microdnf")
        for change in _PACKAGES_CHANGED
    ),
    "dnf-automatic --installupdates",
    *(f"rpm {o}" for o in ("-U", "-F", "-i", "-e", "--upgrade", "--freshen", "--install")),
    *(f"rpm {option}" for option in ("--erase", "--reinstall")),
)
"""What must not run beside the upgrade, by hand or otherwise (`engine.model.executed`)."""

SAME_FILES = {
    "/etc/neteye-cluster": "the cluster's nodes and roles",
    "/etc/dnf/dnf.conf": "how packages are installed",
    "/etc/profile.d/neteye-DNF.sh": "the version of the repositories (DNF0)",
}
"""Files that must be the same on all nodes: one that differed has broken real upgrades."""

REPOSITORY_FILES = "/etc/yum.repos.d"
# subscription-manager writes each registered system's own certificate there
_OWN_LINES = re.compile(r"[^:]*/redhat\.repo:\s*(?:#|sslclient(?:key|cert)\s*=)")


def _is_of_all(line: str) -> bool:
    return _OWN_LINES.match(line) is None


REPOSITORIES: Query[str | None] = Query(
    name="repositories",
    # names and contents of all repository files, mirror lists included
    argv=("grep", "-rs", "", REPOSITORY_FILES),
    parse=lambda answer: "\n".join(sorted(filter(_is_of_all, answer.text.splitlines()))),
    ok_codes=(0, 1),
)

SERVICE_NAMES = tuple(
    f"{name}.neteyelocal"
    for name in (
        *("mariadb", "elasticsearch", "influxdb", "kibana", "icinga2-master", "logstash"),
        "neteye",
    )
)
"""Names by which the nodes reach services (domain facts 1.6); which there are depends on the
modules."""

WEB = ((Manner.HTTPS, 443), (Manner.HTTP, 80))
SERVICES = (
    Service("cluster address", ((Manner.ADDRESS, 443),)),
    Service("httpd", WEB),
    Service("MariaDB", ((Manner.DATABASE, 0),)),
    # the nodes know the name, and the port wants a certificate of the cluster (domain facts 1.6)
    Service("Elasticsearch", ((Manner.TCP, 9200),), host="elasticsearch.neteyelocal"),
)
"""Services whose gaps are measured. A database is asked in one session that is held open: a server
that only gets connections shuts the caller out (max_connect_errors). Elasticsearch is only
connected to: it logs an error for each greeting by TLS without a certificate, and nothing for a
connection on which nothing is sent."""

ALARMS = (
    "all operative nodes but N in standby, from each of the vendor's two commands until the run"
    " takes them out of it",
    "fencing off as long and a little longer: the run switches it on again",
    "services away for seconds to minutes, whenever they are moved or restarted",
)
"""Facts: domain facts 2.1 and 4 (guide rows G16, G23, G27)."""
ALARMS_OUTSIDE = (
    "what other hosts, satellites or another monitoring find out about the cluster",
    "hosts outside of it, late or unknown, while NetEye's own services restart",
)
"""What a downtime of the cluster's own hosts does not cover."""
BAD_SIGNS = (
    "a node that is offline or UNCLEAN in pacemaker, or a lost quorum",
    "an Elastic-only or voting-only node that does not answer",
    "a DRBD resource that stays disconnected, or is not up to date once reactivation is over",
    "a service that stays away while the console shows no work, or once reactivation is over",
    "after the end with 0: a node in standby, fencing other than before, any alarm that was not"
    " there before the night",
)
"""What the checks of "cluster status is normal" would find (guide rows G25, G26)."""

CALL_SUPPORT = "Stop here and call the vendor's service and support before going on (guide row G26)"
SUPPORT = (
    f"{CALL_SUPPORT}. Have at hand: the report of this run, the log of the neteye command named in"
    " it, `pcs status` and the journal of the failing service; a run with --plan --support-bundle"
    " puts all of it into one archive and changes nothing."
)
DIRECTIONS = (
    "It is for the vendor's service and support (guide row G26): open a case in the support"
    " portal, or call. Say which cluster, which upgrade, at which step it stopped; attach it."
)
"""Where a support bundle goes, and what is said there."""
