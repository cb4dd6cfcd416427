"""The version step 4.25 -> 4.26 as data: everything that will be different in the next one."""

from __future__ import annotations

import re

from engine.model.finding import Severities, Severity
from engine.model.host import Version
from engine.model.probe import Manner, Service
from engine.model.query import Query
from engine.model.release import Release, Stage
from runbook.to_4_26.httpd.migration import KNOWN_CREDENTIALS, conf_password
from runbook.to_4_26.names import CONF_FILES, ENDPOINT, MEMORIES_VERIFIED, OCS_PASSWORD
from runbook.to_4_26.settings import SETTINGS

SOURCE = Version(4, 25)
TARGET = Version(4, 26)

REPOSITORY = "neteye"
"""The repository id that is certain in 4.26 (domain facts 1.2)."""

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

MIB = 1 << 20
GIB = 1 << 30
# prerequisites: 3 GB on / and /var, 150 MB on /boot (domain facts, section 4)
NEEDED_SPACE = {"/": 3 * GIB, "/var": 3 * GIB, "/boot": 150 * MIB}

CLOCK_LIMIT = 5.0
"""Seconds by which the nodes' clocks may differ before logs and certificates are in doubt."""

BASELINE_MAX_AGE_HOURS = 72
REHEARSAL_MAX_AGE_DAYS = 60

LASTING = frozenset(
    {
        *("cluster-maintenance", "cluster-stop-all", "node-maintenance", "node-standby"),
        "version-mixed",
        *("resource-disabled", "resource-unmanaged", "failed-action"),
    }
)
"""Findings before the start that no half minute mends: somebody has to do something."""

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

OTHER_COMMANDS = (
    "neteye update",
    "neteye upgrade",
    "neteye_secure_install",
    "neteye_finalize_installation",
)
"""What must not run beside the upgrade."""

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

KNOWN_CONFLICTS = frozenset(
    {
        "/etc/httpd/conf.d/ocsinventory-server.conf.rpmnew",
        "/etc/httpd/conf.d/ocsinventory-server-restapi.conf.rpmnew",
    }
)
"""Guide row G09: the planned stop."""

OBSOLETE_OCS_SETTINGS = """
# the module is gone since OCS 2.8: httpd does not start with a file that loads it
PerlModule Apache::Ocsinventory::Plugins::Apache
# the web service went with OCS 2.8
PerlSetEnv OCS_OPT_WEB_SERVICE_ENABLED 0
PerlSetEnv OCS_OPT_WEB_SERVICE_RESULTS_LIMIT 100
PerlSetEnv OCS_OPT_WEB_SERVICE_PRIV_MODS_CONF "WEBSERV_PRIV_MODS_CONF_FILE"
# its handler was in that module; gone since OCS 2.8.1
<Location /ocsplugins>
  SetHandler perl-script
  PerlHandler "Apache::Ocsinventory::Plugins::Apache"
</Location>
"""
"""Settings of the two files that no OCS server of source or target reads any more, as the package
had them: with these values they are dropped, with others a person is asked (ocs-glpi 3.2)."""

GUIDE = {
    "G01": "Versions are never skipped: 4.26 is reached only from 4.25",
    "G02": "Release notes and breaking changes were read, by whom and when",
    "G03": "Every OCS server of glpi_ocsinventoryng works after the reset of its password",
    "G04": "OCS servers with any other database user are found before the start",
    "G05": "Values of memories.CAPACITY that are no integers are listed before the start",
    "G06": "The table is backed up before the upgrade, and the backup is proved restorable",
    "G07": "Non-integers are NULL, integers unchanged, no row lost, the column an integer",
    "G08": "The agents that had sent strings are followed up",
    "G09": "The planned stop at the two .rpmnew files of OCS is recognised as one",
    "G10": "The database password in use is read on the node with the .rpmnew",
    "G11": "The credentials file is made from its template on N",
    "G12": "That password is written into the credentials file on N",
    "G13": "Both files are migrated on the node with the .rpmnew, local settings kept",
    "G14": "No .rpmnew or .rpmsave is left, and OCS logs in with the migrated settings",
    "G15": "The time needed is announced and compared with the time taken",
    "G16": "Degraded service during standby is announced and measured",
    "G17": "N, OTHER, E and V come from the cluster itself and agree with the inventory",
    "G18": "The upgrade runs as documented, detached, its log followed",
    "G19": "The upgrade is never run on an Elastic-only or voting-only node",
    "G20": "After a failure its directions are followed and the command is run again",
    "G21": "E and V nodes are upgraded by the command itself; their version is verified",
    "G22": "This version has no additional manual task",
    "G23": "On N: pcs node unstandby --all --wait=300",
    "G24": "All nodes are active before going on",
    "G25": "The cluster status is normal",
    "G26": "If it is not: stop, and call service and support with what they need",
    "G27": "Fencing is enabled again if, and only if, it was enabled before",
    "G28": "Fully updated within 4.25, to the update procedure's end, and healthy",
}

DUTIES = {
    "no-skips": "G01",
    "notes-read": "G02",
    "no-leftovers": "G14",
    "time-announced": "G15",
    "degraded-service": "G16",
    "roles-agree": "G17",
    "command-as-documented": "G18",
    "versions-everywhere": "G21",
    "all-active": "G24",
    "cluster-normal": "G25",
    "fencing-as-before": "G27",
    "updated-and-healthy": "G28",
}
"""Duties of every upgrade, by the engine's words for them, and their rows in this guide."""

_BLOCKING = (
    # what judges the start and must be gone or accepted
    *(
        "question-unanswered",
        "not-observed",
        *("records-foreign", "records-unreadable", "runbook-changed", "settings-changed"),
        "firewall-open",
        "node-unreachable",
        *("machine-mistaken", "machine-twice", "machine-changed"),
        *("machine-id-missing", "machine-id-cloned"),
        "rehearsal-marker",
    ),
    *("role-mismatch", "cluster-name-mismatch", "files-differ", "target-repository"),
    *("change-id-missing", "window-missing", "window-outside", "window-too-short"),
    "window-past",
    *("release-notes-unread", "fallback-missing", "baseline-old", "approvals-missing"),
    *("node-offline", "node-unclean", "node-standby", "node-not-standby", "node-maintenance"),
    *("node-pending", "cluster-maintenance", "cluster-stop-all", "no-dc", "pacemaker-mixed"),
    *("resource-stopped", "resource-elsewhere", "resource-failed", "resource-blocked"),
    *("resource-unmanaged", "resource-orphaned", "resource-disabled", "resource-enabled"),
    *("resource-moving", "resource-multiple", "failed-action", "daemon-not-normal"),
    *("qdevice-not-voting", "drbd-disk", "drbd-connection", "drbd-resync", "drbd-suspended"),
    *("drbd-primary", "fencing-state", "fence-device-stopped", "elastic-health"),
    *("drbd-quorum", "drbd-io-failures", "fencing-failed", "fencing-pending", "ticket-missing"),
    *("node-health", "clone-instance-missing", "quorum-ignored"),
    *("elastic-nodes-missing", "constraint-leftover", "constraint-keeps-off-active-node"),
    *("disk-space", "clock-difference", "kernel-without-drbd"),
    *("rpmnew-foreign", "rpmnew-known", "command-running", "health-critical", "health-unknown"),
    *("ocs-server-custom", "ocs-passwords-differ", "ocs-password-unsupported"),
    *("planned-stop-again", "round-failed", "rounds-exhausted"),
    *("packages-hidden", "packages-behind", "repository-missing", "transaction-unfinished"),
    "updates-left",
    "restore-half-upgraded",
    *("forwarding-off", "login-between-nodes", "name-misleading"),
    *("backup-missing", "backup-damaged", "backup-no-room", "backup-not-proved"),
    *("memories-table", "ocs-database-elsewhere", "program-missing", "database-client"),
    *("capacity-column", "capacity-still-text", "capacity-zeroed", "capacity-not-null"),
    *("capacity-clamped", "capacity-integer-lost", "capacity-altered", "capacity-filled"),
    *("memories-rows-lost", "memories-rows-added"),
    *("glpi-database-elsewhere", "glpi-database-gone", "glpi-database-unclear"),
    *("glpi-key-missing", "glpi-login-failed", "glpi-login-unreachable"),
    *("glpi-password-missing", "glpi-password-old-form", "glpi-password-unchanged"),
    *("glpi-password-unreadable", "glpi-plugin-state"),
    *("ocs-credentials-missing", "ocs-credentials-other", "ocs-endpoint-authentication"),
    *("ocs-endpoint-unexpected", "ocs-endpoint-unreachable", "ocs-login-failed"),
    *("ocs-merge-undecided", "ocs-migration-unclear", "ocs-template-missing"),
    *("ocs-variable-mismatch", "ocs-variable-not-in-httpd", "ocs-httpd-complains"),
    *("ocs-api-unexpected", "ocs-api-unreachable", "ocs-activity-errors"),
    *("ocs-post-failed", "ocs-agents-failing"),
    "ocs-file-unfit",
    *("failover-not-started", "failover-ocs-failed", "failover-not-back"),
)
_WARNING = (
    "support-needed",
    *("approval-unusable", "rehearsal-missing", "rehearsal-old", "rehearsal-mismatch"),
    *("packages-rule-idle", "repository-disabled", "transaction-failed"),
    *("updates-pending", "health-warning", "fencing-off", "active-node-load", "active-node-memory"),
    "no-quorum-policy",
    *("capacity-dirty", "memories-machine-gone", "restore-unverified", "agents-open"),
    *("glpi-key-missing-inactive", "glpi-login-failed-inactive"),
    *("glpi-login-unreachable-inactive", "glpi-password-missing-inactive"),
    *("glpi-password-old-form-inactive", "glpi-password-unchanged-inactive"),
    "glpi-password-unreadable-inactive",
    *("ocs-server-custom-inactive", "ocs-server-custom-harmless", "reboot-needed"),
    *("ocs-agents-failing-before", "ocs-agents-unseen", "ocs-access-changed"),
)
NEVER_ACCEPTABLE = frozenset(
    {
        *("version-path", "version-mixed", "version-not-reached", "role-mismatch"),
        *("cluster-name-mismatch", "quorum-lost", "outcome-unknown", "rehearsal-marker"),
        *("machine-mistaken", "machine-twice", "machine-changed", "machine-id-missing"),
        *("records-foreign", "records-unreadable"),
        *("planned-stop-again", "rounds-exhausted", "restore-unclean"),
        *("restore-while-running", "restore-unsettled", "agents-list-missing"),
        # an action can't go on with them, whoever would accept it: a person does it by hand
        *("memories-table", "backup-not-proved", "ocs-passwords-differ"),
        *("ocs-password-unsupported", "ocs-template-missing", "ocs-variable-mismatch"),
        *("ocs-migration-unclear", "ocs-merge-undecided", "program-missing"),
    }
)

SEVERITIES = Severities(
    table={
        **dict.fromkeys(_BLOCKING, Severity.BLOCK),
        **dict.fromkeys(_WARNING, Severity.WARN),
    },
    never_acceptable=NEVER_ACCEPTABLE,
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

_WEB = ((Manner.HTTPS, 443), (Manner.HTTP, 80))
SERVICES = (
    Service("cluster address", ((Manner.ADDRESS, 443),)),
    Service("httpd", _WEB),
    # agents send their inventories there; without one it answers 400 (ocs-glpi 3.4)
    Service(ENDPOINT, _WEB, path="/ocsinventory"),
    Service("MariaDB", ((Manner.DATABASE, 0),)),
    # the nodes know the name, and the port wants a certificate of the cluster (domain facts 1.6)
    Service("Elasticsearch", ((Manner.TCP, 9200),), host="elasticsearch.neteyelocal"),
)
"""Services whose gaps are measured. A database is asked in one session that is held open: a server
that is only knocked at shuts the caller out (max_connect_errors). Of Elasticsearch it is the other
way round: it writes an error into its log for each greeting by TLS without a certificate, and
nothing for a connection on which nothing was said."""

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
"""Of a support bundle."""

RELEASE = Release(
    source=SOURCE,
    target=TARGET,
    severities=SEVERITIES,
    guide=GUIDE,
    duties=DUTIES,
    known_conflicts=KNOWN_CONFLICTS,
    repository=REPOSITORY,
    database_resource="mariadb",
    estimate_base=ESTIMATE_BASE,
    estimate_per_node=ESTIMATE_PER_NODE,
    stages=STAGES,
    services=SERVICES,
    no_return="upgrade.run",
    support=DIRECTIONS,
    settings=SETTINGS,
    units=("mariadb", "httpd", "elasticsearch"),
    verified_by=MEMORIES_VERIFIED,
    phrases=(OCS_PASSWORD,),
    secrets=(*map(conf_password, CONF_FILES), KNOWN_CREDENTIALS),
)


def pytest_runbook_release() -> Release:
    """Hand the version step to the engine."""
    return RELEASE
